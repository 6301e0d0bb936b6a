"""Ten small notebooks in two chains of five, run in every way: ``python -m bench.small``, on copies of the tree.

What a notebook computes takes a tenth of a second; what is measured is all the rest.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
import yaml

from bench.measure import BenchError, Measured, measure, middle, together
from bench.page import Row, holds, markdown_table
from bench.tree import copy_tree
from pipeline.kit import paths

CHAINS, LENGTH = 2, 5
# Of what takes seconds: other work on the machine would move a single run by a third.
RUNS = 3
REFERENCES = ("plain", "snakemake_j2")
# Of `cacao repro -j 2`: times the floor, and the part of Snakemake's time.
GOAL_FLOOR, GOAL_SNAKEMAKE = 2.0, 1 / 6
SNAKEMAKE = paths.ROOT / ".venv-bench" / "bin" / "snakemake"
HEAD = """\
## Ten small notebooks

Two chains of five notebooks that each load pandas, SciPy and Matplotlib and compute for a tenth of a second, so that
what is measured is all the rest.

- Times of `plain` and `cacao_warm_...` are medians of three runs, each of the latter in a copy of its own.
- `plain`: their code as scripts in one Python process, the floor; `plain_processes`: each in a process of its own.
- `cacao_warm_...`: `cacao repro`, kernels forked from a process that has the libraries; `cacao_cold_...`: without.
- `cacao_noop_...`: again with nothing changed.
- `dvc_repro`: DVC alone with this project's runner; `dvc_papermill`: with the stock `papermill` command.
- `papermill_loop`: the command, one notebook after the other; `snakemake_...`: the same under Snakemake.
- `nbconvert_loop`: `jupyter nbconvert --execute`, one notebook after the other.

"""
CODE = """\
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats
from pipeline import paths

