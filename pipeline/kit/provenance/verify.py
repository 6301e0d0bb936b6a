"""Does every published number come out again? ``verify`` checks it and says what passed and what did not.

Quick: the environment against the lock, the sources against their records, the project against its commit, and what
stands in it against the record. Full: besides, the committed state is cloned into an empty folder, every stage runs
there, and what comes out is compared: bit by bit, or by content where another processor changes a last digit.
"""

import html
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.kit import declared, paths
from pipeline.kit.data import sources
from pipeline.kit.provenance import content, lineage, reference
from pipeline.kit.provenance.checks import (
    FAILED,
    IDENTICAL,
    SAME,
    Check,
    check_committed,
    check_environment,
    check_files,
)
from pipeline.kit.provenance.releases import check_releases

# What stages make is not there in a fresh clone, and is checked file by file; what people write must be there.
MADE = re.compile("dependency (data/clean|results)[/:].* -> missing")
# Settings of the user that bring other code, or a cache whose results would be taken instead of made.
UNSET = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE")
HOW = f"value, within {content.RELATIVE:g}, signs exactly"


def verify(quick: bool) -> list[Check]:
    """All checks, the failed ones included; nothing is raised for what does not hold."""
    checks = [*check_environment(), *check_sources(), *check_committed(), *check_stages(), *check_libraries()]
    checks += check_releases() if any(paths.RESULTS.glob("*/estimates.csv")) else []
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
    for name in declared.stages():
        problems = [reason for reason in lineage.reasons(name) if not reason.startswith("output")]
        problems = [reason for reason in problems if not MADE.fullmatch(reason)]
        yield Check("stage", name, FAILED if problems else IDENTICAL, "; ".join(problems))


def check_libraries() -> Iterator[Check]:
    """Every stage was made with the libraries of the present lock; one check for each lock that is on record."""
    made: dict[str, list[str]] = {}
    for name, stage in lineage.read_stages().items():
        # Only the listing of its code tells it of a stage.
        made.setdefault(stage.deps.get(paths.shown(paths.REQUIREMENTS), "unknown"), []).append(name)
    now = lineage.md5(paths.REQUIREMENTS)
    for md5, names in made.items():
        detail = "" if md5 == now else f"requirements.lock is {now} now"
        told = f"requirements.lock {md5}: made {', '.join(names)}"
        yield Check("libraries", told, FAILED if detail else IDENTICAL, detail)


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
    return part != "n" and content.same_number(old, new, scale)


def summary(checks: list[Check]) -> pd.DataFrame:
    """How many checks of each kind ended in which way; every way has a column."""
    frame = pd.DataFrame([(check.kind, check.result) for check in checks], columns=["kind", "result"])
    return pd.crosstab(frame["kind"], frame["result"]).reindex(columns=[IDENTICAL, SAME, FAILED], fill_value=0)


STYLE = """body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}
table{border-collapse:collapse;margin:.5rem 0}td,th{border:1px solid #bbb;padding:.2rem .6rem;text-align:left;
vertical-align:top}td:not(:first-child){overflow-wrap:anywhere}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:1.6rem}
@media print{body{margin:0;font-size:11px}}"""

PROMISE = (
    "Of a file with other bytes and the same content, words and letters are those on record, and its numbers, places "
    "and dots are within the tolerance named beside it. That says nothing of the digits after those compared."
)


def write(checks: list[Check], machine: dict[str, str], quick: bool, folder: Path) -> list[Path]:
    """Write ``verification.html`` and ``verification.json`` into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "passed": passed(checks),
        "counts": {way: sum(check.result == way for check in checks) for way in (IDENTICAL, SAME, FAILED)},
        "quick": quick,
        "machine": machine,
        "not_redistributable": withheld(),
        "checks": [asdict(check) for check in checks],
    }
    texts = {"verification.json": json.dumps(record, indent=1, ensure_ascii=False) + "\n"}
    texts["verification.html"] = page(checks, machine, quick)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def passed(checks: list[Check]) -> bool:
    """Nothing failed."""
    return not any(check.result == FAILED for check in checks)


def lines(checks: list[Check]) -> list[str]:
    """One line for each check, as the terminal shows it; what is not identical says why, and how it was compared."""
    words = {IDENTICAL: "pass", SAME: "same", FAILED: "FAIL"}
    plain = [f"{words[check.result]} {check.kind} {check.name}" for check in checks]
    more = ["" if check.result == IDENTICAL else f": {check.detail} [{check.how}]" for check in checks]
    return [line + told.removesuffix(" []") for line, told in zip(plain, more, strict=True)]


def verdict(checks: list[Check]) -> str:
    """One sentence: how many checks failed, and of the others how many found the same content in other bytes."""
    count = Counter(check.result for check in checks)
    told = f"{count[IDENTICAL]} identical, {count[SAME]} {SAME}, {count[FAILED]} failed"
    return f"{'Passed' if passed(checks) else 'Failed'}: {len(checks)} checks, {told}."


def withheld() -> list[dict[str, str]]:
    """Sources whose files or texts may not be passed on, or of which that is not clear, with their licence."""
    records = sources.load_registry()["sources"]
    return [
        {"source": name, "may be passed on": record["redistribute"], "licence": record["licence"]["name"]}
        for name, record in sorted(records.items())
        if record["redistribute"] in ("no", "unclear")
    ]


def page(checks: list[Check], machine: dict[str, str], quick: bool) -> str:
    """The report as a page that loads nothing from anywhere."""
    bad, near, equal = ([check for check in checks if check.result == way] for way in (FAILED, SAME, IDENTICAL))
    how = "What stands in the project, by its hashes." if quick else "Every stage was run again in an empty folder."
    counts = summary(checks).reset_index()
    facts_only = sum(record["redistribute"] == "facts_only" for record in sources.load_registry()["sources"].values())
    body = [
        f"<h1>Verification of {declared.name()}</h1>",
        f"<p><strong>{verdict(checks)}</strong> {how}</p>",
        "<h2>Ran on</h2>" + _table(["what", "value"], machine.items()),
        "<h2>Checks</h2>" + _table(list(counts.columns), counts.itertuples(index=False)),
        "<h2>Failed</h2>" + _listed(bad),
        "<h2>Other bytes, same content</h2>" + _listed(near),
        f"<p>{PROMISE}</p>",
        "<h2>Sources that are not passed on</h2>" + _table(["source", "may be passed on", "licence"], _withheld()),
        "<h2>Identical</h2>" + _listed(equal),
        f"<p>Of {facts_only} further sources single figures are restated, not their tables or texts.</p>",
    ]
    head = f'<meta charset="utf-8"><title>Verification</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _withheld() -> Iterable[Iterable[str]]:
    return [record.values() for record in withheld()]


def _listed(checks: list[Check]) -> str:
    rows = [(check.kind, check.name, check.detail, check.how) for check in checks]
    return _table(["kind", "name", "detail", "compared by"], rows) if rows else "<p>None.</p>"


def _table(head: list[str], rows: Iterable[Iterable[object]]) -> str:
    cells = "".join(f"<th>{html.escape(str(cell))}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{body}</table>"


def where() -> Path:
    """Folder of the report; nothing in it is a result."""
    return paths.ROOT / "scratch" / "verification"
