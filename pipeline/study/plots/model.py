"""What the plots alone say of the effects and of the present level, at every value of the spreads.

    log yield = level + effects x terms + side terms + village + officer + noise

Village and officer effects are normal about zero, each kind with a spread that is not known. Given the spreads all is
normal; level, side terms, villages and officers are integrated out in closed form, and a precision and a vector are
left.
"""

from dataclasses import dataclass, replace
from functools import reduce
from itertools import product

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.kit.bayes.mixture import Spread, grid, half_normal_even
from pipeline.kit.compute import each
from pipeline.study.pests.pest_losses import DamageCurve
from pipeline.study.plots.plot_table import ATTACK, EFFECTS, officers, places, practices, reasons_left_out, side_terms

# Plots in one chunk; a survey that fits into one is summed here, without other processes.
CHUNK = 25_000


@dataclass(frozen=True)
class Statistics:
    """Sums over plots; ``terms`` (with ``level`` first) number k, villages and officers together q.

    ``weight`` is the sum of their weights. ``xx`` (k, k), ``zx`` (q, k), ``zz`` (q, q) are products of terms and
    groups, ``xy`` (k,) and ``zy`` (q,) with the outcome, ``yy`` its square; villages stand before officers. ``total``
    and ``squares`` are sums of the outcome on its own scale (kg/ha, its square), not on that of the model.
    """

    terms: tuple[str, ...]
    villages: tuple[str, ...]
    officers: tuple[str, ...]
    weight: float
    xx: np.ndarray
    zx: np.ndarray
    zz: np.ndarray
    xy: np.ndarray
    zy: np.ndarray
    yy: float
    total: float
    squares: float

    def __add__(self, other: "Statistics") -> "Statistics":
        """The sums of two lots of plots together. Raises ``ValueError`` when terms or groups differ."""
        if (self.terms, self.villages, self.officers) != (other.terms, other.villages, other.officers):
            raise ValueError("sums of plots with different terms or groups cannot be added")
        names = ("weight", "xx", "zx", "zz", "xy", "zy", "yy", "total", "squares")
        sums = [getattr(self, name) + getattr(other, name) for name in names]
        return Statistics(self.terms, self.villages, self.officers, *sums)

    def only_level(self) -> "Statistics":
        """The same plots without any other term."""
        return replace(self, terms=("level",), xx=self.xx[:1, :1], zx=self.zx[:, :1], xy=self.xy[:1])

    @property
    def rows(self) -> int:
        """Number of farms: the sum of the weights without what rounding adds."""
        return round(self.weight)

    @property
    def variance(self) -> float:
        """Variance of the outcome on the scale of the model; zero below two plots."""
        return max(0.0, self.yy - self.xy[0] ** 2 / self.rows) / (self.rows - 1) if self.rows > 1 else 0.0


@dataclass(frozen=True)
class Chunk:
    """Some plots, with all that is needed to sum them up elsewhere."""

    plots: pd.DataFrame
    villages: tuple[str, ...]
    officers: tuple[str, ...]
    full_dose: float
    curves: dict[str, tuple[float, float]]


def statistics(chunk: Chunk) -> Statistics:
    """Sums over the plots of a chunk, all usable (``reasons_left_out``) and with their ``weight``."""
    plots = chunk.plots
    terms = pd.concat([practices(plots, chunk.full_dose, chunk.curves), side_terms(plots)], axis=1)
    terms.insert(0, "level", 1.0)
    yields = plots["yield_kg_per_ha"].to_numpy(float)
    return _sums(plots, chunk.villages, chunk.officers, terms, np.log(yields), yields)


def _sums(
    plots: pd.DataFrame,
    villages: tuple[str, ...],
    officers_seen: tuple[str, ...],
    terms: pd.DataFrame,
    y: np.ndarray,
    own: np.ndarray,
) -> Statistics:
    x, q, weight = terms.to_numpy(float), len(villages) + len(officers_seen), plots["weight"].to_numpy(float)
    xw, yw = x * weight[:, None], y * weight
    village = pd.Categorical(places(plots), villages).codes.astype(int)
    officer = pd.Categorical(officers(plots), officers_seen).codes.astype(int) + len(villages)
    both = np.concatenate([village, officer])
    zx = np.array([np.bincount(both, np.tile(column, 2), q) for column in xw.T]).T
    zz = np.zeros((q, q))
    np.add.at(zz, (village, officer), weight)
    zz = zz + zz.T + np.diag(np.bincount(both, np.tile(weight, 2), q))
    products = (x.T @ xw, zx, zz, x.T @ yw, np.bincount(both, np.tile(yw, 2), q), float(y @ yw))
    levels = float(own @ weight), float(own @ (own * weight))
    return Statistics(tuple(terms), villages, officers_seen, float(weight.sum()), *products, *levels)


def weighed(plots: pd.DataFrame) -> pd.DataFrame:
    """The plots with their ``weight``: one over the number of rows of the farm, so that each farm counts once."""
    return plots.assign(weight=1 / plots.groupby("farm_id")["farm_id"].transform("size").astype(float))


