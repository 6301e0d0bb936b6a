"""What the records of a run have in common: citation, software, licences, and the stages in the order of the work.

``python -m pipeline.kit.provenance.run_record`` writes ``environment.yml``, which conda and Binder read, from
``requirements.lock``.
"""

import platform
import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from packaging.requirements import Requirement

from pipeline.kit import declared, paths, yaml_text
from pipeline.kit.data.citations import citing, split_lists
from pipeline.kit.data.sources import load_registry
from pipeline.kit.paths import THREAD_VARIABLES
from pipeline.kit.provenance.lineage import LineageError, Stage, maker, read_stages, state

# Libraries that compute or run the published numbers; everything else that is installed stands in requirements.lock.
LIBRARIES = (
    "dvc",
    "papermill",
    "ipykernel",
    "joblib",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "pandera",
    "pydantic",
    "pyyaml",
    "matplotlib",
)
MIT = "https://spdx.org/licenses/MIT"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
LICENCE_NAMES = {MIT: "MIT", CC_BY: "CC-BY-4.0"}

REDISTRIBUTION = {
    "yes": "may be passed on, under the conditions of the licence",
    "facts_only": "only facts, single figures, are restated; text, tables and pictures are to be taken from the source",
    "unclear": "terms leave it open whether more than single figures may be passed on; ask the publisher",
    "no": "not to be passed on",
}


@dataclass(frozen=True)
class Citation:
    """How the project asks to be cited, from ``CITATION.cff``; ``released`` is an ISO date."""

    title: str
    authors: tuple[str, ...]
    version: str
    released: str
    keywords: tuple[str, ...]


@cache
def citation() -> Citation:
    """Read ``CITATION.cff``. Raises ``LineageError`` when it names no date of release, which every record needs."""
    entry: dict[str, Any] = yaml_text.read(paths.ROOT / "CITATION.cff")
    if "date-released" not in entry:
        raise LineageError("CITATION.cff has no date-released: records of a run need a date of publication")
    people = (author.get("name") or f"{author['given-names']} {author['family-names']}" for author in entry["authors"])
    released = str(entry["date-released"])
    return Citation(entry["title"], tuple(people), str(entry["version"]), released, tuple(entry.get("keywords", ())))


@cache
def software() -> dict[str, str]:
    """Versions of Python and of the main libraries by name.

    ``dvc.lock`` does not record them: libraries have the version that ``requirements.lock`` pins for this Python.
    """
    locked = [Requirement(line) for line in read_lock(paths.REQUIREMENTS.read_text(encoding="utf-8"))]
    pinned = {
        requirement.name: str(requirement.specifier).removeprefix("==")
        for requirement in locked
        if requirement.marker is None or requirement.marker.evaluate()
    }
    return {"python": platform.python_version()} | {name: pinned[name] for name in LIBRARIES}


@cache
def tables_under(terms: str) -> dict[str, list[str]]:
    """Raw and clean tables with rows of sources under these terms, a key of ``REDISTRIBUTION``: the sources by path.

    Raw tables name their sources in the register, clean ones in their rows.
    """
    registry = load_registry()
    under = {key for key, source in registry["sources"].items() if source["redistribute"] == terms}
    raw = {f"data/raw/{name}": under.intersection(table["sources"]) for name, table in registry["tables"].items()}
    clean = {path.relative_to(paths.ROOT).as_posix(): under & _cited(path) for path in paths.CLEAN.glob("*.csv")}
    return {path: sorted(sources) for path, sources in sorted((raw | clean).items()) if sources}


def _cited(table: Path) -> set[str]:
    """The sources that the rows of a clean table cite."""
    cited = citing(pd.read_csv(table, nrows=0))
    listed = pd.read_csv(table, usecols=cited, dtype="str").stack()
    return split_lists(listed.unique())


def licences(path: str) -> list[str]:
    """Licences of a file of the project: code is MIT, everything else CC BY 4.0, and a notebook is both.

    A table of ``tables_under("unclear")`` has none of these: it stands under the terms of its sources.
    """
    if path in tables_under("unclear"):
        return []
    if path.endswith(".ipynb") and path.startswith("notebooks/"):
        return [MIT, CC_BY]
    return [CC_BY] if path.startswith(("data/", "results/")) else [MIT]


@cache
def stages() -> list[Stage]:
    """Stages in an order in which each comes after those whose outputs it reads."""
    found = read_stages()
    before = {
        name: sorted({made.name for path in stage.deps if (made := maker(path))}) for name, stage in found.items()
    }
    return [found[name] for name in TopologicalSorter(before).static_order()]


@cache
def hashes() -> dict[str, str]:
    """MD5 of every file and folder that the run read or made.

    Raises ``LineageError`` when two stages saw one file in two states: that was not one run.
    """
    found: dict[str, str] = {}
    for stage in stages():
        for path, md5 in (stage.deps | stage.outs).items():
            if found.setdefault(path, md5) != md5:
                raise LineageError(f"dvc.lock holds two states of {path}: run `dvc repro`")
    return found


def folders() -> list[str]:
    """Those of the recorded paths that are folders."""
    return [path for path, md5 in hashes().items() if md5.endswith(".dir")]


def executable(stage: Stage) -> str:
    """The file that a stage runs: its notebook, or the module that its command names."""
    if stage.notebook:
        return stage.notebook
    module = stage.command.split()[-1].replace(".", "/")
    return f"{module}/__main__.py" if (paths.ROOT / module).is_dir() else f"{module}.py"


def changed() -> list[str]:
    """Files and folders that no longer stand as the run left them."""
    return [path for path, md5 in hashes().items() if state(path, md5) != "as recorded"]


ENVIRONMENT = paths.ROOT / "environment.yml"
HEADER = "# Environment for conda and Binder, written from requirements.lock by `make lock`; not edited by hand.\n"


def read_lock(text: str) -> list[str]:
    """Locked requirements as ``name==version ; marker``, without hashes, comments and options."""
    joined = re.sub(r"\\\n", " ", text)
    bare = (re.split(r"\s(?:#|--hash=)", line)[0] for line in joined.splitlines())
    requirements = (" ".join(line.split()) for line in bare)
    return [line for line in requirements if line and not line.startswith(("#", "-"))]


def render(lines: list[str]) -> str:
    """``environment.yml`` as text: Python and pip from conda, everything else at its locked version.

    Hashes are left out: conda hands its pip section to one pip call, and pip cannot check hashes where the project
    itself is installed from its folder. One thread per notebook, as in the stages: with several, small sums wait for
    each other, and 08 takes six times as long.
    """
    content = {
        "name": declared.name(),
        "channels": ["conda-forge"],
        "dependencies": ["python=3.12", "pip", {"pip": [*lines, "-e ."]}],
        "variables": dict.fromkeys(THREAD_VARIABLES, "1"),
    }
    return HEADER + yaml.safe_dump(content, sort_keys=False, width=1000)


if __name__ == "__main__":
    ENVIRONMENT.write_text(render(read_lock(paths.REQUIREMENTS.read_text(encoding="utf-8"))), encoding="utf-8")
