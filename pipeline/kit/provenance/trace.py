"""The chain from a published number, figure, table or cell back to the sources, with the hash of every step.

The command ``trace`` shows it. The chain rests on ``dvc.lock`` and the register of sources alone: no network, no rerun.
"""

import difflib
import json
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.kit import declared, paths
from pipeline.kit.data import sources
from pipeline.kit.provenance.lineage import LineageError, Stage, maker, read_stages, stamp, state, upstream
from pipeline.kit.publish.keys import COLUMNS, Key
from pipeline.kit.publish.makers import lines, place

# Letters of what was asked that an error repeats.
LONGEST = 80
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


def find(asked: str, reads_code: bool = True, look: "Look | None" = None) -> Subject:
    """The subject that a reader means. Raises ``LineageError`` that names what comes nearest when there is none.

    The lines of the function that built a number are in the facts where the code may be read.
    """
    keys = (look or Look()).estimates()
    if asked in keys.index:
        return _estimate(keys.loc[asked], reads_code)
    table, _, rest = asked.partition(":")
    line, _, column = rest.partition(":")
    path = _file_of(table)
    if path is None:
        known = [*keys.index, *(file.stem.split(".")[0] for file in _files())]
        near = difflib.get_close_matches(asked, known, n=5)
        raise LineageError(
            f"{_shown(asked)}: no estimate, file, figure or table has this name; nearest: {', '.join(near) or '-'}"
        )
    return _cell(path, line, column) if rest else _whole(path)


def _shown(asked: str) -> str:
    """What was asked, whatever it is, as a line can show it."""
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in asked) or "''"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _estimates() -> pd.DataFrame:
    found = sorted(paths.RESULTS.glob("*/estimates.csv"))
    if not found:
        raise LineageError("there are no results yet: run `dvc repro`")
    return _read_estimates(tuple((path, stamp(path)) for path in found))


@cache
def _read_estimates(files: tuple[tuple[Path, tuple[int, int]], ...]) -> pd.DataFrame:
    tables = []
    for path, _ in files:
        texts = dict.fromkeys(("key", *COLUMNS, "made_by"), "str")
        frame = pd.read_csv(path, dtype=texts | {"seed": "Int64"}, keep_default_na=False, na_values=[""])
        frame = frame.fillna(dict.fromkeys(texts, ""))
        tables.append(frame.assign(path=paths.shown(path), line=range(2, len(frame) + 2)))
    return pd.concat(tables).set_index("key", drop=False)


def _estimate(row: pd.Series, reads_code: bool) -> Subject:
    facts = {name: row[name] for name in ("value", "lower", "upper", "level", "unit", "basis", "method", "n", "seed")}
    known = {
        name: value.item() if hasattr(value, "item") else value for name, value in facts.items() if pd.notna(value)
    }
    built_by = place(row["made_by"])
    known["built_by"] = built_by | (lines(built_by, Key.from_columns(row)) if reads_code else {})
    return Subject("estimate", row["key"], row["path"], int(row["line"]), known, tuple(row["sources"].split(";")))


def _files() -> list[Path]:
    patterns = ("results/*/figures/*.csv", "results/*/tables/*.csv", "data/clean/*.csv", "data/raw/*.csv")
    return [path for pattern in patterns for path in sorted(paths.ROOT.glob(pattern))]


def _file_of(asked: str) -> Path | None:
    """The file of a path, or of the name of a figure or table, if need be behind names of its folders."""
    path = paths.ROOT / asked
    # What can be the name of no file is none, too.
    with suppress(OSError, ValueError):
        if path.is_file() and path.resolve().is_relative_to(paths.ROOT):
            return path
    *folders, name = asked.split("/")
    found = [path for path in _files() if path.stem == name and set(folders) <= set(path.parts)]
    if len(found) > 1:
        choices = ", ".join(paths.shown(path) for path in found)
        raise LineageError(f"{_shown(asked)} stands for several files; name one: {choices}")
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
        raise LineageError(f"{name} has no line '{_shown(line)}': rows stand on lines 2 to {len(frame) + 1}")
    if column not in frame:
        raise LineageError(f"{name} has no column '{_shown(column)}'; it has {', '.join(frame.columns)}")
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


SOURCE_FACTS = (
    "title", "publisher", "year", "citation", "url", "date_read", "read_as", "redistribute", "notes",
)  # fmt: skip


