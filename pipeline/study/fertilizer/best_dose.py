"""How much fertilizer pays: response curves tied to the evidence, against prices in rupiah and in beans."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.kit.bayes.mixture import stream
from pipeline.kit.data.citations import join
from pipeline.kit.publish.keys import Key
from pipeline.study.fertilizer.response_curves import FAMILIES, MITSCHERLICH, QUADRATIC_PLATEAU, Response, draw_response
from pipeline.study.prices.prices_now import MULTIPLIER, as_set, carried, cited_by_carried

# Weight of the quadratic plateau. No trial on cacao with enough doses tells the families apart, so they weigh the
# same; what they predict of maize is no evidence about trees.
CACAO_WEIGHT = 0.5
# Draws by the keys under which they are published.
Draws = dict[Key, np.ndarray]


def key(quantity: str, *case: str, at: tuple[str, ...] = ()) -> Key:
    """The key of a quantity of fertilizer."""
    return Key("fertilizer", case, quantity, at)


@dataclass(frozen=True)
class Costs:
    """What a kg of fertilizer costs beside its price, and what a kg of dry beans brings; all in Rp/kg.

    ``bean_price`` is the farm-gate price, ``net_bean_price`` what harvesting leaves of it, ``transport`` the freight
    of fertilizer to the village, ``spreading`` draws of the labour to spread it. Raises ``ValueError`` for a bean
    price that is not above zero, or a cost below it.
    """

    bean_price: float
    net_bean_price: float
    transport: float
    spreading: np.ndarray

    def __post_init__(self) -> None:
        for name in ("bean_price", "net_bean_price"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)} Rp/kg; it must be above zero")
        for name in ("transport", "spreading"):
            if not (least := np.min(getattr(self, name))) >= 0:
                raise ValueError(f"{name} is {least} Rp/kg; it cannot be below zero")

    def price_ratio(self, price: np.ndarray | float) -> np.ndarray:
        """Price of fertilizer in Rp/kg as kg of dry beans for a kg delivered to the village."""
        return (np.asarray(price) + self.transport) / self.bean_price

    def full_ratio(self, price_ratio: np.ndarray | float) -> np.ndarray:
        """The same with labour: kg of beans, harvested, for a kg of fertilizer, delivered and spread."""
        return (np.asarray(price_ratio) * self.bean_price + self.spreading) / self.net_bean_price

    def dose_cost(self, dose: float, price: np.ndarray | float) -> np.ndarray:
        """Cost in Rp/ha of a dose in kg/ha, delivered and spread; labour goes with the dose."""
        return dose * (np.asarray(price) + self.transport + self.spreading)


def price_cases(
    local_prices: pd.DataFrame, world: pd.DataFrame, rates: pd.DataFrame, as_of: str, fertilizer_multiplier: float
) -> pd.DataFrame:
    """Prices of NPK for cacao that a farmer of Kutai Timur may meet: the ceiling now and before, and the market.

    ``local_prices`` and ``world`` are the clean tables, ``rates`` those of ``exchange_rates``. The price on the market
    is carried from the day of its report to the month ``as_of``; the multiplier sets all of them. Columns: ``name``,
    ``price_idr_per_kg``, ``reported_idr_per_kg``, ``date`` (of the report or the decree), ``price_id``, ``source_id``.
    Raises ``ValueError`` when one of them is not in the table or is not above zero.
    """
    ceiling = local_prices[(local_prices["item"] == "npk_cocoa") & (local_prices["market"] == "ceiling_subsidised")]
    ceiling = ceiling[ceiling["status"] == "final"].sort_values(["year_decimal", "price_id"])
    market = local_prices[(local_prices["item"] == "npk") & (local_prices["market"] == "retail_unsubsidised")]
    market = market[market["region_group"] == "kutai_timur"].sort_values(["year_decimal", "price_id"])
    before = ceiling[ceiling["price_idr_per_kg"] != ceiling["price_idr_per_kg"].tail(1).squeeze()]
    rows = []
    for name, found in (("ceiling", ceiling), ("ceiling_before", before), ("market", market)):
        if found.empty:
            raise ValueError(f"the table of local prices holds no price of fertilizer for the case {name!r}")
        last = found.iloc[-1]
        date = str(last["date_to"] if pd.isna(last["date_from"]) else last["date_from"])
        rows.append(
            {
                "name": name,
                "reported_idr_per_kg": float(last["price_idr_per_kg"]),
                "price_idr_per_kg": float(last["price_idr_per_kg"]),
                "date": date,
                **last[["price_id", "source_id"]].to_dict(),
            }
        )
    cases = check_cases(pd.DataFrame(rows))
    market_now = cases["name"] == "market"
    for case in cases[market_now].itertuples():
        months = (case.date[:7], as_of, world, rates)
        cases.loc[case.Index, "price_idr_per_kg"] = carried(case.reported_idr_per_kg, *months)
        cases.loc[case.Index, "source_id"] = cited_by_carried(case.source_id, *months)
    cases["price_idr_per_kg"] = [as_set(price, fertilizer_multiplier) for price in cases["price_idr_per_kg"]]
    cases["source_id"] = [join(own, *MULTIPLIER) for own in cases["source_id"]]
    return cases


def check_cases(cases: pd.DataFrame) -> pd.DataFrame:
    """The cases as given; raises ``ValueError`` that names every case whose price is missing or not above zero."""
    wrong = cases[~(cases["price_idr_per_kg"] > 0)]
    if len(wrong):
        listed = ", ".join(
            f"{row.name} ({row.price_id}): {row.price_idr_per_kg} Rp/kg" for row in wrong.itertuples(False)
        )
        raise ValueError(f"prices of fertilizer must be above zero: {listed}")
    return cases


def value_cost_ratio(extra_kg: np.ndarray, bean_price: float, cost: np.ndarray | float) -> np.ndarray:
    """Value of the extra beans over the cost of getting them, both in Rp/ha.

    Raises ``ValueError`` for a cost or price that is not above zero.
    """
    if np.any(np.asarray(cost) <= 0) or bean_price <= 0:
        raise ValueError("cost and price must be above zero")
    return extra_kg * bean_price / cost


def break_even_price(extra_kg: np.ndarray, dose: float, costs: Costs) -> np.ndarray:
    """Price of fertilizer in Rp/kg at which the dose just pays for itself; negative when nothing would.

    Raises ``ValueError`` for a dose that is not above zero.
    """
    if not dose > 0:
        raise ValueError(f"a dose of {dose:g} kg/ha has no break-even price; it must be above zero")
    return extra_kg * costs.net_bean_price / dose - costs.transport - costs.spreading


def draw_responses(full_dose: float, gain: np.ndarray, seed: int) -> dict[str, Response]:
    """One response per family of curves, by its name; the gain of the full dose is the same in all of them."""
    return {family.name: draw_response(family, full_dose, gain, stream(seed, family.name)) for family in FAMILIES}


def draw_family(seed: int, size: int) -> np.ndarray:
    """Which draws follow the quadratic plateau, shape (size,); the others follow the Mitscherlich curve."""
    return stream(seed, "family").random(size) < CACAO_WEIGHT


def average(by_family: dict[str, np.ndarray], is_plateau: np.ndarray) -> np.ndarray:
    """Draws of the average of the families: each draw follows one of them. Last axis: draws."""
    return np.where(is_plateau, by_family[QUADRATIC_PLATEAU.name], by_family[MITSCHERLICH.name])


def full_dose_economics(cases: pd.DataFrame, gain: np.ndarray, dose: float, costs: Costs) -> Draws:
    """Draws of what the full dose returns, which no curve changes.

    Quantities: ``break_even_price`` (Rp/kg), and at the price of every row of ``cases`` ``value_cost_ratio`` and
    ``net_income`` (million Rp/ha).
    """
    found = {key("break_even_price"): break_even_price(gain, dose, costs)}
    for case in check_cases(cases).itertuples():
        cost = costs.dose_cost(dose, float(case.price_idr_per_kg))
        found[key("value_cost_ratio", at=(case.name,))] = value_cost_ratio(gain, costs.net_bean_price, cost)
        found[key("net_income", at=(case.name,))] = (gain * costs.net_bean_price - cost) / 1e6
    return found


def curve_economics(response: Response, cases: pd.DataFrame, steps: pd.DataFrame, costs: Costs) -> Draws:
    """Draws of what follows from one curve.

    Quantities: ``choke_price`` (Rp/kg at the shop) and ``choke_ratio`` (kg of beans per kg delivered) at which the
    optimal dose falls to zero, below zero where labour alone is dearer than the beans; at the price of every row of
    ``cases`` ``optimal_dose`` (kg/ha) and the ``value_cost_ratio`` of ``half_dose``; for every row of ``steps`` what
    the dear price takes: ``dose`` and ``yield`` (kg/ha), ``income`` (million Rp/ha).
    """
    choke = response.choke_ratio() * costs.net_bean_price - costs.spreading
    found = {key("choke_price"): choke - costs.transport, key("choke_ratio"): choke / costs.bean_price}
    half = response.full_dose / 2
    for case in check_cases(cases).itertuples():
        price = float(case.price_idr_per_kg)
        found[key("optimal_dose", at=(case.name,))] = response.optimal_dose(costs.full_ratio(costs.price_ratio(price)))
        found[key("value_cost_ratio", "half_dose", at=(case.name,))] = value_cost_ratio(
            response.extra_yield(half), costs.net_bean_price, costs.dose_cost(half, price)
        )
    for step in steps.itertuples():
        cheap, dear = (_at_optimum(response, step_ratio, costs) for step_ratio in (step.ratio_cheap, step.ratio_dear))
        for part, (before, after) in zip(("dose", "yield", "income"), zip(cheap, dear, strict=True), strict=True):
            found[key(part, "price_step", step.name)] = before - after
    return found


def _at_optimum(response: Response, price_ratio: float, costs: Costs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Optimal dose and extra yield in kg/ha at a price ratio, and what they leave in million Rp/ha."""
    ratio = costs.full_ratio(price_ratio)
    dose = response.optimal_dose(ratio)
    extra = response.extra_yield(dose)
    return dose, extra, (extra - ratio * dose) * costs.net_bean_price / 1e6


