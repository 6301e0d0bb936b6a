"""Workbooks as sheets of text, and a guard against sheets that are mostly emptiness."""

import io
import re
import zipfile
from pathlib import PurePosixPath

import pandas as pd
import python_calamine

from pipeline.survey.cells import framed
from pipeline.survey.errors import ExportError

# A survey of 100,000 plots has half as many; a cell in the last corner of an empty sheet makes a thousand times more.
MOST_CELLS = 20_000_000
CHUNK = 2**20
CELL = re.compile(rb'<c [^>]*?\br="([A-Z]{1,3})(\d{1,7})"')


def read_workbook(data: bytes) -> dict[str, pd.DataFrame]:
    """The sheets of an XLSX file by name, as text, without their margins. Raises ``ExportError`` for a damaged one."""
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except python_calamine.CalamineError as error:
        raise ExportError("XLSX rusak / damaged XLSX") from error
    return {name: framed(zip(*rows, strict=True)) for name, rows in sheets.items()}


def check_size(archive: zipfile.ZipFile) -> None:
    """Raise ``ExportError`` for a workbook in which a stray cell spans more empty cells than memory holds."""
    for name in archive.namelist():
        if re.search(r"worksheets/[^/]+\.xml$", name):
            row, column, last = _corner(archive, name)
            if row * column > MOST_CELLS:
                place = int(re.sub(r"\D", "", PurePosixPath(name).stem) or 1)
                raise ExportError(
                    f"lembar ke-{place}: sel {last} jauh dari tabelnya; hapus baris itu, simpan, masukkan lagi / "
                    f"sheet {place}: cell {last} lies far from the table; delete that row, save, import again"
                )


def _corner(archive: zipfile.ZipFile, name: str) -> tuple[int, int, str]:
    """Last row and last column of a sheet, and the place of the cell in the last row; the sheet is read in parts."""
    row, letters, last, rest = 0, {b"A"}, b"", b""
    with archive.open(name) as sheet:
        while part := sheet.read(CHUNK):
            cells = CELL.findall(rest + part)
            letters.update(column for column, _ in cells)
            if cells and int(cells[-1][1]) >= row:
                row, last = int(cells[-1][1]), b"".join(cells[-1])
            rest = (rest + part)[-200:]
    return row, max(map(_number, letters)), last.decode()


def _number(letters: bytes) -> int:
    """Place of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
