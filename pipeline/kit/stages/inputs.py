"""What a stage reads must be the same at its end as at its beginning, or its result belongs to neither."""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from pipeline.kit import declared, hashes, paths, yaml_text
from pipeline.kit.hashes import read_listing
from pipeline.kit.stages import run_notes


class InputError(RuntimeError):
    """Something that a stage reads is not what will be recorded of it."""


class Inputs:
    """Everything that a stage reads, by path or name, with what it was when this was made."""

    def __init__(self, name: str, entry: dict[str, Any]) -> None:
        """Look at the inputs of a stage, ``entry`` in ``dvc.yaml``.

        Raises ``InputError`` when the listing of its code is old.
        """
        deps = [dep if isinstance(dep, str) else next(iter(dep)) for dep in entry.get("deps", [])]
        # A file of parameters that is read whole stands there as a map.
        files = [next(iter(param)) for param in entry.get("params", []) if isinstance(param, dict)]
        self.parameters = [param for param in entry.get("params", []) if isinstance(param, str)]
        listing = paths.code(name)
        is_listed = paths.shown(listing) in deps and listing.exists()
        self.code = read_listing(listing.read_text(encoding="utf-8")) if is_listed else {}
        self.paths = [*deps, *files, *self.code]
        self.before = self._now()
        if old := [path for path, md5 in self.code.items() if self.before[path] != md5]:
            raise InputError(
                f"{old[0]} is not as {paths.shown(listing)} has it: run the stage `code` first, or `dvc repro` whole"
            )

    def check(self) -> None:
        """Raise ``InputError`` that names what has changed since."""
        now = self._now()
        if changed := [path for path in self.before if now.get(path) != self.before[path]]:
            raise InputError(
                f"changed while the stage ran: {', '.join(changed)}. Its result is not recorded; the next run begins "
                "this stage again"
            )

    def _now(self) -> dict[str, str]:
        try:
            values = _read(paths.PARAMS.read_bytes() if self.parameters else b"")
        except (OSError, yaml_text.YAMLError) as error:
            raise InputError(f"{paths.shown(paths.PARAMS)} cannot be read: {error}") from error
        parameters = {f"parameter {name}": repr(_value(values, name)) for name in self.parameters}
        return {path: hashes.md5(paths.ROOT / path) for path in self.paths} | parameters


# The file is read at the beginning and at the end, and mostly has not changed.
@cache
def _read(text: bytes) -> Any:
    return yaml_text.load(text)


def _value(values: Any, name: str) -> Any:
    for part in name.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values


def guarded(name: str, work: Callable[[], int]) -> int:
    """Do the work of a stage that is no notebook; returns its exit code, or 1 when what it reads changed meanwhile."""
    started = run_notes.now()
    try:
        entry = declared.stages()[name]
        inputs = Inputs(name, entry)
        code = work()
        inputs.check()
        if not code:
            run_notes.write(name, started, entry["outs"])
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return code
