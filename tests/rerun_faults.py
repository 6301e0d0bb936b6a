"""Kills at random moments: ``python tests/rerun_faults.py ROUNDS [SEED]`` runs as many rounds as one likes.

Each round starts ``cacao repro`` in a small project, new or with a changed parameter, warm or cold, kills one of its
processes at a random moment, looks at what stands there, and runs it once more undisturbed.
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

# By the number of processes above it: the command, its server or a supervisor, what runs a notebook, a kernel.
DEPTHS = ("runner", "server or supervisor", "worker", "kernel")
SLOW = "import time; time.sleep(0.1)"
PROJECT = {name: replace(one, cells=[SLOW]) for name, one in toy.PIPELINE.items()}
GRACE_S = 5.0


@dataclass(frozen=True)
class Start:
    """A project to begin a round with, and what an undisturbed run makes of it in how many seconds."""

    folder: Path
    expected: dict[str, str]
    seconds: float


def starts(folder: Path) -> list[Start]:
    """A new project, and one that is up to date but for a parameter; each warm and cold."""
    found = []
    for warm in ("true", "false"):
        new = toy.make(folder / f"new_{warm}", PROJECT)
        toy.set_param(new, "warm_kernels", warm)
        found.append(undisturbed(new))
        # What the run made of the new project is up to date but for what is changed here.
        changed = copy(done(new), folder / f"changed_{warm}")
        toy.set_param(changed, "adoption", 0.9)
        found.append(undisturbed(changed))
    return found


def done(start: Path) -> Path:
    """Where a project stands that was run undisturbed."""
    return start.with_name(f"{start.name}_done")


def undisturbed(start: Path) -> Start:
    """Run a copy of a project to its end."""
    folder = copy(start, done(start))
    began = time.monotonic()
    toy.repro(folder, "-j", "2")
    return Start(start, outputs(folder), time.monotonic() - began)


def copy(source: Path, target: Path) -> Path:
    """A copy that DVC takes for the same project."""
    shutil.copytree(source, target, symlinks=True)
    return target


def outputs(folder: Path) -> dict[str, str]:
    """Hashes of the lock and of outputs; the page of a failed stage is none."""
    return {path: md5 for path, md5 in toy.state(folder).items() if not path.startswith("results/failures/")}


def victim(process: "subprocess.Popen[str]", rng: random.Random) -> tuple[str, psutil.Process] | None:
    """One of the processes of a run, each kind being as likely as another; none when it has ended."""
    try:
        level, levels = [psutil.Process(process.pid)], []
        while level and len(levels) < len(DEPTHS):
            levels.append(level)
            level = [child for parent in level for child in parent.children()]
        place = rng.randrange(len(levels))
        return DEPTHS[place], rng.choice(levels[place])
    except psutil.NoSuchProcess:
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
    process = toy.start(folder, "-j", "2")
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
    toy.repro(folder, "-j", "2")
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
