"""Numbers, days and months as people write them, read by stated rules and never guessed.

A mark followed by exactly three digits ("1.200") is a decimal mark to one writer and a thousands mark to another.
It is read as the one that lies in the plausible range of its question; when both do or none does, it is a problem.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

PLAIN = re.compile(r"[+-]?\d+(?:[eE][+-]?\d+)?", re.ASCII)
THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(?:\1\d{3})+", re.ASCII)
BOTH_MARKS = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3})+,|(?:,\d{3})+\.)\d+", re.ASCII)
ONE_MARK = re.compile(r"[+-]?(\d*)[.,](\d+)(?:[eE][+-]?\d+)?", re.ASCII)
DAY_MONTH_YEAR = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T].*)?", re.ASCII)
MONTH_YEAR = re.compile(r"(\d{1,2})[/.-](\d{4})", re.ASCII)
YEAR_MONTH = re.compile(r"(\d{4})-(\d{1,2})(?:-\d{1,2}(?:[ T].*)?)?", re.ASCII)


def readings(text: str) -> tuple[float, float]:
    """``text`` with its mark as decimal mark and as thousands mark; both the same when only one reading exists.

    Text that is no number gives two missing values.
    """
    text = re.sub(r"[\s' _]", "", text)
    if PLAIN.fullmatch(text):
        return float(text), float(text)
    if THOUSANDS.fullmatch(text):
        return (value := float(re.sub("[.,]", "", text))), value
    if BOTH_MARKS.fullmatch(text):
        mark = max(text.rfind("."), text.rfind(","))
        return (value := float(re.sub("[.,]", "", text[:mark]) + "." + text[mark + 1 :])), value
    if found := ONE_MARK.fullmatch(text):
        whole, after = found[1], found[2]
        decimal = float(text.replace(",", "."))
        is_open = len(after) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"
        return decimal, float(re.sub("[.,]", "", text)) if is_open else decimal
    return np.nan, np.nan


def to_numbers(text: pd.Series, low: Any, high: Any, whole: bool = False) -> tuple[pd.Series, pd.Series]:
    """Numbers of a text column, and for each row the code of its problem ("" for none).

    ``low`` and ``high`` are the plausible range: numbers, or one per row where it depends on the unit. They decide
    between two readings only; whether a number is in bounds is checked elsewhere. Empty text is missing.
    """
    codes, distinct = pd.factorize(text)
    pairs = np.array([readings(value) for value in distinct] or [(np.nan, np.nan)], dtype=float)[codes]
    decimal, thousands = pairs[:, 0], pairs[:, 1]
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)

    def fits(values: np.ndarray) -> np.ndarray:
        return (values >= low) & (values <= high) & (~np.bool_(whole) | (values % 1 == 0))

    is_open = ~np.isnan(decimal) & (decimal != thousands)
    settled = fits(decimal) != fits(thousands)
    values = np.where(is_open & ~fits(decimal), thousands, decimal)
    values = np.where(is_open & ~settled, np.nan, values)
    problem = np.where(np.isnan(decimal) & (text != "").to_numpy(), "not_a_number", "")
    problem = np.where(is_open & ~settled, "ambiguous_number", problem)
    return pd.Series(values, text.index), pd.Series(problem, text.index, dtype=object)


def to_days(text: pd.Series) -> pd.Series:
    """Days in ISO or day/month/year writing; anything else, or what may be month/day/year as well, is missing."""
    return pd.to_datetime(_by_distinct(text, _day), errors="coerce")


def is_open_date(text: str) -> bool:
    """Whether a date has two readings, day/month/year and month/day/year."""
    found = DAY_MONTH_YEAR.fullmatch(text.strip())
    return found is not None and int(found[1]) != int(found[2]) and max(int(found[1]), int(found[2])) <= 12


def _day(text: str) -> Any:
    if is_open_date(text):
        return pd.NaT
    if found := DAY_MONTH_YEAR.fullmatch(text.strip()):
        text = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    return pd.to_datetime(text.strip()[:10], format="%Y-%m-%d", errors="coerce")


def to_months(text: pd.Series) -> pd.Series:
    """Months since year 0 (year x 12 + month - 1) from a day or a month, ISO or day/month/year; missing otherwise.

    A date that may be month/day/year as well is missing too.
    """
    return _by_distinct(text, _month).astype("float64")


def _month(text: str) -> float:
    text = text.strip()
    if is_open_date(text):
        return np.nan
    if found := DAY_MONTH_YEAR.fullmatch(text):
        year, month = int(found[3]), int(found[2])
    elif found := MONTH_YEAR.fullmatch(text):
        year, month = int(found[2]), int(found[1])
    elif found := YEAR_MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
    else:
        return np.nan
    return year * 12 + month - 1 if 1 <= month <= 12 else np.nan


def to_moments(text: pd.Series) -> pd.Series:
    """Moments as sortable ISO text in UTC, to the second; empty where none can be read, or more than one."""
    return _by_distinct(text, _moment).astype(object)


def _moment(text: str) -> str:
    if is_open_date(text):
        return ""
    if found := DAY_MONTH_YEAR.fullmatch(text.strip()):
        text = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}{text.strip()[found.end(3) :]}"
    moment = pd.to_datetime(text.strip(), utc=True, errors="coerce")
    return "" if pd.isna(moment) else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _by_distinct(text: pd.Series, read: Callable[[str], Any]) -> pd.Series:
    """``read`` applied once to each distinct text."""
    codes, distinct = pd.factorize(text)
    values = pd.Series([read(value) for value in distinct], dtype=object)
    return pd.Series(values.to_numpy()[codes] if len(values) else [], text.index, dtype=object)
