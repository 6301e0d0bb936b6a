"""A package in another version than the locked one fails, and so does one that something else stands before."""

import importlib.metadata
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from pipeline.kit import paths
from pipeline.kit.provenance import checks
from pipeline.kit.provenance.checks import FAILED, check_environment, elsewhere

SHOW = (
    "from pipeline.kit.provenance.checks import check_environment\n"
    "print([(check.name, check.detail) for check in check_environment() if check.result == 'failed'])"
)


def failed() -> dict[str, str]:
    return {check.name: check.detail for check in check_environment() if check.result == FAILED}


@pytest.mark.slow
def test_another_version_than_the_locked_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "scipy":
            raise importlib.metadata.PackageNotFoundError(name)
        return "0.0.1" if name == "pandas" else real(name)

    assert not failed()
    monkeypatch.setattr(importlib.metadata, "version", version)
    assert set(failed()) == {"pandas", "scipy"}


# Files that stand before a package, and what they are named by.
BEFORE = {
    "pandas.py": "pandas",
    "numpy/__init__.py": "numpy",
    "yaml/__init__.py": "pyyaml",
    "sphinxcontrib/more.py": "sphinxcontrib-",
    "json.py": "standard library",
    "sitecustomize.py": "run before all",
    "usercustomize/__init__.py": "run before all",
}


@pytest.mark.slow
@pytest.mark.parametrize("where", ["the checkout", "PYTHONPATH", "the user's packages"])
def test_what_stands_before_a_package_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str) -> None:
    for name in BEFORE:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    if where == "the checkout":
        monkeypatch.setattr(paths, "ROOT", tmp_path)
    elif where == "PYTHONPATH":
        monkeypatch.syspath_prepend(tmp_path)
    else:
        place = next(n for n, entry in enumerate(sys.path) if entry.endswith("site-packages"))
        monkeypatch.setattr(sys, "path", [*sys.path[:place], str(tmp_path), *sys.path[place:]])
    # The standard library stands before the packages of the user; that of Debian has a sitecustomize.
    library = Path(sysconfig.get_path("stdlib"))
    hidden = {name for name in ("json.py", "sitecustomize.py") if (library / name.removesuffix(".py")).exists()}
    hidden |= {name for name in BEFORE if (library / name).exists()}
    is_hidden = where == "the user's packages"
    wanted = {name: named for name, named in BEFORE.items() if not (is_hidden and name in hidden)}
    found = failed()
    assert {shown.partition("-")[0] for shown in found} == {named.partition("-")[0] for named in wanted.values()}
    told = {shown.partition("-")[0]: detail for shown, detail in found.items()}
    for name, named in wanted.items():
        # What holds no code of its own is a folder to Python.
        file = tmp_path / ("sphinxcontrib" if named == "sphinxcontrib-" else name)
        assert f"imported from {file}" in told[named.partition("-")[0]], found


def test_a_link_is_accepted_beside_the_standard_library_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings, library = tmp_path / "etc" / "sitecustomize.py", tmp_path / "lib" / "sitecustomize.py"
    for file in (settings, library):
        file.parent.mkdir()
    settings.write_text("")
    library.symlink_to(settings)
    monkeypatch.syspath_prepend(library.parent)
    # Among packages, or in a folder of the search path, it leads elsewhere.
    assert elsewhere(["sitecustomize"], [library.parent]) == [str(library)]
    assert failed()["run before all"] == f"imported from {library}"
    monkeypatch.setattr(checks.sysconfig, "get_path", lambda _: str(library.parent))
    assert "run before all" not in {check.name for check in checks.check_standard_library() if check.result == FAILED}


def test_a_package_of_another_place_is_found_by_a_process_that_starts_with_it(tmp_path: Path) -> None:
    (tmp_path / "markupsafe").mkdir()
    (tmp_path / "markupsafe/__init__.py").write_text("")
    (tmp_path / "markupsafe-0.1.dist-info").mkdir()
    (tmp_path / "markupsafe-0.1.dist-info/METADATA").write_text("Name: markupsafe\nVersion: 0.1\n")
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SHOW], cwd=paths.ROOT, env=variables, capture_output=True, text=True)
    assert "found 0.1" in done.stdout, done.stderr
    assert f"imported from {tmp_path / 'markupsafe'}" in done.stdout


def test_a_folder_of_the_project_named_like_no_module_is_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "own.py").write_text("")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert not failed()
