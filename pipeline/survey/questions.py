"""The form of the plot survey as data: one row per question, read from the tables in ``survey/form``.

The tables are the source. They hold the columns of an XLSForm, and three kinds of words more: ``medium`` (a row only
for the ``screen`` or only for ``paper``), ``paper`` (where to go on, on paper) and ``short`` (a choice in a table).
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline import paths
from pipeline.language import Text
from pipeline.sources import load_raw

FOLDER = paths.ROOT / "survey" / "form"
NAMES = {"id": "Bahasa Indonesia (id)", "en": "English (en)"}
VILLAGES = "villages_kutai_timur"
OTHER = Text("Other place", "Tempat lain")
# Words in two languages, and in which table they stand.
SURVEY_TEXTS = ("label", "hint", "constraint_message", "paper")
CHOICE_TEXTS = ("label", "short")
LOGIC = ("required", "relevant", "constraint", "calculation", "default", "appearance", "choice_filter")
META = ("start", "end", "today", "deviceid")


class FormError(ValueError):
    """The tables of the form cannot be used; the message names table, line and what is wrong."""


@dataclass(frozen=True)
class Question:
    """One row of the form: a question, a note, a calculation, or the begin or end of a group or repeat."""

    type: str
    name: str
    medium: str
    label: Text
    hint: Text
    constraint_message: Text
    paper: Text
    required: str
    relevant: str
    constraint: str
    calculation: str
    default: str
    appearance: str
    choice_filter: str
    repeat: str = ""

    @property
    def kind(self) -> str:
        """The type without the list of choices."""
        return self.type.split(" ")[0]

    @property
    def list_name(self) -> str:
        """The list of choices of a select; empty for others."""
        return self.type.split(" ")[1] if self.kind.startswith("select_") else ""

    @property
    def is_asked(self) -> bool:
        """Whether someone has to answer."""
        return self.kind not in {"note", "calculate", *META} and not self.kind.startswith(("begin_", "end_"))


@dataclass(frozen=True)
class Choice:
    """One answer of a list; ``subdistrict`` says which villages are shown."""

    list_name: str
    name: str
    label: Text
    short: Text
    subdistrict: str = ""


@cache
def questions() -> tuple[Question, ...]:
    """All rows of ``survey.csv`` in their order, each with the repeat it stands in."""
    rows, repeat = [], ""
    for row in _read("survey", ("type", "name", "medium", *LOGIC), SURVEY_TEXTS):
        if row["type"] == "begin_repeat":
            repeat = row["name"]
        rows.append(Question(**row, repeat=repeat))
        if row["type"] == "end_repeat":
            repeat = ""
    return tuple(rows)


@cache
def choices() -> tuple[Choice, ...]:
    """All choices: those of ``choices.csv``, then subdistricts and villages of Kutai Timur from the raw table."""
    return (*(Choice(**row) for row in _read("choices", ("list_name", "name"), CHOICE_TEXTS)), *_places())


@cache
def settings() -> dict[str, str]:
    """Title, id, version and the like of the form."""
    return {row["setting"]: row["value"] for row in _read("settings", ("setting", "value"), ())}


def choices_of(question: Question) -> list[Choice]:
    """The choices of a select, in their order; none for other questions."""
    return [choice for choice in choices() if choice.list_name == question.list_name]


def slug(name: str) -> str:
    """Name of a place as a choice: ``long_bentuq``."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _places() -> list[Choice]:
    villages, nothing = load_raw(VILLAGES).sort_values(["subdistrict", "village"]), Text("", "")
    other = [Choice(name, "other", OTHER, nothing) for name in ("subdistrict", "village")]
    subdistricts = [
        Choice("subdistrict", slug(name), Text(name, name), nothing) for name in villages["subdistrict"].unique()
    ]
    return [
        *subdistricts,
        other[0],
        *(
            Choice("village", slug(village), Text(village, village), nothing, slug(subdistrict))
            for village, subdistrict in zip(villages["village"], villages["subdistrict"], strict=True)
        ),
        other[1],
    ]


def _read(name: str, columns: tuple[str, ...], texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of a table with the columns of ``texts`` as ``Text``; raises ``FormError`` where a line does not fit."""
    path = FOLDER / f"{name}.csv"
    expected = {*columns, *(f"{text}::{language}" for text in texts for language in NAMES.values())}
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if set(reader.fieldnames or ()) != expected:
            raise FormError(f"{paths.shown(path)}: columns must be {', '.join(sorted(expected))}")
        for row in reader:
            if None in row or None in row.values():
                raise FormError(f"{paths.shown(path)}, line {reader.line_num}: more or fewer cells than the header")
            words: dict[str, Any] = {column: row[column].strip() for column in columns}
            for text in texts:
                both = {language: row[f"{text}::{column}"].strip() for language, column in NAMES.items()}
                if bool(both["en"]) != bool(both["id"]):
                    raise FormError(f"{paths.shown(path)}, line {reader.line_num}: {text} stands in one language only")
                words[text] = Text(**both)
            rows.append(words)
    return rows
