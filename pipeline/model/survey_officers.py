"""Officers against each other: who is judged, whose plots are too alike, whose yields lie apart."""

import numpy as np
import pandas as pd
from scipy import stats

# False alarms of one check in honest surveys, at most about.
ALARM = 0.01
# Officers with fewer plots are not judged.
LEAST_PLOTS = 8
# Officers may honestly differ by this much (log yield), which the model allows for.
HONEST_DIFFERENCE = 0.15
# A flag: check, officer, plots looked at, what was found and what is expected.
Row = tuple[str, str, int, float, float]


def judged_officers(plots: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Officers with enough plots, each with these; the column ``officer`` is theirs."""
    return [(str(officer), group) for officer, group in plots.groupby("officer") if len(group) >= LEAST_PLOTS]


def limit(tests: int) -> float:
    """Chance below which one of several tests is a flag (Bonferroni)."""
    return ALARM / max(tests, 1)


def too_alike(plots: pd.DataFrame) -> list[Row]:
    """Yields or attacked pods that vary far less within the villages of one officer than within those of others."""
    values = {"yield": np.log(plots["yield_kg_per_ha"].where(plots["yield_kg_per_ha"] > 0))}
    values |= {"pods": plots["share_pods_borer"]}
    rows = []
    judged = list(judged_officers(plots))
    for value in values.values():
        within = value - value.groupby(plots["place"]).transform("mean")
        for officer, group in judged:
            mine, rest = within[group.index].dropna(), within.drop(group.index).dropna()
            lost = group["place"].nunique()
            if len(mine) - lost < LEAST_PLOTS // 2 or len(rest) - lost < LEAST_PLOTS // 2:
                continue
            ratio = (mine @ mine / (len(mine) - lost)) / (rest @ rest / len(rest))
            if stats.f.cdf(ratio, len(mine) - lost, len(rest)) < limit(len(judged) * len(values)):
                rows.append(("too_alike", officer, len(mine), float(np.sqrt(ratio)), 1.0))
    return rows


def officers_apart(plots: pd.DataFrame) -> list[Row]:
    """Mean log yields of one officer that differ from those of others in the same villages; no village shared: none."""
    known = plots[plots["yield_kg_per_ha"] > 0]
    y = np.log(known["yield_kg_per_ha"])
    within = y - y.groupby(known["place"]).transform("mean")
    rows, judged = [], list(judged_officers(known))
    for officer, group in judged:
        mine = pd.Series(0.0, index=known.index)
        mine[group.index] = 1.0
        turned = mine - mine.groupby(known["place"]).transform("mean")
        size, freedom = float(turned @ turned), len(known) - known["place"].nunique() - 1
        if size < 1 or freedom < LEAST_PLOTS:
            continue
        difference = float(turned @ within) / size
        left = within - difference * turned
        error = np.hypot(np.sqrt(float(left @ left) / freedom / size), HONEST_DIFFERENCE)
        if 2 * stats.t.sf(abs(difference) / error, freedom) < limit(len(judged)):
            rows.append(("officers_apart", officer, len(group), float(np.exp(difference)), 1.0))
    return rows
