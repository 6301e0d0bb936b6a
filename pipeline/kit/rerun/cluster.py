"""Stages on the workers of a Dask cluster: one at a time on each, placed where their inputs were made.

What has to run, locks, cache and ``dvc.lock`` stay here; only commands go out.
"""

import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException

from pipeline.kit.compute import PATIENCE_S, ComputeError
from pipeline.kit.rerun import cluster_worker
from pipeline.kit.rerun.cluster_task import Transfer, digest
from pipeline.kit.rerun.lockfile import FOLDER
from pipeline.kit.rerun.processes import Events
from pipeline.kit.rerun.recording import StageRecords
from pipeline.kit.rerun.warm_kernels import LOST


@dataclass(frozen=True)
class Place:
    """A worker, and the folder in which it was started; ``shares`` when that is the folder of the project itself."""

    address: str
    host: str
    folder: str
    shares: bool

    @property
    def where(self) -> tuple[str, str]:
        """What it has in common with other workers that find the same files."""
        return self.host, self.folder


def choose(free: Iterable[Place], made: dict[str, tuple[str, str]], reads: dict[str, int]) -> Place:
    """The place where most of what a stage ``reads``, in bytes by stage, was ``made``; else the one used least."""
    used = Counter(made.values())

    def worth(place: Place) -> tuple[int, int]:
        return sum(size for name, size in reads.items() if made.get(name) == place.where), -used[place.where]

    return max(free, key=worth)


