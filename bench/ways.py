"""Ten ways to run the notebooks of the pipeline, each in a copy of its own."""

import shutil
import sys
from pathlib import Path

from bench import stock
from bench.measure import Measured, measure, together
from bench.small import SNAKEMAKE, use_cold
from bench.tree import copy_tree, ends, in_order, read_pipeline


def measure_ways(folder: Path) -> dict[str, Measured]:
    """Every way, each in a copy below ``folder``; prints each result as it comes."""
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
    libraries = "import matplotlib.pyplot, pandas, scipy.stats, sklearn.linear_model"
    for command in ([sys.executable, "-c", libraries], ["dvc", "--version"], ["papermill", "--version"]):
        measure(command, copy)
