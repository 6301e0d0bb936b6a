"""Files of the survey: written as a whole or not at all, by one command at a time."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zc.lockfile

from pipeline.survey import places
from pipeline.survey.errors import StoreError
from pipeline.survey.privacy import make_private_folder


@contextmanager
def alone() -> Iterator[None]:
    """Let no other command change the store meanwhile; raises ``StoreError`` when one does. A crash leaves no lock.

    What a killed command left half written is deleted.
    """
    make_private_folder()
    try:
        lock = zc.lockfile.LockFile(str(places.private() / "lock"))
    except zc.lockfile.LockError as error:
        raise StoreError("perintah survei lain sedang berjalan / another survey command is running") from error
    try:
        for folder in (places.private(), places.plots().parent):
            for path in folder.rglob("*.tmp"):
                if re.fullmatch(r".+\.\d+\.tmp", path.name):
                    path.unlink()
        yield
    finally:
        lock.close()


def write(target: Path, data: bytes) -> None:
    """Write a file as a whole: to a temporary name in the same folder, then into place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
