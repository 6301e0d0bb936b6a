"""Literature and survey together: each quantity, how much of its literature is left, and where the two conflict."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr

from pipeline.kit.bayes.mixture import Mixture
from pipeline.study.plots.model import Likelihood, Prior, Statistics, at_points, attack_sums, effects_likelihood, summed
from pipeline.study.plots.plot_table import EFFECTS, REASONS, large_enough, reasons_left_out

# Parts of a mixture whose weight is below this share of the largest are left out.
NEGLIGIBLE = 1e-6
# The survey alone says something of a quantity when it knows it better than this (log scale): a factor of seven.
SAYS_SOMETHING = 2.0
# The survey alone: a prior so wide that it says nothing.
FLAT_SD = 10.0
# Points of the spreads whose log evidence lies this far below the best are left out.
FAR = 20.0
Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, str]


@dataclass(frozen=True)
class Parts:
    """A mixture of normals over the quantities ``names``: weight (parts,), mean and sd (parts, quantities), and whether
    each follows the literature, and which reading of the damage curve."""

    names: tuple[str, ...]
    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    is_literature: np.ndarray
    reading: np.ndarray

    def quantity(self, name: str) -> Mixture:
        """Distribution of one quantity on the log scale."""
        place = self.names.index(name)
        return Mixture(self.weight, self.mean[:, place], self.sd[:, place])

    def given(self, reading: str) -> "Parts":
        """The mixture if one reading of the damage curve holds, which must have some weight."""
        held = self.reading == reading
        weight = self.weight[held] / self.weight[held].sum()
        columns = (part[held] for part in (self.mean, self.sd, self.is_literature, self.reading))
        return Parts(self.names, weight, *columns)

    def literature_weight(self, name: str) -> float:
        """Probability that a quantity follows the literature."""
        return float(self.weight @ self.is_literature[:, self.names.index(name)])

    def reading_weight(self, reading: str) -> float:
        """Probability that a reading of the damage curve holds."""
        return float(self.weight[self.reading == reading].sum())


def before(prior: Prior) -> Parts:
    """The prior that the model starts from, as a mixture."""
    parts: list[Part] = []
    for reading in prior.reading_weight:
        log_weight, is_literature, mean, sd = prior.components(reading)
        parts.append((log_weight, mean, sd, is_literature, reading))
    return _joined(prior, parts)


def together(seen: dict[str, Likelihood], prior: Prior) -> Parts:
    """Posterior; without any plot it is the prior."""
    if not any(likelihood.precision.any() for likelihood in seen.values()):
        return before(prior)
    found: list[Part] = []
    for reading, likelihood in seen.items():
        log_weight, is_literature, mean, sd = prior.components(reading)
        found += _updated(likelihood.with_bias(prior.bias_sd), log_weight, is_literature, mean, sd, reading)
    return _joined(prior, found)


def survey_alone(seen: dict[str, Likelihood], prior: Prior) -> dict[str, Mixture | None]:
    """What the plots show without the literature, bias allowed for; none where they say nothing."""
    found: list[Part] = []
    k = len(prior.names)
    centre = np.array([[prior.wide[name].mean for name in prior.names]])
    flat, neither = np.full((1, k), FLAT_SD), np.zeros((1, k), dtype=bool)
    for reading, likelihood in seen.items():
        log_odds = prior.components(reading)[0].max()[None]
        found += _updated(likelihood.with_bias(prior.bias_sd), log_odds, neither, centre, flat, reading)
    parts = _joined(prior, found)
    alone = {name: parts.quantity(name) for name in prior.names}
    return {
        name: mixture if float(mixture.weight @ mixture.sd) < SAYS_SOMETHING else None
        for name, mixture in alone.items()
    }


def conflict(prior: Prior, alone: Mixture | None, name: str) -> float:
    """Prior predictive p-value, two-sided: how seldom the literature would let plots show what they show.

    Missing where plots say nothing. The literature of the borer is that of the reading that fits better.
    """
    if alone is None:
        return float("nan")
    found = []
    for reading in prior.reading_weight:
        literature = prior.literature[reading][name]
        distance = np.abs(alone.mean - literature.mean) / np.hypot(alone.sd, literature.sd)
        found.append(2 * float(alone.weight @ ndtr(-distance)))
    return max(found)


def _updated(
    seen: Likelihood,
    log_weight: np.ndarray,
    is_literature: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    reading: str,
) -> list[Part]:
    """Each component of the prior, updated at each point of the spreads that matters; the last one is the widest."""
    widest, _, _ = _update(seen, mean[-1], sd[-1])
    near = seen.at(widest > widest.max() - FAR)
    found = []
    for weight, literature, centre, spread in zip(log_weight, is_literature, mean, sd, strict=True):
        evidence, middle, width = _update(near, centre, spread)
        found.append((evidence + weight, middle, width, np.tile(literature, (len(evidence), 1)), reading))
    return found


def _update(seen: Likelihood, centre: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log evidence (points,), mean and sd (points, quantities) with a normal prior of this centre and spread."""
    covariance = np.linalg.inv(seen.precision + np.diag(spread**-2))
    # About the prior's centre, so that a far prior loses no digits.
    pull = seen.vector - seen.precision @ centre
    moved = np.einsum("pij,pj->pi", covariance, pull)
    at_centre = seen.log_weight + 0.5 * (seen.vector + pull) @ centre
    evidence = at_centre + 0.5 * (pull * moved).sum(axis=1) + 0.5 * np.linalg.slogdet(covariance)[1]
    sds = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return evidence - np.log(spread).sum(), centre + moved, sds


