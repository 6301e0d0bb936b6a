"""Files of KoboToolbox and ODK Central as sheets of text: CSV, XLSX, and ZIP files of CSV.

Nothing is interpreted here: a cell is the text it holds. A formula in a workbook is what the workbook last showed of
it, and is never computed.
"""

import csv
import io
import re
import zipfile
from pathlib import PurePosixPath

import pandas as pd

from pipeline.survey.cells import framed
from pipeline.survey.errors import ExportError
from pipeline.survey.spreadsheet import check_size, read_workbook

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
