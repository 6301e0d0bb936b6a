"""The form as an XLSForm workbook that KoboToolbox and ODK Central read; the same bytes each time."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from pipeline.language import Text
from pipeline.survey import questions
from pipeline.survey.questions import LOGIC, NAMES

# A workbook carries dates of its making; this one has none to tell.
MADE = datetime(2026, 1, 1)
TEXTS = ("label", "hint", "constraint_message")
WIDTHS = {"type": 26, "name": 24, "label": 50, "hint": 40, "constraint_message": 40, "relevant": 36, "constraint": 36}


def workbook() -> bytes:
    """The XLSX file with the sheets ``survey``, ``choices`` and ``settings``."""
    book = Workbook()
    book.properties.created = MADE
    book.properties.creator = "kutim-cacao"
    for sheet, rows in (("survey", _survey()), ("choices", _choices()), ("settings", _settings())):
        _fill(book.create_sheet(sheet), rows)
    book.remove(book.worksheets[0])
    return _without_dates(book)


def _survey() -> list[list[str]]:
    header = ["type", "name", *_both(TEXTS), *LOGIC]
    rows = [
        [row.type, row.name, *_words(row.label, row.hint, row.constraint_message), *(getattr(row, k) for k in LOGIC)]
        for row in questions.questions()
        if row.medium != "paper"
    ]
    return [header, *rows]


def _choices() -> list[list[str]]:
    rows = [[row.list_name, row.name, *_words(row.label), row.subdistrict] for row in questions.choices()]
    return [["list_name", "name", *_both(("label",)), "subdistrict"], *rows]


def _settings() -> list[list[str]]:
    return [list(questions.settings()), list(questions.settings().values())]


def _both(columns: Sequence[str]) -> list[str]:
    return [f"{column}::{language}" for column in columns for language in NAMES.values()]


def _words(*texts: Text) -> list[str]:
    return [text.in_language(language) for text in texts for language in NAMES]


def _fill(sheet: Worksheet, rows: list[list[str]]) -> None:
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value:
                cell = sheet.cell(number, column, value)
                cell.data_type = "s"  # Text, also where it begins with "=".
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cell.font = Font(bold=number == 1)
    for column, name in enumerate(rows[0], 1):
        letter = sheet.cell(1, column).column_letter
        sheet.column_dimensions[letter].width = WIDTHS.get(name.split("::")[0], 20)
    sheet.freeze_panes = "C2"


def _without_dates(book: Workbook) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        # `Workbook.save` would write the present time.
        book.properties.modified = MADE
        ExcelWriter(book, archive).save()
    packed = io.BytesIO()
    with zipfile.ZipFile(made) as archive, zipfile.ZipFile(packed, "w") as target:
        for name in archive.namelist():
            # Stored, not compressed: other versions of zlib compress otherwise.
            target.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), archive.read(name))
    return packed.getvalue()
