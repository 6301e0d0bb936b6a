"""Does every published number come out again? ``cacao verify`` checks it and says what passed and what did not.

Quick: the environment against the lock, the sources against their records, what stands in the project against the
hashes on record. Full: besides, the committed state is cloned into an empty folder, every stage runs there, and what
comes out is compared: bit by bit, or within the stated tolerance where another processor changes a last digit.
"""

import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from packaging.requirements import Requirement

from pipeline import environment, lineage, paths, reference, sources, stale

# What stages make is not there in a fresh clone, and is checked file by file; what people write must be there.
MADE = ("dependency data/clean/", "dependency results/")


@dataclass(frozen=True)
class Check:
    """One thing that was checked. ``result`` is ``identical``, ``within tolerance``, ``not compared`` or ``failed``."""

    kind: str
    name: str
    result: str
    detail: str = ""


def verify(quick: bool) -> list[Check]:
    """All checks, the failed ones included; nothing is raised for what does not hold."""
    checks = [*check_environment(), *check_sources(), *check_stages()]
    if quick or any(paths.RESULTS.glob("*/estimates.csv")):
        checks += list(check_files(paths.ROOT))
    if quick:
        return [*checks, *check_numbers(paths.ROOT), *check_columns(paths.ROOT)]
    if changed := _git("status", "--porcelain"):
        checks.append(Check("state", "git", "failed", f"only what is committed is run again; not committed: {changed}"))
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        if problem := rerun(clone):
            return [*checks, Check("rerun", "dvc repro", "failed", problem)]
        again = [Check("rerun", "dvc repro", "identical", "every stage ran to its end in an empty folder")]
        return [*checks, *again, *check_files(clone, rerun=True), *check_numbers(clone), *check_columns(clone)]


def rerun(clone: Path) -> str:
    """Clone the committed state and run every stage there; returns what went wrong, empty when nothing did."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables.get('PATH', '')}"
    steps = [
        (["git", "clone", "--quiet", str(paths.ROOT), str(clone)], paths.ROOT),
        ([sys.executable, "-m", "dvc", "repro", "--quiet"], clone),
    ]
    for command, folder in steps:
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
        if done.returncode:
            return f"{' '.join(command[:4])}: {(done.stderr or done.stdout).strip()[-2000:]}"
    return ""


def check_environment() -> Iterator[Check]:
    """Every locked package that this platform needs is installed in the locked version."""
    for line in environment.read_lock(environment.LOCK.read_text(encoding="utf-8")):
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        wanted = str(requirement.specifier).removeprefix("==")
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found = "not installed"
        same = requirement.specifier.contains(found, prereleases=True) if found != "not installed" else False
        detail = found if same else f"locked {wanted}, found {found}"
        yield Check("environment", requirement.name, "identical" if same else "failed", detail)


def check_sources() -> Iterator[Check]:
    """Raw tables and source records agree; a record without a licence fails here."""
    try:
        tables = sources.verify()
    except sources.SourceError as error:
        for problem in str(error).splitlines()[1:] or [str(error)]:
            yield Check("source records", problem.strip().split(":")[0], "failed", problem.strip())
    else:
        yield Check("source records", "data/raw", "identical", f"{tables} tables as recorded")


def check_stages() -> Iterator[Check]:
    """No stage is stale: code, tables and parameters are those that made the recorded results."""
    for name in stale.declared_stages():
        problems = [reason for reason in stale.reasons(name) if not reason.startswith("output")]
        problems = [reason for reason in problems if not (reason.endswith("-> missing") and reason.startswith(MADE))]
        yield Check("stage", name, "failed" if problems else "identical", "; ".join(problems))


def check_files(root: Path, rerun: bool = False) -> Iterator[Check]:
    """Every published file below ``root`` has the hash on record, and none is there without a record.

    In a rerun a file that differs is left to the comparison of numbers and columns: pictures follow from them.
    """
    recorded = reference.load("files").set_index("path")["md5"]
    found = reference.files(root).set_index("path")["md5"]
    for path, md5 in recorded.items():
        now = found.get(path)
        if now == md5:
            yield Check("file", str(path), "identical")
        elif now is None:
            yield Check("file", str(path), "failed", "missing")
        elif rerun:
            yield Check("file", str(path), "not compared", "other bytes; its numbers are compared one by one")
        else:
            yield Check("file", str(path), "failed", f"edited by hand or stale: md5 {md5} on record, {now} found")
    for path in found.index.difference(recorded.index):
        yield Check("file", str(path), "failed", "published without a record")


def check_numbers(root: Path) -> Iterator[Check]:
    """Every published number with its interval, against the record."""

    def within(row: pd.Series) -> float:
        return float(row["tolerance"] * (row["upper"] - row["lower"] if pd.notna(row["lower"]) else abs(row["value"])))

    parts = ["value", "lower", "upper"]
    yield from _against("number", reference.load("numbers"), reference.numbers(root), ["stage", "key"], parts, within)


def check_columns(root: Path) -> Iterator[Check]:
    """Every column of numbers in tables and behind figures, by its extent, against the record."""

    def within(row: pd.Series) -> float:
        return float(row["tolerance"] * max(abs(row["least"]), abs(row["greatest"])))

    parts = ["n", *reference.EXTENT]
    yield from _against("column", reference.load("columns"), reference.columns(root), ["path", "column"], parts, within)


def _against(
    kind: str,
    recorded: pd.DataFrame,
    found: pd.DataFrame,
    key: list[str],
    parts: list[str],
    within: Callable[[pd.Series], float],
) -> Iterator[Check]:
    """Row by row, by ``key``: the same within the tolerance, missing, or there without a record."""
    recorded, found = recorded.set_index(key), found.set_index(key)
    for index, row in recorded.iterrows():
        if index in found.index:
            yield _compare(kind, _named(index), row, found.loc[index], parts, within(row))
        else:
            yield Check(kind, _named(index), "failed", "missing")
    for index in found.index.difference(recorded.index):
        yield Check(kind, _named(index), "failed", "published without a record")


def _named(index: Any) -> str:
    return ": ".join(index)


def _compare(kind: str, name: str, wanted: pd.Series, found: pd.Series, parts: list[str], within: float) -> Check:
    """Compare value by value; both as the record writes them, with six digits."""
    pairs = [(part, float(f"{wanted[part]:.6g}"), float(f"{found[part]:.6g}")) for part in parts]
    different = [pair for pair in pairs if pair[1] != pair[2] and not (pd.isna(pair[1]) and pd.isna(pair[2]))]
    detail = "; ".join(f"{part} {old:g} on record, {new:g} found" for part, old, new in different)
    # A difference that cannot be computed (missing against known) is not within anything.
    if not all(abs(old - new) <= within for _, old, new in different):
        return Check(kind, name, "failed", f"{detail}; tolerance {within:.3g}")
    return Check(kind, name, "within tolerance" if different else "identical", detail)


def summary(checks: list[Check]) -> pd.DataFrame:
    """How many checks of each kind ended in which way."""
    frame = pd.DataFrame([(check.kind, check.result) for check in checks], columns=["kind", "result"])
    return pd.crosstab(frame["kind"], frame["result"])


def machine() -> dict[str, str]:
    """What the checks ran on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted": _git("status", "--porcelain"),
        "md5 of dvc.lock": lineage.md5(paths.ROOT / "dvc.lock"),
        "md5 of requirements.lock": lineage.md5(environment.LOCK),
    }


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=paths.ROOT, capture_output=True, text=True)
    return done.stdout.strip()
