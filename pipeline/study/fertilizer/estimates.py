"""Published estimates of what fertilizer returns, at which price it stops to pay, and what dear fertilizer takes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters
from pipeline.kit.publish.estimates import FROM_FIGURES, SHARE, WEIGHT, Estimate, Quantity, cited, split_sources
from pipeline.kit.publish.keys import Key
from pipeline.study.fertilizer.best_dose import Draws, key
from pipeline.study.known_rows import POTENTIAL
from pipeline.study.names import FULL_DOSE
from pipeline.study.prices.prices_now import MULTIPLIER
from pipeline.study.prices.scope import HECTARE, PRICE_CITES, Dated

RATIO_UNIT = "kg beans per kg fertilizer"
# Where and when the two prices of a step were paid; those of the other steps are of the present.
STEP_DATES = {
    "world_spike": {
        "cheap": "world market, mean of the ratios of the months of 2019-2020; nutrients of cocoa NPK 14-12-16 in "
        "urea, TSP and KCl",
        "dear": "world market, mean of the ratios of the dearest twelve months in a row of 2021-2022; nutrients of "
        "cocoa NPK 14-12-16 in urea, TSP and KCl",
    },
    "market_spike": {
        "cheap": "one brand of NPK in shops of Indonesia, 2020-10; "
        "over beans at the farm gate of Mahakam Ulu, 2020-12; freight to the village added",
        "dear": "the same brand on Bangka, 2022-05, a sack taken for 50 kg; "
        "over beans at the farm gate of Mahakam Ulu, 2022-06; freight to the village added",
    },
}
# What is shown under each curve alone.
BY_FAMILY = (key("choke_ratio"), key("optimal_dose", at=("market",)), key("yield", "price_step", "access"))
# Between which prices of fertilizer each step lies, where that is not told by the cases.
STEP_PRICES = {
    "world_spike": "from the world price ratio of 2019-2020 to that of the dearest months of 2021-2022",
    "market_spike": "from the price ratio of one brand of NPK in 2020 to that in 2022",
}
# What is assumed of the bean price and of labour, which every return needs, and of fertilizer delivered to the village.
FREIGHT = cite_parameters("fertilizer.transport_idr_per_kg")
LABOUR = PRICE_CITES["present"] + cite_parameters(
    "prices.harvest_days_per_kg",
    "prices.working_days_per_month",
    "fertilizer.dose_kg_per_ha",
    "fertilizer.labour_days_per_ha",
    "scenarios.assumed_factor",
)
DELIVERED = (*PRICE_CITES["present"], *MULTIPLIER, *FREIGHT)
COSTS = (*LABOUR, *MULTIPLIER, *FREIGHT)
STEP_COSTS: dict[str, tuple[str, ...]] = {"world_spike": (), "market_spike": FREIGHT}
# The dose that a number speaks of, unless the number is a dose.
HALF = "half of the full dose of cocoa NPK"
DOSES = {
    **dict.fromkeys(("gain", "probability_no_gain", "break_even_price", "net_income"), FULL_DOSE),
    **dict.fromkeys(("value_cost_ratio", "probability_loss", "probability_above_2"), FULL_DOSE),
    **dict.fromkeys(("dose", "yield", "income"), "what the dear price takes from who always buys the best dose"),
    **dict.fromkeys(("choke_price", "choke_ratio"), "the best dose falls to zero"),
}
# The curves by the names of their families.
CURVES = {"mitscherlich": "Mitscherlich curve", "quadratic_plateau": "quadratic plateau"}
TIED = "gain of the full dose from the evidence synthesis, priced"
AVERAGED = "average of a Mitscherlich curve and a quadratic plateau, tied to the evidence synthesis at the full dose"
RATIO = "fertilizer price over bean price"
BELOW_COST = "share of draws in which the extra beans, less their harvest, are worth less than the dose costs"
ABOVE_TWICE = BELOW_COST.replace("less than the dose", "more than twice what the dose")
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
    ), value_is=FROM_FIGURES),
    Quantity("fertilizer", "dear", RATIO_UNIT, RATIO, (
        "fertilizer.price_step.world_spike.dear", "fertilizer.price_step.market_spike.dear",
        "fertilizer.price_step.ceiling_cut.dear", "fertilizer.price_step.access.dear",
    ), value_is=FROM_FIGURES),
    Quantity("fertilizer", "probability_no_gain", "1", "share of draws in which the dose adds no beans", (
        "fertilizer.probability_no_gain",
    )),
    Quantity("fertilizer", "probability_loss", "1", BELOW_COST, (
        "fertilizer.probability_loss.ceiling", "fertilizer.probability_loss.ceiling_before",
        "fertilizer.probability_loss.market", "fertilizer.half_dose.probability_loss.ceiling",
        "fertilizer.half_dose.probability_loss.ceiling_before", "fertilizer.half_dose.probability_loss.market",
    )),
    Quantity("fertilizer", "probability_above_2", "1", ABOVE_TWICE, (
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
    own = dated.fertilizers
    pairs = {step: f"{own[first]}; {own[second]}" for step, (first, second) in SIDES.items()}
    prices = own | {"ceiling_cut": pairs["ceiling_cut"], "access": pairs["access"]}

    def about(each: Key) -> dict[str, Any]:
        own = cites.of_key(each)
        return {**own, "basis": _basis(each, own["sources"], prices, dated)}

    def estimate(each: Key, draws: np.ndarray, **more: str) -> Estimate:
        headline = each.quantity == "value_cost_ratio" and not each.case
        return QUANTITIES[each.quantity].drawn(each, draws, level, **about(each) | more, headline=headline)

    found = [estimate(key("gain"), gain)]
    found += [estimate(each, draws) for each, draws in full_dose.items()]
    found += [estimate(each, draws, method=AVERAGED) for each, draws in averaged.items()]
    for family, draws_by_key in by_family.items():
        found += [
            estimate(replace(each, case=(family, *each.case)), draws_by_key[each], method=f"{CURVES[family]} alone")
            for each in BY_FAMILY
        ]
    shares = _shares({**full_dose, **averaged}, gain)
    chances = [
        QUANTITIES[each.quantity].estimate(each, share, **about(each), value_is=SHARE) for each, share in shares.items()
    ]
    return found + chances + _steps(steps, prices, dated)


def _basis(each: Key, cites: tuple[str, ...], prices: dict[str, str], dated: Dated) -> str:
    """What a number of fertilizer speaks of: the hectare, the dose, and the prices that enter it."""
    dose = HALF if "half_dose" in each.case else DOSES.get(each.quantity, "")
    spike = next((STEP_PRICES[name] for name in each.case if name in STEP_PRICES), "")
    price = next((prices[name] for name in (*each.at, *each.case) if name in prices), "")
    return dated.at("; ".join(filter(None, (HECTARE, dose, spike))), cites, fertilizer=price)


@dataclass(frozen=True)
class _Cites:
    """What the numbers of fertilizer cite: the effect, what a gain and returns need beside it, and each price and step
    by name."""

    effect: tuple[str, ...]
    gain: tuple[str, ...]
    labour: tuple[str, ...]
    prices: dict[str, tuple[str, ...]]
    steps: dict[str, tuple[str, ...]]
    seed: int

    @classmethod
    def of(cls, cites_of: dict[str, tuple[str, ...]], cases: pd.DataFrame, steps: pd.DataFrame, seed: int) -> "_Cites":
        prices, stepped = (
            {row.name: split_sources([row.source_id]) for row in table.itertuples(index=False)}
            for table in (cases, steps)
        )
        gain, labour = (*cites_of["yield"], *POTENTIAL), (*cites_of["wage"], *LABOUR)
        return cls(cites_of["effect"], gain, labour, prices, stepped, seed)

    def of_key(self, each: Key) -> dict[str, Any]:
        """What the quantity of a key cites, as ``cited`` says it.

        No price stands behind a gain, whether there is one depends on the effect alone, and no freight stands behind a
        price ratio of what is delivered already.
        """
        found = set(self.effect)
        if each.quantity != "probability_no_gain":
            found.update(self.gain)
        if each.quantity not in ("gain", "probability_no_gain"):
            found.update(self.labour)
            if each.quantity != "choke_ratio" and "world_spike" not in each.case:
                found.update(FREIGHT)
        for name in (*each.at, *each.case):
            found.update(self.prices.get(name, ()), self.steps.get(name, ()))
        return cited(found, self.seed)


def _shares(economics: Draws, gain: np.ndarray) -> dict[Key, float]:
    """Chance that a dose loses money, that it returns more than double, and that it adds nothing at any price.

    Money is lost where the value of the extra beans, less their harvest, is below the cost of the dose.
    """
    shares = {key("probability_no_gain"): float((gain <= 0).mean())}
    for each, draws in economics.items():
        if each.quantity == "value_cost_ratio":
            shares[key("probability_loss", *each.case, at=each.at)] = float((draws < 1).mean())
            shares[key("probability_above_2", *each.case, at=each.at)] = float((draws > 2).mean())
    return shares


# Which case each side of the steps between present prices is.
SIDES = {"ceiling_cut": ("ceiling", "ceiling_before"), "access": ("ceiling", "market")}


def _steps(steps: pd.DataFrame, prices: dict[str, str], dated: Dated) -> list[Estimate]:
    """The two price ratios of every step, as they were computed from published prices."""
    found = []
    for step in steps.itertuples(index=False):
        for side, case in zip(("cheap", "dear"), SIDES.get(step.name, ("", "")), strict=True):
            own = cited((getattr(step, f"{side}_cites"), *STEP_COSTS.get(step.name, DELIVERED)))
            said = dated.at("delivered to the village", own["sources"], fertilizer=prices.get(case, ""))
            basis = STEP_DATES.get(step.name, {}).get(side) or said
            ratio = float(getattr(step, f"ratio_{side}"))
            found.append(QUANTITIES[side].estimate(key(side, "price_step", step.name), ratio, basis=basis, **own))
    return found


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
        value_is=WEIGHT,
    )
