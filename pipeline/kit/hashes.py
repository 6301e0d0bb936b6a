"""MD5 of files and folders, as DVC computes it, and listings of them."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

# What tools leave in folders, and `.dvcignore` names.
IGNORED = {"__pycache__", ".ipynb_checkpoints"}


def md5_of_text(text: str) -> str:
    """MD5 of a text in UTF-8."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def md5_of_file(path: Path) -> str:
    """MD5 of the bytes of a file."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def md5(path: Path, of_file: Callable[[Path], str] = md5_of_file) -> str:
    """MD5 of a file, or of a folder as DVC computes it; empty when nothing stands there."""
    if not path.is_dir():
        return of_file(path) if path.exists() else ""
    files = [(file, file.relative_to(path)) for file in path.rglob("*") if file.is_file()]
    entries = [
        {"md5": of_file(file), "relpath": within.as_posix()} for file, within in files if not IGNORED & {*within.parts}
    ]
    return md5_of_text(json.dumps(sorted(entries, key=lambda entry: entry["relpath"]), sort_keys=True)) + ".dir"


def read_listing(text: str) -> dict[str, str]:
    """MD5 by path, from a listing of code; lines that are none of a listing say nothing."""
    parts = (line.partition("  ") for line in text.splitlines())
    return {path: md5 for md5, _, path in parts if path}
