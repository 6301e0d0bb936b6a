"""What every process of a run has in common: it ends when the one that started it does."""

import ctypes
import os
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


def die_with(parent: int, number: int = signal.SIGKILL) -> None:
    """Let the kernel end this process when its parent, whose id is given, is gone; Linux only."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        # It may have gone before that was said.
        if os.getppid() != parent:
            os._exit(1)


def adopt() -> None:
    """Let what loses its parent below this process become its child, so that it can be ended; Linux only."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> list[int]:
    """Ids of the children of this process, which has one thread; Linux only."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def end_children(*kept: int) -> None:
    """Kill the children of this process but some, and those that it adopts when these are gone; Linux only."""
    while LINUX and (found := set(children()) - set(kept)):
        for pid in found:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def end_group(leader: int) -> None:
    """Kill a process that leads a group, and whatever of its group is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
