"""Heavy loops, shared out among the cores of this machine or the workers of a Dask cluster: the numbers are the same.

``compute.backend`` and ``compute.scheduler`` in ``params.yaml`` choose. They change no result, so no stage depends on
them; the runner hands them to the kernel in its environment.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.kit import paths, yaml_text

BACKEND_VARIABLE, SCHEDULER_VARIABLE = "PIPELINE_COMPUTE_BACKEND", "PIPELINE_COMPUTE_SCHEDULER"
# A scheduler that has not answered by then is taken not to be there.
PATIENCE_S = 10


class ComputeError(RuntimeError):
    """The cluster that was asked for cannot be used."""


def environment() -> dict[str, str]:
    """Variables that carry the section ``compute`` of the parameter file to a kernel; the file is validated later."""
    values = yaml_text.read(paths.PARAMS)
    chosen = values.get("compute") if isinstance(values, dict) else None
    chosen = chosen if isinstance(chosen, dict) else {}
    return {
        BACKEND_VARIABLE: str(chosen.get("backend", "loky")),
        SCHEDULER_VARIABLE: str(chosen.get("scheduler", "")),
    }


def each(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """``function`` of every item, in the order of the items; both must be importable by other processes.

    Every item has to carry all it needs, the seed of its random numbers included: then nothing depends on who
    computes it. Raises ``ComputeError`` when the scheduler does not answer.
    """
    import joblib

    jobs = [joblib.delayed(function)(item) for item in items]
    if os.environ.get(BACKEND_VARIABLE, "loky") == "dask":
        return _on_cluster(jobs, os.environ.get(SCHEDULER_VARIABLE, ""))
    if len(items) == 1:  # To start another process takes longer.
        return [function(items[0])]
    try:
        return list(joblib.Parallel(n_jobs=-1, backend="loky")(jobs))
    finally:
        # The kernel of a stage is stopped at once when it is done; its workers must be gone by then.
        joblib.externals.loky.get_reusable_executor().shutdown(wait=True)


def _on_cluster(jobs: list[Any], address: str) -> list[Any]:
    import joblib
    from distributed import Client

    if not address:
        raise ComputeError("compute.backend is dask, but compute.scheduler names no address")
    try:
        client = Client(address, timeout=PATIENCE_S)
    except (OSError, ValueError) as error:
        raise ComputeError(f"the scheduler at {address} does not answer: {error}") from error
    with client, joblib.parallel_config(backend="dask"):
        return list(joblib.Parallel()(jobs))
