"""Which cause holds back how much of the yield gap: Shapley values over the four causes, draw by draw."""

from itertools import combinations
from math import factorial

import numpy as np

from pipeline.model.response import extra_yield

CAUSES = ("fertilizer", "pests", "technique", "knowledge")


def draw_gains(
    effects: dict[str, np.ndarray], pest_gain: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Log gain still to be had from removing each cause, per draw.

    ``effects`` holds predictive draws of the log response ratio of fertilizer, technique and knowledge. How far
    farmers of Kutai Timur have taken them up already is not known, so the share not yet taken up is drawn evenly
    between none and all. ``pest_gain`` comes from the damage curve, which starts from the present attack.
    """
    left = {cause: rng.random(len(pest_gain)) for cause in effects}
    return {**{cause: draws * left[cause] for cause, draws in effects.items()}, "pests": pest_gain}


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
