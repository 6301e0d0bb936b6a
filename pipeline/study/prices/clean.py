"""Clean tables of what drives yields from outside: prices, exchange rate, input use, rain and El Nino."""

import datetime
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters, join, source_of, split_lists
from pipeline.kit.data.contracts import ContractError
from pipeline.kit.data.sources import load_raw

# Callers know the ratios as part of this module.
from pipeline.study.names import COCOA_NPK, PLAIN_BEANS
from pipeline.study.prices.ratios import date_to_decimal
from pipeline.study.statistics.rules import join_lists, mark_infilled

# Which nutrient is bought as which product of the world market; that of TSP is a parameter.
TRADED = {"n": "urea", "p2o5": "tsp", "k2o": "kcl"}
# Element per oxide, from atomic masses.
P_PER_P2O5, K_PER_K2O = 0.4364, 0.8301

WORLD_COLUMNS = (
    "cocoa_usd_per_kg",
    "urea_usd_per_t",
    "dap_usd_per_t",
    "tsp_usd_per_t",
    "phosphate_rock_usd_per_t",
    "kcl_usd_per_t",
)


def contents(tsp_p2o5_percent: float) -> tuple[dict[tuple[str, str], float], list[str], str]:
    """Nutrients in the fertilizers of ``TRADED`` and in cocoa NPK, by nutrient and fertilizer, what they cite, and the
    warnings on that.

    In per cent by mass, in the oxide form in which they are sold.
    """
    wanted = [*TRADED.items(), *((nutrient, COCOA_NPK) for nutrient in TRADED)]
    table = load_raw("conversions", ("value",)).set_index(["quantity", "item"])
    found = table.loc[[pair for pair in wanted if pair in table.index]]
    cites = [*found["source_id"], *cite_parameters("prices.tsp_p2o5_percent")]
    warnings = ";".join(sorted(split_lists(found["warnings"].dropna())))
    return {**found["value"].to_dict(), ("p2o5", "tsp"): tsp_p2o5_percent}, cites, warnings


def cocoa_npk_at_world_prices(prices: pd.DataFrame, content: dict[tuple[str, str], float]) -> pd.Series:
    """Value in USD of the nutrients in one kg of cocoa NPK, bought as urea, TSP and KCl on the world market.

    ``content`` is that of ``contents``. Freight, blending and magnesium are left out, so this is the floor under any
    farm price.
    """
    parts = [
        content[nutrient, COCOA_NPK] / content[nutrient, product] * prices[f"{product}_usd_per_t"] / 1000
        for nutrient, product in TRADED.items()
    ]
    return parts[0] + parts[1] + parts[2]


# Lowest and highest price of a kg that can be, by the beginning of a product's name (Rp/kg); most prices of a sack of
# 50 kg, of a quintal, or in dollars lie outside.
CAN_BE = {"cocoa_wet": (1_000.0, 150_000.0), "cocoa": (1_000.0, 500_000.0), "": (100.0, 60_000.0)}
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def price_problems(frame: pd.DataFrame, today: datetime.date) -> Iterator[str]:
    """What cannot be in the raw table of local prices, each with its line, key, column and value.

    A price is one of a kg in rupiah; it is of a year, a month or a day up to ``today``.
    """
    for line, row in frame.iterrows():
        where = f"line {line} ({row['price_id']})"
        if row["unit"] != "idr/kg":
            yield f"{where}, column unit: {row['unit']!r} is not idr/kg; divide the price of a sack or a quintal first"
        low, high = next(ends for start, ends in CAN_BE.items() if str(row["item"]).startswith(start))
        if not low <= row["value"] <= high:
            told = f"{row['value']:g} Rp for a kg of {row['item']} is not between {low:g} and {high:g}"
            yield f"{where}, column value: {told}"
        dates = [row[name] for name in ("date_from", "date_to") if pd.notna(row[name])]
        for name in ("date_from", "date_to"):
            if pd.notna(row[name]) and not _is_date(row[name], today):
                yield f"{where}, column {name}: {row[name]!r} is no year, month or day up to today, as 2026-01-19"
        if not dates:
            yield f"{where}, column date_from: neither it nor date_to is given"


def _is_date(text: str, today: datetime.date) -> bool:
    """Whether a text is a year, a month or a day that has begun."""
    if not DATE.fullmatch(text):
        return False
    try:
        return datetime.date.fromisoformat(f"{text}-01-01"[:10]) <= today
    except ValueError:
        return False


