"""How much of each pest there is: only figures of one kind are put together.

A share of pods, a share of the area, and an intensity (a grade of severity, not defined in what was read) are three
different quantities. Pods attacked where the borer is come from the one trial that counted pods in East Kalimantan;
the share of the area that has the borer from areas reported together with the area planted. Intensities enter only
the reading of the damage curve that takes them for shares of pods.
"""

import numpy as np
import pandas as pd

from pipeline.model.printed import draw_lost_share, row

ATTACKED_AREA = ("area_attacked", "area_damaged")


def attack_figures(baselines: pd.DataFrame, effects: pd.DataFrame) -> tuple[float, float]:
    """Share of pods attacked without (B059) and with sleeving (E126) in the one trial of East Kalimantan."""
    before = float(row(baselines, "B059")["value"]) / 100
    return before, before * float(np.exp(row(effects, "E126")["log_ratio"]))


def draw_left_by_sleeving(effects: pd.DataFrame, most: float, rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws of the share of the attack that sleeves leave.

    From what blocks in Perak were left with (E144) to the share ``most`` that is assumed for poor work, most likely
    what the trial of East Kalimantan left (E126): a triangular distribution. Raises ``ValueError`` when ``most`` lies
    below the trial.
    """
    least, likely = (float(np.exp(row(effects, key)["log_ratio"])) for key in ("E144", "E126"))
    if not least < likely < most <= 1:
        raise ValueError(f"sleeves leave from {least:.2g}, most likely {likely:.2g}, to at most {most:g} of the attack")
    return rng.triangular(least, likely, most, size)


def area_shares(reports: pd.DataFrame) -> pd.DataFrame:
    """Share of the planted area that was reported as attacked, where both areas are printed by one source.

    Columns: ``region``, ``year``, ``attacked_ha``, ``planted_ha``, ``share``, ``source_id``, lowest share first.
    Raises ``ValueError`` when no report has both, or more is attacked than planted.
    """
    keys = ["region", "year", "source_id"]
    attacked = reports[reports["quantity"].isin(ATTACKED_AREA)].rename(columns={"value_high": "attacked_ha"})
    planted = reports[reports["quantity"] == "area_planted"].rename(columns={"value_high": "planted_ha"})
    both = attacked[[*keys, "attacked_ha"]].dropna().merge(planted[[*keys, "planted_ha"]].dropna(), on=keys)
    found = both.assign(share=both["attacked_ha"] / both["planted_ha"]).sort_values("share", ignore_index=True)
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
    official, quoted = row(effects, "E093"), row(reports, "R010")
    ranges = [(official["printed_low"], official["printed_high"]), (quoted["value_low"], quoted["value_high"])]
    first, second = (draw_lost_share(low / 100, high / 100, level, rng, size) for low, high in ranges)
    return np.where(rng.random(size) < 0.5, first, second)


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
    rows = countries[(countries["iso3"] == "IDN") & countries["year"].between(2005, 2008)]
    areas = rows["area_harvested_ha"].dropna()
    if areas.empty:
        raise ValueError("country_cocoa has no area of Indonesia for 2005 to 2008")
    reached = float(row(baselines, "B061a")["value"])
    range_lost = row(effects, "E129")
    lost = draw_lost_share(range_lost["printed_low"] / 100, range_lost["printed_high"] / 100, level, rng, size)
    return rng.uniform(reached / areas.max(), reached / areas.min(), size), lost
