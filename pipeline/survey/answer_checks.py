"""The contract of every answer: its type, bounds and closed list; what breaks it is a problem with its place."""

from datetime import date

import numpy as np
import pandas as pd

from pipeline.survey import server
from pipeline.survey.numbers import DAY_MONTH_YEAR, is_open_date, to_days, to_months, to_numbers
from pipeline.survey.privacy import ExportError, pseudonyms
from pipeline.survey.questions import REPEATS, Field, Form
from pipeline.survey.server import TIMES, plain_header
from pipeline.survey.store import names

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


def _answer(question: Field, text: pd.Series, frame: pd.DataFrame, records: pd.Series, problems: Problems) -> pd.Series:
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


def _number(question: Field, text: pd.Series, frame: pd.DataFrame, records: pd.Series, problems: Problems) -> pd.Series:
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


def _several(question: Field, text: pd.Series, records: pd.Series, problems: Problems) -> pd.Series:
    """Choices sorted with ";" between them; missing where nothing or "don't know" was chosen."""
    known = set(question.choices)
    chosen = {value: sorted(set(value.split())) for value in set(text)}
    unknown = text.map({value: not known.issuperset(names) for value, names in chosen.items()}).astype(bool)
    mixed = {value: len(names) > 1 and not {"none", "dont_know"}.isdisjoint(names) for value, names in chosen.items()}
    problems.add(records, unknown, question.name, text, "unknown_choice")
    problems.add(records, text.map(mixed).astype(bool), question.name, text, "exclusive_choice")
    joined = text.map({value: ";".join(names) for value, names in chosen.items()})
    return joined.where(~unknown & (joined != "") & (joined != "dont_know")).astype(object)


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


Places = list[tuple[str, int, bool]]


def settled(sheets: dict[str, pd.DataFrame], form: Form) -> dict[str, pd.DataFrame]:
    """The sheets with dates in ISO writing where the file shows their order.

    Raises ``ExportError`` where two dates of the file show different orders.
    """
    places = _places(sheets, form)
    shown = {name: _first_shown(sheets, places, name) for name in ("day", "month")}
    if shown["day"] and shown["month"]:
        raise ExportError(
            f"tanggal ditulis dengan dua urutan; hari dahulu: {shown['day']}; bulan dahulu: {shown['month']}; ekspor "
            f"ulang tanpa menyimpannya di Excel / dates stand in two orders; day first: {shown['day']}; month first: "
            f"{shown['month']}; export again without saving it in a spreadsheet"
        )
    if not shown["day"] and not shown["month"]:
        return sheets
    result = {name: sheet.copy() for name, sheet in sheets.items()}
    for name, place, _ in places:
        text = result[name].iloc[:, place]
        result[name].isetitem(place, text.map({value: _iso(value, bool(shown["month"])) for value in text.unique()}))
    return result


def _places(sheets: dict[str, pd.DataFrame], form: Form) -> Places:
    """Columns of dates by sheet and place, and whether they hold months."""
    found = []
    for name, sheet in sheets.items():
        for place, header in enumerate(sheet.columns):
            questions = {q.name for repeat in ("", *REPEATS) for q, _ in form.find(header, repeat)}
            if plain_header(header) in TIMES or questions & {*DAYS, *MONTHS}:
                found.append((name, place, bool(questions & {*MONTHS})))
    return found


def _first_shown(sheets: dict[str, pd.DataFrame], places: Places, first: str) -> str:
    """The sheet, row and column of the first date that can only have the day, or the month, in front; "" for none."""
    for name, place, is_month in places:
        sheet = sheets[name]
        parts = sheet.iloc[:, place].str.extract(DAY_MONTH_YEAR)[[0, 1]].dropna().astype(int)
        front, back = (parts[0], parts[1]) if first == "day" else (parts[1], parts[0])
        # Months are asked without a day, and kept with the first day.
        shows = parts.index[(front > 12) | (is_month & (front == 1) & (back != 1))]
        if len(shows):
            return f"{name}, baris/row {shows[0]}, {sheet.columns[place]}"
    return ""


def _iso(text: str, is_month_first: bool) -> str:
    found = DAY_MONTH_YEAR.fullmatch(text.strip())
    if not found:
        return text
    month, day = (found[1], found[2]) if is_month_first else (found[2], found[1])
    return f"{found[3]}-{int(month):02}-{int(day):02}{text.strip()[found.end(3) :]}"


# What a phone adds by itself differs between two copies of one visit.
OF_THE_PHONE = ("start", "end", "today", "deviceid")


def reviewed(kept: pd.DataFrame) -> pd.DataFrame:
    """Problems of submissions that review on the server rejected or put on hold; ``kept`` is indexed by record."""
    held = kept[kept["review"].isin([server.REJECTED, server.ON_HOLD])]
    return _problems(held["id"], "review", held["review"], "review_" + held["review"])


def unlinked(kept: pd.DataFrame) -> pd.DataFrame:
    """Problems of edits that share a farm, and number and time of the server, with a submission of another id.

    The version between the two is in no export, and the export does not give the id of the first.
    """
    numbered = kept[(kept["number"] != "") & (kept["time"] != "")]
    same = numbered.groupby(["number", "time", "farm_id"])["id"].transform("nunique") > 1
    edits = numbered[same & (numbered["replaces"] != "")]
    return _problems(edits["id"], "id", edits["number"], "edit_unlinked")


def copies(kept: pd.DataFrame) -> pd.DataFrame:
    """Problems of submissions that say of one farm what another says to the last word: one visit, sent again.

    ``kept`` has the column ``content_key``. The first by time, then by id, counts.
    """
    ordered = kept.sort_values(["time", "id"])
    again = ordered[ordered["content_key"].duplicated()]
    return _problems(again["id"], "id", pd.Series("", again.index), "copy")


def content_keys(
    asked: pd.DataFrame, farms: pd.Series, repeats: dict[str, pd.DataFrame], form: Form, salt: bytes
) -> pd.Series:
    """Keyed hash of all that a submission says of a farm, by record; one whose names were deleted keeps its own.

    ``asked`` and ``farms``, their pseudonyms, are indexed by record.
    """
    said = asked[[name for name in names(form, "") if name not in OF_THE_PHONE]].assign(farm=farms)
    content = pd.util.hash_pandas_object(said, index=False).set_axis(asked.index)
    for rows in repeats.values():
        below = pd.util.hash_pandas_object(rows.drop(columns="record"), index=False)
        content = content + below.groupby(rows["record"].to_numpy()).sum().reindex(asked.index, fill_value=0)
    keys = pseudonyms(salt, "content", content.map("{:016x}".format))
    return asked["content_key"].where(asked["content_key"] != "", keys)


def _problems(ids: pd.Series, question: str, values: pd.Series, code: str | pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"id": ids, "question": question, "value": values, "code": code}, dtype=object)
