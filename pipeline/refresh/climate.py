"""The ENSO indices of the NOAA Climate Prediction Center: text tables with columns set apart by blanks.

Layout of ``oni.ascii.txt``: ``SEAS YR TOTAL ANOM``, one row per overlapping season. Layout of
``ersst5.nino.mth.91-20.ascii``: year, month, then temperature and anomaly (degC) of four regions.
"""

import datetime
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.refresh.fetch import damaged, follow_on, layout_changed

ONI_HEADER = ["SEAS", "YR", "TOTAL", "ANOM"]
NINO_HEADER = ["YR", "MON", "NINO1+2", "ANOM", "NINO3", "ANOM", "NINO4", "ANOM", "NINO3.4", "ANOM"]
# A season carries the month in its middle.
SEASONS = ("DJF", "JFM", "FMA", "MAM", "AMJ", "MJJ", "JJA", "JAS", "ASO", "SON", "OND", "NDJ")
CREDIBLE_SST = (20.0, 35.0)  # degC; the fill value -99.9 and slipped columns fall outside
LARGEST_ANOMALY = 6.0  # degC


def read_oni(path: Path) -> pd.DataFrame:
    """Seasons of the Oceanic Nino Index: ``year``, ``season``, ``center_month``, ``sst_c``, ``anomaly_c`` (degC)."""
    rows, before = [], None
    for line, (season, year, *values) in _rows(path, ONI_HEADER):
        if season not in SEASONS:
            raise damaged(path, f"line {line}: {season!r} is no season")
        now = (_whole(path, line, year), SEASONS.index(season) + 1)
        follow_on(path, *now, before)
        rows.append([str(now[0]), season, str(now[1]), *_temperatures(path, line, values)])
        before = now
    return pd.DataFrame(rows, columns=["year", "season", "center_month", "sst_c", "anomaly_c"])


def read_nino34(path: Path) -> pd.DataFrame:
    """Months of the region Nino 3.4: ``year``, ``month``, ``sst_c``, ``anomaly_c`` (degC)."""
    rows, before = [], None
    for line, (year, month, *values) in _rows(path, NINO_HEADER):
        now = (_whole(path, line, year), _whole(path, line, month))
        follow_on(path, *now, before)
        rows.append([str(now[0]), str(now[1]), *_temperatures(path, line, values[-2:])])
        before = now
    return pd.DataFrame(rows, columns=["year", "month", "sst_c", "anomaly_c"])


