"""One run of ``cacao repro``: start what is needed, let the stages run, tell what came of it."""

import signal
import sys
import time
from queue import SimpleQueue
from types import FrameType
from typing import Any

from pipeline.compute import ComputeError
from pipeline.rerun import snapshot, warm
from pipeline.rerun.cold import Events
from pipeline.rerun.progress import Progress

INTERRUPTED = 130


def run(targets: list[str], jobs: int | None, on: str) -> int:
    """Bring the targets, or everything, up to date, ``on`` the cluster of this scheduler; returns the exit code."""
    began = time.monotonic()
    events: Events = SimpleQueue()
    # A polite request to stop ends like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # The server imports its libraries while DVC is imported here.
    server = warm.server(events) if not on and warm.possible() and warm.wanted() else None
    try:
        return reproduce(targets, jobs, events, server, on, began)
    except KeyboardInterrupt:
        print("interrupted; the next run begins with the stages that had not ended", file=sys.stderr)
        return INTERRUPTED
    finally:
        if server:
            server.close()


def reproduce(
    targets: list[str], jobs: int | None, events: Events, server: warm.Warm | None, on: str, began: float
) -> int:
    """Run the stages that have to; returns the exit code."""
    from dvc.exceptions import DvcException

    from pipeline.rerun.ledger import Ledger
    from pipeline.rerun.scheduler import Scheduler
    from pipeline.rerun.ways import Ways

    logs = snapshot.folder() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    try:
        ledger = Ledger(targets)
        remote = cluster(on, ledger, events) if on else None
    except (DvcException, ComputeError) as error:
        print(error, file=sys.stderr)
        return 1
    progress = Progress(snapshot.folder() / "seconds.json")
    scheduler = Scheduler(ledger, progress, jobs, events, logs, Ways(events, server, remote))

    def stop(number: int, frame: FrameType | None) -> None:
        scheduler.stopping = True
        events.put(("", 0))

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        scheduler.run()
    finally:
        progress.close()
        if remote:
            remote.close()
        ledger.close(scheduler.done.issuperset(ledger.stages))
    if server and server.unfit:
        print(f"{server.unfit} starts threads when it is imported: notebooks ran without warm kernels", file=sys.stderr)
    return tell(scheduler, time.monotonic() - began)


def cluster(address: str, ledger: Any, events: Events) -> Any:
    """The workers of a Dask scheduler; raises ``ComputeError`` when they cannot run stages."""
    # Imported only when it is asked for.
    from pipeline.rerun.remote import Remote

    return Remote(address, ledger, events)


def tell(scheduler: "Scheduler", seconds: float) -> int:  # type: ignore[name-defined]  # noqa: F821
    """Say what has failed, and what was left out for it; returns the exit code."""
    if scheduler.stopping:
        raise KeyboardInterrupt
    ran, stages = len(scheduler.ran), len(scheduler.ledger.stages)
    if not scheduler.failed:
        print(f"{stages} stages are up to date, {ran} ran, {seconds:.1f} s")
        return 0
    sys.stdout.flush()
    for why in scheduler.failed.values():
        print(why, file=sys.stderr)
    if scheduler.waiting:
        print(f"not run, since they need what failed: {', '.join(scheduler.waiting)}", file=sys.stderr)
    print(f"{len(scheduler.failed)} of {stages} stages failed: {', '.join(scheduler.failed)}", file=sys.stderr)
    return 1
