"""What contradicts itself: answers of one submission seen together, and amounts that no plot can give."""

from datetime import date

import numpy as np
import pandas as pd

from pipeline.survey.checks import Problems

# Above these a slip is more likely than the figure: twice the potential of the best clones, ten times a full dose.
HIGHEST = {
    "yield_kg_per_ha": (5000.0, "harvest_value"),
    "fertilizer_kg_per_ha": (5000.0, "fertilizer_value"),
    "n_kg_per_ha": (2000.0, "fertilizer_value"),
    "p_kg_per_ha": (2000.0, "fertilizer_value"),
    "k_kg_per_ha": (2000.0, "fertilizer_value"),
    "trees_per_ha": (5000.0, "tree_count"),
}
# What is counted, and what it is counted among.
PARTS = (
    ("pods_borer", "pods_counted"),
    ("pods_black_pod", "pods_counted"),
    ("pods_both", "pods_borer"),
    ("pods_both", "pods_black_pod"),
    ("trees_dieback", "trees_checked"),
)
# No visit was before the survey; and a phone without a signal sends within weeks, so that a year off shows.
FIRST_YEAR = 2020
LONGEST_WAY = pd.Timedelta(days=183)


def visit_day(answers: pd.DataFrame) -> pd.Series:
    """Day of the visit: as answered, else the day on which the form was filled in."""
    return answers["visit_date"].fillna(answers["today"])


def cross_check(
    answers: pd.DataFrame, rows: dict[str, pd.DataFrame], main: pd.DataFrame, today: date, problems: Problems
) -> None:
    """Problems that only show when two answers are seen together.

    ``answers`` and ``rows`` are typed, ``main`` holds the same submissions as text; both are indexed by record.
    """
    records = answers["record"]
    _days(answers, main, today, problems)
    for name in ("area_value", "area_unit"):
        problems.add(records, main[name] == "", name, main[name], "missing")
    for part, whole in PARTS:
        problems.add(records, answers[part] > answers[whole], part, main[part], "more_than_counted")
    for name, repeat in (("fertilizer_used", "fertilizer"), ("harvest_any", "harvest")):
        has_rows = answers.index.isin(rows[repeat]["record"])
        problems.add(records, (answers[name] == "no") & has_rows, name, main[name], "contradiction")
    _months(rows["harvest"], visit_day(answers), problems)


def _days(answers: pd.DataFrame, main: pd.DataFrame, today: date, problems: Problems) -> None:
    """Problems of the day of the visit; where nobody entered it, of the day on the phone in its place."""
    records, visit = answers["record"], visit_day(answers)
    sent = pd.to_datetime(main["time"].str[:10], errors="coerce")
    latest = sent.fillna(pd.Timestamp(today))
    # A day of grace: the phone and the server may stand in two time zones.
    wrong = {
        "future": visit > latest + pd.Timedelta(days=1),
        "long_ago": visit.dt.year < FIRST_YEAR,
        "far_from_sending": (visit < sent - LONGEST_WAY) & (visit.dt.year >= FIRST_YEAR),
    }
    by_phone = answers["visit_date"].isna()
    shown = visit.dt.strftime("%Y-%m-%d")
    for code, mask in wrong.items():
        problems.add(records, mask & ~by_phone, "visit_date", shown, code)
    is_wrong = pd.DataFrame(wrong).any(axis=1)
    problems.add(records, is_wrong & by_phone, "today", shown, "phone_clock")
    problems.add(records, visit.isna() | (is_wrong & by_phone), "visit_date", main["visit_date"], "missing")


def _months(harvest: pd.DataFrame, visit: pd.Series, problems: Problems) -> None:
    start, end = harvest["harvest_month_from"], harvest["harvest_month_to"]
    seen = (visit.dt.year * 12 + visit.dt.month - 1).reindex(harvest["record"]).set_axis(harvest.index)
    span = start.map(_month).astype(object) + " - " + end.map(_month).astype(object)
    problems.add(harvest["record"], end < start, "harvest_month_to", span, "month_order")
    problems.add(harvest["record"], end > seen, "harvest_month_to", span, "future")


def _month(month: float) -> str:
    return "?" if np.isnan(month) else f"{int(month // 12)}-{int(month % 12) + 1:02}"


def implausible(plots: pd.DataFrame, problems: Problems) -> None:
    """Problems of amounts per ha that are too high for any plot."""
    for name, (most, question) in HIGHEST.items():
        shown = plots[name].map("{:.0f} per ha".format)
        problems.add(plots["record"], plots[name] > most, question, shown, "implausible")