def economics_by_family(
    responses: dict[str, Response], cases: pd.DataFrame, steps: pd.DataFrame, costs: Costs
) -> dict[str, Draws]:
    """What follows from each curve, by the name of its family."""
    return {name: curve_economics(response, cases, steps, costs) for name, response in responses.items()}


def average_economics(by_family: dict[str, Draws], is_plateau: np.ndarray) -> Draws:
    """The average of the families, quantity by quantity."""
    asked = next(iter(by_family.values()))
    return {each: average({name: found[each] for name, found in by_family.items()}, is_plateau) for each in asked}


def value_cost_curve(
    responses: dict[str, Response], is_plateau: np.ndarray, costs: Costs, prices: np.ndarray, level: float
) -> pd.DataFrame:
    """Value-cost ratio of the full and the half dose at every price of fertilizer in Rp/kg.

    Columns: ``price_idr_per_kg``, ``price_ratio``, ``lower``, ``value``, ``upper`` of the full dose, and the median
    ``half_dose``.
    """
    full = next(iter(responses.values())).full_dose
    extra = {
        dose: average({name: r.extra_yield(dose) for name, r in responses.items()}, is_plateau)
        for dose in (full, full / 2)
    }
    rows = []
    for price in prices:
        ratios = {d: value_cost_ratio(extra[d], costs.net_bean_price, costs.dose_cost(d, price)) for d in extra}
        quantiles = np.quantile(ratios[full], [(1 - level) / 2, 0.5, (1 + level) / 2])
        rows.append((price, float(costs.price_ratio(price)), *quantiles, np.median(ratios[full / 2])))
    return pd.DataFrame(rows, columns=["price_idr_per_kg", "price_ratio", "lower", "value", "upper", "half_dose"])