def _rows(path: Path, header: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of every line below the header."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if lines[0].split() != header:
        raise layout_changed(path, f"the first line is {lines[0].strip()[:80]!r}, not {' '.join(header)!r}")
    if len(lines) < 2:
        raise damaged(path, "no rows below the header")
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split()
        if cells and len(cells) != len(header):
            raise damaged(path, f"line {number}: {len(cells)} cells, the header has {len(header)}")
        if cells:
            yield number, cells


def _whole(path: Path, line: int, text: str) -> int:
    if not text.isdecimal():
        raise damaged(path, f"line {line}: {text!r} is no year or month")
    return int(text)


def _temperatures(path: Path, line: int, cells: list[str]) -> list[float]:
    try:
        temperature, anomaly = (float(cell) for cell in cells)
    except ValueError as error:
        raise damaged(path, f"line {line}: {error}") from error
    if not (CREDIBLE_SST[0] <= temperature <= CREDIBLE_SST[1] and abs(anomaly) <= LARGEST_ANOMALY):
        raise damaged(path, f"line {line}: temperature {cells[0]} or anomaly {cells[1]} degC cannot be")
    return [temperature, anomaly]


# Inland in Kutai Timur. The service answers for its cell of 0.5 x 0.625 degrees, about 55 by 70 km.
LATITUDE, LONGITUDE = 0.9, 117.3
FIRST_YEAR = 1981
# Column, unit that the service states, and what can be in a month: rain to 60 mm a day, air from 10 to 40 degC.
QUANTITIES = {
    "PRECTOTCORR": ("rain_mm_per_day", "mm/day", (0.0, 60.0)),
    "T2M": ("temperature_c", "C", (10.0, 40.0)),
}
WHOLE_YEAR = 13
SERVICE = "https://power.larc.nasa.gov/api/temporal/monthly/point"
# What the register will say of table and source once the rows have been read.
RECORDS: dict[str, dict[str, Any]] = {
    "table": {
        "title": "Rain and temperature by month at one point of Kutai Timur",
        "what_was_done": f"Months at {LATITUDE} N, {LONGITUDE} E kept, years left out; fill values missing.",
    },
    "source": {
        "title": "NASA POWER, monthly meteorology at one point (MERRA-2)",
        "publisher": "NASA Langley Research Center, POWER project",
        "year": None,
        "citation": "NASA Langley Research Center, POWER project. Monthly meteorology at one point.",
        "url": SERVICE,
        "read_at": None,
        "licence": {"name": "open data of NASA", "url": None, "confirmed": False},
        "redistribute": "unclear",
        "read_as": "whole_file",
        "contact": None,
        "notes": "Modelled for a cell of 0.5 x 0.625 degrees, not measured in a village.",
    },
}


def address() -> str:
    """The request for every month from 1981 to the end of last year."""
    wanted = f"parameters={','.join(QUANTITIES)}&community=AG&longitude={LONGITUDE}&latitude={LATITUDE}"
    return f"{SERVICE}?{wanted}&start={FIRST_YEAR}&end={datetime.date.today().year - 1}&format=JSON"


def read(path: Path) -> pd.DataFrame:
    """Months at the point: ``year``, ``month``, ``rain_mm_per_day``, ``temperature_c``; the fill value is missing.

    Raises ``RefreshError`` for a file that is no such feature, another point or unit, a gap, or a value that cannot be.
    """
    content = _parsed(path)
    try:
        place, fill = content["geometry"]["coordinates"][:2], float(content["header"]["fill_value"])
        units = {name: content["parameters"][name]["units"] for name in QUANTITIES}
        months = {name: dict(content["properties"]["parameter"][name]) for name in QUANTITIES}
    except (KeyError, TypeError, ValueError) as error:
        raise layout_changed(path, f"a part that is read is not there ({error!r})") from error
    if not all(abs(there - asked) < 0.01 for there, asked in zip(place, (LONGITUDE, LATITUDE), strict=True)):
        raise layout_changed(path, f"the point is {place}, not {[LONGITUDE, LATITUDE]}")
    for name, (_, unit, _) in QUANTITIES.items():
        if units[name] != unit:
            raise layout_changed(path, f"the unit of {name} is {units[name]!r}, not {unit!r}")
    return _table(path, months, fill)


def _parsed(path: Path) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            raise damaged(path, "a name stands twice in one map")
        return found

    try:
        content = json.loads(path.read_bytes(), object_pairs_hook=once)
    except ValueError as error:
        raise damaged(path, f"no JSON ({error})") from error
    if not isinstance(content, dict):
        raise layout_changed(path, f"it holds a {type(content).__name__}, not a feature")
    return content


def _table(path: Path, months: dict[str, dict[str, Any]], fill: float) -> pd.DataFrame:
    names = list(months["PRECTOTCORR"])
    if not names or any(list(values) != names for values in months.values()):
        raise damaged(path, "the quantities do not have the same months")
    rows, before = [], None
    for name in names:
        if not (len(name) == 6 and name.isdecimal()):
            raise damaged(path, f"{name!r} is no month")
        now = (int(name[:4]), int(name[4:]))
        if now[1] == WHOLE_YEAR:
            continue
        follow_on(path, *now, before)
        rows.append(
            [str(now[0]), str(now[1]), *(_value(path, months, quantity, name, fill) for quantity in QUANTITIES)]
        )
        before = now
    return pd.DataFrame(rows, columns=["year", "month", *(column for column, _, _ in QUANTITIES.values())])


def _value(path: Path, months: dict[str, dict[str, Any]], quantity: str, month: str, fill: float) -> float:
    value, (least, most) = months[quantity][month], QUANTITIES[quantity][2]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise damaged(path, f"{quantity} of {month} is {value!r}, no number")
    if value == fill:
        return math.nan
    if not least <= value <= most:
        raise damaged(path, f"{quantity} of {month} is {value}, which cannot be")
    return float(value)
