"""Mixtures of normals, what is left of an unknown whose spread has been integrated over a grid; and random draws."""

import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize.elementwise import find_root
from scipy.special import ndtr

# A tail that is left out of an integral of squared probabilities.
TAIL = 1e-6


@dataclass(frozen=True)
class Mixture:
    """A weighted mixture of normals; ``weight`` (sums to one), ``mean`` and ``sd`` have shape (points,)."""

    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    @property
    def variance(self) -> float:
        """Variance of the whole mixture."""
        centre = self.weight @ self.mean
        return float(self.weight @ (self.sd**2 + (self.mean - centre) ** 2))

    def below(self, value: np.ndarray | float) -> np.ndarray:
        """Probability below ``value``, of the shape of ``value``."""
        distance = (np.asarray(value, dtype=float)[..., None] - self.mean) / self.sd
        return (self.weight * ndtr(distance)).sum(axis=-1)

    def quantiles(self, levels: list[float]) -> np.ndarray:
        """Quantiles, exact to a billionth of the width of the mixture."""
        reach, wanted = 10 * self.sd.max(), np.asarray(levels)
        ends = self.mean.min() - reach, self.mean.max() + reach
        # A coarse look where most of it lies leaves little to search for each level.
        middle = self.weight @ self.mean + np.sqrt(self.variance) * np.linspace(-4, 4, 33)
        steps = np.sort(np.clip(np.concatenate([ends, middle]), *ends))
        after = np.clip(np.searchsorted(self.below(steps), wanted), 1, len(steps) - 1)
        tolerances = {"xatol": 1e-9 * (ends[1] - ends[0]), "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0}
        found = find_root(
            lambda x, level: self.below(x) - level,
            (steps[after - 1], steps[after]),
            args=(wanted,),
            tolerances=tolerances,
        )
        return np.asarray(found.x)

    def interval(self, level: float) -> tuple[float, float, float]:
        """Lower end, median and upper end of the central interval."""
        lower, value, upper = self.quantiles([(1 - level) / 2, 0.5, (1 + level) / 2])
        return float(lower), float(value), float(upper)

    def log_density(self, value: float) -> float:
        """Log of the density at ``value``."""
        parts = np.log(self.weight / self.sd) - 0.5 * ((value - self.mean) / self.sd) ** 2
        return float(np.logaddexp.reduce(parts) - 0.5 * np.log(2 * np.pi))

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draws of shape (size,)."""
        index = rng.choice(len(self.weight), size, p=self.weight)
        return self.mean[index] + self.sd[index] * rng.standard_normal(size)

    def crps(self, value: float) -> float:
        """Continuous ranked probability score at ``value``: small when the forecast is sharp and near.

        The integral of the squared difference between the distribution and a step at ``value`` (Gneiting and Raftery
        2007, J. Am. Stat. Assoc. 102), by Gauss-Legendre on both sides of the step.
        """
        # Beyond these ends the square of what is left adds nothing.
        ends = self.quantiles([TAIL, 1 - TAIL])
        low, high = min(value, ends[0]), max(value, ends[1])
        points, weights = _gauss_legendre(100)
        below = (low + value) / 2 + (value - low) / 2 * points
        above = (high + value) / 2 + (high - value) / 2 * points
        left = (value - low) / 2 * (weights @ self.below(below) ** 2)
        right = (high - value) / 2 * (weights @ (1 - self.below(above)) ** 2)
        return float(left + right)


@cache
def _gauss_legendre(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(nodes)


@dataclass(frozen=True)
class Spread:
    """A standard deviation, or a factor on known errors: ``values`` and the prior weight of each, summing to one."""

    name: str
    values: np.ndarray
    weights: np.ndarray


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


def stream(seed: int, name: str) -> np.random.Generator:
    """Generator for the quantity ``name``: the same each time, and another quantity does not move its draws."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
