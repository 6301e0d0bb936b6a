"""``dvc.lock`` as text: one entry is replaced at a time, whole or not at all, with the bytes that DVC would write.

DVC reads and writes the whole file for every stage, about a second each here, and writes it in place: a kill at that
moment leaves half a file. Entries of new stages stand in the order of a serial run, whatever ended first.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

HEADER = "schema: '2.0'\nstages:\n"
ENTRY = re.compile(r"^  (?! )", re.MULTILINE)


class ForeignLockError(ValueError):
    """A lock file that holds more than stages: only DVC itself can write it."""


def split(text: str) -> dict[str, str]:
    """Entries of a lock file by stage name, each with its own lines; raises ``ForeignLockError``."""
    if not text:
        return {}
    starts = [found.start() for found in ENTRY.finditer(text)]
    if not starts or text[: starts[0]] != HEADER or re.search(r"^\S", text[starts[0] :], re.MULTILINE):
        raise ForeignLockError("dvc.lock does not hold stages alone")
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return {part.split(":\n", 1)[0].strip().strip("'\""): part for part in parts}


def entry(name: str, recorded: dict[str, Any]) -> str:
    """Lines of one entry as DVC writes them."""
    from dvc.utils.serialize import dumps_yaml

    return dumps_yaml({"schema": "2.0", "stages": {name: recorded}}).removeprefix(HEADER)


class LockFile:
    """A lock file in which ``order`` gives the names of all stages as a serial run would reach them.

    ``memory`` keeps, outside of git, which stages were there before a run that did not come to its end: the next one
    puts its entries among those of the unfinished one.
    """

    def __init__(self, path: Path, memory: Path, order: list[str]) -> None:
        self.path, self.memory = path, memory
        self.rank = {name: place for place, name in enumerate(order)}
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.entries = split(text)
        self.before = self._remembered(text)

    def put(self, name: str, recorded: dict[str, Any]) -> None:
        """Write the entry of one stage."""
        self.entries[name] = entry(name, recorded)
        old = [known for known in self.entries if known in self.before]
        new = [known for known in self.entries if known not in self.before]
        self.entries = {known: self.entries[known] for known in [*old, *sorted(new, key=self._place)]}
        text = HEADER + "".join(self.entries.values())
        now = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        # Noted first: whichever of both texts stands there after a kill, it is one that this run has written.
        replace(self.memory, json.dumps({"before": sorted(self.before), "texts": [digest(now), digest(text)]}))
        if text != now:
            replace(self.path, text)

    def finished(self) -> None:
        """Everything has run: nothing is left to be remembered."""
        self.memory.unlink(missing_ok=True)

    def _place(self, name: str) -> tuple[int, str]:
        return self.rank.get(name, len(self.rank)), name

    def _remembered(self, text: str) -> set[str]:
        try:
            noted = json.loads(self.memory.read_text(encoding="utf-8"))
            return set(noted["before"]) if digest(text) in noted["texts"] else set(self.entries)
        except (OSError, ValueError, KeyError):
            return set(self.entries)


def digest(text: str) -> str:
    """Tells whether a text is the one that was written."""
    return hashlib.sha256(text.encode()).hexdigest()


def replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    os.replace(beside, path)
