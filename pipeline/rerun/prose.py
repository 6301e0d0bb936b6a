"""A change of words in a notebook: the executed copy takes them over, and no code runs again.

The executed copy holds every cell that was executed, so it tells what the notebook was. When the code cells, their
order and their settings, the parameters and all other dependencies are the same, a full execution would give the same
copy but for the words.
"""

import json
from typing import Any

from pipeline import paths
from pipeline.rerun.lockfile import replace

Cell = dict[str, Any]


def only_words_changed(stage: Any) -> bool:
    """Whether nothing but Markdown cells differs from the last run of a DVC stage, whose outputs are all there."""
    if stage.cmd != f"python -m pipeline.run {stage.name}" or stage.changed_stage():
        return False
    changed = [dep.def_path for dep in stage.deps if dep.status()]
    notebook = (paths.NOTEBOOKS / f"{stage.name}.ipynb").relative_to(paths.ROOT).as_posix()
    return changed == [notebook] and not stage.changed_outs() and reworded(stage.name) is not None


def reword(name: str) -> None:
    """Write the executed copy of a stage with the words of its notebook."""
    text = reworded(name)
    assert text is not None
    replace(paths.executed_notebook(name), text)


def reworded(name: str) -> str | None:
    """The executed copy with the words of the notebook; none when code differs, or the copy cannot be read."""
    import nbformat

    try:
        written = nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", as_version=4)
        executed = nbformat.read(paths.executed_notebook(name), as_version=4)
    except (OSError, ValueError):
        return None
    injected = [cell for cell in executed.cells if "injected-parameters" in tags(cell)]
    run = [cell for cell in executed.cells if cell.cell_type != "markdown" and cell not in injected]
    code = [cell for cell in written.cells if cell.cell_type != "markdown"]
    if len(injected) > 1 or [identity(cell) for cell in run] != [identity(cell) for cell in code]:
        return None
    if settings(written) != settings(executed):
        return None
    remaining = iter(run)
    # Without a cell of parameters, papermill puts the values first.
    cells = [] if any("parameters" in tags(cell) for cell in run) else [*injected]
    for cell in written.cells:
        cells.append(with_tags(cell) if cell.cell_type == "markdown" else next(remaining))
        if "parameters" in tags(cell):
            cells += injected
    executed.cells = cells
    return nbformat.writes(executed) + "\n"


def tags(cell: Any) -> list[str]:
    """Tags of a cell."""
    found: list[str] = cell.metadata.get("tags", [])
    return found


def with_tags(cell: Any) -> Any:
    """A Markdown cell as papermill leaves it."""
    cell.metadata.setdefault("tags", [])
    return cell


def identity(cell: Any) -> str:
    """All of a code cell that an execution depends on; what papermill adds is left out."""
    metadata = json.loads(json.dumps(cell.metadata))
    metadata.setdefault("tags", [])
    jupyter = metadata.pop("jupyter", {})
    jupyter.pop("source_hidden", None)
    return json.dumps([cell.cell_type, cell.get("id"), cell.source, metadata, jupyter], sort_keys=True)


def settings(notebook: Any) -> str:
    """Settings of the whole notebook but those that an execution adds."""
    kept = {key: value for key, value in notebook.metadata.items() if key not in ("language_info", "papermill")}
    return json.dumps([kept, notebook.nbformat, notebook.nbformat_minor], sort_keys=True)
