"""The stages in the order DVC runs them, and throw-away copies of the working tree to run them in."""

import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from bench.measure import measure
from pipeline.kit import paths

GIT_IDENTITY = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false"]


def read_pipeline(tree: Path = paths.ROOT) -> dict[str, Any]:
    """The stages of ``dvc.yaml`` by name but the site, which tells what ``dvc.lock`` says: only DVC can run it."""
    stages: dict[str, Any] = yaml.safe_load((tree / paths.PIPELINE.name).read_text(encoding="utf-8"))["stages"]
    return {name: stage for name, stage in stages.items() if name != "site"}


def ends(stages: dict[str, Any]) -> list[str]:
    """Stages whose results no other stage reads: with them, DVC runs all of ``stages``."""
    read = {other for name in stages for other in needed(stages, name)}
    return [name for name in stages if name not in read]


def has_notebook(name: str) -> bool:
    """Whether the stage runs a notebook."""
    return (paths.NOTEBOOKS / f"{name}.ipynb").exists()


def in_order(stages: dict[str, Any]) -> list[str]:
    """All stages, each after what it needs."""
    return list(TopologicalSorter({name: needed(stages, name) for name in sorted(stages)}).static_order())


def needed(stages: dict[str, Any], name: str) -> list[str]:
    """Stages that make something which the named stage reads."""
    reads = [Path(dep) for dep in stages[name].get("deps", [])]
    return [
        other
        for other in sorted(stages)
        if any(touches(read, made) for read in reads for made in outputs(stages[other])) and other != name
    ]


def outputs(stage: dict[str, Any]) -> list[Path]:
    """Everything a stage makes; an entry with options is a map with the path as its only key."""
    entries = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [Path(entry if isinstance(entry, str) else next(iter(entry))) for entry in entries]


def touches(first: Path, second: Path) -> bool:
    """Whether two paths are the same or one lies in the other."""
    return first.is_relative_to(second) or second.is_relative_to(first)


def copy_tree(target: Path) -> Path:
    """Copy the working tree without results and without ``dvc.lock``, as a git repository of its own."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=paths.ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.split("\0"):
        source = paths.ROOT / name
        # A file deleted but not yet committed is still listed.
        if source.is_file() and name != "dvc.lock":
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    commit(target)
    return target


def commit(tree: Path) -> None:
    """Make a folder a git repository of one commit."""
    for command in (["init", "--quiet"], ["add", "--all"], [*GIT_IDENTITY, "commit", "--quiet", "--message", "made"]):
        subprocess.run(["git", *command], cwd=tree, check=True)


def reproduced(top: Path, *targets: str) -> Path:
    """The copy that parts share, in which everything has run, or ``targets`` and what they need."""
    tree = top / "own"
    if not tree.exists():
        copy_tree(tree)
    measure([sys.executable, "-m", "pipeline.cli", "repro", *targets], tree)
    return tree
