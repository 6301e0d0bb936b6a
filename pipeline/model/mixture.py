"""Mixtures of normal distributions: what is left of an unknown when its spread has been integrated over a grid."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr


@dataclass(frozen=True)
class Mixture:
    """A weighted mixture of normals; ``weight`` (sums to one), ``mean`` and ``sd`` have shape (points,)."""

    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    def below(self, value: np.ndarray | float) -> np.ndarray:
        """Probability below ``value``, of the shape of ``value``."""
        distance = (np.asarray(value, dtype=float)[..., None] - self.mean) / self.sd
        return (self.weight * ndtr(distance)).sum(axis=-1)

    def quantiles(self, levels: list[float]) -> np.ndarray:
        """Quantiles by bisection, exact to a billionth of the width of the mixture."""
        reach = 10 * self.sd.max()
        low = np.full(len(levels), self.mean.min() - reach)
        high = np.full(len(levels), self.mean.max() + reach)
        for _ in range(45):
            middle = (low + high) / 2
            is_left = self.below(middle) < levels
            low, high = np.where(is_left, middle, low), np.where(is_left, high, middle)
        return (low + high) / 2

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
        reach = 8 * self.sd.max()
        low, high = min(value, self.mean.min()) - reach, max(value, self.mean.max()) + reach
        points, weights = np.polynomial.legendre.leggauss(200)
        below = (low + value) / 2 + (value - low) / 2 * points
        above = (high + value) / 2 + (high - value) / 2 * points
        left = (value - low) / 2 * (weights @ self.below(below) ** 2)
        right = (high - value) / 2 * (weights @ (1 - self.below(above)) ** 2)
        return float(left + right)
