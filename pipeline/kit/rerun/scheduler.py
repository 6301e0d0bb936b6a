"""Which stage comes next: any whose needs are met, the one with the longest way to the end first."""

import json
import os
import shutil
import sys
import time
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, Union

from pipeline.kit.rerun.lockfile import replace
from pipeline.kit.rerun.processes import Cold, Events
from pipeline.kit.rerun.recording import MUST_RUN, DvcException, StageRecords
from pipeline.kit.rerun.warm_kernels import LOST, Warm

UNKNOWN_S = 1.0


def remaining(needs: dict[str, list[str]], seconds: dict[str, float]) -> dict[str, float]:
    """Seconds from the start of each stage to the end of the last stage that waits for it."""
    found: dict[str, float] = {}
    # Stages stand after what they need.
    for name in reversed(needs):
        after = [found[other] for other, needed in needs.items() if name in needed and other in found]
        found[name] = seconds.get(name, UNKNOWN_S) + max(after, default=0.0)
    return found


def alone(stage: Any) -> bool:
    """Whether a stage asks, by ``meta: {alone: true}`` in ``dvc.yaml``, that nothing runs beside it."""
    return bool(isinstance(stage.meta, dict) and stage.meta.get("alone"))


def explained(error: Exception) -> str:
    """What is said of an error: its words, with its kind where these are not made for people."""
    return str(error) if isinstance(error, DvcException | OSError) else f"{type(error).__name__}: {error}"


if TYPE_CHECKING:
    from pipeline.kit.rerun.cluster import Remote

Way = Union[Cold, Warm, "Remote"]


class Ways:
    """Those that one run has."""

    def __init__(self, events: Events, warm: Warm | None = None, remote: "Remote | None" = None) -> None:
        self.cold, self.warm, self.remote = Cold(events), warm, remote

    def room(self, jobs: int | None) -> int:
        """How many stages may run at a time; if not asked for, as many as there are workers, or else cores."""
        most = (self.remote.workers() if self.remote else 0) or os.cpu_count() or 1
        # Never more than there are workers: each has one stage at a time.
        return min(jobs or most, most) if self.remote else jobs or most

    def start(self, name: str, stage: Any, log: Path, warm: bool) -> Way:
        """Start a stage; raises ``DvcException`` or ``OSError`` when what it reads cannot be brought to a worker."""
        way: Way = self.cold
        if self.remote and self.remote.takes(name):
            way = self.remote
        elif warm and self.warm and self.warm.takes(stage):
            way = self.warm
        way.start(name, stage, log)
        return way


