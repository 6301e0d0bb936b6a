"""Does every published number come out again? ``cacao verify`` checks it and says what passed and what did not.

Quick: the environment against the lock, the sources against their records, the project against its commit, and what
stands in it against the record. Full: besides, the committed state is cloned into an empty folder, every stage runs
there, and what comes out is compared: bit by bit, or by content where another processor changes a last digit.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import paths, reference, sources, stale, tolerance
from pipeline.verify_environment import check_environment
from pipeline.verify_files import check_files
from pipeline.verify_result import FAILED, IDENTICAL, SAME, Check
from pipeline.verify_state import check_committed

# What stages make is not there in a fresh clone, and is checked file by file; what people write must be there.
MADE = ("dependency data/clean/", "dependency results/")
# Settings of the user that bring other code, or a cache whose results would be taken instead of made.
UNSET = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE")
HOW = f"value, within {tolerance.RELATIVE:g}, signs exactly"


def verify(quick: bool) -> list[Check]:
    """All checks, the failed ones included; nothing is raised for what does not hold."""
    checks = [*check_environment(), *check_sources(), *check_committed(), *check_stages()]
    if quick or any(paths.RESULTS.glob("*/estimates.csv")):
        checks += check_files(paths.ROOT)
    if quick:
        return [*checks, *check_numbers(paths.ROOT), *check_columns(paths.ROOT)]
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        if problem := rerun(clone, Path(folder)):
            return [*checks, Check("rerun", "dvc repro", FAILED, problem)]
        again = [Check("rerun", "dvc repro", IDENTICAL, "every stage ran to its end in an empty folder")]
        files = check_files(clone, kind="file made again", originals=paths.ROOT)
        return [*checks, *again, *files, *check_numbers(clone), *check_columns(clone)]


def rerun(clone: Path, settings: Path) -> str:
    """Clone the committed state and run every stage there; returns what went wrong, empty when nothing did.

    ``settings`` is a folder without settings of DVC: a cache shared with other projects would give back old results.
    """
    variables = {name: value for name, value in os.environ.items() if name not in UNSET}
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables.get('PATH', '')}"
    variables |= {
        "PYTHONNOUSERSITE": "1",
        "DVC_GLOBAL_CONFIG_DIR": str(settings),
        "DVC_SYSTEM_CONFIG_DIR": str(settings),
    }
    steps = [
        (["git", "clone", "--quiet", str(paths.ROOT), str(clone)], paths.ROOT),
        ([sys.executable, "-m", "dvc", "repro", "--quiet", "--force", "--no-run-cache"], clone),
    ]
    for command, folder in steps:
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
        if done.returncode:
            return f"{' '.join(command[:4])}: {(done.stderr or done.stdout).strip()[-2000:]}"
    return ""


def check_sources() -> Iterator[Check]:
    """Raw tables and source records agree; a record without a licence fails here."""
    try:
        tables = sources.verify()
    except sources.SourceError as error:
        for problem in str(error).splitlines()[1:] or [str(error)]:
            yield Check("source records", problem.strip().split(":")[0], FAILED, problem.strip())
    else:
        yield Check("source records", "data/raw", IDENTICAL, f"{tables} tables as recorded")


def check_stages() -> Iterator[Check]:
    """No stage is stale: code, tables and parameters are those that made the recorded results."""
    for name in stale.declared_stages():
        problems = [reason for reason in stale.reasons(name) if not reason.startswith("output")]
        problems = [reason for reason in problems if not (reason.endswith("-> missing") and reason.startswith(MADE))]
        yield Check("stage", name, FAILED if problems else IDENTICAL, "; ".join(problems))


def check_numbers(root: Path) -> Iterator[Check]:
    """Every published number with its interval, against the record."""
    yield from _against("number", reference.numbers(root), ["stage", "key"], ["value", "lower", "upper"])


def check_columns(root: Path) -> Iterator[Check]:
    """Every column of numbers in tables and behind figures, by its extent, against the record."""
    yield from _against("column", reference.columns(root), ["path", "column"], ["n", *reference.EXTENT])


def _against(kind: str, found: pd.DataFrame, key: list[str], parts: list[str]) -> Iterator[Check]:
    """Row by row, by ``key``: the same but for last digits, missing, or there without a record."""
    recorded, found = reference.load(f"{kind}s").set_index(key), found.set_index(key)
    for index, row in recorded.iterrows():
        if index in found.index:
            yield _compare(kind, _named(index), row[parts], found.loc[index, parts])
        else:
            yield Check(kind, _named(index), FAILED, "missing", HOW)
    for index in found.index.difference(recorded.index):
        yield Check(kind, _named(index), FAILED, "published without a record", HOW)


def _named(index: Any) -> str:
    return ": ".join(index)


def _compare(kind: str, name: str, wanted: pd.Series, found: pd.Series) -> Check:
    """Compare value by value; both as the record writes them, with six digits."""
    pairs = [(part, float(f"{wanted[part]:.6g}"), float(f"{found[part]:.6g}")) for part in wanted.index]
    different = [pair for pair in pairs if pair[1] != pair[2] and not (pd.isna(pair[1]) and pd.isna(pair[2]))]
    same = all(_same(part, old, new, wanted) for part, old, new in different)
    detail = "; ".join(f"{part} {old:g} on record, {new:g} found" for part, old, new in different)
    return Check(kind, name, IDENTICAL if not different else SAME if same else FAILED, detail, HOW)


def _same(part: str, old: float, new: float, row: pd.Series) -> bool:
    """Whether one value is the same; a count must be equal, and a sum may be small beside its parts."""
    scale = max(abs(row["least"]), abs(row["greatest"])) if part in ("mean", "tilt") else 0.0
    return part != "n" and tolerance.same_number(old, new, scale)


def summary(checks: list[Check]) -> pd.DataFrame:
    """How many checks of each kind ended in which way; every way has a column."""
    frame = pd.DataFrame([(check.kind, check.result) for check in checks], columns=["kind", "result"])
    return pd.crosstab(frame["kind"], frame["result"]).reindex(columns=[IDENTICAL, SAME, FAILED], fill_value=0)
