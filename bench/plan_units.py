"""What a unit of a plan for many places costs: ``python -m bench.plan_units FILE`` in a tree where all stages have run.

Regencies are copies of those of stage 04 under other names: what is measured is time, and no number of theirs is kept.
"""

import json
import resource
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import dask
import pandas as pd
from distributed import Client, LocalCluster

from bench.measure import UNITS_PER_MIB
from pipeline.kit.data.contracts import read_table
from pipeline.params import load_params
from pipeline.site import calculator_model
from pipeline.site.calculator_settings import defaults
from pipeline.study.yield_gap import regency

REGENCIES, SCENARIOS = (3, 6, 12, 24), (25, 100, 400)
# Workers as Dask starts them, and as docs/cluster.md says: with them arrays of draws keep their memory.
WORKERS = ((1, {}), (1, {"MALLOC_MMAP_THRESHOLD_": 1 << 25}), (2, {"MALLOC_MMAP_THRESHOLD_": 1 << 25}))
# Scenarios of one task on a worker, and tasks that do nothing, which tell what sending costs.
CHUNK, EMPTY = 25, 200


def copies(figures: pd.DataFrame, number: int) -> pd.DataFrame:
    """The figures with so many regencies that grow cacao: those of stage 04 again and again, under other names."""
    parts = [figures]
    for copy in range(1, number // len(regency.GROWERS)):
        for region in regency.GROWERS:
            name, own = f"{region} {copy}", figures[figures["region"] == region]
            regency.PARENTS[name] = regency.PARENTS[region]
            parts.append(own.assign(region=name, figure=own["figure"] + f" {copy}"))
    return pd.concat(parts, ignore_index=True)


def fit_seconds(number: int) -> float:
    """Seconds to fit the regency model to this many regencies together and draw from it."""
    figures = copies(read_table("04_yield_gap", "figures"), number)
    began = time.perf_counter()
    regency.fit_regency(figures).draw(1, 1000)
    return time.perf_counter() - began


@cache
def base() -> calculator_model.Base:
    """All draws of the project, read once by every process."""
    return calculator_model.collect(load_params())


def scenarios(first: int, number: int) -> int:
    """Evaluate all options on all draws at so many prices; returns the bytes of the results as JSON."""
    usual, size = defaults(base().fields), 0
    for place in range(first, first + number):
        settings = replace(usual, cocoa=usual.cocoa * (0.5 + place % 100 / 100), fertilizer=2000.0 + place % 977)
        size += len(json.dumps(calculator_model.evaluate(base(), settings)))
    return size


def scenario_units(number: int) -> dict[str, float]:
    """Seconds and bytes of this many scenarios in one process."""
    scenarios(0, 1)
    began = time.perf_counter()
    size = scenarios(0, number)
    return {"number": number, "seconds": time.perf_counter() - began, "bytes": size / number}


def worker_units(workers: int, variables: dict[str, int]) -> dict[str, float]:
    """Seconds of the most scenarios on Dask workers, each a process with these variables, and of an empty task."""
    own = {f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in variables.items()}
    with (
        dask.config.set(own),
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.run(lambda: scenarios(0, 1))
        firsts = range(0, SCENARIOS[-1], CHUNK)
        seconds = gathered(client, firsts, CHUNK)
        return {"workers": workers, "seconds": seconds, "task": gathered(client, range(EMPTY), 0) / EMPTY}


def gathered(client: Client, firsts: range, number: int) -> float:
    """Seconds until tasks of so many scenarios have all come back."""
    began = time.perf_counter()
    client.gather(client.map(scenarios, firsts, [number] * len(firsts), pure=False))
    return time.perf_counter() - began


def measured() -> dict[str, Any]:
    """Everything that the plan needs."""
    return {
        "countries": read_countries(),
        "scenarios": [scenario_units(number) for number in SCENARIOS],
        "scenario_mib": peak_mib(),
        "regencies": [{"number": number, "seconds": fit_seconds(number)} for number in REGENCIES],
        "fit_mib": peak_mib(),
        "workers": [worker_units(*asked) for asked in WORKERS],
    }


def peak_mib() -> float:
    """Most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNITS_PER_MIB


def read_countries() -> int:
    """Number of countries with a production of cocoa in the latest year of the clean table."""
    table = pd.read_csv("data/clean/country_cocoa.csv")
    grown = table[table["production_t"] > 0]
    return grown.loc[grown["year"] == grown["year"].max(), "iso3"].nunique()


if __name__ == "__main__":
    # By its name: workers then import it once, instead of being sent it with every task.
    from bench.plan_units import measured

    Path(sys.argv[1]).write_text(json.dumps(measured()), encoding="utf-8")
