"""Every published file against the record: by its bytes and, where they differ, by what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import content, lineage, reference, verify_state, yaml_text
from pipeline.verify_result import FAILED, IDENTICAL, SAME, Check


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
        committed = _outs(verify_state.git("show", "HEAD:dvc.lock", root=root))
    except verify_state.GitError:
        return {}
    made = _outs((root / "dvc.lock").read_text(encoding="utf-8"))
    return {md5: committed[path] for path, md5 in made.items() if committed.get(path, md5) != md5}


def _outs(lock: str) -> dict[str, str]:
    """MD5 of everything that stages made, by path."""
    outs = [out for stage in yaml_text.load(lock.encode())["stages"].values() for out in stage["outs"]]
    return {out["path"]: out["md5"].removesuffix(".dir") for out in outs}
