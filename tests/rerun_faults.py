"""Kills at random moments: ``python tests/rerun_faults.py ROUNDS [SEED]`` runs as many rounds as one likes.

Each round starts ``cacao repro``, warm or cold, or ``dvc repro`` in a small project, new or with a changed parameter,
kills one of its processes at a random moment, looks at what stands there, and runs it once more undisturbed.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import rerun_project as toy

from pipeline.kit.stages.run import SHELLS

# What a process is, by words of its command, the first that it has; copies of the server bear its command.
ROLES = {
    "in_kernel": "kernel",
    "pipeline.kit.rerun.processes": "supervisor",
    "pipeline.kit.stages.run": "runner",
    "fork_server": "server",
    "pipeline.cli": "cacao",
    "dvc": "dvc",
}
COPIES = ("server", "runner", "kernel")
SLOW = "import time; time.sleep(0.1)"
PROJECT = {name: replace(one, cells=[SLOW]) for name, one in toy.PIPELINE.items()}
WAYS = {"warm": ("pipeline.cli", "true"), "cold": ("pipeline.cli", "false"), "dvc": ("dvc", "false")}
# DVC writes both in place: a kill at that moment leaves a part, which DVC itself does not get over.
CORRUPTED, HALF_LOCK = "Unable to read RWLock-file", "required key not provided, in schema"
GRACE_S = 5.0


@dataclass(frozen=True)
class Start:
    """A project to begin a round with, and what an undisturbed run makes of it in how many seconds."""

    folder: Path
    expected: dict[str, str]
    seconds: float
    program: str

    @property
    def options(self) -> list[str]:
        """What is typed after the command."""
        return ["-j", "2"] if self.program == "pipeline.cli" else []

    def begin(self, folder: Path) -> "subprocess.Popen[str]":
        """Start a run in a project."""
        return toy.start(folder, *self.options, program=self.program)

    def finish(self, folder: Path) -> None:
        """Run a project to its end, with what docs/running.md advises where DVC left a part of a file of its own.

        ``cacao repro`` goes on from a part of the list of locked files; a part of ``dvc.lock`` is put back by hand.
        """
        process = self.begin(folder)
        out, errors = process.communicate(timeout=120)
        if self.program == "dvc" and CORRUPTED in errors:
            print(f"{CORRUPTED}: `cacao repro` went on, `dvc repro` did not", flush=True)
            toy.repro(folder)
        elif self.program == "dvc" and "'./dvc.lock'" in errors and HALF_LOCK in errors:
            print("dvc.lock was half written by `dvc repro`: put back by hand", flush=True)
            self.put_lock_back(folder)
            self.finish(folder)
        else:
            assert process.returncode == 0, out + errors

    def put_lock_back(self, folder: Path) -> None:
        """``dvc.lock`` as it was before the run, as ``git checkout`` brings it back."""
        before = self.folder / "dvc.lock"
        (folder / "dvc.lock").unlink()
        if before.exists():
            shutil.copy(before, folder)


def starts(folder: Path) -> list[Start]:
    """A new project, and one that is up to date but for a parameter; each warm, cold and with plain DVC."""
    found = []
    for way, (program, warm) in WAYS.items():
        new = toy.make(folder / f"new, {way}", PROJECT)
        toy.set_param(new, "warm_kernels", warm)
        found.append(undisturbed(new, program))
        # What the run made of the new project is up to date but for what is changed here.
        changed = copy(done(new), folder / f"changed, {way}")
        toy.set_param(changed, "adoption", 0.9)
        found.append(undisturbed(changed, program))
    return found


def done(start: Path) -> Path:
    """Where a project stands that was run undisturbed."""
    return start.with_name(f"{start.name}_done")


def undisturbed(start: Path, program: str) -> Start:
    """Run a copy of a project to its end."""
    folder = copy(start, done(start))
    began = time.monotonic()
    Start(start, {}, 0.0, program).finish(folder)
    return Start(start, outputs(folder), time.monotonic() - began, program)


def copy(source: Path, target: Path) -> Path:
    """A copy that DVC takes for the same project."""
    shutil.copytree(source, target, symlinks=True)
    return target


def outputs(folder: Path) -> dict[str, str]:
    """Hashes of the lock and of outputs; the page of a failed stage is none."""
    return {path: md5 for path, md5 in toy.state(folder).items() if not path.startswith("results/failures/")}


def role(process: psutil.Process) -> str:
    """What a process of a run is."""
    if process.name() in SHELLS:
        return "shell"
    command = " ".join(process.cmdline())
    found = next((name for words, name in ROLES.items() if words in command), "other")
    if found != "server":
        return found
    copies = [parent for parent in process.parents() if "fork_server" in " ".join(parent.cmdline())]
    return COPIES[min(len(copies), len(COPIES) - 1)]


def victim(process: "subprocess.Popen[str]", rng: random.Random) -> tuple[str, psutil.Process] | None:
    """One of the processes of a run, each kind being as likely as another; none when it has ended."""
    try:
        first = psutil.Process(process.pid)
        kinds: dict[str, list[psutil.Process]] = {}
        for one in (first, *first.children(recursive=True)):
            kinds.setdefault(role(one), []).append(one)
        name = rng.choice(sorted(kinds))
        return name, rng.choice(kinds[name])
    except psutil.Error:
        return None


def by_stage(found: dict[str, str]) -> dict[str, dict[str, str]]:
    """Hashes of the files of each stage: its output is a folder, which is whole or not there."""
    stages: dict[str, dict[str, str]] = {}
    for path, md5 in found.items():
        if path != "dvc.lock":
            stages.setdefault(path.split("/")[1], {})[path] = md5
    return stages


def disturb(start: Start, folder: Path, seed: int) -> "tuple[str, subprocess.Popen[str]]":
    """Start a run in a copy at ``folder`` and kill one of its processes; tells what that was."""
    rng = random.Random(seed)
    copy(start.folder, folder)
    process = start.begin(folder)
    time.sleep(rng.uniform(0.0, start.seconds))
    found = victim(process, rng) if process.poll() is None else None
    if found:
        try:
            found[1].kill()
        except psutil.NoSuchProcess:
            found = None
    return found[0] if found else "nothing: it had ended", process


def check(start: Start, folder: Path, process: "subprocess.Popen[str]") -> None:
    """Look at what a disturbed run leaves, and run once more.

    Raises ``AssertionError`` when something is left behind, half written, or other than after an undisturbed run.
    """
    process.communicate(timeout=120)
    limit = time.monotonic() + GRACE_S
    while (left := toy.left_over(folder)) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not left, f"left behind: {left}"
    before, after = by_stage(outputs(start.folder)), by_stage(start.expected)
    half = {
        name: sorted(files)
        for name, files in by_stage(outputs(folder)).items()
        if files not in (before.get(name), after.get(name))
    }
    assert not half, f"neither as before nor as after: {half}"
    start.finish(folder)
    assert outputs(folder) == start.expected, "other than after an undisturbed run"
    assert not list(folder.glob(".staging*"))


def main(rounds: int, seed: int) -> int:
    """Run the rounds and tell what was killed and what failed; returns the exit code."""
    killed, failed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    with tempfile.TemporaryDirectory(prefix="cacao-faults-") as place:
        chosen = starts(Path(place).resolve())
        for number in range(rounds):
            start, folder = chosen[number % len(chosen)], Path(place).resolve() / "round"
            name, process = disturb(start, folder, seed + number)
            kind = start.folder.name, name
            killed[kind] += 1
            try:
                check(start, folder, process)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed[kind] += 1
                print(f"round {number}, seed {seed + number}, {kind}: {error}", flush=True)
                for left in toy.left_over(folder):
                    left.kill()
            shutil.rmtree(folder)
            if number % 20 == 19:
                print(f"{number + 1} rounds, {failed.total()} failed", flush=True)
    for kind in sorted(killed):
        print(f"{kind[0]}, {kind[1]}: {killed[kind]} rounds, {failed[kind]} failed")
    print(f"{rounds} rounds, {failed.total()} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
