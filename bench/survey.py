"""Seconds to take in and to learn from a survey of a hundred thousand plots, beside reading the same files alone.

``python -m bench.survey FOLDER`` writes the files, by the makers of the tests: nobody was asked.
"""

import sys
from pathlib import Path

import numpy as np

from bench.answers import timed
from bench.measure import Measured, measure
from bench.page import Part, Row, ratio, times, with_memory
from bench.tree import copy_tree, reproduced
from pipeline.kit import paths

sys.path.insert(0, str(paths.ROOT / "tests"))

import survey_exports as exports

PLOTS = 100_000
READ = {
    "zip": """
import sys, zipfile
import pandas as pd
with zipfile.ZipFile(sys.argv[1]) as archive:
    for name in archive.namelist():
        pd.read_csv(archive.open(name), dtype=str, keep_default_na=False)
""",
    "xlsx": """
import sys
import pandas as pd
pd.read_excel(sys.argv[1], sheet_name=None, dtype=str, engine="calamine")
""",
}
# A simulated visit may well be set aside; anything else is a failure.
IMPORT = """
import sys
from pipeline.survey.command import SET_ASIDE, main
code = main(["import", sys.argv[1]])
sys.exit(0 if code == SET_ASIDE else code)
"""


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
    """Write the files."""
    visits = submissions(number)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "survey.zip").write_bytes(exports.kobo_zip(visits))
    (folder / "survey.xlsx").write_bytes(exports.kobo_xlsx(visits))


def measure_survey(top: Path) -> list[Row]:
    """One row per way; imports relative to reading alone. The plots stay in the copy that parts share."""
    tree, made = reproduced(top), top / "survey"
    found: dict[str, Measured] = {}
    measure([sys.executable, "-m", "bench.survey", str(made)], tree)
    for kind, copy in (("xlsx", copy_tree(top / "workbook")), ("zip", tree)):
        code = {f"read_{kind}": READ[kind], f"import_{kind}": IMPORT}
        file = str(made / f"survey.{kind}")
        found |= timed({way: [sys.executable, "-c", text, file] for way, text in code.items()}, copy)
    found |= timed({"learn": [sys.executable, "-m", "pipeline.kit.stages.run", "13_survey"]}, tree)
    rows = [
        row | {"ratio_to_reading": ratio(found[way], found.get(f"read_{way.rpartition('_')[2]}"))}
        for row, way in zip(times(found), found, strict=True)
    ]
    return with_memory(rows, found)


PART = Part(
    """\
## A survey of 100,000 plots

Simulated visits in the files that KoboToolbox makes of them, each imported into an empty copy: answers checked,
converted, made pseudonymous and coarse, with what came in kept as it came. The floor is pandas reading the same file.

- `read_zip`, `read_xlsx`: all cells of all sheets as text, with pandas and its fastest engine.
- `import_zip`, `import_xlsx`: `cacao survey import`.
- `learn`: the stage `13_survey` with these plots.
""",
    measure_survey,
    (("import_zip", "seconds", 30.0), ("import_xlsx", "seconds", 30.0), ("learn", "seconds", 300.0)),
)

if __name__ == "__main__":
    write(Path(sys.argv[1]), PLOTS)
