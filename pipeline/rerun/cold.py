"""Stages as DVC runs them: each command a process of its own."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pipeline.rerun.process import end_group

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
        keeper = [sys.executable, "-m", "pipeline.rerun.keeper", str(os.getpid())]
        with log.open("wb") as output:
            self.processes[name] = process = subprocess.Popen(
                [*keeper, *map(json.dumps, commands)],
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
