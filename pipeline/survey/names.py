"""The names of the form and what an export may call them: XML names or labels, with or without groups."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from pipeline.survey.questions import choices_of, questions

REPEATS = ("harvest", "fertilizer")


def plain(text: str) -> str:
    """Text as labels are compared: one space between words, no capitals, no formatting, no hint of a mark."""
    text = re.sub(r"<[^>]*>|[*_]{2}", "", text)
    return re.sub(r"\s+", " ", text).strip().casefold()


@dataclass(frozen=True)
class Question:
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
    """All questions of the form."""

    questions: tuple[Question, ...]

    @cached_property
    def by_name(self) -> dict[str, Question]:
        """Every question by its name."""
        return {question.name: question for question in self.questions}

    def label(self, name: str, language: str) -> str:
        """Label of a question in ``en`` or ``id``; its name where it has none."""
        labels = self.by_name[name].labels if name in self.by_name else ()
        return (labels[0 if language == "en" else -1] if labels else "") or name

    @cached_property
    def headers(self) -> dict[str, list[tuple[Question, str]]]:
        """What a header may read, as ``plain`` text: questions, and the choice for a column of one choice."""
        found: dict[str, list[tuple[Question, str]]] = {}
        for question in self.questions:
            for text in {plain(text) for text in (question.name, *question.labels) if text}:
                found.setdefault(text, []).append((question, ""))
                for label, choice in question.choice_names.items() if question.is_multiple else ():
                    found.setdefault(f"{text}/{label}", []).append((question, choice))
        return found

    def find(self, header: str, repeat: str) -> list[tuple[Question, str]]:
        """Questions that a header of the sheet of ``repeat`` ("" for the main sheet) can mean, with the choice.

        Groups before the name are left out, first those set off by "/", then by "-" (ODK Central).
        """
        for text in _endings(plain(header)):
            named = [(question, choice) for question, choice in self.headers.get(text, []) if question.repeat == repeat]
            if named:
                return named
        return []


def _endings(header: str) -> Iterator[str]:
    for mark in "/-":
        parts = header.split(mark)
        yield from (mark.join(parts[start:]) for start in range(len(parts)))


@cache
def load_form() -> Form:
    """The questions of the form, from its tables; repeats by their names in small letters."""
    found = []
    for row in questions():
        if row.medium != "paper" and row.kind != "note" and not row.kind.startswith(("begin_", "end_")):
            offered = {choice.name: (choice.label.en, choice.label.id) for choice in choices_of(row)}
            found.append(Question(row.name, row.kind, row.repeat.casefold(), (row.label.en, row.label.id), offered))
    return Form(tuple(found))
