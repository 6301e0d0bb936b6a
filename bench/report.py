"""The page and the tables of the benchmark."""

import math
import os
import platform
from importlib.metadata import version

from bench import growth, models_report, pages, small, stages
from bench.comparison import Fitted
from bench.measure import Measured
from bench.page import Row, markdown_table, write_csv
from pipeline import paths

TABLES = paths.ROOT / "bench" / "results"
PAGE = paths.ROOT / "docs" / "benchmark.md"
REFERENCES = ("papermill_dvc", "papermill_loop", "plain")
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
- `papermill_loop`: the stock `papermill` command, one notebook after the other.
- `papermill_dvc`: the same stages under DVC with the stock `papermill` command and an empty cache.

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
    versions = {name: version(name) for name in ("dvc", "papermill", "pandas", "numpyro")}
    return {"cores": str(os.cpu_count()), "python": platform.python_version(), **versions}


def section(table: list[Row], notebooks: int) -> str:
    """The part of the page on running the notebooks."""
    return f"{HEAD}{markdown_table(table)}\n\nMeasured on {notebooks} notebooks.\n"


def publish(
    measured: dict[str, Measured],
    notebooks: int,
    model_stages: dict[str, Measured],
    models: dict[str, Fitted],
    reading: dict[str, Measured],
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
    write_csv(TABLES / "small.csv", small.rows(ten))
    write_csv(TABLES / "growth.csv", many)
    parts = [section(table, notebooks), stages.section(model_stages), models_report.section(models)]
    parts += [pages.section(reading), small.section(ten), growth.section(many)]
    cores, *versions = (f"{name} {value}" for name, value in surroundings.items())
    page = "\n".join([*parts, f"Measured with {cores}, {', '.join(versions)}.\n"])
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    return page
