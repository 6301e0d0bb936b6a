"""What the readers share: numbers as the raw tables print them, and errors that name the place in a file."""

import math
import zipfile
import zlib
from pathlib import Path

from pipeline.refresh.fetch import NOTHING_CHANGED, RefreshError

# What an altered archive raises: wrong checksum, broken stream, or a flipped flag for a method or password.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
# A changed layout must be looked at by a person: no guess is made.
WHAT_TO_DO = "the reader in pipeline/refresh must be changed to it by hand"


def number_text(value: float) -> str | None:
    """A number as the raw tables print it: no zeros at the end, at most six decimals; missing stays missing."""
    if math.isnan(value):
        return None
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def layout_changed(file: Path, what: str) -> RefreshError:
    """The error for a file whose columns, units or sheets are not the known ones."""
    return RefreshError(f"{file.name}: the layout has changed: {what}; {WHAT_TO_DO}. {NOTHING_CHANGED}")


def damaged(file: Path, what: str) -> RefreshError:
    """The error for a file whose content cannot be right."""
    return RefreshError(f"{file.name}: {what}; the file is damaged or was altered: fetch it again. {NOTHING_CHANGED}")


def follow_on(file: Path, year: int, month: int, before: tuple[int, int] | None) -> None:
    """Check that a month is the one after the month ``before`` (year, month); a gap means a damaged file."""
    if not 1 <= month <= 12:
        raise damaged(file, f"month {month} of {year} is no month")
    if before and year * 12 + month != before[0] * 12 + before[1] + 1:
        raise damaged(file, f"{year}-{month:02d} follows on {before[0]}-{before[1]:02d}")
