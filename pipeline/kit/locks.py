"""One at a time: a lock that is gone with the process that holds it, however that ends."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.kit import paths

AGAIN_S = 0.2


@contextmanager
def exclusive(name: str, what: str) -> Iterator[None]:
    """Hold the lock ``name`` of this project, after waiting for the process that holds it, of which is told once.

    ``what`` is what only one process may do at a time, in words.
    """
    folder = paths.ROOT / ".dvc" / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    held = _wait_for(str(folder / f"{name}.lock"), what)
    try:
        yield
    finally:
        held.close()


def _wait_for(path: str, what: str) -> Any:
    import zc.lockfile

    told = False
    while True:
        try:
            return zc.lockfile.LockFile(path, content_template="{pid}")
        except zc.lockfile.LockError:
            if not told:
                print(f"{what}: process {_holder(path)} is at it; waiting for it", file=sys.stderr, flush=True)
            told = True
            time.sleep(AGAIN_S)


def _holder(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return next(iter(file.read().split()), "?")
    except OSError:
        return "?"
