"""Which cause holds back how much of the yield gap: Shapley values over the four causes, draw by draw."""

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import join
from pipeline.study.fertilizer.response_curves import extra_yield

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


def shapley(yield_now: np.ndarray, gains: dict[str, np.ndarray], potential: float) -> dict[str, np.ndarray]:
    """kg/ha of yield that each cause holds back, per draw: the mean over all orders of removing the causes.

    ``yield_now`` is the present yield in kg/ha and ``gains`` the log gain per cause, all of shape (draws,);
    ``potential`` is the highest yield that trees can bear. The values add up to what removing all causes gains.
    """
    subsets = [frozenset(chosen) for k in range(len(CAUSES) + 1) for chosen in combinations(CAUSES, k)]
    worth = {subset: extra_yield(yield_now, log_gain(subset, gains), potential) for subset in subsets}
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


# Shares, in kg/ha, that lie no further apart are the same.
TIE = 1e-9


def chances_to_be_largest(shares: dict[str, np.ndarray]) -> dict[str, float]:
    """Share of the draws in which each is the largest, by name; a tie is split evenly between those that tie.

    Shares that are the same but for the last bits of their sums tie: which is larger then depends on the processor.
    """
    drawn = np.stack(list(shares.values()))
    is_largest = np.isclose(drawn, drawn.max(axis=0), rtol=TIE, atol=TIE)
    return dict(zip(shares, (is_largest / is_largest.sum(axis=0)).mean(axis=1).tolist(), strict=True))


# The variant that stands beside the published one.
BLACK_POD_TOO = "black pod removed as well"


def explained_by_attainable(
    shares: dict[str, np.ndarray], present: np.ndarray, attainable: pd.DataFrame, cites: tuple[str, ...]
) -> pd.DataFrame:
    """Gap and what the causes hold back of it, for every choice of the attainable yield; means, which add up.

    ``attainable`` has a row per choice with ``name``, ``yield_kg_per_ha`` and ``source_id``; ``cites`` is what the
    shares and the present yield cite. Columns: ``attainable``, ``attainable_kg_per_ha``, ``gap``, one per cause,
    ``unexplained`` (all kg/ha), ``explained_share`` of the gap, and ``source_id``. What a cause holds back does not
    depend on the choice; what is left unexplained does.
    """
    held = {cause: float(values.mean()) for cause, values in shares.items()}
    rows = []
    for row in attainable.itertuples():
        gap = float(row.yield_kg_per_ha) - float(present.mean())
        explained = sum(held.values())
        parts = {"gap": gap, **held, "unexplained": gap - explained, "explained_share": explained / gap}
        cited = join(row.source_id, *cites)
        rows.append({"attainable": row.name, "attainable_kg_per_ha": row.yield_kg_per_ha, **parts, "source_id": cited})
    return pd.DataFrame(rows)


def waterfall(shares: dict[str, np.ndarray], present: np.ndarray, attainable: float, level: float) -> pd.DataFrame:
    """Steps from the present to the attainable yield in kg/ha: means, which add up, each with its interval.

    Columns: ``name``, ``kind`` (total or step), ``start``, ``end``, ``lower`` and ``upper`` of the step or total.
    Causes stand in the order of ``shares``; what is not explained comes last.
    """
    parts = dict(shares)
    parts["unexplained"] = attainable - present - sum(shares.values())
    levels = [(1 - level) / 2, (1 + level) / 2]
    rows = [("present", "total", 0.0, present.mean(), *np.quantile(present, levels))]
    for name, values in parts.items():
        start = rows[-1][3]
        rows.append((name, "step", start, start + values.mean(), *np.quantile(values, levels)))
    rows.append(("attainable", "total", 0.0, attainable, attainable, attainable))
    return pd.DataFrame(rows, columns=["name", "kind", "start", "end", "lower", "upper"])


def variants(
    present: np.ndarray,
    effects: dict[str, np.ndarray],
    uptake: dict[str, np.ndarray],
    pests: pd.DataFrame,
    potential: float,
    ranked: tuple[str, ...],
    level: float,
) -> pd.DataFrame:
    """What each cause holds back when pests or the uptake of practices are taken otherwise.

    ``effects`` are draws of log ratios per practice, ``uptake`` the drawn share not yet taken up, ``pests`` the draws
    of the pests. Columns: ``variant``, ``cause``, ``lower``, ``value``, ``upper`` (kg/ha) and ``first`` (chance of
    holding back most of the causes ``ranked``, missing for the others). A reading of the damage curve that no draw
    follows has no rows.
    """
    borer = pests["log_gain_sleeving"].to_numpy()
    is_sabah = pests["is_sabah"].to_numpy(dtype=bool)
    everything = np.ones(len(present), dtype=bool)
    none, half = ({cause: np.full(len(present), left) for cause in effects} for left in (1.0, 0.5))
    cases = {
        "as published": (everything, uptake, borer),
        "damage curve of Sabah alone": (is_sabah, uptake, borer),
        "report of Aceh Timur alone": (~is_sabah, uptake, borer),
        BLACK_POD_TOO: (everything, uptake, borer + pests["log_gain_pod_removal_there"].to_numpy()),
        "nobody has taken up a practice": (everything, none, borer),
        "half have taken up each practice": (everything, half, borer),
    }
    rows = []
    followed = {variant: case for variant, case in cases.items() if case[0].any()}
    for variant, (chosen, left, pest_gain) in followed.items():
        gains = {cause: (draws * left[cause])[chosen] for cause, draws in effects.items()} | {
            "pod_borer": pest_gain[chosen]
        }
        shares = shapley(present[chosen], gains, potential)
        first = chances_to_be_largest({cause: shares[cause] for cause in ranked})
        for cause in CAUSES:
            lower, value, upper = np.quantile(shares[cause], [(1 - level) / 2, 0.5, (1 + level) / 2])
            rows.append((variant, cause, lower, value, upper, first.get(cause, np.nan)))
    return pd.DataFrame(rows, columns=["variant", "cause", "lower", "value", "upper", "first"])
