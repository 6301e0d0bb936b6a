"""Published estimates of 08_model_price_response: what yields and areas did after price changes, and what predicts."""

import re

import numpy as np
import pandas as pd

from pipeline.kit.publish.estimates import (
    COUNT,
    LEAST_SQUARES,
    MEDIAN_OF_POSTERIOR,
    SHARE_OF_CASES,
    SPARED,
    Estimate,
    split_sources,
)
from pipeline.kit.publish.keys import Key
from pipeline.study.price_response.learners import r2_over_groups
from pipeline.study.price_response.panel import AREA, PRODUCTION, YIELD, cited_drivers
from pipeline.study.price_response.price_readings import BAYES, CREDIBLE, JUMP, UNOFFICIAL, Reading

DOUBLED = "after a doubling of the world price of cocoa over that of fertilizer"
BASES = {
    **dict.fromkeys(("price_response", "price_response_indonesia"), f"yield per hectare harvested, {DOUBLED}"),
    **dict.fromkeys(("area_response", "area_response_indonesia"), f"area harvested, {DOUBLED}"),
    "production_response": f"production, {DOUBLED}",
    "rainfall_response": "yield per hectare harvested, with a tenth more rain",
    "area_dilution": "yield per hectare harvested, in a year with a tenth more area",
}
# Of which countries a reading is that its case does not tell; what is special about it, by its case.
ALL = "shared by the countries of the panel (FAOSTAT)"
CASES = {
    "indonesia": "Indonesia, drawn towards the countries of the panel",
    "indonesia_alone": "Indonesia from its own years alone",
    "new_country": "a country not yet seen",
    "even_weights": "every figure of equal weight",
    "official_only": "official figures alone",
    "no_jumps": f"without changes by more than {np.exp(JUMP):.2g} times in a year",
    "rainfall_rows": "only country-years whose rain was observed; rain itself not in the model",
    "with_rainfall": "only country-years whose rain was observed; rain held",
}
# How many years a response is summed over, by its topic.
SUMMED = {"price_response": YIELD.lags, "area_response": AREA.lags, "production_response": PRODUCTION.lags}
FACTORS = {"rainfall_response": 1.1, "area_dilution": 1.1}
HEADLINES = ("price_response.all", "price_response.indonesia", "area_response.all", "area_dilution.same_year")
LEFT_OUT = "leave one country out, against the forecast of no change"
# Of what a coverage tells, and how those countries were foretold.
CHANGES, FORETOLD = "yearly changes of yield", "leave one country out"
LEARNED = "countries as groups, years in order; against the forecast of no change"


def response_estimates(
    readings: list[Reading], prices: pd.DataFrame, enso: pd.DataFrame, level: float
) -> list[Estimate]:
    """Readings in per cent: of a doubling of the price ratio, or of a tenth more rain or area.

    ``prices`` and ``enso`` are the clean tables, of which a reading cites the years that it reaches.
    """
    found = []
    for reading in readings:
        drivers = cited_drivers(reading.reach, prices, enso)
        # Readings that weigh official and other figures in their own way do not hang on the weight that is assumed.
        weighed = () if reading.key.case[0] in ("even_weights", "official_only") else UNOFFICIAL
        found.append(_in_per_cent(reading, tuple(sorted(reading.cites.union(drivers, weighed, CREDIBLE))), level))
    return found


def _in_per_cent(reading: Reading, sources: tuple[str, ...], level: float) -> Estimate:
    topic = reading.key.topic
    factor = np.log(FACTORS.get(topic, 2.0))
    lower, value, upper = (float(np.expm1(factor * part) * 100) for part in reading.interval)
    special = CASES.get(reading.key.case[0]) or (CASES["indonesia"] if topic.endswith("_indonesia") else ALL)
    basis = "; ".join(filter(None, (BASES[topic], _years(reading.key), special)))
    value_is = MEDIAN_OF_POSTERIOR if reading.method == BAYES else LEAST_SQUARES
    return Estimate(
        reading.key, value, "%", basis, reading.method, sources, reading.years, "years", lower, upper, level,
        headline=str(reading.key) in HEADLINES, value_is=value_is,
    )  # fmt: skip


def _years(key: Key) -> str:
    """In which years after the change a response is told, as a clause of its basis."""
    if lag := re.fullmatch(r"lag_(\d+)", key.case[0]):
        return {"0": "in the year of the change alone", "1": "in the year after alone"}.get(
            lag[1], f"in year {lag[1]} after the change alone"
        )
    return f"summed over the year of the change and the {SUMMED[key.topic] - 1} after it" if key.topic in SUMMED else ""


