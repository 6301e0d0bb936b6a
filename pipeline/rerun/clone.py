"""One stage in a worker's clone of the project: ``python -m pipeline.rerun.clone ORDER RESULT``, both files in JSON.

What earlier stages made comes from the DVC remote, and what this stage makes goes there; hashes are compared with
those of the main machine before its command runs.
"""

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage.loader import StageLoader

from pipeline.rerun import exchange, locks


class OtherInputsError(DvcException):
    """A clone whose files are not those of the main machine."""


def main(order_path: str, result_path: str) -> int:
    """Bring the inputs, run the commands, push what they made; returns the exit code."""
    order, repo = json.loads(Path(order_path).read_text(encoding="utf-8")), Repo(os.getcwd())
    try:
        with locks.project(repo, lambda: True):
            stage = prepare(repo, order)
        if code := command(stage, order["commands"], order["stage"]):
            return code
        with locks.project(repo, lambda: True):
            result = collect(repo, stage)
    except (DvcException, OSError) as error:
        print(f"{os.getcwd()}: {error}", file=sys.stderr)
        return 1
    Path(result_path).write_text(json.dumps(result), encoding="utf-8")
    return 0


def prepare(repo: Any, order: dict[str, Any]) -> Any:
    """The stage, with its inputs in place and its outputs gone."""
    locks.heal_rwlock(repo.tmp_dir)
    for need in order["needs"]:
        fetch(repo, need)
    stage = repo.stage.load_one(order["file"], order["name"])
    stage.remove_outs(ignore_remove=False, force=False)
    stage.save_deps()
    here = exchange.inputs(stage)
    if here != order["inputs"]:
        differ = sorted(set(items(here)) ^ set(items(order["inputs"])))
        names = dict.fromkeys(name for name, _ in differ)
        raise OtherInputsError(f"not what it is on the main machine: {', '.join(names)}")
    return stage


def fetch(repo: Any, need: dict[str, Any]) -> None:
    """Bring here from the remote what the stage reads of another one."""
    made = repo.stage.load_one(need["file"], need["name"])
    StageLoader.fill_from_lock(made, exchange.read_entry(need["lock"]))
    for out, path in exchange.parts(made, [os.path.join(repo.root_dir, path) for path in need["paths"]]):
        exchange.bring(out, path)


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
            exchange.send(out, exchange.used(out, out.fs_path))
    found = [path for out in stage.outs if not out.use_cache for path in exchange.files(out)]
    made = {os.path.relpath(path, repo.root_dir): Path(path).read_bytes() for path in found}
    coded = {path: base64.b64encode(data).decode() for path, data in made.items()}
    return {"lock": exchange.outputs(stage), "files": coded}


def items(text: str) -> list[tuple[str, str]]:
    """Command, dependencies and parameters of an entry, each as a name and what is recorded of it."""
    recorded = exchange.read_entry(text)
    found = [("command", json.dumps(recorded["cmd"]))]
    found += [(dep["path"], json.dumps(dep, default=str)) for dep in recorded.get("deps", [])]
    values = [(name, value) for values in recorded.get("params", {}).values() for name, value in values.items()]
    return found + [(name, json.dumps(value, default=str)) for name, value in values]


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2])
    sys.stdout.flush()
    sys.stderr.flush()
    # As in pipeline/run.py: taking the libraries apart would only take time.
    os._exit(code)
