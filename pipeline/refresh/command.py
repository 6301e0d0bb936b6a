"""Fetch a source again from its publisher, show what changed, and replace the raw table only when asked."""

import datetime
import hashlib
import os
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from pipeline.kit import paths, yaml_text
from pipeline.kit.data.citations import source_of
from pipeline.kit.data.sources import SourceError, load_raw, load_registry, read_csv, sha256
from pipeline.refresh.fetch import NOTHING_CHANGED, RefreshError, download, staging
from pipeline.refresh.known_sources import CATALOGUE, Refreshable, find, read_source

if TYPE_CHECKING:
    from pipeline.refresh.known_sources import Refreshable


def accept(source: "Refreshable", rows: pd.DataFrame, file: Path) -> None:
    """Put ``rows`` of a fetched ``file`` in the place of the rows of ``source``, and write what the records say.

    Rows of other sources keep their place, and the rest of ``sources.yaml`` keeps its text. A table that is not there
    yet is made, and its records are added. Raises ``RefreshError`` when one of the two files cannot be written; then
    both are as before.
    """
    path, register = paths.RAW / f"{source.table}.csv", paths.RAW / "sources.yaml"
    table_before = path.read_bytes() if path.exists() else None
    text_before = register.read_text(encoding="utf-8")
    table = rows if table_before is None else replaced(read_csv(path), rows, source.id)
    data = table.to_csv(index=False, lineterminator="\n").encode("utf-8")
    text = text_before if table_before is not None else with_new_records(text_before, source)
    made = {"sha256": hashlib.sha256(data).hexdigest(), "rows": len(table)}
    text = with_record(text, source, made, sha256(file))
    try:
        _write(path, data, source.id)
        _write(register, text.encode("utf-8"), source.id)
    except (OSError, KeyboardInterrupt) as error:
        if table_before is None:
            path.unlink(missing_ok=True)
        elif path.read_bytes() != table_before:
            _write(path, table_before, source.id)
        if isinstance(error, KeyboardInterrupt):
            raise
        what = f"{paths.shown(path)} and its record cannot be written ({error!r})"
        raise RefreshError(f"{what}; {NOTHING_CHANGED}") from error
    finally:
        load_registry.cache_clear()


def replaced(table: pd.DataFrame, rows: pd.DataFrame, source_id: str) -> pd.DataFrame:
    """``table`` with ``rows`` where the rows of the source began."""
    own = (table["source_id"] == source_id).to_numpy()
    first = int(own.argmax())  # above it stand rows of other sources only
    return pd.concat([table[:first], rows[table.columns], table[first:][~own[first:]]])


def with_record(text: str, source: "Refreshable", made: dict[str, Any], of_file: str) -> str:
    """The text of the register with hash and rows of the table ``made``, and day and hash of the file that was read.

    Every other line stays. Raises ``RefreshError`` when the text is not laid out so that exactly these can be changed.
    """
    read = {"date_read": datetime.date.today().isoformat(), "file_sha256": of_file}
    changed = text
    for record, values in ((f"{source.table}.csv", made), (source.id, read)):
        for name, value in values.items():
            changed = _set(changed, record, name, f"'{value}'" if name == "date_read" else str(value))
    expected = yaml_text.load(text)
    expected["tables"][f"{source.table}.csv"].update(made)
    expected["sources"][source.id].update(read)
    if yaml_text.load(changed) != expected:
        raise RefreshError(f"sources.yaml: the record of {source.id} cannot be changed in its text. {NOTHING_CHANGED}")
    return changed


def with_new_records(text: str, source: "Refreshable") -> str:
    """The text of the register with a record of table and source at the end of each part; the rest stays.

    Raises ``RefreshError`` when the text is not laid out in these two parts.
    """
    if source.records is None:
        raise RefreshError(f"data/raw/{source.table}.csv is not there. {NOTHING_CHANGED}")
    table = {**source.records["table"], "sha256": None, "rows": None, "sources": [source.id]}
    own = {**source.records["source"], "date_read": None, "file_sha256": None}
    expected = yaml_text.load(text)
    expected["tables"][f"{source.table}.csv"] = table
    expected["sources"][source.id] = own
    tables, found, sources = text.partition("\nsources:\n")
    blocks = [_block(f"{source.table}.csv", table), _block(source.id, own)]
    changed = f"{tables.rstrip()}\n{blocks[0]}sources:\n{sources.rstrip()}\n{blocks[1]}"
    if not found or yaml_text.load(changed) != expected:
        raise RefreshError(f"sources.yaml: records of {source.id} cannot be added to its text. {NOTHING_CHANGED}")
    return changed


