"""Runs the commands of one stage: ``python -m pipeline.kit.rerun.supervisor PARENT COMMAND...``, each command in JSON.

It leads a group of its own, so that Ctrl-C does not reach the stage twice, and takes the whole group down when the
one that started it is gone.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import FrameType

from pipeline.kit.rerun.processes import adopt, die_with, end_children


def main(arguments: list[str]) -> int:
    """Run one command after the other; returns the exit code of the first that fails."""
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
    sys.exit(main(sys.argv[1:]))
