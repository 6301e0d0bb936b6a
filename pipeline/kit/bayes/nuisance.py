"""Linear-normal models of many rows, most of whose coefficients nobody asks about.

The model is that of ``linear_normal``. What is not asked about (levels of countries, effects of years) is integrated
out once for every value of the spreads that it depends on; the grid of the other spreads then meets small matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.kit.bayes.linear_normal import NEGLIGIBLE, Block, GridPosterior, check_errors, solve_lower
from pipeline.kit.bayes.mixture import Spread, grid


@dataclass(frozen=True)
class AskedPosterior(GridPosterior):
    """Posterior of the coefficients asked about: mean (points, k) and covariance (points, k, k)."""

    _mean: np.ndarray
    _covariance: np.ndarray

    def _moments(self, rows: list[dict[str, float]]) -> tuple[np.ndarray, np.ndarray]:
        contrast = self._contrasts(rows)[0]
        return self._mean @ contrast.T, contrast @ self._covariance @ contrast.T


def fit_asked(
    values: np.ndarray,
    errors: np.ndarray,
    asked: Sequence[Block],
    others: Sequence[Block],
    spreads: Sequence[Spread],
    noise: str,
    observations: float,
) -> AskedPosterior:
    """Posterior of the coefficients of ``asked``, those of ``others``, which share no spread with them, integrated out.

    The spread ``noise`` multiplies all ``errors``, of shape (rows,) as ``values``; it is learned as from so many
    ``observations``. Raises ``ValueError`` for values or errors that are not finite, and for errors that are not above
    zero.
    """
    check_errors(values, errors)
    early = {noise, *(block.spread for block in others)}
    first, log_first = grid([spread for spread in spreads if spread.name in early])
    second, log_second = grid([spread for spread in spreads if spread.name not in early])
    prior_mean = np.concatenate([block.mean for block in asked])
    design, hidden = _design(asked, len(values)), _design(others, len(values))
    table = np.column_stack([design, values - design @ prior_mean]) / errors[:, None]
    hidden_sd = _prior_sd(others, first, len(log_first))
    left, log_left = _integrate_out(table, hidden / errors[:, None], hidden_sd, first[noise])
    log_noise = observations * (np.log(first[noise]) + 0.5 * np.log(2 * np.pi)) + np.log(errors).sum()
    sd = _prior_sd(asked, second, len(log_second))
    precision, carried, log_met = _meet(left, sd)
    log_weight = np.add.outer(log_first + log_left - log_noise, log_second).ravel() + log_met
    top = log_weight.max()
    kept = log_weight > top + np.log(NEGLIGIBLE)
    weight = np.exp(log_weight[kept] - top)
    covariance = np.linalg.inv(precision[kept])
    points = {name: np.repeat(value, len(log_second)) for name, value in first.items()}
    points |= {name: np.tile(value, len(log_first)) for name, value in second.items()}
    return AskedPosterior(
        names=tuple(name for block in asked for name in block.names),
        weight=weight / weight.sum(),
        spreads={name: value[kept] for name, value in points.items()},
        log_evidence=float(np.logaddexp.reduce(log_weight)),
        _mean=prior_mean + (covariance @ carried[kept])[:, :, 0],
        _covariance=covariance,
    )


def _integrate_out(
    table: np.ndarray, hidden: np.ndarray, sd: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cross products of the columns of ``table`` without what ``hidden`` columns explain, and the last one's weight.

    ``hidden`` (rows, m) have coefficients with prior ``sd`` (points, m), errors are ``noise`` (points,). The products
    are (points, columns, columns), the log weight of the last column is (points,).
    """
    scale = (noise**-2)[:, None, None]
    factor = np.linalg.cholesky(scale * (hidden.T @ hidden) + _diagonal(sd**-2))
    half = solve_lower(factor, scale * (hidden.T @ table))
    left = scale * (table.T @ table) - half.transpose(0, 2, 1) @ half
    return left, -0.5 * left[:, -1, -1] - _half_log_determinant(factor) - np.log(sd).sum(axis=1)


def _meet(left: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every point of the first grid (cross products ``left``) meets every point of the second (prior ``sd``).

    Precision (points, k, k) of the coefficients, what it carries (points, k, 1) and its part of the log weight.
    """
    precision = (left[:, None, :-1, :-1] + _diagonal(sd**-2)).reshape(-1, sd.shape[1], sd.shape[1])
    carried = np.repeat(left[:, :-1, -1:], len(sd), axis=0)
    factor = np.linalg.cholesky(precision)
    fitted = (solve_lower(factor, carried) ** 2).sum(axis=(1, 2))
    log_prior = np.tile(np.log(sd).sum(axis=1), len(left))
    return precision, carried, 0.5 * fitted - _half_log_determinant(factor) - log_prior


def _diagonal(values: np.ndarray) -> np.ndarray:
    return np.eye(values.shape[1]) * values[:, None, :]


def _design(blocks: Sequence[Block], rows: int) -> np.ndarray:
    return np.concatenate([np.empty((rows, 0)), *(block.design for block in blocks)], axis=1)


def _prior_sd(blocks: Sequence[Block], points: dict[str, np.ndarray], size: int) -> np.ndarray:
    """Prior standard deviation of every coefficient at every point, shape (points, coefficients)."""
    parts = [np.outer(points[block.spread] if block.spread else np.ones(size), block.sd) for block in blocks]
    return np.concatenate([np.empty((size, 0)), *parts], axis=1)


def _half_log_determinant(factor: np.ndarray) -> np.ndarray:
    """Half the log determinant of matrices with these triangles."""
    return np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
