"""Published estimates of 04_yield_gap: mature share, present yield and gap of Kutai Timur."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.publish.estimates import Estimate, from_draws, split_sources

BASIS = "mature area (TM)"


def gap_estimates(
    state: pd.DataFrame, readings: pd.DataFrame, shares: pd.DataFrame, attainable: float, level: float, seed: int
) -> list[Estimate]:
    """Mature share, yield and gap from the draws of the present ``state``, and every reading as it was published."""
    present = state["yield_kg_per_ha"].to_numpy()
    share_sources = split_sources(shares["source_ids"])
    sources = (*share_sources, *split_sources(readings["source_ids"]))
    common: dict[str, Any] = {"level": level, "sources": sources, "n": len(readings), "seed": seed}
    official = "official figures of 2020 and 2025 with reporting error and unknown mature share"
    less = f"attainable {attainable:g} kg/ha less present yield"
    return [
        from_draws(
            "kutai_timur.mature_share",
            state["mature_share"].to_numpy(),
            level,
            unit="1",
            basis="of the total area, predicted for a regency without figures",
            method="Student t on log odds of known shares",
            sources=share_sources,
            n=len(shares),
            seed=seed,
            headline=True,
        ),
        from_draws(
            "kutai_timur.yield_mature", present, **common, unit="kg/ha", basis=BASIS, method=official, headline=True
        ),
        from_draws(
            "kutai_timur.gap", attainable - present, **common, unit="kg/ha", basis=BASIS, method=less, headline=True
        ),
        _probability(present, attainable, sources, seed),
        Estimate("attainable", attainable, "kg/ha", BASIS, "parameter", ("parameter",), 1),
        *(_reading(row) for _, row in readings.iterrows()),
    ]


def _probability(present: np.ndarray, attainable: float, sources: tuple[str, ...], seed: int) -> Estimate:
    chance = float((present < attainable).mean())
    method = "share of draws below the attainable yield"
    return Estimate(
        "kutai_timur.gap_probability", chance, "1", BASIS, method, tuple(sorted(set(sources))), 2, seed=seed
    )


def _reading(row: pd.Series) -> Estimate:
    name = row["reading"].replace(" ", "_").replace(",", "")
    method = "production over area as published"
    sources = tuple(row["source_ids"].split(";"))
    return Estimate(
        f"kutai_timur.yield_total.{name}", row["yield_kg_per_ha"], "kg/ha", "total area", method, sources, 2
    )


def error_estimates(errors: dict[str, tuple[float, int]], conflicts: pd.DataFrame) -> list[Estimate]:
    """Error of a single published figure, per quantity, from the clean table of conflicts."""
    sources = split_sources(conflicts["source_ids"])
    method = "median log ratio of conflicting figures"
    return [
        Estimate(f"reporting_error.{name}", error, "log ratio", "one published figure", method, sources, n)
        for name, (error, n) in errors.items()
    ]