def _joined(prior: Prior, parts: list[Part]) -> Parts:
    log_weight, mean, sd, is_literature = (np.concatenate([np.atleast_1d(part[i]) for part in parts]) for i in range(4))
    reading = np.concatenate([np.repeat(part[4], len(part[0])) for part in parts])
    weight = np.exp(log_weight - log_weight.max())
    kept = weight > NEGLIGIBLE
    weight = weight[kept] / weight[kept].sum()
    return Parts(prior.names, weight, mean[kept], sd[kept], is_literature[kept], reading[kept])


def yield_likelihood(sums: Statistics) -> Likelihood:
    """Likelihood of the log of the mean yield in kg/ha.

    The mean of logs becomes the log of the mean by the difference seen in the plots; as the mean of yields is less
    sure than that of their logs where a few plots yield much, its variance grows by the ratio of both.
    """
    level = sums.only_level()
    found = _of_level(level)
    if level.rows < 2 or level.variance == 0:
        return found
    mean = level.total / level.rows
    relative = (level.squares / level.rows / mean**2 - 1) * level.rows / (level.rows - 1)
    return _moved(found, np.log(mean) - level.xy[0] / level.rows, 1.0, max(1.0, relative / level.variance))


def share_likelihood(sums: Statistics) -> Likelihood:
    """Likelihood of the logit of a mean share; all plots at zero or one say nothing, as their spread is not seen."""
    found = _of_level(sums)
    share = sums.total / max(sums.rows, 1)
    if not 0 < share < 1 or sums.variance == 0:
        return Likelihood(np.zeros(1), np.zeros((1, 1, 1)), np.zeros((1, 1)), {})
    slope = share * (1 - share)
    return _moved(found, np.log(share / (1 - share)) - share / slope, 1 / slope, 1.0)


def _of_level(sums: Statistics) -> Likelihood:
    points, log_weight, seen = at_points(sums)
    return Likelihood(log_weight, seen[:, :1, :1], seen[:, :1, 1], points)


def _moved(seen: Likelihood, shift: float, stretch: float, inflation: float) -> Likelihood:
    """Likelihood of ``shift + stretch x`` from that of ``x``, its variance multiplied by ``inflation``."""
    precision, vector = seen.precision[:, 0, 0], seen.vector[:, 0]
    best = vector / precision
    log_weight = seen.log_weight + 0.5 * precision * best**2
    precision, best = precision / stretch**2 / inflation, shift + stretch * best
    log_weight = log_weight - 0.5 * precision * best**2
    return Likelihood(log_weight, precision[:, None, None], (precision * best)[:, None], seen.spreads)


YIELD, ATTACKED, BORER = "present_yield", "pods_attacked", "pod_borer"
QUANTITIES = (YIELD, *EFFECTS, ATTACKED)
# Literature and survey conflict when less than even odds are left that the quantity is as the literature has it.
EVEN_ODDS = 0.5
SERIES = ("prior", "survey", "together")


