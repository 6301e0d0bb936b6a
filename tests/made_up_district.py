"""Made-up districts as the import would hand over their plots, with the yield that each has in truth.

Nothing of the model is used here, so that it is not checked against itself. All farms are made up.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd

# Share of the gain of the full dose by kg/ha: the mean of both response curves of the design, by numerical integration.
SHARE_OF_GAIN = {0.0: 0.0, 50.0: 0.2754, 100.0: 0.4886, 200.0: 0.7742, 300.0: 0.9246, 400.0: 1.0}
# Share of the yield lost where all pods are attacked, and how late the loss comes: loss = first * attacked ** second.
SHAPES = {"sabah": (0.75, 6.0), "aceh": (0.91, 1.25)}
TYPICAL_ATTACK = 0.7
HAS_FIELD_TRAINING = {"none": 0, "extension_talk": 0, "field_school": 1, "demo_plot;extension_talk": 1}
VILLAGES, OFFICERS, POPULATION = 141, 4, 6000
# What plots are, beside practices; the first of each is the plain one.
AGES = {"bearing": (9, 20), "young": (4, 8), "old": (21, 30)}
MATERIALS = {
    "seedling": "plain",
    "clone": "clone",
    "top_grafted": "grafted",
    "side_grafted": "grafted",
    "mixed": "mixed",
}
SHADES = ("light", "none", "medium", "heavy")


@dataclass(frozen=True)
class District:
    """What is true: mean yield in kg/ha, and effects on the log of the yield.

    ``borer`` is the log of what is left at 70 % of pods attacked: below zero where the borer takes yield. ``of_kind``
    are effects of the age, material or shade that it names. The last three are spreads between plots, between villages
    and between officers.
    """

    mean_yield: float = 700.0
    fertilizer: float = 0.32
    borer: float = -0.8
    technique: float = 0.1
    training: float = 0.26
    shape: str = "aceh"
    of_kind: dict[str, float] = field(default_factory=dict)
    noise: float = 0.45
    village: float = 0.2
    officer: float = 0.05


def farms(size: int, villages: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Plots of one farm each, in some of the ``villages``, without yields; some villages are keener on practices."""
    village = rng.choice(villages, size)
    is_keen = rng.random(size) < np.where(village % 2 == 0, 0.7, 0.3)
    counted, trees = rng.integers(25, 36, size), rng.integers(18, 26, size)
    age = rng.choice(list(AGES), size, p=[0.5, 0.2, 0.3])
    low, high = (np.array([AGES[name][end] for name in age]) for end in (0, 1))
    return pd.DataFrame(
        {
            "plot_id": [f"made up {number:06d}" for number in rng.permutation(size)],
            "farm_id": [f"made up farm {number:06d}" for number in rng.permutation(size)],
            "visit_date": rng.choice(["2026-07", "2026-08"], size),
            "subdistrict": [f"subdistrict {number % 18:02d}" for number in village],
            "village": [f"village {number:03d}" for number in village],
            "enumerator_id": [f"officer {number:02d}" for number in rng.integers(0, OFFICERS, size)],
            "area_ha": rng.choice([0.5, 0.75, 1.0, 1.5, 2.0], size),
            "fertilizer_kg_per_ha": is_keen * rng.choice([50.0, 100.0, 200.0, 300.0, 400.0], size),
            "pods_counted": counted.astype(float),
            "share_pods_borer": rng.binomial(counted, rng.beta(2.0, 1.5, size)) / counted,
            "share_pods_black_pod": rng.binomial(counted, rng.beta(1.0, 5.0, size)) / counted,
            "trees_checked": trees.astype(float),
            "share_trees_dieback": rng.binomial(trees, rng.beta(1, 6, size)) / trees,
            "prunings_per_year": rng.binomial(4, 0.15 + 0.25 * is_keen).astype(float),
            "sanitations_per_year": rng.binomial(12, 0.1, size).astype(float),
            "harvest_interval_days": rng.choice([7.0, 14.0, 30.0], size),
            "trees_per_ha": rng.integers(700, 1200, size).astype(float),
            "age_years": rng.integers(low, high + 1).astype(float),
            "training_days": rng.integers(0, 6, size).astype(float),
            "training": rng.choice(list(HAS_FIELD_TRAINING), size),
            "planting_material": rng.choice(list(MATERIALS), size),
            "shade": rng.choice(SHADES, size),
        }
    )


def log_yields(district: District, plots: pd.DataFrame) -> np.ndarray:
    """Log of the yield of every plot over that of a plain one, without places, officers and chance."""
    found = district.fertilizer * plots["fertilizer_kg_per_ha"].map(SHARE_OF_GAIN)
    at_all, late = SHAPES[district.shape]
    left, left_typical = (np.log(1 - at_all * share**late) for share in (plots["share_pods_borer"], TYPICAL_ATTACK))
    found += district.borer * left / left_typical
    found += district.technique * (0.5 * (plots["prunings_per_year"] >= 1) + 0.5 * (plots["sanitations_per_year"] >= 1))
    found += district.training * plots["training"].map(HAS_FIELD_TRAINING)
    kinds = (_age_names(plots["age_years"]), plots["planting_material"].map(MATERIALS), plots["shade"])
    for kind in kinds:
        found += kind.map(lambda name: district.of_kind.get(name, 0.0))
    return found.to_numpy(float)


def _age_names(years: pd.Series) -> pd.Series:
    return years.map({year: name for name, (low, high) in AGES.items() for year in range(low, high + 1)})


@cache
def _everyone() -> pd.DataFrame:
    return farms(POPULATION, np.arange(VILLAGES), np.random.default_rng(POPULATION))


def survey(district: District, size: int, villages: int, rng: np.random.Generator) -> pd.DataFrame:
    """A survey of ``size`` plots in some villages of a district whose mean yield over all its farms is as it says."""
    of_village, of_officer = rng.normal(0, district.village, VILLAGES), rng.normal(0, district.officer, OFFICERS)
    visited = farms(size, rng.choice(VILLAGES, villages, replace=False), rng)
    everywhere, here = (
        log_yields(district, plots)
        + of_village[plots["village"].str[-3:].astype(int)]
        + of_officer[plots["enumerator_id"].str[-2:].astype(int)]
        + rng.normal(0, district.noise, len(plots))
        for plots in (_everyone(), visited)
    )
    return visited.assign(yield_kg_per_ha=district.mean_yield * np.exp(here) / np.exp(everywhere).mean())
