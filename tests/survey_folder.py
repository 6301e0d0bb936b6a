"""A survey folder of its own for each test, and a search through all that an import leaves behind."""

import base64
import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.kit.data.contracts import KINDS
from pipeline.survey import command, expiry, privacy
from pipeline.survey.plot_records import PLOTS


@dataclass
class Folder:
    """Imports into a folder that stands in the place of the project."""

    root: Path

    def take_in(self, *files: tuple[str, bytes], accept: bool = False) -> int:
        """Import files by name; returns the exit code."""
        paths = []
        for number, (name, data) in enumerate(files):
            path = self.root.parent / f"incoming{number}" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            paths.append(str(path))
        return command.main(["import", *paths, *(["--accept"] if accept else [])])

    @property
    def plots(self) -> pd.DataFrame:
        """The plot table, typed as its contract says."""
        types = {column.name: KINDS[column.kind] for column in PLOTS.columns}
        return pd.read_csv(privacy.plots(), dtype=types, keep_default_na=False, na_values=[""])

    @property
    def set_aside(self) -> pd.DataFrame:
        """What was set aside, as text."""
        return pd.read_csv(privacy.private() / "set_aside.csv", dtype=str, keep_default_na=False)

    def begin_as(self, other: Path) -> None:
        """Begin as a copy of another folder."""
        shutil.copytree(other, self.root, dirs_exist_ok=True)

    def files(self, part: str = ".") -> dict[str, bytes]:
        """Every file below a part of the folder; members of ZIP files stand beside them, opened."""
        found = {}
        for path in sorted((self.root / part).rglob("*")):
            if path.is_file():
                name = path.relative_to(self.root).as_posix()
                found |= {name: path.read_bytes()} | dict(members(name, path.read_bytes()))
        return found

    def where(self, words: list[str], part: str = ".") -> list[tuple[str, str]]:
        """Files that hold one of the words, plain, as UTF-16 or in base64, each with the word."""
        return [
            (name, word)
            for name, data in self.files(part).items()
            for word in words
            if any(form in data for form in forms(word))
        ]


def members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Members of a ZIP file, and of those within."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield f"{name}:{member}", archive.read(member)
                yield from members(f"{name}:{member}", archive.read(member))


def forms(word: str) -> list[bytes]:
    """How a word may stand in a file: as text in two codes, and in base64 at each of three places."""
    plain = word.encode()
    shifted = [base64.b64encode(b"x" * shift + plain)[4 if shift else 0 :] for shift in range(3)]
    # The ends of base64 depend on the neighbours, the middle does not.
    return [plain, word.encode("utf-16-le"), *(text.rstrip(b"=")[:-2] for text in shifted)]


def holds_any(data: bytes, wanted: list[bytes]) -> bool:
    """Whether one of many words of eight bytes or more stands anywhere in the data.

    All places are first compared by their first eight bytes at once: looking for a thousand words one by one takes
    minutes in the files of a project.
    """
    assert min(map(len, wanted)) >= 8
    if len(data) < 8:
        return False
    places = np.ndarray(len(data) - 7, "<u8", data, strides=(1,))
    starts = np.unique(np.array([int.from_bytes(form[:8], "little") for form in wanted], "<u8"))
    near = starts[np.searchsorted(starts, places).clip(max=len(starts) - 1)] == places
    return bool(near.any()) and any(form in data for form in wanted)


def stand_in(root: Path, patch: pytest.MonkeyPatch) -> Folder:
    """An empty folder in the place of the project."""
    root.mkdir()
    patch.setattr(privacy, "ROOT", root)
    # The day after the last simulated submission; nothing must depend on when the tests run.
    patch.setattr(expiry, "today", lambda: date(2026, 11, 24))
    return Folder(root)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty folder in the place of the project."""
    return stand_in(tmp_path / "project", monkeypatch)


def after(place: Path, *files: tuple[str, bytes], forgets: str = "") -> Path:
    """A folder after an import, and after a farmer was deleted, for tests that begin with a copy of it."""
    with pytest.MonkeyPatch.context() as patch:
        folder = stand_in(place / "project", patch)
        folder.take_in(*files)
        assert not forgets or command.main(["forget", forgets]) == 0
    return folder.root
