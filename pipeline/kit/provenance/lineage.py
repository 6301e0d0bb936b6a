"""What was made from what: the graph of stages, files, parameters and hashes that ``dvc.lock`` records.

Everything here is read from ``dvc.lock``, so it tells how the published results came about, not how they would come
about now; ``stale`` compares the two.
"""

import configparser
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.kit import declared, hashes, paths, yaml_text
from pipeline.kit.hashes import read_listing
from pipeline.kit.stages.dependencies import listing

# Letters of what was asked that an error repeats.
LONGEST = 80


class LineageError(LookupError):
    """Something whose origin was asked is not there, or no stage has made it."""


def readable(asked: str) -> str:
    """What was asked, whatever it is, as a line can show it."""
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in asked) or "''"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


@dataclass(frozen=True)
class Stage:
    """One stage as it last ran: its command, and the MD5 of each file or folder it read (``deps``) and made.

    What it read holds its code file by file, as far as its listing is at hand.
    """

    name: str
    command: str
    deps: dict[str, str]
    parameters: dict[str, Any]
    outs: dict[str, str]

    @property
    def notebook(self) -> str:
        """Path of the notebook that the stage runs; empty for a stage without one."""
        return next((path for path in self.deps if path.endswith(".ipynb")), "")

    @property
    def code(self) -> dict[str, str]:
        """Modules of the project that the stage imports, and templates and texts they read, with the MD5 of each."""
        return {path: md5 for path, md5 in self.deps.items() if Path(path).parts[0] == "pipeline"}

    @property
    def data(self) -> dict[str, str]:
        """Tables, estimates and figures that the stage read, with the MD5 of each."""
        return {
            path: md5
            for path, md5 in self.deps.items()
            if path.startswith(("data/", "results/")) and not _is_code(path)
        }


@cache
def read_stages(lock: Path | None = None) -> dict[str, Stage]:
    """Stages by name, in the order of their names: that of ``dvc.lock`` tells in which order they were first run.

    Raises ``LineageError`` when there is no lock to read.
    """
    path = lock or paths.ROOT / "dvc.lock"
    if not path.exists():
        raise LineageError(f"there is no {path.name}: run `dvc repro`, or get it back from git")
    try:
        yaml_text.check_merged(path)
        recorded = yaml_text.read(path)["stages"]
    except yaml_text.MergeError as error:
        raise LineageError(str(error)) from error
    except (yaml_text.FileError, KeyError, TypeError) as error:
        raise LineageError(f"{path.name} cannot be read: run `dvc repro`, or get it back from git ({error})") from error
    return {name: _stage(name, entry) for name, entry in sorted(recorded.items())}


def _stage(name: str, entry: dict[str, Any]) -> Stage:
    hashes = {part: {item["path"]: item["md5"] for item in entry.get(part, [])} for part in ("deps", "outs")}
    parameters = dict(flat(entry.get("params", {}).get("params.yaml", {})))
    code = _listed(name, entry["cmd"], hashes["deps"].get(paths.shown(paths.code(name)), ""))
    return Stage(name, entry["cmd"], hashes["deps"] | code, parameters, hashes["outs"])


def _is_code(path: str) -> bool:
    return path.startswith(f"{paths.CODE}/")


def _listed(name: str, command: str, recorded: str) -> dict[str, str]:
    """Code of a stage by its recorded listing: where it stands, in DVC's cache, or as it is of the code now."""
    for file in (paths.code(name), _in_cache(recorded)) if recorded else ():
        if md5(file) == recorded:
            return read_listing(file.read_text(encoding="utf-8"))
    now = _listing(name, command) if recorded else ""
    return read_listing(now) if hashes.md5_of_text(now) == recorded else {}


def _in_cache(md5: str) -> Path:
    """Where DVC keeps a file, by its MD5: in its own folder, or in that which a setting names."""
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    settings.read([paths.ROOT / ".dvc" / "config", paths.ROOT / ".dvc" / "config.local"], encoding="utf-8")
    folder = paths.ROOT / ".dvc" / settings.get("cache", "dir", fallback="cache")
    return folder / "files" / "md5" / md5[:2] / md5[2:]


def _listing(name: str, command: str) -> str:
    """The listing of a stage as it would be written now; empty when its code cannot be read."""
    try:
        return listing(name, command)
    except (OSError, SyntaxError):
        return ""


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Parameters by dotted name."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def maker(path: str) -> Stage | None:
    """The stage that made a file, itself or in a folder; none for what people write."""
    by_out = {out: stage for stage in read_stages().values() for out in stage.outs}
    return next((by_out[place] for place in (path, *map(str, Path(path).parents)) if place in by_out), None)


