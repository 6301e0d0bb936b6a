"""What a reader asks the origin of: an estimate by key, a file, a figure or table by name, or one cell of a table."""

import difflib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import paths
from pipeline.lineage import LineageError, stamp

SOURCE_COLUMNS = ("sources", "source_id", "source_ids")


@dataclass(frozen=True)
class Subject:
    """What is traced: ``path`` is the file it stands in, ``line`` its line there (0: the whole file).

    ``sources`` are those that the number, row, figure or table itself cites; empty when it cites none.
    """

    kind: str
    name: str
    path: str
    line: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


def find(asked: str) -> Subject:
    """The subject that a reader means. Raises ``LineageError`` that names what comes nearest when there is none."""
    keys = _estimates()
    if asked in keys.index:
        return _estimate(keys.loc[asked])
    table, _, rest = asked.partition(":")
    line, _, column = rest.partition(":")
    path = _file(table)
    if path is None:
        known = [*keys.index, *(file.stem.split(".")[0] for file in _files())]
        near = difflib.get_close_matches(asked, known, n=5)
        raise LineageError(
            f"{asked}: no estimate, file, figure or table has this name; nearest: {', '.join(near) or '-'}"
        )
    return _cell(path, line, column) if rest else _whole(path)


def _estimates() -> pd.DataFrame:
    found = sorted(paths.RESULTS.glob("*/estimates.csv"))
    if not found:
        raise LineageError("there are no results yet: run `dvc repro`")
    return _read_estimates(tuple((path, stamp(path)) for path in found))


@cache
def _read_estimates(files: tuple[tuple[Path, tuple[int, int]], ...]) -> pd.DataFrame:
    tables = []
    for path, _ in files:
        frame = pd.read_csv(path, dtype={"seed": "Int64"}, keep_default_na=False, na_values=[""])
        tables.append(frame.assign(path=paths.shown(path), line=range(2, len(frame) + 2)))
    return pd.concat(tables).set_index("key", drop=False)


def _estimate(row: pd.Series) -> Subject:
    facts = {name: row[name] for name in ("value", "lower", "upper", "level", "unit", "basis", "method", "n", "seed")}
    known = {
        name: value.item() if hasattr(value, "item") else value for name, value in facts.items() if pd.notna(value)
    }
    return Subject("estimate", row["key"], row["path"], int(row["line"]), known, tuple(row["sources"].split(";")))


def _files() -> list[Path]:
    patterns = ("results/*/figures/*.csv", "results/*/tables/*.csv", "data/clean/*.csv", "data/raw/*.csv")
    return [path for pattern in patterns for path in sorted(paths.ROOT.glob(pattern))]


def _file(asked: str) -> Path | None:
    """The file of a path, or of the name of a figure or table, if need be behind names of its folders."""
    path = paths.ROOT / asked
    if path.is_file() and path.resolve().is_relative_to(paths.ROOT):
        return path
    *folders, name = asked.split("/")
    found = [path for path in _files() if path.stem == name and set(folders) <= set(path.parts)]
    if len(found) > 1:
        choices = ", ".join(paths.shown(path) for path in found)
        raise LineageError(f"{asked} stands for several files; name one: {choices}")
    return found[0] if found else None


def _whole(path: Path) -> Subject:
    words = path.parent / f"{path.name.split('.')[0]}.json"
    if path.parent.name == "figures" and words.exists():
        record = pd.read_json(words, typ="series")
        return Subject("figure", record["en"]["title"], paths.shown(path), sources=tuple(record["sources"]))
    frame = _read(path) if path.suffix == ".csv" else pd.DataFrame()
    return Subject("file", path.name, paths.shown(path), sources=cited(frame))


def _cell(path: Path, line: str, column: str) -> Subject:
    frame, name = _read(path), paths.shown(path)
    if not line.isdecimal() or not 2 <= int(line) <= len(frame) + 1:
        raise LineageError(f"{name} has no line {line!r}: rows stand on lines 2 to {len(frame) + 1}")
    if column not in frame:
        raise LineageError(f"{name} has no column {column!r}; it has {', '.join(frame.columns)}")
    row = frame.iloc[[int(line) - 2]]
    facts = {"value": row[column].iloc[0], "column": column, "row": row.iloc[0].drop(column).dropna().to_dict()}
    own = cited(row) or _whole(path).sources
    return Subject("cell", f"{path.stem}:{line}:{column}", name, int(line), facts, own)


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])


def cited(frame: pd.DataFrame) -> tuple[str, ...]:
    """Sources that the rows of a table cite, each once, sorted."""
    lists = [text for column in SOURCE_COLUMNS if column in frame for text in frame[column].dropna()]
    return tuple(sorted({source for text in lists for source in text.split(";")}))
