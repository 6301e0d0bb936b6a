"""``dvc.lock`` after a merge that git could not finish."""

import re
from pathlib import Path

MARKER = re.compile(r"^(<<<<<<<|=======|>>>>>>>)", re.MULTILINE)


class MergeError(ValueError):
    """A file that holds the marks of a merge; says how to go on."""


def check_merged(lock: Path) -> None:
    """Raise ``MergeError`` when the lock file holds marks of a merge."""
    if lock.is_file() and MARKER.search(lock.read_text(encoding="utf-8", errors="replace")):
        raise MergeError(
            f"{lock.name} holds an unfinished merge. Both sides differ in recorded hashes only: take either "
            f"(git checkout --ours {lock.name}), run `dvc repro`, and add the file it leaves"
        )
