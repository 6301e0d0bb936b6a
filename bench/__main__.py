"""Measure the speed of the project in one go, on copies of the working tree: ``python -m bench``.

Ten ways to run the pipeline, ten small notebooks, generated stages by number, the model stages one by one, the
evidence model in several libraries, the pages, the units of a plan for many places, and a large survey.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from bench import growth, models_report, opened, pages, plan, report, small, stages, stock, survey
from bench.comparison import compare_models
from bench.growth import measure_number
from bench.measure import BenchError, Measured, measure, together
from bench.opened import measure_opened
from bench.page import Row
from bench.pages import measure_pages
from bench.plan import measure_plan
from bench.small import SNAKEMAKE, measure_small, use_cold
from bench.stages import measure_stages
from bench.survey import measure_survey
from bench.tree import copy_tree, ends, in_order, read_pipeline


def measure_all(folder: Path) -> dict[str, Measured]:
    """Every way to run the pipeline in a copy of its own below ``folder``; prints each result as it comes."""
    declared = read_pipeline()
    names = in_order(declared)
    plain, repro = [sys.executable, "-m", "bench.plain", *names], ["dvc", "repro", *ends(declared)]
    warm_up(folder)

    measured: dict[str, Measured] = {}

    def note(way: str, result: Measured) -> None:
        measured[way] = result
        print(f"{way}: {result.seconds:.2f} s", flush=True)

    note("plain", measure(plain, copy_tree(folder / "plain")))
    own = copy_tree(folder / "own")
    note("dvc_repro", measure(repro, own))
    note("noop", min((measure(repro, own) for _ in range(3)), key=lambda result: result.seconds))
    side, cold = copy_tree(folder / "side"), use_cold(copy_tree(folder / "cold"))
    cacao = [sys.executable, "-m", "pipeline.cli", "repro", "-j", "2"]
    note("cacao_repro_j2", measure([*cacao, *ends(declared)], side))
    # The site is made too: only a run of everything remembers that nothing has been touched since.
    measure(cacao, side)
    note("cacao_noop", min((measure(cacao, side) for _ in range(3)), key=lambda result: result.seconds))
    note("cacao_cold_j2", measure([*cacao, *ends(declared)], cold))
    if not shutil.which("sh"):
        print("There is no sh here: the ways with stock tools are left out.")
        return measured
    for way, tool in (("papermill_loop", stock.papermill), ("nbconvert_loop", stock.nbconvert)):
        loop = copy_tree(folder / way)
        commands = stock.write_scripts(loop, declared, names, tool)
        note(way, together([measure(command.split(), loop) for command in commands]))
    under_dvc = copy_tree(folder / "under_dvc")
    stock.use_dvc(under_dvc, declared, names)
    note("papermill_dvc", measure(repro, under_dvc))
    if SNAKEMAKE.exists():
        under_snakemake = copy_tree(folder / "under_snakemake")
        stock.use_snakemake(under_snakemake, declared, names)
        note("snakemake_j2", measure([str(SNAKEMAKE), "-j", "2", "--quiet"], under_snakemake))
    return measured


def warm_up(folder: Path) -> None:
    """Let no way pay for the first reading of the libraries from disk, nor for compiling them."""
    copy = copy_tree(folder / "warm_up")
    libraries = "import matplotlib.pyplot, numpyro, pandas, scipy.stats, sklearn.linear_model"
    for command in ([sys.executable, "-c", libraries], ["dvc", "--version"], ["papermill", "--version"]):
        measure(command, copy)


def measure_parts(top: Path) -> dict[str, tuple[list[Row], str]]:
    """All but the ways to run the notebooks, in copies in which these have run: rows and words by name of the table."""
    model_stages = measure_stages(top / "plain", list(read_pipeline()))
    models = compare_models(top / "plain")
    reading, opening = measure_pages(top / "own"), measure_opened(top / "own" / "results" / "site")
    units = measure_plan(top / "own")
    plots, ten = measure_survey(top / "own", top), measure_small(top)
    many = [measure_number(top, number) for number in growth.NUMBERS]
    return {
        "stages": (stages.rows(model_stages), stages.section(model_stages)),
        "models": (models_report.rows(models), models_report.section(models)),
        "quantiles": (models_report.quantile_rows(models), ""),
        "pages": (pages.rows(reading), pages.section(reading)),
        "opened": (opening, opened.section(opening)),
        "survey": (survey.rows(plots), survey.section(plots)),
        "small": (small.rows(ten), small.section(ten)),
        "growth": (many, growth.section(many)),
        "plan": (plan.unit_rows(units), plan.section(units, growth.seconds_a_stage(many))),
    }


def main() -> int:
    """Measure, write the tables in ``bench/results`` and ``docs/benchmark.md``; returns the exit code."""
    try:
        with tempfile.TemporaryDirectory(prefix="cacao-bench-") as folder:
            top = Path(folder).resolve()
            measured = measure_all(top)
            parts = measure_parts(top)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n" + report.publish(report.rows(measured), parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
