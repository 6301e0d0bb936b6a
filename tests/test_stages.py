"""dvc.yaml says what is true: stages, dependencies, parameters and outputs as the notebooks have them."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.kit import paths
from pipeline.kit.stages.dependencies import code_of, dependencies, files_read, imported_modules, notebook_code
from pipeline.kit.stages.dependencies import main as write_listings
from pipeline.params import describe
from pipeline.study.tables import TABLES

Capture = pytest.CaptureFixture[str]

STAGES = yaml.safe_load(paths.PIPELINE.read_text(encoding="utf-8"))["stages"]
NOTEBOOKS = sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))
SCRIPTS = {
    "00_inputs": "pipeline/check.py",
    "data_quality": "pipeline/study/quality/page.py",
    "site": "pipeline/site/__main__.py",
}
CODE = "code"
# How the picture in docs/architecture.md calls the stages that are no notebooks.
DRAWN = {"00_inputs": "inputs", "data_quality": "quality", "site": "site"}


def outputs(stage: str) -> list[str]:
    listed = [*STAGES[stage]["outs"], *STAGES[stage].get("metrics", [])]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in listed]


def test_every_notebook_is_a_stage_of_its_name_and_every_stage_a_notebook_or_a_known_script() -> None:
    assert set(STAGES) == {*NOTEBOOKS, *SCRIPTS, CODE}
    assert all(STAGES[name]["cmd"] == f"python -m pipeline.kit.stages.run {name}" for name in NOTEBOOKS)


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_listed_dependencies_are_the_files_read_and_one_listing_of_the_code(stage: str) -> None:
    assert sorted(STAGES[stage]["deps"]) == dependencies(stage)
    assert not [path for path in STAGES[stage]["deps"] if path.endswith(".py")]


@pytest.mark.parametrize("stage", [name for name in STAGES if name != CODE])
def test_the_code_of_a_stage_is_what_its_own_process_loads(stage: str, loaded) -> None:
    """Every import statement that can be reached is followed by Python itself, in a process of its own."""
    listed = {paths.shown(path) for path in code_of(stage, STAGES[stage]["cmd"])}
    assert loaded[stage]
    assert loaded[stage] <= listed
    assert f"results/code/{stage}.txt" in STAGES[stage]["deps"]
    assert SCRIPTS.get(stage, "pipeline/kit/stages/run.py") in listed


def is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


# Prints what each piece of code loads, in a copy of a process that has loaded libraries and nothing of the project.
LOAD = """
import json, os, sys
import matplotlib.figure, numpy, pandas, scipy.stats
for code in json.load(sys.stdin):
    if not os.fork():
        exec(code)
        print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.startswith('pipeline.')]), flush=True)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(code)
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """Modules of the project that a process of its own loads with the imports of each stage; packages hold no code."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        input=json.dumps([imports(stage) for stage in STAGES if stage != CODE]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    files = [[Path(file) for file in json.loads(line)] for line in done.stdout.splitlines()]
    return {
        stage: {paths.shown(file) for file in of_stage if file.name != "__init__.py"}
        for stage, of_stage in zip([stage for stage in STAGES if stage != CODE], files, strict=True)
    }


def imports(stage: str) -> str:
    """The import statements of a stage."""
    text = notebook_code(stage) if stage in NOTEBOOKS else (paths.ROOT / SCRIPTS[stage]).read_text(encoding="utf-8")
    return "\n".join(ast.unparse(node) for node in ast.parse(text).body if is_import(node))


@pytest.mark.parametrize("stage", [*SCRIPTS, CODE])
def test_every_stage_that_is_no_notebook_looks_at_its_inputs_before_and_after(stage: str) -> None:
    """The runner of notebooks does; what runs by itself must ask for it, by its own name."""
    file = paths.ROOT / SCRIPTS.get(stage, "pipeline/kit/stages/dependencies.py")
    assert f'sys.exit(guarded("{stage}", main))' in file.read_text(encoding="utf-8")


def test_dvc_yaml_is_short_to_read() -> None:
    assert paths.PIPELINE.stat().st_size <= 20 * 1024


def test_code_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "broken.py").write_text("x = = 1\n")
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  made:\n    cmd: python -m pipeline.broken\n    deps: [results/code/made.txt]\n"
    )
    for name, place in (("ROOT", "."), ("PIPELINE", "dvc.yaml"), ("RESULTS", "results")):
        monkeypatch.setattr(paths, name, (tmp_path / place).resolve())
    assert write_listings() == 1
    assert "the code of made cannot be read: invalid syntax: x = = 1" in capsys.readouterr().err


def test_the_quality_page_reads_every_clean_table() -> None:
    read = {path for path in STAGES["data_quality"]["deps"] if path.startswith("data/clean")}
    assert read == {"data/clean"}
    made = {out for stage in STAGES.values() for out in stage.get("outs", []) if str(out).startswith("data/clean/")}
    assert {f"data/clean/{table.name}.csv" for table in TABLES} <= made


def test_the_site_reads_every_clean_table_and_the_results_of_every_other_stage() -> None:
    read = set(STAGES["site"]["deps"])
    assert read >= {"data/clean"}
    assert read >= {f"results/{stage}" for stage in STAGES if stage not in (CODE, "00_inputs", "site")}
    assert read >= {"notebooks", "data/raw", "pipeline/site/theme", "pipeline/site/locale"}


def test_every_clean_table_is_the_output_of_exactly_one_stage() -> None:
    made = [out for stage in STAGES for out in outputs(stage) if out.startswith("data/clean") and out.endswith(".csv")]
    assert sorted(made) == sorted(f"data/clean/{table.name}.csv" for table in TABLES)


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
    code = "read_clean(CLIMATE); load_raw('effects', ('n',)); read_table('04_yield_gap', 'draws')"
    assert {paths.shown(path) for path in files_read(code)} == {
        "data/clean/climate.csv",
        "data/raw/effects.csv",
        "results/04_yield_gap/tables/draws.csv",
    }
    with pytest.raises(ValueError, match="name of the table itself"):
        list(files_read("load_raw(name)"))
    with pytest.raises(ValueError, match="names of stage and table"):
        list(files_read("[read_table(stage, 'draws') for stage in stages]"))


def test_imports_are_followed_through_modules() -> None:
    names = {path.name for path in imported_modules("from pipeline.study.causes import attribution")}
    assert names == {"attribution.py", "citations.py", "response_curves.py"}


def test_the_picture_of_the_stages_shows_them_as_they_depend_on_each_other() -> None:
    page = (paths.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## The stages")[1]
    text = page.split("```mermaid")[1].split("```")[0]
    drawn = set()
    for line in text.splitlines():
        if "-->" in line:
            before, after = (part.replace("&", " ").split() for part in line.split("-->"))
            drawn |= {(a, b) for a in before for b in after}
    drawn_stages = [stage for stage in STAGES if stage != CODE]
    short = {stage: DRAWN.get(stage, f"n{stage[:2]}") for stage in drawn_stages}
    makers = {out: stage for stage in drawn_stages for out in outputs(stage)}
    edges = set()
    for stage in drawn_stages:
        for dep in STAGES[stage]["deps"]:
            made = {m for out, m in makers.items() if f"{dep}/".startswith(f"{out}/") or out.startswith(f"{dep}/")}
            edges |= {(short[m], short[stage]) for m in made}
    # The gate stands before all stages; the picture draws it to the first ones only.
    assert drawn == {(a, b) for a, b in edges if a != "inputs" or b in ("n01", "n02", "n03")}
