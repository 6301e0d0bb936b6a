"""On paper: every regency of Indonesia and every cocoa country, with many scenarios each, from measured units."""

import json
import math
import sys
from pathlib import Path
from typing import Any

from bench.measure import measure
from bench.page import Row, markdown_table
from bench.plan_units import SCENARIOS as SIZES

REGENCIES, SCENARIOS = 514, 10_000
# Regencies that are fitted together: about those of a province.
GROUP = 12
PER_TASK = 100
WORKERS = (1, 16, 64)
HEAD = """\
## A plan for every regency and every cocoa country

On paper: {regencies} regencies and cities of Indonesia and {countries} countries with a production of cocoa in FAOSTAT,
{each:,} scenarios of prices for each, all options on all draws in every scenario. What a unit costs is measured in
this run with one thread: fitting regencies (copies of those of stage 04 under other names), scenarios in one process,
the same on Dask workers that are processes of their own. No figure of a further regency is in the evidence: this is a
plan of computing only.

"""


def measure_plan(tree: Path) -> dict[str, Any]:
    """Measure the units in a copy of the tree in which everything has run."""
    file = tree.with_suffix(".plan.json")
    measure([sys.executable, "-m", "bench.plan_units", str(file)], tree)
    print("plan: measured", flush=True)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def exponent(units: list[dict[str, float]]) -> float:
    """Power of the number by which the seconds grow, between the last two sizes."""
    one, other = units[-2:]
    return math.log(other["seconds"] / one["seconds"]) / math.log(other["number"] / one["number"])


def unit_rows(found: dict[str, Any]) -> list[Row]:
    """Measured seconds by number of units."""
    measured = [(kind, unit["number"], unit["seconds"]) for kind in ("regencies", "scenarios") for unit in found[kind]]
    named = ("scenarios on a worker as Dask starts it", "scenarios on 1 worker", "scenarios on 2 workers")
    measured += [(name, SIZES[-1], unit["seconds"]) for name, unit in zip(named, found["workers"], strict=True)]
    return [
        {"work": work, "number": str(number), "seconds": f"{seconds:.2f}", "each": f"{seconds / number:.4f}"}
        for work, number, seconds in measured
    ]


def plan_rows(found: dict[str, Any], stage_seconds: float) -> list[Row]:
    """Core hours of each part of the plan; ``stage_seconds`` is what ``cacao repro`` needs around one stage."""
    places = REGENCIES + found["countries"]
    group = next(unit["seconds"] for unit in found["regencies"] if unit["number"] == GROUP)
    scenario = found["scenarios"][-1]["seconds"] / found["scenarios"][-1]["number"]
    parts = {
        f"fits of {GROUP} regencies together": (math.ceil(REGENCIES / GROUP), group),
        "scenarios": (places * SCENARIOS, scenario),
        f"sending a task of {PER_TASK} scenarios": (places * SCENARIOS // PER_TASK, found["workers"][1]["task"]),
        "bookkeeping of a stage for every place": (places, stage_seconds),
    }
    return [
        {
            "part": part,
            "units": f"{units:,}",
            "seconds_each": f"{each:.4f}",
            "core_hours": f"{units * each / 3600:.2f}",
        }
        for part, (units, each) in parts.items()
    ]


def efficiency(found: dict[str, Any]) -> float:
    """Speed of two workers over twice that of one."""
    _, one, two = found["workers"]
    return float(one["seconds"] / two["seconds"] / two["workers"])


def hours(found: dict[str, Any], rows: list[Row], workers: int) -> float:
    """Hours on so many workers: scenarios and fits are shared out, sending and bookkeeping are not."""
    fits, runs, sending, books = (float(row["core_hours"]) for row in rows)
    shared = (fits + runs) / workers
    return max(shared / (efficiency(found) if workers > 1 else 1.0), sending) + books


def section(found: dict[str, Any], stage_seconds: float) -> str:
    """The part of the page."""
    head = HEAD.format(regencies=REGENCIES, countries=found["countries"], each=SCENARIOS)
    rows = plan_rows(found, stage_seconds)
    tables = [f"{head}{markdown_table(unit_rows(found))}", markdown_table(rows)]
    return "\n\n".join([*tables, growth_words(found), time_words(found, rows)]) + "\n"


def growth_words(found: dict[str, Any]) -> str:
    """How the work grows, and what is done about it."""
    last, power = found["regencies"][-1], exponent(found["regencies"])
    joint = last["seconds"] * (REGENCIES / last["number"]) ** power / 3600
    return (
        f"Seconds of a joint fit grow with the power {power:.1f} of the number of regencies: all {REGENCIES} together "
        f"would take about {joint:.0f} h, so that they are fitted by province instead, each with spreads of its own. "
        f"Scenarios grow with the power {exponent(found['scenarios']):.2f} of their number."
    )


def time_words(found: dict[str, Any], rows: list[Row]) -> str:
    """How long it takes on how many workers, and what they need."""
    times = ", ".join(f"{hours(found, rows, workers):.1f} h on {workers}" for workers in WORKERS)
    size = found["scenarios"][-1]["bytes"]
    whole = (REGENCIES + found["countries"]) * SCENARIOS * size / 2**30
    return (
        f"In all about {times} workers. Two workers had {efficiency(found):.0%} of twice the speed of one; that it "
        f"stays so with more is assumed. A worker needs {found['scenario_mib']:.0f} MiB for scenarios and "
        f"{found['fit_mib']:.0f} MiB for fits. The results of a scenario are {size:,.0f} bytes as JSON, {whole:.0f} "
        "GiB in all: quantiles over scenarios are to be kept, not every one."
    )
