"""The one place that knows the folders.

A stage reads from the folders below ``ROOT`` and writes below ``output_root()``. While the runner has a
stage in hand that is a staging folder, whose content moves to its place only when the whole notebook has
succeeded; in a notebook opened by hand it is ``scratch/``, so that trying things out never touches a result.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def check_project(started_in: Path) -> None:
    """Raise ``ImportError`` when work started in another project than that of this code: it would write here."""
    folders = (started_in, *started_in.parents)
    here = next((folder for folder in folders if (folder / "pipeline" / "kit" / "paths.py").is_file()), ROOT)
    if here.resolve() != ROOT:
        raise ImportError(
            f"work was started in {here} with the code of {ROOT}: start Jupyter with `make lab` in {here}"
        )


# A command finds its project by itself (`cli.here`); a notebook opened by hand has the kernel that is installed.
if "ipykernel" in sys.modules:
    check_project(Path.cwd())

RAW = ROOT / "data" / "raw"
CLEAN = ROOT / "data" / "clean"
SURVEY = ROOT / "data" / "survey"
RESULTS = ROOT / "results"
NOTEBOOKS = ROOT / "notebooks"
PARAMS = ROOT / "params.yaml"
PIPELINE = ROOT / "dvc.yaml"
# The versions of all libraries.
REQUIREMENTS = ROOT / "requirements.lock"
# The file that the first stage leaves when all inputs are as they must be; every other stage depends on it.
GATE = RESULTS / "00_inputs" / "checked.txt"
# The listings of the code of each stage.
CODE = "results/code"

STAGE_VARIABLE = "PIPELINE_STAGE"
STAGING_VARIABLE = "PIPELINE_STAGING"


def stage() -> str:
    """Name of the stage that is running; ``scratch`` in a notebook opened by hand."""
    return os.environ.get(STAGE_VARIABLE, "scratch")


def output_root() -> Path:
    """Folder that stands for ``ROOT`` when something is written."""
    return Path(os.environ.get(STAGING_VARIABLE, ROOT / "scratch"))


def output(path: Path) -> Path:
    """Where to write what will stand at ``path``, a path below ``ROOT``; makes the folder."""
    target = output_root() / path.relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def shown(path: Path) -> str:
    """``path`` as a reader types it: relative to the project, with forward slashes."""
    return path.resolve().relative_to(ROOT).as_posix() if path.resolve().is_relative_to(ROOT) else str(path)


def estimates(stage_name: str) -> Path:
    """Table of the estimates that a stage publishes."""
    return RESULTS / stage_name / "estimates.csv"


def usage_warnings(stage_name: str) -> Path:
    """Usage warnings by raw rows that a stage knows of, for the stages after it."""
    return RESULTS / stage_name / "warnings.csv"


def citations(stage_name: str) -> Path:
    """What the result tables of a stage rest on, of those whose rows do not say so."""
    return RESULTS / stage_name / "citations.csv"


def code(stage_name: str) -> Path:
    """Listing of the code of a stage, MD5 and path of every file: all that the stage depends on by way of code."""
    return ROOT / CODE / f"{stage_name}.txt"


def metrics(stage_name: str) -> Path:
    """Headline numbers of a stage, as DVC reads metrics."""
    return RESULTS / "metrics" / f"{stage_name}.json"


def figures(stage_name: str) -> Path:
    """Folder of the figures that a stage publishes."""
    return RESULTS / stage_name / "figures"


def tables(stage_name: str) -> Path:
    """Folder of the result tables that a stage publishes."""
    return RESULTS / stage_name / "tables"


def executed_notebook(stage_name: str) -> Path:
    """The executed notebook of a stage."""
    return RESULTS / stage_name / f"{stage_name}.ipynb"


def failure(stage_name: str) -> Path:
    """Folder that keeps what is left of a failed run; never an output."""
    return RESULTS / "failures" / stage_name


# One thread per notebook: notebooks that run side by side do not fight over cores, and sums keep their order.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def kernel_variables(name: str, staging: Path, private: Path) -> dict[str, str]:
    """Variables of the kernel of the stage ``name``, which writes below ``staging``; ``private`` is gone after it."""
    return {
        STAGE_VARIABLE: name,
        STAGING_VARIABLE: str(staging),
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "agg",
        "JUPYTER_RUNTIME_DIR": str(private),
        "IPYTHONDIR": str(private / "ipython"),
        **dict.fromkeys(THREAD_VARIABLES, "1"),
    }
