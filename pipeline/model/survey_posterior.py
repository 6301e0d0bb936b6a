"""Literature and survey together: each quantity, how much of its literature is left, and where the two conflict."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from pipeline.model.mixture import Mixture
from pipeline.model.survey_likelihood import Likelihood
from pipeline.model.survey_prior import Prior

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
