"""Seconds of every model stage, of the site, and of answers to an auditor."""

import re
import shlex
import sys
from pathlib import Path

from bench.measure import Measured, measure
from bench.page import Part, Row, times
from bench.tree import commit, ends, read_pipeline, reproduced

FIRST, LAST = 4, 11
# The price of fertilizer in a what-if, and how it is set in the parameter file.
MULTIPLIER = "prices.fertilizer_multiplier"
SET = r"sed -i 's/\(fertilizer_multiplier\): .*/\1: 1.6/' params.yaml"


def model_stages(names: list[str]) -> list[str]:
    """The stages numbered 04 to 11, in the order of their numbers."""
    numbers = {name: re.match(r"(\d\d)_", name) for name in names}
    return sorted(name for name, found in numbers.items() if found and FIRST <= int(found[1]) <= LAST)


def timed(commands: dict[str, list[str]], tree: Path) -> dict[str, Measured]:
    """Run commands one after the other, by name."""
    found = {}
    for name, command in commands.items():
        found[name] = measure(command, tree)
        print(f"{name}: {found[name].seconds:.2f} s", flush=True)
    return found


def measure_stages(top: Path) -> list[Row]:
    """The model stages, one by one, where everything has run before; the last row is their sum."""
    runner = [sys.executable, "-m", "pipeline.kit.stages.run"]
    found = timed({name: [*runner, name] for name in model_stages(list(read_pipeline()))}, reproduced(top))
    return times(found | {"together": Measured(sum(one.seconds for one in found.values()), 0.0)})


def measure_pages(top: Path) -> list[Row]:
    """The site, answers for an auditor and what-ifs, where all but the site has run."""
    tree = reproduced(top, *ends(read_pipeline()))
    notebooks = sorted(path.relative_to(tree).as_posix() for path in tree.glob("results/[0-9]*/*.ipynb"))
    command = [sys.executable, "-m", "pipeline.cli"]
    ways = {
        "nbconvert": ["jupyter", "nbconvert", "--to", "html", "--output-dir", "scratch/nbconvert", *notebooks],
        "site": ["dvc", "repro", "--single-item", "site"],
        "trace": [*command, "trace", "cause.pod_borer"],
    }
    found = timed(ways, tree)
    # Results that are not committed fail.
    commit(tree)
    ways = {
        "verify_quick": [*command, "verify", "--quick"],
        "what_if_dvc": ["dvc", "exp", "run", "-S", f"{MULTIPLIER}=1.5"],
        # Another value: what has run before would come back from the cache.
        "what_if_cacao": ["sh", "-c", f"{SET} && {shlex.join([*command, 'repro'])}"],
    }
    return times(found | timed(ways, tree), "nbconvert")


STAGES = Part(
    """\
## Model stages

Each of the stages that fit or use a model, as `python -m pipeline.kit.stages.run STAGE`, one after the other on the
same machine; each was timed once.
""",
    measure_stages,
    (("together", "seconds", 90.0),),
)
PAGES = Part(
    """\
## Pages and answers

- `nbconvert`: the executed notebooks as HTML, by `jupyter nbconvert`: one language, figures inside the pages.
- `site`: the whole site, both languages, with a page for every number.
- `trace`: `cacao trace` of one number.
- `verify_quick`: `cacao verify --quick` of everything published.
- `what_if_dvc`: `dvc exp run -S prices.fertilizer_multiplier=1.5`, with all that follows from it, pages included.
- `what_if_cacao`: the same by `cacao repro`, with another value in `params.yaml`.
""",
    measure_pages,
    (("site", "seconds", 60.0), ("what_if_dvc", "seconds", 40.0), ("what_if_cacao", "seconds", 40.0)),
)