class Progress:
    """Remembers in ``memory`` how long stages take, to say what is to be expected."""

    def __init__(self, memory: Path) -> None:
        self.memory, self.started = memory, dict[str, float]()
        self.terminal, self.shown = sys.stdout.isatty(), False
        try:
            known = json.loads(memory.read_text(encoding="utf-8"))
            self.seconds = {str(name): float(value) for name, value in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self.seconds = {}

    def expected(self, name: str) -> float | None:
        """Seconds that a stage took when it last ran."""
        return self.seconds.get(name)

    def start(self, name: str, where: str = "") -> None:
        """A stage has been started; ``where`` follows in the line when it is not on this machine."""
        self.started[name] = time.monotonic()
        self.line(f"{name}: started{where}{self._hint(name)}")

    def end(self, name: str, what: str, remember: bool) -> None:
        """A stage that was started has ended."""
        taken = time.monotonic() - self.started.pop(name)
        self.line(f"{name}: {what}, {taken:.1f} s{self._hint(name)}")
        if remember:
            self.seconds[name] = round(taken, 2)

    def line(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        print(text, flush=True)
        self.tick()

    def tick(self) -> None:
        """On a terminal, the last line says what runs and for how long."""
        if self.terminal and self.started:
            now = time.monotonic()
            parts = [f"{name} {now - begun:.0f} s{self._hint(name)}" for name, begun in self.started.items()]
            width = shutil.get_terminal_size().columns - 1
            self._clear()
            print(" | ".join(parts)[:width], end="", flush=True)
            self.shown = True

    def close(self) -> None:
        """Write what is remembered."""
        self._clear()
        replace(self.memory, json.dumps(self.seconds))

    def _clear(self) -> None:
        if self.shown:
            print("\r\033[K", end="", flush=True)
            self.shown = False

    def _hint(self, name: str) -> str:
        expected = self.expected(name)
        return "" if expected is None else f" (expected {expected:.1f} s)"


# A second is enough for a line that counts seconds.
TICK_S = 1.0
# What a stage gets to tidy up when it is told to stop.
PATIENCE_S = 10


class Scheduler:
    """Runs the stages of a run, ``jobs`` at a time, or as many as there is room for."""

    def __init__(
        self, records: StageRecords, progress: Progress, jobs: int | None, events: Events, logs: Path, ways: Ways
    ) -> None:
        self.records, self.progress, self.jobs, self.events, self.logs = records, progress, jobs, events, logs
        self.ways = ways
        self.waiting = list(records.stages)
        self.done: set[str] = set()
        self.running: dict[str, Way] = {}
        # Stages that have lost their worker and wait for another.
        self.again: list[str] = []
        self.failed: dict[str, str] = {}
        self.ran: list[str] = []
        self.way = remaining(records.needs, progress.seconds)
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
        met = [name for name in self.waiting if self.done.issuperset(self.records.needs[name])]
        return sorted(met, key=lambda name: -self.way[name])

    def start_ready(self) -> None:
        """Start what can be started, and see what need not run."""
        while self.again and self.has_room():
            self.launch(self.again.pop(0))
        while self.has_room() and (ready := self.ready()):
            name = ready[0]
            # What runs alone waits for the others, and nothing is started before it.
            if self.running and any(alone(self.records.stages[other]) for other in (name, *self.running)):
                return
            self.waiting.remove(name)
            try:
                verdict = self.records.begin(name)
            # Whatever is wrong with one stage, the others go on.
            except Exception as error:
                self.failed[name] = f"{name}: {explained(error)}"
                continue
            if verdict == MUST_RUN:
                self.launch(name)
            else:
                self.done.add(name)
                self.progress.line(f"{name}: {verdict}")

    def has_room(self) -> bool:
        """Whether one more stage may run."""
        return not self.stopping and len(self.running) < self.ways.room(self.jobs)

    def launch(self, name: str, warm: bool = True) -> None:
        """Start the command of a stage."""
        remote = self.ways.remote
        if remote and (why := remote.transfer.stays(name)):
            self.progress.line(f"{name}: runs on this machine, since {why}")
        try:
            self.running[name] = self.ways.start(name, self.records.stages[name], self.log(name), warm)
        except (DvcException, OSError) as error:
            self.records.let_go(name)
            self.failed[name] = f"{name}: {error}"
            return
        self.progress.start(name, remote.where(name) if remote else "")

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
        way, remote = self.running.pop(name), self.ways.remote
        if code == LOST and not self.stopping:
            # That its server or worker has died is not the fault of the stage.
            what = "worker" if way is remote else "server"
            self.progress.end(name, f"lost its {what}, starts again", remember=False)
            self.again.append(name) if way is remote else self.launch(name, warm=False)
            return
        problem = f"exit code {code}" if code else ""
        if code and self.stopping:
            self.progress.end(name, "stopped", remember=False)
            return
        try:
            fetch = remote.fetch if remote and way is remote else None
            self.records.let_go(name) if code else self.records.finish(name, fetch)
        except Exception as error:
            problem = explained(error)
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
        for name in [*self.records.held]:
            self.records.let_go(name)

    def _drain(self, patience: float) -> None:
        while self.running:
            try:
                name, code = self.events.get(timeout=patience)
            except Empty:
                return
            if name in self.running:
                self.ended(name, code)
