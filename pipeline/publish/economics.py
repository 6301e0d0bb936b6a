"""Published estimates of what the options return, at present prices and at others, and what an extra kg costs."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.model.options import extra_tonnes
from pipeline.publish.causes import Named, named
from pipeline.publish.estimates import Estimate, from_draws
from pipeline.publish.names import PACKAGES

PER_HECTARE = "per mature hectare (TM) and year, where the pod borer is and the option is not done yet"
METHOD = "effect x present yield, priced"
# The two areas that the agency gave for Kutai Timur, the draws of their mature share, and where they were given.
AREAS_HA = {
    "1161": (1161.0, "mature_share_2025", "bait_2025_06"),
    "3440": (3440.0, "mature_share", "teraskaltim_2022_02"),
}
# What each option is called in the grid of prices, and the price of fertilizer it stands at.
IN_GRID = {
    "fertilizer_ceiling": ("fertilizer", "ceiling"),
    "fertilizer_market": ("fertilizer", "market"),
    "training_fertilizer": ("training_fertilizer", "ceiling"),
    "package": ("package", "ceiling"),
    "full_package": ("full_package", "ceiling"),
}


def mature_hectares(base: pd.DataFrame) -> dict[str, np.ndarray]:
    """Draws of mature hectares of Kutai Timur if an area as published is right, and with the area as drawn.

    ``base`` holds the draws of the present state. Keys: those of ``AREAS_HA``, and ``drawn``.
    """
    given = {name: hectares * base[share].to_numpy() for name, (hectares, share, _) in AREAS_HA.items()}
    return {**given, "drawn": (base["area_total_ha"] * base["mature_share"]).to_numpy()}


def scenario_estimates(
    outcomes: dict[str, dict[str, np.ndarray]],
    extra_kg: dict[str, np.ndarray],
    base: pd.DataFrame,
    adoption: float,
    sources: list[str],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Cost, extra beans, net income, value-cost ratio, chance of a loss and extra tonnes of every option.

    ``outcomes`` are per hectare that has the pod borer; ``extra_kg`` are means over the hectares that take part.
    """
    found = [Estimate("scenario.adoption", adoption, "1", "share of the mature area", "parameter", ("parameter",), 1)]
    found += [
        Estimate(f"scenario.area_{area}", hectares, "ha", "as published", "published figure", (source,), 1)
        for area, (hectares, _, source) in AREAS_HA.items()
    ]
    common: dict[str, Any] = {"level": level, "sources": sources, "n": len(sources), "seed": seed, "method": METHOD}
    hectares = mature_hectares(base)
    for name, outcome in outcomes.items():
        found += _per_hectare(f"scenario.{name}", outcome, common)
        for area, mature in hectares.items():
            tonnes = extra_tonnes(extra_kg[name], mature, adoption)
            basis = f"area {area}, mature share drawn, adoption {adoption:g}; sleeves only where the borer is"
            found.append(from_draws(f"scenario.{name}.extra_t_{area}", tonnes, **common, unit="t/yr", basis=basis))
    return found


def _per_hectare(key: str, outcome: dict[str, np.ndarray], common: dict[str, Any]) -> list[Estimate]:
    income, here = outcome["net_income_idr_per_ha"], {**common, "basis": PER_HECTARE}
    money = {"net_income": income / 1e6, "cost": outcome["cost_idr_per_ha"] / 1e6}
    found = [
        from_draws(f"{key}.{name}", draws, **here, unit="million Rp/ha", headline=name == "net_income")
        for name, draws in money.items()
    ]
    return [
        *found,
        from_draws(f"{key}.value_cost_ratio", outcome["value_cost_ratio"], **here, unit="1"),
        from_draws(f"{key}.extra_kg", outcome["extra_kg_per_ha"], **here, unit="kg/ha"),
        _chance(f"{key}.probability_loss", float((income < 0).mean()), common),
    ]


def _chance(key: str, value: float, common: dict[str, Any]) -> Estimate:
    sources = tuple(common["sources"])
    return Estimate(key, value, "1", PER_HECTARE, "share of draws", sources, len(sources), seed=common["seed"])


def price_estimates(
    grid: pd.DataFrame, names: list[str], sources: list[str], level: float, seed: int
) -> list[Estimate]:
    """Net income and chance of a loss of the options ``names`` at the low and the peak price of cocoa."""
    rows = grid.set_index(["name", "fertilizer", "cocoa"])
    common: dict[str, Any] = {"sources": sources, "seed": seed}
    found = []
    for name in names:
        for cocoa in ("low", "peak"):
            row = rows.loc[(*IN_GRID.get(name, (name, "none")), cocoa)]
            bounds = [row[f"net_income_idr_per_ha{part}"] / 1e6 for part in ("", "_lower", "_upper")]
            found += [
                Estimate(
                    f"scenario.{name}.net_income_{cocoa}",
                    bounds[0],
                    "million Rp/ha",
                    f"{PER_HECTARE}, {cocoa} price of cocoa",
                    METHOD,
                    tuple(sources),
                    len(sources),
                    bounds[1],
                    bounds[2],
                    level,
                    seed,
                ),
                _chance(f"scenario.{name}.probability_loss_{cocoa}", float(row["probability_loss"]), common),
            ]
    return found


def cost_estimates(curve: pd.DataFrame, sources: list[str], level: float, seed: int) -> list[Estimate]:
    """Cost of an extra kg by measure where it is finite: with its interval, or the value alone if that has no end."""
    found = []
    for row in curve[np.isfinite(curve["value"])].itertuples(index=False):
        interval = {"lower": row.lower, "upper": row.upper, "level": level} if np.isfinite(row.upper) else {}
        method = "kg that one rupiah brings, median, turned over"
        found.append(
            Estimate(
                f"cost_per_kg.{row.name}",
                row.value,
                "Rp/kg",
                PER_HECTARE,
                method,
                tuple(sources),
                len(sources),
                **interval,
                seed=seed,
            )
        )
    return found


def best_options(outcomes: dict[str, dict[str, np.ndarray]]) -> list[Named]:
    """The options by median net income, the best first."""
    medians = {name: float(np.median(outcome["net_income_idr_per_ha"])) for name, outcome in outcomes.items()}
    return [named(name, PACKAGES[name]) for name in sorted(medians, key=lambda name: -medians[name])]
