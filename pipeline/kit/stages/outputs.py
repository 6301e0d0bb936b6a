"""Outputs of a stage: whether they are what it declares, how they come to their places, and what gives way to them.

The executed copy of a notebook is one: what differs between equal runs is taken out of it.

Nothing in a folder of results is deleted that the new result has not got too: it moves to ``scratch/set_aside``,
for it may be somebody's own file.
"""

import filecmp
import os
import re
import shutil
import sys
from itertools import count
from pathlib import Path
from typing import Any

from pipeline.kit import paths

ASIDE = paths.ROOT / "scratch" / "set_aside"
# So many are named, when many move.
NAMED = 5
# Cells stand in files of their own for the interpreter, in a folder with the number of the process.
# The look back lets a long word, as a picture is, be read once and not from each of its letters.
CELL_FILE = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>]*ipykernel_\d+[/\\](\d+\.py)")
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,16}\b")
TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex")


class OutputError(RuntimeError):
    """A stage that made less or more than it declares."""


def check_outputs(staging: Path, outs: list[str]) -> None:
    """The stage must have made every output that it declares, and nothing else."""
    odd = [problem for path in sorted(staging.rglob("*")) if (problem := _cannot_be_kept(path, staging))]
    if odd:
        raise OutputError("outputs cannot be kept:\n  " + "\n  ".join(odd))
    missing = [out for out in outs if not (staging / out).exists()]
    made = [path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file()]
    stray = [path for path in made if not any(path == out or path.startswith(f"{out}/") for out in outs)]
    problems = [f"declared but not made: {out}" for out in missing]
    problems += [f"made but not declared: {path}" for path in sorted(stray)]
    if problems:
        raise OutputError("outputs differ from dvc.yaml:\n  " + "\n  ".join(problems))


def _said(path: str) -> str:
    """A path in one line of text, whatever its letters."""
    return os.fsencode(path).decode(errors="backslashreplace").replace("\n", "\\n")


def _cannot_be_kept(path: Path, staging: Path) -> str:
    """Why a cache cannot keep an output: it is no plain file, or its name is no text; empty when it can."""
    shown = _said(str(path.relative_to(staging)))
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        return f"{shown} is a link, pipe or device"
    return "" if _is_text(path.name) else f"{shown} has a name that is not UTF-8"


def is_readable(path: Path) -> bool:
    """Whether there is a file or folder, or a link to one, under a name that is text."""
    return (path.is_file() or path.is_dir()) and _is_text(path.name)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def put_in_place(staging: Path, outs: list[str]) -> None:
    """Move the outputs to their places, replacing older ones."""
    for out in outs:
        give_way(paths.ROOT / out, staging / out, out)
        (paths.ROOT / out).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / out, paths.ROOT / out)


def give_way(old: Path, new: Path, out: str) -> None:
    """Delete an older output, ``out`` in ``dvc.yaml``, and move aside what is not in the new one."""
    found = files(old) if old.is_dir() else [""] if os.path.lexists(old) and new.is_dir() else []
    move_aside(
        {f"{out}/{name}".rstrip("/"): old / name for name in found if not name or not os.path.lexists(new / name)}
    )
    remove(old)


def take_away(out: str, folder: Path) -> None:
    """Move an output to where those of before a failure are kept; another file of the same name there moves aside."""
    place = paths.ROOT / out
    there = {name: folder / out / name for name in files(place) if os.path.lexists(folder / out / name)}
    move_aside({f"{out}/{name}": path for name, path in there.items() if not _equal(path, place / name)})
    for name in files(place) if place.is_dir() else [""]:
        (folder / out / name).parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(place / name):
            os.replace(place / name, folder / out / name)
    remove(place)


def files(folder: Path) -> list[str]:
    """Paths of all files in a folder, relative to it, sorted; none when there is no folder."""
    found = []
    for top, folders, names in os.walk(folder):
        # A link to a folder is one thing of its own.
        links = [name for name in folders if os.path.islink(os.path.join(top, name))]
        found += [os.path.relpath(os.path.join(top, name), folder) for name in (*names, *links)]
    return sorted(found)


def _equal(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def move_aside(found: dict[str, Path]) -> None:
    """Move files away, each by the path under which it stood in the project, and say where the first ones are."""
    for place, (name, path) in enumerate(found.items()):
        target = _free(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        if place < NAMED:
            told = f"{_said(name)} is no output: moved to {_said(os.path.relpath(target, paths.ROOT))}"
            print(told, file=sys.stderr, flush=True)
    if len(found) > NAMED:
        print(f"and {len(found) - NAMED} more, beside the last one", file=sys.stderr, flush=True)


def _free(name: str) -> Path:
    """Where nothing of that name stands yet: in ``scratch/set_aside``, or one with a number behind it."""
    folders = (ASIDE.with_name(f"{ASIDE.name}.{number}" if number else ASIDE.name) for number in count())
    return next(folder / name for folder in folders if _is_free(folder / name))


def _is_free(target: Path) -> bool:
    above = [folder for folder in target.parents if folder.is_relative_to(ASIDE.parent)]
    return not os.path.lexists(target) and all(folder.is_dir() or not os.path.lexists(folder) for folder in above)


def remove(path: Path) -> None:
    """Delete a file or a folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
