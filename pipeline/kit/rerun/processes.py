"""What every process of a run has in common: it ends when the one that started it does.

``python -m pipeline.kit.rerun.processes PARENT COMMAND...`` runs the commands of one stage, each written in JSON.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any

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


# Event of a stage that has ended: its name and its exit code.
Events = SimpleQueue[tuple[str, int]]


class Cold:
    """Starts commands and puts the exit code of each stage into ``events``."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, stage: Any, log: Path) -> None:
        """Start the commands of a DVC stage; what they print goes to ``log``."""
        from dvc.stage.run import _enforce_cmd_list, _make_cmd, get_executable, prepare_kwargs

        settings = prepare_kwargs(stage)
        commands = [_make_cmd(get_executable(), command) for command in _enforce_cmd_list(stage.cmd)]
        supervisor = [sys.executable, "-m", "pipeline.kit.rerun.processes", str(os.getpid())]
        with log.open("wb") as output:
            self.processes[name] = process = subprocess.Popen(
                [*supervisor, *map(json.dumps, commands)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **settings,
            )
        threading.Thread(target=self._wait, args=(name, process), daemon=True).start()

    def _wait(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        code = process.wait()
        end_group(process.pid)
        self.events.put((name, code))

    def stop(self, name: str) -> None:
        """Ask a stage to stop."""
        if name in self.processes:
            self.processes[name].terminate()

    def kill(self, name: str) -> None:
        """End a stage at once."""
        if name in self.processes:
            end_group(self.processes[name].pid)


def supervise(arguments: list[str]) -> int:
    """Run one command after the other; returns the exit code of the first that fails.

    This process leads a group of its own, so that Ctrl-C does not reach the stage twice, and takes the whole group down
    when the one that started it is gone.
    """
    parent, *commands = arguments
    signal.signal(signal.SIGHUP, _end_all)
    # Told to stop, the stage itself is given the time to tidy up.
    signal.signal(signal.SIGTERM, _pass_on)
    die_with(int(parent), signal.SIGHUP)
    adopt()
    for command in commands:
        code = subprocess.run(json.loads(command)).returncode
        if code:
            if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
                wait_for_all()
            # What was killed has tidied nothing up: a kernel would wait for ever for the one that asked it.
            end_children()
            return code if code > 0 else 128 - code
    return 0


def wait_for_all() -> None:
    """A shell told to stop (then SIGTERM is ignored here) is gone before the program that it ran has tidied up."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _end_all(number: int, frame: FrameType | None) -> None:
    os.killpg(0, signal.SIGKILL)


def _pass_on(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(supervise(sys.argv[1:]))
