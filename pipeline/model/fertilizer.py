"""How much fertilizer pays: a Mitscherlich response tied to the evidence, against prices in rupiah."""

import numpy as np
import pandas as pd

# Range of the curvature at the full dose: 1 is still rising there, 4 is all but flat. No dose trial on
# smallholder cacao in Indonesia gives it, so every value between counts as equally likely.
CURVATURE = (1.0, 4.0)


def draw_curvature(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws of the curvature of the response at the full dose, shape (size,)."""
    return rng.uniform(*CURVATURE, size)


def extra_yield(dose: np.ndarray, full_dose: float, gain: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """Extra yield in kg/ha from ``dose`` kg/ha, when the full dose adds ``gain`` kg/ha.

    Mitscherlich curve: zero at no dose, ``gain`` at the full dose, each further kg adds less. Shapes broadcast.
    """
    return gain * np.expm1(-curvature * np.asarray(dose) / full_dose) / np.expm1(-curvature)


def optimal_dose(
    price_ratio: np.ndarray, full_dose: float, gain: np.ndarray, curvature: np.ndarray, most: float = 2.0
) -> np.ndarray:
    """Dose in kg/ha at which one more kg of fertilizer just earns its price.

    ``price_ratio`` is the price of a kg of fertilizer, delivered and spread, in kg of dry beans. Zero when not
    even the first kg pays; capped at ``most`` full doses, beyond which nothing was tried.
    """
    slope_at_zero = np.asarray(gain) * curvature / full_dose / -np.expm1(-curvature)
    with np.errstate(divide="ignore", invalid="ignore"):
        dose = np.log(slope_at_zero / price_ratio) * full_dose / curvature
    return np.clip(np.nan_to_num(np.where(slope_at_zero > price_ratio, dose, 0.0)), 0.0, most * full_dose)


def value_cost_ratio(extra_kg: np.ndarray, bean_price: float, cost: np.ndarray | float) -> np.ndarray:
    """Value of the extra beans over the cost of getting them, both in Rp/ha.

    Raises ``ValueError`` for a cost or price that is not above zero.
    """
    if np.any(np.asarray(cost) <= 0) or bean_price <= 0:
        raise ValueError("cost and price must be above zero")
    return extra_kg * bean_price / cost


def break_even_price(extra_kg: np.ndarray, bean_price: float, dose: float, other_cost: float) -> np.ndarray:
    """Price of fertilizer in Rp/kg at which the dose just pays for itself; negative when nothing would."""
    return (extra_kg * bean_price - other_cost) / dose


def price_cases(local_prices: pd.DataFrame) -> pd.DataFrame:
    """Prices of NPK for cacao that a farmer of Kutai Timur may meet: the ceiling now and before, and the market.

    ``local_prices`` is the clean table. Columns: ``name``, ``price_idr_per_kg``, ``price_id``, ``source_id``.
    Raises ``IndexError`` when one of them is not in the table.
    """
    ceiling = local_prices[(local_prices["item"] == "npk_cocoa") & (local_prices["market"] == "ceiling_subsidised")]
    ceiling = ceiling[ceiling["status"] == "final"].sort_values(["year_decimal", "price_id"])
    market = local_prices[(local_prices["item"] == "npk") & (local_prices["market"] == "retail_unsubsidised")]
    market = market[market["region_group"] == "kutai_timur"].sort_values("year_decimal")
    before = ceiling[ceiling["price_idr_per_kg"] != ceiling["price_idr_per_kg"].iloc[-1]]
    rows = [("ceiling", ceiling.iloc[-1]), ("ceiling_before", before.iloc[-1]), ("market", market.iloc[-1])]
    return pd.DataFrame(
        [
            {
                "name": name,
                "price_idr_per_kg": row["price_idr_per_kg"],
                "price_id": row["price_id"],
                "source_id": row["source_id"],
            }
            for name, row in rows
        ]
    )


def value_cost_curve(
    extra_kg: np.ndarray, bean_price: float, dose: float, other_cost: float, prices: np.ndarray, level: float
) -> pd.DataFrame:
    """Median and interval of the value-cost ratio of the dose at every price of fertilizer in Rp/kg."""
    rows = []
    for price in prices:
        ratio = value_cost_ratio(extra_kg, bean_price, dose * price + other_cost)
        rows.append((price, *np.quantile(ratio, [(1 - level) / 2, 0.5, (1 + level) / 2])))
    return pd.DataFrame(rows, columns=["price_idr_per_kg", "lower", "value", "upper"])


def economics(
    cases: pd.DataFrame, gain: np.ndarray, curvature: np.ndarray, bean_price: float, dose: float, other_cost: float
) -> dict[str, np.ndarray]:
    """Draws of the value-cost ratio and the optimal dose at each price case, and of the break-even price.

    Keys: ``value_cost_ratio.NAME``, ``optimal_dose.NAME`` (kg/ha) for every row of ``cases``, and
    ``break_even_price`` (Rp/kg). ``other_cost`` is transport and labour in Rp/ha at the full dose.
    """
    found = {"break_even_price": break_even_price(gain, bean_price, dose, other_cost)}
    for case in cases.itertuples():
        price = float(case.price_idr_per_kg)
        found[f"value_cost_ratio.{case.name}"] = value_cost_ratio(gain, bean_price, dose * price + other_cost)
        delivered = (price + other_cost / dose) / bean_price
        found[f"optimal_dose.{case.name}"] = optimal_dose(np.full(len(gain), delivered), dose, gain, curvature)
    return found


def summarise(draws: dict[str, np.ndarray], level: float) -> pd.DataFrame:
    """Median and interval of every quantity: columns ``lower``, ``value``, ``upper``."""
    levels = [(1 - level) / 2, 0.5, (1 + level) / 2]
    rows = {name: np.quantile(values, levels) for name, values in draws.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["lower", "value", "upper"])
