"""A stage as stock papermill runs it: one shell script that sets variables, calls papermill and moves outputs."""

import shlex
from pathlib import Path
from typing import Any

import yaml

from bench.tree import has_notebook
from pipeline import paths
from pipeline.params import load_params, select
from pipeline.run import read_stage

SCRIPTS = ".bench"


def write_scripts(folder: Path, stages: dict[str, Any], names: list[str]) -> list[str]:
    """Write one script per stage into a copy of the tree; returns the commands that run them."""
    (folder / SCRIPTS).mkdir()
    params = load_params()
    for name in names:
        text = notebook_script(name, params) if has_notebook(name) else f"{stages[name]['cmd']}\n"
        (folder / SCRIPTS / f"{name}.sh").write_text(text, encoding="utf-8")
    return [f"sh {SCRIPTS}/{name}.sh" for name in names]


def notebook_script(name: str, params: Any) -> str:
    """The script for one notebook."""
    declared, staging = read_stage(name), f".staging-{name}"
    executed = Path(staging) / paths.executed_notebook(name).relative_to(paths.ROOT)
    values = select(params, declared["params"]).items()
    options = " ".join(f"-p {key} {shlex.quote(str(value))}" for key, value in values)
    moves = [
        f"mkdir -p {Path(out).parent.as_posix()} && rm -rf {out} && mv {staging}/{out} {out}"
        for out in declared["outs"]
    ]
    lines = [
        "set -e",
        f"mkdir -p {executed.parent.as_posix()}",
        f'export {paths.STAGE_VARIABLE}={name} {paths.STAGING_VARIABLE}="$PWD/{staging}"',
        f"papermill notebooks/{name}.ipynb {executed.as_posix()} {options} --cwd .",
        *moves,
    ]
    return "\n".join(lines) + "\n"


def use_scripts(folder: Path, stages: dict[str, Any], names: list[str]) -> None:
    """Give a copy of the tree a ``dvc.yaml`` whose stages run the scripts."""
    commands = dict(zip(names, write_scripts(folder, stages, names), strict=True))
    replaced = {name: {**stages[name], "cmd": command} for name, command in commands.items()}
    text = yaml.safe_dump({"stages": replaced}, sort_keys=False)
    (folder / paths.PIPELINE.name).write_text(text, encoding="utf-8")
