"""The lock, the environment for conda and the project's own metadata say the same."""

import re
import tomllib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pipeline.kit import paths
from pipeline.kit.provenance.run_record import ENVIRONMENT, read_lock, render

NAMES = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,12}[a-z0-9])?", fullmatch=True)
EXTRAS = st.sampled_from(["", "[all]", "[http,s3]"])
VERSIONS = st.from_regex(r"(0|[1-9][0-9]?)(\.[0-9]{1,3}){1,3}(\.post1|rc2)?", fullmatch=True)
MARKERS = st.sampled_from(
    ["", " ; python_full_version < '3.12'", ' ; sys_platform == "win32" and implementation_name != "pypy"']
)
REQUIREMENTS = st.builds(lambda *parts: "{}{}=={}{}".format(*parts), NAMES, EXTRAS, VERSIONS, MARKERS)


@pytest.fixture(scope="module")
def lock() -> str:
    return paths.REQUIREMENTS.read_text(encoding="utf-8")


def asked_for() -> list[str]:
    """Names in ``requirements.in``, one a line below its comments, without a limit of the version."""
    lines = (paths.ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    return [canonicalize_name(line.split("<")[0]) for line in lines if line and not line.startswith("#")]


def oldest_python() -> str:
    """The lowest Python that ``pyproject.toml`` allows."""
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["requires-python"].removeprefix(">=")


def test_environment_is_written_from_the_lock(lock: str) -> None:
    assert ENVIRONMENT.read_text(encoding="utf-8") == render(read_lock(lock)), "environment.yml is old: make lock"


@given(st.lists(REQUIREMENTS))
def test_a_lock_survives_the_way_through_yaml(requirements: list[str]) -> None:
    lines = [f"{line} \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\n" for line in requirements]
    lock = "# a comment\n\n" + "    # via something\n".join(lines)
    assert read_lock(lock) == requirements
    *from_conda, from_pip = yaml.safe_load(render(read_lock(lock)))["dependencies"]
    assert from_conda == ["python=3.12", "pip"]
    assert from_pip == {"pip": [*requirements, "-e ."]}


def test_options_and_comments_are_no_requirements() -> None:
    assert read_lock("--only-binary :all:\n  # via a\nA==1 # why\nb==2;os_name=='nt' --hash=sha256:0\n") == [
        "A==1",
        "b==2;os_name=='nt'",
    ]


def test_the_lock_names_no_address_and_no_index(lock: str) -> None:
    assert "://" not in lock
    assert not re.search(r"^\s*-(?!-hash=)", lock, flags=re.MULTILINE)


def test_everything_locked_has_a_hash(lock: str) -> None:
    blocks = re.split(r"^(?=[^\s#])", lock, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(read_lock(lock)) > 0
    assert not [block.split()[0] for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", block)]


@pytest.mark.parametrize("python", [oldest_python(), "3.12", "3.13"])
def test_everything_asked_for_is_locked_once_for_each_python(lock: str, python: str) -> None:
    surroundings = {"python_version": python, "python_full_version": f"{python}.0"}
    requirements = [Requirement(line) for line in read_lock(lock)]
    used: list[str] = [
        canonicalize_name(requirement.name)
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(surroundings)
    ]
    assert {name: used.count(name) for name in asked_for()} == dict.fromkeys(asked_for(), 1)


def test_the_lock_is_compiled_for_the_oldest_python_allowed(lock: str) -> None:
    makefile = (paths.ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"--python-version {oldest_python()} " in makefile
    # A lock for an older Python would tell versions apart by it.
    named = set(re.findall(r"python_(?:full_)?version [<>=!]+ '([0-9.]+)'", lock))
    assert not [version for version in named if version not in SpecifierSet(f">{oldest_python()}")]
