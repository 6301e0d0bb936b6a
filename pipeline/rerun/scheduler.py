"""Which stage comes next: any whose needs are met, the one with the longest way to the end first."""

import os
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from pipeline.rerun.cold import Cold, Events
from pipeline.rerun.ledger import MUST_RUN, DvcException, Ledger
from pipeline.rerun.progress import Progress
from pipeline.rerun.warm import LOST, Warm

if TYPE_CHECKING:
    from pipeline.rerun.remote import Remote

# A second is enough for a line that counts seconds.
TICK_S = 1.0
# What a stage gets to tidy up when it is told to stop.
PATIENCE_S = 10
UNKNOWN_S = 1.0


def remaining(needs: dict[str, list[str]], seconds: dict[str, float]) -> dict[str, float]:
    """Seconds from the start of each stage to the end of the last stage that waits for it."""
    found: dict[str, float] = {}
    # Stages stand after what they need.
    for name in reversed(needs):
        after = [found[other] for other, needed in needs.items() if name in needed and other in found]
        found[name] = seconds.get(name, UNKNOWN_S) + max(after, default=0.0)
    return found


class Scheduler:
    """Runs the stages of a ledger, ``jobs`` at a time; if not given, as many as there are cores, or workers."""

    def __init__(
        self,
        ledger: Ledger,
        progress: Progress,
        jobs: int | None,
        events: Events,
        logs: Path,
        warm: Warm | None = None,
        remote: "Remote | None" = None,
    ) -> None:
        self.ledger, self.progress, self.jobs, self.events, self.logs = ledger, progress, jobs, events, logs
        self.cold, self.warm, self.remote = Cold(events), warm, remote
        self.waiting = list(ledger.stages)
        self.done: set[str] = set()
        self.running: dict[str, Cold | Warm | Remote] = {}
        # Stages that have lost their worker and wait for another.
        self.again: list[str] = []
        self.failed: dict[str, str] = {}
        self.ran: list[str] = []
        self.way = remaining(ledger.needs, progress.seconds)
        # Set from outside to end the run.
        self.stopping = False

    def run(self) -> None:
        """Run until nothing is left that can run, or until it is asked to stop; then nothing runs any more."""
        try:
            while not self.stopping:
                self.start_ready()
                if not self.running:
                    break
                self.wait()
        finally:
            self.stop_all()

    def ready(self) -> list[str]:
        """Stages whose needs are met, most pressing first."""
        met = [name for name in self.waiting if self.done.issuperset(self.ledger.needs[name])]
        return sorted(met, key=lambda name: -self.way[name])

    def start_ready(self) -> None:
        """Start what can be started, and see what need not run."""
        while self.again and self.has_room():
            self.launch(self.again.pop(0))
        while self.has_room() and (ready := self.ready()):
            name = ready[0]
            # What runs alone waits for the others, and nothing is started before it.
            if self.running and (alone(self.ledger.stages[name]) or any(map(self._is_alone, self.running))):
                return
            self.waiting.remove(name)
            try:
                verdict = self.ledger.begin(name)
            except (DvcException, OSError) as error:
                self.failed[name] = f"{name}: {error}"
                continue
            if verdict == MUST_RUN:
                self.launch(name)
            else:
                self.done.add(name)
                self.progress.line(f"{name}: {verdict}")

    def has_room(self) -> bool:
        """Whether one more stage may run."""
        here = os.cpu_count() or 1
        room = self.remote.room(self.jobs, here) if self.remote else self.jobs or here
        return not self.stopping and len(self.running) < room

    def _is_alone(self, name: str) -> bool:
        return alone(self.ledger.stages[name])

    def launch(self, name: str, warm: bool = True) -> None:
        """Start the command of a stage."""
        stage = self.ledger.stages[name]
        try:
            way = self.way_of(name, stage, warm)
            way.start(name, stage, self.log(name))
        except (DvcException, OSError) as error:
            # What it reads could not be brought to a worker.
            self.ledger.let_go(name)
            self.failed[name] = f"{name}: {error}"
            return
        self.running[name] = way
        self.progress.start(name, self.remote.where(name) if self.remote else "")

    def way_of(self, name: str, stage: Any, warm: bool) -> "Cold | Warm | Remote":
        """How a stage is started."""
        if self.remote:
            if why := self.remote.post.stays(name):
                self.progress.line(f"{name}: runs on this machine, since {why}")
            return self.remote if self.remote.takes(name) else self.cold
        return self.warm if warm and self.warm and self.warm.takes(stage) else self.cold

    def log(self, name: str) -> Path:
        """Where a stage prints to."""
        return self.logs / f"{name.replace('/', '-').replace(':', '-')}.log"

    def wait(self) -> None:
        """Take in the next event."""
        try:
            name, code = self.events.get(timeout=TICK_S)
        except Empty:
            self.progress.tick()
            return
        if name in self.running:
            self.ended(name, code)

    def ended(self, name: str, code: int) -> None:
        """The command of a stage has ended."""
        way = self.running.pop(name)
        if code == LOST and not self.stopping:
            # That its server or worker has died is not the fault of the stage.
            what = "worker" if way is self.remote else "server"
            self.progress.end(name, f"lost its {what}, starts again", remember=False)
            self.again.append(name) if way is self.remote else self.launch(name, warm=False)
            return
        problem = f"exit code {code}" if code else ""
        if code and self.stopping:
            self.progress.end(name, "stopped", remember=False)
            return
        try:
            fetch = self.remote.fetch if self.remote and way is self.remote else None
            self.ledger.let_go(name) if code else self.ledger.finish(name, fetch)
        except (DvcException, OSError) as error:
            problem = str(error)
        self.progress.end(name, f"failed ({problem})" if problem else "done", remember=not problem)
        self.ran.append(name)
        if problem:
            self.failed[name] = self.report(name, problem)
        else:
            self.done.add(name)

    def report(self, name: str, problem: str) -> str:
        """What is said of a failed stage at the end: the last lines that it printed."""
        text = self.log(name).read_text(encoding="utf-8", errors="replace") if self.log(name).exists() else ""
        return "\n".join([f"{name}: {problem}", *(f"  {line}" for line in text.splitlines()[-30:])])

    def stop_all(self) -> None:
        """Stop what runs and wait until it is gone."""
        for name, way in self.running.items():
            way.stop(name)
        for patience in (PATIENCE_S, PATIENCE_S):
            self._drain(patience)
            for name, way in self.running.items():
                way.kill(name)
        for name in [*self.ledger.held]:
            self.ledger.let_go(name)

    def _drain(self, patience: float) -> None:
        while self.running:
            try:
                name, code = self.events.get(timeout=patience)
            except Empty:
                return
            if name in self.running:
                self.ended(name, code)


def alone(stage: Any) -> bool:
    """Whether a stage asks, by ``meta: {alone: true}`` in ``dvc.yaml``, that nothing runs beside it."""
    return bool(isinstance(stage.meta, dict) and stage.meta.get("alone"))
