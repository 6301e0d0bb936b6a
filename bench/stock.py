"""A stage as stock tools run it: one shell script that sets variables, runs the notebook and moves outputs."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import yaml

from bench.tree import has_notebook, needed, outputs
from pipeline.kit import paths
from pipeline.kit.stages.run import read_stage
from pipeline.params import load_params, select

SCRIPTS = ".bench"


def papermill(name: str, executed: str, values: dict[str, Any]) -> str:
    """The command of papermill for one notebook."""
    options = " ".join(f"-p {key} {shlex.quote(str(value))}" for key, value in values.items())
    return f"papermill notebooks/{name}.ipynb {executed} {options} --cwd ."


def nbconvert(name: str, executed: str, values: dict[str, Any]) -> str:
    """The command of nbconvert, which has no parameters: a cell that sets them is put into a copy of the notebook."""
    copy, place = f"{SCRIPTS}/{name}.ipynb", Path(executed)
    code = "".join(f"{key} = {value!r}\n" for key, value in values.items())
    add = f"python -m bench.stock {name} {copy} {shlex.quote(code)}"
    convert = f"jupyter nbconvert --to notebook --execute --output-dir {place.parent.as_posix()}"
    return f"{add}\n{convert} --output {place.name} {copy}"


def write_scripts(folder: Path, stages: dict[str, Any], names: list[str], tool: Callable[..., str]) -> list[str]:
    """Write one script per stage into a copy of the tree; returns the commands that run them."""
    (folder / SCRIPTS).mkdir()
    params = load_params()
    for name in names:
        text = notebook_script(name, params, tool) if has_notebook(name) else f"{stages[name]['cmd']}\n"
        (folder / SCRIPTS / f"{name}.sh").write_text(text, encoding="utf-8")
    return [f"sh {SCRIPTS}/{name}.sh" for name in names]


def notebook_script(name: str, params: Any, tool: Callable[..., str]) -> str:
    """The script for one notebook."""
    declared, staging = read_stage(name), f".staging-{name}"
    executed = Path(staging) / paths.executed_notebook(name).relative_to(paths.ROOT)
    moves = [
        f"mkdir -p {Path(out).parent.as_posix()} && rm -rf {out} && mv {staging}/{out} {out}"
        for out in declared["outs"]
    ]
    lines = [
        "set -e",
        f"mkdir -p {executed.parent.as_posix()}",
        f'export {paths.STAGE_VARIABLE}={name} {paths.STAGING_VARIABLE}="$PWD/{staging}"',
        tool(name, executed.as_posix(), select(params, declared["params"])),
        *moves,
    ]
    return "\n".join(lines) + "\n"


def use_dvc(folder: Path, stages: dict[str, Any], names: list[str]) -> None:
    """Give a copy of the tree a ``dvc.yaml`` whose stages run the scripts of papermill."""
    commands = dict(zip(names, write_scripts(folder, stages, names, papermill), strict=True))
    replaced = {name: {**stages[name], "cmd": command} for name, command in commands.items()}
    text = yaml.safe_dump({"stages": replaced}, sort_keys=False)
    (folder / paths.PIPELINE.name).write_text(text, encoding="utf-8")


def use_snakemake(folder: Path, stages: dict[str, Any], names: list[str]) -> None:
    """Give a copy of the tree a ``Snakefile`` whose rules run the scripts of papermill."""
    commands = dict(zip(names, write_scripts(folder, stages, names, papermill), strict=True))
    made = {name: [out.as_posix() for out in outputs(stages[name])] for name in names}
    rules = ["rule all:\n    input: " + repr([out for name in names for out in made[name]])]
    for name, command in commands.items():
        inputs = [out for other in needed(stages, name) for out in made[other]]
        marked = [repr(out) if Path(out).suffix else f"directory({out!r})" for out in made[name]]
        parts = (f"input: {inputs!r}", f"output: {', '.join(marked)}", f"shell: {command!r}")
        rules.append("\n    ".join([f"rule s_{name}:", *parts]))
    (folder / "Snakefile").write_text("\n\n".join(rules) + "\n", encoding="utf-8")


def with_values(name: str, copy: str, code: str) -> None:
    """Write a copy of a notebook in which ``code`` follows the parameters."""
    notebook = nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", as_version=4)
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    place = next((number for number, found in enumerate(tags, 1) if "parameters" in found), 0)
    notebook.cells.insert(place, nbformat.v4.new_code_cell(code, id="values"))
    nbformat.write(notebook, copy)


if __name__ == "__main__":
    with_values(*sys.argv[1:])
