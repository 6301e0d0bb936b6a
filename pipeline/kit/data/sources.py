"""The registry of raw sources: what each raw table is, where its figures come from, and that it is unchanged.

``data/raw/sources.yaml`` holds one record per source and one per raw table. A table without a record, a
record without a table, a row whose source is not registered, or a hash that differs is an error.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pandas as pd
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pipeline.kit import paths
from pipeline.kit import yaml_text
from pipeline.kit.data import usage
from pipeline.kit.data.citations import cite_rows

SOURCE_FIELDS = {
    "title",
    "publisher",
    "year",
    "citation",
    "url",
    "read_at",
    "date_read",
    "file_sha256",
    "licence",
    "redistribute",
    "read_as",
    "contact",
    "notes",
}
TABLE_FIELDS = {"title", "sha256", "rows", "what_was_done", "sources"}
REDISTRIBUTE = {"yes", "facts_only", "unclear", "no"}
# What was before the one who restated the figures.
READ_AS = {"whole_file", "table", "web_page", "abstract", "press", "transcribed", "citation"}
# The copy that was read where that was not the address itself: its page, and of a repository the commit and the file.
COPY_FIELDS = {"url", "commit", "file"}
CODE_HOST = "https://github.com/"
# Sites that show what others published: what is read there is a copy.
COPYING = re.compile(
    r"(.*\.)?(123dok\.com|1library\.net|adoc\.pub|docobook\.com|docslib\.org|dokumen\.tips|scribd\.com|slideshare\.net"
    r"|studylib\.net|vdocuments\.\w+|scilit\.com|scite\.ai|researcher\.life|ouci\.dntb\.gov\.ua|ascidatabase\.com"
    r"|openaire\.eu|litmetric\.com|flo\.org|forestphytophthoras\.org)"
)
COMMIT = re.compile("[0-9a-f]{7,40}")
# Of the file that was read, where there was one; what was read of a page or an excerpt has none.
FILE_HASH = re.compile("[0-9a-f]{64}")
FIRST_YEAR = 1800


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
    if f"{READINGS}.csv" in registry["tables"] and not problems:
        problems += [f"{READINGS}.csv, {problem}" for problem in _reading_problems()]
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
    # The next row begins more than a line further down; below the last there is none.
    begins = list(frame.index)
    broken = [line for line, following in pairwise(begins) if following > line + 1]
    broken += [begins[-1]] if frame.iloc[-1].str.contains("\n", na=False).any() else []
    problems += [f"{name}, line {line}: a line break within a cell; rows are cited by their line" for line in broken]
    if len(frame) != record.get("rows"):
        problems.append(f"{name}: {len(frame)} rows, the record says {record.get('rows')}")
    return problems


def _source_problems(source: str, record: dict[str, Any], used: set[str]) -> list[str]:
    problems = [f"source '{source}': lacks '{field}'" for field in sorted(SOURCE_FIELDS - set(record))]
    licence = record.get("licence") or {}
    if not licence.get("name"):
        problems.append(f"source '{source}': no licence name (write 'not stated' where none is)")
    if record.get("redistribute") == "yes" and not licence.get("confirmed"):
        problems.append(f"source '{source}': may be passed on, but its licence is not confirmed (write 'unclear')")
    problems += [
        f"source '{source}': {field} is {value!r}, not {wanted}" for field, value, wanted in _wrong_values(record)
    ]
    if source not in used:
        problems.append(f"source '{source}': no raw table uses it")
    return problems


def _wrong_values(record: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Values outside their closed list or bounds: field, value, what it must be."""
    licence, copy, today = record.get("licence") or {}, record.get("read_at"), date.today()
    for field, known in (("redistribute", REDISTRIBUTE), ("read_as", READ_AS)):
        if str(record.get(field)) not in known:
            yield field, record.get(field), f"one of {', '.join(sorted(known))}"
    year, day = record.get("year"), record.get("date_read")
    if not (year is None or (type(year) is int and FIRST_YEAR <= year <= today.year)):
        yield "year", year, f"a year from {FIRST_YEAR} to {today.year}"
    if not (day is None or _is_past(str(day), today)):
        yield "date_read", day, "a day up to today, written as 2026-11-24"
    digest = record.get("file_sha256")
    if not (digest is None or FILE_HASH.fullmatch(str(digest))):
        yield "file_sha256", digest, "the SHA-256 of the file that was read, 64 digits from 0 to f"
    if not isinstance(licence.get("confirmed"), bool):
        yield "licence.confirmed", licence.get("confirmed"), "true or false"
    if not _is_spdx(licence.get("spdx")):
        yield "licence.spdx", licence.get("spdx"), "an identifier of the SPDX list of licences"
    if not (copy is None or (isinstance(copy, dict) and set(copy) == COPY_FIELDS and (copy["url"] or copy["file"]))):
        yield "read_at", copy, f"a map of {', '.join(sorted(COPY_FIELDS))} with an address or a file"
        return
    if copy and copy["commit"] is not None and not COMMIT.fullmatch(str(copy["commit"])):
        yield "read_at.commit", copy["commit"], "the hash of a commit"
    if copy and not isinstance(copy["file"], str | None):
        yield "read_at.file", copy["file"], "the path of a file"
    addresses = {"url": record.get("url"), "licence.url": licence.get("url"), "read_at.url": copy and copy["url"]}
    if is_copy(record.get("url")):
        yield "url", record["url"], "where it was published; this site shows what others publish: read_at.url"
    for field, address in addresses.items():
        if not (address is None or _is_address(address)):
            yield field, address, "a whole address that begins with http:// or https://"


