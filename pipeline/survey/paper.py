"""The form on paper: the same questions with numbers, boxes to tick, lines to write on and where to go on.

Answers on paper are typed into the same form later. Set by Typst from ``paper.typ`` with the letters that come with
Typst and Matplotlib and without a date, so that every machine makes the same file, tagged for screen readers.
"""

import json
import re
from pathlib import Path
from typing import Any

import matplotlib
import typst

from pipeline.language import Text
from pipeline.survey import questions
from pipeline.survey.questions import FormError, Question, choices_of

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
