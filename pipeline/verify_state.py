"""Whether what stands in the project is what is committed: only that is published, and only that is run again."""

import importlib.machinery
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipeline import environment, lineage, paths
from pipeline.verify_result import FAILED, IDENTICAL, Check

BY_GIT = "bytes, against the commit"
# What Python can import, and what it reads before everything else.
CODE = (*importlib.machinery.all_suffixes(), ".pth")


class GitError(RuntimeError):
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
        "md5 of requirements.lock": lineage.md5(environment.LOCK),
    }
