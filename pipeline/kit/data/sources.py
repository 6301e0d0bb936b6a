"""The registry of raw sources: what each raw table is, where its figures come from, and that it is unchanged.

``data/raw/sources.yaml`` holds one record per source and one per raw table. A table without a record, a
record without a table, a row whose source is not registered, or a hash that differs is an error.
"""

import csv
import hashlib
import io
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pipeline.kit import paths
from pipeline.kit import yaml_text

SOURCE_FIELDS = {
    "title",
    "publisher",
    "year",
    "citation",
    "url",
    "archive_url",
    "date_read",
    "licence",
    "redistribute",
    "read_as",
    "contact",
    "notes",
}
TABLE_FIELDS = {"title", "sha256", "rows", "what_was_done", "sources"}
REDISTRIBUTE = {"yes", "facts_only", "unclear", "no"}


class SourceError(ValueError):
    """A raw table or its record cannot be used; the message names file, row, column and value."""


@cache
def load_registry() -> dict[str, Any]:
    """The parsed registry, a mapping with the keys ``tables`` and ``sources``."""
    path = paths.RAW / "sources.yaml"
    try:
        registry = yaml_text.load(path.read_bytes())
    except (OSError, yaml_text.YAMLError) as error:
        raise SourceError(f"{paths.shown(path)} cannot be read: {error}") from error
    if not isinstance(registry, dict) or set(registry) != {"tables", "sources"}:
        raise SourceError(f"{paths.shown(path)} must hold the two maps 'tables' and 'sources'")
    return registry


def sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verify() -> int:
    """Check every raw table against its record and every record against the tables.

    Returns the number of tables. Raises ``SourceError`` that lists all problems, not only the first.
    """
    registry = load_registry()
    damaged = [
        f"{kind} '{name}': the record is empty or no map"
        for kind in ("tables", "sources")
        for name, record in registry[kind].items()
        if not isinstance(record, dict) or not isinstance(record.get("licence", {}), dict)
    ]
    if damaged:
        raise SourceError("sources.yaml cannot be used:\n  " + "\n  ".join(damaged))
    present = {path.name for path in paths.RAW.glob("*") if path.name != "sources.yaml"}
    problems = [f"{name}: no record in sources.yaml" for name in sorted(present - set(registry["tables"]))]
    for name, record in registry["tables"].items():
        problems += _table_problems(name, record, registry["sources"])
    used = {source for record in registry["tables"].values() for source in record.get("sources", [])}
    for source, record in registry["sources"].items():
        problems += _source_problems(source, record, used)
    if problems:
        raise SourceError("raw tables and their records disagree:\n  " + "\n  ".join(problems))
    return len(registry["tables"])


def _table_problems(name: str, record: dict[str, Any], sources: dict[str, Any]) -> list[str]:
    path = paths.RAW / name
    if not path.exists():
        return [f"{name}: record in sources.yaml, but no such file"]
    problems = [f"{name}: record lacks '{field}'" for field in sorted(TABLE_FIELDS - set(record))]
    if (found := sha256(path)) != record.get("sha256"):
        return [*problems, f"{name}: changed since it was recorded (sha256 is {found})"]
    try:
        frame = read_csv(path)
    except SourceError as error:
        return [*problems, str(error)]
    if "source_id" not in frame:
        return [*problems, f"{name}: column source_id is missing"]
    listed, cited = set(record.get("sources", [])), set(frame["source_id"])
    problems += [f"{name}: source '{source}' has no record" for source in sorted(cited - set(sources))]
    problems += [f"{name}: rows cite '{source}', the record does not" for source in sorted(cited - listed)]
    problems += [f"{name}: record cites '{source}', no row does" for source in sorted(listed - cited)]
    if len(frame) != record.get("rows"):
        problems.append(f"{name}: {len(frame)} rows, the record says {record.get('rows')}")
    return problems


