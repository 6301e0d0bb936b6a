"""YAML, read as DVC reads it (YAML 1.2): a value means the same to the notebooks and to what is recorded of them."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.nodes import MappingNode, Node

__all__ = ["DuplicateKeyError", "FileError", "MappingNode", "Node", "YAMLError", "compose", "load", "read"]


class FileError(ValueError):
    """A file of YAML that cannot be read; says which and where."""


def load(text: str | bytes) -> Any:
    """What a YAML text holds: plain values only.

    Raises ``YAMLError`` when it is not YAML, and of its kind ``DuplicateKeyError`` when a key is there twice.
    """
    return YAML(typ="safe").load(text)


def compose(text: str | bytes) -> Node | None:
    """The nodes of a YAML text, equal keys included; raises ``YAMLError`` when it is not YAML."""
    node: Node | None = YAML(typ="safe").compose(text)
    return node


def read(path: Path) -> Any:
    """What a file of YAML holds; raises ``FileError`` that names the file and, if it is not YAML, the line."""
    try:
        return load(path.read_bytes())
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise FileError(f"{path.name} cannot be read: {error}") from error
