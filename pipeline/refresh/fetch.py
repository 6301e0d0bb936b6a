"""Download one file of a publisher into the staging folder, whole or not at all."""

import math
import re
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pandas as pd
import pooch
import requests

from pipeline.kit import paths
from pipeline.kit.data.sources import SourceError

STAGING = paths.ROOT / ".staging-sources"
RETRIES = 2
TIMEOUT_SECONDS = 60
NOTHING_CHANGED = "nothing in data/raw was changed"


@dataclass(frozen=True)
class Refreshable:
    """One source that can be fetched again.

    ``read`` turns the file into a table with the columns of the raw table; ``fixed`` are columns with one value;
    ``link`` is set where ``address`` is a page that links to the file. ``records`` are the records of table and source
    for a source that no raw table holds yet: they are written when its rows are first accepted.
    """

    id: str
    table: str
    address: str
    file: str
    read: Callable[[Path], pd.DataFrame]
    key: tuple[str, ...]
    numbers: tuple[str, ...]
    fixed: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None
    records: Mapping[str, dict[str, Any]] | None = None


class RefreshError(SourceError):
    """A source cannot be refreshed; the message names the file or address and what to do."""


def staging(source_id: str) -> Path:
    """Folder of what was fetched for one source; git does not see it."""
    return STAGING / source_id


def download(source: Refreshable) -> Path:
    """Fetch the file of ``source`` and return where it stands.

    What an earlier download left is removed first. Raises ``RefreshError`` for no network, an error of the server,
    a body shorter than announced, an empty file, or a web page where a file should be.
    """
    folder = staging(source.id)
    shutil.rmtree(folder, ignore_errors=True)
    address = source.address
    if source.link:
        address = _linked(_fetch(address, folder, "page.html"), address, source.link)
    file = _fetch(address, folder, source.file)
    start = file.read_bytes()[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise RefreshError(f"{address}: the file is empty; try again later. {NOTHING_CHANGED}")
    if start.startswith((b"<!doctype", b"<html", b"<head")):
        raise RefreshError(
            f"{address}: the publisher sent a web page instead of {source.file}; open the address in a browser to see "
            f"what it says, and if the file has moved, change the address in pipeline/refresh/known_sources.py. "
            f"{NOTHING_CHANGED}"
        )
    return file


def _fetch(address: str, folder: Path, name: str) -> Path:
    """Download with retries; pooch writes to a temporary file and moves it only when the whole body has come."""
    fetcher = pooch.create(
        path=folder, base_url="", registry={name: None}, urls={name: address}, retry_if_failed=RETRIES
    )
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, progressbar=sys.stderr.isatty())
    try:
        return Path(fetcher.fetch(name, downloader=downloader))
    except requests.exceptions.HTTPError as error:
        raise RefreshError(
            f"{address}: the server refuses ({error}); if the file has moved, change the address in "
            f"pipeline/refresh/known_sources.py. {NOTHING_CHANGED}"
        ) from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise RefreshError(
            f"{address}: the download broke off before its end ({error}); try again. {NOTHING_CHANGED}"
        ) from error
    except requests.exceptions.RequestException as error:
        raise RefreshError(
            f"{address}: cannot be reached ({type(error).__name__}); check the network and try again. {NOTHING_CHANGED}"
        ) from error


def _linked(page: Path, address: str, name: str) -> str:
    """Address of the file ``name`` that the page links to; publishers move it with each year."""
    text = page.read_text(encoding="utf-8", errors="replace")
    links = re.findall(r'href\s*=\s*["\']([^"\']*/)?(' + re.escape(name) + r")[\"'?#]", text)
    found = sorted({"".join(link) for link in links})
    if len(found) != 1:
        raise RefreshError(
            f"{address}: the page links to {len(found)} files named {name}, not to one; look for it there and change "
            f"the address in pipeline/refresh/known_sources.py. {NOTHING_CHANGED}"
        )
    return urljoin(address, found[0])


# What an altered archive raises: wrong checksum, broken stream, or a flipped flag for a method or password.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
# A changed layout must be looked at by a person: no guess is made.
WHAT_TO_DO = "the reader in pipeline/refresh must be changed to it by hand"


def number_text(value: float) -> str | None:
    """A number as the raw tables print it: no zeros at the end, at most six decimals; missing stays missing."""
    if math.isnan(value):
        return None
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def layout_changed(file: Path, what: str) -> RefreshError:
    """The error for a file whose columns, units or sheets are not the known ones."""
    return RefreshError(f"{file.name}: the layout has changed: {what}; {WHAT_TO_DO}. {NOTHING_CHANGED}")


def damaged(file: Path, what: str) -> RefreshError:
    """The error for a file whose content cannot be right."""
    return RefreshError(f"{file.name}: {what}; the file is damaged or was altered: fetch it again. {NOTHING_CHANGED}")


def follow_on(file: Path, year: int, month: int, before: tuple[int, int] | None) -> None:
    """Check that a month is the one after the month ``before`` (year, month); a gap means a damaged file."""
    if not 1 <= month <= 12:
        raise damaged(file, f"month {month} of {year} is no month")
    if before and year * 12 + month != before[0] * 12 + before[1] + 1:
        raise damaged(file, f"{year}-{month:02d} follows on {before[0]}-{before[1]:02d}")
