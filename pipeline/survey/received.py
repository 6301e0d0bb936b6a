"""The files as they came in, under their SHA-256; what may not be kept is taken out: refused, forgotten, too old."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pipeline.survey import places
from pipeline.survey.dates import settled
from pipeline.survey.errors import ExportError
from pipeline.survey.exports import read_sheets
from pipeline.survey.files import write
from pipeline.survey.flat import Flat, Sheets, flatten
from pipeline.survey.names import Form
from pipeline.survey.redaction import NOTHING_LEFT, Going, redacted
from pipeline.survey.store import Store

REDACTED = ".redacted.zip"
# What this program leaves in the private folder beside the received files.
OWN = {"lock", "salt", "store.zip", "set_aside.csv", "reports/report.txt"}


def folder() -> Path:
    """Folder of the received files."""
    return places.private() / "received"


def name_of(data: bytes) -> str:
    """Name, without its ending, under which a file is kept."""
    return hashlib.sha256(data).hexdigest()


def keep(data: bytes, sheets: Sheets, suffix: str, store: Store, form: Form, salt: bytes) -> None:
    """Keep a file as it came, or without what may not be kept; once kept, a file is only redacted further."""
    name = name_of(data)
    if (folder() / f"{name}{REDACTED}").exists():
        return
    clean = redacted(data, sheets, Going.of(store, salt), form, salt)
    ending = suffix if re.fullmatch(r"\.\w{1,5}", suffix) else ""
    write(folder() / (f"{name}{ending}" if clean is None else f"{name}{REDACTED}"), data if clean is None else clean)


def redact_all(store: Store, form: Form, salt: bytes) -> tuple[int, list[str]]:
    """Take out of all received files what may no longer be kept; returns how many changed, and which are unreadable.

    A file that cannot be read is left for somebody to look at: it may hold what is to go, and much else.
    """
    changed, unreadable, going = 0, [], Going.of(store, salt)
    for path in _kept_files():
        data = path.read_bytes()
        if data == NOTHING_LEFT:
            continue
        try:
            clean = redacted(data, read_sheets(data), going, form, salt)
        except ExportError:
            unreadable.append(path.name)
            continue
        if clean is not None:
            write(folder() / (path.name.split(".")[0] + REDACTED), clean)
            changed += 1
            if not path.name.endswith(REDACTED):
                path.unlink()
    return changed, unreadable


def _kept_files() -> Iterator[Path]:
    for path in sorted(folder().glob("*")):
        if re.fullmatch(r"[0-9a-f]{64}(\.\w+)*", path.name):
            yield path


def flats(form: Form) -> Iterator[Flat]:
    """What the received files say, one after the other; those that cannot be read are left out."""
    for path in _kept_files():
        data = path.read_bytes()
        if data != NOTHING_LEFT:
            with suppress(ExportError):
                yield flatten(settled(read_sheets(data), form), form)


def strangers() -> int:
    """How many files lie in the private folder that this program did not put there, but for those of the system."""
    ours = {path.resolve() for path in _kept_files()} | {(places.private() / name).resolve() for name in OWN}
    found = [path for path in places.private().rglob("*") if path.is_file() and path.resolve() not in ours]
    return sum(path.name not in (".DS_Store", "Thumbs.db", "desktop.ini") for path in found)
