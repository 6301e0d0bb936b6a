"""Stages on the workers of a Dask cluster: one at a time on each, placed where their inputs were made.

What has to run, locks, cache and ``dvc.lock`` stay here; only commands go out.
"""

import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.compute import PATIENCE_S, ComputeError
from pipeline.rerun import worker
from pipeline.rerun.cold import Events
from pipeline.rerun.crew import Crew, connect
from pipeline.rerun.ledger import Ledger
from pipeline.rerun.parcel import Post, digest
from pipeline.rerun.places import Place, choose
from pipeline.rerun.warm import LOST

LOOK_S = 1.0
# A stage that has lost so many workers may be the reason: it runs here, where one sees what happens.
MOST_LOST = 3


class Remote:
    """Starts stages on workers and puts the exit code of each into ``events``; raises ``ComputeError``."""

    def __init__(self, address: str, ledger: Ledger, events: Events) -> None:
        self.ledger, self.events = ledger, events
        self.lock, self.lost = threading.Lock(), Counter[str]()
        self.running: dict[str, tuple[Place, Any, Path]] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.made: dict[str, tuple[str, str]] = {}
        self.known: dict[str, dict[str, str]] = {}
        self.post = Post(ledger)
        self.client, self.closing = connect(address), False
        try:
            self.crew = Crew(self.client, ledger.repo)
        except ComputeError:
            self.client.close()
            raise
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def workers(self) -> int:
        """How many workers there are."""
        return len(self.crew.there())

    def takes(self, name: str) -> bool:
        """Whether a stage can start on a worker now; otherwise it runs on this machine."""
        return bool(self._free()) and not self.post.stays(name) and self.lost[name] < MOST_LOST

    def start(self, name: str, stage: Any, log: Path) -> None:
        """Start a stage; what it prints goes to ``log`` when it has ended. Raises ``DvcException`` or ``OSError``."""
        from dvc.stage.run import _enforce_cmd_list, _make_cmd, get_executable

        place = choose(self._free(), self.made, self.post.weights(stage))
        order: dict[str, Any] = {"key": f"{name}-{uuid.uuid4().hex}", "stage": name, "shares": place.shares}
        order["commands"] = [_make_cmd(get_executable(), command) for command in _enforce_cmd_list(stage.cmd)]
        order["folder"] = self.post.short(stage.wdir)
        if not place.shares:
            with self.ledger.locked():
                order |= self.post.pack(stage, self.known.get(place.address, {}))
        run, sent = worker.run, {path: digest(data) for path, data in order.get("files", {}).items()}
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
            self.post.take_in(self.ledger.stages[name], result)

    def stop(self, name: str) -> None:
        """Ask a stage to stop."""
        if started := self.running.get(name):
            place, future, _ = started
            asked = {"workers": [place.address], "on_error": "ignore"}
            # Not waited for: the worker may be gone.
            threading.Thread(target=self.client.run, args=(worker.stop, future.key), kwargs=asked, daemon=True).start()

    def kill(self, name: str) -> None:
        """End a stage at once; its worker does when it sees that nobody waits for it."""
        if started := self.running.get(name):
            self._end(name, started[1], LOST)

    def close(self) -> None:
        """Leave the cluster; what still runs there ends."""
        self.closing = True
        self.watcher.join(PATIENCE_S)
        self.crew.close()
        self.client.close(timeout=PATIENCE_S)

    def _free(self) -> list[Place]:
        busy = {place.address for place, _, _ in [*self.running.values()]}
        return [place for address, place in self.crew.there().items() if address not in busy]

    def _watch(self) -> None:
        while not self.closing:
            self.crew.renew()
            for name, (place, future, _) in [*self.running.items()]:
                if place.address not in self.crew.there():
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
