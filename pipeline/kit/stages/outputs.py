"""Outputs of a stage: whether they are what it declares, how they come to their places, and what gives way to them.

Nothing in a folder of results is deleted that the new result has not got too: it moves to ``scratch/set_aside``,
for it may be somebody's own file.
"""

import filecmp
import os
import shutil
import sys
from pathlib import Path

from pipeline.kit import paths

ASIDE = paths.ROOT / "scratch" / "set_aside"
# So many are named, when many move.
NAMED = 5


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


def _cannot_be_kept(path: Path, staging: Path) -> str:
    """Why a cache cannot keep an output: it is no plain file, or its name is no text; empty when it can."""
    shown = os.fsencode(path.relative_to(staging)).decode(errors="backslashreplace")
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        return f"{shown} is a link, pipe or device"
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return f"{shown} has a name that is not UTF-8"
    return ""


def put_in_place(staging: Path, outs: list[str]) -> None:
    """Move the outputs to their places, replacing older ones."""
    for out in outs:
        give_way(paths.ROOT / out, staging / out, out)
        (paths.ROOT / out).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / out, paths.ROOT / out)


def give_way(old: Path, new: Path, out: str) -> None:
    """Delete an older output, ``out`` in ``dvc.yaml``, and move aside what is not in the new one."""
    move_aside({f"{out}/{name}": old / name for name in files(old) if not os.path.lexists(new / name)})
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
    found = (os.path.join(top, name) for top, _, names in os.walk(folder) for name in names)
    return sorted(os.path.relpath(path, folder) for path in found)


def _equal(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def move_aside(found: dict[str, Path]) -> None:
    """Move files away, each by the path under which it stood in the project, and say where the first ones are."""
    for place, (name, path) in enumerate(found.items()):
        target = _free(ASIDE / name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        if place < NAMED:
            print(f"{name} is no output: moved to {paths.shown(target)}", file=sys.stderr, flush=True)
    if len(found) > NAMED:
        print(f"and {len(found) - NAMED} more, all in {paths.shown(ASIDE)}", file=sys.stderr, flush=True)


def _free(path: Path) -> Path:
    """The path itself, or with the first number after it under which nothing stands."""
    number = 0
    free = path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free


def remove(path: Path) -> None:
    """Delete a file or a folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
