"""Who built an estimate: noted as it is built, found in the source when it is traced."""

import ast
import json
import linecache
import sys
from types import FrameType
from typing import Any

from pipeline.kit import paths
from pipeline.kit.publish.keys import Key

TOOLS = "pipeline.kit."


def maker() -> str:
    """Who builds an estimate: ``MODULE:FUNCTION`` of the first caller outside the tools, or ``NOTEBOOK#CELL``.

    A private function is the hand of the one that called it in its module, which is named instead.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame and frame.f_globals.get("__name__", "").startswith(TOOLS):
        frame = frame.f_back
    if frame is None:
        return ""
    module = frame.f_globals["__name__"]
    while _function(frame).startswith("_") and frame.f_back and frame.f_back.f_globals["__name__"] == module:
        frame = frame.f_back
    return _cell(frame) or f"{module}:{_function(frame)}"


def _function(frame: FrameType) -> str:
    """The function at the top of its module in which a frame runs; what stands inside it belongs to it."""
    return frame.f_code.co_qualname.partition(".<locals>")[0]


def _cell(frame: FrameType) -> str:
    """The cell of a notebook whose source is the code of the frame; empty for any other code.

    A stage has its own notebook; one that is run by hand may be any.
    """
    source = "".join(linecache.getlines(frame.f_code.co_filename)).strip()
    if frame.f_globals["__name__"] != "__main__" or not source:
        return ""
    own = paths.NOTEBOOKS / f"{paths.stage()}.ipynb"
    for path in [own] if own.exists() else sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if "".join(cell["source"]).strip() == source:
                return f"{paths.shown(path)}#{cell['id']}"
    return ""


def place(made_by: str) -> dict[str, Any]:
    """Where an estimate is made: ``name`` and ``path`` of a function, or ``path`` and ``cell`` of a notebook."""
    path, _, cell = made_by.partition("#")
    if cell:
        return {"path": path, "cell": cell}
    module, _, name = made_by.partition(":")
    return {"name": name, "path": module.replace(".", "/") + ".py"}


def lines(built_by: dict[str, Any], key: Key) -> dict[str, int]:
    """Lines of today in the module of a ``place``: ``line`` of the function, ``key_line`` where the key is said.

    Missing where there is none: in a notebook, for a function that is gone, for a key that another module says.
    """
    file = paths.ROOT / built_by["path"]
    if "name" not in built_by or not file.is_file():
        return {}
    tree = ast.parse(file.read_text(encoding="utf-8"))
    starts = [node.lineno for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == built_by["name"]]
    found = {"line": starts[0] if starts else 0, "key_line": _says(tree, key)}
    return {name: line for name, line in found.items() if line}


def _says(tree: ast.Module, key: Key) -> int:
    """The line on which a module says the key: whole, or else most of its parts in a call of ``Key``; 0 if none."""
    best, line = 0, 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value == str(key):
            return node.lineno
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Key":
            words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            if words <= set(key.parts) and len(words) > best:
                best, line = len(words), node.lineno
    return line
