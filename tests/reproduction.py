"""Helpers to run the whole pipeline in a copy of the project that is a repository of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.kit.provenance import lineage, run_record
from pipeline.site import numbers
from pipeline.study.quality import register

# Python imports this before anything else in every process of the copy; it notes which project files are opened.
WATCH = """
import os, sys
root = os.path.dirname(os.path.abspath(__file__)) + os.sep
log = os.environ.get("WATCH_INTO")
if log:
    def note(event, arguments):
        # A kernel may be a copy of a process that was started before there was a stage.
        stage = os.environ.get("PIPELINE_STAGE")
        if stage and event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(root):
            if isinstance(arguments[1], str) and "r" in arguments[1] or arguments[1] is None:
                with open(os.path.join(log, stage), "a") as target:
                    target.write(arguments[0][len(root):] + chr(10))
    sys.addaudithook(note)
"""


def copy_project(folder: Path) -> Path:
    """Copy what git would commit into an empty folder that is a git repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=paths.ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (paths.ROOT / name).is_file() and not name.startswith(("tests/", "bench/")):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.ROOT / name, target)
    commit(folder, "init", "-q")
    commit(folder, "add", "-A")
    commit(folder, "commit", "-qm", "copy")
    return folder


def stand_in(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let ``folder`` stand for the project while a test runs."""
    root = paths.ROOT
    for name in ("ROOT", "RAW", "CLEAN", "RESULTS", "NOTEBOOKS", "PARAMS", "PIPELINE", "REQUIREMENTS"):
        patch.setattr(paths, name, folder / getattr(paths, name).relative_to(root))
    remembered = (
        lineage.read_stages,
        sources.load_registry,
        register.load_table,
        *(numbers.published, numbers.pieces, numbers.warnings, numbers.chain),
        *(run_record.citation, run_record.software, run_record.stages, run_record.hashes, run_record.tables_under),
    )
    for cached in remembered:
        cached.cache_clear()
    yield folder
    for cached in remembered:
        cached.cache_clear()


def commit(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def dvc(folder: Path, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
    binaries = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": binaries + os.pathsep + os.environ["PATH"], **variables}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], cwd=folder, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0 or not check, done.stdout[-3000:] + done.stderr[-3000:]
    return done


def cacao_repro(folder: Path, *stages: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the stages of a copy side by side, with the code of the copy: all, or these and what they need."""
    command = [sys.executable, "-m", "pipeline.cli", "repro", *stages]
    binaries = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": binaries + os.pathsep + os.environ["PATH"], "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment | variables)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


def linked(source: str, target: str) -> None:
    """Copy a file of a project; what git and DVC keep under its hash is never written again, and only linked."""
    link = "/.dvc/cache/files/" in source or "/.git/objects/" in source
    (os.link if link else shutil.copy2)(source, target)


def stages_run(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Stages that `dvc repro` or `cacao repro` says it has run."""
    by_dvc = re.findall(r"^Running stage '(\w+)'", done.stdout, re.MULTILINE)
    return by_dvc or re.findall(r"^(\w+): done", done.stdout, re.MULTILINE)
