"""Download one file of a publisher into the staging folder, whole or not at all."""

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pooch
import requests

from pipeline import paths
from pipeline.sources import SourceError

if TYPE_CHECKING:
    from pipeline.refresh.catalogue import Refreshable

STAGING = paths.ROOT / ".staging-sources"
RETRIES = 2
TIMEOUT_SECONDS = 60
NOTHING_CHANGED = "nothing in data/raw was changed"


class RefreshError(SourceError):
    """A source cannot be refreshed; the message names the file or address and what to do."""


def staging(source_id: str) -> Path:
    """Folder of what was fetched for one source; git does not see it."""
    return STAGING / source_id


def download(source: "Refreshable") -> Path:
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
            f"what it says, and if the file has moved, change the address in pipeline/refresh/catalogue.py. "
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
            f"pipeline/refresh/catalogue.py. {NOTHING_CHANGED}"
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
            f"the address in pipeline/refresh/catalogue.py. {NOTHING_CHANGED}"
        )
    return urljoin(address, found[0])
