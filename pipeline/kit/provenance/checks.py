"""Every published file against the record: by its bytes and, where they differ, by what it says."""

import importlib
import importlib.machinery
import importlib.metadata
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.kit import paths, yaml_text
from pipeline.kit.provenance import content, lineage, reference, run_record

IDENTICAL, SAME, FAILED = "identical", "other bytes, same content", "failed"


@dataclass(frozen=True)
class Check:
    """One thing that was checked, with its result: one of the three above.

    ``how`` says by what it was compared, ``detail`` what differs or what was found.
    """

    kind: str
    name: str
    result: str
    detail: str = ""
    how: str = ""


BY_GIT = "bytes, against the commit"
# What Python can import, and what it reads before everything else.
CODE = (*importlib.machinery.all_suffixes(), ".pth")


class GitError(lineage.LineageError):
    """The project is no clone of a repository, or git is not there."""


def check_committed() -> Iterator[Check]:
    """Every file under version control is the committed one, and none lies beside them that git does not ignore.

    Code that Python would import is named even if git ignores it.
    """
    try:
        found = changes()
    except GitError as error:
        yield Check("state", "git", FAILED, f"without a commit nothing says what was published: {error}")
        return
    for path in found:
        yield Check("state", path, FAILED, "not as committed", BY_GIT)
    if not found:
        yield Check("state", "git", IDENTICAL, "everything is as committed", BY_GIT)


def changes() -> list[str]:
    """Paths that differ from the commit, sorted; raises ``GitError`` where there is none."""
    if git("rev-parse", "--show-cdup"):
        raise GitError("the project is a folder of another repository")
    with tempfile.TemporaryDirectory() as folder:
        # A new index: the present one may be told to overlook files (`git update-index --assume-unchanged`).
        index = str(Path(folder) / "index")
        git("read-tree", "HEAD", index=index)
        listed = git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", index=index)
    return sorted({*(entry[3:] for entry in listed.split("\0") if entry), *unfollowed_code()})


def unfollowed_code() -> set[str]:
    """Code that is not in the commit, in the package or at the top, where it would be imported before a library.

    No list of ignored files is asked. A linked folder within the package is code: what is in it would be imported.
    """
    followed = set(git("ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0"))
    modules = [path for pattern in ("*", "*/__init__.*") for path in paths.ROOT.glob(pattern) if _is_code(path)]
    for place, folders, files in os.walk(paths.ROOT / "pipeline"):
        found = [Path(place, name) for name in (*folders, *files)]
        modules += [path for path in found if _is_code(path) or (path.is_symlink() and path.is_dir())]
    return {path.relative_to(paths.ROOT).as_posix() for path in modules} - followed


def _is_code(path: Path) -> bool:
    # What Python keeps of a source in its own folder is imported only beside that source.
    return path.name.endswith(CODE) and not path.is_dir() and path.parent.name != "__pycache__"


def git(*words: str, index: str = "", root: Path | None = None) -> str:
    """What a git command prints; raises ``GitError`` with what it complains of."""
    variables = {**os.environ, **({"GIT_INDEX_FILE": index} if index else {})}
    try:
        done = subprocess.run(["git", *words], cwd=root or paths.ROOT, env=variables, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise GitError("git is not installed") from error
    if done.returncode:
        raise GitError(done.stderr.strip())
    return done.stdout.rstrip("\n")


def machine() -> dict[str, str]:
    """What the checks ran on."""
    try:
        commit, changed = git("rev-parse", "HEAD"), " ".join(changes())
    except GitError as error:
        commit, changed = "none", str(error)
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "commit": commit,
        "uncommitted": changed,
        "md5 of dvc.lock": lineage.md5(paths.ROOT / "dvc.lock"),
        "md5 of requirements.lock": lineage.md5(paths.REQUIREMENTS),
    }


