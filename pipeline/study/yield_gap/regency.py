"""From official figures that contradict each other to a distribution of area, mature share and yield of a regency.

In logs a production is area + mature share + yield per mature hectare + error, so every published figure is a sum of
unknowns, and the model is linear and normal once its spreads are known (``linear_normal``). Yields and mature shares of
regencies lie about those of their province, and provinces about the nation. A regency's area may be redefined from one
year to the next, and its yield has good and bad years.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.kit.bayes import mixture
from pipeline.kit.bayes.linear_normal import Block, Posterior, fit, fixed_effects, groups
from pipeline.kit.bayes.mixture import stream
from pipeline.kit.data.citations import cite_parameters
from pipeline.study import known_rows
from pipeline.study.yield_gap.official_figures import HERE, PARENTS

GROWERS = ("Kutai Timur", "Berau", "Mahakam Ulu")
READINGS = ("total", "mature")
# What each kind of figure is a sum of.
PARTS = {"area": ("area",), "area_mature": ("area", "share"), "share": ("share",), "yield": ("yield",)}
PARTS["production"] = ("area", "share", "yield")
# Before any figure is read a regency has some three thousand hectares, to a factor of twenty.
LOG_AREA = (8.0, 3.0)


@dataclass(frozen=True)
class RegencyPriors:
    """What is assumed before any figure is read; spreads are of logs.

    Yield per mature hectare of the nation (kg/ha) and its mature share, each with the standard deviation of its log;
    the scales of how far yields and mature shares of regions lie about their province, and provinces about the nation,
    of how far an area is redefined from one year to the next, and of good and bad years of a yield.
    """

    yield_kg_per_ha: float
    yield_log_sd: float
    mature_share: float
    share_log_sd: float
    yield_spread: float
    share_spread: float
    area_spread: float
    season_spread: float


# The parameters behind them, and behind the errors of the figures.
PRIORS = cite_parameters(
    "yield_gap.prior_yield_kg_per_ha",
    "yield_gap.prior_yield_log_sd",
    "yield_gap.prior_mature_share",
    "yield_gap.prior_share_log_sd",
    "yield_gap.yield_spread",
    "yield_gap.share_spread",
    "yield_gap.area_spread",
    "yield_gap.season_spread",
    "yield_gap.doubtful_factor",
    "yield_gap.figure_error",
)


@dataclass(frozen=True)
class Regency:
    """Posterior under both readings of the hectares of 2025, and the chance of each reading."""

    posteriors: dict[str, Posterior]
    chance: dict[str, float]
    figures: pd.DataFrame

    def draw(self, seed: int, size: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Draws of the present state of cacao in Kutai Timur, and of three regencies that might export.

        The first has the columns ``yield_kg_per_ha`` per mature hectare, ``mature_share`` of the total area,
        ``mature_share_2025`` of the hectares given in 2025, and ``area_total_ha``; the second, for each of ``GROWERS``,
        ``_yield_kg_per_ha``, ``_mature_ha`` and ``_production_t``. A mature share above one is no share: such draws are
        made again.
        """
        rng = stream(seed, "regency")
        drawn = {reading: self._draw_reading(posterior, rng, size) for reading, posterior in self.posteriors.items()}
        is_mature = rng.random(size) < self.chance["mature"]
        state = {name: np.where(is_mature, drawn["mature"][name], drawn["total"][name]) for name in drawn["total"]}
        own = pd.DataFrame({"yield_kg_per_ha": state[f"{HERE} yield"], "mature_share": state[f"{HERE} share"]})
        own["mature_share_2025"] = np.where(is_mature, 1.0, own["mature_share"])
        own["area_total_ha"] = state[f"{HERE} area"]
        growers = {}
        for region in GROWERS:
            key, mature = region.lower().replace(" ", "_"), state[f"{region} area"] * state[f"{region} share"]
            growers[f"{key}_yield_kg_per_ha"] = state[f"{region} yield"]
            growers[f"{key}_mature_ha"] = mature
            growers[f"{key}_production_t"] = mature * state[f"{region} yield"] / 1000
        return own, pd.DataFrame(growers)

    def _draw_reading(self, posterior: Posterior, rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
        """Draws of area, share and yield of every grower under one reading, each of shape (size,)."""
        names = [f"{region} {part}" for region in GROWERS for part in ("area", "share", "yield")]
        sums = [self.state(region, part) for region in GROWERS for part in ("area", "share", "yield")]
        shares = [number for number, name in enumerate(names) if name.endswith("share")]
        kept = np.empty((0, len(names)))
        while len(kept) < size:
            values = posterior.draw(sums, [()] * len(sums), rng, size)
            kept = np.concatenate([kept, values[(values[:, shares] < 0).all(axis=1)]])
        return dict(zip(names, np.exp(kept[:size]).T, strict=True))

    def state(self, region: str, part: str) -> dict[str, float]:
        """The sum of coefficients that gives the log of a region's present area, mature share or yield."""
        if part == "area":
            areas = self.figures[(self.figures["region"] == region) & (self.figures["quantity"] == "area")]
            return {f"area:{region}": 1.0, f"redefined:{region} {areas['year'].max()}": 1.0}
        province = PARENTS.get(region, region)
        return {part: 1.0, f"{part} of province:{province}": 1.0, f"{part} of regency:{region}": 1.0}


def fit_regency(figures: pd.DataFrame, priors: RegencyPriors) -> Regency:
    """Fit the model under both readings of the hectares of 2025; before the figures are seen each is as likely.

    Raises ``ValueError`` that names every figure without a positive value.
    """
    bad = figures[~(figures["value"] > 0)]
    if len(bad):
        listed = ", ".join(f"{row.figure} ({row.region} {row.year}) = {row.value}" for row in bad.itertuples())
        raise ValueError(f"figures of area, production, yield or share must be above zero: {listed}")
    posteriors = {}
    for reading in READINGS:
        is_it = (figures["figure"] == known_rows.KUTAI_TIMUR_AREA_2025) & (reading == "mature")
        posteriors[reading] = _fit(figures.assign(quantity=figures["quantity"].mask(is_it, "area_mature")), priors)
    evidence = np.array([posteriors[reading].log_evidence for reading in READINGS])
    chance = np.exp(evidence - evidence.max())
    return Regency(posteriors, dict(zip(READINGS, chance / chance.sum(), strict=True)), figures)


def _fit(figures: pd.DataFrame, priors: RegencyPriors) -> Posterior:
    has = {part: figures["quantity"].map(lambda q, part=part: part in PARTS[q]).to_numpy(float) for part in PARTS}
    unknown = [
        mixture.half_normal_even("yields", priors.yield_spread, 9),
        mixture.half_normal_even("shares", priors.share_spread, 7),
        mixture.half_normal_even("redefined", priors.area_spread, 14),
        mixture.half_normal_even("season", priors.season_spread, 8),
    ]
    blocks = _blocks(figures, has, priors)
    return fit(np.log(figures["value"].to_numpy()), figures["error"].to_numpy(), blocks, unknown)


def _blocks(figures: pd.DataFrame, has: dict[str, np.ndarray], priors: RegencyPriors) -> list[Block]:
    """Nation, provinces and regencies for yield and share; an area for each region; years within them."""
    region = figures["region"]
    province = region.map(lambda name: PARENTS.get(name, name))
    within = (region != province) & (region != "Indonesia")
    year = region + " " + figures["year"].astype(str)
    areas = groups("area", list(region), "area")
    blocks = [
        fixed_effects(
            ["yield", "share"],
            np.column_stack([has["yield"], has["share"]]),
            [np.log(priors.yield_kg_per_ha), np.log(priors.mature_share)],
            [priors.yield_log_sd, priors.share_log_sd],
        ),
        Block(areas.names, areas.design * has["area"][:, None], areas.mean + LOG_AREA[0], areas.sd * LOG_AREA[1]),
        _scaled(groups("redefined", list(year), "redefined"), has["area"]),
        _scaled(groups("season", list(year), "season"), has["yield"]),
    ]
    for part, spread in (("yield", "yields"), ("share", "shares")):
        below_nation = has[part] * (region != "Indonesia").to_numpy(float)
        blocks.append(_scaled(groups(f"{part} of province", list(province), spread), below_nation))
        blocks.append(_scaled(groups(f"{part} of regency", list(region), spread), has[part] * within.to_numpy(float)))
    return blocks


def _scaled(block: Block, factor: np.ndarray) -> Block:
    """The block where it applies only to rows with a factor of one."""
    return Block(block.names, block.design * factor[:, None], block.mean, block.sd, block.spread)