def _source_problems(source: str, record: dict[str, Any], used: set[str]) -> list[str]:
    problems = [f"source '{source}': lacks '{field}'" for field in sorted(SOURCE_FIELDS - set(record))]
    licence = record.get("licence") or {}
    if not licence.get("name"):
        problems.append(f"source '{source}': no licence name (write 'not stated' where none is)")
    if record.get("redistribute") not in REDISTRIBUTE:
        problems.append(f"source '{source}': redistribute is {record.get('redistribute')!r}, not one of {REDISTRIBUTE}")
    if source not in used:
        problems.append(f"source '{source}': no raw table uses it")
    return problems


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file as text, one row per figure, indexed by line number in the file.

    Missing cells are missing values. Raises ``SourceError`` for a file that is empty or not UTF-8, or has a
    row with more or fewer cells than the header.
    """
    name, data = paths.shown(path), path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SourceError(f"{name}, line {line}: byte {data[error.start]:#04x} is not UTF-8") from error
    lines = _split(name, text)
    if len(lines) < 2:
        raise SourceError(f"{name}: the file holds no rows")
    header = lines.pop(min(lines))
    for line, row in lines.items():
        if len(row) != len(header):
            raise SourceError(f"{name}, line {line}: {len(row)} cells, header has {len(header)}")
    if len(set(header)) != len(header):
        raise SourceError(f"{name}: a column name stands twice in the header")
    frame = pd.DataFrame(list(lines.values()), columns=header, index=list(lines), dtype="str")
    frame.attrs["file"] = name
    return frame.mask(frame == "")


def _split(name: str, text: str) -> dict[int, list[str]]:
    """Cells of every row, by the number of the line on which the row begins."""
    if text.startswith("\ufeff"):
        raise SourceError(f"{name}: begins with a byte order mark; save it as UTF-8 without one")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: dict[int, list[str]] = {}
    try:
        while True:
            begins = reader.line_num + 1
            rows[begins] = next(reader)
    except StopIteration:
        return rows
    except csv.Error as error:
        raise SourceError(f"{name}, line {reader.line_num}: {error}") from error


def load_raw(name: str, numbers: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read the raw table ``name`` (without ``.csv``), with the columns ``numbers`` as floats.

    Indexed by line number in the file. Raises ``SourceError`` when the file has no record, was changed since
    it was recorded, lacks a column, or holds text where a number belongs.
    """
    path = paths.RAW / f"{name}.csv"
    record = load_registry()["tables"].get(path.name)
    if record is None or not path.exists():
        raise SourceError(f"{paths.shown(path)}: " + ("no record in sources.yaml" if path.exists() else "no such file"))
    if sha256(path) != record["sha256"]:
        raise SourceError(f"{paths.shown(path)} was changed since it was recorded in sources.yaml")
    return to_numbers(read_csv(path), numbers)


def to_numbers(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Turn text columns of a raw frame into floats; all cells that are no numbers are named in the error."""
    missing = [column for column in columns if column not in frame]
    if missing:
        raise SourceError(f"{frame.attrs['file']}: missing column(s) {', '.join(missing)}")
    result, problems = frame.copy(), []
    for column in columns:
        result[column] = pd.to_numeric(frame[column], errors="coerce").astype("float64")
        # A missing cell is unknown; anything else that is not a finite number is an error.
        bad = frame.index[frame[column].notna() & ~result[column].abs().lt(float("inf"))]
        problems += [f"line {line}, column {column}: {frame.at[line, column]!r}" for line in bad]
    if problems:
        raise SourceError(f"{frame.attrs['file']}: not a number:\n  " + "\n  ".join(problems))
    return result


def source_page() -> str:
    """The register of sources as a Markdown table, one row per source."""
    lines = [
        "# Sumber data / Sources",
        "",
        "| id | title | publisher | year | licence | may be passed on | read as | address |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for source, record in sorted(load_registry()["sources"].items()):
        licence = record["licence"]["name"] + ("" if record["licence"].get("confirmed") else " (unconfirmed)")
        cells = [
            source,
            record["title"],
            record["publisher"],
            record["year"],
            licence,
            record["redistribute"],
            record["read_as"],
            record["url"],
        ]
        lines.append("| " + " | ".join("" if cell is None else str(cell).replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
