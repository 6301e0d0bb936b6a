"""Columns of a sheet under the names of their questions, and choices as names instead of labels."""

import re

import pandas as pd

from pipeline.survey.exports import ExportError
from pipeline.survey.names import Form, Question, plain


def answers_of(sheet: pd.DataFrame, form: Form, repeat: str) -> tuple[pd.DataFrame, list[str]]:
    """Columns of the sheet under the names of their questions, and the questions that it lacks."""
    whole: dict[str, pd.Series] = {}
    split: dict[str, list[tuple[str, pd.Series]]] = {}
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
            if choice:
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
    asked = [question.name for question in form.questions if question.repeat == repeat]
    return pd.DataFrame(answers, index=sheet.index, dtype=object), [name for name in asked if name not in answers]


def _join(columns: list[tuple[str, pd.Series]]) -> pd.Series:
    """Columns of single choices, ticked or not, as one text of chosen names."""
    text = pd.Series("", columns[0][1].index, dtype=object)
    for name, values in columns:
        text = text + values.str.casefold().isin(["1", "1.0", "true"]).map({True: f" {name}", False: ""})
    return text.str.strip()


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
