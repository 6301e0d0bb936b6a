"""How the time grows with the number of stages: ``python -m bench.growth NUMBER...``, in folders of their own.

Every stage copies a line; what is measured is what DVC and ``cacao repro`` need around it, with an empty cache and
with nothing to do.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from bench.measure import BenchError, measure
from bench.page import Row, holds, markdown_table
from bench.tree import GIT_IDENTITY
from pipeline.kit import paths

NUMBERS = (10, 50, 200, 1000)
CHAINS = 10
# From here on DVC alone, which writes the whole lock for every stage, takes longer than anybody waits.
LIMIT_OF_DVC = 200
GOAL_NOOP_S = 3.0

HEAD = """\
## Growth with the number of stages

Generated stages in ten chains, each a copy of a line: what `dvc repro` and `cacao repro -j 2` need around them, with an
empty cache and with nothing to do (best of three), in seconds. DVC writes the whole lock for every stage, so that its
time grows with the square of the number; it is left out above 200.

"""


def section(table: list[Row]) -> str:
    """The part of the page."""
    seconds, number = float(table[-1]["cacao_noop"]), table[-1]["stages"]
    goal = f"{holds(seconds, GOAL_NOOP_S)} its goal of {GOAL_NOOP_S:.0f} s"
    verdict = f"Nothing to do takes `cacao repro` {seconds} s at {number} stages, {goal}."
    return f"{HEAD}{markdown_table(table)}\n\n{verdict}\n"


def seconds_a_stage(table: list[Row]) -> float:
    """What `cacao repro` needs around one stage at the greatest number; raises ``BenchError`` for none."""
    if not table:
        raise BenchError("what a stage costs is not known yet: measure the part growth first")
    return float(table[-1]["cacao_cold"]) / int(table[-1]["stages"])


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
    for command in (["init", "--quiet"], ["add", "--all"], [*GIT_IDENTITY, "commit", "--quiet", "--message", "made"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], cwd=target, check=True)
    return target


def measure_number(folder: Path, number: int) -> Row:
    """Seconds for one number of stages."""
    row = {"stages": str(number)}
    own = [sys.executable, "-c", OWN]
    for way, command in (("dvc", ["dvc", "repro", "--quiet"]), ("cacao", own)):
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


# The folder stands for the project whose code runs in it.
OWN = """
import os, sys
from pathlib import Path
from pipeline import paths
paths.ROOT = Path(os.getcwd())
paths.PIPELINE, paths.PARAMS, paths.NOTEBOOKS = (paths.ROOT / n for n in ("dvc.yaml", "params.yaml", "notebooks"))
from pipeline.kit.rerun.run import repro
sys.exit(repro([], 2))
"""


def main(numbers: list[int]) -> int:
    """Measure and print the table; returns the exit code."""
    try:
        with tempfile.TemporaryDirectory(prefix="cacao-bench-") as folder:
            print("\n" + markdown_table([measure_number(Path(folder).resolve(), number) for number in numbers]))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or [*NUMBERS]))
