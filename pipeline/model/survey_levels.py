"""What the plots alone say of the level of a quantity: the mean yield of the district, the mean share of pods attacked.

The same model as for effects, without terms: how plots differ by what farmers do is part of the noise.
"""

import numpy as np

from pipeline.model.survey_likelihood import Likelihood, at_points
from pipeline.model.survey_statistics import Statistics


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
