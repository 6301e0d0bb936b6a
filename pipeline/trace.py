"""The chain from a published number, figure, table or cell back to the sources, with the hash of every step.

``cacao trace`` shows it. The chain rests on ``dvc.lock`` and the register of sources alone: no network, no rerun.
"""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import paths, sources, subjects
from pipeline.lineage import LineageError, Stage, maker, stamp, state, upstream
from pipeline.params import describe
from pipeline.subjects import Subject

SOURCE_FACTS = (
    "title", "publisher", "year", "citation", "url", "archive_url", "date_read", "read_as", "redistribute", "notes",
)  # fmt: skip


def trace(asked: str) -> dict[str, Any]:
    """The chain of what was asked, ready for JSON.

    Keys: ``subject``, ``file``, ``stages`` (from the last to the first), ``parameters``, ``tables`` (clean),
    ``raw``, ``sources``, ``warnings`` and ``code_version``. Raises ``LineageError`` when it cannot be found.
    """
    subject = subjects.find(asked)
    made_by = maker(subject.path)
    chain = upstream(made_by) if made_by else []
    cites = _sources_of(subject, chain)
    clean = [_rows(path, cites, md5) for path, md5 in _tables(subject, chain, "data/clean/").items()]
    raw = [_raw(path, cites, md5) for path, md5 in _tables(subject, chain, "data/raw/").items()]
    return {
        "subject": {"kind": subject.kind, "name": subject.name, **subject.facts},
        "file": _file(subject, made_by),
        "stages": [_stage(stage, subject if stage is made_by else None) for stage in chain],
        "parameters": _parameters(chain),
        "tables": [table for table in clean if table["rows_used"]],
        "raw": [table for table in raw if table["rows_used"]],
        "sources": [_source(source) for source in cites],
        "warnings": sorted({warning for table in clean for warning in table["warnings"]}),
        "code_version": _commit(),
    }


def _sources_of(subject: Subject, chain: list[Stage]) -> list[str]:
    """Sources the subject cites; where it cites none, those of every published number of its stage."""
    if subject.sources or not chain:
        return list(subject.sources)
    estimates = paths.estimates(chain[0].name)
    return list(subjects.cited(pd.read_csv(estimates))) if estimates.exists() else []


def _file(subject: Subject, made_by: Stage | None) -> dict[str, Any]:
    """Where the subject stands; the record is that of the file itself or of the folder DVC keeps it in."""
    record = {"path": subject.path, "line": subject.line}
    if made_by:
        out = next(out for out in made_by.outs if subject.path == out or subject.path.startswith(f"{out}/"))
        return {**record, "out": out, "md5": made_by.outs[out], "state": state(out, made_by.outs[out])}
    if subject.path.startswith("data/raw/"):
        return {**record, **_raw_hash(Path(subject.path).name)}
    return {**record, "state": "kept in git"}


def _raw_hash(name: str) -> dict[str, str]:
    registered = sources.load_registry()["tables"].get(name, {}).get("sha256", "")
    found = sources.sha256(paths.RAW / name)
    return {"sha256": found, "state": "as recorded" if found == registered else "changed"}


def _stage(stage: Stage, subject: Subject | None) -> dict[str, Any]:
    read = [{"path": path, "md5": md5, "state": state(path, md5)} for path, md5 in stage.data.items()]
    code = [{"path": path, "md5": md5, "state": state(path, md5)} for path, md5 in stage.code.items()]
    found: dict[str, Any] = {"name": stage.name, "command": stage.command, "reads": read, "code": code}
    if stage.notebook:
        md5 = stage.deps[stage.notebook]
        found["notebook"] = {"path": stage.notebook, "md5": md5, "state": state(stage.notebook, md5)}
        found["notebook"]["cells"] = cells(stage, subject) if subject else []
    return found


def cells(stage: Stage, subject: Subject) -> list[str]:
    """Ids of the notebook cells that write the subject, or show it by its key."""
    name = Path(subject.path).name.split(".")[0]
    written = rf'(publish_figure|write_table)\(\s*"{name}"|write_clean\(\s*tables\.{name.upper()}\b'
    if subject.kind == "estimate":
        written = rf"save_estimates\(|\{{{re.escape(subject.name)}(:\w+)?\}}"
    notebook = json.loads((paths.ROOT / stage.notebook).read_text(encoding="utf-8"))
    return [
        cell["id"]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and re.search(written, "".join(cell["source"]))
    ]


def _parameters(chain: list[Stage]) -> list[dict[str, Any]]:
    meanings, used = describe(), {}
    for stage in chain:
        if stage.notebook:
            used.update({name: (value, stage.name) for name, value in stage.parameters.items()})
    return [
        {"name": name, "value": value, "stage": stage, "unit": meanings[name]["unit"], "meaning": meanings[name]["en"]}
        for name, (value, stage) in sorted(used.items())
        if name in meanings
    ]


def _tables(subject: Subject, chain: list[Stage], folder: str) -> dict[str, str]:
    """Tables of a folder that the chain reads, by path, with the MD5 on record; a table asked for is its own."""
    found = {path: md5 for stage in chain for path, md5 in stage.data.items() if path.startswith(folder)}
    own = {subject.path: ""} if subject.path.startswith(folder) else {}
    return {path: md5 for path, md5 in {**found, **own}.items() if path.endswith(".csv")}


def _rows(path: str, cites: list[str], md5: str) -> dict[str, Any]:
    """Rows of a table that cite the sources: how many, on which lines, with which warnings."""
    file = paths.ROOT / path
    recorded = state(path, md5) if md5 else "as recorded"
    return {"path": path, "md5": md5, "state": recorded, **_used(file, frozenset(cites), stamp(file))}


# Many numbers cite the same sources: the pages of all of them ask for the same rows.
@cache
def _used(file: Path, cites: frozenset[str], version: tuple[int, int]) -> dict[str, Any]:
    rows, by_source, warnings = _index(file, version)
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
    column = next((name for name in subjects.SOURCE_COLUMNS if name in frame), None)
    by_source: dict[str, list[int]] = {}
    for row, listed in frame[column].dropna().items() if column else ():
        for source in listed.split(";"):
            by_source.setdefault(source, []).append(row)
    return len(frame), by_source, frame["warnings"].dropna().to_dict() if "warnings" in frame else {}


def _raw(path: str, cites: list[str], md5: str) -> dict[str, Any]:
    name = Path(path).name
    done = sources.load_registry()["tables"].get(name, {}).get("what_was_done", "")
    return {**_rows(path, cites, md5), **_raw_hash(name), "what_was_done": done}


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
    return {"id": source, **{name: record[name] for name in SOURCE_FACTS}, "licence": record["licence"]}


def _commit() -> str:
    """The git commit at hand; empty outside a repository. The MD5 of each module says more exactly what ran."""
    asked = ["git", "-C", str(paths.ROOT), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
