"""What the literature says before the survey, in the terms of the survey's model, and a wide prior beside it.

Each quantity is normal with the middle and the width of the project's own draws. Kutai Timur may be unlike the places
of the literature: then the quantity follows a prior ``WIDER`` times as wide (a robust prior, after Schmidli and others
2014, Biometrics 70: 1023-1032).
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import ndtri

from pipeline.model.damage import DamageCurve
from pipeline.model.survey_plots import ATTACK, EFFECTS

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
