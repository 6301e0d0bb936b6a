"""Write the form from its tables: the XLSForm workbook, and the paper version in both languages."""

import argparse
import io
import json
import re
import sys
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib
import typst
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from pipeline.kit import paths
from pipeline.kit.language import LANGUAGES, Text
from pipeline.survey import questions
from pipeline.survey.questions import LOGIC, NAMES, FormError, Question, choices_of

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


TEMPLATE = Path(__file__).with_name("paper.typ")
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
TITLE = Text("Cacao plot visit, Kutai Timur", "Kunjungan kebun kakao, Kutai Timur")
HOW_TO = Text(
    "Tick boxes and write clearly. Leave empty what is not known; do not guess.",
    "Beri tanda pada kotak dan tulis dengan jelas. Kosongkan yang tidak diketahui; jangan menebak.",
)
HEADER = Text("Code of farm or farmer", "Kode kebun atau petani")
DATE = Text("Date", "Tanggal")
CODE = Text("code", "kode")
MONTH = Text("mm/yy", "bln/thn")
# Said once above all questions, so not again below each.
UNKNOWN = Text("Leave empty if not known.", "Kosongkan bila tidak tahu.")
# An answer inside a sentence is the answer of that number.
ANSWERS = {
    "office": Text("the office of no. {}", "lembaga pada no. {}"),
    "office_contact": Text("the contact of no. {}", "kontak pada no. {}"),
}
ROWS = {"HARVEST": 8, "FERTILIZER": 4}
# Longer lists become a line to write on; in tables a code.
MOST_BOXES, MOST_BOXES_IN_CELL = 12, 4


def document(language: str) -> bytes:
    """The form as PDF in ``en`` or ``id``, A4."""
    return typst.compile(TEMPLATE.read_bytes(), format="pdf", pdf_standards="ua-1", **_inputs(language))


def pictures(language: str) -> list[bytes]:
    """The same sheets as PNG, to look at."""
    made = typst.compile(TEMPLATE.read_bytes(), format="png", ppi=100, **_inputs(language))
    return made if isinstance(made, list) else [made]


def _inputs(language: str) -> dict[str, Any]:
    inputs = {"content": json.dumps(content(language), ensure_ascii=False)}
    return {"font_paths": [FONTS], "ignore_system_fonts": True, "sys_inputs": inputs}


def numbers() -> dict[str, int]:
    """Number on paper of every question that paper asks, by its name."""
    return {row.name: number for number, row in enumerate(filter(_asked, questions.questions()), 1)}


def content(language: str) -> dict[str, Any]:
    """What the template sets: title, words and the items in their order."""
    items: list[dict[str, Any]] = []
    for row in questions.questions():
        if row.medium == "screen":
            continue
        if row.type == "begin_repeat":
            items.append(_table(row, language))
        elif row.type == "begin_group" and _in_group(row):
            items.append({"kind": "heading", "text": row.label.in_language(language)})
        elif row.kind == "note":
            items.append({"kind": "note", "text": _sentence(row.label, language)})
        elif _asked(row) and not row.repeat:
            items.append(_item(row, language))
    words = {"title": TITLE, "how_to": HOW_TO, "header": HEADER, "date": DATE}
    said = {name: text.in_language(language) for name, text in words.items()}
    return {"language": language, "version": questions.settings()["version"], "items": items, **said}


def _asked(row: Question) -> bool:
    return row.is_asked and row.medium != "screen"


def _in_group(group: Question) -> bool:
    """Whether paper asks anything in a group."""
    rows = questions.questions()
    begin = rows.index(group)
    end = next(place for place in range(begin, len(rows)) if rows[place].type == "end_group")
    return any(map(_asked, rows[begin:end]))


def _sentence(text: Text, language: str) -> str:
    """Words of the form with its numbers in the place of names."""
    found = text.in_language(language)
    for name in re.findall(r"\$\{(\w+)\}", found):
        if name not in ANSWERS:
            raise FormError(f"paper has no words for the answer ${{{name}}}")
        found = found.replace(f"${{{name}}}", ANSWERS[name].in_language(language).format(numbers()[name]))
    return re.sub(r"\{(\w+)\}", lambda match: str(numbers()[match[1]]), found)


def _item(row: Question, language: str) -> dict[str, Any]:
    hint = row.hint.in_language(language).replace(UNKNOWN.in_language(language), "").strip()
    options = _options(row, language)
    return {
        "kind": row.kind if len(options) <= MOST_BOXES else "text",
        "number": numbers()[row.name],
        "text": _sentence(row.label, language),
        "hint": hint,
        "goto": _sentence(row.paper, language),
        "options": options if len(options) <= MOST_BOXES else [],
        "is_tall": row.appearance == "multiline",
    }


def _table(repeat: Question, language: str) -> dict[str, Any]:
    columns = [row for row in questions.questions() if row.repeat == repeat.name and _asked(row)]
    legends = [
        f"{row.label.in_language(language)}: "
        + "; ".join(f"**{code}**\u00a0{option}" for code, option in enumerate(_options(row, language), 1))
        for row in columns
        if len(choices_of(row)) > MOST_BOXES_IN_CELL
    ]
    return {
        "kind": "table",
        "goto": _sentence(repeat.paper, language),
        "columns": [_column(row, language) for row in columns],
        "rows": ROWS[repeat.name],
        "legends": legends,
    }


def _column(row: Question, language: str) -> dict[str, Any]:
    coded = len(choices_of(row)) > MOST_BOXES_IN_CELL
    unit = CODE if coded else MONTH if row.appearance == "month-year" else Text("", "")
    return {
        "number": numbers()[row.name],
        "text": row.label.in_language(language),
        "unit": unit.in_language(language),
        "options": [] if coded else _options(row, language, short=True),
    }


def _options(row: Question, language: str, short: bool = False) -> list[str]:
    """The choices of a question in words; in short ones, where there are such, if ``short`` asks for them."""
    texts = [choice.short if short and choice.short.id else choice.label for choice in choices_of(row)]
    return [text.in_language(language) for text in texts]


FOLDER = paths.ROOT / "survey"


def files() -> dict[str, bytes]:
    """Content of every file made from the tables, by its name."""
    printed = {f"plot_visit.{language}.pdf": document(language) for language in LANGUAGES}
    return {"plot_visit.xlsx": workbook(), **printed}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write ``plot_visit.xlsx`` and the PDFs to ``survey/`` or to a folder; returns the exit code."""
    parser = argparse.ArgumentParser(prog="cacao survey form", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="folder to write to, survey/ if left out")
    folder = parser.parse_args(arguments).folder
    try:
        made = files()
    except FormError as error:
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (folder / name).write_bytes(content)
        print(f"{paths.shown(folder / name)} written")
    return 0
