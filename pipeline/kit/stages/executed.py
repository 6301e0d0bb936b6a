"""The executed copy of a notebook without what differs between equal runs."""

import re
from pathlib import Path
from typing import Any

# Cells stand in files of their own for the interpreter, in a folder with the number of the process.
# The look back lets a long word, as a picture is, be read once and not from each of its letters.
CELL_FILE = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>]*ipykernel_\d+[/\\](\d+\.py)")
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,16}\b")
TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex")


def normalised(notebook: Any, staging: Path) -> Any:
    """A notebook without times, paths of this run, addresses, random ids and patch versions.

    What is printed in one go stands in one piece, however it arrived.
    """
    notebook.metadata.pop("papermill", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
        if cell.cell_type == "code":
            cell.outputs = _in_one_piece(cell.outputs)
            for output in cell.outputs:
                _make_stable(output, str(staging))
    return notebook


def _in_one_piece(outputs: list[Any]) -> list[Any]:
    found: list[Any] = []
    for output in outputs:
        last = found[-1] if found else None
        if output.output_type == "stream" and last and (last.output_type, last.get("name")) == ("stream", output.name):
            last.text += output.text
        else:
            found.append(output)
    return found


def _make_stable(output: Any, staging: str) -> None:
    if "text" in output:
        output.text = stable(output.text, staging)
    for kind in TEXTS:
        if kind in output.get("data", {}):
            output.data[kind] = stable(output.data[kind], staging)


def stable(text: str, staging: str) -> str:
    """A text without the folder of the run, the files of its cells and the addresses of objects."""
    text = CELL_FILE.sub(r"cell \1", text.replace(f"{staging}/", ""))
    return ADDRESS.sub("at 0x0", text)
