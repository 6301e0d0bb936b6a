"""Monthly prices of the World Bank (Pink Sheet): a workbook with one row per month and one column per commodity.

Layout of the sheet ``Monthly Prices``: some lines of title, a row of names, a row of units, then rows ``1960M01``.
A price that is not known is printed as an ellipsis.
"""

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from pipeline.refresh.fetch import UNREADABLE, damaged, follow_on, layout_changed

SHEET = "Monthly Prices"
# Column of the raw table: name and unit that the sheet prints. Asterisks after a name mark a footnote.
SERIES = {
    "cocoa_usd_per_kg": ("Cocoa", "($/kg)"),
    "urea_usd_per_t": ("Urea", "($/mt)"),
    "dap_usd_per_t": ("DAP", "($/mt)"),
    "tsp_usd_per_t": ("TSP", "($/mt)"),
    "phosphate_rock_usd_per_t": ("Phosphate rock", "($/mt)"),
    "kcl_usd_per_t": ("Potassium chloride", "($/mt)"),
}
UNKNOWN = {"", "…", "..", "..."}
PERIOD = re.compile(r"(\d{4})M(\d{2})")


def read(path: Path) -> pd.DataFrame:
    """Months of the workbook: ``year``, ``month`` and the six prices in US$ per kg or tonne, nominal."""
    cells = _sheet(path)
    start = next((row for row, line in enumerate(cells) if "Cocoa" in map(_name, line)), None)
    if start is None or start + 1 >= len(cells):
        raise layout_changed(path, f"no row of sheet {SHEET!r} holds the name 'Cocoa'")
    places = {column: _place(path, cells[start], cells[start + 1], *series) for column, series in SERIES.items()}
    rows, before = [], None
    for number, line in enumerate(cells[start + 2 :], start=start + 3):
        if not (period := PERIOD.fullmatch(str(line[0] or "").strip())):
            if any(isinstance(line[place], int | float) for place in places.values()):
                raise damaged(path, f"row {number}: prices without a month ({line[0]!r})")
            continue
        now = (int(period[1]), int(period[2]))
        follow_on(path, *now, before)
        prices = [_price(path, number, column, line[place]) for column, place in places.items()]
        rows.append([str(now[0]), str(now[1]), *prices])
        before = now
    if not rows:
        raise layout_changed(path, f"no row of sheet {SHEET!r} begins with a month such as 1960M01")
    return pd.DataFrame(rows, columns=["year", "month", *SERIES])


def _sheet(path: Path) -> list[tuple[Any, ...]]:
    """All cells of the sheet; the checksums of the workbook, which is a zip archive, are compared first."""
    try:
        with zipfile.ZipFile(path) as archive:
            if broken := archive.testzip():
                raise damaged(path, f"{broken} does not match its checksum")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (*UNREADABLE, KeyError) as error:
        raise damaged(path, f"it is no workbook ({error})") from error
    try:
        if SHEET not in book.sheetnames:
            raise layout_changed(path, f"no sheet {SHEET!r} among {', '.join(book.sheetnames)}")
        return [tuple(row) for row in book[SHEET].iter_rows(values_only=True) if row]
    finally:
        book.close()


def _name(cell: object) -> str:
    return str(cell or "").rstrip(" *").strip()


def _place(path: Path, names: tuple[Any, ...], units: tuple[Any, ...], name: str, unit: str) -> int:
    """Position of the one column with this name; its unit must be the known one."""
    places = [place for place, cell in enumerate(names) if _name(cell) == name]
    if len(places) != 1:
        raise layout_changed(path, f"sheet {SHEET!r} has {len(places)} columns named {name!r}, not one")
    if (found := str(units[places[0]]).strip()) != unit:
        raise layout_changed(path, f"the unit of {name!r} is {found!r}, not {unit!r}")
    return places[0]


def _price(path: Path, row: int, column: str, cell: object) -> float:
    if cell is None or str(cell).strip() in UNKNOWN:
        return float("nan")
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not cell > 0:
        raise damaged(path, f"row {row}, {column}: {cell!r} is no price")
    return float(cell)
