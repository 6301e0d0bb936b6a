"""Spreads that a model has to learn: their prior as points and weights of a quadrature, and grids of several."""

from dataclasses import dataclass

import numpy as np

# A half-normal holds all but a millionth of its probability below five times its scale.
REACH = 5.0


@dataclass(frozen=True)
class Spread:
    """A standard deviation, or a factor on known errors: ``values`` and the prior weight of each, summing to one."""

    name: str
    values: np.ndarray
    weights: np.ndarray


def half_normal(name: str, scale: float, nodes: int = 16) -> Spread:
    """A spread with a half-normal prior, on Gauss-Legendre points from zero to five times its ``scale``.

    Raises ``ValueError`` for a scale that is not above zero.
    """
    if not scale > 0:
        raise ValueError(f"spread {name}: its scale is {scale:g}; it must be above zero")
    points, steps = np.polynomial.legendre.leggauss(nodes)
    values = (points + 1) / 2 * REACH * scale
    weights = steps * np.exp(-0.5 * (values / scale) ** 2)
    return Spread(name, values, weights / weights.sum())


def log_normal(name: str, log_sd: float, nodes: int = 5) -> Spread:
    """A factor whose log is normal about zero, on Gauss-Hermite points."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return Spread(name, np.exp(log_sd * points), weights / weights.sum())


def log_uniform(name: str, low: float, high: float, nodes: int = 64) -> Spread:
    """A spread that is even on the log scale between two bounds, on Gauss-Legendre points of the log."""
    points, steps = np.polynomial.legendre.leggauss(nodes)
    return Spread(name, low * (high / low) ** ((points + 1) / 2), steps / steps.sum())


def fixed(name: str, value: float) -> Spread:
    """A spread that is known."""
    return Spread(name, np.array([value]), np.array([1.0]))


def grid(spreads: list[Spread]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Every combination of values by name, and its log prior weight; arrays of shape (points,)."""
    if not spreads:
        return {}, np.zeros(1)
    values = np.meshgrid(*[spread.values for spread in spreads], indexing="ij")
    weights = np.meshgrid(*[np.log(spread.weights) for spread in spreads], indexing="ij")
    by_name = {spread.name: value.ravel() for spread, value in zip(spreads, values, strict=True)}
    return by_name, np.sum(weights, axis=0).ravel()
