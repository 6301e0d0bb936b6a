"""Files of the main machine, written into the folder of a worker: what differs there, and nothing that is its own.

Sent to the worker by value, as ``worker.py``: Python's own library only.
"""

import fcntl
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

NOTES = ".dvc/tmp/cacao/received.json"


class DeliveryError(Exception):
    """Files that cannot be written, since what stands there would be lost."""


def receive(folder: Path, order: dict[str, Any]) -> None:
    """Write ``files`` and outputs ``made`` by stages; remove what ``folders`` hold beyond the paths ``listed``.

    Raises ``DeliveryError`` when that would change work that is neither in git nor has come by a delivery.
    """
    notes = folder / NOTES
    notes.parent.mkdir(parents=True, exist_ok=True)
    # Several workers may stand in one folder.
    with notes.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        noted, files, made = read(notes), order["files"], order["made"]
        changed = [path for path, data in files.items() if digest(folder / path) != hashlib.md5(data).hexdigest()]
        states = states_in_git(folder)
        extra = [
            path
            for path in beyond(folder, order["folders"], set(order["listed"]))
            if noted.get(path) or path not in states
        ]
        own = [
            path for path in changed + extra if path in states and digest(folder / path) not in ("", noted.get(path))
        ]
        if own:
            raise DeliveryError(f"{folder} has changes of its own that would be lost: {', '.join(own)}")
        # Noted first: after a kill in between the next delivery knows what has come by this one.
        noted |= {path: hashlib.md5(files[path]).hexdigest() for path in changed}
        write(notes, json.dumps(noted).encode())
        for path, data in {**{path: files[path] for path in changed}, **made}.items():
            write(folder / path, data)
        for path in extra:
            (folder / path).unlink()


def beyond(folder: Path, tops: list[str], listed: set[str]) -> list[str]:
    """Files below ``tops`` that are not listed, but those that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *tops]
    found = run(folder, command) if tops else []
    return [path for path in found if path not in listed and (folder / path).is_file()]


def states_in_git(folder: Path) -> set[str]:
    """Files that differ from the last commit, or that git does not follow."""
    entries = run(folder, ["git", "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"])
    return {entry[3:] for entry in entries}


def run(folder: Path, command: list[str]) -> list[str]:
    """Parts of what a command of git prints, which are ended by zeros."""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return [part for part in os.fsdecode(done.stdout).split("\0") if part]


def digest(path: Path) -> str:
    """What tells whether a file is the same; nothing when there is none."""
    return hashlib.md5(path.read_bytes()).hexdigest() if path.is_file() else ""


def read(notes: Path) -> dict[str, str]:
    """What came by earlier deliveries, by path."""
    try:
        found = json.loads(notes.read_text(encoding="utf-8"))
        return {str(path): str(md5) for path, md5 in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    beside.write_bytes(data)
    os.replace(beside, path)
