"""The kernel of a stage: it writes in its own folder only, and loses nothing that it prints."""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import zmq
from ipykernel.kernelapp import IPKernelApp

from pipeline.kit import paths

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# What each event of the interpreter changes: places among its arguments.
CHANGED = {
    **dict.fromkeys(("os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.utime"), (0,)),
    **dict.fromkeys(("os.link", "os.symlink"), (1,)),
    "os.rename": (0, 1),
}


class Fence:
    """Refuses what would change a file that is not of this stage."""

    def __init__(self, root: Path, own: Iterable[str | Path]) -> None:
        """``own`` are the folders of this stage: the rest of ``root`` is of others."""
        self.root, self.own = os.path.realpath(root), [os.path.realpath(folder) for folder in own]
        self.free = [os.path.realpath(folder) for folder in (tempfile.gettempdir(), "/dev", "/proc")]
        # A project that stands in such a folder is no less a project.
        self.own += [folder for folder in self.free if not _inside(self.root, folder)]

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What the interpreter calls before it opens or changes a file; raises ``PermissionError``."""
        if event == "open":
            path, mode, flags = arguments
            writes = flags & WRITES if isinstance(flags, int) else mode and set(mode) & set("wax+")
            changed = (path,) if writes else ()
        else:
            changed = tuple(arguments[place] for place in CHANGED.get(event, ()))
        for path in changed:
            if isinstance(path, str | bytes | os.PathLike) and not self.allows(os.fsdecode(path)):
                raise PermissionError(
                    f"{self.shown(path)} is not of this stage: it writes below its own folder only, through "
                    "paths.output(...)"
                )

    def allows(self, path: str) -> bool:
        """Whether a stage may write there: in its own folder, in temporary and hidden ones, and in ``scratch/``."""
        real = os.path.realpath(path)
        if any(_inside(real, folder) for folder in self.own) or "__pycache__" in Path(real).parts:
            return True
        if _inside(real, self.root):
            first = Path(os.path.relpath(real, self.root)).parts[:1]
            of_tools = first in ((".git",), (".dvc",)) or "".join(first).startswith(".staging-")
            return first == ("scratch",) or ("".join(first).startswith(".") and not of_tools)
        is_hidden = any(part.startswith(".") for part in Path(real).parts)
        return is_hidden or any(_inside(real, folder) for folder in self.free)

    def shown(self, path: Any) -> str:
        """The path as a reader types it."""
        real = os.path.realpath(os.fsdecode(path))
        return os.path.relpath(real, self.root) if _inside(real, self.root) else real


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


class StageKernel(IPKernelApp):
    """A kernel whose messages wait for the client, however many there are, instead of being dropped."""

    def init_iopub(self, context: zmq.Context) -> None:
        """Make the channel of what is printed and shown."""
        for limit in (zmq.SNDHWM, zmq.RCVHWM):
            context.setsockopt(limit, 0)
        super().init_iopub(context)


def main() -> None:
    """Serve until the runner ends the kernel."""
    own = (paths.output_root(), os.environ["JUPYTER_RUNTIME_DIR"])
    sys.addaudithook(Fence(paths.ROOT, own).watch)
    StageKernel.launch_instance()
