"""Bayesian linear models with normal errors, exact: nothing is sampled, and the digits come out the same again.

y ~ Normal(X b, e^2), with a normal prior on every coefficient. What makes such a model hard are its spreads (between
studies, countries, rows; a factor on errors that were imputed). Given them it is linear and normal, so coefficients
are integrated in closed form and the spreads over a grid, as bayesmeta does for one spread (Roever 2020, J. Stat.
Softw. 93(6)). A prior a thousand times as wide as the errors is as flat as arithmetic allows: wider ones lose digits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from pipeline.kit.bayes.mixture import Mixture, Spread, grid

# Points of the grid whose weight is below this share of the largest are left out after fitting.
NEGLIGIBLE = 1e-7
CHUNK = 2000


@dataclass(frozen=True)
class Block:
    """Coefficients of one kind: ``design`` (rows, k), prior ``mean`` and ``sd`` (k,), and a name for each.

    With ``spread`` their prior standard deviation is ``sd`` times the spread of that name.
    """

    names: tuple[str, ...]
    design: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    spread: str | None = None


def groups(prefix: str, labels: Sequence[str], spread: str) -> Block:
    """One effect for every different label of the rows, normal about zero with the given spread."""
    names = sorted(set(labels))
    zero = np.zeros(len(names))
    return Block(tuple(f"{prefix}:{name}" for name in names), membership(labels, names), zero, zero + 1, spread)


def membership(labels: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Which row has which of the ``names``: ones and zeros, shape (rows, names)."""
    return (np.asarray(labels, dtype=object)[:, None] == np.asarray(names, dtype=object)[None, :]).astype(float)


def fixed_effects(names: Sequence[str], design: np.ndarray, mean: Sequence[float], sd: Sequence[float]) -> Block:
    """Coefficients with priors of their own; ``design`` has shape (rows, coefficients)."""
    return Block(tuple(names), np.asarray(design, float), np.asarray(mean, float), np.asarray(sd, float))


