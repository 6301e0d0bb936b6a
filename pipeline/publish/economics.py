"""Published estimates of what the measures return."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.model.scenarios import extra_tonnes
from pipeline.publish.causes import Named, named
from pipeline.publish.estimates import Estimate, from_draws
from pipeline.publish.names import PACKAGES

PER_HECTARE = "per mature hectare (TM) and year"
# The two areas that the agency gave for Kutai Timur, the draws of their mature share, and where they were given.
AREAS_HA = {
    "1161": (1161.0, "mature_share_2025", "bait_2025_06"),
    "3440": (3440.0, "mature_share", "teraskaltim_2022_02"),
}


def scenario_estimates(
    outcomes: dict[str, dict[str, np.ndarray]],
    base: pd.DataFrame,
    adoption: float,
    sources: list[str],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Net income, value-cost ratio, chance of a loss and extra tonnes of every measure.

    ``base`` holds the draws of the present state, whose mature shares turn hectares as published into mature ones.
    """
    found = [Estimate("scenario.adoption", adoption, "1", "share of the mature area", "parameter", ("parameter",), 1)]
    common: dict[str, Any] = {"level": level, "sources": sources, "n": len(outcomes), "seed": seed}
    found += [
        Estimate(f"scenario.area_{area}", hectares, "ha", "as published", "published figure", (source,), 1)
        for area, (hectares, _, source) in AREAS_HA.items()
    ]
    method = "effect x present yield, priced"
    for name, outcome in outcomes.items():
        key, income = f"scenario.{name}", outcome["net_income_idr_per_ha"]
        found += [
            from_draws(
                f"{key}.net_income",
                income / 1e6,
                **common,
                unit="million Rp/ha",
                basis=PER_HECTARE,
                method=method,
                headline=True,
            ),
            from_draws(
                f"{key}.value_cost_ratio",
                outcome["value_cost_ratio"],
                **common,
                unit="1",
                basis=PER_HECTARE,
                method=method,
            ),
            from_draws(
                f"{key}.extra_kg", outcome["extra_kg_per_ha"], **common, unit="kg/ha", basis=PER_HECTARE, method=method
            ),
            Estimate(
                f"{key}.probability_loss",
                float((income < 0).mean()),
                "1",
                PER_HECTARE,
                "share of draws",
                tuple(sources),
                len(outcomes),
                seed=seed,
            ),
        ]
        for area, (hectares, share, _) in AREAS_HA.items():
            tonnes = extra_tonnes(outcome["extra_kg_per_ha"], hectares, base[share].to_numpy(), adoption)
            basis = f"{hectares:g} ha, mature share drawn, adoption {adoption:g}"
            found.append(from_draws(f"{key}.extra_t_{area}", tonnes, **common, unit="t/yr", basis=basis, method=method))
    return found


def best_option(outcomes: dict[str, dict[str, np.ndarray]]) -> Named:
    """The measure with the best median net income."""
    best = max(outcomes, key=lambda name: float(np.median(outcomes[name]["net_income_idr_per_ha"])))
    return named(best, PACKAGES[best])