def shown(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """From the scale of the model to that of the table: kg/ha, per cent of pods, or change of yield in per cent."""
    if name == YIELD:
        return np.exp
    if name == ATTACKED:
        return lambda logit: expit(logit) * 100
    return lambda log_ratio: np.expm1(log_ratio) * 100


@dataclass(frozen=True)
class Learned:
    """What a survey has taught: ``table`` (a row per quantity of ``QUANTITIES``), ``left_out`` (``reason``, ``plots``),
    the likelihood of the present yield, the odds of the readings of the damage curve, and what is ``taught``: the
    posterior of each quantity that plots say something of, for the borer one for each reading (``pod_borer:READING``).

    ``table`` has ``name``, ``unit``, ``plots`` (a farm counts once, however often visited), ``prior``, ``survey`` and
    ``together`` each with ``_lower``, ``_value`` and ``_upper`` in that unit, ``pinned`` (width together over width of
    the model's prior; 1 is nothing learned), ``literature_weight``, ``p_value`` and ``is_conflict``. Parts about a
    survey are missing where it says nothing.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame
    present: Likelihood
    readings: dict[str, float]
    taught: dict[str, Mixture]


def learn(
    plots: pd.DataFrame,
    draws: dict[str, np.ndarray],
    priors: dict[str, Prior],
    full_dose: float,
    curves: dict[str, tuple[float, float]],
    level: float,
    smallest: int,
) -> Learned:
    """Update the literature with the plots, where they belong to ``smallest`` farms or more.

    ``draws`` are the literature's own, on the scale of the model, by quantity; ``priors`` made from them are called
    ``present_yield``, ``effects`` and ``pods_attacked``. ``curves`` as in ``practices``.
    """
    reasons = reasons_left_out(plots)
    sums = summed(large_enough(plots[reasons == ""], smallest), full_dose, curves)
    attacked = attack_sums(large_enough(plots[plots["share_pods_borer"].notna()], smallest))
    present = yield_likelihood(sums)
    seen = {
        YIELD: ({"": present}, sums.rows),
        "effects": (effects_likelihood(sums, tuple(curves)), sums.rows),
        ATTACKED: ({"": share_likelihood(attacked)}, attacked.rows),
    }
    rows: list[dict[str, object]] = []
    readings: dict[str, float] = {}
    taught: dict[str, Mixture] = {}
    for group, (likelihoods, number) in seen.items():
        prior = priors[group]
        start, after = before(prior), together(likelihoods, prior)
        alone = survey_alone(likelihoods, prior)
        rows += [_row(name, number, draws[name], prior, start, after, alone[name], level) for name in prior.names]
        readings |= {reading: after.reading_weight(reading) for reading in prior.reading_weight if reading}
        taught |= _taught(after, [name for name in prior.names if number and alone[name]])
    table = pd.DataFrame(rows).set_index("name").loc[list(QUANTITIES)].reset_index()
    counts = [(words, int((reasons == words).sum())) for words in REASONS]
    left_out = pd.DataFrame(counts, columns=["reason", "plots"])
    return Learned(table, left_out, present, readings, taught)


def _taught(after: Parts, names: list[str]) -> dict[str, Mixture]:
    """Posteriors of some quantities; that of the borer apart for each reading that has some weight."""
    found = {name: after.quantity(name) for name in names if name != BORER}
    readings = sorted(set(after.reading)) if BORER in names else []
    return found | {f"{BORER}:{reading}": after.given(reading).quantity(BORER) for reading in readings}


def _row(
    name: str,
    plots: int,
    draws: np.ndarray,
    prior: Prior,
    start: Parts,
    after: Parts,
    alone: Mixture | None,
    level: float,
) -> dict[str, object]:
    """One row of the table of ``Learned``."""
    literature = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    low, middle, high = after.quantity(name).interval(level)
    first, _, last = start.quantity(name).interval(level)
    nothing = (np.nan, np.nan, np.nan)
    ends = {
        "prior": literature,
        "survey": alone.interval(level) if alone and plots else nothing,
        "together": (low, middle, high) if alone and plots else nothing,
    }
    weight = after.literature_weight(name)
    return {
        "name": name,
        "unit": "kg/ha" if name == YIELD else "%",
        "plots": plots,
        **{
            f"{series}_{end}": float(shown(name)(np.asarray(value)))
            for series, values in ends.items()
            for end, value in zip(("lower", "value", "upper"), values, strict=True)
        },
        "pinned": (high - low) / (last - first) if plots else 1.0,
        "literature_weight": weight,
        "p_value": conflict(prior, alone if plots else None, name),
        "is_conflict": bool(plots) and weight < EVEN_ODDS <= prior.literature_weight,
    }
