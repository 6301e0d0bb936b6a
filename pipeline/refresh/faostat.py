"""Cocoa beans in the bulk file of FAOSTAT (domain QCL, "normalized"): a zip with one row per area, item, element, year.

Areas carry the ISO code and the name that the raw table already gives them, since the file has neither.
"""

import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from pipeline.kit import paths
from pipeline.kit.data.sources import read_csv
from pipeline.refresh.fetch import UNREADABLE, damaged, layout_changed

MEMBER = "Production_Crops_Livestock_E_All_Data_(Normalized).csv"
ITEM = (661, "Cocoa beans")
COLUMNS = ["Area Code", "Area", "Item Code", "Item", "Element Code", "Element", "Year", "Unit", "Value", "Flag"]
# Column of the raw table: element, and what one unit is in the unit of the table.
QUANTITIES = {
    "area_harvested_ha": ("Area harvested", {"ha": 1.0}),
    "production_t": ("Production", {"t": 1.0, "tonnes": 1.0}),
    "yield_kg_per_ha": ("Yield", {"kg/ha": 1.0, "hg/ha": 0.1, "100 g/ha": 0.1}),
}
FLAGS = {"area_harvested_ha": "area_flag", "production_t": "production_flag", "yield_kg_per_ha": "yield_flag"}
WORLD = 5000  # codes above it are continents and groups of countries
PARTS_OF_CHINA = {41, 96, 128}  # mainland, Hong Kong, Macao: within area 351
AREAS_TABLE = "faostat_cocoa_2022.csv"


def read(path: Path) -> pd.DataFrame:
    """Cocoa by area and year with flags, yield in kg/ha; of the aggregates only World.

    Areas that the raw table has no ISO code for are left out and listed in ``attrs["left_out"]``.
    """
    long = _cocoa(path)
    long = long[~long["Area Code"].isin(PARTS_OF_CHINA) & (long["Area Code"] <= WORLD)]
    areas = read_csv(paths.RAW / AREAS_TABLE)[["fao_area_code", "iso3", "country", "is_aggregate"]].drop_duplicates()
    unknown = long[~long["Area Code"].astype(str).isin(areas["fao_area_code"])]
    parts = [_quantity(path, long, column) for column in QUANTITIES]
    wide = pd.concat(parts, axis=1).reset_index().rename(columns={"Area Code": "fao_area_code", "Year": "year"})
    wide = wide.sort_values(["fao_area_code", "year"]).astype({"fao_area_code": str, "year": str})
    wide = areas.merge(wide, on="fao_area_code").sort_values(["is_aggregate", "country"], kind="stable")
    columns = [name for column in QUANTITIES for name in (column, FLAGS[column])]
    wide = wide[["fao_area_code", "iso3", "country", "is_aggregate", "year", *columns]].reset_index(drop=True)
    wide.attrs["left_out"] = [
        f"area {code} {name}: {len(rows)} figures left out, no ISO code for it in {AREAS_TABLE}"
        for (code, name), rows in unknown.groupby(["Area Code", "Area"])
    ]
    return wide


def _cocoa(path: Path) -> pd.DataFrame:
    """The rows of cocoa beans, read in pieces since the file holds four million rows; nothing is unpacked to disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_outside(path, archive.namelist())
            if MEMBER not in archive.namelist():
                raise layout_changed(path, f"the archive holds no {MEMBER}")
            with archive.open(MEMBER) as file:
                pieces = pd.read_csv(
                    file, chunksize=200_000, dtype=str, keep_default_na=False, encoding_errors="replace"
                )
                # Every piece is read to the end, so the checksum of the whole member is compared.
                parts = [_of_item(path, piece) for piece in pieces]
    except (*UNREADABLE, pd.errors.ParserError) as error:
        raise damaged(path, f"the archive cannot be read ({error})") from error
    cocoa = pd.concat(parts, ignore_index=True)
    if cocoa.empty or set(cocoa["Item"]) != {ITEM[1]}:
        raise layout_changed(path, f"item {ITEM[0]} is {sorted(set(cocoa['Item']))}, not {ITEM[1]!r}")
    for column in ("Area Code", "Year"):
        if not cocoa[column].str.fullmatch(r"\d+").all():
            raise damaged(path, f"column {column!r} holds something that is no whole number")
    return cocoa.astype({"Area Code": int, "Year": int})


def _refuse_outside(path: Path, names: list[str]) -> None:
    for name in names:
        inside = PurePosixPath(name.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
            raise damaged(path, f"the archive names {name!r}, a path outside its folder")


def _of_item(path: Path, piece: pd.DataFrame) -> pd.DataFrame:
    if missing := [column for column in COLUMNS if column not in piece]:
        raise layout_changed(path, f"{MEMBER} lacks the column(s) {', '.join(missing)}")
    return piece.loc[piece["Item Code"] == str(ITEM[0]), COLUMNS]


def _quantity(path: Path, long: pd.DataFrame, column: str) -> pd.DataFrame:
    """Values and flags of one element, by area and year, in the unit of the raw table."""
    element, units = QUANTITIES[column]
    rows = long[long["Element"] == element].set_index(["Area Code", "Year"])
    if rows.empty:
        raise layout_changed(path, f"no row has the element {element!r}")
    if other := sorted(set(rows["Unit"]) - set(units)):
        raise layout_changed(path, f"the unit of {element!r} is {', '.join(other)}, not one of {', '.join(units)}")
    if rows.index.has_duplicates:
        raise damaged(path, f"{element!r} of area and year {rows.index[rows.index.duplicated()][0]} stands twice")
    values = pd.to_numeric(rows["Value"].replace("", np.nan), errors="coerce")
    bad = rows["Value"][(rows["Value"] != "") & ~values.between(0, np.inf, inclusive="left")]
    if len(bad):
        raise damaged(path, f"{element!r} of area and year {bad.index[0]} is {bad.iloc[0]!r}")
    factor = rows["Unit"].map(units)
    return pd.DataFrame({column: values * factor, FLAGS[column]: rows["Flag"].replace("", None)})
