"""Draws of the stages before, moved to what literature and plots together say, each at its own rank.

The smallest draw goes to the smallest value of the posterior, and so on: the distribution becomes that of the
posterior, while draws that were high together stay so. Weighing the draws anew would not do: where plots contradict the
literature, the posterior lies where few draws or none are. A quantity of which plots say nothing keeps its draws.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import rankdata

from pipeline.kit.bayes.mixture import Mixture, stream
from pipeline.study.pests.pest_control import all_controls, with_gains
from pipeline.study.pests.pest_losses import LARGEST_LOSS, DamageCurve, draws_table, possible_rows, with_loss
from pipeline.study.plots.plot_table import ATTACK

# Points between which the posterior is taken to be even, and how many are looked at together.
POINTS, TOGETHER = 4001, 200
TAIL = 1e-7
# Log of what is left of the yield at ``ATTACK``: something is lost, and a convex curve never takes everything.
LEAST_LEFT, MOST_LEFT = float(np.log1p(-LARGEST_LOSS * ATTACK)), float(np.log1p(-1e-6))
EFFECTS = {"mineral_fertilizer": "fertilizer", "pruning": "technique", "training": "training"}


def moved(draws: np.ndarray, posterior: Mixture, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
    """Draws with the distribution of ``posterior`` between ``low`` and ``high``, every draw at the rank it had.

    Where the posterior has nothing between the bounds all draws go to the nearer bound. Raises ``ValueError`` for a
    draw that is no finite number, or when there is none.
    """
    if not len(draws) or not np.isfinite(draws).all():
        raise ValueError("draws to move must be finite numbers, and there must be some")
    start, end = np.clip(posterior.quantiles([TAIL, 1 - TAIL]), low, high)
    points = np.linspace(start, end, POINTS)
    below = np.concatenate([posterior.below(part) for part in np.array_split(points, POINTS // TOGETHER)])
    first, last = (float(posterior.below(bound)) for bound in (low, high))
    if not below[-1] > below[0]:
        return np.full(len(draws), points[0])
    ranks = (rankdata(draws) - 0.5) / len(draws)
    return np.interp(first + ranks * (last - first), below, points)


def move_present(base: pd.DataFrame, taught: dict[str, Mixture]) -> pd.DataFrame:
    """The draws of 04 with the present yield that plots have ``taught``."""
    if "present_yield" not in taught:
        return base
    logs = np.log(base["yield_kg_per_ha"].to_numpy())
    return base.assign(yield_kg_per_ha=np.exp(moved(logs, taught["present_yield"])))


def move_regency(growers: pd.DataFrame, before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """The regencies of 04 with yield and production of Kutai Timur as its yield went from ``before`` to ``now``."""
    ratio = now["yield_kg_per_ha"] / before["yield_kg_per_ha"]
    names = ["kutai_timur_yield_kg_per_ha", "kutai_timur_production_t"]
    return growers.assign(**{name: growers[name] * ratio for name in names})


def move_effects(predicted: pd.DataFrame, taught: dict[str, Mixture]) -> pd.DataFrame:
    """The draws of 05 with the effects that plots have ``taught``."""
    known = {column: taught[name] for column, name in EFFECTS.items() if name in taught}
    return predicted.assign(**{name: moved(predicted[name].to_numpy(), known[name]) for name in known})


def move_attack(area: np.ndarray, pods: np.ndarray, taught: dict[str, Mixture]) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the area with the borer and of the pods attacked there, whose product is what plots have ``taught``.

    Plots tell the product only: each share keeps its part of the product's logarithm, and stays a share.
    """
    if "pods_attacked" not in taught:
        return area, pods
    product = area * pods
    power = np.log(expit(moved(logit(product), taught["pods_attacked"]))) / np.log(product)
    return area**power, pods**power


def move_curves(curves: dict[str, DamageCurve], taught: dict[str, Mixture]) -> dict[str, DamageCurve]:
    """Damage curves of each reading, raised or lowered to the loss at ``ATTACK`` that plots have ``taught``."""
    found = {}
    for reading, curve in curves.items():
        posterior = taught.get(f"pod_borer:{reading}")
        if posterior is not None:
            left = moved(np.log1p(-curve.loss(ATTACK)), posterior, LEAST_LEFT, MOST_LEFT)
            curve = with_loss(curve, ATTACK, -np.expm1(left))
        found[reading] = curve
    return found


def sabah_weight(readings: dict[str, float], taught: dict[str, Mixture], before: float) -> float:
    """Probability of the reading from Sabah: of ``readings`` where plots have ``taught`` it, else as ``before``."""
    return readings["sabah"] if any(name.startswith("pod_borer:") for name in taught) else before


def move_pests(
    pests: pd.DataFrame,
    damage: tuple[DamageCurve, np.ndarray],
    mean_yield: np.ndarray,
    taught: dict[str, Mixture],
    potential: float,
    seed: int,
) -> tuple[pd.DataFrame, DamageCurve]:
    """The draws of 07 with attack and damage that plots have ``taught``, and all that follows; and their curves.

    ``damage`` is the curve of each draw, and which draws follow Sabah. Pairs of a yield and a pest that trees cannot
    bear (above the ``potential`` without it) get no weight, as in 07.
    """
    if not taught:
        return pests, damage[0]
    columns = {name: pests[name].to_numpy() for name in pests}
    area, pods = move_attack(columns["attacked_area"], columns["attacked"], taught)
    rows = possible_rows(mean_yield, area, damage[0].loss(pods), potential, stream(seed, "possible with plots"))
    curve, is_sabah = damage[0].take(rows), damage[1][rows]
    dieback = columns["dieback_area"], columns["loss_dieback_there"]
    left = pests[[name for name in pests if name.startswith("left_")]]
    draws = draws_table(curve, (area[rows], pods[rows]), left, columns["loss_black_pod"], dieback)
    draws["drawn_as"] = columns["drawn_as"][rows]
    return with_gains(draws, is_sabah, all_controls(draws, curve, (), {})), curve
