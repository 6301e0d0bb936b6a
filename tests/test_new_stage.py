"""The guide for a new stage, followed to the letter: the stage runs, its page is there, nothing else moves."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from reproduction import commit

from pipeline.kit import paths
from pipeline.kit.stages import new

GUIDE = "CONTRIBUTING.md"


def typed(folder: Path, line: str, code: int = 0) -> str:
    """What a line of the guide prints in a project; its exit code must be ``code``."""
    program, *words = shlex.split(line)
    command = {"cacao": [sys.executable, "-m", "pipeline.cli"], "python": [sys.executable]}[program]
    done = subprocess.run([*command, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, f"{line}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_the_guide_leads_to_a_stage_that_runs_and_has_a_page(copy: Path) -> None:
    guide = (copy / GUIDE).read_text(encoding="utf-8").split("## Add a stage")[1]
    making, running, asking, *rest = guide.split("```sh\n")[1].split("```")[0].splitlines()
    name = shlex.split(making)[2]
    before = yaml.safe_load((copy / "dvc.lock").read_text())["stages"]
    typed(copy, making)
    assert "1 ran" not in typed(copy, running)
    told = typed(copy, asking, code=1)
    assert re.findall('msgid "(.*)"', told) == ["rain"]
    catalogue = copy / "pipeline" / "site" / "locale" / "id.po"
    said = told.replace('msgid "rain"\nmsgstr ""', 'msgid "rain"\nmsgstr "hujan"')
    catalogue.write_text(f"{catalogue.read_text(encoding='utf-8').rstrip()}\n\n{said}", encoding="utf-8")
    assert typed(copy, asking) == ""
    for line in rest:
        typed(copy, line)
    for language, title in (("en", "How much rain falls?"), ("id", "Berapa curah hujan?")):
        page = (copy / "results" / "site" / language / f"{name}.html").read_text(encoding="utf-8")
        assert title in page
        assert f"{name}.html" in (copy / "results" / "site" / language / "index.html").read_text(encoding="utf-8")
    assert "rain.figures" in (copy / "results" / "reference" / "numbers.csv").read_text()
    assert "rain.figures" in typed(copy, "cacao trace rain.figures").casefold()
    after = yaml.safe_load((copy / "dvc.lock").read_text())["stages"]
    assert set(after) == {*before, name}
    moved = {stage for stage in before if after[stage]["outs"] != before[stage]["outs"]}
    assert moved == {"code", "site"}, "no other result is another"
    commit(copy, "add", "-A")
    commit(copy, "commit", "-qm", "rain")
    typed(copy, "cacao verify --quick")
    # The checks that the guide names, in the copy itself.
    (copy / "tests").mkdir()
    for file in (
        "test_stages.py",
        "conftest.py",
        "browser.py",
        "older_processor.py",
        "reproduction.py",
        "survey_folder.py",
    ):
        shutil.copy(paths.ROOT / "tests" / file, copy / "tests")
    # Which modules a stage loads is looked at in the project itself.
    # Its own folder for what it writes: else it would take the time to clear away those of earlier runs.
    line = "python -m pytest -q -x -p no:cacheprovider --basetemp .tests tests/test_stages.py -k 'not own_process'"
    typed(copy, line)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("16", "a", "b"), "'16' is no name of a stage"),
        (("16_Rain", "a", "b"), "'16_Rain' is no name of a stage"),
        (("16_rain__days", "a", "b"), "'16_rain__days' is no name of a stage"),
        (("../16_rain", "a", "b"), "'../16_rain' is no name of a stage"),
        (("10_rain", "a", "b"), "10 is the number of 10_scenarios"),
        (("00_rain", "a", "b"), "00 is the number of 00_inputs"),
        (("٢٥_rain", "a", "b"), "'٢٥_rain' is no name of a stage"),
        (("16_rain", "a", " "), "the title is needed in English and in Indonesian"),
        (("16_rain", "a", "kak\udce9o"), "the title has letters that are no text"),
    ],
)
def test_a_stage_that_cannot_be_made_is_refused_and_nothing_is_written(tmp_path, monkeypatch, words, says) -> None:
    for name in ("dvc.yaml", "params.yaml", "docs/architecture.md", "notebooks/10_scenarios.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(paths.ROOT / name, tmp_path / name)
    root = paths.ROOT
    for name in ("ROOT", "PIPELINE", "PARAMS", "NOTEBOOKS"):
        monkeypatch.setattr(paths, name, tmp_path / getattr(paths, name).relative_to(root))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(new.NewStageError, match=re.escape(says)):
        new.new_stage(*words, template=root / "pipeline" / "study" / "new_notebook.ipynb")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("file", "old", "changed", "says"),
    [
        ("dvc.yaml", "  site:\n", "  site: # pages\n", "dvc.yaml has no stage `site`"),
        ("docs/architecture.md", " & quality --> site", " --> site", "docs/architecture.md has no picture"),
        ("docs/architecture.md", "subgraph publish", "subgraph other", "docs/architecture.md has no picture"),
        ("params.yaml", "cleaning:", "[", ""),
    ],
)
def test_a_stage_that_finds_no_place_is_refused_and_nothing_is_written(
    tmp_path, monkeypatch, file, old, changed, says
) -> None:
    root = paths.ROOT
    for name in ("dvc.yaml", "params.yaml", "docs/architecture.md", "notebooks/10_scenarios.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    for name in ("ROOT", "PIPELINE", "PARAMS", "NOTEBOOKS"):
        monkeypatch.setattr(paths, name, tmp_path / getattr(paths, name).relative_to(root))
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, changed), encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(Exception, match=re.escape(says)):
        new.new_stage("16_rain", "a", "b", template=root / "pipeline" / "study" / "new_notebook.ipynb")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
