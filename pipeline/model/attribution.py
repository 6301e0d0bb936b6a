"""Which cause holds back how much of the yield gap: Shapley values over the four causes, draw by draw."""

from itertools import combinations
from math import factorial

import numpy as np

from pipeline.model.response import extra_yield

# The scope of each: the full dose of mineral fertilizer, the pod borer as far as sleeves remove it, pruning and
# sanitation, and a field school.
CAUSES = ("fertilizer", "pod_borer", "technique", "knowledge")


def draw_uptake(causes: list[str], rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    """Share of each practice that is not yet taken up, per draw.

    How far farmers of Kutai Timur use fertilizer, prune and were trained is not known, so it is drawn evenly between
    none and all.
    """
    return {cause: rng.random(size) for cause in causes}


def log_gain(removed: frozenset[str], gains: dict[str, np.ndarray]) -> np.ndarray:
    """Log of the yield ratio when the causes in ``removed`` are taken away, shape (draws,).

    Fertilizer, pests and technique multiply. Knowledge has no way of its own to make pods: it works through
    the other three, an equal part through each, and only where that practice is not already put right. Good
    training brings no more through a practice than the practice itself can give. So training is not counted
    twice, and putting one more practice right never costs yield.
    """
    practices = [cause for cause in CAUSES if cause != "knowledge"]
    total = sum((gains[cause] for cause in practices if cause in removed), np.zeros_like(gains["fertilizer"]))
    if "knowledge" in removed:
        part = gains["knowledge"] / len(practices)
        through = [np.minimum(part, np.maximum(gains[cause], 0)) for cause in practices if cause not in removed]
        total = total + sum(through, np.zeros_like(part))
    return total


def shapley(yield_now: np.ndarray, gains: dict[str, np.ndarray], ceiling: float) -> dict[str, np.ndarray]:
    """kg/ha of yield that each cause holds back, per draw: the mean over all orders of removing the causes.

    ``yield_now`` is the present yield in kg/ha and ``gains`` the log gain per cause, all of shape (draws,);
    ``ceiling`` is the highest yield that trees can bear. The values add up to what removing all causes gains.
    """
    subsets = [frozenset(chosen) for k in range(len(CAUSES) + 1) for chosen in combinations(CAUSES, k)]
    worth = {subset: extra_yield(yield_now, log_gain(subset, gains), ceiling) for subset in subsets}
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


def chances_to_be_largest(shares: dict[str, np.ndarray]) -> dict[str, float]:
    """Share of the draws in which each is the largest, by name; a tie is split evenly between those that tie."""
    drawn = np.stack(list(shares.values()))
    is_largest = drawn == drawn.max(axis=0)
    return dict(zip(shares, (is_largest / is_largest.sum(axis=0)).mean(axis=1).tolist(), strict=True))
