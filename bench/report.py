"""The table of the benchmark: as CSV for programs, as Markdown for readers."""

import csv
import math
import os
import platform
from importlib.metadata import version

from bench.measure import Measured
from pipeline import paths

TABLE = paths.ROOT / "bench" / "results" / "latest.csv"
PAGE = paths.ROOT / "docs" / "benchmark.md"
REFERENCES = ("papermill_dvc", "papermill_loop", "plain")
HEAD = """\
# What running the notebooks costs

Written by `make bench`, which runs all stages of the pipeline in each of these ways
on copies of the working tree, all in one session:

- `plain`: the code cells in one Python process, without kernel, cell outputs or cache. This is the floor.
- `dvc_repro`: `dvc repro` of this project with an empty cache.
- `noop`: `dvc repro` again with nothing changed, best of three.
- `papermill_loop`: the stock `papermill` command, one notebook after the other.
- `papermill_dvc`: the same stages under DVC with the stock `papermill` command and an empty cache.

Columns compare the time with that of another way; below 1 is faster. Memory is the peak of the largest process.
Every way computes with one thread per process.

"""


def rows(measured: dict[str, Measured]) -> list[dict[str, str]]:
    """One row per way; a ratio to a way that was not measured stays empty."""
    return [
        {
            "way": way,
            "seconds": f"{result.seconds:.2f}",
            **{f"ratio_to_{other}": ratio(result, measured.get(other)) for other in REFERENCES},
            "peak_mib": "" if math.isnan(result.peak_mib) else f"{result.peak_mib:.0f}",
        }
        for way, result in measured.items()
    ]


def ratio(result: Measured, reference: Measured | None) -> str:
    """Time relative to a reference."""
    return f"{result.seconds / reference.seconds:.2f}" if reference else ""


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    versions = {name: version(name) for name in ("dvc", "papermill", "pandas")}
    return {"cores": str(os.cpu_count()), "python": platform.python_version(), **versions}


def markdown(table: list[dict[str, str]], surroundings: dict[str, str], notebooks: int) -> str:
    """The page ``docs/benchmark.md``."""
    columns = list(table[0])
    lines = [
        "| " + " | ".join(column.replace("_", " ") for column in columns) + " |",
        "|---|" + "---:|" * (len(columns) - 1),
        *("| " + " | ".join([f"`{row['way']}`", *list(row.values())[1:]]) + " |" for row in table),
    ]
    cores, *versions = (f"{name} {value}" for name, value in surroundings.items())
    return HEAD + "\n".join(lines) + f"\n\nMeasured on {notebooks} notebooks; {cores}, {', '.join(versions)}.\n"


def publish(measured: dict[str, Measured], notebooks: int) -> str:
    """Write CSV and page; returns the page."""
    table, surroundings = rows(measured), machine()
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*table[0], *surroundings], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, **surroundings} for row in table)
    page = markdown(table, surroundings, notebooks)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    return page
