"""Which cause holds back how much of the yield gap: Shapley values over the four causes, draw by draw."""

from itertools import combinations
from math import factorial

import numpy as np

CAUSES = ("fertilizer", "pests", "technique", "knowledge")


def log_gain(removed: frozenset[str], gains: dict[str, np.ndarray]) -> np.ndarray:
    """Log of the yield ratio when the causes in ``removed`` are taken away, shape (draws,).

    Fertilizer, pests and technique multiply. Knowledge has no way of its own to make pods: it works through
    the other three, so it closes its part only of those not removed already. That keeps training from being
    counted twice.
    """
    practices = [cause for cause in CAUSES if cause != "knowledge"]
    total = sum((gains[cause] for cause in practices if cause in removed), np.zeros_like(gains["fertilizer"]))
    if "knowledge" in removed:
        total = total + gains["knowledge"] * sum(cause not in removed for cause in practices) / len(practices)
    return total


def shapley(yield_now: np.ndarray, gains: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """kg/ha of yield that each cause holds back, per draw: the mean over all orders of removing the causes.

    ``yield_now`` is the present yield in kg/ha and ``gains`` the log gain per cause, all of shape (draws,).
    The values add up to the yield gained when all causes are removed.
    """
    subsets = [frozenset(chosen) for k in range(len(CAUSES) + 1) for chosen in combinations(CAUSES, k)]
    worth = {subset: yield_now * np.expm1(log_gain(subset, gains)) for subset in subsets}
    values = {}
    for cause in CAUSES:
        without = [subset for subset in subsets if cause not in subset]
        values[cause] = sum(
            (_weight(len(subset)) * (worth[subset | {cause}] - worth[subset]) for subset in without),
            np.zeros_like(yield_now),
        )
    return values


def _weight(size: int) -> float:
    n = len(CAUSES)
    return factorial(size) * factorial(n - size - 1) / factorial(n)
