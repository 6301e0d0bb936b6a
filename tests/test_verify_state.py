"""What is not as committed is named, whatever git was told to overlook."""

import subprocess
from pathlib import Path

import pytest
from reproduction import commit
from verify_project import STAGE, committed, published, replaced

from pipeline.kit import paths
from pipeline.kit.provenance import reference
from pipeline.kit.provenance.checks import FAILED, IDENTICAL, check_committed, machine

__all__ = ["committed", "published"]


@pytest.fixture
def project(published: Path) -> Path:
    """The project as an auditor has it: most results are not under version control."""
    (published / ".gitignore").write_text("/results/*\n!/results/reference/\n")
    commit(published, "rm", "-rq", "--cached", "results")
    commit(published, "add", "-A")
    commit(published, "commit", "-qm", "results stay out")
    return published


def failed() -> list[str]:
    return [check.name for check in check_committed() if check.result == FAILED]


def test_a_project_as_committed_passes(project: Path) -> None:
    assert [check.result for check in check_committed()] == [IDENTICAL]
    replaced(project / f"{STAGE}/gain.md", "38 %", "39 %")
    assert not failed(), "what git does not follow is for the record"


@pytest.mark.parametrize("name", ["LICENSE-DATA.md", "dvc.lock", "results/reference/numbers.csv"])
def test_an_edit_is_named(project: Path, name: str) -> None:
    with (project / name).open("a") as file:
        file.write("\n")
    assert failed() == [name]
    commit(project, "add", "-A")
    assert failed() == [name], "staged is not committed"


def test_all_that_was_edited_added_or_taken_away_is_named(project: Path) -> None:
    replaced(project / "results/reference/files.csv", "md5", "md6")
    (project / "with space.py").write_text("")
    (project / "numpy").mkdir()
    (project / "numpy/__init__.py").write_text("")
    (project / "LICENSE").unlink()
    assert failed() == ["LICENSE", "numpy/__init__.py", "results/reference/files.csv", "with space.py"]


HIDDEN_CODE = [
    "pipeline/kit/publish/estimates/__init__.py",
    "pipeline/kit/publish/more.py",
    "pipeline/study.so",
    "pipeline/study/gain.cpython-311-x86_64-linux-gnu.so",
    "pipeline/kit/publish/estimates/__init__.pyc",
    "pipeline/kit/data/contracts.pyc",
    "pipeline/sitecustomize.py",
    "pipeline/more.pth",
    "numpy.py",
    "numpy/__init__.py",
    "pandas.so",
    "yaml.pyc",
    "sitecustomize.py",
    "more.pth",
]


@pytest.mark.parametrize("name", HIDDEN_CODE)
@pytest.mark.parametrize("ignored_by", [".gitignore", ".git/info/exclude"])
def test_code_that_git_does_not_follow_is_named_whatever_is_ignored(project: Path, name: str, ignored_by: str) -> None:
    with (project / ignored_by).open("a") as file:
        file.write("*.py\n*.so\n*.pyc\n*.pth\n")
    commit(project, "add", "-A")
    commit(project, "commit", "-q", "--allow-empty", "-m", "code is ignored")
    assert not failed()
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_bytes(b"")
    assert failed() == [name]
    commit(project, "add", "-f", name)
    assert failed() == [name], "staged is not committed"
    commit(project, "commit", "-qm", "followed")
    assert not failed()


@pytest.mark.parametrize(
    ("link", "named"),
    [("pipeline/kit/publish/estimates", "pipeline/kit/publish/estimates"), ("numpy", "numpy/__init__.py")],
)
def test_a_linked_package_is_named(project: Path, tmp_path: Path, link: str, named: str) -> None:
    (project / ".git/info/exclude").write_text("estimates\nnumpy\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/__init__.py").write_text("")
    (project / "pipeline/kit/publish").mkdir(parents=True)
    (project / link).symlink_to(tmp_path / "elsewhere")
    assert failed() == [named]


def test_what_python_keeps_and_ignored_code_outside_the_package_is_free(project: Path) -> None:
    (project / ".git/info/exclude").write_text("__pycache__\n.venv\nscratch\nresults\n")
    for name in (
        "pipeline/__pycache__/paths.cpython-311.pyc",
        "__pycache__/made.cpython-311.pyc",
        ".venv/lib/numpy/__init__.py",
        "scratch/numpy.py",
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(b"")
    assert not failed()


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_what_git_was_told_to_overlook_is_named(project: Path, flag: str) -> None:
    commit(project, "update-index", flag, "LICENSE-DATA.md")
    replaced(project / "LICENSE-DATA.md", "CC BY", "all rights")
    status = subprocess.run(["git", "status", "--porcelain"], cwd=project, capture_output=True, text=True, check=True)
    assert not status.stdout
    assert failed() == ["LICENSE-DATA.md"]


def test_a_link_in_place_of_a_committed_file_is_named(project: Path, tmp_path: Path) -> None:
    (project / "LICENSE").rename(tmp_path / "LICENSE")
    (project / "LICENSE").symlink_to(tmp_path / "LICENSE")
    assert failed() == ["LICENSE"]


def test_a_record_made_anew_from_edited_results_is_named(project: Path) -> None:
    replaced(project / f"{STAGE}/gain.md", "38 %", "39 %")
    reference.write()
    assert failed() == ["results/reference/files.csv"]


def test_a_folder_without_a_commit_of_its_own_fails(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path / "no clone", project / "data/clean"):
        folder.mkdir(exist_ok=True)
        monkeypatch.setattr(paths, "ROOT", folder)
        assert failed() == ["git"]


def test_the_report_names_the_commit_and_what_differs(project: Path) -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True)
    assert (machine()["commit"], machine()["uncommitted"]) == (head.stdout.strip(), "")
    replaced(project / "LICENSE", "MIT", "TIM")
    assert machine()["uncommitted"] == "LICENSE"
