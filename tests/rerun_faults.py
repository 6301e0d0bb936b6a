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

# By the number of processes above it: the command, its server or a keeper, what runs a notebook, a kernel.
DEPTHS = ("runner", "server or keeper", "worker", "kernel")
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
        changed = copy(new, folder / f"changed_{warm}")
        toy.repro(changed, "-j", "2")
        toy.set_param(changed, "adoption", 0.9)
        for start in (new, changed):
            done = copy(start, folder / f"{start.name}_done")
            began = time.monotonic()
            toy.repro(done, "-j", "2")
            found.append(Start(start, outputs(done), time.monotonic() - began))
    return found


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


def run_round(start: Start, folder: Path, seed: int) -> str:
    """One round in a copy at ``folder``; returns what was killed.

    Raises ``AssertionError`` when something is left behind, half written, or other than after an undisturbed run.
    """
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
    process.communicate(timeout=120)
    limit = time.monotonic() + GRACE_S
    while (left := toy.left_over(folder)) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not left, f"left behind: {left}"
    before = outputs(start.folder)
    half = [
        path
        for path, md5 in outputs(folder).items()
        if path != "dvc.lock" and md5 not in (before.get(path), start.expected.get(path))
    ]
    assert not half, f"neither as before nor as after: {half}"
    toy.repro(folder, "-j", "2")
    assert outputs(folder) == start.expected
    assert not list(folder.glob(".staging*"))
    return found[0] if found else "nothing: it had ended"


def main(rounds: int, seed: int) -> int:
    """Run the rounds and tell what was killed and what failed; returns the exit code."""
    killed, failed = Counter[str](), []
    with tempfile.TemporaryDirectory(prefix="cacao-faults-") as place:
        chosen = starts(Path(place).resolve())
        for number in range(rounds):
            folder = Path(place).resolve() / "round"
            try:
                killed[run_round(chosen[number % len(chosen)], folder, seed + number)] += 1
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed.append(number)
                print(f"round {number}, seed {seed + number}: {error}", flush=True)
            shutil.rmtree(folder)
            if number % 20 == 19:
                print(f"{number + 1} rounds, {len(failed)} failed, {dict(killed)}", flush=True)
    print(f"{rounds} rounds, {len(failed)} failed; killed: {dict(killed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
