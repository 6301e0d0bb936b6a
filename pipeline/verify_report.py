"""The report of ``cacao verify``: one page an auditor can file, and the same as JSON with every single check."""

import html
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from pipeline import paths, sources
from pipeline.verify import summary
from pipeline.verify_result import FAILED, IDENTICAL, SAME, Check

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
        "<h1>Verification: what holds back cacao yield in Kutai Timur</h1>",
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
