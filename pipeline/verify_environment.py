"""Whether the code of others that runs is the locked one: its versions, and the places it is really imported from."""

import importlib
import importlib.metadata
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline import environment, paths
from pipeline.verify_result import FAILED, IDENTICAL, Check

# Its own tests are no module that it lists.
OF_PYTHON = sys.stdlib_module_names | {"test"}
# Python runs these, if there are any, before everything else.
BEFORE_ALL = ("sitecustomize", "usercustomize")
HOW = "version against the lock, and where its modules are imported from"


def check_environment() -> Iterator[Check]:
    """Every locked package that this platform needs is installed in its version, and nothing stands before it."""
    modules = modules_of_packages()
    for line in environment.read_lock(environment.LOCK.read_text(encoding="utf-8")):
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        found, problem = _version(requirement)
        stray = elsewhere(modules.get(canonicalize_name(requirement.name), []), places_of_packages())
        problems = [problem, *(f"imported from {place}" for place in stray)]
        told = "; ".join(filter(None, problems))
        yield Check("environment", requirement.name, FAILED if told else IDENTICAL, told or found, HOW)
    yield from check_standard_library()


def check_standard_library() -> Iterator[Check]:
    """No file of the project or of a search path stands before a module of Python, and none runs before everything."""
    place = [Path(sysconfig.get_path("stdlib"))]
    for name, modules in {"standard library": sorted(sys.stdlib_module_names), "run before all": BEFORE_ALL}.items():
        stray = elsewhere(modules, place)
        told = "; ".join(f"imported from {found}" for found in stray)
        yield Check("environment", name, FAILED if stray else IDENTICAL, told, "where its modules are imported from")


def _version(requirement: Requirement) -> tuple[str, str]:
    """The installed version, and what is wrong with it: empty when nothing is."""
    wanted = str(requirement.specifier).removeprefix("==")
    try:
        found = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return "", f"locked {wanted}, found not installed"
    same = requirement.specifier.contains(found, prereleases=True)
    return found, "" if same else f"locked {wanted}, found {found}"


def modules_of_packages() -> dict[str, list[str]]:
    """Names that can be imported, by the package that brings them; those of the standard library are never theirs."""
    found: dict[str, list[str]] = {}
    brought = importlib.metadata.packages_distributions()
    for module, packages in ((name, brought[name]) for name in brought.keys() - OF_PYTHON):
        for package in {canonicalize_name(name) for name in packages}:
            found.setdefault(package, []).append(module)
    return found


def places_of_packages() -> list[Path]:
    """Folders into which this environment installs."""
    return [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]


def elsewhere(modules: Sequence[str], places: list[Path]) -> list[str]:
    """Files and folders that these modules would be imported from although they stand in none of the places."""
    importlib.invalidate_caches()
    allowed = [place.resolve() for place in places]
    found = [Path(origin) for module in modules for origin in origins(module)]
    return sorted({str(path) for path in found if not any(path.resolve().is_relative_to(place) for place in allowed)})


def origins(module: str) -> list[str]:
    """Where a stage finds a module: stages run as ``python -m``, which looks in the project first."""
    spec = PathFinder.find_spec(module, [str(paths.ROOT), *filter(None, sys.path)])
    if spec is None:
        return []
    return [spec.origin] if spec.has_location and spec.origin else list(spec.submodule_search_locations or [])
