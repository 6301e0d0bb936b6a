"""The chain from a published number, figure, table or cell back to the sources, with the hash of every step.

The command ``trace`` shows it. The chain rests on ``dvc.lock`` and the register of sources alone: no network, no rerun.
"""

import difflib
import json
import re
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit import declared, paths
from pipeline.kit.data import citations, sources
from pipeline.kit.provenance.lineage import LineageError, Stage, maker, read_stages, readable, stamp, state, upstream
from pipeline.kit.publish.keys import COLUMNS, Key
from pipeline.kit.publish.makers import lines, place


@dataclass(frozen=True)
class Subject:
    """What is traced: ``path`` is the file it stands in, ``line`` its line there (0: the whole file).

    ``cites`` are the citations of the number, row, figure or table itself; empty when it has none. ``warnings`` are
    those that stand beside a number, also of what was made of the rows, as ``imputed``.
    """

    kind: str
    name: str
    path: str
    line: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    cites: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()


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
            f"{readable(asked)}: no estimate, file, figure or table has this name; nearest: {', '.join(near) or '-'}"
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
        texts = dict.fromkeys(("key", *COLUMNS, "n_of", "made_by", "warnings", citations.RAW_ROWS), "str")
        whole = dict.fromkeys(("n", "seed"), "Int64")
        frame = pd.read_csv(path, dtype=texts | whole, keep_default_na=False, na_values=[""])
        frame = frame.fillna(dict.fromkeys(texts, ""))
        tables.append(frame.assign(path=paths.shown(path), line=range(2, len(frame) + 2)))
    return pd.concat(tables).set_index("key", drop=False)


def _estimate(row: pd.Series, reads_code: bool) -> Subject:
    facts = {
        name: row[name] for name in ("value", "lower", "upper", "level", "unit", "basis", "method", "value_is", "seed")
    }
    known = {
        name: value.item() if hasattr(value, "item") else value for name, value in facts.items() if pd.notna(value)
    }
    built_by = place(row["made_by"])
    if row["n_of"]:
        known |= {"n": int(row["n"]), "n_of": row["n_of"]}
    known["built_by"] = built_by | (lines(built_by, Key.from_columns(row)) if reads_code else {})
    cites = _cites(row["sources"], row[citations.RAW_ROWS])
    warnings = frozenset(filter(None, row["warnings"].split(";")))
    return Subject("estimate", row["key"], row["path"], int(row["line"]), known, cites, warnings)


# Many numbers rest on the same rows.
@cache
def _cites(listed: str, raw_rows: str) -> frozenset[str]:
    return frozenset(citations.from_columns(listed, raw_rows).split(";"))


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
        raise LineageError(f"{readable(asked)} stands for several files; name one: {choices}")
    return found[0] if found else None


def _whole(path: Path) -> Subject:
    words = path.parent / f"{path.name.split('.')[0]}.json"
    if path.parent.name == "figures" and words.exists():
        record = json.loads(words.read_text(encoding="utf-8"))
        cites = _cites(";".join(record["sources"]), ";".join(record["raw_rows"]))
        return Subject("figure", record["en"]["title"], paths.shown(path), cites=cites)
    frame = read(path) if path.suffix == ".csv" else pd.DataFrame()
    return Subject("file", path.name, paths.shown(path), cites=cited(frame, path) or _cited_as_a_whole(path))


def _cited_as_a_whole(path: Path) -> frozenset[str]:
    """What a result table cites whose rows do not say so."""
    kept = paths.citations(path.parent.parent.name)
    if path.parent.name != "tables" or not kept.exists():
        return frozenset()
    frame = read(kept)
    return cited(frame[frame["table"] == path.stem], kept)


# The unit of a column of which every row names its own.
SEE_UNIT = "see unit"
# Told of a cell whose row says nothing of where it was read.
NOT_KEPT = "place and words not kept"
# Told of a cell that came with a whole file.
IN_FILE = "a row of the whole file that is named under its source, to be found there by the other columns"
# Told of a cell whose row does not say what it rests on.
OF_TABLE = "those of the whole table: the row has no list of its own"
# Told of a cell that was not computed.
CHOSEN = "a place on an axis or a number that was chosen: no raw row moves it"


def _is_chosen(path: Path, column: str, row: pd.Series) -> bool:
    tables = declared.tables().result_tables
    return bool(tables.is_given(tables.name(path), column, row.get("kind", "")))


