"""A kernel forked before it is asked for: it waits for its connection file and then is as one that started cold.

It is forked while its process has one thread and no socket, and it is a child of the runner, as a kernel always is:
``jupyter_client`` and papermill find it where they would have started a process.
"""

import gc
import json
import os
import random
import subprocess
import sys
import threading
from types import ModuleType
from typing import Any

from pipeline.rerun.process import die_with

# Of the runner, not of the kernel: what a notebook imports of these is imported anew, as in a cold kernel.
NOT_OF_THE_KERNEL = ("pipeline", "jsonschema", "tqdm", "rfc3987_syntax")


class Forked(subprocess.Popen):
    """A forked child with the face of a started process."""

    def __init__(self, pid: int, command: list[str]) -> None:
        self.args, self.pid, self.returncode = command, pid, None
        self.stdin = self.stdout = self.stderr = None
        self._child_created, self._waitpid_lock = True, threading.Lock()


class Spare:
    """One kernel in waiting."""

    def __init__(self) -> None:
        reading, self.writing = os.pipe()
        self.ready, apart = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.writing)
            wait_as_kernel(parent, reading, apart)
        os.close(reading)
        os.close(apart)

    def launch(self, command: list[str], env: dict[str, str], cwd: str) -> Forked:
        """Let it become the kernel of this command."""
        env = {**env, "JPY_PARENT_PID": str(os.getpid())}
        # Nothing to read, but an end: whoever asks for its group from now on is not told that of the runner, which
        # signals to the kernel would then reach.
        os.read(self.ready, 1)
        os.close(self.ready)
        with os.fdopen(self.writing, "w", encoding="utf-8") as pipe:
            json.dump({"command": command, "env": env, "cwd": cwd}, pipe)
        return Forked(self.pid, command)


def offer() -> None:
    """Fork a spare kernel and let ``jupyter_client`` take it when it next starts a Python of this kind."""
    from jupyter_client.provisioning import local_provisioner

    start, spares = local_provisioner.launch_kernel, [Spare()]

    def launch_kernel(command: list[str], **settings: Any) -> "subprocess.Popen[bytes]":
        if spares and command[:2] == [sys.executable, "-c"]:
            return spares.pop().launch(command, settings["env"], settings["cwd"])
        return start(command, **settings)

    local_provisioner.launch_kernel = launch_kernel  # type: ignore[assignment]


def wait_as_kernel(parent: int, reading: int, apart: int) -> None:
    """Close ``apart`` when this is a group of its own, wait for a command, and run it until it ends; never returns."""
    die_with(parent)
    # A group of its own, as every kernel has: signals to it are not for the runner.
    os.setsid()
    os.close(apart)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    if not text:
        os._exit(0)
    asked = json.loads(text)
    code = 1
    try:
        become(asked["command"], asked["env"], asked["cwd"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def become(command: list[str], env: dict[str, str], cwd: str) -> None:
    """Run ``python -c CODE ARGUMENT...`` in this process as if it had just started."""
    take_over(env, cwd)
    for name in [name for name in sys.modules if name.split(".")[0] in NOT_OF_THE_KERNEL]:
        del sys.modules[name]
    _, _, code, *arguments = command
    sys.argv, sys.path[0] = ["-c", *arguments], ""
    sys.modules["__main__"] = main = ModuleType("__main__")
    exec(compile(code, "<string>", "exec"), main.__dict__)


def take_over(env: dict[str, str], cwd: str) -> None:
    """Surroundings of a process of its own: variables, folder, random numbers that no other process draws."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    gc.enable()
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
