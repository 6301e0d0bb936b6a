"""Stages whose runner and kernel are copies of a process that has imported everything already."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline import paths, variables, yaml_text
from pipeline.rerun import libraries
from pipeline.rerun.cold import Events
from pipeline.rerun.process import LINUX
from pipeline.rerun.zygote import LONGEST_MESSAGE

COMMAND = re.compile(r"python -m (pipeline\.run) (\w+)")
SERVER = "from pipeline.rerun.zygote import main; main()"
# Exit code of stages that lost their server.
LOST = -1000


def possible() -> bool:
    """Whether this machine has what it takes."""
    return LINUX and hasattr(os, "pidfd_open")


class Warm:
    """Starts stages through a server and puts the exit code of each into ``events``."""

    def __init__(self, events: Events, names: list[str]) -> None:
        self.events, self.running, self.unfit = events, set[str](), ""
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours = {key: value for key, value in os.environ.items() if key != "PYTHONSTARTUP"}
        settings = variables.of_kernel("", Path(), Path())
        # Only what libraries look at when they are imported: the rest is of one stage.
        general = ("PYTHON", "MPL", *variables.THREAD_VARIABLES)
        ours |= {key: value for key, value in settings.items() if key.startswith(general)}
        command = [sys.executable, "-c", SERVER, str(os.getpid()), str(theirs.fileno()), *names]
        self.process = subprocess.Popen(
            command, cwd=paths.ROOT, env=ours, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        threading.Thread(target=self._listen, daemon=True).start()

    def takes(self, stage: Any) -> bool:
        """Whether a DVC stage is a notebook run by this very Python."""
        python = shutil.which("python")
        same = python is not None and Path(python).parent == Path(sys.executable).parent
        return bool(
            same and isinstance(stage.cmd, str) and COMMAND.fullmatch(stage.cmd) and self.process.poll() is None
        )

    def start(self, name: str, stage: Any, log: Path) -> None:
        """Start a stage; what it prints goes to ``log``."""
        from dvc.stage.run import prepare_kwargs

        settings = prepare_kwargs(stage)
        self.running.add(name)
        command = COMMAND.fullmatch(stage.cmd).groups()  # type: ignore[union-attr]
        used = sorted(libraries.of_files(Path(stage.wdir), [dep.def_path for dep in stage.deps]))
        asked = {"command": command, "env": settings["env"], "cwd": stage.wdir, "log": str(log), "libraries": used}
        self._send({"start": name, **asked})

    def stop(self, name: str) -> None:
        """Ask a stage to stop."""
        self._send({"stop": name})

    def kill(self, name: str) -> None:
        """End a stage at once."""
        self._send({"kill": name})

    def close(self) -> None:
        """End the server and whatever it still runs."""
        self.channel.shutdown(socket.SHUT_RDWR)
        self.process.wait()
        self.channel.close()

    def _send(self, message: dict[str, Any]) -> None:
        # When nobody is there any more, the listener tells of it.
        with suppress(OSError):
            self.channel.send(json.dumps(message).encode())

    def _listen(self) -> None:
        while True:
            try:
                text = self.channel.recv(LONGEST_MESSAGE)
            except OSError:
                text = b""
            if not text:
                break
            answer = json.loads(text)
            self.unfit = answer.get("unfit", self.unfit)
            if "ended" in answer:
                self.running.discard(answer["ended"])
                self.events.put((answer["ended"], answer["code"]))
        for name in sorted(self.running):
            self.events.put((name, LOST))
        self.running.clear()


def wanted() -> bool:
    """Whether ``compute.warm_kernels`` is on; the parameter file is validated by every stage."""
    values = yaml_text.load(paths.PARAMS.read_bytes()) if paths.PARAMS.exists() else None
    section = values.get("compute") if isinstance(values, dict) else None
    return bool(section.get("warm_kernels", True)) if isinstance(section, dict) else True


def server(events: Events) -> Warm:
    """A server that imports at once what most notebooks of ``dvc.yaml`` import."""
    stages = (yaml_text.load(paths.PIPELINE.read_bytes()) or {}).get("stages", {}).values()
    notebooks = [stage for stage in stages if COMMAND.fullmatch(str(stage.get("cmd", "")))]
    used = [libraries.of_files(paths.ROOT, filter(None, map(plain, stage.get("deps", [])))) for stage in notebooks]
    return Warm(events, libraries.common(used))


def plain(dependency: Any) -> str:
    """Path of an entry of ``deps``; one with options is a map with the path as its only key."""
    return dependency if isinstance(dependency, str) else str(next(iter(dependency), ""))