def _cited_by_cell(row: pd.DataFrame, path: Path, column: str) -> frozenset[str]:
    """What a cell cites: its row, or what its column has of its own."""
    tables = declared.tables().result_tables
    if citations.OWN in row and column in tables.own_columns(tables.name(path)):
        row = citations.from_stored(row)[[citations.OWN]].set_axis(["sources"], axis=1)
    return cited(row, path)


def _cell(path: Path, line: str, column: str) -> Subject:
    frame, name = read(path), paths.shown(path)
    if not line.isdecimal() or not 2 <= int(line) <= len(frame) + 1:
        raise LineageError(f"{name} has no line '{readable(line)}': rows stand on lines 2 to {len(frame) + 1}")
    if column not in frame:
        raise LineageError(f"{name} has no column '{readable(column)}'; it has {', '.join(frame.columns)}")
    row = frame.iloc[[int(line) - 2]]
    about = _of_column(path, column, row.iloc[0])
    if path.parent.parent.parent == paths.RESULTS and _is_chosen(path, column, row.iloc[0]):
        chosen = {"value": row[column].iloc[0], "column": column, **about, "chosen": CHOSEN}
        return Subject("chosen", f"{path.stem}:{line}:{column}", name, int(line), chosen)
    facts = {
        "value": row[column].iloc[0],
        "column": column,
        **about,
        "row": row.iloc[0].drop(column).dropna().to_dict(),
    }
    if path.parent == paths.RAW:
        facts["in the source"] = sources.reading_in_words(path.stem, row.iloc[0, 0]) or _unread(row.iloc[0])
    if (figure := path.with_suffix(".json")).exists():
        words = json.loads(figure.read_text(encoding="utf-8"))["en"]
        facts["figure"] = f"{words['title']}. {words['caption']}"
    own = _cited_by_cell(row, path, column)
    if not own:
        facts["rows used"], own = OF_TABLE, _whole(path).cites
    return Subject("cell", f"{path.stem}:{line}:{column}", name, int(line), facts, own)


def _unread(row: pd.Series) -> str:
    """What is told of a raw row that has no reading."""
    source = row.get("source_id", "")
    return IN_FILE if source and source_facts(source).get("read_as") == "whole_file" else NOT_KEPT


def _of_column(path: Path, column: str, row: pd.Series) -> dict[str, str]:
    """Meaning and unit of a column of a clean table or of results, as far as they are told, in one of its rows."""
    tables = declared.tables()
    if path.parent == paths.CLEAN:
        contract = next((table for table in tables.TABLES if table.name == path.stem), None)
        own = next((own for own in contract.stored if own.name == column), None) if contract else None
        told = {"meaning": own.title, "unit": own.unit} if own else {}
    elif paths.RESULTS in path.parents:
        results = tables.result_tables
        table, own = results.name(path), results.contracted(column)
        said = results.meaning(table, column)
        told = {"meaning": said.en if said else own.title if own else "", "unit": results.unit(table, column)}
    else:
        told = {}
    if told.get("unit") == SEE_UNIT:
        told["unit"] = row.fillna("").get("unit", "")
    return {name: words for name, words in told.items() if words}


def read(path: Path) -> pd.DataFrame:
    """A table as text; what is empty is missing."""
    return pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])


def cited(frame: pd.DataFrame, path: Path) -> frozenset[str]:
    """What rows of a table cite; those of a raw table are themselves what is cited."""
    return frozenset(citations.split_lists(filter(None, _row_citations(frame, path))))


