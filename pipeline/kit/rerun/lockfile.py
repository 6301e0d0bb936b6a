"""``dvc.lock`` as text: one entry is replaced at a time, whole or not at all, with the bytes that DVC would write.

DVC reads and writes the whole file for every stage, about a second each here, and writes it in place: a kill at that
moment leaves half a file. Entries of new stages stand in the order of a serial run, whatever ended first.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.kit import paths

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
        text = self.text
        now = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        # Noted first: whichever of both texts stands there after a kill, it is one that this run has written.
        replace(self.memory, json.dumps({"before": sorted(self.before), "texts": [digest(now), digest(text)]}))
        if text != now:
            replace(self.path, text)

    @property
    def text(self) -> str:
        """The whole file."""
        return HEADER + "".join(self.entries.values())

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


FOLDER = ".dvc/tmp/rerun"
ALWAYS = ("dvc.yaml", "dvc.lock", "params.yaml", ".dvcignore", ".dvc/config", ".dvc/config.local")
Marks = dict[str, list[int]]


def folder() -> Path:
    """Where this package remembers things; never in git."""
    return paths.ROOT / FOLDER


def file() -> Path:
    """The snapshot of this project."""
    return folder() / "unchanged.json"


def mark(path: str) -> list[int]:
    """What changes when a file or folder does; empty when there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]


def marks(names: Iterable[str]) -> Marks:
    """Marks of files, and of folders with everything in them."""
    found: Marks = {}
    for name in names:
        found[name] = mark(name)
        if os.path.isdir(name):
            for top, folders, files in os.walk(name):
                found |= {inner: mark(inner) for inner in (os.path.join(top, part) for part in [*folders, *files])}
    return found


def cache_marks(cache: str) -> Marks:
    """Marks of the folders of DVC's cache: they change when something is added or taken away."""
    found = {cache: mark(cache)}
    if os.path.isdir(cache):
        found |= {entry.path: mark(entry.path) for entry in os.scandir(cache) if entry.is_dir()}
    return found


class Snapshot:
    """Collects marks while stages are looked at; the same path with two marks makes it worthless.

    Made before anything is read: what tells which stages there are, and their parameters, must be the same at the end.
    """

    def __init__(self) -> None:
        self.always = {name: mark(str(paths.ROOT / name)) for name in ALWAYS}
        self.marks: Marks = {}
        self.sound = True

    def add(self, seen: Marks) -> None:
        """Take in what was seen when a stage was found, or left, up to date."""
        self.sound &= all(self.marks.get(name, now) == now for name, now in seen.items())
        self.marks |= seen

    def keep(self, cache: str, lock: str) -> None:
        """Write it, if it holds; ``lock`` is what the run has written into ``dvc.lock``."""
        written = paths.ROOT / "dvc.lock"
        always = {str(paths.ROOT / name): seen for name, seen in self.always.items()}
        # Its mark first: what is written after that has another one.
        always[str(written)] = mark(str(written))
        same = all(mark(name) == seen for name, seen in always.items())
        if self.sound and same and written.exists() and written.read_text(encoding="utf-8") == lock:
            replace(file(), json.dumps({"root": str(paths.ROOT), "marks": self.marks | always | cache_marks(cache)}))


def forget() -> None:
    """What was kept no longer holds."""
    file().unlink(missing_ok=True)


def unchanged() -> bool:
    """Whether nothing has been touched since everything was up to date."""
    try:
        kept = json.loads(file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    # The mark of a folder changes with what is added to it, so that the known names are all there are.
    return kept.get("root") == str(paths.ROOT) and all(mark(name) == seen for name, seen in kept["marks"].items())