def check_files(root: Path, kind: str = "file", originals: Path | None = None) -> Iterator[Check]:
    """Every published file below ``root`` is the recorded one or says the same, and none is there without a record.

    Where the bytes differ, the content is compared with that of the file below ``originals``, if it is the recorded
    one; else with the digest on record.
    """
    recorded = reference.load("files").set_index("path")
    names = renamed(root)
    for name, md5, digest in recorded[["md5", "content"]].itertuples():
        original = originals / name if originals and lineage.md5(originals / name) == md5 else None
        yield Check(kind, name, *_result(root, name, md5, Wanted(digest, original, names)))
    found = {path.relative_to(root).as_posix() for path in reference.published(root)}
    for name in sorted(found - set(recorded.index)):
        yield Check(kind, name, FAILED, "published without a record", "name")


@dataclass(frozen=True)
class Wanted:
    """What a file should say: its digest, the original if it is at hand, and words for MD5 sums in pages."""

    digest: str
    original: Path | None
    names: Mapping[str, str]


def _result(root: Path, name: str, md5: str, wanted: Wanted) -> tuple[str, str, str]:
    """Result of one file, what differs, and how it was compared."""
    path = root / name
    if any(part.is_symlink() for part in (path, *path.parents) if part != root and part.is_relative_to(root)):
        return FAILED, "a link, not a file", "name"
    if not path.is_file():
        return FAILED, "missing", "name"
    if (now := lineage.md5(path)) == md5:
        return IDENTICAL, "", "bytes"
    differs = _difference(path, wanted)
    against = "the published file" if wanted.original else f"its digest on record ({content.ROUNDED})"
    told = f"md5 {md5} on record, {now} found" + (f": {differs}" if differs else "")
    return FAILED if differs else SAME, told, f"{content.how(name)}; against {against}"


def _difference(path: Path, wanted: Wanted) -> str:
    """What a file says otherwise than it should; empty when nothing."""
    try:
        found = content.read(path.name, path.read_bytes(), wanted.names)
    except content.ContentError as error:
        return str(error)
    if wanted.original:
        return content.difference(content.read(path.name, wanted.original.read_bytes()), found)
    return (
        "" if content.digest(found) == wanted.digest else "edited, or made by other code or a run that went elsewhere"
    )


def renamed(root: Path) -> dict[str, str]:
    """Committed MD5 sums by those that this run has at the same places of ``dvc.lock``: pages print them.

    A file with another sum is compared by itself, so that a page may name it. Empty where git has no commit.
    """
    try:
        committed = _outs(git("show", "HEAD:dvc.lock", root=root))
    except GitError:
        return {}
    made = _outs((root / "dvc.lock").read_text(encoding="utf-8"))
    return {md5: committed[path] for path, md5 in made.items() if committed.get(path, md5) != md5}


def _outs(lock: str) -> dict[str, str]:
    """MD5 of everything that stages made, by path."""
    outs = [out for stage in yaml_text.load(lock.encode())["stages"].values() for out in stage["outs"]]
    return {out["path"]: out["md5"].removesuffix(".dir") for out in outs}


# Its own tests are no module that it lists.
OF_PYTHON = sys.stdlib_module_names | {"test"}
# Python runs these, if there are any, before everything else.
BEFORE_ALL = ("sitecustomize", "usercustomize")
HOW = "version against the lock, and where its modules are imported from"


def check_environment() -> Iterator[Check]:
    """Every locked package that this platform needs is installed in its version, and nothing stands before it."""
    modules = modules_of_packages()
    for line in run_record.read_lock(paths.REQUIREMENTS.read_text(encoding="utf-8")):
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
    library = Path(sysconfig.get_path("stdlib"))
    for name, modules in {"standard library": sorted(sys.stdlib_module_names), "run before all": BEFORE_ALL}.items():
        # Beside the standard library of Debian stands a link to a file of its settings, and is its own.
        stray = [found for found in elsewhere(modules, [library]) if Path(found).parent != library]
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
