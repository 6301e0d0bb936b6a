"""A small cluster: a Dask scheduler and workers in folders of their own choice, for small projects."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rerun_project as toy
from reproduction import commit

DASK = [sys.executable, "-m", "dask"]


class Cluster:
    """Processes of one scheduler and its workers, which know nothing of the project but the folder they stand in."""

    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True)
        self.place, self.processes = place, dict[str, subprocess.Popen[bytes]]()
        file = place / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter"]
        self.start("scheduler", place, "scheduler", *options, "--scheduler-file", str(file))
        # It is there before all of it is written.
        until(lambda: file.exists() and file.read_text().rstrip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]

    def start(self, name: str, folder: Path, *arguments: str) -> None:
        """Start a process of Dask in a folder."""
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        env |= {"DVC_SITE_CACHE_DIR": str(folder / "site"), "DVC_NO_ANALYTICS": "1"}
        with (self.place / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [*DASK, *arguments], cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
            )

    def worker(self, name: str, folder: Path) -> None:
        """Start a worker without a nanny, so that a killed one stays away."""
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0", "--name", name]
        local = ["--local-directory", str(self.place / name)]
        self.start(name, folder, "worker", self.address, *options, *local, "--host", "127.0.0.1")

    def ready(self, name: str) -> bool:
        """Whether a worker has found the scheduler."""
        return "Registered to" in (self.place / f"{name}.log").read_text()

    def kill(self, name: str) -> None:
        """End one process at once."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes.pop(name).wait()

    def close(self) -> None:
        """End all."""
        for name in [*self.processes]:
            self.kill(name)


@contextmanager
def cluster(place: Path, **folders: Path) -> Iterator[Cluster]:
    """A cluster with a worker of each name in each folder."""
    made = Cluster(place)
    try:
        for name, folder in folders.items():
            made.worker(name, folder)
        until(lambda: all(map(made.ready, folders)))
        yield made
    finally:
        made.close()


def with_remote(folder: Path) -> Path:
    """Give a project a DVC remote, a folder beside it, and commit that."""
    url = folder.parent / f"{folder.name}-remote"
    with (folder / ".dvc" / "config").open("a") as config:
        config.write(f"    remote = store\n['remote \"store\"']\n    url = {url}\n")
    commit(folder, "commit", "-qam", "remote")
    return url


def clone(folder: Path, target: Path) -> Path:
    """A clone of a project."""
    subprocess.run(["git", "clone", "-q", str(folder), str(target)], check=True)
    return target


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def made_in(*folders: Path) -> dict[str, list[str]]:
    """Stages that ran since this was asked last, by folder."""
    return {folder.name: toy.executed(folder) for folder in folders}