class Look:
    """One look at the files, at one moment: what the chains of many numbers share is looked up once."""

    def __init__(self) -> None:
        self.state = cache(state)
        self.estimates = cache(_estimates)
        self.chain = cache(_chain)
        self.tables = cache(self._tables)
        self.raw_hash = cache(_raw_hash)
        self.commit = cache(_commit)
        self.code_cells = cache(_code_cells)
        self.rows = cache(self._rows)
        self._stages: dict[str, dict[str, Any]] = {}
        self._parameters: dict[str, list[dict[str, Any]]] = {}

    def stage(self, stage: Stage) -> dict[str, Any]:
        """What is told of a stage whatever is traced, with the state of all it read."""
        if stage.name not in self._stages:
            self._stages[stage.name] = _stage(stage, self)
        return dict(self._stages[stage.name])

    def _rows(self, path: str, cites: frozenset[str], md5: str) -> dict[str, Any]:
        """Rows of a table that cite the sources: how many, on which lines, with which warnings."""
        recorded = self.state(path, md5) if md5 else "as recorded"
        return {"path": path, "md5": md5, "state": recorded, **_used(paths.ROOT / path, cites)}

    def _tables(self, last: str) -> dict[str, str]:
        """Tables that a stage and those before it read, by path, with the MD5 on record."""
        read = {path: md5 for stage in self.chain(last) for path, md5 in stage.data.items()}
        return {path: md5 for path, md5 in read.items() if path.startswith("data/") and path.endswith(".csv")}

    def parameters(self, last: str) -> list[dict[str, Any]]:
        """Parameters of a stage and those before it; none without a stage."""
        if last not in self._parameters:
            self._parameters[last] = _parameters(self.chain(last))
        return self._parameters[last]


def _chain(last: str) -> list[Stage]:
    """A stage and those before it; none without a stage."""
    return upstream(read_stages()[last]) if last else []


def trace(asked: str, reads_code: bool = True, look: Look | None = None) -> dict[str, Any]:
    """The chain of what was asked, ready for JSON; without lines of code unless it ``reads_code``.

    Keys: ``subject``, ``file``, ``stages`` (from the last to the first), ``parameters``, ``tables`` (clean),
    ``raw``, ``sources``, ``warnings`` and ``code_version``. Whoever traces much does it with one ``look``. Raises
    ``LineageError`` when it cannot be found.
    """
    look = look or Look()
    subject = find(asked, reads_code, look)
    made_by = maker(subject.path)
    last = made_by.name if made_by else ""
    chain = look.chain(last)
    cites = _sources_of(subject, chain)
    # A table that is asked for is its own.
    own = {subject.path: ""} if subject.path.startswith("data/") and subject.path.endswith(".csv") else {}
    tables, cited_here = (look.tables(last) | own).items(), frozenset(cites)
    clean = [look.rows(path, cited_here, md5) for path, md5 in tables if path.startswith("data/clean/")]
    raw = [_raw(path, cited_here, md5, look) for path, md5 in tables if path.startswith("data/raw/")]
    return {
        "subject": {"kind": subject.kind, "name": subject.name, **subject.facts},
        "file": _file(subject, made_by, look),
        "stages": [_told(stage, subject if stage.name == last else None, look) for stage in chain],
        "parameters": look.parameters(last),
        "tables": [table for table in clean if table["rows_used"]],
        "raw": [table for table in raw if table["rows_used"]],
        "sources": [_source(source) for source in cites],
        "warnings": sorted({warning for table in clean for warning in table["warnings"]}),
        "code_version": look.commit(),
    }


def _sources_of(subject: Subject, chain: list[Stage]) -> list[str]:
    """Sources the subject cites; where it cites none, those of every published number of its stage."""
    if subject.sources or not chain:
        return list(subject.sources)
    estimates = paths.estimates(chain[0].name)
    return list(cited(pd.read_csv(estimates))) if estimates.exists() else []


def _file(subject: Subject, made_by: Stage | None, look: Look) -> dict[str, Any]:
    """Where the subject stands; the record is that of the file itself or of the folder DVC keeps it in."""
    record = {"path": subject.path, "line": subject.line}
    if made_by:
        out = next(out for out in made_by.outs if subject.path == out or subject.path.startswith(f"{out}/"))
        return {**record, "out": out, "md5": made_by.outs[out], "state": look.state(out, made_by.outs[out])}
    if subject.path.startswith("data/raw/"):
        return {**record, **look.raw_hash(Path(subject.path).name)}
    return {**record, "state": _in_git(subject.path)}


def _in_git(path: str) -> str:
    """How a file that no stage made stands to git: only what is committed can be looked up."""
    asked = ["git", "-C", str(paths.ROOT), "status", "--porcelain", "--ignored", "--", f":(literal){path}"]
    try:
        found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout[:2]
    except (OSError, subprocess.CalledProcessError):
        return "no record of it: this is no git repository"
    if found in ("??", "!!"):
        return "not kept in git: no record says where it comes from"
    return "changed since it was committed" if found else "kept in git"


def _raw_hash(name: str) -> dict[str, str]:
    registered = sources.load_registry()["tables"].get(name, {}).get("sha256", "")
    found = sources.sha256(paths.RAW / name)
    return {"sha256": found, "state": "as recorded" if found == registered else "changed"}