def add_records(source_id: str, record: dict[str, Any], rows: dict[str, pd.DataFrame]) -> None:
    """Add rows at the end of raw tables, and a source with its record: all files or, when one cannot be written, none.

    ``rows`` by the name of the table. Raises ``RefreshError``.
    """
    register = paths.RAW / "sources.yaml"
    before = {path: path.read_bytes() for path in (register, *(paths.RAW / f"{name}.csv" for name in rows))}
    text, after = before[register].decode("utf-8"), {}
    expected = yaml_text.load(text)
    for name, added in rows.items():
        path = paths.RAW / f"{name}.csv"
        after[path] = before[path] + added.to_csv(index=False, header=False, lineterminator="\n").encode("utf-8")
        digest, total = hashlib.sha256(after[path]).hexdigest(), len(read_csv(path)) + len(added)
        text = _set(_set(text, path.name, "sha256", digest), path.name, "rows", str(total))
        listed = expected["tables"][path.name]["sources"]
        text = _with_source(text, path.name, source_id, listed)
        expected["tables"][path.name].update(sha256=digest, rows=total, sources=_inserted(listed, source_id))
    text = f"{text.rstrip()}\n{_block(source_id, record)}"
    expected["sources"][source_id] = record
    if yaml_text.load(text) != expected:
        raise RefreshError(f"sources.yaml: records of {source_id} cannot be added to its text. {NOTHING_CHANGED}")
    after[register] = text.encode("utf-8")
    try:
        for path, data in after.items():
            _write(path, data, source_id)
    except (OSError, KeyboardInterrupt) as error:
        for path, data in before.items():
            _write(path, data, source_id)
        raise RefreshError(f"data/raw cannot be written ({error!r}); {NOTHING_CHANGED}") from error
    finally:
        load_registry.cache_clear()


def _inserted(listed: list[str], source_id: str) -> list[str]:
    place = next((number for number, other in enumerate(listed) if other > source_id), len(listed))
    return [*listed[:place], source_id, *listed[place:]]


def _with_source(text: str, table: str, source_id: str, listed: list[str]) -> str:
    """The text of the register with one more source in the list of a table, in its place by the alphabet."""
    later = [other for other in listed if other > source_id]
    block = re.search(rf"^  {re.escape(table)}:\n(?:    .*\n)*", text, flags=re.MULTILINE)
    if block is None:
        raise RefreshError(f"sources.yaml: {table} is not laid out so that a source can be added. {NOTHING_CHANGED}")
    own = block[0]
    line = f"    - {later[0]}\n" if later else ""
    changed = own.replace(line, f"    - {source_id}\n{line}", 1) if later else f"{own}    - {source_id}\n"
    return text.replace(own, changed, 1)


def _block(name: str, record: dict[str, Any]) -> str:
    text = yaml.safe_dump({name: record}, sort_keys=False, allow_unicode=True, width=118)
    return textwrap.indent(text, "  ")


def _set(text: str, record: str, name: str, value: str) -> str:
    """``text`` with one field of one record changed; a record is a key two blanks in, its fields four."""
    pattern = rf"^(  {re.escape(record)}:\n(?:    .*\n)*?    {name}: ).*$"
    changed, count = re.subn(pattern, lambda match: match[1] + value, text, flags=re.MULTILINE)
    if count != 1:
        raise RefreshError(f"sources.yaml: {count} records of {record} with a field {name}. {NOTHING_CHANGED}")
    return changed


def _write(path: Path, data: bytes, source_id: str) -> None:
    """Write beside the download first, then move, so that no reader ever sees half a file."""
    folder = staging(source_id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / path.name).write_bytes(data)
    os.replace(folder / path.name, path)


SHOWN = 12  # lines of each kind on the screen; all of them stand in differences.csv
COLUMNS = ["kind", "row", "column", "snapshot", "fetched"]


@dataclass(frozen=True)
class Differences:
    """Keys of ``added`` and ``vanished`` rows, revised cells, and columns that only one side has."""

    added: list[str]
    vanished: list[str]
    revised: list[tuple[str, str, str, str]]
    columns: list[str]
    new_years: list[int]

    def __bool__(self) -> bool:
        return bool(self.added or self.vanished or self.revised or self.columns)

    def table(self) -> pd.DataFrame:
        """All differences, one per row: ``kind``, ``row``, ``column``, ``snapshot``, ``fetched``."""
        rows = [("column", "", column, "", "") for column in self.columns]
        rows += [("new", row, "", "", "") for row in self.added]
        rows += [("vanished", row, "", "", "") for row in self.vanished]
        rows += [("revised", *cell) for cell in self.revised]
        return pd.DataFrame(rows, columns=COLUMNS)

    def summary(self, left_out: Sequence[str] = ()) -> str:
        """What changed, for the screen; long lists are cut and say so."""
        notes = [f"  {note}" for note in left_out]
        if not self:
            return "\n".join([*notes, "  no differences"])
        years = f", new years {', '.join(map(str, self.new_years))}" if self.new_years else ""
        revised = [f"{row}, {column}: {before} -> {after}" for row, column, before, after in self.revised]
        lines = [f"  columns: {', '.join(self.columns)}"] if self.columns else []
        lines += _listed(f"new rows: {len(self.added)}{years}", self.added)
        lines += _listed(f"revised values: {len(revised)}", revised)
        lines += _listed(f"vanished rows: {len(self.vanished)}", self.vanished)
        return "\n".join([*notes, *lines])


