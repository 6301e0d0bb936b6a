"""Statements of releases, and what has changed since: which numbers moved, by how much, and because of what.

A statement holds every published number, every parameter, and a hash of the rows of each source and of the code of
each stage, as they were committed. ``results/reference/releases/VERSION.json`` keeps it, and beside it may stand a
signature of a maintainer. So a number that was recorded anew is still seen against the last release.
"""

import csv
import hashlib
import io
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit import declared, paths, yaml_text
from pipeline.kit.data.citations import PARAMETER, PARAMETERS, from_columns, source_of
from pipeline.kit.provenance import content, lineage, reference
from pipeline.kit.provenance.checks import FAILED, IDENTICAL, Check, GitError, git

FOLDER = "results/reference/releases"
# Who may sign: one line per maintainer, as `ssh-keygen -Y verify` reads them.
SIGNERS = "results/reference/releases/allowed_signers"
NUMBERS = "results/reference/numbers.csv"
ENDS = ["value", "lower", "upper"]
# Stages behind no number: the pages, and the listings of code, which every stage reads its own of.
UNSAID = ("site", "code")
# So many names of a kind are told in a line.
NAMED = 6
# A file of the project as text, by its path; of a revision, or as it stands.
Reader = Callable[[str], str]


@dataclass(frozen=True)
class State:
    """A published state: ``numbers`` by key, and by name the parameters, sources and code that they were made with."""

    numbers: dict[str, dict[str, float]]
    parameters: dict[str, Any]
    sources: dict[str, str]
    code: dict[str, str]


def committed(revision: str) -> State:
    """The state of a revision. Raises ``LineageError`` for one that is not there, or lacks a file."""
    file = partial(_committed, commit_of(revision))
    lock = yaml_text.load(file("dvc.lock").encode())["stages"]
    read_by = {name: {item["path"]: item["md5"] for item in entry.get("deps", [])} for name, entry in lock.items()}
    return _state(pd.read_csv(io.StringIO(file(NUMBERS))), file, read_by)


def present() -> State:
    """The state of the project as it stands: its results need not be recorded yet."""
    read_by = {
        name: {path: lineage.md5(paths.ROOT / path) for path in filter(_is_code, entry.get("deps", []))}
        for name, entry in declared.stages().items()
    }
    return _state(reference.numbers(paths.ROOT), _here, read_by)


def _state(table: pd.DataFrame, file: Reader, read_by: dict[str, dict[str, str]]) -> State:
    numbers = {row["key"]: {end: row[end] for end in ENDS if pd.notna(row[end])} for row in table.to_dict("records")}
    parameters = dict(lineage.flat(yaml_text.load(file("params.yaml").encode())))
    code = {name: _hash([pair for pair in read.items() if _is_code(pair[0])]) for name, read in read_by.items()}
    return State(numbers, parameters, rows_of_sources(file), {name: code[name] for name in code if name not in UNSAID})


def rows_of_sources(file: Reader) -> dict[str, str]:
    """A hash of all raw rows of each source, over all tables."""
    found: dict[str, Any] = {}
    said = json.JSONEncoder(sort_keys=True).encode
    for table in sorted(yaml_text.load(file("data/raw/sources.yaml").encode())["tables"]):
        for row in csv.DictReader(io.StringIO(file(f"data/raw/{table}"), newline="")):
            digest = found.setdefault(row["source_id"], hashlib.sha256())
            digest.update(said([table, row]).encode())
    return {source: digest.hexdigest() for source, digest in sorted(found.items())}


def _is_code(path: str) -> bool:
    """Whether what a stage reads is neither data nor a result: a notebook, a module, or the listing of modules."""
    return path.startswith(f"{paths.CODE}/") or not path.startswith(("data/", "results/"))


def _hash(pairs: list[tuple[str, str]]) -> str:
    return hashlib.sha256(json.dumps(sorted(pairs)).encode()).hexdigest()


