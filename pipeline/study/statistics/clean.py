"""Clean tables of official and press statistics: regions of Indonesia, countries, and boundaries."""

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import join, source_of
from pipeline.kit.data.sources import load_raw
from pipeline.study.statistics import rules

# The best first. A figure that is only a potential has not been harvested.
STATUS_ORDER = ("final", "provisional", "estimate", "press", "potential")
RULE = "best status, then fewest warnings, then first listed"
ENGLISH_NAMES = {"Kalimantan Timur": "East Kalimantan", "Kalimantan Utara": "North Kalimantan"}


def regional_statistics() -> pd.DataFrame:
    """All regional figures in standard units, with slips undone, impossible figures screened, breaks marked."""
    places = load_raw("kaltim_statistics", ("year_from", "year_to", "value"))
    provinces = load_raw("province_statistics", ("year_from", "year_to", "value"))
    provinces["region"] = provinces["region"].replace(ENGLISH_NAMES)
    frame = pd.concat([places, provinces], ignore_index=True).rename(columns={"year_to": "year"})
    frame = rules.correct_unit_slips(rules.to_standard_units(frame))
    frame = rules.screen_misattributed(frame).drop(columns="note")
    series = frame["region"] + "/" + frame["quantity"]
    frame["is_break"] = _breaks(frame)
    copied = frame.assign(region=series + "/" + frame["source_id"].map(source_of))
    frame["is_copied"] = rules.mark_copied_years(copied, ["value"]) | frame["warnings"].fillna("").str.contains(
        "copied_year"
    )
    return frame


def _breaks(frame: pd.DataFrame) -> np.ndarray:
    """Marks every figure of a region, quantity and year whose change from the year before runs across a break."""
    groups = frame.drop_duplicates(["region", "quantity", "year"]).groupby("quantity")
    marked = pd.concat([rules.mark_breaks(group) for _, group in groups])
    keys = frame.loc[marked.index[marked], ["region", "quantity", "year"]]
    return frame.set_index(["region", "quantity", "year"]).index.isin(pd.MultiIndex.from_frame(keys))


