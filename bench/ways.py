"""Ways to run notebooks, each in a copy of its own: those of the pipeline, and ten small ones."""

import sys
from collections.abc import Callable
from pathlib import Path

from bench.measure import Measured, measure, middle
from bench.page import Part, Row, times, with_memory
from bench.small import small_tree
from bench.stock import SCRIPTS
from bench.tree import copy_tree, ends, in_order, read_pipeline
from pipeline.kit import paths

SNAKEMAKE = paths.ROOT / ".venv-bench" / "bin" / "snakemake"
REFERENCES = ("plain", "papermill_dvc", "snakemake_j2")
LIBRARIES = "import matplotlib.pyplot, pandas, scipy.stats, sklearn.linear_model, dvc.cli, papermill"
WAYS = """\
- `plain`: the code cells in one Python process, without kernel, cell outputs or cache. This is the floor.
- `plain_processes`: the same with a process for each notebook.
- `dvc_repro`: `dvc repro` with an empty cache and this project's runner.
- `noop`: `dvc repro` again with nothing changed, best of three.
- `cacao_repro_j2`: `cacao repro -j 2` with an empty cache and warm kernels.
- `cacao_noop`: `cacao repro` again with nothing changed, best of three.
- `cacao_cold_j2`: `cacao repro -j 2` with an empty cache, without warm kernels.
- `papermill_loop`: the stock `papermill` command, one notebook after the other.
- `papermill_dvc`: the same commands under DVC with an empty cache.
- `snakemake_j2`: the same commands under Snakemake, two at a time.

Columns compare the time with that of another way; below 1 is faster. Every way computes with one thread per process.
"""


def measure_ways(folder: Path, make: Callable[[Path], Path], runs: int = 1) -> dict[str, Measured]:
    """Every way, each in a copy below ``folder`` that ``make`` makes; the median of ``runs`` where they are short."""
    found: dict[str, Measured] = {}

    def note(way: str, command: list[str], *trees: Path) -> None:
        found[way] = middle([measure(command, tree) for tree in trees])
        print(f"{way}: {found[way].seconds:.2f} s", flush=True)

    def copies(name: str) -> list[Path]:
        return [make(folder / f"{name}_{number}") for number in range(runs)]

    plain, dvc, own, cold = copies("plain"), make(folder / "dvc"), copies("own"), use_cold(make(folder / "cold"))
    stages = read_pipeline(plain[0])
    names, last = in_order(stages), ends(stages)
    cacao = [sys.executable, "-m", "pipeline.cli", "repro", "-j", "2"]
    # No way is to pay for the first reading of the libraries from disk, nor for compiling them.
    measure([sys.executable, "-c", LIBRARIES], plain[0])
    note("plain", [sys.executable, "-m", "bench.plain", *names], *plain)
    apart = " && ".join(f"{sys.executable} -m bench.plain {name}" for name in names)
    note("plain_processes", ["sh", "-c", apart], make(folder / "processes"))
    note("dvc_repro", ["dvc", "repro", *last], dvc)
    found["noop"] = best(["dvc", "repro", *last], dvc)
    note("cacao_repro_j2", [*cacao, *last], *own)
    # Only a run of everything, the site too, remembers that nothing has been touched since.
    measure(cacao, own[0])
    found["cacao_noop"] = best(cacao, own[0])
    note("cacao_cold_j2", [*cacao, *last], cold)
    loop, under_dvc, under_snakemake = (use_stock(make(folder / way)) for way in ("loop", "under_dvc", "snakemake"))
    note("papermill_loop", ["sh", "-c", " && ".join(f"sh {SCRIPTS}/{name}.sh" for name in names)], loop)
    note("papermill_dvc", ["dvc", "repro", *last], under_dvc)
    if SNAKEMAKE.exists():
        note("snakemake_j2", [str(SNAKEMAKE), "-j", "2", "--quiet"], under_snakemake)
    return found


def best(command: list[str], tree: Path) -> Measured:
    """The fastest of three runs, each with nothing left to do."""
    return min((measure(command, tree) for _ in range(3)), key=lambda run: run.seconds)


def use_cold(tree: Path) -> Path:
    """Turn warm kernels off."""
    file = tree / "params.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("warm_kernels: true", "warm_kernels: false"), encoding="utf-8")
    return tree


def use_stock(tree: Path) -> Path:
    """Let the stages be run by stock tools."""
    measure([sys.executable, "-m", "bench.stock"], tree)
    return tree


def stages(top: Path) -> list[Row]:
    """The stages of the pipeline in every way."""
    measured = measure_ways(top / "ways", copy_tree)
    return with_memory(times(measured, *REFERENCES), measured)


def small(top: Path) -> list[Row]:
    """Ten small notebooks in every way."""
    return times(measure_ways(top / "small", small_tree, runs=3), *REFERENCES)


STAGES = Part(
    f"""\
## Running the notebooks

All stages of the pipeline but the site, in each of these ways; memory is the peak of the largest process:

{WAYS}""",
    stages,
    (("cacao_repro_j2", "ratio_to_plain", 1.3), ("cacao_noop", "seconds", 1.0)),
)
SMALL = Part(
    """\
## Ten small notebooks

Two chains of five notebooks that each load pandas, SciPy and Matplotlib and compute for a tenth of a second, so that
what is measured is all the rest. The ways are those above; `plain` and `cacao_repro_j2` are medians of three runs.
""",
    small,
    # A sixth of Snakemake's time.
    (("cacao_repro_j2", "ratio_to_plain", 1.25), ("cacao_repro_j2", "ratio_to_snakemake_j2", 1 / 6)),
)
