"""Published estimates of what fertilizer returns, at which price it stops to pay, and what dear fertilizer takes."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.publish.estimates import Estimate, from_draws, split_sources
from pipeline.study.prices.scope import HECTARE, Dated

RATIO_UNIT = "kg beans per kg fertilizer"
UNITS = {
    "value_cost_ratio": "1",
    "optimal_dose": "kg/ha",
    "break_even_price": "Rp/kg",
    "choke_price": "Rp/kg",
    "choke_ratio": RATIO_UNIT,
    "dose": "kg/ha",
    "yield": "kg/ha",
    "income": "million Rp/ha",
    "net_income": "million Rp/ha",
}
# When the two prices of a step were paid; those of the other steps are of the present.
STEP_DATES = {
    "world_spike": "world market, 2019-2020 against the dearest twelve months of 2021-2022",
    "market_spike": "shop and farm gate, 2020-10 against 2022-05",
}
# Quantities that are shown under each curve alone.
BY_FAMILY = ("choke_ratio", "optimal_dose.market", "price_step.access.yield")
AVERAGED = "average of a Mitscherlich curve and a quadratic plateau, tied to the evidence synthesis at the full dose"


def unit_of(key: str) -> str:
    """Unit of a quantity, which one of the words of its key names."""
    return next(UNITS[word] for word in reversed(key.split(".")) if word in UNITS)


def fertilizer_estimates(
    full_dose: dict[str, np.ndarray],
    averaged: dict[str, np.ndarray],
    by_family: dict[str, dict[str, np.ndarray]],
    gain: np.ndarray,
    cases: pd.DataFrame,
    steps: pd.DataFrame,
    other_sources: tuple[str, ...],
    dated: Dated,
    level: float,
    seed: int,
) -> list[Estimate]:
    """Gain and returns of the full dose, what follows from the curves, the chances, and the price steps themselves."""
    sources = (*split_sources(cases["source_id"]), *other_sources)
    basis = dated.at(HECTARE)
    common: dict[str, Any] = {"level": level, "n": len(cases), "seed": seed, "basis": basis}

    def estimate(key: str, draws: np.ndarray, method: str, more: tuple[str, ...] = ()) -> Estimate:
        headline = key.startswith("value_cost_ratio")
        cited = (*sources, *more)
        return from_draws(
            f"fertilizer.{key}", draws, **common, unit=unit_of(key), method=method, sources=cited, headline=headline
        )

    tied = "gain of the full dose from the evidence synthesis, priced"
    found = [
        from_draws(
            "fertilizer.gain",
            gain,
            **{**common, "basis": f"{HECTARE}; full dose of cocoa NPK"},
            unit="kg/ha",
            method="present yield x effect",
            sources=sources,
        )
    ]
    found += [estimate(key, draws, tied) for key, draws in full_dose.items()]
    step_sources = {row.name: split_sources([row.source_id]) for row in steps.itertuples(index=False)}
    for key, draws in averaged.items():
        step = key.split(".")[1] if key.startswith("price_step") else ""
        found.append(estimate(key, draws, AVERAGED, step_sources.get(step, ())))
    for name, quantities in by_family.items():
        found += [estimate(f"{name}.{key}", quantities[key], f"{name} curve alone") for key in BY_FAMILY]
    return found + _chances({**full_dose, **averaged}, gain, sources, basis, len(cases), seed) + _steps(steps, dated)


def _chances(
    economics: dict[str, np.ndarray], gain: np.ndarray, sources: tuple[str, ...], basis: str, n: int, seed: int
) -> list[Estimate]:
    """Chance that a dose loses money, that it returns more than double, and that it adds nothing at any price.

    Money is lost where the value of the extra beans, less their harvest, is below the cost of the dose.
    """
    shares = {"probability_no_gain": (gain <= 0).mean()}
    for key, draws in economics.items():
        if "value_cost_ratio" in key:
            dose, _, name = key.rpartition("value_cost_ratio.")
            shares[f"{dose}probability_loss.{name}"] = (draws < 1).mean()
            shares[f"{dose}probability_above_2.{name}"] = (draws > 2).mean()
    cited = tuple(sorted(set(sources)))
    return [
        Estimate(f"fertilizer.{key}", float(share), "1", basis, "share of draws", cited, n, seed=seed)
        for key, share in shares.items()
    ]


def _steps(steps: pd.DataFrame, dated: Dated) -> list[Estimate]:
    """The two price ratios of every step, as they were computed from published prices."""
    return [
        Estimate(
            f"fertilizer.price_step.{step.name}.{side}",
            float(getattr(step, f"ratio_{side}")),
            RATIO_UNIT,
            STEP_DATES.get(step.name, dated.at("delivered to the village")),
            "fertilizer price over bean price",
            split_sources([step.source_id]),
            2,
        )
        for step in steps.itertuples(index=False)
        for side in ("cheap", "dear")
    ]


def trial_weight(weight: float, trials: pd.DataFrame) -> Estimate:
    """Predictive weight of the quadratic plateau in the dose trials on maize."""
    return Estimate(
        "fertilizer.maize_weight_quadratic_plateau",
        weight,
        "1",
        "maize, nitrogen",
        "stacking of log densities of yields at doses left out",
        split_sources(trials["source_id"]),
        len(trials.groupby(["trial", "site", "year"])),
    )
