"""YAML, read as DVC reads it (YAML 1.2): a value means the same to the notebooks and to what is recorded of them."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.nodes import MappingNode, Node

__all__ = [
    "DuplicateKeyError",
    "FileError",
    "MappingNode",
    "MergeError",
    "Node",
    "YAMLError",
    "check_merged",
    "compose",
    "load",
    "read",
]


MERGE_MARK = re.compile(r"^(<<<<<<<|=======|>>>>>>>)", re.MULTILINE)


class FileError(ValueError):
    """A file of YAML that cannot be read; says which and where."""


class MergeError(ValueError):
    """A file that holds the marks of a merge; says how to go on."""


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


def check_merged(lock: Path) -> None:
    """Raise ``MergeError`` when ``dvc.lock`` stands as a merge left it that git could not finish."""
    if lock.is_file() and MERGE_MARK.search(lock.read_text(encoding="utf-8", errors="replace")):
        raise MergeError(
            f"{lock.name} holds an unfinished merge. Both sides differ in recorded hashes only: take either "
            f"(git checkout --ours {lock.name}), run `dvc repro`, and add the file it leaves"
        )
