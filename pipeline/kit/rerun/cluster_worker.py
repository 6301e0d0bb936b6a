"""What runs inside a Dask worker. It is sent there by value, so that neither worker nor scheduler has to import it.

Therefore it needs Python's own library, and Dask only; DVC and the stage run in processes of their own.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

NOTES = ".dvc/tmp/rerun/received.json"


class TransferError(Exception):
    """Files that cannot be written, since what stands there would be lost."""


def receive(folder: Path, order: dict[str, Any]) -> None:
    """Write ``files`` and outputs ``made`` by stages; remove what ``folders`` hold beyond the paths ``listed``.

    Raises ``TransferError`` when that would change work that is neither in git nor has come by a transfer.
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
            raise TransferError(f"{folder} has changes of its own that would be lost: {', '.join(own)}")
        # Noted first: after a kill in between the next transfer knows what has come by this one.
        noted |= {path: hashlib.md5(files[path]).hexdigest() for path in changed}
        write(notes, json.dumps(noted).encode())
        for path, data in {**{path: files[path] for path in changed}, **made}.items():
            write(folder / path, data)
        for path in extra:
            (folder / path).unlink()


def beyond(folder: Path, tops: list[str], listed: set[str]) -> list[str]:
    """Files below ``tops`` that are not listed, but those that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *tops]
    found = run_command(folder, command) if tops else []
    return [path for path in found if path not in listed and (folder / path).is_file()]


def states_in_git(folder: Path) -> set[str]:
    """Files that differ from the last commit, or that git does not follow."""
    entries = run_command(folder, ["git", "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"])
    return {entry[3:] for entry in entries}


def run_command(folder: Path, command: list[str]) -> list[str]:
    """Parts of what a command of git prints, which are ended by zeros."""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return [part for part in os.fsdecode(done.stdout).split("\0") if part]


def digest(path: Path) -> str:
    """What tells whether a file is the same; nothing when there is none."""
    return hashlib.md5(path.read_bytes()).hexdigest() if path.is_file() else ""


def read(notes: Path) -> dict[str, str]:
    """What came by earlier transfers, by path."""
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


# How often the main machine, the worker and the command are looked at, and what a stage gets to tidy up.
LOOK_S, PATIENCE_S = 0.2, 5
LONGEST_LOG = 1 << 20
RUNNING = "running_stages"


async def look(token_path: str, token: str) -> dict[str, Any]:
    """Where a worker stands: its folder, whether it is the one that holds the token, and what clone it is."""
    return await asyncio.to_thread(surroundings, token_path, token)


def surroundings(token_path: str, token: str) -> dict[str, Any]:
    """The same, outside of the worker's loop; commits and remote only of a folder of its own."""
    folder = Path.cwd()
    found: dict[str, Any] = {"folder": str(folder), "host": socket.gethostname(), "shares": False}
    with suppress(OSError):
        found["shares"] = (folder / token_path).read_text(encoding="utf-8") == token
    if not found["shares"]:
        git = ["git", "rev-list", "--max-parents=0", "HEAD"]
        top = said(["git", "rev-parse", "--show-toplevel"])
        whole = bool(top) and Path(top).samefile(folder) and (folder / ".dvc").is_dir()
        found["commits"] = [said(["git", "rev-parse", "HEAD"]), *said(git).split()] if whole else []
        found["remote"] = said([sys.executable, "-m", "dvc", "config", "core.remote"]) if whole else ""
    return found


def said(command: list[str]) -> str:
    """What a command prints; nothing when it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Run the commands of a stage in the folder of this worker; returns exit code, what was printed and what came out.

    In a folder of its own, inputs are brought there before, and what was made is pushed to the remote after.
    """
    from distributed import get_worker, secede

    # The stage waits for its command: the thread is free for heavy loops meanwhile.
    secede()
    worker: Any = get_worker()
    with tempfile.TemporaryDirectory(prefix="stage-") as place:
        files = {name: Path(place) / name for name in ("log", "order", "result")}
        commands = [with_shell(command) for command in order["commands"]]
        if not order["shares"]:
            try:
                receive(Path.cwd(), order)
            except (TransferError, OSError, subprocess.CalledProcessError) as error:
                return {"code": 1, "log": str(error).encode()}
            needed = {name: order[name] for name in ("stage", "file", "name", "inputs", "needs")}
            files["order"].write_text(json.dumps({**needed, "commands": commands}), encoding="utf-8")
            commands = [
                [sys.executable, "-m", "pipeline.kit.rerun.task_folder", str(files["order"]), str(files["result"])]
            ]
        code = watch(worker, order["key"], start(order, commands, files["log"]))
        result = json.loads(files["result"].read_text(encoding="utf-8")) if files["result"].exists() else {}
        return {**result, "code": code, "log": files["log"].read_bytes()[-LONGEST_LOG:]}


def with_shell(command: list[str]) -> list[str]:
    """A command for the shell of the main machine, or for that of any when this machine lacks it."""
    return command if Path(command[0]).exists() else ["/bin/sh", "-c", command[-1]]


def start(order: dict[str, Any], commands: list[list[str]], log: Path) -> "subprocess.Popen[bytes]":
    """Start commands that end when this worker does."""
    root = Path.cwd()
    ours = {"DVC_ROOT": str(root), "DVC_STAGE": order["stage"]}
    ours["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    ours["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    # What Dask sets for its workers makes every array of draws be asked of the system anew: five times slower here.
    theirs = {name: value for name, value in os.environ.items() if name != "MALLOC_TRIM_THRESHOLD_"}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.kit.rerun.processes", str(os.getpid()), *map(json.dumps, commands)],
            cwd=root / order["folder"] if order["shares"] else root,
            env={**theirs, **ours},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def watch(worker: Any, key: str, process: "subprocess.Popen[bytes]") -> int:
    """Wait for a process; ends it when nobody waits for the task any more or the worker closes."""
    running = vars(worker).setdefault(RUNNING, {})
    running[key] = process.pid
    try:
        while process.poll() is None and wanted(worker, key):
            time.sleep(LOOK_S)
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)
        return process.wait() if process.poll() is not None else signal.SIGKILL
    finally:
        del running[key]
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wanted(worker: Any, key: str) -> bool:
    """Whether a task has not been cancelled, which it also is when the main machine is gone."""
    task = worker.state.tasks.get(key)
    closing = worker.status.name in ("closing", "closed", "failed")
    return task is not None and task.state in ("executing", "long-running") and not closing


def stop(key: str, dask_worker: Any) -> None:
    """Ask the command of a task to stop."""
    if pid := vars(dask_worker).get(RUNNING, {}).get(key):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