def compare(before: pd.DataFrame, after: pd.DataFrame, key: Sequence[str], numbers: Sequence[str]) -> Differences:
    """Differences between rows of one source, both as text, matched by ``key``; ``numbers`` compare as numbers."""
    columns = [f"{name} is missing in the fetched file" for name in before.columns if name not in after]
    columns += [f"{name} is new in the fetched file" for name in after.columns if name not in before]
    old, new = before.set_index(list(key)), after.set_index(list(key))
    both = old.index.intersection(new.index)
    revised = []
    for column in [name for name in old.columns if name in new]:
        left, right = old.loc[both, column], new.loc[both, column]
        same = _same_numbers(left, right) if column in numbers else left.fillna("").eq(right.fillna(""))
        for place in both[~same.to_numpy()]:
            revised.append((_row(key, place), column, _cell(left.at[place]), _cell(right.at[place])))
    years = sorted(set(after["year"].astype(int)) - set(before["year"].astype(int)))
    added, vanished = (_rows_in(key, one.index, other.index) for one, other in ((new, old), (old, new)))
    return Differences(added, vanished, revised, columns, years)


def _same_numbers(left: pd.Series, right: pd.Series) -> pd.Series:
    one, other = (pd.to_numeric(side.astype(object), errors="coerce").astype(float) for side in (left, right))
    return pd.Series(np.isclose(one, other, rtol=0, atol=1e-9, equal_nan=True), index=left.index)


def _rows_in(key: Sequence[str], index: pd.Index, other: pd.Index) -> list[str]:
    return [_row(key, place) for place in index[~index.isin(other)]]


def _row(key: Sequence[str], place: tuple[str, ...]) -> str:
    return " ".join(f"{name} {value}" for name, value in zip(key, place, strict=True))


def _cell(value: object) -> str:
    return "missing" if pd.isna(value) else str(value)


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    more = [f"    ... and {len(lines) - SHOWN} more, all in differences.csv"] if len(lines) > SHOWN else []
    return [f"  {title}", *(f"    {line}" for line in lines[:SHOWN]), *more]


CHECK_BY_HAND = "title, year, citation, read_at and notes"


def refresh(source: Refreshable, accepted: bool) -> Differences:
    """Fetch ``source``, print its differences to the snapshot, and replace its rows when ``accepted``.

    The download and a table of all differences stay in ``.staging-sources/ID``. Without ``accepted`` nothing in
    ``data/raw`` changes. Raises ``SourceError`` when the file cannot be fetched or read, or the snapshot is not as
    recorded.
    """
    before = snapshot(source)
    file = download(source)
    after = read_source(source, file)
    found = compare(after[:0] if before is None else before, after, source.key, source.numbers)
    against = "read for the first time, for" if before is None else "against the snapshot in"
    print(f"{source.id}: {paths.shown(file)} {against} data/raw/{source.table}.csv")
    print(found.summary(after.attrs.get("left_out", [])))
    found.table().to_csv(staging(source.id) / "differences.csv", index=False)
    if not found:
        return found
    if accepted and found.columns:
        raise RefreshError(f"{source.id}: a table with other columns cannot replace the snapshot. {NOTHING_CHANGED}")
    if accepted:
        accept(source, after, file)
        print(f"  data/raw/{source.table}.csv and its record are replaced. Check in sources.yaml, by hand:")
        print(f"  {CHECK_BY_HAND} of {source.id} still describe the copy before. Then run: cacao check")
    else:
        print(f"  nothing replaced. To replace: cacao sources refresh {source.id} --accept")
    return found


def snapshot(source: Refreshable) -> pd.DataFrame | None:
    """The rows of ``source`` in its raw table, or nothing where a source that can be added has no table yet."""
    if source.records and source.id not in load_registry()["sources"]:
        return None
    table = load_raw(source.table)
    table = table.assign(source_id=table["source_id"].map(source_of))
    return table[table["source_id"] == source.id]


def refresh_all(chosen: Sequence[Refreshable], accepted: bool) -> list[SourceError]:
    """Refresh one source after the other; one that fails does not stop the others. Returns what failed."""
    failed = []
    for source in chosen:
        try:
            refresh(source, accepted)
        except SourceError as error:
            failed.append(error)
    return failed


__all__ = ["CATALOGUE", "RefreshError", "find", "refresh", "refresh_all"]
