"""YAML, read as DVC reads it (YAML 1.2): a value means the same to the notebooks and to what is recorded of them."""

from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.nodes import MappingNode, Node

__all__ = ["MappingNode", "Node", "YAMLError", "compose", "load"]


def load(text: str | bytes) -> Any:
    """What a YAML text holds: plain values only; raises ``YAMLError`` when it is not YAML, or a key is there twice."""
    return YAML(typ="safe").load(text)


def compose(text: str | bytes) -> Node | None:
    """The nodes of a YAML text, equal keys included; raises ``YAMLError`` when it is not YAML."""
    node: Node | None = YAML(typ="safe").compose(text)
    return node