def missing_months(frame: pd.DataFrame) -> list[str]:
    """Months between the first and the last of a monthly table that have no row."""
    periods = pd.PeriodIndex.from_fields(year=frame["year"], month=frame["month"], freq="M")
    return [str(month) for month in pd.period_range(periods.min(), periods.max(), freq="M").difference(periods)]


def world_prices(tsp_p2o5_percent: float) -> pd.DataFrame:
    """Monthly world prices with the fertilizer-to-cocoa price ratio, which rests on what fertilizers hold, too."""
    frame = load_raw("worldbank_prices_monthly", ("year", "month", *WORLD_COLUMNS))
    if gaps := missing_months(frame):
        raise ContractError(
            f"table worldbank_prices_monthly: no row for {', '.join(gaps)}; months must follow each other"
        )
    content, cites, warnings = contents(tsp_p2o5_percent)
    frame["cocoa_npk_usd_per_kg"] = cocoa_npk_at_world_prices(frame, content)
    frame["fertilizer_cocoa_ratio"] = frame["cocoa_npk_usd_per_kg"] / frame["cocoa_usd_per_kg"]
    return frame.assign(source_id=[join(own, *cites) for own in frame["source_id"]], warnings=warnings)


def world_prices_annual() -> pd.DataFrame:
    """Annual world prices as published, nominal and in 2010 dollars."""
    return load_raw("worldbank_prices_annual", ("year", *WORLD_COLUMNS))


def local_prices(outlier_factor: float) -> pd.DataFrame:
    """Local prices with the middle of their period; prices off by ``outlier_factor`` are flagged, not dropped.

    Raises ``ContractError`` that names every row with a unit, a price or a date that cannot be.
    """
    frame = load_raw("local_prices", ("value",))
    if problems := list(price_problems(frame, datetime.date.today())):
        raise ContractError("\n  ".join(["table local_prices:", *problems]))
    frame = frame.rename(columns={"value": "price_idr_per_kg"})
    # A price with one end of its period unknown is placed at the end that is known.
    starts = frame["date_from"].fillna(frame["date_to"]).map(date_to_decimal)
    frame["year_decimal"] = (starts + frame["date_to"].fillna(frame["date_from"]).map(date_to_decimal)) / 2
    frame["is_outlier"] = _outliers(frame, outlier_factor)
    return frame.drop(columns=["unit", "decree", "note"])


def _outliers(frame: pd.DataFrame, factor: float) -> pd.Series:
    """Farm-gate prices of beans not said to be fermented in East Kalimantan far from other reports within four months.

    Each other source counts once, with its median, unless its own row says it is implausible; two of them are
    needed to call a price an outlier. Other islands are no yardstick: prices doubled within months in 2023-24.
    """
    is_plain = frame["item"].isin(PLAIN_BEANS) & (frame["market"] == "farm_gate")
    group = is_plain & frame["region_group"].isin(["kutai_timur", "east_kalimantan"])
    sources = frame["source_id"].map(source_of)
    trusted = frame[group & ~frame["warnings"].fillna("").str.contains("implausible")]
    flagged = pd.Series(False, index=frame.index)
    for index, row in frame[group].iterrows():
        near = trusted[abs(trusted["year_decimal"] - row["year_decimal"]) < 1 / 3]
        others = near[sources.loc[near.index] != sources[index]].groupby(sources)["price_idr_per_kg"].median()
        if len(others) >= 2:
            flagged[index] = abs(np.log(row["price_idr_per_kg"] / others.median())) > np.log(factor)
    return flagged


def reference_prices() -> pd.DataFrame:
    """Reference price and export benchmark of cocoa by month, with duty and levy where they were printed."""
    columns = ("reference_price_usd_per_t", "export_benchmark_usd_per_t", "duty_percent", "levy_percent")
    frame = load_raw("cocoa_reference_prices", columns)
    bad = frame[~frame["month"].map(lambda month: len(str(month)) == 7 and _is_date(month, datetime.date.today()))]
    if len(bad):
        told = [f"line {line}, column month: {month!r} is no month up to today" for line, month in bad["month"].items()]
        raise ContractError("\n  ".join(["table cocoa_reference_prices:", *told]))
    return frame.assign(is_reckoned=frame["how"] == "reckoned").drop(columns=["how", "note"])


