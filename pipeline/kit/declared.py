"""What the study declares to these tools, in ``[tool.study]`` of ``pyproject.toml``: its name, parameters and tables.

These tools import no module of the study: they are told where to look, as a plug-in is found.
"""

import tomllib
from functools import cache
from importlib import import_module
from typing import Any

from pipeline.kit import paths


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
