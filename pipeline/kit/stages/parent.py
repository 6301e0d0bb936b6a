"""A stage whose runner was killed ends too: nobody would record what it makes."""

import os
import signal
import threading
import time

import psutil

# These only pass a command on.
SHELLS = {"sh", "bash", "dash", "zsh", "fish", "ksh", "busybox", "nice", "env"}
LOOK_S, PATIENCE_S = 0.5, 10


def end_with_parent() -> None:
    """End this process, as on a request to stop, when the program that started it is gone."""
    if started_by := _program():
        threading.Thread(target=_watch, args=(started_by,), daemon=True).start()


def _program() -> psutil.Process | None:
    """The nearest process above that is not a shell; none when it cannot be known."""
    try:
        return next((parent for parent in psutil.Process().parents() if parent.name() not in SHELLS), None)
    except psutil.Error:
        return None


def _watch(started_by: psutil.Process) -> None:
    # A process is known by its number and the time of its start: a number is given again.
    while started_by.is_running() and started_by.status() != psutil.STATUS_ZOMBIE:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)
