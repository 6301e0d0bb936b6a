"""The contract of every answer: its type, bounds and closed list; what breaks it is a problem with its place."""

import numpy as np
import pandas as pd

from pipeline.survey.names import Form, Question
from pipeline.survey.numbers import is_open_date, to_days, to_months, to_numbers

# Least and greatest value of a number, and the least that is plausible when its mark can be read in two ways.
BOUNDS: dict[str, tuple[float, float, float]] = {
    "plot_number": (1, 20, 1),
    "area_mature_share_percent": (0, 100, 0),
    "tree_count": (1, 30000, 20),
    "spacing_row_m": (1, 10, 1),
    "spacing_tree_m": (1, 10, 1),
    "age_years": (0, 60, 0),
    "harvest_karung_kg": (10, 120, 10),
    "price_idr_per_kg": (1000, 500000, 1000),
    "fertilizer_karung_kg": (5, 100, 5),
    "pods_counted": (0, 2000, 10),
    "pods_borer": (0, 2000, 0),
    "pods_black_pod": (0, 2000, 0),
    "pods_both": (0, 2000, 0),
    "trees_checked": (0, 500, 0),
    "trees_dieback": (0, 500, 0),
    "pruning": (0, 52, 0),
    "sanitation": (0, 52, 0),
    "weeding": (0, 52, 0),
    "harvest_interval_days": (1, 60, 1),
    "grafting_year": (1980, 2100, 1980),
    "sleeving_share_percent": (0, 100, 0),
    "training_days": (1, 365, 1),
    "visits_12_months": (0, 365, 0),
    "weather_loss_percent": (0, 100, 0),
}
# The same where the bounds depend on another answer, by its name and choice.
BOUNDS_BY: dict[str, tuple[str, dict[str, tuple[float, float, float]]]] = {
    "area_value": ("area_unit", {"ha": (0.05, 10, 0.05), "are": (5, 1000, 5), "m2": (500, 100000, 500)}),
    "harvest_value": ("harvest_unit", {"kg": (0, 30000, 10), "karung": (0, 600, 0.5), "ton": (0, 30, 0.01)}),
    "fertilizer_value": ("fertilizer_unit", {"kg": (0, 50000, 2), "karung": (0, 1000, 0.2)}),
    "fertilizer_price_idr": ("fertilizer_unit", {"kg": (0, 200000, 100), "karung": (0, 10000000, 1000)}),
}
MONTHS = ("harvest_month_from", "harvest_month_to")
DAYS = ("visit_date", "today")
PROBLEM_COLUMNS = ["record", "question", "value", "code"]


class Problems:
    """Problems as they are found; ``frame`` has one row each: record, question, value as it came, code."""

    def __init__(self) -> None:
        self._found: list[pd.DataFrame] = []

    def add(self, records: pd.Series, mask: pd.Series, question: str, values: pd.Series, code: str) -> None:
        """Note the rows of ``mask`` under a question; ``values`` are what the reader of the report must look for."""
        if mask.any():
            rows = {"record": records[mask], "question": question, "value": values[mask].astype(str), "code": code}
            self._found.append(pd.DataFrame(rows))

    @property
    def frame(self) -> pd.DataFrame:
        """All problems found so far."""
        empty = pd.DataFrame(columns=PROBLEM_COLUMNS, dtype=object)
        return pd.concat([empty, *self._found], ignore_index=True).drop_duplicates(ignore_index=True)


def typed(frame: pd.DataFrame, form: Form, repeat: str, problems: Problems) -> pd.DataFrame:
    """Answers of the main sheet or of a repeat in their types; a value that breaks its contract is missing.

    ``frame`` is text with the column ``record``. Numbers are floats, months are counted from year 0, days are
    timestamps, choices are text; questions that nobody asked are missing throughout.
    """
    records = frame["record"]
    result = {"record": records}
    for question in form.questions:
        if question.repeat == repeat:
            text = frame[question.name] if question.name in frame else pd.Series("", frame.index, dtype=object)
            result[question.name] = _answer(question, text, frame, records, problems)
    return pd.DataFrame(result, index=frame.index)


def _answer(
    question: Question, text: pd.Series, frame: pd.DataFrame, records: pd.Series, problems: Problems
) -> pd.Series:
    if question.name in MONTHS or question.name in DAYS:
        values = to_months(text) if question.name in MONTHS else to_days(text)
        is_open = text.map({value: is_open_date(value) for value in text.unique()}).astype(bool)
        problems.add(records, is_open, question.name, text, "ambiguous_date")
        problems.add(records, (text != "") & values.isna() & ~is_open, question.name, text, "not_a_date")
        return values
    if question.kind in ("integer", "decimal"):
        return _number(question, text, frame, records, problems)
    if question.kind == "select_one":
        known = text.isin(list(question.choices))
        problems.add(records, (text != "") & ~known, question.name, text, "unknown_choice")
        return text.where(known & (text != "dont_know")).astype(object)
    if question.is_multiple:
        return _several(question, text, records, problems)
    return text


def _number(
    question: Question, text: pd.Series, frame: pd.DataFrame, records: pd.Series, problems: Problems
) -> pd.Series:
    least, most, plausible = bounds(question.name, frame)
    is_whole = question.kind == "integer"
    values, codes = to_numbers(text, plausible, most, is_whole)
    for code in ("not_a_number", "ambiguous_number"):
        problems.add(records, codes == code, question.name, text, code)
    problems.add(records, (values < least) | (values > most), question.name, text, "out_of_range")
    problems.add(records, values.notna() & (values % 1 != 0) & is_whole, question.name, text, "not_whole")
    return values.where((values >= least) & (values <= most))


def bounds(name: str, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least, greatest and least plausible value of a number in each row; without bounds where none are declared."""
    free = (-np.inf, np.inf, -np.inf)
    if name not in BOUNDS_BY:
        least, most, plausible = (np.full(len(frame), value) for value in BOUNDS.get(name, free))
        return least, most, plausible
    other, by_choice = BOUNDS_BY[name]
    # Without the unit, what any unit allows.
    widest = tuple(pick(choice[place] for choice in by_choice.values()) for place, pick in enumerate((min, max, min)))
    units = frame[other] if other in frame else pd.Series("", frame.index)
    chosen = np.array([by_choice.get(unit, widest) for unit in units], dtype=float).reshape(-1, 3)
    return chosen[:, 0], chosen[:, 1], chosen[:, 2]


def _several(question: Question, text: pd.Series, records: pd.Series, problems: Problems) -> pd.Series:
    """Choices sorted with ";" between them; missing where nothing or "don't know" was chosen."""
    known = set(question.choices)
    chosen = {value: sorted(set(value.split())) for value in set(text)}
    unknown = text.map({value: not known.issuperset(names) for value, names in chosen.items()}).astype(bool)
    mixed = {value: len(names) > 1 and not {"none", "dont_know"}.isdisjoint(names) for value, names in chosen.items()}
    problems.add(records, unknown, question.name, text, "unknown_choice")
    problems.add(records, text.map(mixed).astype(bool), question.name, text, "exclusive_choice")
    joined = text.map({value: ";".join(names) for value, names in chosen.items()})
    return joined.where(~unknown & (joined != "") & (joined != "dont_know")).astype(object)
