"""What pod borer, black pod and dieback take together in Kutai Timur, as one table of draws for all later stages.

The mean yield of the regency is the mean over its hectares: one that has a pest yields less than the mean, one that
has not yields more.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.kit.data.citations import join, source_of
from pipeline.kit.data.contracts import row
from pipeline.study import known_rows

READINGS = ("sabah", "aceh", "mixture")
# The words of E047 and E048 name these shares of pods attacked.
LOW_SHARE, HIGH_SHARE = 0.60, 0.90
# A plot on which every pod is attacked still yields something.
LARGEST_LOSS = 0.99


@dataclass(frozen=True)
class CurvePriors:
    """What is assumed about the damage curves, each between 0 and 1; raises ``ValueError`` for other values.

    ``sabah_weight`` is the probability of the curve from Sabah. ``loss_error`` is how far, as a part of itself, a loss
    may be off to either side that is printed as "about", or once and without an error. "Little" loss at the low share
    of pods is drawn from ``least_low_loss`` up to the bound that is printed.
    """

    sabah_weight: float
    loss_error: float
    least_low_loss: float

    def __post_init__(self) -> None:
        if not 0 <= self.sabah_weight <= 1:
            raise ValueError(f"the weight of the curve from Sabah lies between 0 and 1, not {self.sabah_weight:g}")
        for name, value in (("error of a printed loss", self.loss_error), ("least low loss", self.least_low_loss)):
            if not 0 < value < 1:
                raise ValueError(f"the {name} lies between 0 and 1, not {value:g}")


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


def draw_sabah(effects: pd.DataFrame, priors: CurvePriors, rng: np.random.Generator, size: int) -> DamageCurve:
    """Curves of the relation from Sabah: little loss below 60 % of pods attacked (E047), about 40 % at 90 % (E048).

    The low loss is drawn from the least with which the curve still leaves something at full attack.
    """
    bound, about = (
        -np.expm1(float(row(effects, key)["log_ratio"]))
        for key in (known_rows.LOSS_SABAH_BELOW_60_PERCENT, known_rows.LOSS_SABAH_AT_90_PERCENT)
    )
    high = rng.uniform((1 - priors.loss_error) * about, (1 + priors.loss_error) * about, size)
    steepest = np.log(LARGEST_LOSS / high) / -np.log(HIGH_SHARE)
    least = np.maximum(priors.least_low_loss, high * (LOW_SHARE / HIGH_SHARE) ** steepest)
    return curve_through(rng.uniform(least, bound), high)


def draw_aceh(reports: pd.DataFrame, priors: CurvePriors, rng: np.random.Generator, size: int) -> DamageCurve:
    """Curves through the loss (R022) and the share of pods attacked (R028) of a neglected farm in Aceh Timur.

    One point does not bend a curve: it is drawn from straight to the most bent one that still leaves something at
    full attack. No convex curve has a loss above ``LARGEST_LOSS`` times the share attacked, so none is drawn.
    """
    loss, attacked = (
        float(row(reports, key)["value_high"]) / 100
        for key in (known_rows.LOSS_ACEH_TIMUR, known_rows.PODS_ATTACKED_ACEH_TIMUR)
    )
    highest = min((1 + priors.loss_error) * loss, LARGEST_LOSS * attacked)
    here = rng.uniform((1 - priors.loss_error) * loss, highest, size)
    power = rng.uniform(1.0, np.maximum(1.0, np.log(LARGEST_LOSS / here) / -np.log(attacked)))
    return DamageCurve(here / attacked**power, power)


def draw_readings(
    effects: pd.DataFrame, reports: pd.DataFrame, priors: CurvePriors, rng: np.random.Generator, size: int
) -> tuple[dict[str, DamageCurve], np.ndarray]:
    """Curves of each of ``READINGS``, and a number between 0 and 1 for each draw, shape (size,).

    A draw of the mixture follows the curve from Sabah where that number is below its weight, else Aceh Timur.
    """
    sabah, aceh = draw_sabah(effects, priors, rng, size), draw_aceh(reports, priors, rng, size)
    lot = rng.random(size)
    return {"sabah": sabah, "aceh": aceh, "mixture": mixture(sabah, aceh, lot < priors.sabah_weight)}, lot


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


# Draws of each pest on an average hectare, and where the pest is.
AVERAGE = ("loss_pod_borer", "loss_black_pod", "loss_dieback")


def combined_loss(*losses: np.ndarray) -> np.ndarray:
    """Share of yield lost to several causes that strike independently: what is left of each is multiplied."""
    return 1 - np.prod([1 - loss for loss in losses], axis=0)


def yield_without(mean_yield: np.ndarray, area: np.ndarray | float, loss_there: np.ndarray) -> np.ndarray:
    """Yield in kg/ha where a pest is not, which has the share ``area`` of the hectares and takes ``loss_there``
    there."""
    return np.asarray(mean_yield / (1 - area * loss_there))


def yield_where(mean_yield: np.ndarray, area: np.ndarray | float, loss_there: np.ndarray) -> np.ndarray:
    """Yield in kg/ha of a hectare that has the pest, so that the mean over all hectares is ``mean_yield``."""
    return yield_without(mean_yield, area, loss_there) * (1 - loss_there)


def possible_rows(
    mean_yield: np.ndarray, area: np.ndarray, loss_there: np.ndarray, potential: float, rng: np.random.Generator
) -> np.ndarray:
    """Which draw of a pest goes with each draw of the yield, shape (draws,): its own, where that is possible.

    Trees cannot bear more than ``potential`` kg/ha: a pair whose yield without the pest passes it gets no weight, and
    the yield, which statistics give, meets another draw of the pest, each possible one being as likely. A yield that
    is itself above the potential meets the draw that takes least.
    """
    lost = area * loss_there
    order = np.argsort(lost, kind="stable")
    # The most that the pest can take of the mean, and how many draws take no more.
    most = 1 - mean_yield / potential
    possible = np.searchsorted(lost[order], most, side="right")
    drawn = order[np.floor(rng.random(len(lost)) * possible).astype(int)]
    return np.where(lost <= most, np.arange(len(lost)), drawn)


def log_gain(loss_before: np.ndarray, loss_after: np.ndarray) -> np.ndarray:
    """Log of the ratio of the yields after and before control.

    Raises ``ValueError`` for a loss below zero or of everything: a plot that yields at all has not lost everything.
    """
    for name, loss in (("before", loss_before), ("after", loss_after)):
        if not np.all((np.asarray(loss) >= 0) & (np.asarray(loss) < 1)):
            raise ValueError(f"the loss {name} control lies between 0 and below 1")
    return np.log1p(-np.asarray(loss_after)) - np.log1p(-np.asarray(loss_before))


def draws_table(
    curve: DamageCurve,
    attack: tuple[np.ndarray, np.ndarray],
    left: pd.DataFrame,
    black_pod: np.ndarray,
    dieback: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:
    """One row per draw: attack and losses, shares of one, and the log gain of sleeving on an average hectare.

    ``attack`` holds the share of the area that has the borer and the share of pods attacked there, ``dieback`` the
    share of the area reached and the share of yield lost there. ``left`` is what each control leaves of the attack, and
    kept. Columns that end in ``_there`` are for a hectare that has the pest; the others for an average hectare, on
    which sleeving is done only where the borer is.
    """
    (area, pods), (reached, lost) = attack, dieback
    there, sleeved = curve.loss(pods), curve.loss(pods * left["left_pod_sleeving"].to_numpy())
    frame = pd.DataFrame({"attacked_area": area, "attacked": pods, "loss_pod_borer_there": there})
    frame[list(left)] = left.to_numpy()
    frame["loss_pod_borer"], frame["loss_black_pod"] = area * there, black_pod
    frame["dieback_area"], frame["loss_dieback_there"], frame["loss_dieback"] = reached, lost, reached * lost
    frame["loss_all"] = combined_loss(*(frame[name].to_numpy() for name in AVERAGE))
    frame["log_gain_sleeving"] = log_gain(area * there, area * sleeved)
    return frame


ATTACKED_AREA = ("area_attacked", "area_damaged")


def attack_figures(baselines: pd.DataFrame, effects: pd.DataFrame) -> tuple[float, float]:
    """Share of pods attacked without (B059) and with sleeving (E126) in the one trial of East Kalimantan."""
    before = float(row(baselines, known_rows.PODS_ATTACKED_SAMARINDA)["value"]) / 100
    return before, before * float(np.exp(row(effects, known_rows.SLEEVING_TRIAL_SAMARINDA)["log_ratio"]))


def area_shares(reports: pd.DataFrame) -> pd.DataFrame:
    """Share of the planted area that was reported as attacked, where both areas are printed by one source.

    Columns: ``region``, ``year``, ``attacked_ha``, ``planted_ha``, ``share``, ``source_id``, lowest share first.
    Raises ``ValueError`` when no report has both, or more is attacked than planted.
    """
    reports = reports.assign(source=reports["source_id"].map(source_of)).dropna(subset=["value_high", "year"])
    keys, figure = ["region", "year", "source"], ["value_high", "source_id"]
    attacked = reports.loc[reports["quantity"].isin(ATTACKED_AREA), [*keys, *figure]]
    planted = reports.loc[reports["quantity"] == "area_planted", [*keys, *figure]]
    both = attacked.merge(planted, on=keys, suffixes=("", "_planted"))
    both = both.rename(columns={"value_high": "attacked_ha", "value_high_planted": "planted_ha"})
    cited = [join(*pair) for pair in zip(both["source_id"], both["source_id_planted"], strict=True)]
    found = both.assign(share=both["attacked_ha"] / both["planted_ha"], source_id=cited)
    found = found[["region", "year", "attacked_ha", "planted_ha", "share", "source_id"]]
    found = found.sort_values("share", kind="stable", ignore_index=True)
    if found.empty:
        raise ValueError("no report gives an attacked area together with the planted area")
    if (impossible := found[found["share"] > 1]).size:
        raise ValueError(f"more area attacked than planted: {', '.join(impossible['region'])}")
    return found


def draw_attack(
    before: float, after: float, shares: pd.DataFrame, rng: np.random.Generator, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the share of the area that has the borer, and of the share of pods attacked there.

    Neither was counted in Kutai Timur. The area is drawn evenly from the lowest share reported (of a neighbour) to
    all of it, because all reports are old and the borer spreads; the pods evenly between the sleeved and the
    unsleeved plots of the trial.
    """
    if not 0 < after <= before <= 1:
        raise ValueError(f"pods attacked with sleeving ({after:g}) lie between 0 and those without ({before:g})")
    return rng.uniform(shares["share"].min(), 1.0, size), rng.uniform(after, before, size)


