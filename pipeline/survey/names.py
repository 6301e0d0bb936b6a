"""The names of the form and what an export may call them: XML names or labels, with or without groups."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from pipeline.survey.questions import choices_of, questions

REPEATS = ("harvest", "fertilizer")
PLACE_PARTS = ("latitude", "longitude", "altitude", "accuracy")


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
    """All questions of the form, and the names of the groups and repeats that they stand in."""

    questions: tuple[Question, ...]
    groups: frozenset[str] = frozenset()

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
        """What a header may read, as ``plain`` text: questions, and the choice or part for a column of one."""
        found: dict[str, list[tuple[Question, str]]] = {}
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

    def find(self, header: str, repeat: str) -> list[tuple[Question, str]]:
        """Questions that a header of the sheet of ``repeat`` ("" for the main sheet) can mean, with the choice.

        Groups before the name are left out, first those set off by "/", then by "-" (ODK Central), then by any mark
        that is no letter, as KoboToolbox lets people choose one.
        """
        for text in _endings(plain(header)):
            named = [(question, choice) for question, choice in self.headers.get(text, []) if question.repeat == repeat]
            if named:
                return named
        return self._behind_groups(header, repeat)

    def _behind_groups(self, header: str, repeat: str) -> list[tuple[Question, str]]:
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
            found.append(Question(row.name, row.kind, row.repeat.casefold(), (row.label.en, row.label.id), offered))
    return Form(tuple(found), frozenset(groups))
