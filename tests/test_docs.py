"""What documents, workflows and forms say is there is there: links, commands, pictures, versions."""

import re
import tomllib
from pathlib import Path

import grimp
import pytest
import yaml
from PIL import Image

from pipeline.cli import COMMANDS
from pipeline.kit import paths

PAGES = [*paths.ROOT.glob("*.md"), *(paths.ROOT / "docs").rglob("*.md"), *(paths.ROOT / "survey").glob("*.md")]
MAKEFILE = (paths.ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE))
WORKFLOWS = sorted((paths.ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((paths.ROOT / ".github" / "actions").glob("*/action.yml"))
FORMS = [path for path in (paths.ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Places in a page that can be linked to, as GitHub names them."""
    heads = re.findall(r"^#+ (.+)$", read(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken(page: Path) -> list[str]:
    """Links of a page to files or headings that are not there."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if "://" not in link and (not target.exists() or (anchor and anchor not in anchors(target))):
            found.append(link)
    return found


def commands(text: str, tool: str) -> set[str]:
    """First words after the name of a tool in code: in backticks, or at the start of a line of a code block."""
    return set(re.findall(rf"(?:`|^){tool} ([a-z]+)", text, flags=re.MULTILINE))


def steps(workflow: Path) -> list[dict[str, str]]:
    jobs = yaml.safe_load(read(workflow))["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("page", PAGES, ids=paths.shown)
def test_links_lead_to_something(page: Path) -> None:
    assert not broken(page)


def test_a_link_to_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("## What is `there`?\n")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md#what-is-there) [b](other.md#what-is-not) [c](gone.md) [d](https://example.org/x)")
    assert broken(page) == ["other.md#what-is-not", "gone.md"]


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "CHANGELOG"], ids=paths.shown)
def test_commands_in_documents_exist(page: Path) -> None:
    known = {command.__name__ for command in COMMANDS}
    assert commands(read(page), "cacao") <= known
    assert commands(read(page), "make") <= TARGETS


def test_every_page_is_in_the_list_of_pages() -> None:
    listed = set(re.findall(r"\]\(([^)]+\.md)\)", read(paths.ROOT / "docs" / "README.md")))
    there = {page.relative_to(paths.ROOT / "docs").as_posix() for page in (paths.ROOT / "docs").rglob("*.md")}
    assert there - {"README.md"} <= listed


@pytest.mark.parametrize("page", sorted((paths.ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_decisions_say_why_what_and_at_which_price(page: Path) -> None:
    assert re.findall(r"^\*\*(\w+)\.\*\*", read(page), flags=re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_the_readme_is_short_and_its_picture_light() -> None:
    assert (paths.ROOT / "README.md").stat().st_size <= 7 * 1024
    picture = paths.ROOT / "docs" / "start.png"
    assert picture.stat().st_size < 150_000
    assert Image.open(picture).width == 1280


def test_the_picture_of_the_layers_shows_what_imports_what() -> None:
    drawn = read(paths.ROOT / "docs" / "architecture.md").split("```mermaid")[1].split("```")[0]
    arrows = set()
    for line in drawn.splitlines():
        if "-->" in line:
            before, after = (part.replace("&", " ").split() for part in line.split("-->"))
            arrows |= {(a, b) for a in before for b in after}
    graph = grimp.build_graph("pipeline", cache_dir=None)
    pairs = {(one, other) for one in graph.modules for other in graph.find_modules_directly_imported_by(one)}
    layers = {(layer(one), layer(other)) for one, other in pairs}
    imports = {(a, b) for a, b in layers if a and b and a != b}
    assert arrows <= imports
    assert imports <= closure(arrows)


def layer(module: str) -> str:
    """The box of a module; empty for the package itself."""
    return [*module.split("."), ""][1]


def closure(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """All pairs that arrows lead from and to, over others too."""
    longer = arrows | {(a, d) for a, b in arrows for c, d in arrows if b == c}
    return arrows if longer == arrows else closure(longer)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_the_commands_that_people_type(workflow: Path) -> None:
    runs = [step["run"] for step in steps(workflow) if "run" in step]
    assert runs
    for command in runs:
        assert re.fullmatch(r"gh release create [^\n]+", command) or command.removeprefix("make ") in TARGETS, command


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=paths.shown)
def test_actions_are_official_and_of_a_stated_version(path: Path) -> None:
    content = yaml.safe_load(read(path))
    used = [step["uses"] for step in (steps(path) if "jobs" in content else content["runs"]["steps"]) if "uses" in step]
    outside = [name for name in used if not (name.startswith("./") and (paths.ROOT / name / "action.yml").exists())]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in outside)


# What the archive of a release is signed with.
SIGNED = {"id-token": "write", "attestations": "write"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_read_and_only_one_job_of_each_writes(workflow: Path) -> None:
    content = yaml.safe_load(read(workflow))
    assert content["permissions"] == {"contents": "read"}
    writing = [job["permissions"] for job in content["jobs"].values() if "permissions" in job]
    allowed = {"pages": [{"pages": "write", "id-token": "write"}], "release": [{"contents": "write"} | SIGNED]}
    assert writing == allowed.get(workflow.stem, [])
    assert all("timeout-minutes" in job for job in content["jobs"].values())


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_forms_ask_in_both_languages(form: Path) -> None:
    content = yaml.safe_load(read(form))
    assert {"name", "description", "labels", "body"} == set(content)
    asked = [item for item in content["body"] if item["type"] != "markdown"]
    assert len({item["id"] for item in asked}) == len(asked) > 1
    assert all(" / " in text for text in [content["name"], *(item["attributes"]["label"] for item in asked)])


def test_versions_agree() -> None:
    released = re.search(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", read(paths.ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert released
    citation = yaml.safe_load(read(paths.ROOT / "CITATION.cff"))
    project = tomllib.loads(read(paths.ROOT / "pyproject.toml"))["project"]
    assert (str(citation["version"]), str(citation["date-released"])) == released.groups()
    assert project["version"] == released[1]


def test_the_changelog_lists_versions_newest_first_under_known_heads() -> None:
    heads = re.findall(r"^## (.+)$", read(paths.ROOT / "CHANGELOG.md"), flags=re.MULTILINE)
    dates = [head.split(" - ")[1] for head in heads if head != "Unreleased"]
    assert dates == sorted(dates, reverse=True)
    kinds = set(re.findall(r"^### (.+)$", read(paths.ROOT / "CHANGELOG.md"), flags=re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
