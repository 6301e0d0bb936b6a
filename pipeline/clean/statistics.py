"""Clean tables of official and press statistics: regions of Indonesia, countries, and boundaries."""

import numpy as np
import pandas as pd

from pipeline.clean import rules
from pipeline.sources import load_raw

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
    copied = frame.assign(region=series + "/" + frame["source_id"])
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
    """Sort figures for one region, year and quantity: the one that the rule prefers comes first.

    Best status, then fewest warnings, then first listed. A figure for a period stands behind one for a year.
    """
    order = pd.DataFrame(
        {
            "status": frame["status"].map(STATUS_ORDER.index),
            "period": frame["year_from"] != frame["year"],
            "warnings": frame["warnings"].fillna("").map(lambda text: len([w for w in text.split(";") if w])),
            "figure_id": frame["figure_id"],
        }
    )
    return frame.loc[order.sort_values(["status", "period", "warnings", "figure_id"]).index]


def conflicts(statistics: pd.DataFrame, disagreement_ratio: float) -> pd.DataFrame:
    """Figures for one region, year and quantity whose ratio exceeds ``disagreement_ratio``; all are kept."""
    rows = []
    usable = statistics[~statistics["is_screened"]]
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
                    "preferred": rank(group)["value"].iloc[0],
                    "rule": RULE,
                    "figure_ids": ";".join(group["figure_id"]),
                    "source_ids": ";".join(sorted(set(group["source_id"]))),
                }
            )
    return pd.DataFrame(rows)


def regional_yields(statistics: pd.DataFrame) -> pd.DataFrame:
    """Yields as printed, and production over total and over mature area from the preferred figures."""
    usable = statistics[~statistics["is_screened"]]
    printed = usable[usable["quantity"] == "yield"]
    rows = [_printed_yield(row) for _, row in printed.iterrows()]
    for _, group in usable.groupby(["region", "year"]):
        rows += [row for basis in ("total", "mature") if (row := _computed_yield(group, basis))]
    return pd.DataFrame(rows)


def _printed_yield(row: pd.Series) -> dict[str, object]:
    return {
        "yield_id": row["figure_id"],
        "region": row["region"],
        "level": row["level"],
        "year": row["year"],
        "basis": row["basis"],
        "yield_kg_per_ha": row["value"],
        "derivation": "printed",
        "production_t": np.nan,
        "area_ha": np.nan,
        "status": row["status"],
        "warnings": row["warnings"],
        "figure_ids": row["figure_id"],
        "source_id": row["source_id"],
    }


def _computed_yield(group: pd.DataFrame, basis: str) -> dict[str, object] | None:
    production, area = (rank(group[group["quantity"] == name]) for name in ("production", f"area_{basis}"))
    if production.empty or area.empty or _old_boundary(production.iloc[0]) != _old_boundary(area.iloc[0]):
        return None
    # Figures of one source belong together: they were counted on the same ground.
    shared = [source for source in production["source_id"] if source in set(area["source_id"])]
    if shared:
        production, area = (frame[frame["source_id"] == shared[0]] for frame in (production, area))
    pair = pd.concat([production.iloc[:1], area.iloc[:1]])
    made, ground = pair["value"].iloc[0], pair["value"].iloc[1]
    if ground <= 0:
        return None
    return {
        "yield_id": "-".join(pair["figure_id"]),
        "region": pair["region"].iloc[0],
        "level": pair["level"].iloc[0],
        "year": pair["year"].iloc[0],
        "basis": basis,
        "yield_kg_per_ha": made * 1000 / ground,
        "derivation": "computed",
        "production_t": made,
        "area_ha": ground,
        "status": max(pair["status"], key=STATUS_ORDER.index),
        "warnings": rules.join_warnings(
            pair["warnings"].iloc[:1].reset_index(drop=True), pair["warnings"].iloc[1:].reset_index(drop=True)
        )[0],
        "figure_ids": ";".join(pair["figure_id"]),
        "source_id": ";".join(sorted(set(pair["source_id"]))),
    }


def _old_boundary(row: pd.Series) -> bool:
    """Whether a figure is for the undivided province: it must not meet one for the divided province."""
    return "old_boundary" in str(row["warnings"])


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
    frame["warnings"] = rules.join_warnings(mixed, *marks)
    return frame


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
    ids = frame.groupby(["iso3", "year"])["source_id"].agg(lambda ids: ";".join(sorted(set(ids))))
    wide["source_id"] = ids.reindex(pd.MultiIndex.from_frame(wide[["iso3", "year"]])).to_numpy()
    return wide.assign(release="latest", area_flag=None, production_flag=None)


def boundaries() -> pd.DataFrame:
    """Outlines of regencies and provinces; the provinces are those before North Kalimantan was split off."""
    numbers = ("part", "ring", "vertex", "lon", "lat")
    regencies = load_raw("boundaries_regencies", numbers).assign(layer="regency", warnings="licence_unclear")
    provinces = load_raw("boundaries_provinces", numbers).rename(columns={"iso_code": "region_code"})
    return pd.concat([regencies, provinces.assign(layer="province", warnings="old_boundary")], ignore_index=True)
