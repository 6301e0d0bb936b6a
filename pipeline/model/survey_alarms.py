"""How often the checks of a survey are wrong, and how often they are right: measured on simulated surveys."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.compute import each
from pipeline.model.draws import stream
from pipeline.model.simulated_survey import SimulatedDistrict, simulated_survey
from pipeline.model.survey_checks import CHECKS, checked
from pipeline.model.survey_likelihood import NOISE, OFFICER, SIDE, VILLAGE
from pipeline.model.survey_plots import SIDE_LEVELS

# Plots and villages of a simulated survey; four officers.
SIZES = ((30, 6), (100, 20), (300, 60))
KINDS = ("honest", "rounded_yields", "rounded_counts", "copies", "invented")
MADE_UP = "officer 01"
# A false alarm is rare, a found fraud is not: fewer surveys tell how often.
MADE_UP_FEWER = 3


@dataclass(frozen=True)
class Lot:
    """Simulated surveys of one kind and size, with what is true and the damage curve that holds."""

    kind: str
    plots: int
    villages: int
    surveys: int
    effects: dict[str, float]
    curves: dict[str, tuple[float, float]]
    mean_yield: float
    seed: int


def alarms(
    effects: dict[str, float], curves: dict[str, tuple[float, float]], mean_yield: float, surveys: int, seed: int
) -> pd.DataFrame:
    """Share of simulated surveys with a flag: ``kind``, ``plots``, ``any`` and one column per check.

    ``effects`` by term and ``mean_yield`` are those of every simulated district; its spreads are drawn.
    """
    counts = {kind: surveys if kind == "honest" else max(1, surveys // MADE_UP_FEWER) for kind in KINDS}
    lots = [
        Lot(kind, *size, count, effects, curves, mean_yield, seed) for kind, count in counts.items() for size in SIZES
    ]
    return pd.DataFrame(each(raised, lots))


def raised(lot: Lot) -> dict[str, object]:
    """Share of the surveys of a lot that raise each flag."""
    rng = stream(lot.seed, f"alarms {lot.kind} {lot.plots}")
    found = [set(checked(_survey(lot, rng))["check"]) for _ in range(lot.surveys)]
    shares = {name: float(np.mean([name in flags for flags in found])) for name in CHECKS}
    return {"kind": lot.kind, "plots": lot.plots, "any": float(np.mean([bool(flags) for flags in found])), **shares}


def _survey(lot: Lot, rng: np.random.Generator) -> pd.DataFrame:
    side = rng.normal(0, SIDE, sum(len(levels) for levels in SIDE_LEVELS.values()))
    village, officer = np.abs(rng.normal(0, [VILLAGE, OFFICER]))
    district = SimulatedDistrict(lot.mean_yield, lot.effects, side, NOISE, village, officer)
    plots = simulated_survey(district, lot.curves, lot.plots, lot.villages, rng, rounded=True)
    return plots if lot.kind == "honest" else made_up(plots, lot.kind, rng)


def made_up(plots: pd.DataFrame, kind: str, rng: np.random.Generator) -> pd.DataFrame:
    """A simulated survey in which one officer did not do the work, in the way that ``kind`` (of ``KINDS``) says."""
    plots = plots.copy()
    his = plots.index[plots["enumerator_id"] == MADE_UP]
    if kind == "rounded_yields":
        plots["yield_kg_per_ha"] = (plots["yield_kg_per_ha"] / 100).round().clip(lower=1) * 100
    elif kind == "rounded_counts":
        counted = np.round(plots.loc[his, "share_pods_borer"] * plots.loc[his, "pods_counted"] / 5) * 5
        plots.loc[his, "share_pods_borer"] = (counted / plots.loc[his, "pods_counted"]).clip(upper=1)
    elif kind == "copies":
        kept = (
            "plot_id",
            "farm_id",
            "village",
            "subdistrict",
            "visit_date",
            "enumerator_id",
            "yield_kg_per_ha",
            "area_ha",
        )
        for one, other in zip(his[::2], his[1::2], strict=False):
            names = [name for name in plots if name not in kept]
            plots.loc[other, names] = plots.loc[one, names]
    elif kind == "invented":
        plots.loc[his, "yield_kg_per_ha"] = np.round(rng.normal(600, 60, len(his)).clip(300), -1)
        counted = plots.loc[his, "pods_counted"]
        plots.loc[his, "share_pods_borer"] = rng.binomial(counted.astype(int), 0.5) / counted
    else:
        raise ValueError(f"surveys are not made up in a way called {kind}; there are: {', '.join(KINDS[1:])}")
    return plots
