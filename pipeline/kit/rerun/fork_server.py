"""The fork server: imports the libraries once; every runner, and with it every kernel, is a copy of this process.

It runs no code of a notebook and has one thread, so that nothing passes from one notebook to another. It lives as
long as the run that started it. Messages on its socket are JSON: ``{"start": STAGE, "command": [...], "env": {...},
"cwd": ..., "log": ..., "libraries": [...]}``, ``{"stop": STAGE}`` and ``{"kill": STAGE}``. Its answers are
``{"ended": STAGE, "code": ...}``, and ``{"unfit": LIBRARY}`` before it ends because a library has started threads.
"""

import builtins
import gc
import json
import os
import random
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import warnings
from types import ModuleType, SimpleNamespace
from typing import Any

from pipeline.kit.rerun.processes import adopt, die_with, end_children, end_group

# Of the runner, not of the kernel: what a notebook imports of these is imported anew, as in a cold kernel.
NOT_OF_THE_KERNEL = ("pipeline", "jsonschema", "tqdm")


class Forked(subprocess.Popen):
    """A forked child with the face of a started process."""

    def __init__(self, pid: int, command: list[str]) -> None:
        self.args, self.pid, self.returncode = command, pid, None
        self.stdin = self.stdout = self.stderr = None
        self._child_created, self._waitpid_lock = True, threading.Lock()


class WaitingKernel:
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
    """Fork a kernel and let ``jupyter_client`` take it when it next starts a Python of this kind."""
    from jupyter_client.provisioning import local_provisioner

    start, waiting = local_provisioner.launch_kernel, [WaitingKernel()]

    def launch_kernel(command: list[str], **settings: Any) -> "subprocess.Popen[bytes]":
        if waiting and command[:2] == [sys.executable, "-c"]:
            return waiting.pop().launch(command, settings["env"], settings["cwd"])
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


# What a runner and a kernel are made of.
OWN = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    # These a kernel imports only when it starts.
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "tornado.queues",
    "jupyter_client.asynchronous.client",
    "jupyter_client.provisioning.local_provisioner",
    "papermill",
    "papermill.execute",
    "nbformat",
    "pipeline.kit.stages.kernel",
    "pipeline.kit.stages.run",
    "pipeline.params",
    "zc.lockfile",
)
LONGEST_MESSAGE = 1 << 20


class Server:
    """Serves the one who holds the other end of the socket."""

    def __init__(self, channel: socket.socket, libraries: list[str]) -> None:
        self.channel, self.libraries = channel, libraries
        self.selector = selectors.DefaultSelector()
        self.selector.register(channel, selectors.EVENT_READ)
        self.running: dict[str, int] = {}
        self.tried: set[str] = set()

    def serve(self) -> None:
        """Start stages and tell of their end until nobody is there any more; imports libraries when there is time."""
        while True:
            for key, _ in self.selector.select(0 if self.libraries else None):
                if key.fileobj is not self.channel:
                    self.ended(key.data, key.fd)
                elif message := self.channel.recv(LONGEST_MESSAGE):
                    self.handle(json.loads(message))
                else:
                    return
            if self.libraries:
                self.preload(self.libraries.pop(0))

    def preload(self, name: str) -> None:
        """Import one library; one that is not there, or cannot be imported, is left to those who want it."""
        # Libraries that look whether they are in a terminal must see what they would see in a kernel.
        if name in self.tried:
            return
        self.tried.add(name)
        builtins.get_ipython = lambda: SimpleNamespace(kernel=True, config={"IPKernelApp": {}})  # type: ignore
        # Nobody reads warnings here; the filters that libraries set are kept, for a notebook would have them.
        show, warnings.showwarning = warnings.showwarning, lambda *_, **__: None
        try:
            # As `from package import part` does it: a part that is no module is not looked for any further.
            package, _, part = name.rpartition(".")
            __import__(package or name, fromlist=[part])
        except Exception:
            return
        finally:
            warnings.showwarning = show
            del builtins.get_ipython  # type: ignore[attr-defined]
        if len(os.listdir("/proc/self/task")) > 1:
            self.channel.send(json.dumps({"unfit": name}).encode())
            raise SystemExit(1)

    def handle(self, message: dict[str, Any]) -> None:
        """Do what one message asks for."""
        if "start" in message:
            self.start(message)
        elif "stop" in message and message["stop"] in self.running:
            os.kill(self.running[message["stop"]], signal.SIGTERM)
        elif "kill" in message and message["kill"] in self.running:
            end_group(self.running[message["kill"]])

    def start(self, message: dict[str, Any]) -> None:
        """Import what the stage needs, once for all that need it, and fork its runner."""
        for name in [*OWN, *message["libraries"]]:
            self.preload(name)
        prepare()
        gc.freeze()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            run(parent, message)
        self.running[message["start"]] = pid
        self.selector.register(os.pidfd_open(pid), selectors.EVENT_READ, message["start"])

    def ended(self, name: str, descriptor: int) -> None:
        """Tell the exit code of a runner, and take down what it may have left."""
        self.selector.unregister(descriptor)
        os.close(descriptor)
        pid = self.running.pop(name)
        # Before it is waited for: until then no other process can have its number.
        end_group(pid)
        # Workers of a kernel lose their parent when it is killed.
        end_children(pid, *self.running.values())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.channel.send(json.dumps({"ended": name, "code": code}).encode())

    def end_all(self) -> None:
        """Nobody waits for what still runs: runners end, their kernels with them, and then all that these started."""
        for pid in self.running.values():
            end_group(pid)
            os.waitpid(pid, 0)
        self.running.clear()
        end_children()


def prepare() -> None:
    """Let Jupyter make once what every runner would make and keep: validators of notebooks, its provisioners."""
    import nbformat
    from jupyter_client.provisioning import KernelProvisionerFactory

    nbformat.reads(nbformat.writes(nbformat.v4.new_notebook()), as_version=4)
    KernelProvisionerFactory.instance()


def run(parent: int, message: dict[str, Any]) -> None:
    """Be the runner of a stage; never returns."""
    code = 1
    try:
        os.setsid()
        die_with(parent)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        log = os.open(message["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        # The socket and what else the server holds is not for children.
        os.closerange(3, 256)
        take_over(message["env"], message["cwd"])
        offer()
        sys.argv = message["command"]
        # It has been imported, and now runs as the program that it is.
        sys.modules.pop(message["command"][0], None)
        runpy.run_module(message["command"][0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """``python -c "...main()" PARENT DESCRIPTOR LIBRARY...``: serve until the parent is gone."""
    _, parent, descriptor, *libraries = sys.argv
    die_with(int(parent))
    adopt()
    # Ctrl-C is for the parent, who then tells what to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Imports make much that stays: looking through it for what is gone would take a fifth of their time.
    gc.disable()
    # As in pipeline/kit/stages/kernel.py, whose imports these are.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    server = Server(socket.socket(fileno=int(descriptor)), [*OWN, *libraries])
    try:
        server.serve()
    finally:
        server.end_all()
    # Nothing is left to be kept: taking all libraries apart would only take time.
    os._exit(0)
