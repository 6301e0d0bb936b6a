"""What the study declares to these tools: its name, parameters and tables, in ``[tool.study]``, and its stages.

These tools import no module of the study: ``pyproject.toml`` tells them where to look, as a plug-in is found.
"""

import tomllib
from functools import cache
from importlib import import_module
from typing import Any

from pipeline.kit import paths, yaml_text


@cache
def _declared() -> dict[str, Any]:
    return tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def name() -> str:
    """The name of the project, as packages are named."""
    return str(_declared()["project"]["name"])


def title() -> str:
    """What the study is about, in words."""
    return str(_declared()["tool"]["study"]["title"])


def description() -> str:
    """What the project holds, in a sentence."""
    return str(_declared()["tool"]["study"]["description"])


def parameters() -> Any:
    """The module of the parameters: ``load_params``, ``select``, ``describe`` and ``ParameterError``."""
    return import_module(_declared()["tool"]["study"]["parameters"])


def tables() -> Any:
    """The module of the clean tables: a constant for each, and ``TABLES``, all of them in order."""
    return import_module(_declared()["tool"]["study"]["tables"])


def stages() -> dict[str, dict[str, Any]]:
    """Stages of ``dvc.yaml`` by name; raises ``FileError`` when it holds none, or one that is no stage."""
    found = yaml_text.read(paths.PIPELINE)
    listed: dict[str, dict[str, Any]] | None = found.get("stages") if isinstance(found, dict) else None
    if not isinstance(listed, dict) or not listed:
        raise yaml_text.FileError(f"{paths.PIPELINE.name} holds no stages: get it back from git")
    for stage, entry in listed.items():
        if not isinstance(entry, dict):
            raise yaml_text.FileError(f"{stage!r} in {paths.PIPELINE.name} is no stage: {entry!r}")
    return listed
