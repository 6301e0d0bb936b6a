"""Which measure pays: cost, extra beans, income, value-cost ratio and tonnes, per hectare and for the regency."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.model.draws import stream
from pipeline.model.response import extra_yield


@dataclass(frozen=True)
class Measure:
    """One measure or package: draws of its log yield gain and of its yearly cost in Rp/ha, shape (draws,)."""

    name: str
    log_gain: np.ndarray
    cost_idr_per_ha: np.ndarray


def combine(name: str, measures: list[Measure]) -> Measure:
    """A package: gains multiply, costs add."""
    return Measure(
        name,
        np.sum([measure.log_gain for measure in measures], axis=0),
        np.sum([measure.cost_idr_per_ha for measure in measures], axis=0),
    )


def assess(measure: Measure, yield_now: np.ndarray, bean_price: float, ceiling: float) -> dict[str, np.ndarray]:
    """Draws of what a measure brings per mature hectare and year.

    Keys: ``extra_kg_per_ha``, ``cost_idr_per_ha``, ``net_income_idr_per_ha``, ``value_cost_ratio``.
    """
    extra = extra_yield(yield_now, measure.log_gain, ceiling)
    income = extra * bean_price - measure.cost_idr_per_ha
    return {
        "extra_kg_per_ha": extra,
        "cost_idr_per_ha": measure.cost_idr_per_ha,
        "net_income_idr_per_ha": income,
        "value_cost_ratio": extra * bean_price / measure.cost_idr_per_ha,
    }


def net_bean_price(price: float, harvest_days_per_kg: float, wage: float) -> float:
    """What is left of the price of a kg of beans after harvesting and drying it, in Rp/kg.

    Raises ``ValueError`` when nothing is left.
    """
    net = price - harvest_days_per_kg * wage
    if net <= 0:
        raise ValueError(f"a bean price of {price:g} Rp/kg does not pay its own harvest")
    return net


def day_wage(costs: pd.DataFrame, working_days: float) -> tuple[float, str]:
    """Latest minimum wage of Kutai Timur per working day in Rp, and its source.

    ``costs`` is the clean table of costs. Raises ``ValueError`` when it holds no wage for the regency.
    """
    wages = costs[(costs["item"] == "minimum_wage") & (costs["place"] == "Kutai Timur")]
    if wages.empty:
        raise ValueError("the table of costs holds no minimum wage for Kutai Timur")
    latest = wages.loc[wages["year"].idxmax()]
    return float(latest["value"]) / working_days, str(latest["source_id"])


def extra_tonnes(extra_kg_per_ha: np.ndarray, area_ha: float, mature_share: np.ndarray, adoption: float) -> np.ndarray:
    """Draws of extra tonnes a year from ``area_ha`` of total area, of which a share is mature and takes part."""
    return extra_kg_per_ha * area_ha * mature_share * adoption / 1000


def assumed_labour_cost(rng: np.random.Generator, days: float, day_wage: float, size: int) -> np.ndarray:
    """Draws of a labour cost in Rp/ha whose days are an assumption: half to double, even on the log scale."""
    return days * day_wage * np.exp(rng.uniform(np.log(0.5), np.log(2.0), size))


def draw_labour(days: dict[str, float], wage: float, seed: int, size: int) -> dict[str, np.ndarray]:
    """Draws of the labour cost of each task in Rp/ha, each from a stream of its own."""
    return {task: assumed_labour_cost(stream(seed, f"labour {task}"), n, wage, size) for task, n in days.items()}


def build_options(
    effects: pd.DataFrame,
    pest_gain: np.ndarray,
    fertilizer_cost: pd.Series,
    labour: dict[str, np.ndarray],
    training: np.ndarray,
) -> list[Measure]:
    """The measures to compare, and the package of sleeving and subsidised fertilizer.

    ``effects`` holds predictive draws of log ratios per kind of measure, ``pest_gain`` those of sleeving from the
    damage curve, ``fertilizer_cost`` the cost of the delivered dose in Rp/ha at the ``ceiling`` and on the
    ``market``, ``labour`` draws for ``spreading``, ``sleeving`` and ``pruning``.
    """
    mineral, spreading = effects["mineral_fertilizer"].to_numpy(), labour["spreading"]
    ceiling = Measure("fertilizer_ceiling", mineral, fertilizer_cost["ceiling"] + spreading)
    sleeving = Measure("pod_sleeving", pest_gain, labour["sleeving"])
    return [
        ceiling,
        Measure("fertilizer_market", mineral, fertilizer_cost["market"] + spreading),
        sleeving,
        Measure("pruning_sanitation", effects["pruning_sanitation"].to_numpy(), labour["pruning"]),
        Measure("training", effects["training"].to_numpy(), training),
        combine("package", [sleeving, ceiling]),
    ]


def training_cost(
    costs: pd.DataFrame, idr_per_usd: float, area_per_farmer: float, years: float, rng: np.random.Generator, size: int
) -> tuple[np.ndarray, list[str]]:
    """Draws of the yearly cost of training in Rp/ha, and the sources: between the least and most reported per farmer.

    ``costs`` is the clean table; its training and programme costs are in USD per farmer.
    """
    found = costs[costs["item"].isin(["training_cost", "programme_cost"])]
    low = found[["value", "value_low"]].min(axis=None)
    high = found[["value", "value_high"]].max(axis=None)
    draws = rng.uniform(low, high, size) * idr_per_usd / area_per_farmer / years
    return draws, sorted(set(found["source_id"]))


def summarise(outcome: dict[str, np.ndarray], level: float) -> dict[str, float]:
    """Median, interval (``_lower``, ``_upper``) and chances of one measure, in a flat mapping."""
    summary: dict[str, float] = {}
    for name, draws in outcome.items():
        lower, value, upper = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
        summary |= {name: value, f"{name}_lower": lower, f"{name}_upper": upper}
    summary["probability_loss"] = float((outcome["net_income_idr_per_ha"] < 0).mean())
    summary["probability_ratio_above_2"] = float((outcome["value_cost_ratio"] > 2).mean())
    return summary


def summary_table(outcomes: dict[str, dict[str, np.ndarray]], level: float) -> pd.DataFrame:
    """One row per measure: its name and its summary."""
    return pd.DataFrame([{"name": name, **summarise(outcome, level)} for name, outcome in outcomes.items()])