def _stage(stage: Stage, look: Look) -> dict[str, Any]:
    read = [{"path": path, "md5": md5, "state": look.state(path, md5)} for path, md5 in stage.data.items()]
    code = [{"path": path, "md5": md5, "state": look.state(path, md5)} for path, md5 in stage.code.items()]
    found: dict[str, Any] = {"name": stage.name, "command": stage.command, "reads": read, "code": code}
    if stage.notebook:
        md5 = stage.deps[stage.notebook]
        found["notebook"] = {"path": stage.notebook, "md5": md5, "state": look.state(stage.notebook, md5)}
    return found


def _told(stage: Stage, subject: Subject | None, look: Look) -> dict[str, Any]:
    """A stage with, in the one that made the subject, the cells that write or show it."""
    found = look.stage(stage)
    if stage.notebook:
        found["notebook"] = {**found["notebook"], "cells": cells(stage, subject, look) if subject else []}
    return found


def cells(stage: Stage, subject: Subject, look: Look) -> list[str]:
    """Ids of the notebook cells that write the subject, or show it by its key."""
    code_cells = look.code_cells(stage.notebook).items()
    if subject.kind == "estimate":
        written = ("save_estimates(", f"{{{subject.name}}}", f"{{{subject.name}:")
        return [cell for cell, code in code_cells if any(part in code for part in written)]
    name = Path(subject.path).name.split(".")[0]
    made = re.compile(rf'(publish_figure|write_table)\(\s*"{name}"|write_clean\(\s*{name.upper()}\b')
    return [cell for cell, code in code_cells if made.search(code)]


def _code_cells(notebook: str) -> dict[str, str]:
    """The code of a notebook by the ids of its cells."""
    listed = json.loads((paths.ROOT / notebook).read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in listed if cell["cell_type"] == "code"}


def _parameters(chain: list[Stage]) -> list[dict[str, Any]]:
    meanings, used = declared.parameters().describe(), {}
    for stage in chain:
        if stage.notebook:
            used.update({name: (value, stage.name) for name, value in stage.parameters.items()})
    return [
        {"name": name, "value": value, "stage": stage, "unit": meanings[name]["unit"], "meaning": meanings[name]["en"]}
        for name, (value, stage) in sorted(used.items())
        if name in meanings
    ]


def _used(file: Path, cites: frozenset[str]) -> dict[str, Any]:
    rows, by_source, warnings = _index(file, stamp(file))
    used = sorted(set().union(*(by_source.get(source, ()) for source in cites)))
    words = {word for row in used for word in warnings.get(row, "").split(";") if word}
    return {
        "rows": rows,
        "rows_used": len(used),
        "lines": ranges([row + 2 for row in used]),
        "warnings": sorted(words),
    }


@cache
def _index(file: Path, _: tuple[int, int]) -> tuple[int, dict[str, list[int]], dict[int, str]]:
    """Of one table: how many rows it has, the rows that cite each source, and the warnings on each row."""
    frame = pd.read_csv(file, dtype="str", keep_default_na=False, na_values=[""])
    column = next((name for name in SOURCE_COLUMNS if name in frame), None)
    by_source: dict[str, list[int]] = {}
    for row, listed in frame[column].dropna().items() if column else ():
        for source in listed.split(";"):
            by_source.setdefault(source, []).append(row)
    return len(frame), by_source, frame["warnings"].dropna().to_dict() if "warnings" in frame else {}


def _raw(path: str, cites: frozenset[str], md5: str, look: Look) -> dict[str, Any]:
    name = Path(path).name
    done = sources.load_registry()["tables"].get(name, {}).get("what_was_done", "")
    return {**look.rows(path, cites, md5), **look.raw_hash(name), "what_was_done": done}


def ranges(lines: list[int]) -> str:
    """Line numbers as people write them: ``2-4, 9``."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], line]
        else:
            runs.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _source(source: str) -> dict[str, Any]:
    record = sources.load_registry()["sources"].get(source)
    if record is None:
        kinds = {
            "parameter": "a parameter of this project",
            "prior": "prior knowledge, set by parameters",
            "plot_survey": "the plot survey of this project, kept where it was imported",
        }
        if source not in kinds:
            raise LineageError(f"source {source!r} has no record in data/raw/sources.yaml")
        return {"id": source, "title": kinds[source]}
    address, part = sources.copy_read(record)
    copy = {"read_at": {"url": address, "part": part}} if address or part else {}
    return {"id": source, **{name: record[name] for name in SOURCE_FACTS}, "licence": record["licence"], **copy}


def _commit() -> str:
    """The git commit at hand; empty outside a repository. The MD5 of each module says more exactly what ran."""
    asked = ["git", "-C", str(paths.ROOT), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
