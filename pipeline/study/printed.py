"""Figures as they were printed, out of the clean tables by their keys."""

import numpy as np
import pandas as pd
from scipy.special import ndtri


def row(table: pd.DataFrame, key: str) -> pd.Series:
    """The row with the identifier ``key``, which stands in the first column of every table of figures.

    Raises ``ValueError`` when the table does not have exactly one such row.
    """
    found = table[table.iloc[:, 0] == key]
    if len(found) != 1:
        raise ValueError(f"{len(found)} rows have {table.columns[0]} {key}; one is needed")
    return found.iloc[0]


def sources(table: pd.DataFrame, *keys: str) -> tuple[str, ...]:
    """Sources of the figures with these keys."""
    return tuple(str(row(table, key)["source_id"]) for key in keys)


def draw_lost_share(low: float, high: float, level: float, rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws of a share of yield lost that is printed as a range from ``low`` to ``high``, shares of one.

    What is left is normal on the log scale and the range holds ``level`` of it; a loss below zero counts as none.
    """
    if not 0 <= low < high < 1:
        raise ValueError(f"a range of losses runs from 0 to below 1 and upwards, not from {low:g} to {high:g}")
    ends = np.log1p([-low, -high])
    spread = (ends[0] - ends[1]) / 2 / ndtri((1 + level) / 2)
    return np.maximum(0.0, -np.expm1(rng.normal(ends.mean(), spread, size)))
