"""Stages as stock tools run them: ``python -m bench.stock`` in a copy of the tree.

Each stage becomes a shell script that sets variables, runs the notebook with papermill and moves the outputs. The
scripts stand in ``.bench``; a ``Snakefile`` and the new ``dvc.yaml`` run them.
"""

import shlex
from pathlib import Path
from typing import Any

import yaml

from bench.tree import has_notebook, needed, outputs, read_pipeline
from pipeline.kit import paths
from pipeline.kit.stages.run import read_stage
from pipeline.params import load_params, select

SCRIPTS = ".bench"


def script(name: str, params: Any) -> str:
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


def snakefile(stages: dict[str, Any]) -> str:
    """Rules that run the scripts."""
    made = {name: [out.as_posix() for out in outputs(stage)] for name, stage in stages.items()}
    rules = [f"rule all:\n    input: {[out for outs in made.values() for out in outs]!r}"]
    for name, outs in made.items():
        inputs = [out for other in needed(stages, name) for out in made[other]]
        marked = [repr(out) if Path(out).suffix else f"directory({out!r})" for out in outs]
        parts = (f"input: {inputs!r}", f"output: {', '.join(marked)}", f"shell: {'sh ' + SCRIPTS + f'/{name}.sh'!r}")
        rules.append("\n    ".join([f"rule s_{name}:", *parts]))
    return "\n\n".join(rules) + "\n"


def main() -> None:
    """Write scripts, ``Snakefile`` and ``dvc.yaml``."""
    stages, params = read_pipeline(), load_params()
    (paths.ROOT / SCRIPTS).mkdir()
    for name, stage in stages.items():
        text = script(name, params) if has_notebook(name) else f"{stage['cmd']}\n"
        (paths.ROOT / SCRIPTS / f"{name}.sh").write_text(text, encoding="utf-8")
    (paths.ROOT / "Snakefile").write_text(snakefile(stages), encoding="utf-8")
    replaced = {name: stage | {"cmd": f"sh {SCRIPTS}/{name}.sh"} for name, stage in stages.items()}
    paths.PIPELINE.write_text(yaml.safe_dump({"stages": replaced}, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    main()