def commit_of(revision: str) -> str:
    """The commit that a revision names; raises ``LineageError`` when there is none."""
    try:
        return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except (GitError, ValueError) as error:  # ValueError: a letter that no name has
        known = ", ".join(made["version"] for made in statements()) or "none"
        raise lineage.LineageError(f"{lineage.readable(revision)} is no commit, and no release: {known}") from error


def _committed(revision: str, path: str) -> str:
    return git("show", f"{revision}:{path}")


def _here(path: str) -> str:
    return (paths.ROOT / path).read_text(encoding="utf-8")


def statement(version: str, day: str, revision: str) -> dict[str, Any]:
    """The statement of a release, as it was committed."""
    state = committed(revision)
    parts = {"numbers": state.numbers, "parameters": state.parameters, "sources": state.sources, "code": state.code}
    return {"version": version, "date": day, "commit": commit_of(revision), "hash": digest(parts), **parts}


def digest(parts: dict[str, Any]) -> str:
    """The hash of all that a statement says."""
    said = {name: parts[name] for name in ("numbers", "parameters", "sources", "code")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def write(made: dict[str, Any], key: str = "") -> Path:
    """Write a statement, and sign it with a key of ``ssh-keygen`` if there is one.

    Raises ``OSError`` for a version that has a statement already, and when the signature cannot be made.
    """
    target = paths.ROOT / FOLDER / f"{made['version']}.json"
    if target.exists():
        raise FileExistsError(f"{paths.shown(target)} is there: what was released is not stated anew")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if key:
        _ssh_keygen("-Y", "sign", "-f", key, "-n", declared.name(), str(target))
    return target


def statements() -> list[dict[str, Any]]:
    """All statements, the oldest first. Raises ``ValueError`` for one that is damaged."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (paths.ROOT / FOLDER).glob("*.json")]
    return sorted(found, key=lambda made: (made["date"], made["version"]))


def state_of(made: dict[str, Any]) -> State:
    """The state that a statement holds."""
    return State(made["numbers"], made["parameters"], made["sources"], made["code"])


def check_releases() -> Iterator[Check]:
    """Every statement is whole and signed by whom it may be; no number left the last one without a reason."""
    try:
        found = statements()
    except (ValueError, KeyError, TypeError) as error:
        yield Check("release", FOLDER, FAILED, f"a statement cannot be read: {error}")
        return
    for made in found:
        yield _check_statement(made)
    if found:
        yield from _check_numbers(state_of(found[-1]), found[-1]["version"])


def _check_statement(made: dict[str, Any]) -> Check:
    name, file = f"statement of {made['version']}", paths.ROOT / FOLDER / f"{made['version']}.json"
    if digest(made) != made["hash"]:
        return Check("release", name, FAILED, "not what its own hash says", "SHA-256")
    signature = file.with_name(f"{file.name}.sig")
    if not signature.exists():
        return Check("release", name, IDENTICAL, "not signed", "SHA-256")
    try:
        signer = _ssh_keygen("-Y", "find-principals", "-s", str(signature), "-f", str(paths.ROOT / SIGNERS)).strip()
        how = ("-n", declared.name(), "-f", str(paths.ROOT / SIGNERS), "-I", signer, "-s", str(signature))
        _ssh_keygen("-Y", "verify", *how, given=file.read_bytes())
    except OSError as error:
        return Check("release", name, FAILED, f"the signature does not hold: {error}", "ssh-keygen")
    return Check("release", name, IDENTICAL, f"signed by {signer}", "ssh-keygen")


def _check_numbers(before: State, version: str) -> Iterator[Check]:
    """A number that moved must have a reason: a parameter, source or stage behind it is another one now."""
    found = changes(before, present())
    for change in found:
        if change.before and change.after and not change.because:
            told = (
                f"{_ends(change.before)} in {version}, {_ends(change.after)} now, and nothing it rests on has changed"
            )
            yield Check("release", change.key, FAILED, told, f"value, within {content.RELATIVE:g}")
    moved = [change for change in found if change.because or not (change.before and change.after)]
    yield Check("release", f"{len(moved)} numbers moved, came or went since {version}, each with a reason", IDENTICAL)


def _ends(ends: dict[str, float]) -> str:
    value, *interval = (f"{ends[end]:g}" for end in ENDS if end in ends) if ends else ("",)
    return f"{value} ({' to '.join(interval)})" if interval else value


def _ssh_keygen(*words: str, given: bytes = b"") -> str:
    """What ``ssh-keygen`` prints; raises ``OSError`` with what it complains of."""
    done = subprocess.run(["ssh-keygen", *words], input=given, capture_output=True)
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace").strip() or f"ssh-keygen ends with {done.returncode}")
    return done.stdout.decode()


@dataclass(frozen=True)
class Change:
    """A number that is another one now, or is new or gone: its ends before and after, and what is behind it.

    ``because`` names what has changed of all that it rests on: ``parameter NAME``, ``source ID``, ``code STAGE``.
    """

    key: str
    before: dict[str, float]
    after: dict[str, float]
    because: tuple[str, ...] = ()

    def by_kind(self) -> dict[str, list[str]]:
        """What has changed, by kind."""
        found: dict[str, list[str]] = {}
        for reason in self.because:
            kind, _, name = reason.partition(" ")
            found.setdefault(kind, []).append(name)
        return found

    @property
    def relative(self) -> float:
        """By what share of itself the value moved; not a number where one is missing, or the sign is another."""
        old, new = self.before.get("value", np.nan), self.after.get("value", np.nan)
        return (new - old) / abs(old) if old * new > 0 else np.nan


def changes(before: State, after: State) -> list[Change]:
    """Numbers that moved, came or went between two states, in the order of their keys.

    ``after`` is the project as it stands: what its numbers rest on is read from there.
    """
    rests_on: dict[str, dict[str, set[str]]] = {}
    different = {
        "parameter": _other(before.parameters, after.parameters),
        "source": _other(before.sources, after.sources),
        "code": _other(before.code, after.code),
    }
    found = []
    for key in sorted(before.numbers.keys() | after.numbers.keys()):
        old, new = before.numbers.get(key, {}), after.numbers.get(key, {})
        if old and new and _same(old, new):
            continue
        rests_on = rests_on or behind()
        reasons = [
            f"{kind} {name}"
            for kind, names in different.items()
            for name in sorted(names & rests_on.get(key, {}).get(kind, set()))
        ]
        found.append(Change(key, old, new, tuple(reasons)))
    return found


def _other(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    names = before.keys() | after.keys()
    return {name for name in names if before.get(name) != after.get(name) or (name in before) != (name in after)}


def _same(old: dict[str, float], new: dict[str, float]) -> bool:
    return old.keys() == new.keys() and all(content.same_number(old[end], new[end]) for end in old)


def behind() -> dict[str, dict[str, set[str]]]:
    """What every number of the project rests on: ``source``, ``parameter`` and ``code``, by key."""
    stages, found = lineage.read_stages(), {}
    for path in sorted(paths.RESULTS.glob("*/estimates.csv")):
        chain = lineage.upstream(stages[path.parent.name])
        read = {name for stage in chain if stage.notebook for name in stage.parameters}
        code = {stage.name for stage in chain}
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
        for key, listed, rows in zip(table["key"], table["sources"], table["raw_rows"], strict=True):
            found[key] = {"source": _sources(listed, rows), "parameter": read, "code": code}
    return found


def _sources(listed: str, rows: str) -> set[str]:
    return {source_of(citation) for citation in from_columns(listed, rows).split(";")} - {PARAMETER, PARAMETERS}


def lines(found: Iterable[Change]) -> Iterator[str]:
    """The changes as a terminal shows them, one line each."""
    for change in found:
        moved = f"{_ends(change.before) or 'new'} -> {_ends(change.after) or 'gone'}"
        share = f" ({change.relative:+.1%})" if np.isfinite(change.relative) else ""
        reasons = "; ".join(_said(kind, names) for kind, names in change.by_kind().items())
        yield f"{change.key}: {moved}{share}{': ' if reasons else ''}{reasons}"


def _said(kind: str, names: list[str]) -> str:
    """What of one kind has changed; many are counted after the first."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{kind} {', '.join(names[:NAMED])}{more}"
