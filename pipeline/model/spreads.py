"""Spreads that a model has to learn: their prior as points and weights of a quadrature, and grids of several."""

from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Spread:
    """A standard deviation, or a factor on known errors: ``values`` and the prior weight of each, summing to one."""

    name: str
    values: np.ndarray
    weights: np.ndarray


def half_normal(name: str, scale: float, nodes: int = 8) -> Spread:
    """A spread with a half-normal prior of this ``scale``, on the positive half of the Gauss-Hermite points.

    A likelihood depends on the square of a spread, and for even functions this rule is exact to a high order. Raises
    ``ValueError`` for a scale that is not above zero.
    """
    if not scale > 0:
        raise ValueError(f"spread {name}: its scale is {scale:g}; it must be above zero")
    points, weights = _gauss_hermite(2 * nodes)
    return Spread(name, scale * points[nodes:], weights[nodes:] / weights[nodes:].sum())


def half_normal_even(name: str, scale: float, nodes: int = 8) -> Spread:
    """A half-normal spread on even steps up to three scales: where the data tell it well, Gauss points lie too far."""
    values = 3 * scale * (np.arange(nodes) + 0.5) / nodes
    density = np.exp(-0.5 * (values / scale) ** 2)
    return Spread(name, values, density / density.sum())


def log_normal(name: str, log_sd: float, nodes: int = 5) -> Spread:
    """A factor whose log is normal about zero, on Gauss-Hermite points: for what the data hardly tell."""
    points, weights = _gauss_hermite(nodes)
    return Spread(name, np.exp(log_sd * points), weights / weights.sum())


def log_normal_even(name: str, log_sd: float, nodes: int = 9) -> Spread:
    """A factor whose log is normal about zero, on even steps of the log: for what the data tell well."""
    points = np.linspace(-3, 3, nodes)
    weights = np.exp(-0.5 * points**2)
    return Spread(name, np.exp(log_sd * points), weights / weights.sum())


def log_uniform(name: str, low: float, high: float, nodes: int = 64) -> Spread:
    """A spread that is even on the log scale between two bounds, on Gauss-Legendre points of the log."""
    points, steps = np.polynomial.legendre.leggauss(nodes)
    return Spread(name, low * (high / low) ** ((points + 1) / 2), steps / steps.sum())


@cache
def _gauss_hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.hermite_e.hermegauss(nodes)


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
