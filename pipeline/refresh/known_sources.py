"""Which sources can be fetched again: their address, their reader, and the raw table that holds their rows."""

from pathlib import Path

import pandas as pd

from pipeline.kit.data.sources import load_registry
from pipeline.refresh import climate, faostat, pink_sheet
from pipeline.refresh.fetch import NOTHING_CHANGED, Refreshable, RefreshError, number_text

NOAA = "https://www.cpc.ncep.noaa.gov/data/indices/"
WORKBOOK = "CMO-Historical-Data-Monthly.xlsx"
SOURCES = (
    Refreshable(
        id="fao_qcl_2022",
        table="faostat_cocoa_2022",
        address="https://bulks-faostat.fao.org/production/Production_Crops_Livestock_E_All_Data_(Normalized).zip",
        file="Production_Crops_Livestock_E_All_Data_(Normalized).zip",
        read=faostat.read,
        key=("fao_area_code", "year"),
        numbers=tuple(faostat.QUANTITIES),
    ),
    Refreshable(
        id="wb_pink_sheet_monthly_2026_06",
        table="worldbank_prices_monthly",
        address="https://www.worldbank.org/en/research/commodity-markets",
        link=WORKBOOK,
        file=WORKBOOK,
        read=pink_sheet.read,
        key=("year", "month"),
        numbers=tuple(pink_sheet.SERIES),
    ),
    Refreshable(
        id="noaa_oni_2026",
        table="enso_oni",
        address=NOAA + "oni.ascii.txt",
        file="oni.ascii.txt",
        read=climate.read_oni,
        key=("year", "center_month"),
        numbers=("sst_c", "anomaly_c"),
        fixed={"release": "2026"},
    ),
    Refreshable(
        id="noaa_nino34_ersst5",
        table="enso_nino34",
        address=NOAA + "ersst5.nino.mth.91-20.ascii",
        file="ersst5.nino.mth.91-20.ascii",
        read=climate.read_nino34,
        key=("year", "month"),
        numbers=("sst_c", "anomaly_c"),
    ),
    Refreshable(
        id="nasa_power_kutai_timur",
        table="climate_kutai_timur_months",
        address=climate.address(),
        file="nasa_power.json",
        read=climate.read,
        key=("year", "month"),
        numbers=("rain_mm_per_day", "temperature_c"),
        records=climate.RECORDS,
    ),
)
CATALOGUE = {source.id: source for source in SOURCES}
# Releases that their publisher has written over: what stands in data/raw cannot be fetched any more.
WRITTEN_OVER = {"noaa_oni_2025": "noaa_oni_2026"}


def find(source_id: str | None) -> list[Refreshable]:
    """The source of that name, or all when no name is given.

    Raises ``RefreshError`` that lists the names when the source has no loader.
    """
    if source_id is None:
        return list(CATALOGUE.values())
    if later := WRITTEN_OVER.get(source_id):
        raise RefreshError(f"source {source_id!r}: its publisher has written over this release; refresh {later!r}")
    if source_id not in CATALOGUE:
        known = "has no loader" if source_id in load_registry()["sources"] else "is not in data/raw/sources.yaml"
        raise RefreshError(f"source {source_id!r} {known}. These can be refreshed: {', '.join(CATALOGUE)}")
    return [CATALOGUE[source_id]]


def read_source(source: Refreshable, file: Path) -> pd.DataFrame:
    """The rows of a fetched file as they would stand in the raw table, all cells text, missing where unknown.

    Raises ``RefreshError`` when the layout is not the known one or a key stands twice.
    """
    frame = source.read(file)
    for column in source.numbers:
        frame[column] = [number_text(value) for value in frame[column]]
    frame = frame.assign(**source.fixed, source_id=source.id)
    twice = frame[frame.duplicated(list(source.key))]
    if len(twice):
        where = ", ".join(f"{name} {twice.iloc[0][name]}" for name in source.key)
        raise RefreshError(f"{file.name}: {where} stands twice; the file is damaged or changed. {NOTHING_CHANGED}")
    return frame
