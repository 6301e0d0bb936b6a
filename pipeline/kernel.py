"""A kernel of its own for every notebook: nothing of the user's own in it, no network ports, up and gone fast."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from pipeline import paths

# One thread per notebook: notebooks that run side by side do not fight over cores, and sums keep their order.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


# This Python as a kernel. No debugger is attached to a stage; without its library the kernel is up sooner.
KERNEL_CODE = (
    "import sys; sys.modules['debugpy'] = None; from ipykernel import kernelapp; kernelapp.launch_new_instance()"
)
KERNEL = {
    "argv": [sys.executable, "-c", KERNEL_CODE, "-f", "{connection_file}"],
    "display_name": "stage",
    "language": "python",
}


class StageClient(AsyncKernelClient):
    """A client that knows by its answer that the kernel is ready, not by a fifth of a second of silence."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask the kernel who it is until it has answered; raises ``RuntimeError`` when it is dead or too slow."""
        manager: Any = self.parent
        for _ in range(int(timeout or 60)):
            question = self.kernel_info()
            if await self._answered(question):
                return
            if not await manager.is_alive():
                raise RuntimeError("the kernel died before it was ready")
        raise RuntimeError(f"the kernel was not ready after {timeout} s")

    async def _answered(self, question: str) -> bool:
        """Read messages until the kernel is idle after the question; false when a second passes without one."""
        while True:
            try:
                message = await self.get_iopub_msg(timeout=1)
            except Empty:
                return False
            ours = message["parent_header"].get("msg_id") == question
            if ours and message["content"].get("execution_state") == "idle":
                return True


@contextmanager
def kernel(name: str, staging: Path, settings: dict[str, str]) -> Iterator[AsyncKernelManager]:
    """Start a kernel for the stage ``name`` that writes below ``staging``; it is gone when the block ends.

    ``settings`` are further variables of its environment.
    """
    # Sockets have short path limits, and a user's own profile or kernels must not change a result.
    with tempfile.TemporaryDirectory(prefix="cacao-") as folder:
        private = Path(folder)
        os.environ.update({**environment(name, staging, private), **settings})
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


def environment(name: str, staging: Path, private: Path) -> dict[str, str]:
    """Variables of the kernel: where to write, nothing of the user's own, one thread."""
    return {
        paths.STAGE_VARIABLE: name,
        paths.STAGING_VARIABLE: str(staging),
        "PYTHONPATH": str(paths.ROOT),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "agg",
        "JUPYTER_RUNTIME_DIR": str(private),
        "IPYTHONDIR": str(private / "ipython"),
        **dict.fromkeys(THREAD_VARIABLES, "1"),
    }
