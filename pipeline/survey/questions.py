"""The form of the plot survey as data: one row per question, read from the tables in ``survey/form``.

The tables are the source. They hold the columns of an XLSForm, and three kinds of words more: ``medium`` (a row only
for the ``screen`` or only for ``paper``), ``paper`` (where to go on, on paper) and ``short`` (a choice in a table).
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from pipeline.kit import paths
from pipeline.kit.data.sources import load_raw
from pipeline.kit.language import Text

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


REPEATS = ("harvest", "fertilizer")
PLACE_PARTS = ("latitude", "longitude", "altitude", "accuracy")


def plain(text: str) -> str:
    """Text as labels are compared: one space between words, no capitals, no formatting, no hint of a mark."""
    text = re.sub(r"<[^>]*>|[*_]{2}", "", text)
    return re.sub(r"\s+", " ", text).strip().casefold()


@dataclass(frozen=True)
class Field:
    """One question: XML name, XLSForm type, the repeat it stands in, labels, and labels of choices by name."""

    name: str
    kind: str
    repeat: str = ""
    labels: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def choice_names(self) -> dict[str, str]:
        """Name of a choice by its name and by its label in either language, as ``plain`` text."""
        by_label = {plain(label): name for name, labels in self.choices.items() for label in labels}
        return by_label | {plain(name): name for name in self.choices}

    @property
    def is_multiple(self) -> bool:
        """Whether more than one choice may be given."""
        return self.kind == "select_multiple"


@dataclass(frozen=True)
class Form:
    """All questions of the form, and the names of the groups and repeats that they stand in."""

    questions: tuple[Field, ...]
    groups: frozenset[str] = frozenset()

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Every question by its name."""
        return {question.name: question for question in self.questions}

    def label(self, name: str, language: str) -> str:
        """Label of a question in ``en`` or ``id``; its name where it has none."""
        labels = self.by_name[name].labels if name in self.by_name else ()
        return (labels[0 if language == "en" else -1] if labels else "") or name

    @cached_property
    def headers(self) -> dict[str, list[tuple[Field, str]]]:
        """What a header may read, as ``plain`` text: questions, and the choice or part for a column of one."""
        found: dict[str, list[tuple[Field, str]]] = {}
        for question in self.questions:
            for text in {plain(text) for text in (question.name, *question.labels) if text}:
                found.setdefault(text, []).append((question, ""))
                for label, choice in question.choice_names.items() if question.is_multiple else ():
                    found.setdefault(f"{text}/{label}", []).append((question, choice))
                # ODK Central has four columns for a place.
                for part in PLACE_PARTS if question.kind == "geopoint" else ():
                    for mark in "/-":
                        found.setdefault(f"{text}{mark}{part}", []).append((question, part))
        return found

    def find(self, header: str, repeat: str) -> list[tuple[Field, str]]:
        """Questions that a header of the sheet of ``repeat`` ("" for the main sheet) can mean, with the choice.

        Groups before the name are left out, first those set off by "/", then by "-" (ODK Central), then by any mark
        that is no letter, as KoboToolbox lets people choose one.
        """
        for text in _endings(plain(header)):
            named = [(question, choice) for question, choice in self.headers.get(text, []) if question.repeat == repeat]
            if named:
                return named
        return self._behind_groups(header, repeat)

    def _behind_groups(self, header: str, repeat: str) -> list[tuple[Field, str]]:
        """What a header means whose parts are names of groups, then that of a question or of one of its choices."""
        parts = [part for part in re.split(r"\W+", header) if part]
        own = next((place for place, part in enumerate(parts) if part not in self.groups), 0)
        found = self.headers.get("/".join(parts[own:]).casefold(), []) if own else []
        return [(question, choice) for question, choice in found if question.repeat == repeat]


def _endings(header: str) -> Iterator[str]:
    for mark in "/-":
        parts = header.split(mark)
        yield from (mark.join(parts[start:]) for start in range(len(parts)))


@cache
def load_form() -> Form:
    """The questions of the form, from its tables; repeats by their names in small letters."""
    found, groups = [], set()
    for row in questions():
        if row.kind.startswith("begin_"):
            groups.add(row.name)
        if row.medium != "paper" and row.kind != "note" and not row.kind.startswith(("begin_", "end_")):
            offered = {choice.name: (choice.label.en, choice.label.id) for choice in choices_of(row)}
            found.append(Field(row.name, row.kind, row.repeat.casefold(), (row.label.en, row.label.id), offered))
    return Form(tuple(found), frozenset(groups))
