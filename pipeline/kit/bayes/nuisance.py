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
    """Posterior of the coefficients of ``asked``, those of ``others`` integrated out.

    The spread ``noise`` multiplies all ``errors``, of shape (rows,) as ``values``; it is learned as from so many
    ``observations``. Raises ``ValueError`` for values or errors that are not finite, and for errors that are not above
    zero.
    """
    check_errors(values, errors)
    early = {noise, *(block.spread for block in others)}
    first, log_first = grid([spread for spread in spreads if spread.name in early])
    second, log_second = grid([spread for spread in spreads if spread.name not in early])
    prior_mean = np.concatenate([block.mean for block in asked])
    design = np.concatenate([block.design for block in asked], axis=1)
    table = np.column_stack([design, values - design @ prior_mean]) / errors[:, None]
    left, log_others = _integrate_out(table, others, errors, first, first[noise])
    log_noise = observations * (np.log(first[noise]) + 0.5 * np.log(2 * np.pi)) + np.log(errors).sum()

    # Every point of the first grid meets every point of the second.
    sd = _prior_sd(asked, second, len(log_second))
    precision = left[:, None, :-1, :-1] + np.eye(sd.shape[1]) * (sd**-2)[:, None, :]
    precision = precision.reshape(-1, *precision.shape[2:])
    carried = np.repeat(left[:, :-1, -1:], len(log_second), axis=0)
    factor = np.linalg.cholesky(precision)
    fitted = (solve_lower(factor, carried) ** 2).sum(axis=(1, 2))
    by_first = log_first + log_others - log_noise - 0.5 * left[:, -1, -1]
    by_second = log_second - np.log(sd).sum(axis=1)
    log_weight = np.add.outer(by_first, by_second).ravel() + 0.5 * fitted - _half_log_determinant(factor)
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
    table: np.ndarray, others: Sequence[Block], errors: np.ndarray, points: dict[str, np.ndarray], noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cross products of the columns of ``table`` once ``others`` are integrated out, and the log of what that costs.

    Shapes (points, columns, columns) and (points,).
    """
    sd = _prior_sd(others, points, len(noise))
    design = np.concatenate([np.empty((len(errors), 0)), *(block.design for block in others)], axis=1)
    design = design / errors[:, None]
    scale = (noise**-2)[:, None, None]
    factor = np.linalg.cholesky(scale * (design.T @ design) + np.eye(sd.shape[1]) * (sd**-2)[:, None, :])
    half = solve_lower(factor, scale * (design.T @ table))
    left = scale * (table.T @ table) - half.transpose(0, 2, 1) @ half
    return left, -_half_log_determinant(factor) - np.log(sd).sum(axis=1)


def _prior_sd(blocks: Sequence[Block], points: dict[str, np.ndarray], size: int) -> np.ndarray:
    """Prior standard deviation of every coefficient at every point, shape (points, coefficients)."""
    parts = [np.outer(points[block.spread] if block.spread else np.ones(size), block.sd) for block in blocks]
    return np.concatenate([np.empty((size, 0)), *parts], axis=1)


def _half_log_determinant(factor: np.ndarray) -> np.ndarray:
    """Half the log determinant of matrices with these triangles."""
    return np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