def _is_past(day: str, today: date) -> bool:
    try:
        return date.fromisoformat(day) <= today
    except ValueError:
        return False


def _is_address(address: object) -> bool:
    try:
        parts = urlsplit(str(address))
    except ValueError:
        return False
    is_whole = not re.search(r"\s|\.\.\.$|…", str(address))
    return parts.scheme in ("http", "https") and bool(parts.netloc) and is_whole


def is_copy(address: object) -> bool:
    """Whether an address is of a site that shows what others published."""
    return _is_address(address) and bool(COPYING.fullmatch(urlsplit(str(address)).netloc))


def _is_spdx(licence: object) -> bool:
    try:
        return licence is None or canonicalize_license_expression(str(licence)) == licence
    except InvalidLicenseExpression:
        return False


def file_read(record: dict[str, Any]) -> str:
    """What fixes the file that was read: its hash, or the commit that holds it; empty for an excerpt or a page."""
    commit = (record.get("read_at") or {}).get("commit")
    return f"SHA-256 {record['file_sha256']}" if record["file_sha256"] else f"commit {commit}" if commit else ""


def copy_read(record: dict[str, Any]) -> tuple[str, str]:
    """The copy of a source that was read: its address, and in words what was read there.

    The address is that of the very file where commit and file are known; both are empty where ``url`` itself was read,
    and the address alone where nobody recorded it.
    """
    copy = record["read_at"]
    if copy is None:
        return "", ""
    address, commit, file = copy["url"] or "", copy["commit"], copy["file"] or ""
    if commit and file and address.startswith(CODE_HOST):
        address = f"{address}/blob/{commit}/{quote(file)}"
    if address.startswith(CODE_HOST) and not commit:
        file += f"{', ' if file else ''}commit not recorded"
    return address, ", ".join(filter(None, (file, f"commit {commit}" if commit else "")))