def _row_citations(frame: pd.DataFrame, path: Path) -> list[str]:
    """What each row of the table at ``path`` cites; empty where it cites nothing."""
    if path.parent == paths.RAW and "source_id" in frame:
        return list(citations.cite_rows(frame.set_axis(frame.index + 2), path.stem)["source_id"])
    stored = citations.from_stored(frame)
    return next((list(stored[column].fillna("")) for column in citations.citing(stored)), [""] * len(frame))


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
        self.source = cache(source_facts)
        self._stages: dict[str, dict[str, Any]] = {}
        self._parameters: dict[str, list[dict[str, Any]]] = {}

    def stage(self, stage: Stage) -> dict[str, Any]:
        """What is told of a stage whatever is traced, with the state of all it read."""
        if stage.name not in self._stages:
            self._stages[stage.name] = _stage(stage, self)
        return dict(self._stages[stage.name])

    def _rows(self, path: str, cites: frozenset[str], md5: str) -> dict[str, Any]:
        """Rows of a table that were used, and others of the same sources: how many, on which lines, with which
        warnings."""
        recorded = self.state(path, md5) if md5 else "as recorded"
        return {"path": path, "md5": md5, "state": recorded, **_used(paths.ROOT / path, cites)}

    def _tables(self, last: str) -> dict[str, str]:
        """Tables that a stage and those before it read, and those it makes, by path, with the MD5 on record."""
        chain = self.chain(last)
        known = {path: md5 for stage in chain for path, md5 in stage.data.items()}
        made = chain[0].outs if chain else {}
        return {path: md5 for path, md5 in (known | made).items() if path.startswith("data/") and path.endswith(".csv")}

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

    Keys: ``subject``, ``file``, ``stages`` (from the last to the first), ``parameters`` (of these stages; those that
    the number rests on are marked), ``tables`` (clean), ``raw``, ``sources``, ``warnings`` and ``code_version``.
    Whoever traces much does it with one ``look``. Raises ``LineageError`` when it cannot be found.
    """
    look = look or Look()
    subject = find(asked, reads_code, look)
    made_by = maker(subject.path)
    last = made_by.name if made_by else ""
    chain = look.chain(last)
    cites = _cites_of(subject, chain)
    # A table that is asked for is its own.
    own = {subject.path: ""} if subject.path.startswith("data/") and subject.path.endswith(".csv") else {}
    tables = (look.tables(last) | own).items()
    clean = [look.rows(path, cites, md5) for path, md5 in tables if path.startswith("data/clean/")]
    raw = [_raw(path, cites, md5, look) for path, md5 in tables if path.startswith("data/raw/")]
    assumed = _parameters_in(cites)
    parameters = [{**row, "rests_on_it": row["name"] in assumed} for row in look.parameters(last)]
    restated = {row["source"] for found in parameters if found["rests_on_it"] for row in found["rests_on"]}
    return {
        "subject": {"kind": subject.kind, "name": subject.name, **subject.facts},
        "file": _file(subject, made_by, look),
        "stages": [_told(stage, subject if stage.name == last else None, look) for stage in chain],
        "parameters": parameters,
        "tables": [table for table in clean if table["rows_used"]],
        "raw": [table for table in raw if table["rows_used"]],
        "sources": [look.source(source) for source in sorted({*_sources_in(cites), *restated})],
        "warnings": sorted(subject.warnings.union(*(table["warnings"] for table in clean))),
        "code_version": look.commit(),
    }


def _cites_of(subject: Subject, chain: list[Stage]) -> frozenset[str]:
    """What the subject cites; where it cites nothing, what every published number of its stage does."""
    if subject.cites or subject.kind == "chosen" or not chain:
        return subject.cites
    estimates = paths.estimates(chain[0].name)
    return cited(read(estimates), estimates) if estimates.exists() else frozenset()


def _parameters_in(cites: frozenset[str]) -> set[str]:
    """Names of the parameters among citations."""
    start = f"{citations.PARAMETER}@{citations.PARAMETERS}:"
    return {citation.removeprefix(start) for citation in cites if citation.startswith(start)}


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
    return [told_of_parameter(name, *used[name], meanings[name]) for name in sorted(used) if name in meanings]


def told_of_parameter(name: str, value: Any, stage: str, about: dict[str, Any]) -> dict[str, Any]:
    """A parameter with its meaning; ``rests_on`` are the raw rows that its value restates, unless it was changed."""
    told = {"name": name, "value": value, "stage": stage, "unit": about["unit"], "meaning": about["en"]}
    rows = [row_by_id(place) for place in about["rests_on"]] if value == about["default"] else []
    return told | {"rests_on": rows}


def row_by_id(place: str) -> dict[str, Any]:
    """The raw row behind ``TABLE:ID``: ``table``, ``path``, ``line``, ``id`` and ``source``."""
    table, _, key = place.partition(":")
    path = paths.RAW / f"{table}.csv"
    frame = _read_raw(path, stamp(path))
    found = frame.index[frame.iloc[:, 0] == key]
    if len(found) != 1:
        raise LineageError(
            f"{len(found)} rows of {paths.shown(path)} are called {key}: a parameter rests on one of them"
        )
    row = int(found[0])
    source = frame.at[row, "source_id"]
    return {"table": table, "path": paths.shown(path), "line": row + 2, "id": key, "source": source}


@cache
def _read_raw(path: Path, stamped: tuple[int, int]) -> pd.DataFrame:
    return read(path)


def _used(file: Path, cites: frozenset[str]) -> dict[str, Any]:
    """Rows of a table all of whose raw rows are cited, and the others of the same sources."""
    index = _index(file, stamp(file))
    is_cited = np.zeros(len(index.line), bool)
    for table, is_line_cited in _marked(cites).items():
        place = index.of_table.get(table, np.array([], int))
        place = place[index.line[place] < len(is_line_cited)]
        is_cited[place] = is_line_cited[index.line[place]]
    known = np.bincount(index.row, minlength=index.rows)
    used = np.flatnonzero((known > 0) & (np.bincount(index.row, is_cited, index.rows) == known)).tolist()
    same = set().union(*(index.of_source.get(source, ()) for source in _sources_in(cites))) - set(used)
    words = {word for row in used for word in index.warnings.get(row, "").split(";") if word}
    return {
        "rows": index.rows,
        "rows_used": len(used),
        "lines": _shown_ranges(used),
        "rows_not_used": len(same),
        "lines_not_used": _shown_ranges(same),
        "warnings": sorted(words),
    }


# Asked for every table, of the same citations.
@cache
def _sources_in(cites: frozenset[str]) -> tuple[str, ...]:
    return citations.sources_in(cites)


@cache
def _marked(cites: frozenset[str]) -> dict[str, np.ndarray]:
    """For each raw table whether its lines are cited, up to the last that is; lines count from nought."""
    found = {}
    for table, rows in citations.rows_in(cites).items():
        lines = np.array(list(map(int, rows)))
        found[table] = np.zeros(lines.max() + 1, bool)
        found[table][lines] = True
    return found


@dataclass(frozen=True)
class _Index:
    """One table: how many ``rows`` it has, and for each raw row that one of them cites the ``row`` and the ``line``.

    ``of_table`` has the places of these pairs by raw table, ``of_source`` the rows by source, ``warnings`` those of
    rows.
    """

    rows: int
    row: np.ndarray
    line: np.ndarray
    of_table: dict[str, np.ndarray]
    of_source: dict[str, set[int]]
    warnings: dict[int, str]


@cache
def _index(file: Path, stamped: tuple[int, int]) -> _Index:
    frame = read(file)
    rows, tables, lines, of_source = [], [], [], {}  # type: ignore[var-annotated]
    for row, listed in enumerate(_row_citations(frame, file)):
        for citation in filter(None, listed.split(";")):
            source, _, place = citation.partition("@")
            table, _, line = place.rpartition(":")
            of_source.setdefault(source, set()).add(row)
            if line.isdecimal():
                rows.append(row)
                tables.append(table)
                lines.append(int(line))
    names = np.array(tables)
    of_table = {table: np.flatnonzero(names == table) for table in dict.fromkeys(tables)}
    warnings = frame["warnings"].dropna().to_dict() if "warnings" in frame else {}
    return _Index(len(frame), np.array(rows, int), np.array(lines, int), of_table, of_source, warnings)


def _raw(path: str, cites: frozenset[str], md5: str, look: Look) -> dict[str, Any]:
    name = Path(path).name
    done = sources.load_registry()["tables"].get(name, {}).get("what_was_done", "")
    return {**look.rows(path, cites, md5), **look.raw_hash(name), "what_was_done": done}


def _shown_ranges(rows: Iterable[int]) -> str:
    """The lines of rows of a file as people write them: ``2-4, 9``."""
    return ", ".join(citations.spans(row + 2 for row in rows))


def source_facts(source: str) -> dict[str, Any]:
    """What is told of a source. Raises ``LineageError`` for one that is not in the register."""
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
    facts = {name: record[name] for name in SOURCE_FACTS} | {"licence": record["licence"]}
    # A day of the register is a date, which JSON does not know.
    day = record["date_read"] and str(record["date_read"])
    return {"id": source, **facts, "date_read": day, "file_read": sources.file_read(record), **copy}


def _commit() -> str:
    """The git commit at hand; empty outside a repository. The MD5 of each module says more exactly what ran."""
    asked = ["git", "-C", str(paths.ROOT), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
