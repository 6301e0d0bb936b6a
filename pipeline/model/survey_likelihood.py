"""What the plots alone say of the effects and of the present level, at every value of the spreads.

    log yield = level + effects x terms + side terms + village + officer + noise

Village and officer effects are normal about zero, each kind with a spread that is not known. Given the spreads all is
normal; level, side terms, villages and officers are integrated out in closed form, and a precision and a vector are
left.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.model.spreads import Spread, grid, half_normal_even
from pipeline.model.survey_plots import EFFECTS
from pipeline.model.survey_statistics import Statistics

# Prior scales on the log scale: noise of a plot, differences between villages and between officers, side terms.
NOISE, NOISE_LOG_SD, VILLAGE, OFFICER, SIDE = 0.5, 0.5, 0.3, 0.15, 0.4
# So wide about zero that the level of the log yield is left free.
LEVEL = 100.0
NODES = {"noise": 9, "village": 9, "officer": 6}
RIDGE = 0.01
# Numbers in one batch of matrices, so that memory stays small with many villages.
MEMORY = 4_000_000


@dataclass(frozen=True)
class Likelihood:
    """Of k quantities, at every point: log weight (points,), ``precision`` (points, k, k), ``vector`` (points, k).

    The log likelihood of ``b`` at a point is ``log_weight + vector b - b precision b / 2``; the prior of the spreads
    is in ``log_weight``.
    """

    log_weight: np.ndarray
    precision: np.ndarray
    vector: np.ndarray
    spreads: dict[str, np.ndarray]

    def at(self, chosen: np.ndarray) -> "Likelihood":
        """The likelihood at some of the points (boolean)."""
        spreads = {name: values[chosen] for name, values in self.spreads.items()}
        return Likelihood(self.log_weight[chosen], self.precision[chosen], self.vector[chosen], spreads)

    def with_bias(self, sd: float) -> "Likelihood":
        """The likelihood of the true quantities when each is shown with a bias, normal about zero with this sd."""
        if sd == 0:
            return self
        k = self.vector.shape[1]
        inner = np.linalg.inv(self.precision + np.eye(k) / sd**2)
        left = np.einsum("pij,pjk->pik", self.precision, inner)
        log_weight = self.log_weight + 0.5 * np.einsum("pi,pij,pj->p", self.vector, inner, self.vector)
        log_weight = log_weight + 0.5 * np.linalg.slogdet(inner)[1] - k * np.log(sd)
        precision = self.precision - np.einsum("pij,pjk->pik", left, self.precision)
        vector = self.vector - np.einsum("pij,pj->pi", left, self.vector)
        return Likelihood(log_weight, precision, vector, self.spreads)


def effects_likelihood(sums: Statistics, readings: tuple[str, ...]) -> dict[str, Likelihood]:
    """Likelihood of ``EFFECTS`` under each reading of the damage curve."""
    points, log_weight, seen = at_points(sums)
    return {reading: _of_reading(points, log_weight, seen, sums.terms, reading) for reading in readings}


def noise_spread(freedom: float, variance: float) -> Spread:
    """Noise of a plot: a log-normal prior, on steps about where the data put it, so that many plots can tell it."""
    sd = (NOISE_LOG_SD**-2 + 2 * freedom) ** -0.5
    weight = 2 * freedom * sd**2
    centre = weight * np.log(np.sqrt(variance) if variance > 0 else NOISE) + (1 - weight) * np.log(NOISE)
    logs = np.linspace(centre - 3 * sd, centre + 3 * sd, NODES["noise"])
    density = np.exp(-0.5 * ((logs - np.log(NOISE)) / NOISE_LOG_SD) ** 2)
    return Spread("noise", np.exp(logs), density / density.sum())


def at_points(sums: Statistics) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Points of the spreads, log weight (points,) and products (points, k + 1, k + 1) without villages and officers.

    The outcome is the last row and column of the products.
    """
    products = np.block([[sums.xx, sums.xy[:, None]], [sums.xy, sums.yy]])
    by_group = np.column_stack([sums.zx, sums.zy])
    noise = noise_spread(*_left_over(products, by_group, sums))
    village = half_normal_even("village", VILLAGE, NODES["village"])
    points, log_prior = grid([noise, village, half_normal_even("officer", OFFICER, NODES["officer"])])
    log_weight, seen = _without_groups(products, by_group, sums, points)
    return points, log_prior + log_weight, seen


