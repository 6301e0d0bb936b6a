"""How often the checks of a survey are wrong, and how often they are right: measured on simulated surveys."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from pipeline.kit.bayes.mixture import stream
from pipeline.kit.compute import each
from pipeline.study.plots.model import NOISE, OFFICER, SIDE, VILLAGE
from pipeline.study.plots.plot_table import SIDE_LEVELS, practices, side_terms
from pipeline.study.plots.survey_signs import CHECKS, checked

VILLAGES, POPULATION = 141, 6000
SUBDISTRICTS = 18


@dataclass(frozen=True)
class SimulatedDistrict:
    """What is true in a simulated district, on the log scale: effects by term, spreads, and the mean yield in kg/ha."""

    mean_yield: float
    effects: dict[str, float]
    side: np.ndarray
    noise: float = 0.5
    village: float = 0.3
    officer: float = 0.1
    full_dose: float = 400.0


def simulated_plots(size: int, villages: np.ndarray, officers: int, rng: np.random.Generator) -> pd.DataFrame:
    """Plots without a yield: what farmers of these villages do and officers count, all columns of the contract used.

    Practices are more common in some villages than in others; officers go to villages of their own and to others'.
    """
    village = rng.choice(villages, size)
    keen = np.random.default_rng(villages).normal(0, 0.8, VILLAGES)[village]
    uses = rng.random(size) < 1 / (1 + np.exp(-keen))
    counted = rng.integers(25, 36, size)
    borer, rot = (rng.binomial(counted, rng.beta(a, b, size)) / counted for a, b in ((2.0, 1.5), (1.0, 5.0)))
    trees = rng.integers(18, 26, size)
    pick, numbers = rng.choice, rng.permutation(size)
    plots = pd.DataFrame(
        {
            "plot_id": [f"simulated {number:06d}" for number in numbers],
            "farm_id": [f"simulated farm {number:06d}" for number in numbers],
            "visit_date": pick(["2026-07", "2026-08"], size),
            "subdistrict": [f"subdistrict {number % SUBDISTRICTS:02d}" for number in village],
            "village": [f"village {number:03d}" for number in village],
            "enumerator_id": [f"officer {number:02d}" for number in (village + rng.integers(0, 2, size)) % officers],
            "area_ha": pick([0.5, 0.75, 1.0, 1.5, 2.0], size, p=[0.15, 0.1, 0.4, 0.15, 0.2]),
            "fertilizer_kg_per_ha": uses * pick([50.0, 100.0, 200.0, 300.0, 400.0], size),
            "pods_counted": counted.astype(float),
            "share_pods_borer": borer,
            "share_pods_black_pod": rot,
            "trees_checked": trees.astype(float),
            "share_trees_dieback": rng.binomial(trees, rng.beta(1, 6, size)) / trees,
            "prunings_per_year": rng.binomial(4, 0.15 + 0.25 * uses).astype(float),
            "sanitations_per_year": rng.binomial(12, 0.1, size).astype(float),
            "harvest_interval_days": pick([7.0, 10.0, 14.0, 21.0, 30.0], size),
            "trees_per_ha": np.round(rng.normal(950, 150, size).clip(400, 1600), 0),
            "age_years": rng.integers(4, 31, size).astype(float),
            "training_days": rng.integers(0, 6, size).astype(float),
            "training": pick(["none", "field_school", "demo_plot;extension_talk", "extension_talk"], size),
            "planting_material": pick(["seedling", "clone", "top_grafted", "side_grafted", "mixed"], size),
            "shade": pick(["none", "light", "medium", "heavy"], size),
        }
    )
    return plots


@dataclass(frozen=True)
class Visited:
    """What the yields of plots follow: practices and side terms, and the number of village and officer of each."""

    practices: pd.DataFrame
    side: np.ndarray
    village: np.ndarray
    officer: np.ndarray


def visited(plots: pd.DataFrame, full_dose: float, curves: dict[str, tuple[float, float]]) -> Visited:
    """The same of simulated plots, whose villages and officers are numbered in their names."""
    village, officer = plots["village"].str[-3:].astype(int), plots["enumerator_id"].str[-2:].astype(int)
    terms = practices(plots, full_dose, curves)
    return Visited(terms, side_terms(plots).to_numpy(), village.to_numpy(), officer.to_numpy())


@cache
def everyone_in_the_district(
    officers: int, full_dose: float, curves: tuple[tuple[str, tuple[float, float]], ...]
) -> Visited:
    """Plots of all villages; the same for every simulated district."""
    plots = simulated_plots(POPULATION, np.arange(VILLAGES), officers, np.random.default_rng(POPULATION))
    return visited(plots, full_dose, dict(curves))


def simulated_survey(
    district: SimulatedDistrict,
    curves: dict[str, tuple[float, float]],
    size: int,
    villages: int,
    rng: np.random.Generator,
    officers: int = 4,
    rounded: bool = False,
) -> pd.DataFrame:
    """An honest survey of ``size`` plots in so many ``villages`` of a district whose mean yield is that of the truth.

    With ``rounded`` the harvest is remembered in round kg: half of the farmers to 10 kg, the others to 50 kg.
    """
    everyone = everyone_in_the_district(officers, district.full_dose, tuple(curves.items()))
    chosen = rng.choice(VILLAGES, villages, replace=False)
    plots = simulated_plots(size, chosen, officers, rng)
    here = visited(plots, district.full_dose, curves)
    village, officer = rng.normal(0, district.village, VILLAGES), rng.normal(0, district.officer, officers)
    everywhere, logs = (
        _log_yields(district, part, (village, officer)) + rng.normal(0, district.noise, len(part.village))
        for part in (everyone, here)
    )
    yields = district.mean_yield * np.exp(logs) / np.exp(everywhere).mean()
    if rounded:
        step = np.where(rng.random(size) < 0.5, 10.0, 50.0)
        yields = np.maximum(np.round(yields * plots["area_ha"] / step), 1) * step / plots["area_ha"]
    return plots.assign(yield_kg_per_ha=np.asarray(yields))


def _log_yields(district: SimulatedDistrict, part: Visited, groups: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Log yields before the noise of each plot, about a level of zero; ``groups`` are effects of villages, officers."""
    practice = part.practices[list(district.effects)].to_numpy() @ np.array(list(district.effects.values()))
    return np.asarray(practice + part.side @ district.side + groups[0][part.village] + groups[1][part.officer])


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
        copied = his[1::2]
        from_these = his[::2][: len(copied)]
        for name in (name for name in plots if name not in kept):
            plots.loc[copied, name] = plots.loc[from_these, name].to_numpy()
    elif kind == "invented":
        plots.loc[his, "yield_kg_per_ha"] = np.round(rng.normal(600, 60, len(his)).clip(300), -1)
        counted = plots.loc[his, "pods_counted"]
        plots.loc[his, "share_pods_borer"] = rng.binomial(counted.astype(int), 0.5) / counted
    else:
        raise ValueError(f"surveys are not made up in a way called {kind}; there are: {', '.join(KINDS[1:])}")
    return plots
