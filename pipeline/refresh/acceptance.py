"""Replace the rows of one source in its raw table, and the record of it, both or neither."""

import datetime
import hashlib
import os
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from pipeline import paths, yaml_text
from pipeline.refresh.fetch import NOTHING_CHANGED, RefreshError, staging
from pipeline.sources import load_registry, read_csv

if TYPE_CHECKING:
    from pipeline.refresh.catalogue import Refreshable


def accept(source: "Refreshable", rows: pd.DataFrame) -> None:
    """Put ``rows`` in the place of the rows of ``source``, and write ``sha256``, ``rows`` and ``date_read``.

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
    text = with_record(text, source, hashlib.sha256(data).hexdigest(), len(table))
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


def with_record(text: str, source: "Refreshable", digest: str, rows: int) -> str:
    """The text of the register with three values changed; every other line stays.

    Raises ``RefreshError`` when the text is not laid out so that exactly these three can be changed.
    """
    today = datetime.date.today().isoformat()
    changed = _set(text, f"{source.table}.csv", "sha256", digest)
    changed = _set(changed, f"{source.table}.csv", "rows", str(rows))
    changed = _set(changed, source.id, "date_read", f"'{today}'")
    expected = yaml_text.load(text)
    expected["tables"][f"{source.table}.csv"].update(sha256=digest, rows=rows)
    expected["sources"][source.id]["date_read"] = today
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
    own = {**source.records["source"], "date_read": None}
    expected = yaml_text.load(text)
    expected["tables"][f"{source.table}.csv"] = table
    expected["sources"][source.id] = own
    tables, found, sources = text.partition("\nsources:\n")
    blocks = [_block(f"{source.table}.csv", table), _block(source.id, own)]
    changed = f"{tables.rstrip()}\n{blocks[0]}sources:\n{sources.rstrip()}\n{blocks[1]}"
    if not found or yaml_text.load(changed) != expected:
        raise RefreshError(f"sources.yaml: records of {source.id} cannot be added to its text. {NOTHING_CHANGED}")
    return changed


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
