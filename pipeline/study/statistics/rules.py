"""Rules for the traps in published cacao figures. Each one marks or corrects, says why, and drops nothing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Printed unit -> (unit of the clean table, factor). Periods become years.
UNITS = {
    "ha": ("ha", 1.0),
    "m2": ("ha", 1e-4),
    "t": ("t", 1.0),
    "juta ton": ("t", 1e6),
    "t/month": ("t", 12.0),
    "t/2 weeks": ("t", 26.0),
    "kg/ha": ("kg/ha", 1.0),
    "households": ("households", 1.0),
    "trees": ("trees", 1.0),
    "persons": ("workers", 1.0),
    "%": ("share", 0.01),
}

# What a slip of the pen does to a figure: "million" or "thousand" added or lost, m2 printed as ha, a month for a year.
SLIPS = {
    "million added": 1e6,
    "thousand added": 1e3,
    "m2 printed as ha": 1e4,
    "month printed for year": 12.0,
    "thousand lost": 1e-3,
    "million lost": 1e-6,
}

INFILL_WINDOW_YEARS, INFILL_VARIATION = 10, 0.02

# No level of government has more cacao, or harvests more of it, than this.
LARGEST = {
    ("nation", "ha"): 2.5e6,
    ("province", "ha"): 4e5,
    ("island", "ha"): 1.5e6,
    ("regency", "ha"): 6e4,
    ("subdistrict", "ha"): 2e4,
    ("village", "ha"): 2e3,
    ("group", "ha"): 2e3,
    ("nation", "t"): 1.2e6,
    ("province", "t"): 3e5,
    ("island", "t"): 1e6,
    ("regency", "t"): 5e4,
    ("subdistrict", "t"): 1e4,
    ("village", "t"): 1e3,
    ("group", "t"): 5e3,
}


@dataclass(frozen=True)
class Break:
    """Years between which a series changes its meaning: never read as agronomy."""

    region: str
    year_before: int
    year_after: int
    reason: str


BREAKS = (
    Break("Indonesia", 1998, 1999, "area harvested redefined: 0.40 to 0.67 million ha in one year"),
    Break("Indonesia", 2005, 2006, "area revised down, 1.17 to 0.91 million ha"),
    Break("Indonesia", 2007, 2008, "area revised up to 1.43 million ha"),
    Break("East Kalimantan", 2012, 2013, "North Kalimantan left the province; definitions changed"),
    Break("Kutai Timur", 2020, 2025, "3,440 to 1,161 ha with no published bridge"),
)


class BasisError(ValueError):
    """Yields on different bases in one comparison."""


def require_one_basis(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` when all its yields stand on one known basis.

    Official productivity is production over mature area; beside production over total area it would look up
    to twice as good. Raises ``BasisError`` that names the bases and regions.
    """
    bases = frame.groupby("basis", dropna=False)["region"].unique()
    if len(bases) != 1 or bases.index[0] not in ("mature", "total"):
        listed = "; ".join(f"{basis}: {', '.join(sorted(regions))}" for basis, regions in bases.items())
        raise BasisError(f"yields on different or unknown bases must not be compared: {listed}")
    return frame


def to_standard_units(frame: pd.DataFrame) -> pd.DataFrame:
    """Add ``value`` and ``unit`` in standard units beside ``value_printed`` and ``unit_printed``.

    Raises ``ValueError`` naming the rows whose printed unit is not known.
    """
    unknown = frame[~frame["unit"].isin(UNITS)]
    if len(unknown):
        rows = "; ".join(f"{row.figure_id}: {row.unit!r}" for row in unknown.itertuples())
        raise ValueError(f"unknown units: {rows}")
    result = frame.rename(columns={"value": "value_printed", "unit": "unit_printed"})
    result["unit"] = [UNITS[unit][0] for unit in result["unit_printed"]]
    result["value"] = result["value_printed"] * [UNITS[unit][1] for unit in result["unit_printed"]]
    return result


def correct_unit_slips(frame: pd.DataFrame) -> pd.DataFrame:
    """Correct press figures that are impossible as printed and possible after undoing exactly one slip.

    A figure is a suspect when its row carries the warning ``unit_slip`` or it exceeds what its level can hold.
    The reference is the median of the other figures for the same region and quantity. The slip that brings
    the figure within a factor of two of the reference is undone; when none or several do, the figure is
    screened. Columns added: ``correction`` and ``is_screened``; nothing is dropped.
    """
    result = frame.copy()
    result["correction"], result["is_screened"] = "", False
    for index, row in frame[_is_suspect(frame)].iterrows():
        others = frame[(frame["region"] == row["region"]) & (frame["quantity"] == row["quantity"])]
        others = others[~_is_suspect(others)]["value"]
        found = _undo_slip(row["value"], float(others.median()))
        if found is None:
            result.loc[index, ["is_screened", "correction"]] = [
                True,
                "impossible as printed; no single slip explains it",
            ]
        elif found[0] != "none":
            result.loc[index, ["value", "correction"]] = [found[1], f"slip undone: {found[0]}"]
    return result


