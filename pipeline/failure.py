"""What is kept of a failed stage: a page that says what happened, and the notebook as far as it came.

The page never stands where an output would. Older outputs of the stage are moved beside it, so that they are
neither lost nor taken for new ones.
"""

import html
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from pipeline import paths

ANSI = re.compile(r"\x1b\[[0-9;]*m")
LAST_LINES = 25


def keep(name: str, cell: int, outs: list[str], staging: Path, values: dict[str, Any], error: BaseException) -> None:
    """Write the failure page of a stage and set aside what was made before; never raises."""
    folder = paths.failure(name)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for out in outs:
            set_aside(paths.ROOT / out, folder / "previous" / out)
        executed = staging / paths.executed_notebook(name).relative_to(paths.ROOT)
        if executed.exists():
            shutil.copy(executed, folder / "notebook.ipynb")
        (folder / "index.html").write_text(page(name, cell, values, error), encoding="utf-8")
    except OSError as problem:
        # The disk may be full: the message on the screen must then do.
        print(f"{name}: the failure page could not be written: {problem}", file=sys.stderr)


def set_aside(path: Path, target: Path) -> None:
    """Move an older output away from its place, if there is one."""
    if path.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)


def remove(path: Path) -> None:
    """Delete a file or a folder, if there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def last_lines(error: BaseException) -> str:
    """The last lines of the error, without terminal colours."""
    text = ANSI.sub("", str(error)) or type(error).__name__
    return "\n".join(text.rstrip().splitlines()[-LAST_LINES:])


def summary(name: str, error: BaseException) -> str:
    """What the screen shows of a failure."""
    page_kept = paths.failure(name) / "index.html"
    lines = [f"{name} failed: {type(error).__name__}", last_lines(error)]
    if page_kept.exists():
        lines.append(
            f"Page: {paths.shown(page_kept)}. Outputs made before are beside it or come back with 'dvc checkout'."
        )
    return "\n".join(lines)


def page(name: str, cell: int, values: dict[str, Any], error: BaseException) -> str:
    """The failure page as HTML."""
    rows = "".join(f"<tr><td>{key}</td><td>{html.escape(repr(value))}</td></tr>" for key, value in values.items())
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{name} failed</title>"
        f"<h1>Stage {name} failed</h1><p>Cell: {cell or 'none started'}. Error: {type(error).__name__}.</p>"
        f"<h2>Parameters</h2><table>{rows}</table><h2>Last lines</h2><pre>{html.escape(last_lines(error))}</pre>"
        "<p>No output of this stage is in place. The notebook as far as it came is notebook.ipynb; outputs made "
        "before are in the folder 'previous' or come back with <code>dvc checkout</code>.</p></html>\n"
    )