def draw_black_pod(
    effects: pd.DataFrame, reports: pd.DataFrame, level: float, rng: np.random.Generator, size: int
) -> np.ndarray:
    """Draws of the share of yield lost to black pod: from either range printed for Indonesia (E093, R010), even odds.

    Both are second-hand. ``level`` is what a printed range is taken to hold.
    """
    official, quoted = row(effects, known_rows.BLACK_POD_LOSS_REVIEW), row(reports, known_rows.BLACK_POD_LOSS_AGENCY)
    ranges = [(official["printed_low"], official["printed_high"]), (quoted["value_low"], quoted["value_high"])]
    first, second = (draw_lost_share(low / 100, high / 100, level, rng, size) for low, high in ranges)
    return np.where(rng.random(size) < 0.5, first, second)


def areas_since_2005(countries: pd.DataFrame) -> pd.DataFrame:
    """The rows of the clean table of countries with an area of Indonesia for 2005 to 2008, of release 2022."""
    rows = countries[
        (countries["iso3"] == "IDN") & (countries["release"] == "2022") & countries["year"].between(2005, 2008)
    ]
    return rows.dropna(subset="area_harvested_ha")


def draw_dieback(
    effects: pd.DataFrame,
    baselines: pd.DataFrame,
    countries: pd.DataFrame,
    level: float,
    rng: np.random.Generator,
    size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the share of the area that dieback has reached, and of the share of yield lost there (E129).

    The only count is of 2007 (B061a). FAO's area of Indonesia jumps in 2005 to 2008, so the share is drawn between
    those of the largest and the smallest area of these years.
    """
    areas = areas_since_2005(countries)["area_harvested_ha"]
    if areas.empty:
        raise ValueError("country_cocoa has no area of Indonesia for 2005 to 2008")
    reached = float(row(baselines, known_rows.DIEBACK_AREA_INDONESIA_2007)["value"])
    range_lost = row(effects, known_rows.DIEBACK_LOSS_INDONESIA)
    lost = draw_lost_share(range_lost["printed_low"] / 100, range_lost["printed_high"] / 100, level, rng, size)
    return rng.uniform(reached / areas.max(), reached / areas.min(), size), lost


def draw_lost_share(low: float, high: float, level: float, rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws of a share of yield lost that is printed as a range from ``low`` to ``high``, shares of one.

    What is left is normal on the log scale and the range holds ``level`` of it; a loss below zero counts as none.
    """
    if not 0 <= low < high < 1:
        raise ValueError(f"a range of losses runs from 0 to below 1 and upwards, not from {low:g} to {high:g}")
    ends = np.log1p([-low, -high])
    spread = (ends[0] - ends[1]) / 2 / ndtri((1 + level) / 2)
    return np.maximum(0.0, -np.expm1(rng.normal(ends.mean(), spread, size)))
