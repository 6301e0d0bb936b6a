"""dvc.yaml says what is true: stages, dependencies, parameters and outputs as the notebooks have them."""

import ast

import pytest
import yaml

from pipeline import tables
from pipeline.kit import paths
from pipeline.kit.stages.dependencies import dependencies, files_read, imported_modules, notebook_code
from pipeline.params import describe

STAGES = yaml.safe_load(paths.PIPELINE.read_text(encoding="utf-8"))["stages"]
NOTEBOOKS = sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))
SCRIPTS = {
    "00_inputs": "pipeline/check.py",
    "data_quality": "pipeline/study/quality/page.py",
    "site": "pipeline/site/__main__.py",
}
# How the picture in the README calls the stages that are no notebooks.
DRAWN = {"00_inputs": "inputs", "data_quality": "quality", "site": "site"}


def outputs(stage: str) -> list[str]:
    listed = [*STAGES[stage]["outs"], *STAGES[stage].get("metrics", [])]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in listed]


def test_every_notebook_is_a_stage_of_its_name_and_every_stage_a_notebook_or_a_known_script() -> None:
    assert set(STAGES) == {*NOTEBOOKS, *SCRIPTS}
    assert all(STAGES[name]["cmd"] == f"python -m pipeline.kit.stages.run {name}" for name in NOTEBOOKS)


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_listed_dependencies_are_the_modules_imported_and_the_files_read(stage: str) -> None:
    assert sorted(STAGES[stage]["deps"]) == dependencies(stage)


@pytest.mark.parametrize("stage", SCRIPTS)
def test_listed_modules_of_script_stages_are_those_imported(stage: str) -> None:
    script = paths.ROOT / SCRIPTS[stage]
    modules = {path.relative_to(paths.ROOT).as_posix() for path in imported_modules(script.read_text())}
    listed = {path for path in STAGES[stage]["deps"] if path.endswith((".py", ".yaml"))}
    assert listed == {SCRIPTS[stage], *modules}


def test_the_quality_page_reads_every_clean_table() -> None:
    read = {path for path in STAGES["data_quality"]["deps"] if path.startswith("data/clean")}
    assert read == {f"data/clean/{table.name}.csv" for table in tables.TABLES}


def test_the_site_reads_every_clean_table_and_the_results_of_every_other_stage() -> None:
    read = set(STAGES["site"]["deps"])
    assert read >= {f"data/clean/{table.name}.csv" for table in tables.TABLES}
    assert read >= {f"results/{stage}" for stage in STAGES if stage not in ("00_inputs", "site")}
    assert read >= {"notebooks", "data/raw", "pipeline/site/theme", "pipeline/site/locale"}


def test_every_clean_table_is_the_output_of_exactly_one_stage() -> None:
    made = [out for stage in STAGES for out in outputs(stage) if out.startswith("data/clean") and out.endswith(".csv")]
    assert sorted(made) == sorted(f"data/clean/{table.name}.csv" for table in tables.TABLES)


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_parameters_of_a_stage_are_those_its_notebook_declares(stage: str) -> None:
    known = describe()
    listed = {name.split(".")[1]: known[name]["default"] for name in STAGES[stage]["params"]}
    assert parameters_cell(stage) == listed


def parameters_cell(stage: str) -> dict[str, object]:
    import nbformat

    notebook = nbformat.read(paths.NOTEBOOKS / f"{stage}.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    pairs = [node for node in ast.parse(cell.source).body if isinstance(node, ast.Assign)]
    return {node.targets[0].id: ast.literal_eval(node.value) for node in pairs}  # type: ignore[attr-defined]


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_every_declared_parameter_is_used_in_the_notebook(stage: str) -> None:
    names = [node.id for node in ast.walk(ast.parse(notebook_code(stage))) if isinstance(node, ast.Name)]
    unused = [name for name in parameters_cell(stage) if names.count(name) < 2]
    assert not unused


def test_every_parameter_but_those_that_change_no_result_belongs_to_a_stage() -> None:
    used = {name for stage in NOTEBOOKS for name in STAGES[stage]["params"]}
    # The sections "run" and "compute" change no result; most of "survey" is used by the import, before any stage.
    imported = {"survey.grid_degrees", "survey.wet_to_dry"}
    assert {name for name in describe() if not name.startswith(("run.", "compute."))} - imported == used


def test_notebooks_name_no_path_and_hold_no_branch() -> None:
    for stage in NOTEBOOKS:
        tree = ast.parse(notebook_code(stage))
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert not [text for text in texts if text.startswith(("data/", "../", "results/", "/"))], stage
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.While | ast.For | ast.Try)], stage


def test_readers_are_found_in_code() -> None:
    code = "read_clean(tables.CLIMATE); load_raw('effects', ('n',)); read_table('04_yield_gap', 'draws')"
    assert {paths.shown(path) for path in files_read(code)} == {
        "data/clean/climate.csv",
        "data/raw/effects.csv",
        "results/04_yield_gap/tables/draws.csv",
    }
    with pytest.raises(ValueError, match="name of the table itself"):
        list(files_read("load_raw(name)"))


def test_imports_are_followed_through_modules() -> None:
    names = {path.name for path in imported_modules("from pipeline.study.causes import attribution")}
    assert names == {"attribution.py", "response_curves.py"}


def test_the_picture_in_the_readme_shows_the_stages_as_they_depend_on_each_other() -> None:
    text = (paths.ROOT / "README.md").read_text(encoding="utf-8").split("```mermaid")[1].split("```")[0]
    drawn = set()
    for line in text.splitlines():
        if "-->" in line:
            before, after = (part.replace("&", " ").split() for part in line.split("-->"))
            drawn |= {(a, b) for a in before for b in after}
    short = {stage: DRAWN.get(stage, f"n{stage[:2]}") for stage in STAGES}
    makers = {out: stage for stage in STAGES for out in outputs(stage)}
    edges = set()
    for stage in STAGES:
        for dep in STAGES[stage]["deps"]:
            edges |= {(short[m], short[stage]) for out, m in makers.items() if dep == out or dep.startswith(f"{out}/")}
    # The gate stands before all stages; the picture draws it to the first ones only.
    assert drawn == {(a, b) for a, b in edges if a != "inputs" or b in ("n01", "n02", "n03")}
