"""The page and the tables of the benchmark."""

import math
import os
import platform
from importlib.metadata import version

from bench import figure, growth, models_report, opened, pages, small, stages
from bench.comparison import Fitted
from bench.measure import Measured
from bench.page import Row, markdown_table, write_csv
from pipeline import paths

TABLES = paths.ROOT / "bench" / "results"
PAGE = paths.ROOT / "docs" / "benchmark.md"
REFERENCES = ("plain", "papermill_dvc", "papermill_loop", "snakemake_j2")
GOAL_RATIO, GOAL_NOOP_S = 1.3, 1.0
HEAD = """\
# How fast it is

Written by `make bench`, which measures all of this in one go on copies of the working tree.

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

![How long each way takes, relative to the plain code: as in the tables below](benchmark.svg)

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
    versions = {name: version(name) for name in ("dvc", "papermill", "pandas", "numpyro")}
    return {"cores": str(os.cpu_count()), "python": platform.python_version(), **versions}


def section(table: list[Row], notebooks: int) -> str:
    """The part of the page on running the notebooks."""
    return f"{HEAD}{markdown_table(table)}\n\nMeasured on {notebooks} notebooks.{verdict(table)}\n"


def verdict(table: list[Row]) -> str:
    """Whether the goals are met."""
    found = {row["way"]: row for row in table}
    times, noop = float(found["cacao_repro_j2"]["ratio_to_plain"]), float(found["cacao_noop"]["seconds"])
    words = [
        f"`cacao repro -j 2` takes {times} times the floor, {holds(times, GOAL_RATIO)} its goal of {GOAL_RATIO}",
        f"with nothing changed {noop} s, {holds(noop, GOAL_NOOP_S)} its goal of {GOAL_NOOP_S} s",
    ]
    return f" {'; '.join(words)}."


def holds(found: float, goal: float) -> str:
    """The word for a measured number and its goal."""
    return "within" if found <= goal else "above"


def publish(
    measured: dict[str, Measured],
    notebooks: int,
    model_stages: dict[str, Measured],
    models: dict[str, Fitted],
    reading: dict[str, Measured],
    opening: list[Row],
    ten: dict[str, Measured],
    many: list[Row],
) -> str:
    """Write the tables and the page ``docs/benchmark.md``; returns the page."""
    table, surroundings = rows(measured), machine()
    write_csv(TABLES / "latest.csv", [{**row, **surroundings} for row in table])
    write_csv(TABLES / "stages.csv", stages.rows(model_stages))
    write_csv(TABLES / "models.csv", models_report.rows(models))
    write_csv(TABLES / "quantiles.csv", models_report.quantile_rows(models))
    write_csv(TABLES / "pages.csv", pages.rows(reading))
    write_csv(TABLES / "opened.csv", opening)
    write_csv(TABLES / "small.csv", small.rows(ten))
    write_csv(TABLES / "growth.csv", many)
    parts = [section(table, notebooks), stages.section(model_stages), models_report.section(models)]
    parts += [pages.section(reading), opened.section(opening), small.section(ten), growth.section(many)]
    cores, *versions = (f"{name} {value}" for name, value in surroundings.items())
    figure.draw(PAGE.with_suffix(".svg"), {"The project's stages": table, "Ten small notebooks": small.rows(ten)}, many)
    page = "\n".join([*parts, f"Measured with {cores}, {', '.join(versions)}.\n"])
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    return page
