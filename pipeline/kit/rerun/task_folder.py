"""One stage in a worker's clone of the project.

``python -m pipeline.kit.rerun.task_folder ORDER RESULT``, both files in JSON, runs it. What earlier stages made comes
from the DVC remote, and what this stage makes goes there; hashes are compared with those of the main machine before
its command runs.
"""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException, UploadError
from dvc.repo import Repo
from dvc.stage.loader import StageLoader
from dvc.stage.serialize import to_single_stage_lockfile
from dvc.utils.serialize import loads_yaml

from pipeline.kit.rerun import lockfile, recording


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


class OtherInputsError(DvcException):
    """A clone whose files are not those of the main machine."""


def main(order_path: str, result_path: str) -> int:
    """Bring the inputs, run the commands, push what they made; returns the exit code."""
    order, repo = json.loads(Path(order_path).read_text(encoding="utf-8")), Repo(os.getcwd())
    try:
        with recording.project(repo, lambda: True):
            stage = prepare(repo, order)
        if code := command(stage, order["commands"], order["stage"]):
            return code
        with recording.project(repo, lambda: True):
            result = collect(repo, stage)
    except (DvcException, OSError) as error:
        print(f"{os.getcwd()}: {error}", file=sys.stderr)
        return 1
    Path(result_path).write_text(json.dumps(result), encoding="utf-8")
    return 0


def prepare(repo: Any, order: dict[str, Any]) -> Any:
    """The stage, with its inputs in place and its outputs gone."""
    recording.heal_rwlock(repo.tmp_dir)
    for need in order["needs"]:
        fetch(repo, need)
    stage = repo.stage.load_one(order["file"], order["name"])
    stage.remove_outs(ignore_remove=False, force=False)
    stage.save_deps()
    here = inputs(stage)
    if here != order["inputs"]:
        differ = sorted(set(items(here)) ^ set(items(order["inputs"])))
        names = dict.fromkeys(name for name, _ in differ)
        raise OtherInputsError(f"not what it is on the main machine: {', '.join(names)}")
    return stage


def fetch(repo: Any, need: dict[str, Any]) -> None:
    """Bring here from the remote what the stage reads of another one."""
    made = repo.stage.load_one(need["file"], need["name"])
    StageLoader.fill_from_lock(made, read_entry(need["lock"]))
    for out, path in parts(made, [os.path.join(repo.root_dir, path) for path in need["paths"]]):
        bring(out, path)


def command(stage: Any, commands: list[list[str]], name: str) -> int:
    """Run the commands of a stage; told to stop, it waits until they have."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    code = 0
    for words in commands:
        code = code or subprocess.run(words, cwd=stage.wdir, env={**os.environ, "DVC_STAGE": name}).returncode
    signal.signal(signal.SIGTERM, before)
    return code if code >= 0 else 128 - code


def collect(repo: Any, stage: Any) -> dict[str, Any]:
    """Save and push what a stage has made: its lock entry, and the bytes of outputs that DVC does not cache."""
    stage.save(run_cache=False)
    stage.commit()
    for out in stage.outs:
        if out.use_cache:
            send(out, used(out, out.fs_path))
    found = [path for out in stage.outs if not out.use_cache for path in files(out)]
    made = {os.path.relpath(path, repo.root_dir): Path(path).read_bytes() for path in found}
    coded = {path: base64.b64encode(data).decode() for path, data in made.items()}
    return {"lock": outputs(stage), "files": coded}


def items(text: str) -> list[tuple[str, str]]:
    """Command, dependencies and parameters of an entry, each as a name and what is recorded of it."""
    recorded = read_entry(text)
    found = [("command", json.dumps(recorded["cmd"]))]
    found += [(dep["path"], json.dumps(dep, default=str)) for dep in recorded.get("deps", [])]
    values = [(name, value) for values in recorded.get("params", {}).values() for name, value in values.items()]
    return found + [(name, json.dumps(value, default=str)) for name, value in values]


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2])
    sys.stdout.flush()
    sys.stderr.flush()
    # As in ``stages/run.py``: taking the libraries apart would only take time.
    os._exit(code)
