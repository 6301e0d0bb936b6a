"""Seconds to build the site and to answer an auditor, beside nbconvert on the same executed notebooks."""

import sys
from pathlib import Path

from bench.measure import Measured, measure
from bench.page import Row, holds, markdown_table

GOAL_S = 60.0
HEAD = """\
## Pages and answers

- `nbconvert`: the executed notebooks as HTML, by `jupyter nbconvert`: one language, figures inside the pages.
- `site`: the whole site, both languages, with a page for every number.
- `trace`: `cacao trace` of one number.
- `verify_quick`: `cacao verify --quick` of everything published.

"""


def measure_pages(tree: Path) -> dict[str, Measured]:
    """Measure each in a copy of the tree in which the pipeline has run under DVC."""
    notebooks = sorted(path.relative_to(tree).as_posix() for path in tree.glob("results/[0-9]*/*.ipynb"))
    command = [sys.executable, "-m", "pipeline.cli"]
    ways = {
        "nbconvert": ["jupyter", "nbconvert", "--to", "html", "--output-dir", "scratch/nbconvert", *notebooks],
        "site": ["dvc", "repro", "--single-item", "site"],
        "trace": [*command, "trace", "cause.pod_borer"],
        "verify_quick": [*command, "verify", "--quick"],
    }
    found = {}
    for way, words in ways.items():
        found[way] = measure(words, tree)
        print(f"{way}: {found[way].seconds:.2f} s", flush=True)
    return found


def rows(measured: dict[str, Measured]) -> list[Row]:
    """One row per way."""
    floor = measured["nbconvert"].seconds
    return [
        {"way": way, "seconds": f"{result.seconds:.2f}", "ratio_to_nbconvert": f"{result.seconds / floor:.2f}"}
        for way, result in measured.items()
    ]


def section(measured: dict[str, Measured]) -> str:
    """The part of the page."""
    seconds = measured["site"].seconds
    verdict = f"The site is {holds(seconds, GOAL_S)} its goal of {GOAL_S:.0f} s."
    return f"{HEAD}{markdown_table(rows(measured))}\n\n{verdict}\n"
