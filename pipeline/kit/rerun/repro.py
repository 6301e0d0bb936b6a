"""The command that brings stages up to date: it is over at once when they are."""

import os

from pipeline.kit import paths
from pipeline.kit.locks import exclusive
from pipeline.kit.rerun import lockfile
from pipeline.kit.rerun.request import Request


def repro(request: Request) -> int:
    """Bring the targets, or everything, up to date; returns the exit code: 1 when a stage failed, 130 when stopped.

    A dry run returns 1 when a stage would run.
    """
    os.chdir(paths.ROOT)
    if request.is_plain and lockfile.unchanged():
        print("every stage is up to date")
        return 0
    # Imported only when there is something to do.
    from pipeline.kit.rerun.one_run import run

    with exclusive("repro", "a run of the stages"):
        return run(request)