def summed(plots: pd.DataFrame, full_dose: float, curves: dict[str, tuple[float, float]]) -> Statistics:
    """Sums over all plots that can be used; ``curves`` as in ``practices``.

    Many plots are shared out among cores or the workers of a cluster (``compute.backend``).
    """
    used = weighed(plots[reasons_left_out(plots) == ""].sort_values("plot_id", kind="stable"))
    groups = tuple(sorted(set(places(used)))), tuple(sorted(set(officers(used))))
    chunks = [
        Chunk(used.iloc[start : start + CHUNK], *groups, full_dose, curves)
        for start in range(0, max(len(used), 1), CHUNK)
    ]
    parts = [statistics(chunks[0])] if len(chunks) == 1 else each(statistics, chunks)
    return reduce(lambda one, other: one + other, parts)


def attack_sums(plots: pd.DataFrame) -> Statistics:
    """Sums over all plots whose pods were counted; the outcome is the share of pods with pod borer."""
    used = weighed(plots[plots["share_pods_borer"].notna()].sort_values("plot_id", kind="stable"))
    share = used["share_pods_borer"].to_numpy(float)
    terms = pd.DataFrame({"level": 1.0}, index=used.index)
    return _sums(used, tuple(sorted(set(places(used)))), tuple(sorted(set(officers(used)))), terms, share, share)


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


# Seldom known better than to this factor: two literatures on one question differ about so much.
WIDER = 3.0
FITTED_LEVEL = 0.9


@dataclass(frozen=True)
class Normal:
    """Mean and standard deviation of a quantity on the log scale."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Prior:
    """Literature and wide prior of some quantities; the loss to the borer has a literature for each reading.

    ``reading_weight`` are the odds of the readings of the damage curve, ``literature_weight`` those that a quantity
    follows the literature; ``bias_sd`` is how far an observational survey may show it wrong.
    """

    literature: dict[str, dict[str, Normal]]
    wide: dict[str, Normal]
    reading_weight: dict[str, float]
    literature_weight: float
    bias_sd: float

    @property
    def names(self) -> tuple[str, ...]:
        """Quantities, in the order of the likelihood."""
        return tuple(self.wide)

    def components(self, reading: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Every choice of literature or wide prior: log weight (c,), is literature, mean and sd (c, quantities)."""
        is_literature = np.array(list(product((True, False), repeat=len(self.names))))
        pairs = [(self.literature[reading][name], self.wide[name]) for name in self.names]
        mean = np.where(is_literature, *np.array([[one.mean, other.mean] for one, other in pairs]).T)
        sd = np.where(is_literature, *np.array([[one.sd, other.sd] for one, other in pairs]).T)
        odds = np.where(is_literature, self.literature_weight, 1 - self.literature_weight)
        with np.errstate(divide="ignore"):
            return np.log(odds).sum(axis=1) + np.log(self.reading_weight[reading]), is_literature, mean, sd


def as_normal(draws: np.ndarray) -> Normal:
    """The normal with the median of ``draws`` and the width of their central interval."""
    lower, middle, upper = np.quantile(draws, [(1 - FITTED_LEVEL) / 2, 0.5, (1 + FITTED_LEVEL) / 2])
    return Normal(float(middle), float((upper - lower) / 2 / ndtri((1 + FITTED_LEVEL) / 2)))


def middle_curves(curves: dict[str, DamageCurve]) -> dict[str, tuple[float, float]]:
    """``at_all`` and ``power`` of the curve through the median losses at 60 and 90 % of pods attacked."""
    found = {}
    for reading, curve in curves.items():
        low, high = (float(np.median(curve.loss(attacked))) for attacked in (0.6, 0.9))
        power = max(1.0, np.log(high / low) / np.log(1.5))
        found[reading] = high / 0.9**power, float(power)
    return found


def effects_prior(
    draws: dict[str, np.ndarray],
    curves: dict[str, DamageCurve],
    reading_weight: dict[str, float],
    literature_weight: float,
    bias_sd: float,
) -> Prior:
    """Prior of ``EFFECTS`` from draws of their log ratios and the damage ``curves`` of each reading and the mixture.

    What the borer does is the log of what is left of the yield at ``ATTACK``.
    """
    draws = {name: draws.get(name, np.log1p(-curves["mixture"].loss(ATTACK))) for name in EFFECTS}
    common = {name: as_normal(values) for name, values in draws.items()}
    literature = {
        reading: common | {"pod_borer": as_normal(np.log1p(-curves[reading].loss(ATTACK)))}
        for reading in reading_weight
    }
    return Prior(literature, _wide(draws), reading_weight, literature_weight, bias_sd)


def level_prior(name: str, draws: np.ndarray, literature_weight: float, bias_sd: float) -> Prior:
    """Prior of one level from draws on the scale of its likelihood: log of kg/ha, or logit of a share."""
    return Prior({"": {name: as_normal(draws)}}, _wide({name: draws}), {"": 1.0}, literature_weight, bias_sd)


def _wide(draws: dict[str, np.ndarray]) -> dict[str, Normal]:
    return {name: Normal(float(np.mean(values)), WIDER * float(np.std(values))) for name, values in draws.items()}
