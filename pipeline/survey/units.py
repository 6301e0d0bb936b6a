"""Conversions to hectares, kilograms of dry beans and elements; the numbers come from ``data/raw/conversions.csv``."""

from functools import cache

import numpy as np
import pandas as pd

from pipeline.clean.drivers import K_PER_K2O, P_PER_P2O5
from pipeline.sources import load_raw

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
