"""Signs that a survey is biased or made up: round numbers, copies, too little variation, officers apart, haste.

A flag is a reason to visit some plots again, not a proof. Each check looks at every officer and is set to flag about
one honest survey in a hundred; how often it does is measured on simulated ones (``survey_alarms``).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.study.plots.plot_table import officers, places

# False alarms of one check in honest surveys, at most about.
ALARM = 0.01
# Officers with fewer plots are not judged.
LEAST_PLOTS = 8
# Officers may honestly differ by this much (log yield), which the model allows for.
HONEST_DIFFERENCE = 0.15
# A flag: check, officer, plots looked at, what was found and what is expected.
Row = tuple[str, str, int, float, float]


def judged_officers(plots: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    """Officers with enough plots, by name, each with a mask of these plots; the column ``officer`` is theirs."""
    names, codes, counts = np.unique(plots["officer"].to_numpy(str), return_inverse=True, return_counts=True)
    return [(str(name), codes == code) for code, name in enumerate(names) if counts[code] >= LEAST_PLOTS]


def limit(tests: int) -> float:
    """Chance below which one of several tests is a flag (Bonferroni)."""
    return ALARM / max(tests, 1)


def within_places(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Each value less the mean of its place, given as a number from nought on; a missing value stays missing."""
    is_known = ~np.isnan(values)
    counts = np.bincount(place, is_known)
    means = np.bincount(place, np.where(is_known, values, 0)) / np.where(counts > 0, counts, 1)
    return np.asarray(values - means[place])


def too_alike(plots: pd.DataFrame) -> list[Row]:
    """Yields or attacked pods that vary far less within the villages of one officer than within those of others."""
    place, yields = pd.factorize(plots["place"])[0], plots["yield_kg_per_ha"].to_numpy(float)
    values = (np.log(np.where(yields > 0, yields, np.nan)), plots["share_pods_borer"].to_numpy(float))
    rows = []
    judged = judged_officers(plots)
    for within in (within_places(value, place) for value in values):
        is_known = ~np.isnan(within)
        for officer, his in judged:
            mine, rest = within[his & is_known], within[~his & is_known]
            lost = len(np.unique(place[his]))
            if len(mine) - lost < LEAST_PLOTS // 2 or len(rest) - lost < LEAST_PLOTS // 2:
                continue
            ratio = (mine @ mine / (len(mine) - lost)) / (rest @ rest / len(rest))
            if stats.f.cdf(ratio, len(mine) - lost, len(rest)) < limit(len(judged) * len(values)):
                rows.append(("too_alike", officer, len(mine), float(np.sqrt(ratio)), 1.0))
    return rows


def officers_apart(plots: pd.DataFrame) -> list[Row]:
    """Mean log yields of one officer that differ from those of others in the same villages; no village shared: none."""
    known = plots[plots["yield_kg_per_ha"] > 0]
    place, names = pd.factorize(known["place"])
    within = within_places(np.log(known["yield_kg_per_ha"].to_numpy(float)), place)
    rows, judged = [], judged_officers(known)
    for officer, his in judged:
        turned = within_places(his.astype(float), place)
        size, freedom = float(turned @ turned), len(known) - len(names) - 1
        if size < 1 or freedom < LEAST_PLOTS:
            continue
        difference = float(turned @ within) / size
        left = within - difference * turned
        error = np.hypot(np.sqrt(float(left @ left) / freedom / size), HONEST_DIFFERENCE)
        if 2 * stats.t.sf(abs(difference) / error, freedom) < limit(len(judged)):
            rows.append(("officers_apart", officer, int(his.sum()), float(np.exp(difference)), 1.0))
    return rows


# Yields in whole hundreds of kg/ha: honest farmers remember sacks, so up to this share is nothing strange.
ROUND_KG, HONEST_ROUND = 100.0, 0.5
# Small counts are often 0 or 5 by nature; from 8 on, every five numbers have one that ends so in their middle.
LEAST_COUNT, ENDS_IN_0_OR_5 = 8, 0.2
# Two plots that agree in this share of their answers are taken for a copy.
COPIED = 0.8
ANSWERS = (
    *("yield_kg_per_ha", "area_ha", "trees_per_ha", "age_years", "fertilizer_kg_per_ha", "pods_counted"),
    *("share_pods_borer", "share_pods_black_pod", "trees_checked", "share_trees_dieback", "prunings_per_year"),
    *("sanitations_per_year", "harvest_interval_days", "training_days", "training", "planting_material", "shade"),
)
TEXTS = ("training", "planting_material", "shade")
# Visits of 20 minutes with the way between plots: eight on each of 22 working days.
MOST_PER_MONTH = 8 * 22
COLUMNS = ["check", "officer", "plots", "found", "expected"]


