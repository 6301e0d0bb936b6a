"""Numbers, days and months as people write them, read by stated rules and never guessed.

A mark followed by exactly three digits ("1.200") is a decimal mark to one writer and a thousands mark to another.
It is read as the one that lies in the plausible range of its question; when both do or none does, it is a problem.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.sources import load_raw
from pipeline.study.prices.clean import K_PER_K2O, P_PER_P2O5

PLAIN = re.compile(r"[+-]?\d+(?:[eE][+-]?\d+)?", re.ASCII)
THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(?:\1\d{3})+", re.ASCII)
BOTH_MARKS = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3})+,|(?:,\d{3})+\.)\d+", re.ASCII)
ONE_MARK = re.compile(r"[+-]?(\d*)[.,](\d+)(?:[eE][+-]?\d+)?", re.ASCII)
DAY_MONTH_YEAR = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T].*)?", re.ASCII)
MONTH_YEAR = re.compile(r"(\d{1,2})[/.-](\d{4})", re.ASCII)
YEAR_MONTH = re.compile(r"(\d{4})-(\d{1,2})(?:-\d{1,2}(?:[ T].*)?)?", re.ASCII)


def readings(text: str) -> tuple[float, float]:
    """``text`` with its mark as decimal mark and as thousands mark; both the same when only one reading exists.

    Text that is no number gives two missing values.
    """
    text = re.sub(r"[\s' _]", "", text)
    if PLAIN.fullmatch(text):
        return float(text), float(text)
    if THOUSANDS.fullmatch(text):
        return (value := float(re.sub("[.,]", "", text))), value
    if BOTH_MARKS.fullmatch(text):
        mark = max(text.rfind("."), text.rfind(","))
        return (value := float(re.sub("[.,]", "", text[:mark]) + "." + text[mark + 1 :])), value
    if found := ONE_MARK.fullmatch(text):
        whole, after = found[1], found[2]
        decimal = float(text.replace(",", "."))
        is_open = len(after) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"
        return decimal, float(re.sub("[.,]", "", text)) if is_open else decimal
    return np.nan, np.nan


def to_numbers(text: pd.Series, low: Any, high: Any, whole: bool = False) -> tuple[pd.Series, pd.Series]:
    """Numbers of a text column, and for each row the code of its problem ("" for none).

    ``low`` and ``high`` are the plausible range: numbers, or one per row where it depends on the unit. They decide
    between two readings only; whether a number is in bounds is checked elsewhere. Empty text is missing.
    """
    codes, distinct = pd.factorize(text)
    pairs = np.array([readings(value) for value in distinct] or [(np.nan, np.nan)], dtype=float)[codes]
    decimal, thousands = pairs[:, 0], pairs[:, 1]
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)

    def fits(values: np.ndarray) -> np.ndarray:
        return (values >= low) & (values <= high) & (~np.bool_(whole) | (values % 1 == 0))

    is_open = ~np.isnan(decimal) & (decimal != thousands)
    settled = fits(decimal) != fits(thousands)
    values = np.where(is_open & ~fits(decimal), thousands, decimal)
    values = np.where(is_open & ~settled, np.nan, values)
    problem = np.where(np.isnan(decimal) & (text != "").to_numpy(), "not_a_number", "")
    problem = np.where(is_open & ~settled, "ambiguous_number", problem)
    return pd.Series(values, text.index), pd.Series(problem, text.index, dtype=object)


def to_days(text: pd.Series) -> pd.Series:
    """Days in ISO or day/month/year writing; anything else, or what may be month/day/year as well, is missing."""
    return pd.to_datetime(_by_distinct(text, _day), errors="coerce")


def is_open_date(text: str) -> bool:
    """Whether a date has two readings, day/month/year and month/day/year."""
    found = DAY_MONTH_YEAR.fullmatch(text.strip())
    return found is not None and int(found[1]) != int(found[2]) and max(int(found[1]), int(found[2])) <= 12


def _day(text: str) -> Any:
    if is_open_date(text):
        return pd.NaT
    if found := DAY_MONTH_YEAR.fullmatch(text.strip()):
        text = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    return pd.to_datetime(text.strip()[:10], format="%Y-%m-%d", errors="coerce")


def to_months(text: pd.Series) -> pd.Series:
    """Months since year 0 (year x 12 + month - 1) from a day or a month, ISO or day/month/year; missing otherwise.

    A date that may be month/day/year as well is missing too.
    """
    return _by_distinct(text, _month).astype("float64")


def _month(text: str) -> float:
    text = text.strip()
    if is_open_date(text):
        return np.nan
    if found := DAY_MONTH_YEAR.fullmatch(text):
        year, month = int(found[3]), int(found[2])
    elif found := MONTH_YEAR.fullmatch(text):
        year, month = int(found[2]), int(found[1])
    elif found := YEAR_MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
    else:
        return np.nan
    return year * 12 + month - 1 if 1 <= month <= 12 else np.nan


def to_moments(text: pd.Series) -> pd.Series:
    """Moments as sortable ISO text in UTC, to the second; empty where none can be read, or more than one."""
    return _by_distinct(text, _moment).astype(object)


def _moment(text: str) -> str:
    if is_open_date(text):
        return ""
    if found := DAY_MONTH_YEAR.fullmatch(text.strip()):
        text = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}{text.strip()[found.end(3) :]}"
    moment = pd.to_datetime(text.strip(), utc=True, errors="coerce")
    return "" if pd.isna(moment) else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _by_distinct(text: pd.Series, read: Callable[[str], Any]) -> pd.Series:
    """``read`` applied once to each distinct text."""
    codes, distinct = pd.factorize(text)
    values = pd.Series([read(value) for value in distinct], dtype=object)
    return pd.Series(values.to_numpy()[codes] if len(values) else [], text.index, dtype=object)


HA_PER_UNIT = {"ha": 1.0, "are": 0.01, "m2": 0.0001}
KG_PER_UNIT = {"kg": 1.0, "ton": 1000.0}
# Kinds without mineral nutrients, or whose grade is not asked: their nutrients stay unknown.
NOT_MINERAL = ("organic",)
ELEMENTS = {"n": ("n", 1.0), "p2o5": ("p", P_PER_P2O5), "k2o": ("k", K_PER_K2O)}


@cache
def registered(quantity: str) -> dict[str, float]:
    """Registered values of one quantity by item, such as the weight of a full ``karung`` in kg."""
    table = load_raw("conversions", ("value",))
    chosen = table[table["quantity"] == quantity]
    return dict(zip(chosen["item"], chosen["value"], strict=True))


def wet_to_dry_range() -> tuple[float, float]:
    """Lowest and highest registered mass of dry beans per mass of wet beans.

    From weighings, and from the water in beans before and after drying: the dry matter stays.
    """
    table = load_raw("conversions", ("value",))
    weighed = table.loc[table["quantity"] == "dry_per_wet", "value"]
    before, after = registered("water_wet")["cocoa_beans"], registered("water_dry")["cocoa_beans"]
    ratios = [*weighed, (100 - before) / (100 - after)]
    return min(ratios), max(ratios)


def contents() -> pd.DataFrame:
    """Elements N, P and K per mass of fertilizer, one row per kind; a kind that is not registered has no row."""
    table = load_raw("conversions", ("value",))
    table = table[table["quantity"].isin(ELEMENTS)]
    element = table["quantity"].map(lambda quantity: ELEMENTS[quantity][0])
    share = table["value"] / 100 * table["quantity"].map(lambda quantity: ELEMENTS[quantity][1])
    return share.groupby([table["item"], element]).sum().unstack().reindex(columns=["n", "p", "k"]).fillna(0.0)


def area_ha(value: pd.Series, unit: pd.Series) -> pd.Series:
    """Area in hectares; missing where value or unit is."""
    return value * unit.map(HA_PER_UNIT).astype("float64")


def kilograms(value: pd.Series, unit: pd.Series, karung_kg: pd.Series) -> pd.Series:
    """Mass in kg; a karung weighs ``karung_kg``, and is unknown where that is."""
    return value * unit.map(KG_PER_UNIT).astype("float64").where(unit != "karung", karung_kg)


def dry_kilograms(mass: pd.Series, state: pd.Series, wet_to_dry: float) -> pd.Series:
    """Mass of dry beans; unknown for half-dry beans, whose water nobody measured."""
    return mass * state.map({"dry": 1.0, "wet": wet_to_dry}).astype("float64")


def fertilizer_per_ha(mass: pd.Series, basis: pd.Series, area: pd.Series, trees_per_ha: pd.Series) -> pd.Series:
    """Mass per ha from a mass per plot, per tree or per ha."""
    factor = pd.Series(np.nan, mass.index)
    factor = factor.mask(basis == "per_ha", 1.0).mask(basis == "per_plot", 1 / area)
    return mass * factor.mask(basis == "per_tree", trees_per_ha)


# What a row of plots lacks and why, or what to mind; words of the column ``warnings``.
Warnings = dict[str, pd.Series]


def harvests(rows: pd.DataFrame, records: pd.Series, wet_to_dry: float) -> tuple[pd.DataFrame, Warnings]:
    """Per record: kg of dry beans, price of dry beans, and whether the periods are twelve months without overlap.

    A sum with an unknown part is unknown. ``rows`` has the column ``record``.
    """
    mass = kilograms(rows["harvest_value"], rows["harvest_unit"], rows["harvest_karung_kg"])
    dry = dry_kilograms(mass, rows["harvest_state"], wet_to_dry)
    price = rows["price_idr_per_kg"] / rows["price_state"].map({"dry": 1.0, "wet": wet_to_dry}).astype("float64")
    start, end = rows["harvest_month_from"], rows["harvest_month_to"]
    ordered = rows.assign(start=start, end=end).sort_values(["record", "start", "end"])
    overlaps = (ordered["start"] <= ordered.groupby("record")["end"].shift()) & ordered["start"].notna()
    months = end - start + 1
    by = rows["record"]
    result = pd.DataFrame(
        {
            "dry_kg": _sum(dry, by),
            "bean_price_idr_per_kg": _mean(price, dry, by),
            "span": end.groupby(by).max() - start.groupby(by).min() + 1,
            "months": _sum(months, by),
            "overlap": overlaps.groupby(ordered["record"]).any(),
        }
    ).reindex(records)
    lacks_weight = (rows["harvest_unit"] == "karung") & rows["harvest_karung_kg"].isna()
    found = {
        "harvest_karung_weight_unknown": lacks_weight,
        "half_dry_beans": rows["harvest_state"] == "half_dry",
        "wet_beans_converted": rows["harvest_state"] == "wet",
        "bean_state_unknown": rows["harvest_state"].isna(),
        "harvest_amount_unknown": rows["harvest_value"].isna() | rows["harvest_unit"].isna(),
    }
    return result, _any(found, by, records)


def fertilizers(rows: pd.DataFrame, plots: pd.DataFrame, records: pd.Series) -> tuple[pd.DataFrame, Warnings]:
    """Per record: kg of mineral fertilizer and of N, P, K per ha and year, its price per kg, any subsidy.

    ``plots`` gives ``area_ha`` and ``trees_per_ha`` by record. Organic matter is not counted, its contents are unknown;
    nutrients are unknown for a kind whose contents are not registered.
    """
    by, kind = rows["record"], rows["fertilizer_kind"]
    is_sack = rows["fertilizer_unit"] == "karung"
    listed = kind.map(registered("karung")).astype("float64")
    sack = rows["fertilizer_karung_kg"].fillna(listed)
    mass = kilograms(rows["fertilizer_value"], rows["fertilizer_unit"], sack)
    place = plots.reindex(by)
    area, trees = (pd.Series(place[name].to_numpy(), rows.index) for name in ("area_ha", "trees_per_ha"))
    per_ha = fertilizer_per_ha(mass, rows["fertilizer_basis"], area, trees)
    is_mineral = ~kind.isin(NOT_MINERAL)
    # Of "other" it is not known whether it is mineral at all.
    per_ha = per_ha.mask(kind == "other").where(is_mineral, 0.0)
    share = contents().reindex(kind).set_index(rows.index).where(is_mineral, 0.0)
    price = rows["fertilizer_price_idr"] / sack.where(is_sack, 1.0)
    paid = is_mineral & (rows["fertilizer_price_idr"] > 0)
    subsidy = rows["fertilizer_subsidised"].map({"yes": 1.0, "no": 0.0}).astype("float64")
    result = pd.DataFrame({"fertilizer_kg_per_ha": _sum(per_ha, by)})
    for element in ("n", "p", "k"):
        result[f"{element}_kg_per_ha"] = _sum(per_ha * share[element], by)
    result["fertilizer_price_idr_per_kg"] = _mean(price.where(paid), per_ha.where(paid), by)
    # One subsidised lot is enough for yes; no needs an answer for every lot.
    subsidised = subsidy.groupby(by).max().where(_sum(subsidy, by).notna() | (subsidy.groupby(by).max() == 1))
    result["is_subsidised"] = subsidised.map({1.0: "yes", 0.0: "no"})
    found = {
        "fertilizer_karung_weight_unknown": is_sack & sack.isna(),
        "fertilizer_karung_weight_registered": is_sack & rows["fertilizer_karung_kg"].isna() & listed.notna(),
        "fertilizer_grade_unknown": kind == "npk",
        "fertilizer_kind_unknown": kind.isna() | (kind == "other"),
        "fertilizer_amount_unknown": mass.isna() & ~is_sack,
        "tree_density_unknown": (rows["fertilizer_basis"] == "per_tree") & trees.isna(),
        "organic_not_counted": ~is_mineral,
    }
    return result.reindex(records), _any(found, by, records)


def _sum(values: pd.Series, by: pd.Series) -> pd.Series:
    """Sum per record; unknown when any part is."""
    groups = values.groupby(by)
    return groups.sum().where(groups.count() == groups.size())


def _mean(values: pd.Series, weights: pd.Series, by: pd.Series) -> pd.Series:
    """Mean per record over the rows with a value, weighted; plain where a weight is unknown or all are zero."""
    known = values.notna()
    weighted = _sum((values * weights)[known], by[known]) / _sum(weights[known], by[known]).replace(0.0, np.nan)
    return weighted.fillna(values.groupby(by).mean())


def _any(found: dict[str, pd.Series], by: pd.Series, records: pd.Series) -> Warnings:
    """For every warning, the records with any row that has it, in the order of ``records``."""
    return {
        name: pd.Series(records.isin(by[mask.fillna(False).astype(bool)]).to_numpy(), records.index)
        for name, mask in found.items()
    }
