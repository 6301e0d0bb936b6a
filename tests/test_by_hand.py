"""Notebooks opened in JupyterLab: every cell runs, one after the other, without DVC and without the runner."""

import hashlib
import os
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from pipeline.kit import paths


def hashes(folder: Path) -> dict[str, str]:
    """The hash of every file in a folder by its path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest() for path in files}


def run_by_hand(project: Path, name: str) -> None:
    """Run the cells as JupyterLab does: in the folder of the notebooks, with nothing said by the runner."""
    own = {paths.STAGE_VARIABLE, paths.STAGING_VARIABLE}
    environment = {key: value for key, value in os.environ.items() if key not in own}
    notebook = nbformat.read(project / "notebooks" / f"{name}.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3")
    client.resources = {"metadata": {"path": str(project / "notebooks")}}
    client.execute(env=environment | {"PYTHONPATH": str(project)})


@pytest.mark.parametrize("name", ["09_attribution", "12_brief"])
def test_a_notebook_runs_cell_by_cell_and_touches_nothing_published(copy, name):
    before = {folder: hashes(copy / folder) for folder in ("results", "data", "notebooks")}
    run_by_hand(copy, name)
    assert {folder: hashes(copy / folder) for folder in before} == before
    made, published = copy / "scratch" / "results" / "scratch", copy / "results" / name
    # What it made is what the stage made, in a place of its own.
    first, second = (pd.read_csv(folder / "estimates.csv") for folder in (made, published))
    pd.testing.assert_frame_equal(first, second)
    figures = {path.name for path in (published / "figures").glob("*.svg")}
    assert {path.name for path in (made / "figures").glob("*.svg")} == figures


def test_the_parameters_of_every_notebook_stand_on_top():
    for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert cells[0].metadata.get("tags") == ["parameters"], path.name
