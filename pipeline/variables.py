"""Variables of the environment of a kernel: where to write, nothing of the user's own, one thread.

They stand apart from the kernel so that whoever needs them alone does not wait for the libraries of Jupyter.
"""

from pathlib import Path

from pipeline import paths

# One thread per notebook: notebooks that run side by side do not fight over cores, and sums keep their order.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def of_kernel(name: str, staging: Path, private: Path) -> dict[str, str]:
    """Variables of the kernel of the stage ``name``, which writes below ``staging``; ``private`` is gone after it."""
    return {
        paths.STAGE_VARIABLE: name,
        paths.STAGING_VARIABLE: str(staging),
        "PYTHONPATH": str(paths.ROOT),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "agg",
        "JUPYTER_RUNTIME_DIR": str(private),
        "IPYTHONDIR": str(private / "ipython"),
        **dict.fromkeys(THREAD_VARIABLES, "1"),
    }