def subsidy_rules() -> pd.DataFrame:
    """Rules on who may buy subsidised fertilizer."""
    return load_raw("fertilizer_subsidy_rules", ("value",)).drop(columns="note")


def exchange_cpi() -> pd.DataFrame:
    """Exchange rate and consumer prices by year."""
    return load_raw("indonesia_exchange_cpi", ("year", "idr_per_usd", "cpi_2010"))


def producer_prices() -> pd.DataFrame:
    """Producer prices in USD/t: release 2025 where it has the year, else release 2023; index rows left to raw.

    Where the releases differ by more than half, the 2023 one carries a conversion error (Ecuador is too low
    there, 24 times in 1991 and twice in 1999); such a year is flagged, and where only release 2023 has it, nothing can
    be said.
    """
    frame = load_raw("faostat_producer_prices", ("year", "value"))
    frame = frame[(frame["quantity"] == "price_usd_per_t") & frame["value"].notna()]
    wide = frame.pivot(index=["iso3", "country", "year"], columns="release", values="value").reset_index()
    wide["release_ratio"] = wide["2025"] / wide["2023"]
    wide["release"] = np.where(wide["2025"].notna(), "2025", "2023")
    wide["price_usd_per_t"] = wide["2025"].fillna(wide["2023"])
    wide["warnings"] = np.where(abs(np.log(wide["release_ratio"])) > np.log(1.5), "mixed_release", "")
    keys = ["iso3", "year", "release"]
    cited = frame.set_index(keys)["source_id"]
    wide["source_id"] = cited.reindex(pd.MultiIndex.from_frame(wide[keys])).to_numpy()
    return wide.drop(columns=["2023", "2025"])


def input_use() -> pd.DataFrame:
    """Fertilizer elements and pesticides per hectare of cropland, by country and year."""
    oxides = ("n_kg_per_ha_cropland", "p2o5_kg_per_ha_cropland", "k2o_kg_per_ha_cropland")
    fertilizer = load_raw("faostat_fertilizer_use", ("year", *oxides))
    pesticide = load_raw("faostat_pesticide_use", ("year", "pesticide_kg_per_ha_cropland"))
    merged = fertilizer.merge(
        pesticide.drop(columns="country"), on=["iso3", "year"], how="outer", suffixes=("", "_pesticide")
    )
    merged["country"] = merged["country"].fillna(
        merged["iso3"].map(pesticide.drop_duplicates("iso3").set_index("iso3")["country"])
    )
    n, p2o5, k2o = (merged[column] for column in oxides)
    # FAO rebuilt Indonesia's pesticide series: an earlier release was a hundred times lower.
    doubtful = merged["iso3"].eq("IDN") & merged["pesticide_kg_per_ha_cropland"].notna()
    return pd.DataFrame(
        {
            "iso3": merged["iso3"],
            "country": merged["country"],
            "year": merged["year"],
            "n_kg_per_ha": n,
            "p_kg_per_ha": p2o5 * P_PER_P2O5,
            "k_kg_per_ha": k2o * K_PER_K2O,
            "pesticide_kg_per_ha": merged["pesticide_kg_per_ha_cropland"],
            "warnings": np.where(doubtful, "implausible", ""),
            "source_id": join_lists(merged["source_id"], merged["source_id_pesticide"]),
        }
    )


def climate() -> pd.DataFrame:
    """Country means of temperature and rainfall; rainfall that hardly varies for ten years is flagged as filled in."""
    frame = load_raw("climate_country_year", ("year", "value"))
    wide = frame.pivot(index=["iso3", "country", "year"], columns="quantity", values="value").reset_index()
    wide["is_infilled"] = mark_infilled(wide, "rainfall_mm", "iso3")
    wide["warnings"] = np.where(wide["is_infilled"], "infilled", "")
    cited = frame[frame["value"].notna()].groupby(["iso3", "year"])["source_id"].agg(";".join)
    wide["source_id"] = cited.reindex(pd.MultiIndex.from_frame(wide[["iso3", "year"]])).to_numpy()
    return wide


def enso() -> pd.DataFrame:
    """Oceanic Nino Index; the two releases differ in base period by up to 0.26 degC and are never spliced."""
    return load_raw("enso_oni", ("year", "center_month", "sst_c", "anomaly_c"))


def nino34() -> pd.DataFrame:
    """Nino 3.4 temperature by month."""
    return load_raw("enso_nino34", ("year", "month", "sst_c", "anomaly_c"))
