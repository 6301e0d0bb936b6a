"""A step selection model: what effects say if results that are not significant are published less often.

Vevea and Hedges (1995, Psychometrika 60): an effect is normal about its mean with its own error and a spread between
studies, and is published with a weight that depends on the step in which its one-sided p-value falls; the first step
weighs one. Fitted by maximum likelihood.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, root
from scipy.special import ndtr, ndtri
from scipy.stats import norm

# A weight below this is as good as never, one above its inverse as good as a hundred times as often.
SMALLEST = 0.01


@dataclass(frozen=True)
class Selection:
    """Means (columns of the design,), variance between studies, weight of every step, and the log likelihood."""

    mean: np.ndarray
    tau2: float
    weights: np.ndarray
    log_likelihood: float


def step_selection(
    values: np.ndarray,
    errors: np.ndarray,
    design: np.ndarray,
    steps: tuple[float, ...],
    weights: tuple[float, ...] | None = None,
    hidden: np.ndarray | None = None,
) -> Selection:
    """Fit the model to ``values`` with ``errors`` (rows,), whose means are ``design`` (rows, columns) times a mean.

    ``steps`` are the inner ends of the steps of p, as (0.025,). ``weights`` of all steps but the first, if they are
    given and not fitted. ``hidden`` (rows,) marks values of which only "not significant" at 0.025 on either side is
    known. Raises ``ValueError`` for steps that do not rise between zero and one.
    """
    ends = np.array([0.0, *steps, 1.0])
    if not np.all(np.diff(ends) > 0):
        raise ValueError(f"steps {steps} must rise between 0 and 1")
    unseen = np.zeros(len(values), bool) if hidden is None else hidden
    columns, step = design.shape[1], np.searchsorted(steps, norm.sf(np.where(unseen, 0.0, values) / errors))
    # Values that lie on the ends of the steps, from the largest p to the smallest: (rows, steps + 1).
    cuts = -ndtri(ends)[None, :] * errors[:, None]

    def likelihood(parts: np.ndarray) -> float:
        mean, spread = design @ parts[:columns], np.sqrt(errors**2 + np.exp(parts[columns]))
        weight = np.concatenate([[1.0], weights if weights is not None else np.exp(parts[columns + 1 :])])
        share = -np.diff(ndtr((cuts - mean[:, None]) / spread[:, None]), axis=1)
        seen = norm.logpdf(values, mean, spread) + np.log(weight[step])
        bound = -ndtri(0.025) * errors
        inside = ndtr((bound - mean) / spread) - ndtr((-bound - mean) / spread)
        told = np.where(unseen, np.log(inside * weight[-1]), seen)
        return float((told - np.log(share @ weight)).sum())

    free = 0 if weights is not None else len(steps)
    start = np.concatenate([np.linalg.lstsq(design, np.where(unseen, 0.0, values))[0], [np.log(0.05)], np.zeros(free)])
    reach = -np.log(SMALLEST)
    bounds = [(None, None)] * columns + [(-14.0, 3.0)] + [(-reach, reach)] * free
    found = minimize(lambda parts: -likelihood(parts), start, method="L-BFGS-B", bounds=bounds)
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000}
    found = minimize(lambda parts: -likelihood(parts), found.x, method="Nelder-Mead", bounds=bounds, options=options)
    # A top is flat; where its slope is zero is known to more digits, unless it lies on a bound.
    is_inside = found.x[columns] > -13 and np.all(np.abs(found.x[columns + 1 :]) < reach - 1e-3)
    best = root(lambda parts: slope(likelihood, parts), found.x, tol=1e-12).x if is_inside else found.x
    fitted = np.concatenate([[1.0], weights if weights is not None else np.exp(best[columns + 1 :])])
    return Selection(best[:columns], float(np.exp(best[columns])), fitted, likelihood(best))


def slope(function: Callable[[np.ndarray], float], at: np.ndarray, step: float = 2e-3) -> np.ndarray:
    """Differences over two steps to each side. A top is flat; where its slope is zero is known to more digits."""
    near, far = (
        np.array([function(at + one) - function(at - one) for one in reach * np.eye(len(at))])
        for reach in (step, 2 * step)
    )
    return (8 * near - far) / (12 * step)
