"""How much yield the pod borer takes at a given attack: the damage curve, in the two readings of the evidence."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.model.printed import row

READINGS = ("sabah", "aceh", "mixture")
# The words of E047 and E048 name these shares of pods attacked.
LOW_SHARE, HIGH_SHARE = 0.60, 0.90
# "Little" loss at the low share is drawn from this up to the bound that is printed.
LEAST_LOW_LOSS = 0.01
# A loss that is printed as "about", or once and without an error, is taken to be good to a quarter of itself.
ABOUT = 0.25
# A plot on which every pod is attacked still yields something.
LARGEST_LOSS = 0.99


@dataclass(frozen=True)
class DamageCurve:
    """Share of yield lost, ``at_all * attacked ** power``: one curve per draw, both of shape (draws,).

    ``at_all`` is the loss where all pods are attacked. With it below one and ``power`` not below one the curve
    starts at nothing, rises, is convex and never reaches everything. Raises ``ValueError`` for other values.
    """

    at_all: np.ndarray
    power: np.ndarray

    def __post_init__(self) -> None:
        if not np.all((np.asarray(self.at_all) > 0) & (np.asarray(self.at_all) < 1)):
            raise ValueError("the loss where all pods are attacked lies between 0 and 1")
        if not np.all(np.asarray(self.power) >= 1):
            raise ValueError("the power of a damage curve is at least 1: below it the curve is not convex")

    def take(self, rows: np.ndarray) -> "DamageCurve":
        """The curves of these draws, in this order."""
        return DamageCurve(self.at_all[rows], self.power[rows])

    def loss(self, attacked: np.ndarray | float) -> np.ndarray:
        """Share of yield lost at a share of pods ``attacked``; shapes broadcast."""
        attacked = np.asarray(attacked, dtype=float)
        if not np.all((attacked >= 0) & (attacked <= 1)):
            raise ValueError("the share of pods attacked lies between 0 and 1")
        return np.asarray(self.at_all * attacked**self.power)


def curve_through(low_loss: np.ndarray | float, high_loss: np.ndarray | float) -> DamageCurve:
    """The curve that passes through losses at 60 % and at 90 % of pods attacked.

    Raises ``ValueError`` when no convex curve that leaves something at full attack does.
    """
    low, high = np.asarray(low_loss, dtype=float), np.asarray(high_loss, dtype=float)
    if not np.all((low > 0) & (high > low)):
        raise ValueError("the loss at 90 % attack must be above the loss at 60 %, and both above zero")
    power = np.log(high / low) / np.log(HIGH_SHARE / LOW_SHARE)
    return DamageCurve(high / HIGH_SHARE**power, power)


def with_loss(curve: DamageCurve, attacked: float, loss: np.ndarray) -> DamageCurve:
    """The curve raised or lowered to a ``loss`` at a share of pods ``attacked``; shapes broadcast.

    A curve that would then take more than ``LARGEST_LOSS`` at full attack bends less instead. Raises ``ValueError``
    for a loss that no convex curve has there.
    """
    if not np.all((loss > 0) & (loss <= LARGEST_LOSS * attacked)):
        raise ValueError(f"a convex curve takes between nothing and {LARGEST_LOSS * attacked:g} at {attacked:g}")
    at_all = np.minimum(curve.at_all * loss / curve.loss(attacked), LARGEST_LOSS)
    through = np.log(loss / at_all) / np.log(attacked)
    return DamageCurve(at_all, np.where(at_all < LARGEST_LOSS, curve.power, np.maximum(1.0, through)))


def draw_sabah(effects: pd.DataFrame, rng: np.random.Generator, size: int) -> DamageCurve:
    """Curves of the relation from Sabah: little loss below 60 % of pods attacked (E047), about 40 % at 90 % (E048).

    The low loss is drawn from the least with which the curve still leaves something at full attack.
    """
    bound, about = (-np.expm1(float(row(effects, key)["log_ratio"])) for key in ("E047", "E048"))
    high = rng.uniform((1 - ABOUT) * about, (1 + ABOUT) * about, size)
    steepest = np.log(LARGEST_LOSS / high) / -np.log(HIGH_SHARE)
    least = np.maximum(LEAST_LOW_LOSS, high * (LOW_SHARE / HIGH_SHARE) ** steepest)
    return curve_through(rng.uniform(least, bound), high)


def draw_aceh(reports: pd.DataFrame, rng: np.random.Generator, size: int) -> DamageCurve:
    """Curves through the loss (R022) reported at an intensity (R023) in Aceh Timur, read as a share of pods.

    One point does not bend a curve: it is drawn from straight to the most bent one that still leaves something at
    full attack. No convex curve has a loss above ``LARGEST_LOSS`` times the intensity, so none is drawn.
    """
    loss, intensity = (float(row(reports, key)["value_high"]) / 100 for key in ("R022", "R023"))
    here = rng.uniform((1 - ABOUT) * loss, min((1 + ABOUT) * loss, LARGEST_LOSS * intensity), size)
    power = rng.uniform(1.0, np.maximum(1.0, np.log(LARGEST_LOSS / here) / -np.log(intensity)))
    return DamageCurve(here / intensity**power, power)


def draw_readings(
    effects: pd.DataFrame, reports: pd.DataFrame, sabah_weight: float, rng: np.random.Generator, size: int
) -> tuple[dict[str, DamageCurve], np.ndarray]:
    """Curves of each of ``READINGS``, and a number between 0 and 1 for each draw, shape (size,).

    A draw of the mixture follows the curve from Sabah where that number is below ``sabah_weight``, else Aceh Timur.
    """
    if not 0 <= sabah_weight <= 1:
        raise ValueError(f"the weight of the curve from Sabah lies between 0 and 1, not {sabah_weight:g}")
    sabah, aceh = draw_sabah(effects, rng, size), draw_aceh(reports, rng, size)
    lot = rng.random(size)
    return {"sabah": sabah, "aceh": aceh, "mixture": mixture(sabah, aceh, lot < sabah_weight)}, lot


def mixture(sabah: DamageCurve, aceh: DamageCurve, is_sabah: np.ndarray) -> DamageCurve:
    """The curve from Sabah in the draws that follow it, that of Aceh Timur in the others."""
    return DamageCurve(np.where(is_sabah, sabah.at_all, aceh.at_all), np.where(is_sabah, sabah.power, aceh.power))


def loss_table(attacked: np.ndarray, curves: dict[str, DamageCurve], level: float) -> pd.DataFrame:
    """Median and interval of the loss for each reading and share of pods ``attacked``, all in per cent."""
    ends = [(1 - level) / 2, 0.5, (1 + level) / 2]
    rows = [
        (reading, share * 100, *np.quantile(curve.loss(share) * 100, ends))
        for reading, curve in curves.items()
        for share in attacked
    ]
    return pd.DataFrame(rows, columns=["reading", "attacked_percent", "lower", "value", "upper"])