def screen_misattributed(frame: pd.DataFrame) -> pd.DataFrame:
    """Screen figures that belong to another region or quantity than the one they are printed under."""
    result = frame.copy()
    wrong = frame["warnings"].fillna("").str.contains("misattributed")
    result.loc[wrong, "is_screened"] = True
    result.loc[wrong, "correction"] = "belongs to another region or quantity; not used"
    return result


def _is_suspect(frame: pd.DataFrame) -> pd.Series:
    limits = [LARGEST.get((level, unit), np.inf) for level, unit in zip(frame["level"], frame["unit"], strict=True)]
    return (frame["value"] > limits) | frame["warnings"].fillna("").str.contains("unit_slip")


def _undo_slip(value: float, reference: float) -> tuple[str, float] | None:
    if not np.isfinite(reference) or value <= 0:
        return None
    candidates = {"none": value, **{name: value / factor for name, factor in SLIPS.items()}}
    close = {name: v for name, v in candidates.items() if 0.5 <= v / reference <= 2}
    return next(iter(close.items())) if len(close) == 1 else None


def mark_breaks(frame: pd.DataFrame, region: str = "region") -> pd.Series:
    """True for rows whose change from the row before may run across a break of the series.

    ``frame`` has the columns ``region`` and ``year``. When the break happened between two years is not known,
    so every change counts whose span overlaps them.
    """
    marked = pd.Series(False, index=frame.index)
    ordered = frame.sort_values("year", kind="stable")
    previous = ordered.groupby(region)["year"].shift()
    for item in BREAKS:
        across = (previous < item.year_after) & (ordered["year"] > item.year_before)
        marked |= (across & (ordered[region] == item.region)).reindex(frame.index)
    return marked


def mark_copied_years(frame: pd.DataFrame, columns: list[str], region: str = "region") -> pd.Series:
    """True for rows that repeat every value of the year before: carried forward, not measured again."""
    ordered = frame.sort_values([region, "year"])
    same = ordered[columns].notna().all(axis=1) & (ordered[columns] != 0).all(axis=1)
    for column in columns:
        same &= ordered[column] == ordered.groupby(region)[column].shift()
    same &= ordered["year"] == ordered.groupby(region)["year"].shift() + 1
    return same.reindex(frame.index)


def annual_change(frame: pd.DataFrame, column: str, region: str = "region") -> pd.Series:
    """Change of the log of ``column`` from the year before; missing across breaks, into and out of copied years.

    ``frame`` needs the flags ``is_break`` and ``is_copied``.
    """
    ordered = frame.sort_values([region, "year"])
    change = np.log(ordered[column].where(ordered[column] > 0)).groupby(ordered[region]).diff()
    consecutive = ordered.groupby(region)["year"].diff() == 1
    copied = ordered["is_copied"] | ordered.groupby(region)["is_copied"].shift(fill_value=False)
    return change.where(consecutive & ~ordered["is_break"] & ~copied).reindex(frame.index)


def require_kg_per_ha(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` when its yields are in kg/ha, as production over area tells.

    FAOSTAT printed hg/ha until 2022: ten times the number. Raises ``ValueError`` naming the rows.
    """
    implied = frame["production_t"] * 1000 / frame["area_harvested_ha"].where(frame["area_harvested_ha"] > 0)
    ratio = frame["yield_kg_per_ha"] / implied.where(implied > 0)
    wrong = frame[ratio.between(9.5, 10.5)]
    if len(wrong):
        rows = "; ".join(f"{r.iso3} {r.year}: {r.yield_kg_per_ha:g}" for r in wrong.head(5).itertuples())
        raise ValueError(f"{len(wrong)} yields are ten times production over area, so in hg/ha: {rows}")
    return frame


def mark_infilled(frame: pd.DataFrame, column: str, region: str) -> pd.Series:
    """True for years of a stretch that varies too little to have been observed.

    Rainfall varies by more than a fiftieth of its mean over any ten years in every country; where it does not
    (Papua New Guinea after 1995), its makers filled it in with the long-term mean.
    """
    ordered = frame.sort_values([region, "year"])
    marked = pd.Series(False, index=frame.index)
    for _, series in ordered.groupby(region)[column]:
        windows = series.rolling(INFILL_WINDOW_YEARS)
        for end in np.flatnonzero((windows.std() / windows.mean() < INFILL_VARIATION).to_numpy()):
            marked[series.index[end - INFILL_WINDOW_YEARS + 1 : end + 1]] = True
    return marked


def join_lists(*parts: pd.Series) -> pd.Series:
    """Join columns of lists (warnings, source ids) row by row: each entry once, in order, between semicolons."""
    table = pd.concat([part.fillna("").astype(str) for part in parts], axis=1)
    joined = [";".join(sorted({w for cell in row for w in cell.split(";") if w})) for row in table.to_numpy()]
    return pd.Series(joined, index=table.index, dtype="str")
