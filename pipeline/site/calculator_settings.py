"""What the reader of the calculator can set: defaults, what is possible, and how far the evidence reaches."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from pipeline.kit.data.contracts import read_clean, row
from pipeline.params import describe
from pipeline.study import known_rows
from pipeline.study.evidence.tables import BASELINES, COSTS, EFFECTS
from pipeline.study.fertilizer.best_dose import price_cases
from pipeline.study.names import PLAIN_BEANS
from pipeline.study.pests.pest_losses import LOW_SHARE, attack_figures
from pipeline.study.prices.prices_now import exchange_rates
from pipeline.study.prices.tables import EXCHANGE_CPI, LOCAL_PRICES, WORLD_PRICES
from pipeline.study.scenarios.farm import day_wage

# Youngest trees of the survey in Dairi (E112, ages 3 to 15): younger ones are taken not to bear.
BEARING_YEARS = 3.0
# Ages in the only fertilizer trial that prints them (E002).
TRIAL_YEARS = (3.5, 7.4)
OLDEST_YEARS = 100.0
NPK = ("npk", "npk_cocoa", "npk_mutiara")


@dataclass(frozen=True)
class Settings:
    """What the reader sets; ``None`` means not known, and the spread of the district takes its place.

    ``cocoa`` and ``fertilizer`` in Rp/kg, ``wage`` in Rp/day, ``yield_now`` in kg/ha of mature area, ``attacked`` in %
    of pods, ``age`` in years.
    """

    cocoa: float
    fertilizer: float
    wage: float
    yield_now: float | None = None
    attacked: float | None = None
    age: float | None = None


@dataclass(frozen=True)
class Field:
    """One setting: its default (``None``: not known), the possible range, and the range of the evidence."""

    default: float | None
    low: float
    high: float
    evidence_low: float
    evidence_high: float

    def problem(self, value: float | None) -> str | None:
        """Why no result can be given: ``missing``, ``number``, ``low`` or ``high``."""
        if value is None:
            return None if self.default is None else "missing"
        if not math.isfinite(value):
            return "number"
        return "low" if value < self.low else "high" if value > self.high else None

    def note(self, value: float | None) -> str | None:
        """Whether a possible value lies ``below`` or ``above`` the evidence."""
        if value is None or self.evidence_low <= value <= self.evidence_high:
            return None
        return "below" if value < self.evidence_low else "above"


def npk_prices(params: Any) -> pd.Series:
    """Prices of NPK in Rp/kg by case, brought to the month of the parameters and set by their multiplier."""
    world, costs = read_clean(WORLD_PRICES), read_clean(COSTS)
    rates = exchange_rates(read_clean(EXCHANGE_CPI), costs)
    now, prices = params.prices, read_clean(LOCAL_PRICES)
    cases = price_cases(prices, world, rates, now.as_of, now.fertilizer_multiplier)
    return cases.set_index("name")["price_idr_per_kg"]


def fields(params: Any) -> dict[str, Field]:
    """Every setting by name, in the order of the form.

    The possible range of cocoa is that of the parameter; fertilizer and wage may be a tenth to ten times what is
    known, as for the multipliers of prices; a yield may go up to the potential of clones, which no measure can pass.
    """
    prices, costs = read_clean(LOCAL_PRICES), read_clean(COSTS)
    baselines = read_clean(BASELINES)
    cases = npk_prices(params)
    is_plain = prices["item"].isin(PLAIN_BEANS) & (prices["market"] == "farm_gate")
    beans = prices[is_plain & ~prices["is_outlier"]]["price_idr_per_kg"]
    shop = prices[prices["item"].isin(NPK) & (prices["market"] != "transport")]["price_idr_per_kg"]
    wages = costs[(costs["item"] == "minimum_wage") & (costs["place"] == "Kutai Timur")]["value"]
    per_day = wages / params.prices.working_days_per_month
    wage, _ = day_wage(costs, params.prices.working_days_per_month, params.prices.as_of)
    yields = baselines[baselines["variable"] == "yield"]["value"].dropna()
    attacked, _ = attack_figures(baselines, read_clean(EFFECTS))
    bounds, factor = describe()["prices.cocoa_idr_per_kg"], describe()["prices.fertilizer_multiplier"]
    bean_price = params.prices.cocoa_idr_per_kg * params.prices.cocoa_multiplier
    return {
        "cocoa": Field(bean_price, *_outward(bounds["low"], bounds["high"]), *_outward(beans.min(), beans.max())),
        "fertilizer": Field(
            float(cases["ceiling"]),
            *_outward(factor["low"] * cases.min(), factor["high"] * cases.max()),
            *_outward(shop.min(), shop.max()),
        ),
        "wage": Field(
            wage, *_outward(factor["low"] * wage, factor["high"] * wage), *_outward(per_day.min(), per_day.max())
        ),
        "yield_now": Field(None, 1.0, params.yield_gap.potential_kg_per_ha, yields.min(), yields.max()),
        "attacked": Field(None, 0.0, 100.0, LOW_SHARE * 100, attacked * 100),
        "age": Field(
            None, 0.0, OLDEST_YEARS, BEARING_YEARS, float(row(baselines, known_rows.TREE_AGE_TABANAN)["value_high"])
        ),
    }


def _outward(low: float, high: float) -> tuple[float, float]:
    """A range in whole rupiah, so that a reader who types a bound as it is shown stays within it."""
    return float(math.floor(low)), float(math.ceil(high))


def defaults(known: dict[str, Field]) -> Settings:
    """The settings at which the published numbers stand."""
    return Settings(**{name: field.default for name, field in known.items()})  # type: ignore[arg-type]


def problems(settings: Settings, known: dict[str, Field], harvest_days_per_kg: float) -> dict[str, str]:
    """Why no result can be given, by setting; beside the codes of ``Field.problem``:

    ``harvest`` when the price of beans does not pay for harvesting them, ``immature`` for trees not yet bearing.
    """
    values = asdict(settings)
    found = {name: code for name, field in known.items() if (code := field.problem(values[name]))}
    if not found and settings.cocoa <= harvest_days_per_kg * settings.wage:
        found["cocoa"] = "harvest"
    if "age" not in found and settings.age is not None and settings.age < BEARING_YEARS:
        found["age"] = "immature"
    return found


def notes(settings: Settings, known: dict[str, Field]) -> dict[str, str]:
    """What the reader must know of the result, by setting: ``below`` or ``above`` the evidence.

    For the age instead: ``unknown``, ``trial`` (ages of a fertilizer trial), ``survey`` or ``old``.
    """
    values = asdict(settings)
    found = {name: code for name, field in known.items() if name != "age" and (code := field.note(values[name]))}
    # Without the borer nothing rests on the damage curve.
    if settings.attacked == 0:
        del found["attacked"]
    return {**found, "age": _age_note(settings.age, known["age"].evidence_high)}


def outside(found: dict[str, str]) -> list[str]:
    """The settings of which the evidence says nothing, by the codes of ``notes``: no measure is named first there.

    Prices and wages are what the reader meets; what they do needs no evidence.
    """
    return [name for name in ("yield_now", "attacked", "age") if found.get(name) in ("below", "above", "old")]


def _age_note(age: float | None, oldest: float) -> str:
    if age is None:
        return "unknown"
    if age > oldest:
        return "old"
    return "trial" if TRIAL_YEARS[0] <= age <= TRIAL_YEARS[1] else "survey"
