"""Every way to fit the evidence model, one after the other, each from the same data in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.measure import BenchError, measure
from bench.page import Part, Row
from bench.tree import reproduced
from pipeline.kit import paths

OTHER_PYTHON = paths.ROOT / ".venv-bench" / "bin" / "python"
# Of the width of the exact interval. More than the error of a quantile from a few hundred independent draws.
FURTHEST_APART_PERCENT = 5.0
EXACT = "exact"


def commands(folder: Path) -> dict[str, list[str]]:
    """The command of every way; says which are left out. PyMC runs twice: the second time its model is compiled."""
    own = {EXACT: [sys.executable, "-m", "bench.models", EXACT]}
    if has_samplers():
        own["numpyro"] = [str(OTHER_PYTHON), "-m", "bench.models", "numpyro"]
        for way in ("pymc", "nutpie"):
            own[way] = own[f"{way}_again"] = [str(OTHER_PYTHON), "-m", "bench.models", way]
    else:
        print("NumPyro and PyMC are not installed in .venv-bench: they are left out.")
    return {way: [*command, str(folder)] for way, command in own.items()}


def has_samplers() -> bool:
    """Whether the environment of the benchmark is there with every sampler."""
    command = [str(OTHER_PYTHON), "-c", "import numpyro, pymc, nutpie"]
    return OTHER_PYTHON.exists() and subprocess.run(command, capture_output=True).returncode == 0


def measure_models(top: Path) -> list[Row]:
    """All ways that this machine has the programs for; raises ``BenchError`` when two do not agree."""
    tree, folder, found = reproduced(top), top / "models", {}
    folder.mkdir()
    measure([sys.executable, "-m", "bench.inputs", str(folder)], tree)
    for way, command in commands(folder).items():
        process = measure(command, tree)
        # A way that runs twice has one name for itself.
        name = way.removesuffix("_again")
        answer = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        found[way] = {"process": process.seconds, **answer}
        print(f"{way}: {answer['seconds']:.2f} s from data to posterior", flush=True)
    return rows(found)


def rows(found: dict[str, dict[str, Any]]) -> list[Row]:
    """One row per way; what a way does not have stays empty.

    Raises ``BenchError`` for a way that draws another posterior: its time would be that of another model.
    """
    exact, table = found[EXACT], []
    for way, answer in found.items():
        distance, effective = apart(exact["quantiles"], answer["quantiles"]), answer.get("effective")
        if not distance <= FURTHEST_APART_PERCENT:
            raise BenchError(
                f"{way} is {distance:.1f} % of an interval away from the exact integration, more than "
                f"{FURTHEST_APART_PERCENT:.0f} %: they do not fit the same model"
            )
        table.append(
            {
                "way": way,
                "seconds": f"{answer['seconds']:.2f}",
                "ratio_to_exact": f"{answer['seconds'] / exact['seconds']:.1f}",
                "process": f"{answer['process']:.2f}",
                "measures": str(len(answer["quantiles"])),
                "effective": shown(effective, ".0f"),
                "effective_per_second": shown(effective and effective / answer["seconds"], ".0f"),
                "r_hat": shown(answer.get("r_hat"), ".3f"),
                "divergent": shown(answer.get("divergent"), "d"),
                "apart": f"{distance:.1f}",
            }
        )
    return table


def apart(exact: dict[str, list[float]], other: dict[str, list[float]]) -> float:
    """Largest distance of a quantile from the exact one, in percent of the exact interval; NaN makes it NaN."""
    distances = [
        abs(mine - theirs) / (exact[measure][-1] - exact[measure][0])
        for measure, points in other.items()
        for mine, theirs in zip(exact[measure], points, strict=True)
    ]
    return 100 * max(distances, key=lambda distance: (distance != distance, distance))


def shown(value: float | None, form: str) -> str:
    """A number, or nothing."""
    return "" if value is None else f"{value:{form}}"


PART = Part(
    """\
## Evidence model, from data to posterior

The synthesis of stage 05, from the table of its rows to the quantiles of the effect in a new place of every measure.
Each way runs in a process of its own with nothing compiled before; `seconds` counts from reading the data to the
quantiles, compiling the model included, and `process` adds starting Python and loading the libraries.

- `exact`: the project's way, by integration over a grid of the spreads: no chains to watch, the same digits every time.
- `numpyro`: the same model by the no-U-turn sampler of NumPyro with four chains as one vector, 500 steps of warm-up and
  700 draws each.
- `pymc`: the same model in PyMC with its default sampler, 1000 steps of tuning and 1000 draws; four chains on two cores
  are asked for. Installed from wheels, PyTensor may find no BLAS to link and warns that this can slow it; it did when
  this comparison was written. `nutpie`: the same, drawn by nutpie.
- `_again`: the same command a second time, which finds on disk what the first has compiled.

Ways whose programs are not there are left out. `effective` is the least effective sample size as the library counts
it; NumPyro and PyMC count a little differently. The ways draw different numbers, so samplers are compared by
`effective per second` and not by `seconds` alone. Each way was timed once, with one seed: small differences mean
nothing. Measures without rows keep their prior; only `exact` lists them. `apart` is the largest distance of a quantile
from the exact one, in percent of the exact interval.
""",
    measure_models,
)
