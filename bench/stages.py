"""Seconds of every model stage, one after the other, each as ``python -m pipeline.kit.stages.run STAGE`` runs it."""

import re
import sys
from pathlib import Path

from bench.measure import Measured, measure
from bench.page import Row, holds, markdown_table

FIRST, LAST = 4, 11
GOAL_S = 180.0
HEAD = """\
## Model stages

Each of the stages that fit or use a model, as `python -m pipeline.kit.stages.run STAGE`, one after the other on the
same machine.

"""


def model_stages(names: list[str]) -> list[str]:
    """The stages numbered 04 to 11, in the order of their numbers."""
    numbers = {name: re.match(r"(\d\d)_", name) for name in names}
    return sorted(name for name, found in numbers.items() if found and FIRST <= int(found[1]) <= LAST)


def measure_stages(tree: Path, names: list[str]) -> dict[str, Measured]:
    """Run the model stages in a copy of the tree in which everything has run before."""
    found = {}
    for name in model_stages(names):
        found[name] = measure([sys.executable, "-m", "pipeline.kit.stages.run", name], tree)
        print(f"{name}: {found[name].seconds:.2f} s", flush=True)
    return found


def rows(measured: dict[str, Measured]) -> list[Row]:
    """One row per stage."""
    return [{"stage": name, "seconds": f"{result.seconds:.2f}"} for name, result in measured.items()]


def section(measured: dict[str, Measured]) -> str:
    """The part of the page."""
    total = sum(result.seconds for result in measured.values())
    return (
        f"{HEAD}{markdown_table(rows(measured))}\n\n"
        f"Together {total:.0f} s, {holds(total, GOAL_S)} the goal of {GOAL_S:.0f} s on two cores "
        f"({total / GOAL_S:.0%} of it). Each stage was timed once.\n"
    )
