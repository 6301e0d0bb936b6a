"""Cells of a table as text, the same whether they come from a workbook or from a text file."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd


def framed(columns: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """A sheet of text without margins."""
    return pd.DataFrame(dict(enumerate(map(_texts, columns))), dtype=object)


def _texts(column: Sequence[Any]) -> list[str]:
    """The cells of a column as text."""
    # A one and a true are the same key.
    return [_text(value) for value in column] if bool in set(map(type, column)) else _each_once(column, _text)


def _each_once(values: Sequence[Any], read: Callable[[Any], str]) -> list[str]:
    """What ``read`` makes of every value; equal values, which are most in an export, are read once."""
    known = {value: read(value) for value in set(values)}
    return list(map(known.__getitem__, values))


def _text(value: Any) -> str:
    """A cell as text; a number is written so that its decimal mark cannot be taken for a thousands mark."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return text + "0" if "." in text and len(text.split(".")[1]) == 3 else text
    if isinstance(value, datetime):
        return value.isoformat() if value.time().isoformat() != "00:00:00" else value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