def rank(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort figures so that, for one region, year and quantity, the one that the rule prefers comes first.

    Best status, then fewest warnings, then first listed. A figure for a period stands behind one for a year.
    """
    keys = pd.DataFrame(
        {
            "status": frame["status"].map(STATUS_ORDER.index),
            "period": frame["year_from"] != frame["year"],
            "warnings": frame["warnings"].fillna("").map(lambda text: len([w for w in text.split(";") if w])),
            "figure_id": frame["figure_id"],
        }
    )
    return frame.loc[keys.sort_values(list(keys)).index]


def conflicts(statistics: pd.DataFrame, disagreement_ratio: float) -> pd.DataFrame:
    """Figures for one region, year and quantity whose ratio exceeds ``disagreement_ratio``; all are kept."""
    rows = []
    usable = rank(statistics[~statistics["is_screened"]])
    for (region, year, quantity, basis), group in usable.fillna({"basis": ""}).groupby(
        ["region", "year", "quantity", "basis"]
    ):
        low, high = group["value"].min(), group["value"].max()
        if high > low * disagreement_ratio:
            label = f"{quantity} ({basis})" if basis else quantity
            rows.append(
                {
                    "region": region,
                    "year": year,
                    "quantity": label,
                    "unit": group["unit"].iloc[0],
                    "n_figures": len(group),
                    "lowest": low,
                    "highest": high,
                    "ratio": high / low if low > 0 else np.nan,
                    "preferred": group["value"].iloc[0],
                    "rule": RULE,
                    "figure_ids": ";".join(group["figure_id"]),
                    "source_ids": join(*group["source_id"]),
                }
            )
    return pd.DataFrame(rows)


def regional_yields(statistics: pd.DataFrame) -> pd.DataFrame:
    """Yields as printed, and production over total and over mature area from the preferred figures."""
    usable = rank(statistics[~statistics["is_screened"]])
    printed = usable[usable["quantity"] == "yield"].rename(columns={"value": "yield_kg_per_ha"})
    printed = printed.assign(yield_id=printed["figure_id"], figure_ids=printed["figure_id"], derivation="printed")
    parts = [printed.assign(production_t=np.nan, area_ha=np.nan)]
    parts += [_computed_yields(usable, basis) for basis in ("total", "mature")]
    columns = [
        "yield_id",
        "region",
        "level",
        "year",
        "basis",
        "yield_kg_per_ha",
        "derivation",
        "production_t",
        "area_ha",
    ]
    return pd.concat(parts, ignore_index=True)[[*columns, "status", "warnings", "figure_ids", "source_id"]]


def _computed_yields(usable: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Production over area, one row per region and year; ``usable`` comes ranked.

    Figures of one source belong together: they were counted on the same ground. A figure for the undivided
    province never meets one for the divided province.
    """
    keys = ["region", "year", "is_undivided"]
    ranked = usable.assign(
        is_undivided=usable["warnings"].fillna("").str.contains("old_boundary"), order=range(len(usable))
    )
    production = ranked[ranked["quantity"] == "production"]
    area = ranked[(ranked["quantity"] == f"area_{basis}") & (ranked["value"] > 0)]
    pairs = production.merge(area, on=keys, suffixes=("", "_area"))
    pairs["is_apart"] = pairs["source_id"].map(source_of) != pairs["source_id_area"].map(source_of)
    # Under one boundary and one year the best pair stands first.
    pairs = pairs.sort_values(["is_apart", "order", "order_area"]).drop_duplicates(["region", "year"])
    return pairs.assign(
        yield_id=pairs["figure_id"] + "-" + pairs["figure_id_area"],
        figure_ids=pairs["figure_id"] + ";" + pairs["figure_id_area"],
        basis=basis,
        derivation="computed",
        yield_kg_per_ha=pairs["value"] * 1000 / pairs["value_area"],
        production_t=pairs["value"],
        area_ha=pairs["value_area"],
        status=[max(both, key=STATUS_ORDER.index) for both in zip(pairs["status"], pairs["status_area"], strict=True)],
        warnings=rules.join_lists(pairs["warnings"], pairs["warnings_area"]),
        source_id=rules.join_lists(pairs["source_id"], pairs["source_id_area"]),
    )


def country_cocoa(lowest_credible_yield: float, highest_credible_yield: float) -> pd.DataFrame:
    """FAOSTAT cocoa in two releases, each marked for breaks, copied years and yields that are not credible.

    The bounds are in kg/ha; a yield outside them is kept and flagged.
    """
    frame = pd.concat([_release_2022(), _release_latest()], ignore_index=True)
    parts = []
    for _, part in frame.groupby("release"):
        part = part.assign(is_break=rules.mark_breaks(part, "country"))
        part["is_copied"] = rules.mark_copied_years(
            part, ["area_harvested_ha", "production_t", "yield_kg_per_ha"], "country"
        )
        parts.append(part)
    frame = pd.concat(parts)
    yields = frame["yield_kg_per_ha"]
    frame["is_implausible"] = (yields < lowest_credible_yield) | (yields > highest_credible_yield)
    flags = {"series_break": "is_break", "copied_year": "is_copied", "implausible": "is_implausible"}
    marks = [pd.Series(np.where(frame[column], name, ""), index=frame.index) for name, column in flags.items()]
    mixed = pd.Series(np.where(frame["release"] == "latest", "mixed_release", ""), index=frame.index)
    frame["warnings"] = rules.join_lists(mixed, *marks)
    return frame


def unexplained_jumps(countries: pd.DataFrame, factor: float) -> pd.DataFrame:
    """Years in which a country's area changed by more than ``factor`` although no break of its series is known.

    Since 2000, in the latest release: either agronomy nobody noticed or a break nobody marked. Columns:
    ``country``, ``year``, ``area_harvested_ha``, ``change`` (ratio to the year before), largest first.
    """
    latest = countries[countries["release"] == "latest"]
    change = np.exp(rules.annual_change(latest, "area_harvested_ha", "country"))
    columns = ["country", "year", "area_harvested_ha", "change"]
    # Rounded: a jump by the factor itself is none, and equal jumps stand in the order of the table.
    size = abs(np.log(change)).round(9)
    jumps = latest.assign(change=change, size=size)[(size > round(np.log(factor), 9)) & (latest["year"] >= 2000)]
    return jumps.sort_values("size", ascending=False, kind="stable", ignore_index=True)[columns]


def _release_2022() -> pd.DataFrame:
    numbers = ("year", "area_harvested_ha", "production_t", "yield_kg_per_ha")
    frame = rules.require_kg_per_ha(load_raw("faostat_cocoa_2022", numbers))
    return frame.drop(columns=["fao_area_code", "is_aggregate", "yield_flag"]).assign(release="2022")


def _release_latest() -> pd.DataFrame:
    frame = load_raw("faostat_cocoa_latest", ("year", "value"))
    wide = frame.pivot(index=["iso3", "country", "year"], columns="quantity", values="value").reset_index()
    wide = wide.rename(
        columns={
            "area_harvested": "area_harvested_ha",
            "production": "production_t",
            "yield": "yield_kg_per_ha",
        }
    )
    cited = frame[frame["value"].notna()].groupby(["iso3", "year"])["source_id"].agg(";".join)
    wide["source_id"] = cited.reindex(pd.MultiIndex.from_frame(wide[["iso3", "year"]])).to_numpy()
    return wide.assign(release="latest", area_flag=None, production_flag=None)


def boundaries() -> pd.DataFrame:
    """Outlines of regencies and provinces; the provinces are those before North Kalimantan was split off."""
    numbers = ("part", "ring", "vertex", "lon", "lat")
    regencies = load_raw("boundaries_regencies", numbers).assign(layer="regency", warnings="licence_unclear")
    provinces = load_raw("boundaries_provinces", numbers).rename(columns={"iso_code": "region_code"})
    return pd.concat([regencies, provinces.assign(layer="province", warnings="old_boundary")], ignore_index=True)
