"""Ten small notebooks in two chains of five: what each computes takes a tenth of a second."""

import shutil
from pathlib import Path

import nbformat
import yaml

from bench.tree import copy_tree

CHAINS, LENGTH = 2, 5
CODE = """\
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats
from pipeline.kit import paths

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
    stages = {name: stage(target, name, needs) for name, needs in names().items()}
    (target / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False), encoding="utf-8")
    return target


def stage(target: Path, name: str, needs: list[str]) -> dict[str, object]:
    """Write one notebook; returns its stage."""
    cells = [
        nbformat.v4.new_code_cell("seed = 0", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(CODE.format(name=name, needs=needs)),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), target / "notebooks" / f"{name}.ipynb")
    return {
        "cmd": f"python -m pipeline.kit.stages.run {name}",
        "deps": [f"notebooks/{name}.ipynb", *(f"results/{other}/yields.csv" for other in needs)],
        "params": ["uncertainty.seed"],
        "outs": [f"results/{name}"],
    }
