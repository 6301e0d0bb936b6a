"""Which stage comes next: any whose needs are met, the one with the longest way to the end first."""

from pathlib import Path
from queue import Empty

from pipeline.rerun.cold import Events
from pipeline.rerun.ledger import MUST_RUN, DvcException, Ledger
from pipeline.rerun.priority import alone, remaining
from pipeline.rerun.progress import Progress
from pipeline.rerun.warm import LOST
from pipeline.rerun.ways import Way, Ways

# A second is enough for a line that counts seconds.
TICK_S = 1.0
# What a stage gets to tidy up when it is told to stop.
PATIENCE_S = 10


class Scheduler:
    """Runs the stages of a ledger, ``jobs`` at a time, or as many as there is room for."""

    def __init__(
        self, ledger: Ledger, progress: Progress, jobs: int | None, events: Events, logs: Path, ways: Ways
    ) -> None:
        self.ledger, self.progress, self.jobs, self.events, self.logs = ledger, progress, jobs, events, logs
        self.ways = ways
        self.waiting = list(ledger.stages)
        self.done: set[str] = set()
        self.running: dict[str, Way] = {}
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
            if self.running and any(alone(self.ledger.stages[other]) for other in (name, *self.running)):
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
        return not self.stopping and len(self.running) < self.ways.room(self.jobs)

    def launch(self, name: str, warm: bool = True) -> None:
        """Start the command of a stage."""
        remote = self.ways.remote
        if remote and (why := remote.post.stays(name)):
            self.progress.line(f"{name}: runs on this machine, since {why}")
        try:
            self.running[name] = self.ways.start(name, self.ledger.stages[name], self.log(name), warm)
        except (DvcException, OSError) as error:
            self.ledger.let_go(name)
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
