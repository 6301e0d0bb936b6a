"""Every option over a grid of cocoa and fertilizer prices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.study.scenarios.measures import Inputs, best_fertilizer, fertilizer, other_measures, packages
from pipeline.study.scenarios.options import Option, assess, summarise

# Stands for the price of fertilizer where none is bought.
NONE_BOUGHT = "none"


@dataclass(frozen=True)
class CocoaPrice:
    """All that the options at one price of cocoa need: the name of the price, what harvesting leaves of it in Rp/kg,
    the prices of fertilizer in Rp/kg by name, and the level of the intervals."""

    name: str
    net_idr_per_kg: float
    fertilizer: dict[str, float]
    inputs: Inputs
    level: float


def price_grid(
    inputs: Inputs, net_prices: dict[str, float], fertilizer_prices: dict[str, float], level: float
) -> pd.DataFrame:
    """Options by cocoa and fertilizer price, one row each: ``name``, ``cocoa``, ``fertilizer`` and the summary.

    Options without mineral fertilizer have ``none`` as its price. Raises ``ValueError`` that names every price that
    is not above zero.
    """
    prices = {f"cocoa {name}": price for name, price in net_prices.items()}
    prices |= {f"fertilizer {name}": price for name, price in fertilizer_prices.items()}
    if wrong := [f"{name} is {price:g} Rp/kg" for name, price in prices.items() if not price > 0]:
        raise ValueError(f"prices must be above zero: {', '.join(wrong)}")
    items = [CocoaPrice(name, net, fertilizer_prices, inputs, level) for name, net in net_prices.items()]
    return pd.concat(map(options_at_price, items), ignore_index=True)


def options_at_price(price: CocoaPrice) -> pd.DataFrame:
    """The rows of the grid at one price of cocoa."""
    others = other_measures(price.inputs)
    rows = [_row(price, Option(name, (measure,)), NONE_BOUGHT) for name, measure in others.items()]
    for name, cost in price.fertilizer.items():
        full = fertilizer(price.inputs, cost)
        dose, best = best_fertilizer(price.inputs, cost, price.net_idr_per_kg)
        for option in (Option("fertilizer", (full,)), *packages(full, others)):
            rows.append(_row(price, option, name) | {"dose_kg_per_ha": price.inputs.full_dose})
        rows.append(_row(price, Option("fertilizer_best", (best,)), name) | {"dose_kg_per_ha": dose})
    return pd.DataFrame(rows)


def _row(price: CocoaPrice, option: Option, fertilizer_price: str) -> dict[str, object]:
    outcome = assess(option, price.inputs.yields.with_borer, price.net_idr_per_kg, price.inputs.potential)
    return {
        "name": option.name,
        "cocoa": price.name,
        "fertilizer": fertilizer_price,
        **summarise(outcome, price.level),
    }


def cost_per_kg(extra_kg: np.ndarray, cost: np.ndarray, level: float) -> tuple[float, float, float]:
    """Lower bound, median and upper bound of what an extra kg costs, in the unit of ``cost`` per kg.

    A cost per kg has no mean when the gain may be nothing, so the quantiles are those of the kg that one rupiah
    brings, turned over: a draw that brings nothing, or loses beans, is dearer than any that brings some. A bound at
    which nothing is brought is infinite. Raises ``ValueError`` for a cost that is not above zero.
    """
    if not np.all(np.asarray(cost) > 0):
        raise ValueError(f"a cost of {np.min(cost):g} has no kg to it; it must be above zero")
    brought = np.quantile(extra_kg / cost, [(1 + level) / 2, 0.5, (1 - level) / 2])
    lower, value, upper = (1 / kg if kg > 0 else np.inf for kg in brought)
    return lower, value, upper


def cost_curve(
    extra_kg: dict[str, np.ndarray],
    costs: dict[str, np.ndarray],
    tonnes: dict[str, np.ndarray],
    ranked: dict[str, bool],
    level: float,
) -> pd.DataFrame:
    """Measures by rising cost of an extra kg: ``name``, ``lower``, ``value``, ``upper`` (Rp/kg), ``tonnes``,
    ``is_ranked``.

    ``tonnes`` in the result are medians. Measures of which the median draw brings nothing stand last, their cost
    infinite. Those without direct evidence, which are not ``ranked``, stand after all others, by name.
    """
    rows = [
        (name, *cost_per_kg(extra_kg[name], costs[name], level), float(np.median(tonnes[name]))) for name in extra_kg
    ]
    frame = pd.DataFrame(rows, columns=["name", "lower", "value", "upper", "tonnes"])
    frame["is_ranked"] = frame["name"].map(ranked)
    first, apart = frame[frame["is_ranked"]], frame[~frame["is_ranked"]]
    return pd.concat([first.sort_values(["value", "name"]), apart.sort_values("name")], ignore_index=True)
