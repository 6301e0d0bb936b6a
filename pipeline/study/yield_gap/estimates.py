"""Published estimates of 04_yield_gap: mature share, present yield and gap of Kutai Timur."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters
from pipeline.kit.publish.estimates import (
    FROM_FIGURES,
    MEDIAN_OF_FIGURES,
    PROBABILITY,
    SHARE,
    Estimate,
    cited,
    from_draws,
    split_sources,
)
from pipeline.kit.publish.keys import Key
from pipeline.study.known_rows import ATTAINABLE
from pipeline.study.yield_gap.regency import PRIORS

# What counts as a conflict, from which the error of a published figure is told.
DISAGREEMENT = cite_parameters("cleaning.disagreement_ratio")
# Readings that put figures of different things over each other, which the words say.
THREE_SUBDISTRICTS = (
    "crop of Karangan, Kaubun and Busang alone over the area of the whole regency, which another source gives"
)
READINGS = {
    "2025_potential": "taken for total area, which nothing says; a potential, not a harvest",
    "2025_regent_small_area": f"taken for total area, which nothing says; {THREE_SUBDISTRICTS}",
    "2025_regent_old_area": f"total area; {THREE_SUBDISTRICTS}",
}
# What the regency model is fitted to: of some raw rows a figure is made.
FITTED = "figures"
BASIS = "mature area (TM)"
NOW = "at present"
METHOD = "regency model: area, mature share and yield in logs, pooled from regency to nation"
HERE = "kutai_timur"
REGIONS = {"kutai_timur": "Kutai Timur", "berau": "Berau", "mahakam_ulu": "Mahakam Ulu"}


def cited_by_model(figures: pd.DataFrame, errors: dict[str, tuple[float, pd.DataFrame]]) -> tuple[str, ...]:
    """What every number of the regency model cites: the figures it is fitted to, what tells their error, and priors.

    Regencies learn from each other through their province and the nation: no number rests on its own figures alone.
    """
    conflicts = (cited for _, used in errors.values() for cited in used["source_ids"])
    return (*split_sources([*figures["source_id"], *conflicts]), *DISAGREEMENT, *PRIORS)


def gap_estimates(
    state: pd.DataFrame,
    readings: pd.DataFrame,
    figures: pd.DataFrame,
    cites: tuple[str, ...],
    is_mature: float,
    attainable: float,
    level: float,
    seed: int,
) -> list[Estimate]:
    """Area, mature share, yield and gap from the draws of the present ``state``, and every reading as published.

    ``figures`` are those the regency model was fitted to, ``cites`` is what it rests on; ``is_mature`` is the chance
    that the hectares given in 2025 are mature area.
    """
    present = state["yield_kg_per_ha"].to_numpy()
    common: dict[str, Any] = {
        "level": level, "n": len(figures), "n_of": FITTED, "seed": seed, "method": METHOD, "headline": True,
    }  # fmt: skip
    own, with_attainable = common | {"sources": cites}, common | {"sources": (*cites, *ATTAINABLE)}
    share, area = state["mature_share"].to_numpy(), state["area_total_ha"].to_numpy()
    tonnes = area * share * present / 1000
    gap, less = attainable - present, f"{attainable:g} less the present yield, mature area (TM)"
    chance, weighed = (
        "chance that the hectares of 2025 are mature area; even before the figures are seen",
        "evidence of both readings",
    )
    return [
        from_draws(Key(HERE, (), "mature_share"), share, **own, unit="1", basis=f"of the total area, {NOW}"),
        from_draws(Key(HERE, (), "yield_mature"), present, **own, unit="kg/ha", basis=f"{BASIS}, dry beans, {NOW}"),
        from_draws(Key(HERE, (), "gap"), gap, **with_attainable, unit="kg/ha", basis=less),
        from_draws(Key(HERE, (), "area_total"), area, **own, unit="ha", basis="total area, 2025"),
        from_draws(Key(HERE, (), "area_mature"), area * share, **own, unit="ha", basis="mature area (TM), 2025"),
        from_draws(Key(HERE, (), "production"), tonnes, **own, unit="t/yr", basis=f"dry beans, {NOW}"),
        Estimate(
            Key(HERE, (), "area_2025_is_mature"), is_mature, "1", chance, weighed, cites, len(figures), FITTED,
            value_is=PROBABILITY,
        ),
        _probability(present, attainable, (*cites, *ATTAINABLE), len(figures), seed),
        Estimate(Key("attainable"), attainable, "kg/ha", BASIS, "parameter", ATTAINABLE),
        *(_reading(row) for _, row in readings.iterrows()),
    ]  # fmt: skip


def grower_estimates(
    growers: pd.DataFrame, figures: pd.DataFrame, cites: tuple[str, ...], level: float, seed: int
) -> list[Estimate]:
    """Present production and yield per mature hectare of the regencies that might export."""
    found = []
    units = {"yield_kg_per_ha": ("kg/ha", BASIS), "mature_ha": ("ha", BASIS), "production_t": ("t/yr", "dry beans")}
    for column in growers:
        region, quantity = next((r, q) for r in REGIONS for q in units if column == f"{r}_{q}")
        unit, basis = units[quantity]
        found.append(
            from_draws(
                Key("grower", (region,), quantity), growers[column].to_numpy(), level, unit=unit,
                basis=f"{basis}; {REGIONS[region]} {NOW}", method=METHOD,
                sources=cites, n=len(figures), n_of=FITTED, seed=seed,
            )
        )  # fmt: skip
    return found


def _probability(present: np.ndarray, attainable: float, cites: tuple[str, ...], n: int, seed: int) -> Estimate:
    chance = float((present < attainable).mean())
    method = "share of draws below the attainable yield"
    return Estimate(
        Key(HERE, (), "gap_probability"), chance, "1", BASIS, method, cites, n, FITTED, seed=seed, value_is=SHARE
    )


def _reading(row: pd.Series) -> Estimate:
    name = row["reading"].replace(" ", "_").replace(",", "")
    method, basis = "production over area as published", READINGS.get(name, "total area")
    own = cited([row["source_ids"]]) | {"value_is": FROM_FIGURES}
    return Estimate(Key(HERE, (), "yield_total", (name,)), row["yield_kg_per_ha"], "kg/ha", basis, method, **own)


def error_estimates(errors: dict[str, tuple[float, pd.DataFrame]]) -> list[Estimate]:
    """Error of a single published figure, per quantity, with the conflicts that tell it."""
    method = "median log ratio of conflicting figures"
    return [
        Estimate(
            Key("reporting_error", (name,)), error, "log ratio", "one published figure", method,
            split_sources(used["source_ids"]), len(used), "conflicts", value_is=MEDIAN_OF_FIGURES,
        )
        for name, (error, used) in errors.items()
    ]  # fmt: skip
