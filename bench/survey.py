"""Seconds to take in and to learn from a survey of a hundred thousand plots, beside reading the same files alone."""

import sys
from pathlib import Path

from bench.measure import Measured, measure
from bench.page import Row, holds, markdown_table
from bench.tree import copy_tree

PLOTS = 100_000
GOAL_IMPORT_S, GOAL_FIT_S = 30.0, 300.0
HEAD = """\
## A survey of 100,000 plots

Simulated visits in the files that KoboToolbox makes of them, each imported into an empty copy: answers checked,
converted, made pseudonymous and coarse, with what came in kept as it came. The floor is pandas reading the same file.

- `read_zip`, `read_xlsx`: all cells of all sheets as text, with pandas and its fastest engine.
- `import_zip`, `import_xlsx`: `cacao survey import`.
- `learn`: the stage `13_survey` with these plots.

"""
READ_ZIP = """
import sys, zipfile
import pandas as pd
with zipfile.ZipFile(sys.argv[1]) as archive:
    for name in archive.namelist():
        pd.read_csv(archive.open(name), dtype=str, keep_default_na=False)
"""
READ_XLSX = """
import sys
import pandas as pd
pd.read_excel(sys.argv[1], sheet_name=None, dtype=str, engine="calamine")
"""


def measure_survey(tree: Path, folder: Path) -> dict[str, Measured]:
    """Measure each; ``tree`` is a copy in which everything has run, and ``folder`` is where more may be made."""
    made = folder / "survey"
    measure([sys.executable, "-m", "bench.survey_files", str(made), str(PLOTS)], tree)
    found: dict[str, Measured] = {}
    for kind, read in (("zip", READ_ZIP), ("xlsx", READ_XLSX)):
        file, copy = str(made / f"survey.{kind}"), tree if kind == "zip" else copy_tree(folder / "workbook")
        found[f"read_{kind}"] = measure([sys.executable, "-c", read, file], copy)
        found[f"import_{kind}"] = measure([sys.executable, "-c", IMPORT, file], copy)
    found["learn"] = measure([sys.executable, "-m", "pipeline.kit.stages.run", "13_survey"], tree)
    for way, result in found.items():
        print(f"{way}: {result.seconds:.2f} s", flush=True)
    return found


# A simulated visit may well be set aside; anything else is a failure.
IMPORT = """
import sys
from pipeline.survey.command import SET_ASIDE, main
code = main(["import", sys.argv[1]])
sys.exit(0 if code == SET_ASIDE else code)
"""


def rows(measured: dict[str, Measured]) -> list[Row]:
    """One row per way; imports relative to reading alone."""
    table = []
    for way, result in measured.items():
        floor = measured.get(f"read_{way.rpartition('_')[2]}")
        ratio = f"{result.seconds / floor.seconds:.2f}" if floor else ""
        memory = f"{result.peak_mib:.0f}"
        table.append({"way": way, "seconds": f"{result.seconds:.2f}", "ratio_to_reading": ratio, "peak_mib": memory})
    return table


def section(measured: dict[str, Measured]) -> str:
    """The part of the page."""
    goals = {"import_zip": GOAL_IMPORT_S, "import_xlsx": GOAL_IMPORT_S, "learn": GOAL_FIT_S}
    words = [f"`{way}` is {holds(measured[way].seconds, goal)} its goal of {goal:.0f} s" for way, goal in goals.items()]
    return f"{HEAD}{markdown_table(rows(measured))}\n\n{'; '.join(words)}.\n"
