"""What a stage reads must be the same at its end as at its beginning, or its result belongs to neither."""

import sys
from collections.abc import Callable
from functools import cached_property
from typing import Any

from pipeline.kit import hashes, paths, yaml_text
from pipeline.kit.hashes import read_listing


class InputError(RuntimeError):
    """Something that a stage reads is not what will be recorded of it."""


class Inputs:
    """Everything that a stage reads, by path or name, with what it was when this was made."""

    def __init__(self, name: str) -> None:
        """Look at the inputs of a stage of ``dvc.yaml``; raises ``InputError`` when its listing of code is old."""
        self.name = name
        self.before = self._now()
        old = [path for path, md5 in self._listed.items() if self.before[path] != md5]
        if old:
            listing = paths.shown(paths.code(name))
            raise InputError(f"{old[0]} is not as {listing} has it: run the stage `code` first, or `dvc repro` whole")

    def check(self) -> None:
        """Raise ``InputError`` that names what has changed since."""
        now = self._now()
        if changed := [path for path in self.before if now.get(path) != self.before[path]]:
            raise InputError(
                f"changed while the stage ran: {', '.join(changed)}. Its result is not recorded; the next run begins "
                "this stage again"
            )

    def _now(self) -> dict[str, str]:
        files = {path: hashes.md5(paths.ROOT / path) for path in [*self._declared["deps"], *self._listed]}
        return files | self._parameters()

    @cached_property
    def _declared(self) -> dict[str, Any]:
        stage = yaml_text.read(paths.PIPELINE)["stages"][self.name]
        deps = [entry if isinstance(entry, str) else next(iter(entry)) for entry in stage.get("deps", [])]
        # A file of parameters that is read whole stands there as a map.
        files = [next(iter(entry)) for entry in stage.get("params", []) if isinstance(entry, dict)]
        return {"deps": deps + files, "params": [name for name in stage.get("params", []) if isinstance(name, str)]}

    @cached_property
    def _listed(self) -> dict[str, str]:
        listing = paths.code(self.name)
        if paths.shown(listing) not in self._declared["deps"] or not listing.exists():
            return {}
        return read_listing(listing.read_text(encoding="utf-8"))

    def _parameters(self) -> dict[str, str]:
        values = yaml_text.read(paths.PARAMS) if self._declared["params"] else {}
        return {f"parameter {name}": repr(_value(values, name)) for name in self._declared["params"]}


def _value(values: Any, name: str) -> Any:
    for part in name.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values


def guarded(name: str, work: Callable[[], int]) -> int:
    """Do the work of a stage that is no notebook; returns its exit code, or 1 when what it reads changed meanwhile."""
    try:
        inputs = Inputs(name)
        code = work()
        inputs.check()
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return code
