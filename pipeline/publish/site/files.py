"""Files that the site hands out: figures in every format, tables as CSV, the brief as PDF."""

import csv
import shutil
from pathlib import Path

from pipeline import paths

# A spreadsheet runs a cell that begins so as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def copy_files(target: Path) -> None:
    """Copy what pages link to: ``files/STAGE/...`` for figures and tables, ``files/data/...`` for clean tables."""
    for path in sorted(paths.RESULTS.glob("*/figures/*.*")):
        if path.suffix != ".json":
            _copy(path, target / path.parts[-3] / path.name)
    for path in sorted(paths.RESULTS.glob("*/estimates.csv")):
        _copy(path, target / path.parent.name / path.name)
    for path in sorted(paths.CLEAN.glob("*.csv")):
        _copy(path, target / "data" / path.name)
    for path in sorted((paths.RESULTS / "12_brief").glob("brief.*.pdf")):
        _copy(path, target / "12_brief" / path.name)


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        copy_csv(path, target)
    else:
        shutil.copyfile(path, target)


def copy_csv(path: Path, target: Path) -> None:
    """Copy a table so that no spreadsheet runs a cell as a formula: such a text stands behind an apostrophe."""
    with path.open(encoding="utf-8", newline="") as read, target.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written, lineterminator="\n")
        writer.writerows([harmless(cell) for cell in row] for row in csv.reader(read))


def harmless(cell: str) -> str:
    """The cell itself, or behind an apostrophe when it is no number and begins like a formula."""
    if not cell.startswith(FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell
