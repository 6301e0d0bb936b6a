"""Columns of a sheet under the names of their questions, and choices as names instead of labels."""

import re

import pandas as pd

from pipeline.survey.errors import ExportError
from pipeline.survey.names import PLACE_PARTS, Form, Question, plain

# What spreadsheets make of the ticks of single choices when they are saved again, in the languages seen here.
TICKED, UNTICKED = ("1", "1.0", "true", "benar"), ("", "0", "0.0", "false", "salah")


def answers_of(sheet: pd.DataFrame, form: Form, repeat: str, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Columns of the sheet under the names of their questions, and the questions that it lacks.

    ``name`` of the sheet and its index, the number of the row, are told in an ``ExportError`` for a header that fits
    two questions or a column of one choice that holds something else than ticks.
    """
    whole: dict[str, pd.Series] = {}
    split: dict[str, list[tuple[str, pd.Series]]] = {}
    places: dict[str, dict[str, pd.Series]] = {}
    for place, header in enumerate(sheet.columns):
        found = form.find(header, repeat)
        if len({question.name for question, _ in found}) > 1:
            names = ", ".join(question.name for question, _ in found)
            raise ExportError(
                "judul kolom berlaku untuk dua pertanyaan, ekspor ulang dengan nama XML / "
                f"a header fits two questions, export again with XML names: {names}"
            )
        for question, choice in found[:1]:
            values = sheet.iloc[:, place].astype(object)
            if choice in PLACE_PARTS:
                places.setdefault(question.name, {})[choice] = values
            elif choice:
                _check_ticks(values, name, header)
                split.setdefault(question.name, []).append((choice, values))
            else:
                # Two versions of a form leave two columns for one question; each row has its answer in one.
                earlier = whole.get(question.name)
                whole[question.name] = values if earlier is None else earlier.where(earlier != "", values)
    answers = {name: _choices(values, form.by_name[name]) for name, values in whole.items()}
    for name, columns in split.items():
        joined = _join(columns)
        # The one column that holds all choices also holds what is no choice of the form.
        answers[name] = answers[name].where(answers[name] != "", joined) if name in answers else joined
    for question_name, parts in places.items():
        answers[question_name] = _place(parts, answers.get(question_name))
    asked = [question.name for question in form.questions if question.repeat == repeat]
    return pd.DataFrame(answers, index=sheet.index, dtype=object), [name for name in asked if name not in answers]


def _join(columns: list[tuple[str, pd.Series]]) -> pd.Series:
    """Columns of single choices, ticked or not, as one text of chosen names."""
    text = pd.Series("", columns[0][1].index, dtype=object)
    for name, values in columns:
        text = text + values.str.casefold().isin(TICKED).map({True: f" {name}", False: ""})
    return text.str.strip()


def _place(parts: dict[str, pd.Series], whole: pd.Series | None) -> pd.Series:
    """Columns of a place as one text, as phones write it; ``whole`` is the same text where the export has it."""
    empty = pd.Series("", next(iter(parts.values())).index, dtype=object)
    ordered = [parts.get(name, empty) for name in PLACE_PARTS]
    text = (ordered[0] + " " + ordered[1] + " " + ordered[2] + " " + ordered[3]).str.strip()
    text = text.where((ordered[0] != "") & (ordered[1] != ""), "")
    return text if whole is None else whole.where(whole != "", text)


def _check_ticks(values: pd.Series, sheet: str, header: str) -> None:
    """Refuse a column of one choice with anything but ticks: read as not ticked it would be wrong and silent."""
    wrong = values[~values.str.casefold().isin((*TICKED, *UNTICKED))]
    if len(wrong):
        raise ExportError(
            f"{sheet}, baris {wrong.index[0]}, kolom {header}: bukan 1 atau 0; ekspor ulang / "
            f"{sheet}, row {wrong.index[0]}, column {header}: is not 1 or 0; export again",
            wrong.iloc[0],
        )


def _choices(values: pd.Series, question: Question) -> pd.Series:
    """Choices as names; text that is no choice of the question stays as it is."""
    if not question.choices:
        return values
    read = {
        value: _several(value, question) if question.is_multiple else _one(value, question) for value in set(values)
    }
    return values.map(read)


def _one(value: str, question: Question) -> str:
    return question.choice_names.get(plain(value), value)


def _several(value: str, question: Question) -> str:
    """Names for a text of names or of labels, which may hold spaces themselves; longer labels are looked for first."""
    rest, found = plain(value), []
    labels = sorted(question.choice_names, key=len, reverse=True)
    while rest:
        label = next((label for label in labels if re.match(re.escape(label) + r"(?:[ ,;]|$)", rest)), None)
        if label is None:
            return value
        found.append(question.choice_names[label])
        rest = rest[len(label) :].lstrip(" ,;")
    return " ".join(found)