def copy_in_words(record: dict[str, Any]) -> str:
    """Address of the copy that was read and what was read there, with commas; empty where it was no copy."""
    return ", ".join(filter(None, copy_read(record)))


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

    Indexed by line number in the file; ``source_id`` cites the row, and its warnings are remembered. Raises ``SourceError`` when the file has no record,
    was changed since it was recorded, lacks a column, or holds text where a number belongs.
    """
    path = paths.RAW / f"{name}.csv"
    record = load_registry()["tables"].get(path.name)
    if record is None or not path.exists():
        raise SourceError(f"{paths.shown(path)}: " + ("no record in sources.yaml" if path.exists() else "no such file"))
    if sha256(path) != record["sha256"]:
        raise SourceError(f"{paths.shown(path)} was changed since it was recorded in sources.yaml")
    frame = cite_rows(to_numbers(read_csv(path), numbers), name)
    usage.remember(frame)
    return frame


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


READINGS = "readings"
# A figure with the words around it is a fact; a paragraph would be a copy of the source.
LONGEST_QUOTE = 200


@cache
def readings() -> dict[tuple[str, str], dict[str, str]]:
    """Where a raw row stands in its source and what was read there, by table and first column of the row.

    Each has ``place``, ``words`` and ``read_on``, empty where nobody recorded them.
    """
    frame = read_csv(paths.RAW / f"{READINGS}.csv").fillna("")
    pairs = zip(frame["table"], frame["row_id"], strict=True)
    return dict(zip(pairs, frame[["place", "words", "read_on"]].to_dict("records"), strict=True))


def reading_in_words(table: str, row_id: str) -> str:
    """Place, words and day of the reading of a raw row, as ``Tabel 4.7: "1.410 ton", read on 2026-11-30``."""
    found = readings().get((table, row_id), {"place": "", "words": "", "read_on": ""})
    said = ": ".join(filter(None, (found["place"], found["words"] and f'"{found["words"]}"')))
    return ", read on ".join(filter(None, (said, found["read_on"])))


def _reading_problems() -> Iterator[str]:
    """What is wrong with the readings: each is of one row there is, of the source of that row, and says something."""
    frame = read_csv(paths.RAW / f"{READINGS}.csv")
    rows = {table: _sources_by_row(table) for table in frame["table"].unique() if _is_table(table)}
    twice = frame.duplicated(["table", "row_id"])
    for line, reading in frame.fillna("").to_dict("index").items():
        table, row_id, source = reading["table"], reading["row_id"], reading["source_id"]
        if table not in rows:
            yield f"line {line}, column table: there is no raw table {table!r}"
            continue
        found = rows[table].get(row_id, [])
        if len(found) != 1:
            yield f"line {line}, column row_id: {len(found)} rows of {table}.csv are called {row_id!r}"
        elif found != [source]:
            yield f"line {line}, column source_id: {row_id} is from {found[0]!r}, not {source!r}"
        if twice[line]:
            yield f"line {line}, column row_id: {row_id} of {table}.csv has a reading already"
        if not (reading["place"] or reading["words"]):
            yield f"line {line}: neither a place nor words"
        if len(words := reading["words"]) > LONGEST_QUOTE:
            yield f"line {line}, column words: {len(words)} letters are more than a figure, at most {LONGEST_QUOTE}"
        if (day := reading["read_on"]) and not _is_past(day, date.today()):
            yield f"line {line}, column read_on: {day!r} is not a day up to today, written as 2026-11-24"


def _sources_by_row(table: str) -> dict[str, list[str]]:
    """Sources of the rows of a raw table, by the first cell of a row."""
    frame, found = read_csv(paths.RAW / f"{table}.csv"), dict[str, list[str]]()
    for row_id, source in zip(frame.iloc[:, 0], frame["source_id"], strict=True):
        found.setdefault(row_id, []).append(source)
    return found


def _is_table(name: str) -> bool:
    return f"{name}.csv" in load_registry()["tables"] and name != READINGS


def source_page() -> str:
    """The register of sources as a Markdown table, one row per source."""
    lines = [
        "# Sumber data / Sources",
        "",
        "| id | title | publisher | year | licence | may be passed on | read as | read in a copy at | address |",
        "|---|---|---|---|---|---|---|---|---|",
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
            copy_in_words(record),
            record["url"],
        ]
        lines.append("| " + " | ".join("" if cell is None else str(cell).replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
