"""DVC's lock of the project, waited for, and its list of locked files when a kill has cut it short."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvc.lock import LockError


@contextmanager
def project(repo: Any, patient: Callable[[], bool]) -> Iterator[None]:
    """Hold DVC's lock of a project; while ``patient`` says so, waits as long as another DVC holds it."""
    while True:
        try:
            repo.lock.lock()
            break
        except LockError:
            if not patient():
                raise
    try:
        with repo.scm_context(quiet=True):
            yield
    finally:
        repo.lock.unlock()


def heal_rwlock(folder: str) -> None:
    """Remove DVC's list of locked files when a kill has cut it short: nobody can read it any more."""
    path = Path(folder) / "rwlock"
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except ValueError:
        path.unlink()
