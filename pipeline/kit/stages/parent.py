"""A stage whose runner was killed ends too: nobody would record what it makes."""

import os
import signal
import threading
import time
from pathlib import Path

import psutil

# These only pass a command on.
SHELLS = {"sh", "bash", "dash", "zsh", "fish", "ksh", "busybox", "nice", "env"}
# What starts a stage and records what it makes; started by hand, a stage is free to outlive its terminal.
RECORDER = "dvc"
LOOK_S, PATIENCE_S = 0.5, 10


def end_with_parent() -> None:
    """End this process, as on a request to stop, when the DVC that started it is gone."""
    if started_by := _recorder():
        threading.Thread(target=_watch, args=(started_by,), daemon=True).start()


def _recorder() -> psutil.Process | None:
    """The DVC above this process, with nothing but shells between; none when a person or another program started it."""
    try:
        first = next((parent for parent in psutil.Process().parents() if parent.name() not in SHELLS), None)
        words = first.cmdline() if first else []
    except psutil.Error:
        return None
    return first if any(Path(word).name == RECORDER for word in words) else None


def _watch(started_by: psutil.Process) -> None:
    # A process is known by its number and the time of its start: a number is given again.
    while started_by.is_running() and started_by.status() != psutil.STATUS_ZOMBIE:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)
