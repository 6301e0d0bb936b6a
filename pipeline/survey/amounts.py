"""Yield, prices and nutrients of a plot from the rows of its harvests and fertilizers."""

import numpy as np
import pandas as pd

from pipeline.survey import units

# What a row of plots lacks and why, or what to mind; words of the column ``warnings``.
Warnings = dict[str, pd.Series]


def harvests(rows: pd.DataFrame, records: pd.Series, wet_to_dry: float) -> tuple[pd.DataFrame, Warnings]:
    """Per record: kg of dry beans, price of dry beans, and whether the periods are twelve months without overlap.

    A sum with an unknown part is unknown. ``rows`` has the column ``record``.
    """
    mass = units.kilograms(rows["harvest_value"], rows["harvest_unit"], rows["harvest_karung_kg"])
    dry = units.dry_kilograms(mass, rows["harvest_state"], wet_to_dry)
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
    listed = kind.map(units.registered("karung")).astype("float64")
    sack = rows["fertilizer_karung_kg"].fillna(listed)
    mass = units.kilograms(rows["fertilizer_value"], rows["fertilizer_unit"], sack)
    place = plots.reindex(by)
    area, trees = (pd.Series(place[name].to_numpy(), rows.index) for name in ("area_ha", "trees_per_ha"))
    per_ha = units.fertilizer_per_ha(mass, rows["fertilizer_basis"], area, trees)
    is_mineral = ~kind.isin(units.NOT_MINERAL)
    # Of "other" it is not known whether it is mineral at all.
    per_ha = per_ha.mask(kind == "other").where(is_mineral, 0.0)
    share = units.contents().reindex(kind).set_index(rows.index).where(is_mineral, 0.0)
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
