"""The floor: all stages in one Python process, ``python -m bench.plain STAGE...``, run inside a copy of the tree.

The code cells are executed one after the other, without a kernel, without cell outputs and without a cache.
Nothing that runs the same cells can be much faster.
"""

import json
import os
import runpy
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.tree import has_notebook, read_pipeline
from pipeline.kit import paths
from pipeline.kit.stages.outputs import put_in_place
from pipeline.kit.stages.run import read_stage
from pipeline.params import load_params, select


def run_notebook(name: str, params: Any) -> None:
    """Execute the code cells of a stage's notebook and put its outputs in place."""
    declared = read_stage(name)
    with tempfile.TemporaryDirectory(prefix=f".staging-{name}-", dir=paths.ROOT) as folder:
        os.environ.update({paths.STAGE_VARIABLE: name, paths.STAGING_VARIABLE: folder})
        notebook = paths.NOTEBOOKS / f"{name}.ipynb"
        execute(notebook, select(params, declared["params"]))
        # The source stands in for the executed notebook, which only a kernel makes.
        executed = Path(folder) / paths.executed_notebook(name).relative_to(paths.ROOT)
        executed.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(notebook, executed)
        put_in_place(Path(folder), declared["outs"])


def execute(notebook: Path, values: dict[str, Any]) -> None:
    """Execute the code cells, with the parameters set after the cell that gives their defaults."""
    # A kernel knows `display`; here nobody looks.
    namespace: dict[str, Any] = {"__name__": "__main__", "display": lambda *_, **__: None}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{notebook.name}#{cell['id']}", "exec"), namespace)
        if "parameters" in cell["metadata"].get("tags", []):
            namespace.update(values)


def run_module(command: str) -> None:
    """Run a stage without a notebook, ``python -m MODULE ARGUMENT...``, in this process."""
    _, _, *sys.argv = shlex.split(command)
    try:
        runpy.run_module(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise


def main(names: list[str]) -> None:
    """Run the named stages in the given order."""
    stages, params = read_pipeline(), load_params()
    for name in names:
        if has_notebook(name):
            run_notebook(name, params)
        else:
            run_module(stages[name]["cmd"])


if __name__ == "__main__":
    main(sys.argv[1:])
