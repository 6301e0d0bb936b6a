"""The page and the tables of the benchmark."""

import csv
import math
import os
import platform
from importlib.metadata import version

from bench import figure
from bench.measure import Measured
from bench.page import Row, holds, markdown_table, write_csv
from bench.tree import has_notebook, read_pipeline
from pipeline.kit import paths

TABLES = paths.ROOT / "bench" / "results"
PAGE = paths.ROOT / "docs" / "benchmark.md"
REFERENCES = ("plain", "papermill_dvc", "papermill_loop", "snakemake_j2")
GOAL_RATIO, GOAL_NOOP_S = 1.3, 1.0
HEAD = """\
# How fast it is

Written by `make bench`. Each part is measured in one go, on copies of the working tree; `make bench PARTS="small
growth"` measures some of them anew and keeps the others: latest (running the notebooks), stages, models, pages,
opened, small, growth, plan, survey.
"""
FIGURE = "![How long each way takes, relative to the plain code: as in the tables below](benchmark.svg)\n"
WAYS = """\
## Running the notebooks

All stages of the pipeline but the site in each of these ways:

- `plain`: the code cells in one Python process, without kernel, cell outputs or cache. This is the floor.
- `dvc_repro`: `dvc repro` of these stages with an empty cache.
- `noop`: `dvc repro` again with nothing changed, best of three.
- `cacao_repro_j2`: `cacao repro -j 2` of these stages with an empty cache and warm kernels.
- `cacao_noop`: `cacao repro` again with nothing changed, best of three.
- `cacao_cold_j2`: `cacao repro -j 2` of these stages with an empty cache, without warm kernels.
- `papermill_loop`: the stock `papermill` command, one notebook after the other.
- `nbconvert_loop`: the stock `jupyter nbconvert --execute` command, one notebook after the other.
- `papermill_dvc`: the same stages under DVC with the stock `papermill` command and an empty cache.
- `snakemake_j2`: the same commands under Snakemake, two at a time.

Columns compare the time with that of another way; below 1 is faster. Memory is the peak of the largest process.
Every way computes with one thread per process.

"""


def rows(measured: dict[str, Measured]) -> list[Row]:
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


def section(table: list[Row]) -> str:
    """The part of the page on running the notebooks."""
    notebooks = sum(has_notebook(name) for name in read_pipeline())
    return f"{WAYS}{markdown_table(table)}\n\nMeasured on {notebooks} notebooks.{verdict(table)}\n"


def verdict(table: list[Row]) -> str:
    """Whether the goals are met."""
    found = {row["way"]: row for row in table}
    times, noop = float(found["cacao_repro_j2"]["ratio_to_plain"]), float(found["cacao_noop"]["seconds"])
    words = [
        f"`cacao repro -j 2` takes {times} times the floor, {holds(times, GOAL_RATIO)} its goal of {GOAL_RATIO}",
        f"with nothing changed {noop} s, {holds(noop, GOAL_NOOP_S)} its goal of {GOAL_NOOP_S} s",
    ]
    return f" {'; '.join(words)}."


def write_table(name: str, table: list[Row]) -> None:
    """Write the rows of a part."""
    write_csv(TABLES / f"{name}.csv", table)


def read_table(name: str) -> list[Row]:
    """Rows of a part as they were last written; none when it has not been measured."""
    path = TABLES / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def keep(name: str, table: list[Row], words: str) -> None:
    """Write rows and words of a part, with what it was measured with."""
    write_table(name, table)
    cores, *versions = (f"{name} {value}" for name, value in machine().items())
    text = f"{words}\nMeasured with {cores}, {', '.join(versions)}.\n"
    (TABLES / f"{name}.md").write_text(text, encoding="utf-8")
    print(f"\n{text}", flush=True)


def write_page(names: list[str]) -> None:
    """Put ``docs/benchmark.md`` and its figure together from the parts that have been measured."""
    texts = [TABLES / f"{name}.md" for name in names]
    words = [text.read_text(encoding="utf-8") for text in texts if text.exists()]
    PAGE.parent.mkdir(exist_ok=True)
    ways = {"The project's stages": read_table("latest"), "Ten small notebooks": read_table("small")}
    if all(ways.values()) and (many := read_table("growth")):
        figure.draw(PAGE.with_suffix(".svg"), ways, many)
        words.insert(0, FIGURE)
    PAGE.write_text("\n".join([HEAD, *words]), encoding="utf-8")
