"""Published estimates of what fertilizer returns, at which price it stops to pay, and what dear fertilizer takes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters
from pipeline.kit.publish.estimates import Estimate, Quantity, cited, split_sources
from pipeline.kit.publish.keys import Key
from pipeline.study.fertilizer.best_dose import Draws, key
from pipeline.study.known_rows import POTENTIAL
from pipeline.study.prices.scope import HECTARE, Dated

RATIO_UNIT = "kg beans per kg fertilizer"
# Where and when the two prices of a step were paid; those of the other steps are of the present.
STEP_DATES = {
    "world_spike": {
        "cheap": "world market, mean of 2019-2020",
        "dear": "world market, the dearest twelve months of 2021-2022",
    },
    "market_spike": {
        "cheap": "one brand of NPK in shops of Indonesia, 2020-10; over beans at the farm gate of Mahakam Ulu, 2020-12",
        "dear": "the same brand on Bangka, 2022-05, a sack taken for 50 kg; "
        "over beans at the farm gate of Mahakam Ulu, 2022-07",
    },
}
# What is shown under each curve alone.
BY_FAMILY = (key("choke_ratio"), key("optimal_dose", at=("market",)), key("yield", "price_step", "access"))
# What is assumed of prices and costs, and of the price of fertilizer delivered to the village.
DELIVERED = cite_parameters(
    "prices.as_of",
    "prices.cocoa_idr_per_kg",
    "prices.cocoa_multiplier",
    "prices.fertilizer_multiplier",
    "fertilizer.transport_idr_per_kg",
)
COSTS = DELIVERED + cite_parameters(
    "prices.harvest_days_per_kg",
    "prices.working_days_per_month",
    "fertilizer.dose_kg_per_ha",
    "fertilizer.labour_days_per_ha",
    "scenarios.assumed_factor",
)
STEP_COSTS: dict[str, tuple[str, ...]] = {
    "world_spike": (),
    "market_spike": cite_parameters("fertilizer.transport_idr_per_kg"),
}
TIED = "gain of the full dose from the evidence synthesis, priced"
AVERAGED = "average of a Mitscherlich curve and a quadratic plateau, tied to the evidence synthesis at the full dose"
RATIO = "fertilizer price over bean price"
# Every quantity by name; a step of prices takes ``dose``, ``yield`` and ``income``, between a cheap and a dear price.
QUANTITIES = {quantity.name: quantity for quantity in (
    Quantity("fertilizer", "gain", "kg/ha", "present yield x effect", ("fertilizer.gain",)),
    Quantity("fertilizer", "break_even_price", "Rp/kg", TIED, ("fertilizer.break_even_price",)),
    Quantity("fertilizer", "value_cost_ratio", "1", TIED, (
        "fertilizer.value_cost_ratio.ceiling", "fertilizer.value_cost_ratio.ceiling_before",
        "fertilizer.value_cost_ratio.market", "fertilizer.half_dose.value_cost_ratio.ceiling",
        "fertilizer.half_dose.value_cost_ratio.ceiling_before", "fertilizer.half_dose.value_cost_ratio.market",
    )),
    Quantity("fertilizer", "net_income", "million Rp/ha", TIED, (
        "fertilizer.net_income.ceiling", "fertilizer.net_income.ceiling_before", "fertilizer.net_income.market",
    )),
    Quantity("fertilizer", "choke_price", "Rp/kg", AVERAGED, ("fertilizer.choke_price",)),
    Quantity("fertilizer", "choke_ratio", RATIO_UNIT, AVERAGED, (
        "fertilizer.choke_ratio", "fertilizer.mitscherlich.choke_ratio", "fertilizer.quadratic_plateau.choke_ratio",
    )),
    Quantity("fertilizer", "optimal_dose", "kg/ha", AVERAGED, (
        "fertilizer.optimal_dose.ceiling", "fertilizer.optimal_dose.ceiling_before", "fertilizer.optimal_dose.market",
        "fertilizer.mitscherlich.optimal_dose.market", "fertilizer.quadratic_plateau.optimal_dose.market",
    )),
    Quantity("fertilizer", "dose", "kg/ha", AVERAGED, (
        "fertilizer.price_step.world_spike.dose", "fertilizer.price_step.market_spike.dose",
        "fertilizer.price_step.ceiling_cut.dose", "fertilizer.price_step.access.dose",
    )),
    Quantity("fertilizer", "yield", "kg/ha", AVERAGED, (
        "fertilizer.price_step.world_spike.yield", "fertilizer.price_step.market_spike.yield",
        "fertilizer.price_step.ceiling_cut.yield", "fertilizer.price_step.access.yield",
        "fertilizer.mitscherlich.price_step.access.yield", "fertilizer.quadratic_plateau.price_step.access.yield",
    )),
    Quantity("fertilizer", "income", "million Rp/ha", AVERAGED, (
        "fertilizer.price_step.world_spike.income", "fertilizer.price_step.market_spike.income",
        "fertilizer.price_step.ceiling_cut.income", "fertilizer.price_step.access.income",
    )),
    Quantity("fertilizer", "cheap", RATIO_UNIT, RATIO, (
        "fertilizer.price_step.world_spike.cheap", "fertilizer.price_step.market_spike.cheap",
        "fertilizer.price_step.ceiling_cut.cheap", "fertilizer.price_step.access.cheap",
    )),
    Quantity("fertilizer", "dear", RATIO_UNIT, RATIO, (
        "fertilizer.price_step.world_spike.dear", "fertilizer.price_step.market_spike.dear",
        "fertilizer.price_step.ceiling_cut.dear", "fertilizer.price_step.access.dear",
    )),
    Quantity("fertilizer", "probability_no_gain", "1", "share of draws", ("fertilizer.probability_no_gain",)),
    Quantity("fertilizer", "probability_loss", "1", "share of draws", (
        "fertilizer.probability_loss.ceiling", "fertilizer.probability_loss.ceiling_before",
        "fertilizer.probability_loss.market", "fertilizer.half_dose.probability_loss.ceiling",
        "fertilizer.half_dose.probability_loss.ceiling_before", "fertilizer.half_dose.probability_loss.market",
    )),
    Quantity("fertilizer", "probability_above_2", "1", "share of draws", (
        "fertilizer.probability_above_2.ceiling", "fertilizer.probability_above_2.ceiling_before",
        "fertilizer.probability_above_2.market", "fertilizer.half_dose.probability_above_2.ceiling",
        "fertilizer.half_dose.probability_above_2.ceiling_before", "fertilizer.half_dose.probability_above_2.market",
    )),
)}  # fmt: skip


def fertilizer_estimates(
    full_dose: Draws,
    averaged: Draws,
    by_family: dict[str, Draws],
    gain: np.ndarray,
    cases: pd.DataFrame,
    steps: pd.DataFrame,
    cites_of: dict[str, tuple[str, ...]],
    dated: Dated,
    level: float,
    seed: int,
) -> list[Estimate]:
    """Gain and returns of the full dose, what follows from the curves, the chances, and the price steps themselves.

    ``cites_of`` is what the ``effect`` of fertilizer, the present ``yield`` and the ``wage`` cite.
    """
    cites = _Cites.of(cites_of, cases, steps, seed)
    common: dict[str, Any] = {"level": level, "basis": dated.at(HECTARE)}

    def estimate(each: Key, draws: np.ndarray, **about: str) -> Estimate:
        headline = each.quantity == "value_cost_ratio" and not each.case
        return QUANTITIES[each.quantity].drawn(each, draws, **common | cites.of_key(each) | about, headline=headline)

    found = [estimate(key("gain"), gain, basis=f"{HECTARE}; full dose of cocoa NPK")]
    found += [estimate(each, draws) for each, draws in full_dose.items()]
    found += [estimate(each, draws, method=AVERAGED) for each, draws in averaged.items()]
    for family, draws_by_key in by_family.items():
        found += [
            estimate(replace(each, case=(family, *each.case)), draws_by_key[each], method=f"{family} curve alone")
            for each in BY_FAMILY
        ]
    chances = _chances({**full_dose, **averaged}, gain, cites, dated.at(HECTARE))
    return found + chances + _steps(steps, dated, cites)


@dataclass(frozen=True)
class _Cites:
    """What the numbers of fertilizer cite: the effect, what a gain and returns need beside it, and each price and step
    by name."""

    effect: tuple[str, ...]
    gain: tuple[str, ...]
    costs: tuple[str, ...]
    prices: dict[str, tuple[str, ...]]
    steps: dict[str, tuple[str, ...]]
    seed: int

    @classmethod
    def of(cls, cites_of: dict[str, tuple[str, ...]], cases: pd.DataFrame, steps: pd.DataFrame, seed: int) -> "_Cites":
        prices, stepped = (
            {row.name: split_sources([row.source_id]) for row in table.itertuples(index=False)}
            for table in (cases, steps)
        )
        gain, costs = (*cites_of["yield"], *POTENTIAL), (*cites_of["wage"], *COSTS)
        return cls(cites_of["effect"], gain, costs, prices, stepped, seed)

    def of_key(self, each: Key) -> dict[str, Any]:
        """What the quantity of a key cites, as ``cited`` says it: no price stands behind a gain, and whether there is
        one depends on the effect alone."""
        found = set(self.effect)
        if each.quantity != "probability_no_gain":
            found.update(self.gain)
        if each.quantity not in ("gain", "probability_no_gain"):
            found.update(self.costs)
        for name in (*each.at, *each.case):
            found.update(self.prices.get(name, ()), self.steps.get(name, ()))
        return cited(found, self.seed)


def _chances(economics: Draws, gain: np.ndarray, cites: _Cites, basis: str) -> list[Estimate]:
    """Chance that a dose loses money, that it returns more than double, and that it adds nothing at any price.

    Money is lost where the value of the extra beans, less their harvest, is below the cost of the dose.
    """
    shares = {key("probability_no_gain"): (gain <= 0).mean()}
    for each, draws in economics.items():
        if each.quantity == "value_cost_ratio":
            shares[key("probability_loss", *each.case, at=each.at)] = (draws < 1).mean()
            shares[key("probability_above_2", *each.case, at=each.at)] = (draws > 2).mean()
    return [
        QUANTITIES[each.quantity].estimate(each, float(share), **cites.of_key(each), basis=basis)
        for each, share in shares.items()
    ]


def _steps(steps: pd.DataFrame, dated: Dated, cites: _Cites) -> list[Estimate]:
    """The two price ratios of every step, as they were computed from published prices."""
    return [
        QUANTITIES[side].estimate(
            key(side, "price_step", step.name),
            float(getattr(step, f"ratio_{side}")),
            **cited((getattr(step, f"{side}_cites"), *STEP_COSTS.get(step.name, DELIVERED))),
            basis=STEP_DATES.get(step.name, {}).get(side) or dated.at("delivered to the village"),
        )
        for step in steps.itertuples(index=False)
        for side in ("cheap", "dear")
    ]


def trial_weight(weight: float, trials: pd.DataFrame) -> Estimate:
    """Predictive weight of the quadratic plateau in the dose trials on maize."""
    return Estimate(
        key("maize_weight_quadratic_plateau"),
        weight,
        "1",
        "maize, nitrogen",
        "stacking of log densities of yields at doses left out",
        split_sources(trials["source_id"]),
        len(trials.groupby(["trial", "site", "year"])),
        "trials",
    )