@dataclass(frozen=True)
class GridPosterior(ABC):
    """Posterior on the points of the grid that matter.

    ``weight`` (points,), ``spreads`` by name (points,), ``log_evidence`` of the whole model.
    """

    names: tuple[str, ...]
    weight: np.ndarray
    spreads: dict[str, np.ndarray]
    log_evidence: float

    def combination(self, parts: dict[str, float], new: Sequence[str] = ()) -> Mixture:
        """Distribution of a sum of coefficients; each spread in ``new`` adds one more, not yet seen, member."""
        mean, covariance = self._moments([parts])
        extra = sum((self.spreads[name] ** 2 for name in new), np.zeros(len(self.weight)))
        return Mixture(self.weight, mean[:, 0], np.sqrt(covariance[:, 0, 0] + extra))

    def draw(
        self, rows: list[dict[str, float]], new: Sequence[Sequence[str]], rng: np.random.Generator, size: int
    ) -> np.ndarray:
        """Joint draws of several sums of coefficients, shape (size, len(rows)); ``new`` as in ``combination``."""
        return self.draw_with_spreads(rows, new, rng, size)[0]

    def draw_with_spreads(
        self, rows: list[dict[str, float]], new: Sequence[Sequence[str]], rng: np.random.Generator, size: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Joint draws as from ``draw``, and the spreads that go with each, by name (size,)."""
        mean, covariance = self._moments(rows)
        for column, names in enumerate(new):
            covariance[:, column, column] += sum(self.spreads[name] ** 2 for name in names)
        factor = np.linalg.cholesky(covariance + 1e-14 * np.eye(len(rows)))
        index = rng.choice(len(self.weight), size, p=self.weight)
        noise = rng.standard_normal((size, len(rows)))
        values = mean[index] + np.einsum("dij,dj->di", factor[index], noise)
        return values, {name: spread[index] for name, spread in self.spreads.items()}

    def moments(self, rows: list[dict[str, float]]) -> tuple[np.ndarray, np.ndarray]:
        """Posterior mean (rows,) and covariance (rows, rows) of several sums of coefficients."""
        mean, covariance = self._moments(rows)
        centre = self.weight @ mean
        off = mean - centre
        return centre, np.einsum("p,pij->ij", self.weight, covariance) + (off * self.weight[:, None]).T @ off

    def total_spread(self, names: Sequence[str]) -> float:
        """Root of the posterior mean of the summed squares of several spreads."""
        squares = sum((self.spreads[name] ** 2 for name in names), np.zeros(len(self.weight)))
        return float(np.sqrt(self.weight @ squares))

    def _contrasts(self, rows: list[dict[str, float]]) -> np.ndarray:
        table = np.zeros((len(rows), len(self.names)))
        for number, parts in enumerate(rows):
            for name, value in parts.items():
                table[number, self.names.index(name)] = value
        return table[None]

    @abstractmethod
    def _moments(self, rows: list[dict[str, float]]) -> tuple[np.ndarray, np.ndarray]:
        """Mean (points, rows) and covariance (points, rows, rows) of sums of coefficients."""


@dataclass(frozen=True)
class Posterior(GridPosterior):
    """Posterior that holds the covariance of the data, for models with more coefficients than rows."""

    _design: np.ndarray
    _prior_mean: np.ndarray
    _prior_sd: np.ndarray
    _factor: np.ndarray
    _residual: np.ndarray

    def influence(self, parts: dict[str, float]) -> np.ndarray:
        """How far the mean of a sum of coefficients moves when one row moves by one, shape (rows,)."""
        contrast = self._contrasts([parts])
        carried = (contrast * self._prior_sd**2)[:, 0] @ self._design.T
        solved = solve_lower(self._factor, carried[:, :, None])[:, :, 0]
        return self.weight @ _solve_transposed(self._factor, solved)

    def left_out(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """What all other rows foretell of the residuals of ``rows`` (indices), at each point and with its own weight.

        Weight (points,), how far the values lie from the forecast (points, rows), its standard deviation (points,
        rows), and the log of the factor by which the whole posterior weighs more without the rows, but for a constant
        of their number. Points that the rows themselves ruled out are missing: leave out few.
        """
        right = np.zeros((len(self._factor), self._factor.shape[1], len(rows)))
        right[:, rows, np.arange(len(rows))] = 1.0
        half = solve_lower(self._factor, right)
        precision = half.transpose(0, 2, 1) @ half
        pull = np.einsum("gnr,gn->gr", half, self._residual)
        covariance = np.linalg.inv(precision)
        off = np.einsum("grs,gs->gr", covariance, pull)
        log_density = 0.5 * (np.linalg.slogdet(precision)[1] - (off * pull).sum(axis=1))
        weight = self.weight * np.exp(log_density.min() - log_density)
        factor = float(np.log(weight.sum()) - log_density.min())
        return weight / weight.sum(), off, np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)), factor

    def _moments(self, rows: list[dict[str, float]]) -> tuple[np.ndarray, np.ndarray]:
        contrast = self._contrasts(rows)
        scaled = contrast * self._prior_sd
        carried = (scaled * self._prior_sd) @ self._design.T
        half = solve_lower(self._factor, carried.transpose(0, 2, 1))
        mean = contrast[0] @ self._prior_mean + np.einsum("gnk,gn->gk", half, self._residual)
        return mean, scaled @ scaled.transpose(0, 2, 1) - half.transpose(0, 2, 1) @ half


@dataclass(frozen=True)
class Points:
    """A model that is linear and normal at each of its points: one set of spreads each.

    ``design`` (rows, k), ``prior_mean`` (k,), ``prior_sd`` (points, k), variances of the errors ``noise`` (points,
    rows), ``spreads`` by name (points,), and the log of the prior weight of each point, ``log_prior`` (points,).
    """

    names: tuple[str, ...]
    design: np.ndarray
    prior_mean: np.ndarray
    prior_sd: np.ndarray
    noise: np.ndarray
    spreads: dict[str, np.ndarray]
    log_prior: np.ndarray


def fit(
    values: np.ndarray,
    errors: np.ndarray,
    blocks: Sequence[Block],
    spreads: Sequence[Spread] = (),
    inflated: dict[str, np.ndarray] | None = None,
) -> Posterior:
    """Posterior of a linear model for ``values`` with standard ``errors``, both of shape (rows,), over a grid.

    ``inflated`` maps the name of a spread to the rows (boolean) whose errors it multiplies. Raises ``ValueError`` for
    values or errors that are not finite, and for errors that are not above zero.
    """
    check_errors(values, errors)
    points, log_prior = grid(list(spreads))
    prior_sd, noise = _scales(blocks, errors, points, inflated or {}, len(log_prior))
    names = tuple(name for block in blocks for name in block.names)
    return fit_points(values, Points(names, *joined(blocks), prior_sd, noise, points, log_prior))


def fit_points(values: np.ndarray, model: Points) -> Posterior:
    """Posterior of a model given at points; ``values`` (rows,), or (points, rows) where they differ by point."""
    residual = np.broadcast_to(values - model.design @ model.prior_mean, model.noise.shape)
    log_weight = log_weights(values, model)
    top = log_weight.max()
    kept = log_weight > top + np.log(NEGLIGIBLE)
    weight = np.exp(log_weight[kept] - top)
    factor = _factor(model.design, model.prior_sd[kept], model.noise[kept])
    return Posterior(
        names=model.names,
        weight=weight / weight.sum(),
        spreads={name: value[kept] for name, value in model.spreads.items()},
        log_evidence=float(np.logaddexp.reduce(log_weight)),
        _design=model.design,
        _prior_mean=model.prior_mean,
        _prior_sd=model.prior_sd[kept][:, None, :],
        _factor=factor,
        _residual=solve_lower(factor, residual[kept][:, :, None])[:, :, 0],
    )


def log_weights(values: np.ndarray, model: Points) -> np.ndarray:
    """Log weight of every point, prior times likelihood, (points,); arguments as for ``fit_points``."""
    residual = np.broadcast_to(values - model.design @ model.prior_mean, model.noise.shape)
    return model.log_prior + _in_chunks(model.design, model.prior_sd, model.noise, residual)


# A sum of coefficients, each with its factor, and the spreads of which one more, not yet seen, member is added.
Asked = tuple[dict[str, float], Sequence[str]]


def positions(
    values: np.ndarray, model: Points, log_weight: np.ndarray, asked: Sequence[Asked], truths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Probability below ``truths`` of the sums that are ``asked`` for, in the posteriors of many sets of values.

    ``values`` is (points, rows, sets), ``log_weight`` (points, sets) adds to that of the points; all sets share the
    rest, which is factorised once. ``truths`` and the probabilities are (sums, sets); the second value is the log
    evidence of every set.
    """
    factor = _factor(model.design, model.prior_sd, model.noise)
    solved = solve_lower(factor, values - (model.design @ model.prior_mean)[:, None])
    log_weight = log_weight + model.log_prior[:, None] + _log_density(factor, solved)
    top = log_weight.max(axis=0)
    weight = np.where(log_weight > top + np.log(NEGLIGIBLE), np.exp(log_weight - top), 0.0)

    contrast = np.array([[parts.get(name, 0.0) for name in model.names] for parts, _ in asked])
    scaled = contrast * model.prior_sd[:, None, :]
    half = solve_lower(factor, model.design @ (scaled * model.prior_sd[:, None, :]).transpose(0, 2, 1))
    extra = [sum((model.spreads[name] ** 2 for name in new), np.zeros(len(factor))) for _, new in asked]
    sd = np.sqrt((scaled**2).sum(axis=2) - (half**2).sum(axis=1) + np.transpose(extra))
    mean = (contrast @ model.prior_mean)[:, None] + half.transpose(0, 2, 1) @ solved
    below = (weight[:, None, :] * ndtr((truths - mean) / sd[:, :, None])).sum(axis=0) / weight.sum(axis=0)
    return below, np.logaddexp.reduce(log_weight, axis=0)


def joined(blocks: Sequence[Block]) -> tuple[np.ndarray, np.ndarray]:
    """Design (rows, coefficients) and prior mean (coefficients,) of all blocks."""
    return np.concatenate([block.design for block in blocks], axis=1), np.concatenate([block.mean for block in blocks])


def average(posteriors: Sequence[Posterior], log_weights: Sequence[float]) -> Posterior:
    """One posterior from several of the same model under different priors, each with the log of its weight."""
    share = np.exp(np.asarray(log_weights) - np.max(log_weights))
    share = share / share.sum()

    def joined(part: str) -> np.ndarray:
        return np.concatenate([getattr(posterior, part) for posterior in posteriors])

    first = posteriors[0]
    return Posterior(
        names=first.names,
        weight=np.concatenate([w * posterior.weight for w, posterior in zip(share, posteriors, strict=True)]),
        spreads={name: np.concatenate([p.spreads[name] for p in posteriors]) for name in first.spreads},
        log_evidence=float(np.logaddexp.reduce(log_weights)),
        _design=first._design,
        _prior_mean=first._prior_mean,
        _prior_sd=joined("_prior_sd"),
        _factor=joined("_factor"),
        _residual=joined("_residual"),
    )


def log_likelihood(values: np.ndarray, errors: np.ndarray, blocks: Sequence[Block], spreads: dict[str, float]) -> float:
    """Log likelihood of the spreads, coefficients integrated over their priors (held fixed where ``sd`` is zero)."""
    points = {name: np.array([value]) for name, value in spreads.items()}
    design, prior_mean = joined(blocks)
    prior_sd, noise = _scales(blocks, errors, points, {}, 1)
    return float(_in_chunks(design, prior_sd, noise, (values - design @ prior_mean)[None])[0])


def check_errors(values: np.ndarray, errors: np.ndarray) -> None:
    """Raise ``ValueError`` for values or errors that are not finite, and for errors that are not above zero."""
    if len(values) != len(errors) or not (
        np.isfinite(values).all() and np.isfinite(errors).all() and np.all(errors > 0)
    ):
        raise ValueError("every effect must be finite and have a finite standard error above zero")


def _scales(
    blocks: Sequence[Block],
    errors: np.ndarray,
    points: dict[str, np.ndarray],
    inflated: dict[str, np.ndarray],
    size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Prior standard deviations (points, coefficients) and error variances (points, rows)."""
    parts = [np.outer(points[block.spread] if block.spread else np.ones(size), block.sd) for block in blocks]
    noise = np.tile(errors**2, (size, 1))
    for name, rows in inflated.items():
        noise *= np.where(rows[None, :], points[name][:, None] ** 2, 1.0)
    return np.concatenate(parts, axis=1), noise


def _factor(design: np.ndarray, prior_sd: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Lower triangle of the covariance of the data at each point, shape (points, rows, rows)."""
    outer = np.einsum("ip,jp->pij", design, design).reshape(design.shape[1], -1)
    covariance = (prior_sd**2 @ outer).reshape(len(prior_sd), len(design), len(design))
    rows = np.arange(design.shape[0])
    covariance[:, rows, rows] += noise
    return np.linalg.cholesky(covariance)


def _in_chunks(design: np.ndarray, prior_sd: np.ndarray, noise: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Log likelihood at each point; in chunks, so that memory stays small on a fine grid."""
    found = []
    for start in range(0, len(prior_sd), CHUNK):
        part = slice(start, start + CHUNK)
        factor = _factor(design, prior_sd[part], noise[part])
        solved = solve_lower(factor, residual[part][:, :, None])
        found.append(_log_density(factor, solved)[:, 0])
    return np.concatenate(found)


def _log_density(factor: np.ndarray, solved: np.ndarray) -> np.ndarray:
    """Log density of residuals that have been divided by the triangles, shape (points, sets)."""
    log_determinant = 2 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    fixed = solved.shape[1] * np.log(2 * np.pi) + log_determinant
    return -0.5 * (fixed[:, None] + (solved**2).sum(axis=1))


def solve_lower(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Forward substitution, all points at once: a general solver would factorise the triangles again.

    ``factor`` has shape (points, rows, rows), ``right`` (points, rows, columns).
    """
    solved = np.empty(right.shape)
    for row in range(factor.shape[1]):
        known = factor[:, row, None, :row] @ solved[:, :row]
        solved[:, row] = (right[:, row] - known[:, 0]) / factor[:, row, row, None]
    return solved


def _solve_transposed(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.linalg.solve(factor.transpose(0, 2, 1), right[:, :, None])[:, :, 0]