def _left_over(products: np.ndarray, by_group: np.ndarray, sums: Statistics) -> tuple[float, float]:
    """Degrees of freedom and variance that terms and groups leave, about; only to place the steps of the noise."""
    k, rows = len(products) - 1, max(sums.rows, 1)
    whole = np.block([[products[:k, :k], by_group[:, :k].T], [by_group[:, :k], sums.zz]])
    mean = products[0, k] / rows
    right = np.concatenate([products[:k, k] - mean * products[:k, 0], by_group[:, k] - mean * by_group[:, 0]])
    # A little is added to the diagonal: terms and groups overlap, and there may be no plot at all.
    solved = np.linalg.solve(whole + RIDGE * np.eye(len(whole)), np.column_stack([right, whole]))
    freedom = max(sums.rows - float(np.trace(solved[:, 1:])), 1.0) if sums.rows else 0.0
    left = products[k, k] - rows * mean**2 - right @ solved[:, 0]
    return freedom, max(0.0, float(left)) / max(freedom, 1.0)


def _without_groups(
    products: np.ndarray, by_group: np.ndarray, sums: Statistics, points: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Log weights (points,) and products (points, k + 1, k + 1) with villages and officers integrated out."""
    v, q = len(sums.villages), len(by_group)
    step = max(1, MEMORY // max(q * q, 1))
    weights, seen = [], []
    for start in range(0, len(points["noise"]), step):
        sigma, village, officer = (points[name][start : start + step] for name in ("noise", "village", "officer"))
        scale = np.concatenate([np.repeat(village[:, None], v, 1), np.repeat(officer[:, None], q - v, 1)], axis=1)
        scale = scale / sigma[:, None]
        inner = scale[:, :, None] * sums.zz * scale[:, None, :] + np.eye(q)
        right = scale[:, :, None] * by_group
        taken = right.transpose(0, 2, 1) @ np.linalg.solve(inner, right)
        seen.append((products - taken) / sigma[:, None, None] ** 2)
        constant = sums.rows * (np.log(sigma) + 0.5 * np.log(2 * np.pi))
        weights.append(-constant - 0.5 * np.linalg.slogdet(inner)[1] - 0.5 * seen[-1][:, -1, -1])
    return np.concatenate(weights), np.concatenate(seen)


def _of_reading(
    points: dict[str, np.ndarray], log_weight: np.ndarray, seen: np.ndarray, terms: tuple[str, ...], reading: str
) -> Likelihood:
    """Likelihood with level and side terms integrated out and the terms of other readings left out."""
    main = [terms.index(f"pod_borer:{reading}" if name == "pod_borer" else name) for name in EFFECTS]
    side = [place for place, name in enumerate(terms) if ":" in name and not name.startswith("pod_borer:")]
    kept, gone = [*main, len(terms)], [0, *side]
    sd = np.array([LEVEL, *[SIDE] * len(side)])
    inner = seen[:, gone][:, :, gone] + np.diag(sd**-2)
    across = seen[:, gone][:, :, kept]
    taken = across.transpose(0, 2, 1) @ np.linalg.solve(inner, across)
    left = seen[:, kept][:, :, kept] - taken
    log_weight = log_weight + 0.5 * taken[:, -1, -1] - 0.5 * np.linalg.slogdet(inner)[1] - np.log(sd).sum()
    return Likelihood(log_weight, left[:, :-1, :-1], left[:, :-1, -1], points)
