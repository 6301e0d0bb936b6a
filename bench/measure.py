"""Run a command and measure it: wall time, and the memory of the largest process it started."""

import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.kit.paths import THREAD_VARIABLES

# The kernel counts in KiB, that of macOS in bytes.
UNITS_PER_MIB = 2**20 if sys.platform == "darwin" else 2**10


class BenchError(RuntimeError):
    """A measured command failed; the message ends with its last lines."""


@dataclass(frozen=True)
class Measured:
    """What one way of running the pipeline took."""

    seconds: float
    peak_mib: float


def environment(folder: Path) -> dict[str, str]:
    """The same surroundings for every way: this Python first, the copy's own code, one thread, its own caches."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(folder),
        "PYTHONHASHSEED": "0",
        # Libraries that are compiled anew in every process would hide all differences.
        "PYTHONDONTWRITEBYTECODE": "",
        "MPLBACKEND": "agg",
        "DVC_NO_ANALYTICS": "1",
        # What DVC remembers of a folder goes away with the folder.
        "DVC_SITE_CACHE_DIR": str(folder.with_suffix(".site")),
        # PyMC keeps what it has compiled: the first run in a copy starts with nothing.
        "PYTENSOR_FLAGS": f"base_compiledir={folder.with_suffix('.compiled')}",
        **dict.fromkeys(THREAD_VARIABLES, "1"),
    }


def measure(command: list[str], folder: Path) -> Measured:
    """Run a command in a copy of the tree; raises ``BenchError`` when it fails."""
    log = folder.with_suffix(".log")
    with log.open("w", encoding="utf-8") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment(folder), stdout=output, stderr=output)
        peak = wait(process)
        seconds = time.perf_counter() - started
    if process.returncode:
        last_lines = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
        raise BenchError(f"{' '.join(command)} failed:\n{last_lines}")
    return Measured(seconds, peak)


def wait(process: "subprocess.Popen[bytes]") -> float:
    """Wait for the end of a process; returns the peak memory in MiB of the largest in its tree, where known."""
    if not hasattr(os, "wait4"):  # Windows
        process.wait()
        return math.nan
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / UNITS_PER_MIB


def middle(runs: list[Measured]) -> Measured:
    """The run with the median time."""
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]
