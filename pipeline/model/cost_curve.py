"""Measures in the order of what an extra kg of beans costs, with the tonnes each would add."""

import numpy as np
import pandas as pd


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
    first, apart = frame[frame["is_ranked"]].sort_values("value"), frame[~frame["is_ranked"]].sort_values("name")
    return pd.concat([first, apart], ignore_index=True)
