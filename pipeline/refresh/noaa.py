"""The ENSO indices of the NOAA Climate Prediction Center: text tables with columns set apart by blanks.

Layout of ``oni.ascii.txt``: ``SEAS YR TOTAL ANOM``, one row per overlapping season. Layout of
``ersst5.nino.mth.91-20.ascii``: year, month, then temperature and anomaly (degC) of four regions.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline.refresh.tidy import damaged, follow_on, layout_changed

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
