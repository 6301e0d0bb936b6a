"""What fertilizer returns over a range of prices, and the answer under each family of curves, as tables."""

import numpy as np
import pandas as pd

from pipeline.model.fertilizer import Costs, average, value_cost_ratio
from pipeline.model.response_curves import Response


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


def summarise(draws: dict[str, np.ndarray], level: float) -> pd.DataFrame:
    """Median and interval of every quantity: columns ``lower``, ``value``, ``upper``."""
    levels = [(1 - level) / 2, 0.5, (1 + level) / 2]
    rows = {name: np.quantile(values, levels) for name, values in draws.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["lower", "value", "upper"])


def compare_families(
    by_family: dict[str, dict[str, np.ndarray]], averaged: dict[str, np.ndarray], level: float
) -> pd.DataFrame:
    """The answer under each curve alone and under their average: one row per quantity, medians and intervals."""
    tables = {"average": averaged, **by_family}
    return pd.concat({name: summarise(draws, level) for name, draws in tables.items()}, axis="columns")