def skill_estimates(
    forecasts: pd.DataFrame, skill: pd.DataFrame, sources: tuple[str, ...], level: float, seed: int
) -> list[Estimate]:
    """How well other countries predict a country: share explained, by both naive forecasts, coverage, countries."""
    one = skill[skill["country"] != "all"]
    every = skill[skill["country"] == "all"].iloc[0]
    change, forecast, country = (forecasts[name].to_numpy() for name in ("change", "forecast", "country"))
    explained = r2_over_groups(change, forecast, country, level, seed)
    r2 = _share(_skill("r2"), explained, LEFT_OUT, sources, len(one), level, seed)
    better = int((one["r2"] > 0).sum())
    return [
        r2,
        Estimate(_skill("r2_own_mean"), every["r2_own_mean"] * 100, "%", "squared changes",
                 "leave one country out, against the mean of its own past", sources, len(one), "countries",
                 value_is=SPARED),
        Estimate(_skill("crps_gain"), every["crps_gain"] * 100, "%", "of the CRPS", LEFT_OUT, sources,
                 len(one), "countries", value_is=SPARED),
        Estimate(_skill("coverage_80"), every["coverage_80"], "1", f"{CHANGES} inside 80 % intervals", FORETOLD,
                 sources, int(every["n"]), "country-years", value_is=SHARE_OF_CASES),
        Estimate(_skill("coverage_95"), every["coverage_95"], "1", f"{CHANGES} inside 95 % intervals", FORETOLD,
                 sources, int(every["n"]), "country-years", value_is=SHARE_OF_CASES),
        Estimate(_skill("better"), better, "countries", "better than no change", LEFT_OUT, sources,
                 len(one), "countries", value_is=COUNT),
        Estimate(_skill("countries"), len(one), "countries", "tested", LEFT_OUT, sources,
                 len(one), "countries", value_is=COUNT),
    ]  # fmt: skip


# What the country-years of a panel are, by its name.
_EXPLAINED = "with a change from the year before that prices and El Nino may explain"
PANELS = {
    "rows": f"yields {_EXPLAINED}",
    "area_rows": f"areas harvested {_EXPLAINED}",
    "production_rows": f"productions {_EXPLAINED}",
    "rainfall_rows": f"yields {_EXPLAINED}; only where rain was observed in that year and the year before",
}


def _skill(quantity: str) -> Key:
    return Key("price_skill", (), quantity)


def panel_estimates(rows: dict[str, pd.DataFrame]) -> list[Estimate]:
    """Country-years used, by panel."""
    return [
        Estimate(
            Key("price_panel", (name,)), len(used), "country-years", PANELS[name], "count",
            (*split_sources(used["source_id"]), *UNOFFICIAL, *CREDIBLE), used["iso3"].nunique(), "countries",
        )
        for name, used in rows.items()
    ]  # fmt: skip


def learner_estimates(
    skill: pd.DataFrame, intervals: pd.DataFrame, sources: tuple[str, ...], n: int, level: float, seed: int
) -> list[Estimate]:
    """Share explained by learner, test and features, and coverage of the conformal intervals."""
    found = [
        _share(Key("learner_r2", (row.learner, row.test, row.features)), (row.lower, row.value, row.upper), LEARNED,
               sources, n, level, seed, headline=row.learner == "boosted" and row.features == "past")
        for row in skill.itertuples()
    ]  # fmt: skip
    return found + [
        Estimate(Key("learner_coverage", (f"{row.learner}_{round(row.nominal * 100)}",)), row.value, "1",
                 "inside conformal intervals, every country the same", "countries left out", sources, n,
                 "countries", row.lower, row.upper, level, seed, value_is=SHARE_OF_CASES)
        for row in intervals.itertuples()
    ]  # fmt: skip


def _share(
    key: Key,
    interval: tuple[float, float, float],
    method: str,
    sources: tuple[str, ...],
    n: int,
    level: float,
    seed: int,
    headline: bool = True,
) -> Estimate:
    lower, value, upper = (part * 100 for part in interval)
    return Estimate(key, value, "%", "squared yearly changes explained out of sample", method, sources, n,
                    "countries", lower, upper, level, seed, headline, SPARED)  # fmt: skip


def left_out_table(parts: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Country-years left out by reason, one column for each panel; a reason that a panel does not know counts none."""
    table = pd.DataFrame(parts).fillna(0).astype("int64")
    return table.rename_axis("reason").reset_index()
