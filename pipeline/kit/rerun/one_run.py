"""One run of all stages that changed: start what is needed, let the stages run, tell what came of it."""

import signal
import sys
import time
from queue import SimpleQueue
from types import FrameType
from typing import Any

from pipeline.kit import declared, paths
from pipeline.kit.compute import ComputeError
from pipeline.kit.rerun import lockfile, warm_kernels
from pipeline.kit.rerun.processes import Events
from pipeline.kit.rerun.request import Request
from pipeline.kit.yaml_text import MergeError, check_merged

INTERRUPTED = 130


def run(request: Request) -> int:
    """Do what is asked for; returns the exit code. Raises ``FileError`` when ``dvc.yaml`` holds no stages."""
    began = time.monotonic()
    declared.stages()
    events: Events = SimpleQueue()
    # A polite request to stop ends like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # The server imports its libraries while DVC is imported here.
    is_warm = not (request.on or request.dry) and warm_kernels.possible() and warm_kernels.wanted()
    server = warm_kernels.server(events) if is_warm else None
    try:
        return reproduce(request, events, server, began)
    except KeyboardInterrupt:
        print("interrupted; the next run begins with the stages that had not ended", file=sys.stderr)
        return INTERRUPTED
    finally:
        if server:
            server.close()


def reproduce(request: Request, events: Events, server: warm_kernels.Warm | None, began: float) -> int:
    """Run the stages that have to; returns the exit code."""
    from dvc.exceptions import DvcException, PrettyDvcException

    from pipeline.kit.rerun.recording import StageRecords
    from pipeline.kit.rerun.scheduler import Progress, Scheduler, Ways

    logs = lockfile.folder() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    try:
        check_merged(paths.ROOT / "dvc.lock")
        records = StageRecords(request)
        if request.dry:
            return foretell(records)
        remote = cluster(request.on, records, events) if request.on else None
    except PrettyDvcException as error:
        error.__pretty_exc__()
        return 1
    except (DvcException, ComputeError, MergeError) as error:
        print(error, file=sys.stderr)
        return 1
    progress = Progress(lockfile.folder() / "seconds.json")
    scheduler = Scheduler(records, progress, request.jobs, events, logs, Ways(events, server, remote))

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
        records.close(scheduler.done.issuperset(records.stages))
    if server and server.unfit:
        print(f"{server.unfit} starts threads when it is imported: notebooks ran without warm kernels", file=sys.stderr)
    return tell(scheduler, time.monotonic() - began)


def foretell(records: Any) -> int:
    """Say which stages would run; returns the exit code: 1 when one would."""
    found = records.foreseen()
    for name, command in found.items():
        print(f"{name}: {command or 'runs too if what it reads changes'}")
    if not found:
        print("nothing would run")
    return int(bool(found))


def cluster(address: str, records: Any, events: Events) -> Any:
    """The workers of a Dask scheduler; raises ``ComputeError`` when they cannot run stages."""
    # Imported only when it is asked for.
    from pipeline.kit.rerun.cluster import Remote

    return Remote(address, records, events)


def tell(scheduler: "Scheduler", seconds: float) -> int:  # type: ignore[name-defined]  # noqa: F821
    """Say what has failed, and what was left out for it; returns the exit code."""
    if scheduler.stopping:
        raise KeyboardInterrupt
    ran, stages = len(scheduler.ran), len(scheduler.records.stages)
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
