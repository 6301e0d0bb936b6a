"""Which measure pays: cost, extra beans, income, value-cost ratio and tonnes, per hectare and for the regency."""

from dataclasses import dataclass

import numpy as np


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


def assess(measure: Measure, yield_now: np.ndarray, bean_price: float) -> dict[str, np.ndarray]:
    """Draws of what a measure brings per mature hectare and year.

    Keys: ``extra_kg_per_ha``, ``cost_idr_per_ha``, ``net_income_idr_per_ha``, ``value_cost_ratio``.
    """
    extra = yield_now * np.expm1(measure.log_gain)
    income = extra * bean_price - measure.cost_idr_per_ha
    return {
        "extra_kg_per_ha": extra,
        "cost_idr_per_ha": measure.cost_idr_per_ha,
        "net_income_idr_per_ha": income,
        "value_cost_ratio": extra * bean_price / measure.cost_idr_per_ha,
    }


def extra_tonnes(extra_kg_per_ha: np.ndarray, area_ha: float, mature_share: np.ndarray, adoption: float) -> np.ndarray:
    """Draws of extra tonnes a year from ``area_ha`` of total area, of which a share is mature and takes part."""
    return extra_kg_per_ha * area_ha * mature_share * adoption / 1000


def assumed_labour_cost(rng: np.random.Generator, days: float, day_wage: float, size: int) -> np.ndarray:
    """Draws of a labour cost in Rp/ha whose days are an assumption: half to double, even on the log scale."""
    return days * day_wage * np.exp(rng.uniform(np.log(0.5), np.log(2.0), size))
