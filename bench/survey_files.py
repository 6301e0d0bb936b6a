"""Exports of a large simulated survey: ``python -m bench.survey_files FOLDER NUMBER``, from the makers of the tests.

Nobody was asked; the files stand in folders that the benchmark throws away.
"""

import sys
from pathlib import Path

import numpy as np

from bench.measure import BenchError
from pipeline.kit import paths

sys.path.insert(0, str(paths.ROOT / "tests"))

import survey_exports as exports


def submissions(number: int) -> list[exports.Submission]:
    """Simulated visits that differ in what a farmer is asked for as a number, in place, officer and practices."""
    rng = np.random.default_rng(1)
    area, dry, wet = rng.uniform(0.3, 4.0, number), rng.uniform(50, 900, number), rng.uniform(100, 2000, number)
    counts = rng.binomial(40, rng.beta(2, 3, number))
    made = []
    for place in range(number):
        crop = [exports.harvest("2025-11", "2026-04", f"{dry[place]:.0f}")]
        crop.append(exports.harvest("2026-05", "2026-10", f"{wet[place]:.0f}", harvest_state="wet"))
        changes = {
            "area_value": f"{area[place]:.2f}",
            "tree_count": f"{area[place] * 900:.0f}",
            "enumerator": f"P{place % 400:03}",
            "pods_borer": str(counts[place]),
            "pruning": str(place % 4),
            "training": ("none", "field_school", "demo_plot")[place % 3],
            "fertilizer_used": "yes",
            "harvest": crop,
            "fertilizer": [exports.fertilizer("urea", f"{50 + place % 300}")],
        }
        made.append(exports.submission(place, **changes))
    return made


def write(folder: Path, number: int) -> None:
    """Write both files; raises ``BenchError`` when a maker has left something out."""
    visits = submissions(number)
    files = {"survey.zip": exports.kobo_zip(visits), "survey.xlsx": exports.kobo_xlsx(visits)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
        if not data:
            raise BenchError(f"{name} is empty")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
