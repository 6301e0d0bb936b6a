"""Measure the speed of the project in one go, on copies of the working tree: ``python -m bench``.

Ten ways to run the pipeline, ten small notebooks, generated stages by number, the model stages one by one, the
evidence model in several libraries, and the pages.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from bench import report, stock
from bench.comparison import compare_models
from bench.growth import NUMBERS, measure_number
from bench.measure import BenchError, Measured, measure, together
from bench.opened import measure_opened
from bench.pages import measure_pages
from bench.small import SNAKEMAKE, measure_small, use_cold
from bench.stages import measure_stages
from bench.tree import copy_tree, ends, has_notebook, in_order, read_pipeline


def measure_all(folder: Path) -> dict[str, Measured]:
    """Every way to run the pipeline in a copy of its own below ``folder``; prints each result as it comes."""
    stages = read_pipeline()
    names = in_order(stages)
    plain, repro = [sys.executable, "-m", "bench.plain", *names], ["dvc", "repro", *ends(stages)]
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
    note("cacao_repro_j2", measure([*cacao, *ends(stages)], side))
    # The site is made too: only a run of everything remembers that nothing has been touched since.
    measure(cacao, side)
    note("cacao_noop", min((measure(cacao, side) for _ in range(3)), key=lambda result: result.seconds))
    note("cacao_cold_j2", measure([*cacao, *ends(stages)], cold))
    if not shutil.which("sh"):
        print("There is no sh here: the ways with stock tools are left out.")
        return measured
    for way, tool in (("papermill_loop", stock.papermill), ("nbconvert_loop", stock.nbconvert)):
        loop = copy_tree(folder / way)
        commands = stock.write_scripts(loop, stages, names, tool)
        note(way, together([measure(command.split(), loop) for command in commands]))
    under_dvc = copy_tree(folder / "under_dvc")
    stock.use_dvc(under_dvc, stages, names)
    note("papermill_dvc", measure(repro, under_dvc))
    if SNAKEMAKE.exists():
        under_snakemake = copy_tree(folder / "under_snakemake")
        stock.use_snakemake(under_snakemake, stages, names)
        note("snakemake_j2", measure([str(SNAKEMAKE), "-j", "2", "--quiet"], under_snakemake))
    return measured


def warm_up(folder: Path) -> None:
    """Let no way pay for the first reading of the libraries from disk, nor for compiling them."""
    copy = copy_tree(folder / "warm_up")
    libraries = "import matplotlib.pyplot, numpyro, pandas, scipy.stats, sklearn.linear_model"
    for command in ([sys.executable, "-c", libraries], ["dvc", "--version"], ["papermill", "--version"]):
        measure(command, copy)


def main() -> int:
    """Measure, write the tables in ``bench/results`` and ``docs/benchmark.md``; returns the exit code."""
    try:
        with tempfile.TemporaryDirectory(prefix="cacao-bench-") as folder:
            top = Path(folder).resolve()
            measured = measure_all(top)
            # Everything has run in this copy.
            stages = measure_stages(top / "plain", list(read_pipeline()))
            models = compare_models(top / "plain")
            pages = measure_pages(top / "own")
            opening = measure_opened(top / "own" / "results" / "site")
            small = measure_small(top)
            growth = [measure_number(top, number) for number in NUMBERS]
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    notebooks = sum(has_notebook(name) for name in read_pipeline())
    print("\n" + report.publish(measured, notebooks, stages, models, pages, opening, small, growth))
    return 0


if __name__ == "__main__":
    sys.exit(main())
