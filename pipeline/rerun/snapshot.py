"""Nothing to do, known in an instant: times and sizes of everything that DVC last found, or left, up to date.

DVC alone says what is up to date. Here stands only whether anything has been touched since it said so; if so,
it is asked again.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from pipeline import paths
from pipeline.rerun.lockfile import replace

FOLDER = ".dvc/tmp/cacao"
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
    """Collects marks while stages are looked at; the same path with two marks makes it worthless."""

    def __init__(self) -> None:
        self.marks: Marks = {}
        self.sound = True

    def add(self, seen: Marks) -> None:
        """Take in what was seen when a stage was found, or left, up to date."""
        self.sound &= all(self.marks.get(name, now) == now for name, now in seen.items())
        self.marks |= seen

    def keep(self, cache: str) -> None:
        """Write it, if it holds."""
        if self.sound:
            always = {str(paths.ROOT / name): mark(str(paths.ROOT / name)) for name in ALWAYS}
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
