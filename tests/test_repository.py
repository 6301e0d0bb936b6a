"""House rules that hold for whole files: notebooks, modules, layers, size, and what the tools say."""

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import nbformat
import pytest

from pipeline.kit import paths

LARGEST_FILE = 1_500_000
FOLDERS = ("bench", "data/raw", "docs", "notebooks", "pipeline", "survey", "tests")
# The folders of one machine: at the start of a path, not inside an address.
MACHINE_PATH = re.compile(r"(?<![\w.~-])(?:/(?:root|home|Users)/|[A-Z]:\\\\?Users\\)\w")
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f-]{27})?")


@cache
def project_files() -> list[Path]:
    """Files under version control; in an unpacked archive, which has no git, those of the source folders."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=paths.ROOT, capture_output=True, text=True)
    names = listing.stdout.split("\0")
    found = [paths.ROOT / name for name in names if name] if listing.returncode == 0 else archive_files()
    return sorted(path for path in found if path.is_file())


def archive_files() -> list[Path]:
    """Everything at the top of the project and in its source folders, without what Python caches."""
    below = [path for folder in FOLDERS for path in (paths.ROOT / folder).rglob("*")]
    return [path for path in [*paths.ROOT.glob("*"), *below] if "__pycache__" not in path.parts]


def with_ending(ending: str) -> list[Path]:
    return [path for path in project_files() if path.suffix == ending]


def imported(path: Path) -> set[str]:
    """Dotted names that a module imports, inside functions too."""
    package = ".".join(path.relative_to(paths.ROOT).parent.parts)
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("path", with_ending(".ipynb"), ids=lambda path: path.stem)
def test_notebook_is_committed_clean(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5), "cells have ids since nbformat 4.5"
    counts = Counter(cell.id for cell in notebook.cells)
    assert not [name for name, count in counts.items() if count > 1 or RANDOM_ID.fullmatch(name)]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [cell.id for cell in code if cell.outputs or cell.execution_count is not None]


@pytest.mark.parametrize("path", sorted(paths.NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebook_has_a_title_and_one_parameters_cell(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1
    title = next(cell for cell in cells if cell.cell_type == "markdown")
    assert title.source.startswith("# ")


@pytest.mark.parametrize("path", with_ending(".ipynb") + with_ending(".py"), ids=paths.shown)
def test_a_module_has_one_name_in_a_file(path: Path) -> None:
    imports = [node for node in source(path).body if isinstance(node, ast.ImportFrom)]
    counts = Counter((node.module, alias.name) for node in imports for alias in node.names)
    assert [name for name, count in counts.items() if count > 1] == []


def source(path: Path) -> ast.Module:
    """The syntax tree of a module, or of the code cells of a notebook."""
    if path.suffix == ".py":
        return ast.parse(path.read_text(encoding="utf-8"))
    cells = nbformat.read(path, as_version=4).cells
    return ast.parse("\n".join(cell.source for cell in cells if cell.cell_type == "code"))


def test_every_module_says_what_it_is() -> None:
    assert not [
        paths.shown(path)
        for path in with_ending(".py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]


def test_no_file_is_large() -> None:
    assert not [paths.shown(path) for path in project_files() if path.stat().st_size > LARGEST_FILE]


@pytest.mark.parametrize("text", ["see /" + "root/x", "'/" + "home/me/x'", "C:" + "\\Users\\me", "=/" + "Users/me"])
def test_a_path_of_a_machine_is_recognised(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["https://site.id/" + "home/x", "../" + "root/x", "a /" + "rooted/x", "~/" + "home/x"])
def test_an_address_is_no_path_of_a_machine(text: str) -> None:
    assert not MACHINE_PATH.search(text)


def test_no_file_names_a_path_of_a_machine() -> None:
    found = []
    for path in project_files():
        data = path.read_bytes()
        # A file with a zero byte is no text. What runs on a build machine may name its paths.
        if b"\0" not in data and not paths.shown(path).startswith(".ci/"):
            lines = data.decode("utf-8", errors="replace").splitlines()
            found += [f"{paths.shown(path)}:{n}" for n, line in enumerate(lines, 1) if MACHINE_PATH.search(line)]
    assert not found


def test_imports_go_one_way() -> None:
    done = subprocess.run(["lint-imports", "--no-cache"], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


CROP = re.compile(r"cacao|cocoa|kakao|kutai|kutim", re.IGNORECASE)


@pytest.mark.parametrize("path", [p for p in with_ending(".py") if "kit" in p.parts], ids=paths.shown)
def test_the_tools_know_no_word_of_the_crop(path: Path) -> None:
    assert not CROP.findall(path.read_text(encoding="utf-8"))


@pytest.mark.skipif(not (paths.ROOT / ".git").exists(), reason="an archive has no history to clone")
def test_a_clone_on_windows_has_the_same_bytes(tmp_path: Path) -> None:
    """Git for Windows turns ends of lines unless told otherwise; hashes are of what stands in the repository."""
    for name, settings in {"plain": "false", "windows": "true"}.items():
        command = ["git", "clone", "--quiet", "--config", f"core.autocrlf={settings}", paths.ROOT, tmp_path / name]
        subprocess.run(command, check=True)
    status = ["git", "status", "--porcelain"]
    assert not subprocess.run(status, cwd=tmp_path / "windows", capture_output=True, text=True, check=True).stdout
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=tmp_path / "plain", capture_output=True, text=True)
    names = [name for name in listed.stdout.split("\0") if name]
    assert len(names) > 400
    changed = [name for name in names if len({(tmp_path / of / name).read_bytes() for of in ("plain", "windows")}) > 1]
    assert not changed


@pytest.mark.parametrize("name", ["figure.png", "brief.pdf", "form.xlsx", "run.zip", "letters.woff2", "data/raw/x.csv"])
def test_what_is_no_text_or_hashed_keeps_its_bytes(name: str) -> None:
    asked = subprocess.run(["git", "check-attr", "text", name], cwd=paths.ROOT, capture_output=True, text=True)
    if asked.returncode == 0:
        assert asked.stdout.strip() == f"{name}: text: unset"


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["ruff check --output-format concise", "ruff format --check", "mypy"])
def test_tools_find_nothing(tool: str) -> None:
    result = subprocess.run([sys.executable, "-m", *tool.split()], cwd=paths.ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
