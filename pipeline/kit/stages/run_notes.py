"""When, where and by whom a stage was run: noted on this machine, for the records of the run.

``dvc.lock`` has no place for it, and results must not differ by it. So notes stand in ``.dvc/tmp/runs``, outside git
and results, and hold for what was made then: outputs that came from the cache have none.
"""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.kit import hashes, paths


def place(stage: str) -> Path:
    """Where the note of a stage stands."""
    return paths.ROOT / ".dvc" / "tmp" / "runs" / f"{stage}.json"


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write(stage: str, started: str, outs: list[str]) -> None:
    """Note that a stage has just been run, with the MD5 of each of its outputs."""
    made = {out: hashes.md5(paths.ROOT / out) for out in outs}
    note = {"started": started, "ended": now(), "by": _person(), "machine": _machine(), "made": made}
    place(stage).parent.mkdir(parents=True, exist_ok=True)
    place(stage).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def read(stage: str, outs: dict[str, str]) -> dict[str, Any]:
    """The note of the run that made these outputs, by path with their MD5; empty when there is none."""
    try:
        note: dict[str, Any] = json.loads(place(stage).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) and note.get("made") == outs else {}


def _person() -> str:
    """Who works here, as git knows them; empty when it does not."""
    try:
        asked = subprocess.run(["git", "config", "user.name"], cwd=paths.ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return asked.stdout.strip()


def _machine() -> dict[str, str]:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text(encoding="utf-8", errors="replace").splitlines() if cpu.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory_gib": _memory(),
    }


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f}"
    except (AttributeError, ValueError, OSError):
        return "unknown"
