"""A kernel of its own for every notebook: nothing of the user's own in it, no network ports, up and gone fast."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from pipeline.kit import paths

# This Python as a kernel. No debugger is attached to a stage; without its library the kernel is up sooner.
KERNEL_CODE = "import sys; sys.modules['debugpy'] = None; from pipeline.kit.stages.in_kernel import main; main()"
KERNEL = {
    "argv": [sys.executable, "-c", KERNEL_CODE, "-f", "{connection_file}"],
    "display_name": "stage",
    "language": "python",
}

# Seconds until the kernel is asked again: for its reply, and for what it tells everybody, which comes with the reply.
REPLY_S, BROADCAST_S = 1.0, 0.05
RECONNECT_MS = 5


class StageClient(AsyncKernelClient):
    """A client that knows by its answer that the kernel is ready, not by a fifth of a second of silence."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # The client mostly looks for the sockets before the kernel has made them, and again only after 100 ms.
        self.context.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        # What a notebook prints faster than it is read waits here, and is not dropped.
        self.context.setsockopt(zmq.RCVHWM, 0)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask the kernel who it is until it has answered; raises ``RuntimeError`` when it is dead or too slow."""
        manager: Any = self.parent
        end = time.monotonic() + (timeout or 60)
        while time.monotonic() < end:
            question = self.kernel_info()
            # The reply waits for its reader; what the kernel tells everybody is lost on those not connected yet.
            if await _answered(self.get_shell_msg, question, REPLY_S) and await _answered(
                self.get_iopub_msg, question, BROADCAST_S
            ):
                return
            if not await manager.is_alive():
                raise RuntimeError("the kernel died before it was ready")
        raise RuntimeError(f"the kernel was not ready after {timeout} s")


async def _answered(get: Callable[..., Awaitable[dict[str, Any]]], question: str, patience: float) -> bool:
    """Read messages until the last one on the question; false when so many seconds pass without one."""
    while True:
        try:
            message = await get(timeout=patience)
        except Empty:
            return False
        last = message["msg_type"] == "kernel_info_reply" or message["content"].get("execution_state") == "idle"
        if last and message["parent_header"].get("msg_id") == question:
            return True


# A path to a socket has at most 103 bytes on macOS and 107 on Linux; that of a kernel adds about 30 to its folder.
LONGEST_FOLDER = 70


def short_folder() -> str | None:
    """Where sockets can stand: the folder for temporary files, or one with a shorter path when that is too long.

    Raises ``OSError`` when there is none.
    """
    usual = tempfile.gettempdir()
    if os.name == "nt" or len(os.fsencode(usual)) <= LONGEST_FOLDER:
        return None
    choices = (os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp")
    for folder in choices:
        if folder and len(os.fsencode(folder)) <= LONGEST_FOLDER and os.access(folder, os.W_OK):
            return folder
    raise OSError(f"TMPDIR is too long for the sockets of a kernel: {usual}; set TMPDIR to a shorter path")


@contextmanager
def kernel(name: str, staging: Path, settings: dict[str, str]) -> Iterator[AsyncKernelManager]:
    """Start a kernel for the stage ``name`` that writes below ``staging``; it is gone when the block ends.

    ``settings`` are further variables of its environment.
    """
    # Sockets have short path limits, and a user's own profile or kernels must not change a result.
    with tempfile.TemporaryDirectory(prefix="kernel-", dir=short_folder()) as folder:
        private = Path(folder)
        os.environ.update({**paths.kernel_variables(name, staging, private), **settings})
        specification = private / "stage" / "kernel.json"
        specification.parent.mkdir()
        specification.write_text(json.dumps(KERNEL), encoding="utf-8")
        manager: Any = AsyncKernelManager(
            kernel_name="stage",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[folder], ensure_native_kernel=False),
            client_factory=StageClient,
            # The file sockets stand beside it: in the folder of the project, two kernels could take the same ones.
            connection_file=str(private / "kernel.json"),
            # libzmq has no file sockets that Jupyter can use on Windows.
            transport="tcp" if os.name == "nt" else "ipc",
        )
        options = {"extra_arguments": ["--HistoryManager.enabled=False"], "cwd": str(paths.ROOT)}
        try:
            run_sync(manager.start_kernel)(**options)
            yield manager
        finally:
            # Every output is complete when the last cell is: nothing is left for the kernel to tidy up. Waiting
            # for the process itself is quicker than the manager's own look every tenth of a second.
            if manager.has_kernel:
                manager.provisioner.process.kill()
                manager.provisioner.process.wait()
            run_sync(manager.shutdown_kernel)(now=True)
