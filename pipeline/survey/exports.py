"""Files of KoboToolbox and ODK Central as sheets of text: CSV, XLSX, and ZIP files of CSV.

Nothing is interpreted here: a cell is the text it holds. A formula in a workbook is what the workbook last showed of
it, and is never computed.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import python_calamine

from pipeline.survey.privacy import ExportError


def framed(columns: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """A sheet of text without margins."""
    return pd.DataFrame(dict(enumerate(map(_texts, columns))), dtype=object)


def _texts(column: Sequence[Any]) -> list[str]:
    """The cells of a column as text."""
    # A one and a true are the same key.
    return [_text(value) for value in column] if bool in set(map(type, column)) else _each_once(column, _text)


def _each_once(values: Sequence[Any], read: Callable[[Any], str]) -> list[str]:
    """What ``read`` makes of every value; equal values, which are most in an export, are read once."""
    known = {value: read(value) for value in set(values)}
    return list(map(known.__getitem__, values))


def _text(value: Any) -> str:
    """A cell as text; a number is written so that its decimal mark cannot be taken for a thousands mark."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return text + "0" if "." in text and len(text.split(".")[1]) == 3 else text
    if isinstance(value, datetime):
        return value.isoformat() if value.time().isoformat() != "00:00:00" else value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


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


OLE = bytes.fromhex("d0cf11e0")  # An XLSX with a password, or the old XLS, is such a container.
LARGEST_BYTES = 2**31


def read_sheets(data: bytes) -> dict[str, pd.DataFrame]:
    """The sheets of an export by name, as text with "" for an empty cell; empty rows and columns are left out.

    The index of a sheet is the number of the row in the file, the header being row 1.

    Raises ``ExportError`` for what is no export: empty, damaged or protected files, web pages, other formats.
    """
    if not data.strip():
        raise ExportError("berkas kosong / the file is empty")
    if data.startswith(OLE):
        raise ExportError("berkas dikunci sandi atau XLS lama / the file has a password or is an old XLS")
    sheets = _read_container(data) if data.startswith(b"PK") else {"main": _read_csv(data)}
    sheets = {name: _trim(sheet) for name, sheet in sheets.items()}
    sheets = {name: sheet for name, sheet in sheets.items() if len(sheet.columns)}
    if not any(len(sheet) for sheet in sheets.values()):
        raise ExportError("tidak ada baris data / the file holds no rows")
    return sheets


def _read_container(data: bytes) -> dict[str, pd.DataFrame]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
                raise ExportError("isi ZIP terlalu besar / the content of the ZIP is too large")
            names = members(archive)
            for name in names:
                path = PurePosixPath(name.replace("\\", "/"))
                if path.is_absolute() or ".." in path.parts or ":" in name:
                    raise ExportError("ZIP memuat jalur berbahaya / the ZIP holds an unsafe path")
            if "[Content_Types].xml" in names:
                check_size(archive)
                return read_workbook(data)
            tables = [name for name in names if name.lower().endswith(".csv")]
            if not tables:
                raise ExportError("tidak ada CSV dalam ZIP / the ZIP holds no CSV file")
            # By the whole path: two folders may hold tables of one name.
            return {str(PurePosixPath(name).with_suffix("")): _read_csv(archive.read(name)) for name in sorted(tables)}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise ExportError("ZIP atau XLSX rusak atau dikunci sandi / damaged ZIP or XLSX, or with a password") from error


def members(archive: zipfile.ZipFile) -> list[str]:
    """Names of the files in a ZIP, without folders and without what macOS adds for itself."""
    names = [name for name in archive.namelist() if not name.endswith("/")]
    return [name for name in names if not re.search(r"(^|/)(__MACOSX/|\._|\.DS_Store$)", name)]


def _read_csv(data: bytes) -> pd.DataFrame:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Excel on Windows saves plain "CSV" in this code page; it has a character for nearly every byte.
            text = data.decode("cp1252", errors="replace")
    if text.lstrip().startswith("<"):
        raise ExportError("halaman web, bukan ekspor (sesi habis?) / a web page, not an export (logged out?)")
    if "\x00" in text:
        raise ExportError("bukan berkas teks / not a text file")
    # The first line says how many columns there are, so it must not be an empty one.
    text = text.lstrip("\r\n")
    lines = text.splitlines()
    if lines and lines[0].lower().startswith("sep="):
        text = "\n".join(lines[1:])
    first = lines[0] if lines else ""
    mark = max(",;\t", key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    try:
        sheet = pd.read_csv(
            io.StringIO(text), sep=mark, dtype=object, header=None, na_filter=False, skip_blank_lines=False
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise ExportError("baris CSV tidak sama panjang / rows of the CSV differ in length") from error
    # Rows that end early have gaps.
    return framed(sheet[name].where(sheet[name].notna(), "").tolist() for name in sheet)


def _trim(sheet: pd.DataFrame) -> pd.DataFrame:
    """The sheet under its own header, without empty rows and without empty columns that have no header."""
    sheet = sheet.drop(index=_empty_rows(sheet))
    if sheet.empty:
        return pd.DataFrame()
    header, body = list(sheet.iloc[0]), sheet.iloc[1:]
    body.index = body.index + 1
    used = [place for place, text in enumerate(header) if text or (body[place] != "").any()]
    body = body[used]
    body.columns = pd.Index([header[place] or f"(tanpa judul {place + 1})" for place in used], dtype=object)
    return body


def _empty_rows(sheet: pd.DataFrame) -> pd.Index:
    """Rows without any text; nearly every row has some in its first columns, so that the others are seldom read."""
    rows = sheet.index
    for name in sheet:
        rows = rows[sheet[name].to_numpy()[rows] == ""]
    return rows
