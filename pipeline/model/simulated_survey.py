"""Simulated surveys, for tests and to measure how often a check raises a false alarm; no published fact rests on them.

An honest officer counts pods one by one; an honest farmer remembers the harvest in round numbers.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from pipeline.model.survey_plots import practices, side_terms

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


@cache
def everyone_in_the_district(
    officers: int, full_dose: float, curves: tuple[tuple[str, tuple[float, float]], ...]
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Plots of all villages, their practices and side terms; the same for every simulated district."""
    plots = simulated_plots(POPULATION, np.arange(VILLAGES), officers, np.random.default_rng(POPULATION))
    return plots, practices(plots, full_dose, dict(curves)), side_terms(plots).to_numpy()


def simulated_survey(
    district: SimulatedDistrict,
    curves: dict[str, tuple[float, float]],
    size: int,
    visited: int,
    rng: np.random.Generator,
    officers: int = 4,
    rounded: bool = False,
) -> pd.DataFrame:
    """An honest survey of ``size`` plots in ``visited`` villages of a district whose mean yield is that of the truth.

    With ``rounded`` the harvest is remembered in round kg: half of the farmers to 10 kg, the others to 50 kg.
    """
    everyone = everyone_in_the_district(officers, district.full_dose, tuple(curves.items()))
    chosen = rng.choice(VILLAGES, visited, replace=False)
    plots = simulated_plots(size, chosen, officers, rng)
    here = plots, practices(plots, district.full_dose, curves), side_terms(plots).to_numpy()
    village, officer = rng.normal(0, district.village, VILLAGES), rng.normal(0, district.officer, officers)
    everywhere, logs = (
        _log_yields(district, part, (village, officer)) + rng.normal(0, district.noise, len(part[0]))
        for part in (everyone, here)
    )
    yields = district.mean_yield * np.exp(logs) / np.exp(everywhere).mean()
    if rounded:
        step = np.where(rng.random(size) < 0.5, 10.0, 50.0)
        yields = np.maximum(np.round(yields * plots["area_ha"] / step), 1) * step / plots["area_ha"]
    return plots.assign(yield_kg_per_ha=np.asarray(yields))


def _log_yields(
    district: SimulatedDistrict,
    part: tuple[pd.DataFrame, pd.DataFrame, np.ndarray],
    groups: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Log yields before the noise of each plot, about a level of zero.

    ``part`` holds plots, practices and side terms, ``groups`` the effects of villages and officers.
    """
    plots, terms, side = part
    practice = terms[list(district.effects)].to_numpy() @ np.array(list(district.effects.values()))
    village = groups[0][plots["village"].str[-3:].astype(int)]
    return np.asarray(
        practice + side @ district.side + village + groups[1][plots["enumerator_id"].str[-2:].astype(int)]
    )