def dose_curve(
    responses: dict[str, Response], is_plateau: np.ndarray, costs: Costs, ratios: np.ndarray, level: float
) -> pd.DataFrame:
    """Optimal dose in kg/ha by price ratio (kg of beans per kg of fertilizer delivered).

    Columns: ``price_ratio``, ``lower``, ``value``, ``upper`` of the average, and the median of each family by name.
    """
    rows = []
    for ratio in ratios:
        doses = {name: response.optimal_dose(costs.full_ratio(ratio)) for name, response in responses.items()}
        quantiles = np.quantile(average(doses, is_plateau), [(1 - level) / 2, 0.5, (1 + level) / 2])
        rows.append((ratio, *quantiles, *(np.median(doses[name]) for name in responses)))
    return pd.DataFrame(rows, columns=["price_ratio", "lower", "value", "upper", *responses])


def summarise(draws: Draws, level: float) -> pd.DataFrame:
    """Median and interval by the rest of the key: columns ``lower``, ``value``, ``upper``."""
    levels = [(1 - level) / 2, 0.5, (1 + level) / 2]
    rows = {each.within_topic: np.quantile(values, levels) for each, values in draws.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["lower", "value", "upper"])


def compare_families(by_family: dict[str, Draws], averaged: Draws, level: float) -> pd.DataFrame:
    """The answer under each curve alone and under their average: one row per quantity, medians and intervals."""
    tables = {"average": averaged, **by_family}
    return pd.concat({name: summarise(draws, level) for name, draws in tables.items()}, axis="columns")
