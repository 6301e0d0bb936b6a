"""What two folders of one project exchange: objects of DVC's cache by its remote, entries of the lock as text."""

import os
from collections.abc import Iterable
from typing import Any

from dvc.exceptions import DvcException, UploadError
from dvc.stage.serialize import to_single_stage_lockfile
from dvc.utils.serialize import loads_yaml

from pipeline.rerun import lockfile


class MissingError(DvcException):
    """Outputs that the remote should have."""


def inside(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it."""
    return path == folder or path.startswith(f"{folder}{os.sep}")


def files(item: Any) -> list[str]:
    """Files of a dependency or an output, whole paths."""
    if os.path.isdir(item.fs_path):
        return sorted(item.repo.dvcignore.find(item.fs, item.fs_path))
    return [item.fs_path] if os.path.isfile(item.fs_path) else []


def parts(made: Any, wanted: Iterable[str]) -> list[tuple[Any, str]]:
    """Cached outputs of a stage that ``wanted`` paths lie in, or that lie in them, each with the smaller of both."""
    pairs = [(out, path) for path in wanted for out in made.outs if out.use_cache]
    within = [(out, path) for out, path in pairs if inside(path, out.fs_path)]
    around = [(out, out.fs_path) for out, path in pairs if inside(out.fs_path, path) and out.fs_path != path]
    return within + around


def used(out: Any, path: str) -> set[Any]:
    """Hashes of what the cache has to hold for ``path``, an output or a part of it."""
    return set().union(*out.get_used_objs(filter_info=path).values())


def send(out: Any, hashes: set[Any]) -> None:
    """Push what the remote lacks; raises ``DvcException``."""
    if hashes and (failed := out.repo.cloud.push(hashes, remote=out.remote).failed):
        raise UploadError(len(failed))


def bring(out: Any, path: str) -> None:
    """Pull what the cache lacks for ``path``, and put it in place; raises ``DvcException``."""
    # The list of a folder's files comes first: it tells what else is needed.
    _pull(out, {out.hash_info})
    _pull(out, used(out, path))
    out.checkout(filter_info=path, force=True)


def _pull(out: Any, hashes: set[Any]) -> None:
    lacking = {one for one in hashes if not out.cache.exists(one.value)}
    if lacking:
        out.repo.cloud.pull(lacking, remote=out.remote)
    if any(not out.cache.exists(one.value) for one in lacking):
        raise MissingError(f"the DVC remote does not have {out.def_path}: do all machines use the same remote?")


def inputs(stage: Any) -> str:
    """Lock entry of a stage without its outputs."""
    recorded = to_single_stage_lockfile(stage)
    recorded.pop("outs", None)
    return lockfile.entry(stage.name, recorded)


def outputs(stage: Any) -> str:
    """Lock entry of a stage, with its outputs."""
    return lockfile.entry(stage.name, to_single_stage_lockfile(stage))


def read_entry(text: str) -> dict[str, Any]:
    """What an entry records."""
    (recorded,) = loads_yaml(text).values()
    return dict(recorded)
