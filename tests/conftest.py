"""What several test files share: repeatable property tests, real tables, and the whole pipeline run in a copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from browser import browser
from filelock import FileLock
from hypothesis import HealthCheck, settings
from older_processor import OLDER, can_be_older
from reproduction import WATCH, cacao_repro, commit, copy_project, linked, stand_in
from survey_folder import folder

from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.study.evidence import clean
from pipeline.study.statistics import clean as statistics_clean

__all__ = ["browser", "folder"]

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


# Holds the longest of the tests that need the run of the pipeline.
FIRST = "test_reproduction.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a run of the pipeline or a browser, and put the files that take longest first.

    One process begins with the run of the pipeline; while others would wait for it, they run what takes long without.
    """
    needed = (("fresh", "pipeline"), ("browser", "browser"))
    for item in items:
        for fixture, mark in needed:
            if fixture in item.fixturenames:
                item.add_marker(mark)
    waiting, slow = ({item.path for item in items if item.get_closest_marker(mark)} for mark in ("pipeline", "slow"))

    def place(item: pytest.Item) -> tuple[bool, bool, bool]:
        return item.path.name != FIRST, item.path not in slow - waiting, item.path not in waiting

    items.sort(key=place)


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of data/raw that a test may damage; the registry is read afresh from it."""
    folder = tmp_path / "raw"
    shutil.copytree(paths.RAW, folder)
    monkeypatch.setattr(paths, "RAW", folder)
    sources.load_registry.cache_clear()
    yield folder
    sources.load_registry.cache_clear()


@pytest.fixture(scope="session")
def regions() -> pd.DataFrame:
    """Regional statistics made from the real raw tables; tests must not change it."""
    return statistics_clean.regional_statistics()


@pytest.fixture(scope="session")
def countries() -> pd.DataFrame:
    """FAOSTAT cocoa made from the real raw tables, with the default bounds of a credible yield."""
    return statistics_clean.country_cocoa(100.0, 2000.0)


@pytest.fixture(scope="session")
def effects() -> pd.DataFrame:
    """Published effects made from the real raw table, with the default level of a printed range."""
    return clean.effects(0.9)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder that stands for the project, so that what is written can be read back as if it were in place."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "ROOT", folder)
        patch.setattr(paths, "CLEAN", folder / "data" / "clean")
        patch.setattr(paths, "RESULTS", folder / "results")
        patch.setenv(paths.STAGING_VARIABLE, str(folder))
        patch.setenv(paths.STAGE_VARIABLE, "98_test")
        yield folder


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A copy of the project in which the whole pipeline has run once, watched; all workers share it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    folder = shared / "fresh"
    with FileLock(shared / "fresh.lock"):
        if not (shared / "fresh.made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            reproduce(folder)
            (shared / "fresh.made").touch()
    return folder


def reproduce(folder: Path) -> None:
    """Run the whole pipeline in a copy of the project; which files each stage opened stands in ``.watched``."""
    folder.mkdir()
    copy_project(folder)
    (folder / "dvc.lock").unlink(missing_ok=True)
    watched = folder.with_name("watched")
    watched.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(WATCH)
    # As on another processor: test_same_everywhere.py compares the bytes.
    cacao_repro(folder, WATCH_INTO=str(watched), **(OLDER if can_be_older() else {}))
    (folder / "sitecustomize.py").unlink()
    shutil.move(watched, folder / ".watched")
    commit(folder, "add", "-A")
    commit(folder, "commit", "-qm", "reproduced")


@pytest.fixture
def copy(fresh: Path, tmp_path: Path) -> Path:
    """A copy of the reproduced project that a test may change."""
    return Path(shutil.copytree(fresh, tmp_path / "copy", symlinks=True, copy_function=linked))


@pytest.fixture
def reproduced(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The reproduced project, which commands called by the test take for theirs; it must not be changed."""
    yield from stand_in(fresh, monkeypatch)


@pytest.fixture(scope="module")
def reproduced_module(fresh: Path) -> Iterator[Path]:
    """The same for all tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        yield from stand_in(fresh, patch)


@pytest.fixture
def changeable(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the reproduced project, which commands called by the test take for theirs."""
    yield from stand_in(copy, monkeypatch)
