"""Dates that a spreadsheet has written anew: whether 4/11 is in April or in November, from the file as a whole.

A spreadsheet writes all dates of a file in one order. Where one date shows it (13/4, or months whose day is always the
first), all are read so; where none does, the dates stay as they are and become problems.
"""

import pandas as pd

from pipeline.survey.checks import DAYS, MONTHS
from pipeline.survey.errors import ExportError
from pipeline.survey.names import REPEATS, Form
from pipeline.survey.numbers import DAY_MONTH_YEAR
from pipeline.survey.server import TIMES, plain_header

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
