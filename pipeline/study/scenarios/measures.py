"""The measures and packages that are compared, made from the draws of earlier stages and from local prices, and what
each brings over a grid of prices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.kit.data.contracts import row
from pipeline.study import known_rows
from pipeline.study.fertilizer.best_dose import average
from pipeline.study.fertilizer.response_curves import Response
from pipeline.study.names import FULL_DOSE, LEAST_STEPS
from pipeline.study.prices.prices_now import as_set
from pipeline.study.scenarios.options import Measure, Option, Yields, assess, summarise

# Nothing was tried between no dose and the full one, so doses are compared in tenths of the full dose, not finer.
DOSE_SHARES = np.arange(1, 11) / 10
# Stands for the price of fertilizer where none is bought.
NONE_BOUGHT = "none"
SYNTHESIS = {
    "fertilizer_ceiling": "mineral_fertilizer",
    "pod_sleeving": "pod_sleeving",
    "borer_sanitation": "borer_sanitation",
    "pruning": "pruning",
    "organic_fertilizer": "organic_fertilizer",
    "training": "training",
}

# The measures that each package holds.
PARTS = {
    "training_fertilizer": ("training", "fertilizer_ceiling"),
    "package": ("pod_sleeving", "fertilizer_ceiling"),
    "full_package": ("training", "pod_sleeving", "fertilizer_ceiling"),
}


def dose(option: str) -> str:
    """The dose of an option that holds mineral fertilizer, as a clause of a label."""
    return f"; {FULL_DOSE}" if any(part.startswith("fertilizer") for part in PARTS.get(option, (option,))) else ""


@dataclass(frozen=True)
class Inputs:
    """What the options are made of; all arrays are draws of shape (draws,).

    ``yields`` in kg/ha, ``effects`` log ratios per kind of measure, ``pest_gains`` log gains of ``pod_sleeving``
    and ``borer_sanitation`` where the borer is, ``responses`` (of a hectare that has the borer) and ``is_plateau`` as
    in the fertilizer model, ``labour`` the cost of ``spreading`` the full dose, ``sleeving`` and ``pruning`` in Rp/ha,
    ``sleeves`` (the material), ``training`` and ``compost`` costs in Rp/ha, ``full_dose`` in kg/ha, ``transport`` in
    Rp/kg, ``potential`` the highest yield of the clones in kg/ha.
    """

    yields: Yields
    effects: dict[str, np.ndarray]
    pest_gains: dict[str, np.ndarray]
    responses: dict[str, Response]
    is_plateau: np.ndarray
    labour: dict[str, np.ndarray]
    sleeves: np.ndarray
    training: np.ndarray
    compost: np.ndarray
    full_dose: float
    transport: float
    potential: float


def fertilizer(inputs: Inputs, price: float) -> Measure:
    """The full dose of mineral fertilizer at a price in Rp/kg."""
    cost = inputs.full_dose * (price + inputs.transport) + inputs.labour["spreading"]
    return Measure("fertilizer", inputs.effects["mineral_fertilizer"], cost)


def best_fertilizer(inputs: Inputs, price: float, bean_price: float) -> tuple[float, Measure]:
    """The dose in kg/ha, at most the full one, that is best in the mean where the borer is, and the measure.

    One dose for all draws: nobody knows the response of a farm before. Labour goes with the dose. ``price`` is that
    of fertilizer and ``bean_price`` that of harvested beans, both in Rp/kg.
    """
    found = []
    for share in DOSE_SHARES:
        dose = share * inputs.full_dose
        curves = {name: response.extra_yield(dose) for name, response in inputs.responses.items()}
        extra = average(curves, inputs.is_plateau)
        cost = dose * (price + inputs.transport) + share * inputs.labour["spreading"]
        found.append((float((extra * bean_price - cost).mean()), dose, extra, cost))
    _, dose, extra, cost = max(found, key=lambda option: option[0])
    return dose, Measure("fertilizer", np.log1p(extra / inputs.yields.with_borer), cost)


def other_measures(inputs: Inputs) -> dict[str, Measure]:
    """The measures that need no mineral fertilizer, by name."""
    sleeving, sanitation = (inputs.pest_gains[name] for name in ("pod_sleeving", "borer_sanitation"))
    return {
        "pod_sleeving": Measure("pests", sleeving, inputs.labour["sleeving"] + inputs.sleeves, needs_borer=True),
        "borer_sanitation": Measure("pests", sanitation, inputs.labour["pruning"], needs_borer=True),
        "pruning": Measure("technique", inputs.effects["pruning"], inputs.labour["pruning"]),
        "organic_fertilizer": Measure("fertilizer", inputs.effects["organic_fertilizer"], inputs.compost),
        "training": Measure("knowledge", inputs.effects["training"], inputs.training),
    }


def packages(mineral: Measure, others: dict[str, Measure]) -> list[Option]:
    """The packages that hold mineral fertilizer: with training, with sleeving, and with both."""
    training, sleeving = others["training"], others["pod_sleeving"]
    return [
        Option("training_fertilizer", (training, mineral)),
        Option("package", (sleeving, mineral)),
        Option("full_package", (training, sleeving, mineral)),
    ]


def build_options(inputs: Inputs, prices: dict[str, float]) -> dict[str, Option]:
    """Every option at present prices, by name; packages take fertilizer at the ceiling price (HET).

    ``prices`` holds the price of fertilizer at the ``ceiling`` and on the ``market`` in Rp/kg.
    """
    others, ceiling = other_measures(inputs), fertilizer(inputs, prices["ceiling"])
    options = [
        Option("fertilizer_ceiling", (ceiling,)),
        Option("fertilizer_market", (fertilizer(inputs, prices["market"]),)),
        *(Option(name, (measure,)) for name, measure in others.items()),
        *packages(ceiling, others),
    ]
    return {option.name: option for option in options}


def is_ranked(options: dict[str, Option], certainties: pd.DataFrame) -> dict[str, bool]:
    """Which options rest on enough evidence to be ranked, by name.

    ``certainties`` are those of the two syntheses, of yield and of attack: a measure whose evidence is very low is not
    ranked. A package is ranked when its parts are.
    """
    steps = certainties.set_index("measure")["steps"]
    single = {name: bool(steps[kind] >= LEAST_STEPS) for name, kind in SYNTHESIS.items()}
    single["fertilizer_market"] = single["fertilizer_ceiling"]
    return {name: all(single[part] for part in PARTS.get(name, (name,))) for name in options}


def compost_cost(
    prices: pd.DataFrame,
    tables: tuple[pd.DataFrame, pd.DataFrame],
    transport: float,
    fertilizer_multiplier: float,
    rng: np.random.Generator,
    size: int,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Draws of the cost of compost in Rp/ha, without the labour to carry it, and the sources.

    The dose per tree is the one recommended in Gorontalo (C067d), which trials in South Sulawesi used too; trees per
    hectare are drawn evenly over what is printed for Indonesia (B057b, B058a). ``prices`` is the clean table of local
    prices, the multiplier sets the price, ``tables`` are costs and baselines. Raises ``ValueError`` when no ceiling
    price of organic fertilizer is known or it is not above zero.
    """
    costs, baselines = tables
    found = prices[(prices["item"] == "organic") & (prices["market"] == "ceiling_subsidised")]
    if found.empty:
        raise ValueError("the table of local prices holds no ceiling price of organic fertilizer")
    latest = found.loc[found["year_decimal"].idxmax()]
    if not latest["price_idr_per_kg"] > 0:
        raise ValueError(f"price {latest['price_id']} of organic fertilizer is {latest['price_idr_per_kg']:g} Rp/kg")
    dose, dense, densest = (
        row(costs, known_rows.MANURE_DOSE_GORONTALO),
        row(baselines, known_rows.TREES_PER_HA_INDONESIA),
        row(baselines, known_rows.TREES_PER_HA_SULAWESI),
    )
    trees = rng.uniform(dense["value_low"], densest["value_high"], size)
    cost = trees * dose["value"] * (as_set(latest["price_idr_per_kg"], fertilizer_multiplier) + transport)
    return cost, tuple(str(figure["source_id"]) for figure in (latest, dose, dense, densest))


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