def checked(plots: pd.DataFrame) -> pd.DataFrame:
    """Flags, one row each: ``check``, ``officer``, ``plots`` looked at, what was ``found`` and what is ``expected``.

    Of each farm the last visit is looked at: visits to one farm are alike by nature. Haste counts every visit.
    """
    plots = plots.sort_values("plot_id", kind="stable").assign(officer=officers(plots), place=places(plots))
    last = last_visits(plots)
    rows = [row for check in CHECKS.values() for row in check(plots if check is haste else last)] if len(plots) else []
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(["check", "officer"], kind="stable", ignore_index=True)


def last_visits(plots: pd.DataFrame) -> pd.DataFrame:
    """The last row of each farm, in the order of ``plots``; several in one month: the last of these."""
    is_earlier = plots.sort_values("visit_date", kind="stable").duplicated("farm_id", keep="last")
    return plots[~is_earlier.reindex(plots.index)]


def round_yields(plots: pd.DataFrame) -> list[Row]:
    """Too many yields in whole hundreds."""
    known = plots[plots["yield_kg_per_ha"] > 0]
    is_round = np.isclose(known["yield_kg_per_ha"].to_numpy(float) % ROUND_KG, 0)
    return _share(known, is_round, HONEST_ROUND, "round_yields")


def round_counts(plots: pd.DataFrame) -> list[Row]:
    """Too many counts of pods with borer that end in 0 or 5."""
    count = np.round(plots["share_pods_borer"] * plots["pods_counted"])
    known = count >= LEAST_COUNT
    return _share(plots[known], (count[known] % 5 == 0).to_numpy(), ENDS_IN_0_OR_5, "round_counts")


def near_copies(plots: pd.DataFrame) -> list[Row]:
    """Plots of one officer that agree in most answers, or of anyone that agree in all measured ones."""
    measured = [name for name in ANSWERS if name not in TEXTS]
    same = (plots.duplicated(measured, keep=False) & plots[measured].notna().all(axis=1)).to_numpy()
    rows = []
    texts = [np.where(plots[name].isna(), np.nan, pd.factorize(plots[name])[0]) for name in TEXTS]
    answers = np.column_stack([plots[measured].to_numpy(float), *texts])
    for officer, his in judged_officers(plots):
        agreed = max(most_agreed(answers[his]), float(same[his].any()))
        if agreed >= COPIED:
            rows.append(("near_copies", officer, int(his.sum()), agreed, COPIED))
    return rows


def most_agreed(answers: np.ndarray) -> float:
    """Largest share of ``answers`` (rows, numbers) that two rows have in common; missing ones agree with nothing."""
    pairs = ((answers[:number] == answers[number]).mean(axis=1).max() for number in range(1, len(answers)))
    return float(max(pairs, default=0.0))


def haste(plots: pd.DataFrame) -> list[Row]:
    """More visits of one officer in a month than working days allow; the day and hour are not in the plot table."""
    counts = plots.groupby(["officer", "visit_date"]).size().groupby("officer").max()
    return [
        ("haste", officer, int(most), float(most), MOST_PER_MONTH)
        for officer, most in counts[counts > MOST_PER_MONTH].items()
    ]


CHECKS: dict[str, Callable[[pd.DataFrame], list[Row]]] = {
    "round_yields": round_yields,
    "round_counts": round_counts,
    "near_copies": near_copies,
    "too_alike": too_alike,
    "officers_apart": officers_apart,
    "haste": haste,
}


def by_check(flags: pd.DataFrame) -> pd.DataFrame:
    """Number of officers with each flag, zero included: ``check``, ``officers``."""
    counts = flags.groupby("check")["officer"].nunique().reindex(list(CHECKS), fill_value=0)
    return counts.rename("officers").rename_axis("check").reset_index()


def _share(plots: pd.DataFrame, is_round: np.ndarray, honest: float, check: str) -> list[Row]:
    """Officers whose share of round numbers is beyond what chance makes of the ``honest`` one."""
    judged = judged_officers(plots)
    rows = []
    for officer, his in judged:
        found, size = int(is_round[his].sum()), int(his.sum())
        if stats.binom.sf(found - 1, size, honest) < limit(len(judged)):
            rows.append((check, officer, size, found / size, honest))
    return rows
