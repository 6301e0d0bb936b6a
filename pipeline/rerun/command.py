"""``cacao repro``: run again what has changed, independent stages side by side."""

import os

from pipeline import paths
from pipeline.rerun import snapshot


def repro(targets: list[str], jobs: int | None, on: str = "") -> int:
    """Bring the targets, or everything, up to date; returns the exit code: 1 when a stage failed, 130 when stopped.

    ``on`` is the address of a Dask scheduler whose workers run the commands.
    """
    os.chdir(paths.ROOT)
    if not targets and snapshot.unchanged():
        print("every stage is up to date")
        return 0
    # DVC is imported only when there is something to ask it.
    from pipeline.rerun import run

    return run.run(targets, jobs, on)