def differing(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Versions of Python and of packages that a worker has other than here, in words; both as Dask tells them."""
    mine, its = (
        {"python": str(one.get("host", {}).get("python")).split(".final")[0], **one.get("packages", {})}
        for one in (ours, theirs)
    )
    return ", ".join(
        f"{name} {its[name]}, here {version}"
        for name, version in mine.items()
        if version and its.get(name) and its[name] != version
    )


def connect(address: str) -> Any:
    """A client of the scheduler at ``address``; raises ``ComputeError`` when it does not answer."""
    import cloudpickle
    from distributed import Client

    cloudpickle.register_pickle_by_value(cluster_worker)
    try:
        return Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise ComputeError(f"the scheduler at {address} does not answer: {error}") from error


class WorkerPool:
    """Workers that are there; those that come later are looked at when they do.

    Raises ``ComputeError`` when there is none, or one that cannot run stages.
    """

    def __init__(self, client: Any, repo: Any) -> None:
        self.client, self.root, self.no_remote = client, Path(repo.root_dir), no_remote(repo)
        self.token, self.secret = f"{FOLDER}/token-{secrets.token_hex(8)}", secrets.token_hex(16)
        (self.root / self.token).write_text(self.secret, encoding="utf-8")
        self.seen: set[str] = set()
        self.places: dict[str, Place] = {}
        problems = self.refresh()
        if problems or not self.places:
            self.close()
            raise ComputeError(
                "\n".join(problems) or "the cluster has no workers: docs/cluster.md says how to start some"
            )

    def there(self) -> dict[str, Place]:
        """Places by address; none without a scheduler."""
        return self.places if self.client.status == "running" else {}

    def renew(self) -> None:
        """See who is there now; a worker that cannot be used is left out and told of."""
        try:
            problems = self.refresh()
        except OSError:
            # The scheduler has gone while it was asked.
            return
        for problem in problems:
            print(f"not used: {problem}", file=sys.stderr)

    def refresh(self) -> list[str]:
        """See who is there now; returns what is wrong with those that cannot be used."""
        there = set(self.client.scheduler_info()["workers"]) if self.client.status == "running" else set()
        found = {address: place for address, place in self.places.items() if address in there}
        new = sorted(there - self.seen)
        problems = self.look(new, found) if new else []
        self.seen |= set(new)
        self.places = found
        return problems

    def look(self, new: list[str], found: dict[str, Place]) -> list[str]:
        """Add workers that can be used to ``found``; returns what is wrong with the others."""
        versions = self.client.get_versions()
        others = {address: differing(versions["client"], versions["workers"].get(address) or {}) for address in new}
        problems = [f"worker {address} has other versions: {other}" for address, other in others.items() if other]
        fit = [address for address, other in others.items() if not other]
        answers = (
            self.client.run(cluster_worker.look, self.token, self.secret, workers=fit, on_error="return") if fit else {}
        )
        for address, seen in answers.items():
            # A worker that has gone meanwhile is none.
            if isinstance(seen, dict):
                place = Place(address, seen["host"], seen["folder"], seen["shares"])
                why = "" if place.shares else self.unfit(seen)
                problems += [f"worker {address}, folder {place.folder} on {place.host}: {why}"] if why else []
                found |= {} if why else {address: place}
        return problems

    def unfit(self, seen: dict[str, Any]) -> str:
        """Why stages cannot run in a folder that is not shared; nothing when they can."""
        known = ["git", "-C", str(self.root), "cat-file", "-e"]
        asked = (subprocess.run([*known, commit], stderr=subprocess.DEVNULL) for commit in seen["commits"] if commit)
        if all(done.returncode for done in asked):
            return "neither the folder of the project nor a clone of it; start workers in a clone"
        if not seen["remote"]:
            return "the clone names no DVC remote; `dvc remote add -d NAME URL` there, or in the project and commit it"
        return self.no_remote and f"outputs go by a DVC remote, or by a folder that all share; {self.no_remote}"

    def close(self) -> None:
        """Nobody has to be found any more."""
        (self.root / self.token).unlink(missing_ok=True)


def no_remote(repo: Any) -> str:
    """Why a project has no DVC remote; nothing when it has one."""
    try:
        repo.cloud.get_remote()
    except DvcException as error:
        return str(error)
    return ""


LOOK_S = 1.0
# A stage that has lost so many workers may be the reason: it runs here, where one sees what happens.
MOST_LOST = 3


class Remote:
    """Starts stages on workers and puts the exit code of each into ``events``; raises ``ComputeError``."""

    def __init__(self, address: str, records: StageRecords, events: Events) -> None:
        self.records, self.events = records, events
        self.lock, self.lost = threading.Lock(), Counter[str]()
        self.running: dict[str, tuple[Place, Any, Path]] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.made: dict[str, tuple[str, str]] = {}
        self.known: dict[str, dict[str, str]] = {}
        self.transfer = Transfer(records)
        self.client, self.closing = connect(address), False
        try:
            self.pool = WorkerPool(self.client, records.repo)
        except ComputeError:
            self.client.close()
            raise
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def workers(self) -> int:
        """How many workers there are."""
        return len(self.pool.there())

    def takes(self, name: str) -> bool:
        """Whether a stage can start on a worker now; otherwise it runs on this machine."""
        return bool(self._free()) and not self.transfer.stays(name) and self.lost[name] < MOST_LOST

    def start(self, name: str, stage: Any, log: Path) -> None:
        """Start a stage; what it prints goes to ``log`` when it has ended. Raises ``DvcException`` or ``OSError``."""
        from dvc.stage.run import _enforce_cmd_list, _make_cmd, get_executable

        place = choose(self._free(), self.made, self.transfer.weights(stage))
        order: dict[str, Any] = {"key": f"{name}-{uuid.uuid4().hex}", "stage": name, "shares": place.shares}
        order["commands"] = [_make_cmd(get_executable(), command) for command in _enforce_cmd_list(stage.cmd)]
        order["folder"] = self.transfer.short(stage.wdir)
        if not place.shares:
            with self.records.locked():
                order |= self.transfer.pack(stage, self.known.get(place.address, {}))
        run, sent = cluster_worker.run, {path: digest(data) for path, data in order.get("files", {}).items()}
        # A function of its own, since one with a name would be looked for in a module there.
        future = self.client.submit(
            lambda: run(order), key=order["key"], workers=[place.address], pure=False, retries=0, priority=10
        )
        self.running[name] = place, future, log
        future.add_done_callback(lambda done: self._done(name, done, sent))

    def where(self, name: str) -> str:
        """Where a stage runs, in words."""
        started = self.running.get(name)
        return f" on {started[0].address}" if started else ""

    def fetch(self, name: str) -> None:
        """Bring here what a stage has made; raises ``DvcException`` when that is not there."""
        result = self.results.pop(name)
        if "lock" in result:
            self.transfer.take_in(self.records.stages[name], result)

    def stop(self, name: str) -> None:
        """Ask a stage to stop."""
        if started := self.running.get(name):
            place, future, _ = started
            asked = {"workers": [place.address], "on_error": "ignore"}
            # Not waited for: the worker may be gone.
            threading.Thread(
                target=self.client.run, args=(cluster_worker.stop, future.key), kwargs=asked, daemon=True
            ).start()

    def kill(self, name: str) -> None:
        """End a stage at once; its worker does when it sees that nobody waits for it."""
        if started := self.running.get(name):
            self._end(name, started[1], LOST)

    def close(self) -> None:
        """Leave the cluster; what still runs there ends."""
        self.closing = True
        self.watcher.join(PATIENCE_S)
        self.pool.close()
        self.client.close(timeout=PATIENCE_S)

    def _free(self) -> list[Place]:
        busy = {place.address for place, _, _ in [*self.running.values()]}
        return [place for address, place in self.pool.there().items() if address not in busy]

    def _watch(self) -> None:
        while not self.closing:
            self.pool.renew()
            for name, (place, future, _) in [*self.running.items()]:
                if place.address not in self.pool.there():
                    self._end(name, future, LOST)
            time.sleep(LOOK_S)

    def _done(self, name: str, future: Any, sent: dict[str, str]) -> None:
        """A task has ended, or is not waited for any more; another thread calls this."""
        from distributed import KilledWorker

        result: dict[str, Any] = {"code": LOST}
        if future.status == "finished":
            # Raises when the worker goes before it has told; then the watcher has seen it.
            result = future.result()
        elif future.status == "error" and not isinstance(future.exception(), KilledWorker):
            result = {"code": 1, "log": f"{future.exception()!r}".encode()}
        with self.lock:
            if name not in self.running or self.running[name][1] is not future:
                return
            place, _, log = self.running[name]
            log.write_bytes(result.get("log", b""))
            if not result["code"]:
                self.made[name], self.results[name] = place.where, result
                self.known.setdefault(place.address, {}).update(sent)
        self._end(name, future, result["code"])

    def _end(self, name: str, future: Any, code: int) -> None:
        """Tell once that a stage has ended, whoever sees it first."""
        with self.lock:
            if name not in self.running or self.running[name][1] is not future:
                return
            del self.running[name]
            self.lost[name] += code == LOST
        if code == LOST and self.client.status == "running":
            future.cancel(force=True)
        self.events.put((name, code))