def upstream(stage: Stage) -> list[Stage]:
    """The stage and all those whose outputs it read, directly or not: the stage itself first, each once."""
    found = [stage]
    for current in found:
        # The listing of its code is no result: what it names stands among what the stage read.
        makers = {made.name: made for path in current.deps if not _is_code(path) and (made := maker(path))}
        found += [made for made in makers.values() if made not in found]
    return found


def md5(path: Path) -> str:
    """MD5 of a file or folder; a file that has not changed since is not read again."""
    return hashes.md5(path, lambda file: _md5_of_file(file, stamp(file)))


def stamp(path: Path) -> tuple[int, int]:
    """Time of change and size of a file, by which DVC, too, tells that it need not be read again."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


@cache
def _md5_of_file(path: Path, _: tuple[int, int]) -> str:
    return hashes.md5_of_file(path)


def state(path: str, recorded: str) -> str:
    """How a file or folder stands to its record: ``as recorded``, ``changed`` or ``missing``."""
    found = md5(paths.ROOT / path)
    return "missing" if not found else "as recorded" if found == recorded else "changed"


def reasons(name: str) -> list[str]:
    """Why a stage would run again by itself, one line each; empty when it would not.

    Raises ``LineageError`` for a stage that ``dvc.yaml`` does not have.
    """
    stages = declared.stages()
    if name not in stages:
        raise LineageError(f"there is no stage '{readable(name)}'; there are {', '.join(stages)}")
    recorded = read_stages().get(name)
    if recorded is None:
        return ["it has never run: dvc.lock does not know it"]
    return [
        *_command(recorded, stages[name]),
        *_files(recorded, stages[name]),
        *_parameters(recorded, stages[name].get("params", [])),
    ]


def stale() -> dict[str, list[str]]:
    """Reasons by stage, for every stage that would run again by itself."""
    found = {name: reasons(name) for name in declared.stages()}
    return {name: lines for name, lines in found.items() if lines}


def stale_upstream(name: str) -> dict[str, list[str]]:
    """Reasons of the stages whose outputs this one reads: when they run again, this one may have to."""
    recorded = read_stages().get(name)
    found = {stage.name: reasons(stage.name) for stage in upstream(recorded)[1:]} if recorded else {}
    return {stage: lines for stage, lines in found.items() if lines}


def _command(recorded: Stage, entry: dict[str, Any]) -> Iterator[str]:
    if recorded.command != entry.get("cmd"):
        yield f"command: {recorded.command!r} -> {entry.get('cmd')!r}"


def _files(recorded: Stage, entry: dict[str, Any]) -> Iterator[str]:
    now = _listing(recorded.name, entry.get("cmd", ""))
    found = {path: md5(paths.ROOT / path) for path in (*entry.get("deps", []), *recorded.code, *_outs(entry))}
    # A listing is out of date when the code is; which file it was is said of the files, where they are known.
    found[paths.shown(paths.code(recorded.name))] = hashes.md5_of_text(now)
    is_known = any(map(_is_code, recorded.deps)) and bool(recorded.code)
    before = {path: md5 for path, md5 in recorded.deps.items() if not (is_known and _is_code(path))}
    named = [path for path in entry.get("deps", []) if path in before or not (is_known and _is_code(path))]
    code = read_listing(now) if is_known else {}
    yield from _differences("dependency", before, [*named, *code], found | code)
    yield from _differences("output", recorded.outs, _outs(entry), found)


def _differences(part: str, before: dict[str, str], named: list[str], now: dict[str, str]) -> Iterator[str]:
    yield from (f"{part} {path}: not there in the last run" for path in named if path not in before)
    yield from (f"{part} {path}: no longer used" for path in before if path not in named)
    for path in named:
        if path in before and now[path] != before[path]:
            yield f"{part} {path}: md5 {before[path]} -> {now[path] or 'missing'}"


def _outs(entry: dict[str, Any]) -> list[str]:
    listed = [*entry.get("outs", []), *entry.get("metrics", []), *entry.get("plots", [])]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in listed]


def _parameters(recorded: Stage, listed: list[Any]) -> Iterator[str]:
    now = yaml_text.read(paths.PARAMS)
    # An entry that is no text is a file that is read whole.
    is_whole = any(not isinstance(entry, str) for entry in listed)
    yield from (
        f"parameter {name}: no longer used" for name in recorded.parameters if not is_whole and name not in listed
    )
    for name, value in recorded.parameters.items():
        found: Any = now
        for part in name.split("."):
            found = found.get(part, "gone") if isinstance(found, dict) else "gone"
        if found != value:
            yield f"parameter {name}: {value} -> {found}"
