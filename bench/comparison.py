"""Every way to fit the evidence model, one after the other, each from the same data in a process of its own."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.measure import BenchError, Measured, measure
from pipeline.kit import paths

OTHER_PYTHON = paths.ROOT / ".venv-bench" / "bin" / "python"
# Of the width of the exact interval. More than the error of a quantile from a few hundred independent draws.
FURTHEST_APART_PERCENT = 5.0
EXACT, METAFOR = "exact", "metafor"


@dataclass(frozen=True)
class Fitted:
    """What one way took and found: seconds from data to posterior, the whole process, quantiles, diagnostics."""

    seconds: float
    process: Measured
    quantiles: dict[str, list[float]]
    r_hat: float | None = None
    effective: float | None = None
    divergent: int | None = None


def compare_models(tree: Path) -> dict[str, Fitted]:
    """All ways that this machine has the programs for; raises ``BenchError`` when two do not agree."""
    folder = tree.with_suffix(".models")
    folder.mkdir()
    measure([sys.executable, "-m", "bench.inputs", str(folder)], tree)
    found = {}
    for way, command in commands(folder).items():
        process = measure(command, tree)
        # A way that runs twice has one name for itself.
        name = way.removesuffix("_again")
        found[way] = Fitted(process=process, **json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
        print(f"{way}: {found[way].seconds:.2f} s from data to posterior", flush=True)
    check_agreement(found)
    return found


def commands(folder: Path) -> dict[str, list[str]]:
    """The command of every way; says which are left out. PyMC runs twice: the second time its model is compiled."""
    own = {EXACT: [sys.executable, "-m", "bench.models", EXACT]}
    if has_samplers():
        for way in ("numpyro", "numpyro_devices"):
            own[way] = [str(OTHER_PYTHON), "-m", "bench.models", way]
        for way in ("pymc", "nutpie"):
            own[way] = own[f"{way}_again"] = [str(OTHER_PYTHON), "-m", "bench.models", way]
    else:
        print("NumPyro and PyMC are not installed in .venv-bench: they are left out.")
    rscript = shutil.which("Rscript")
    if rscript and succeeds([rscript, "-e", "library(metafor); library(jsonlite)"]):
        own[METAFOR] = [rscript, "bench/metafor.R"]
    else:
        print("There is no R here with metafor and jsonlite: metafor is left out.")
    return {way: [*command, str(folder)] for way, command in own.items()}


def has_samplers() -> bool:
    """Whether the environment of the benchmark is there with every sampler."""
    return succeeds([str(OTHER_PYTHON), "-c", "import numpyro, pymc, nutpie"])


def succeeds(command: list[str]) -> bool:
    """Whether a command is there and ends well."""
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def apart(exact: dict[str, list[float]], other: dict[str, list[float]]) -> float:
    """Largest distance of a quantile from the exact one, in percent of the exact interval; NaN makes it NaN."""
    distances = [
        abs(mine - theirs) / (exact[measure][-1] - exact[measure][0])
        for measure, points in other.items()
        for mine, theirs in zip(exact[measure], points, strict=True)
    ]
    return 100 * max(distances, key=lambda distance: (distance != distance, distance))


def check_agreement(found: dict[str, Fitted]) -> None:
    """Raises ``BenchError`` for a way that draws another posterior: its time would be that of another model.

    metafor fits a part of the model and may differ.
    """
    for way, fitted in found.items():
        distance = apart(found[EXACT].quantiles, fitted.quantiles)
        if way != METAFOR and not distance <= FURTHEST_APART_PERCENT:
            raise BenchError(
                f"{way} is {distance:.1f} % of an interval away from the exact integration, more than "
                f"{FURTHEST_APART_PERCENT:.0f} %: they do not fit the same model"
            )