before = sum(len(pd.read_csv(paths.RESULTS / name / "yields.csv")) for name in {needs!r})
draws = np.random.default_rng(seed).gamma(4.0, 100.0, size=1000 + before)
table = pd.DataFrame({{"yield_kg_per_ha": draws, "shade": np.arange(draws.size) % 7}})
table.groupby("shade").mean().to_csv(paths.output(paths.RESULTS / {name!r} / "yields.csv"))
figure = Figure()
axes = figure.subplots()
axes.hist(draws, bins=30)
figure.savefig(paths.output(paths.RESULTS / {name!r} / "yields.png"))
stats.linregress(table["shade"], table["yield_kg_per_ha"]).slope
"""


def names() -> dict[str, list[str]]:
    """Names of the notebooks, each with those it needs, in an order in which they can run."""
    every = [(chain, place) for place in range(LENGTH) for chain in range(CHAINS)]
    return {f"n{chain}{place}": [f"n{chain}{place - 1}"] if place else [] for chain, place in every}


def small_tree(target: Path) -> Path:
    """A copy of the tree with these notebooks in place of its own."""
    copy_tree(target)
    shutil.rmtree(target / "notebooks")
    (target / "notebooks").mkdir()
    stages = {}
    for name, needs in names().items():
        cells = [
            nbformat.v4.new_code_cell("seed = 0", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(CODE.format(name=name, needs=needs)),
        ]
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), target / "notebooks" / f"{name}.ipynb")
        deps = [f"notebooks/{name}.ipynb", *(f"results/{other}/yields.csv" for other in needs)]
        outs = [f"results/{name}"]
        stages[name] = {
            "cmd": f"python -m pipeline.kit.stages.run {name}",
            "deps": deps,
            "params": ["uncertainty.seed"],
            "outs": outs,
        }
    write_stages(target, stages)
    return target


def write_stages(target: Path, stages: dict[str, dict[str, object]]) -> None:
    """Write ``dvc.yaml``."""
    (target / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False), encoding="utf-8")


def papermill(name: str) -> str:
    """Command that runs a notebook with stock papermill."""
    return f"mkdir -p results/{name} && papermill notebooks/{name}.ipynb results/{name}/{name}.ipynb -p seed 20250625"


def nbconvert(name: str) -> str:
    """Command that runs a notebook with stock nbconvert."""
    convert = "jupyter nbconvert --to notebook --execute"
    return f"mkdir -p results/{name} && {convert} --output-dir results/{name} notebooks/{name}.ipynb"


def use_papermill(target: Path) -> Path:
    """Let DVC run the stock command."""
    stages = yaml.safe_load((target / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    write_stages(target, {name: stage | {"cmd": papermill(name)} for name, stage in stages.items()})
    return target


def use_snakemake(target: Path) -> Path:
    """Rules that run the stock command."""
    rules = [f"rule all:\n    input: {[f'results/{name}/yields.csv' for name in names()]!r}\n"]
    for name, needs in names().items():
        inputs = [f"notebooks/{name}.ipynb", *(f"results/{other}/yields.csv" for other in needs)]
        output = f"results/{name}/yields.csv"
        rules.append(f"rule {name}:\n    input: {inputs!r}\n    output: {output!r}\n    shell: {papermill(name)!r}\n")
    (target / "Snakefile").write_text("\n".join(rules), encoding="utf-8")
    return target


def use_cold(target: Path) -> Path:
    """Turn warm kernels off."""
    file = target / "params.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("warm_kernels: true", "warm_kernels: false"), encoding="utf-8")
    return target


def scripts(target: Path) -> list[str]:
    """The code of the notebooks as scripts; returns their names."""
    for name, needs in names().items():
        code = "seed = 20250625\n" + CODE.format(name=name, needs=needs)
        (target / f"{name}.py").write_text(code, encoding="utf-8")
    return [f"{name}.py" for name in names()]


def measure_small(folder: Path) -> dict[str, Measured]:
    """Every way, each in a copy of its own below ``folder``; prints each result as it comes."""
    # Where the stock ways write: paths.output() then gives the places themselves.
    found: dict[str, Measured] = {}

    def note(way: str, command: list[str], *trees: Path) -> None:
        found[way] = middle([measure(command, tree) for tree in trees])
        print(f"{way}: {found[way].seconds:.2f} s", flush=True)

    def stock(tree: Path) -> Path:
        os.environ[paths.STAGING_VARIABLE] = str(tree)
        return tree

    tree = stock(small_tree(folder / "plain"))
    runner = "import runpy, sys; [runpy.run_path(name) for name in sys.argv[1:]]"
    plain = [sys.executable, "-c", runner, *scripts(tree)]
    measure(plain, tree)  # Not the first to read the libraries from disk.
    note("plain", plain, *[tree] * RUNS)
    processes = [measure([sys.executable, name], tree) for name in scripts(tree)]
    found["plain_processes"] = together(processes)
    print(f"plain_processes: {found['plain_processes'].seconds:.2f} s", flush=True)
    del os.environ[paths.STAGING_VARIABLE]
    cacao = [sys.executable, "-m", "pipeline.cli", "repro", "-j"]
    for jobs in ("2", "1"):
        copies = [small_tree(folder / f"warm{jobs}_{number}") for number in range(RUNS)]
        note(f"cacao_warm_j{jobs}", [*cacao, jobs], *copies)
        warm = copies[0]
        # The first finds a run behind it and asks DVC once; from then on nothing has been touched.
        measure([*cacao, jobs], warm)
        note(f"cacao_noop_j{jobs}", [*cacao, jobs], warm)
        note(f"cacao_cold_j{jobs}", [*cacao, jobs], use_cold(small_tree(folder / f"cold{jobs}")))
    note("dvc_repro", ["dvc", "repro"], small_tree(folder / "dvc"))
    tree = stock(use_papermill(small_tree(folder / "dvc_papermill")))
    note("dvc_papermill", ["dvc", "repro"], tree)
    tree = stock(small_tree(folder / "loop"))
    note("papermill_loop", ["sh", "-c", " && ".join(papermill(name) for name in names())], tree)
    tree = stock(small_tree(folder / "nbconvert"))
    note("nbconvert_loop", ["sh", "-c", " && ".join(nbconvert(name) for name in names())], tree)
    if SNAKEMAKE.exists():
        for jobs in ("1", "2"):
            tree = stock(use_snakemake(small_tree(folder / f"snakemake{jobs}")))
            note(f"snakemake_j{jobs}", [str(SNAKEMAKE), "-j", jobs, "--quiet"], tree)
    else:
        print("Snakemake is not installed in .venv-bench: it is left out.", file=sys.stderr)
    os.environ.pop(paths.STAGING_VARIABLE, None)
    return found


def rows(measured: dict[str, Measured]) -> list[Row]:
    """One row per way, with its time relative to the floor and to Snakemake."""
    return [
        {
            "way": way,
            "seconds": f"{result.seconds:.2f}",
            **{
                f"ratio_to_{other}": f"{result.seconds / measured[other].seconds:.2f}" if other in measured else ""
                for other in REFERENCES
            },
        }
        for way, result in measured.items()
    ]


def section(measured: dict[str, Measured]) -> str:
    """The part of the page."""
    return f"{HEAD}{markdown_table(rows(measured))}\n\n{verdict(measured)}\n"


def verdict(measured: dict[str, Measured]) -> str:
    """Whether the goals are met; that of Snakemake only where it was measured."""
    own = measured["cacao_warm_j2"].seconds
    floor = own / measured["plain"].seconds
    words = [
        f"`cacao repro -j 2` takes {floor:.2f} times the floor, {holds(floor, GOAL_FLOOR)} its goal of {GOAL_FLOOR}"
    ]
    if "snakemake_j2" in measured:
        part = own / measured["snakemake_j2"].seconds
        words.append(f"{part:.3f} of Snakemake with two jobs, {holds(part, GOAL_SNAKEMAKE)} its goal of a sixth")
    return f"{'; '.join(words)}."


def main() -> int:
    """Measure and print the table; returns the exit code."""
    try:
        with tempfile.TemporaryDirectory(prefix="cacao-bench-") as folder:
            print("\n" + markdown_table(rows(measure_small(Path(folder).resolve()))))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
