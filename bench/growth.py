"""How the time grows with the number of stages, in generated projects.

Every stage copies a line; what is measured is what DVC and ``cacao repro`` need around it, with an empty cache and
with nothing to do.
"""

import subprocess
import sys
from pathlib import Path

import yaml

from bench.measure import measure
from bench.page import Part, Row
from bench.tree import commit
from pipeline.kit import paths

NUMBERS = (10, 50, 200, 1000)
CHAINS = 10
# From here on DVC alone, which writes the whole lock for every stage, takes longer than anybody waits.
LIMIT_OF_DVC = 200
# The folder stands for the project whose code runs in it.
OWN = """
import os, sys
from pathlib import Path
from pipeline.kit import paths
paths.ROOT = Path(os.getcwd())
paths.PIPELINE, paths.PARAMS, paths.NOTEBOOKS = (paths.ROOT / n for n in ("dvc.yaml", "params.yaml", "notebooks"))
from pipeline.cli import main
sys.exit(main(["repro", "-j", "2"]))
"""


def generate(target: Path, number: int) -> Path:
    """A project of this many stages in ten chains."""
    (target / "in").mkdir(parents=True)
    stages = {}
    for place in range(number):
        source = f"in/{place}.txt" if place < CHAINS else f"out/{place - CHAINS}.txt"
        if place < CHAINS:
            (target / source).write_text(f"{place}\n", encoding="utf-8")
        made = f"out/{place}.txt"
        stages[f"s{place}"] = {"cmd": f"cp {source} {made}", "deps": [source], "outs": [made]}
    (target / "out").mkdir()
    (target / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False), encoding="utf-8")
    (target / ".gitignore").write_text("/out\n/pipeline\n", encoding="utf-8")
    (target / "pipeline").symlink_to(paths.ROOT / "pipeline")
    commit(target)
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], cwd=target, check=True)
    return target


def measure_number(folder: Path, number: int) -> Row:
    """Seconds for one number of stages."""
    row = {"stages": str(number)}
    for way, command in (("dvc", ["dvc", "repro", "--quiet"]), ("cacao", [sys.executable, "-c", OWN])):
        if way == "dvc" and number > LIMIT_OF_DVC:
            row |= {"dvc_cold": "", "dvc_noop": ""}
            continue
        tree = generate(folder / f"{way}{number}", number)
        cold = measure(command, tree)
        measure(command, tree)
        noop = min(measure(command, tree).seconds for _ in range(3))
        row |= {f"{way}_cold": f"{cold.seconds:.2f}", f"{way}_noop": f"{noop:.2f}"}
        print(row, flush=True)
    return row


PART = Part(
    """\
## Growth with the number of stages

Generated stages in ten chains, each a copy of a line: what `dvc repro` and `cacao repro -j 2` need around them, with an
empty cache and with nothing to do (best of three), in seconds. DVC writes the whole lock for every stage, so that its
time grows with the square of the number; it is left out above 200.
""",
    lambda top: [measure_number(top / "growth", number) for number in NUMBERS],
    ((str(NUMBERS[-1]), "cacao_noop", 3.0),),
)
