"""The files as they came in, under their SHA-256; what may not be kept is taken out: refused, forgotten, too old."""

import hashlib
import io
import zipfile
from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.survey import places
from pipeline.survey.exports import read_sheets
from pipeline.survey.flat import EDITS, IDS, OWN_KEYS, REPLACED, TIMES, main_sheet, parent_ids, submission_ids
from pipeline.survey.names import Form
from pipeline.survey.store import Store, write
from pipeline.survey.versions import hashed

REDACTED = ".redacted.zip"
# An archive without a member: what is kept of a file none of whose submissions may be kept.
NOTHING_LEFT = b"PK\x05\x06" + bytes(18)


def folder() -> Path:
    """Folder of the received files."""
    return places.private() / "received"


Sheets = dict[str, pd.DataFrame]


def keep(data: bytes, sheets: Sheets, suffix: str, store: Store, form: Form, salt: bytes) -> None:
    """Keep a file as it came, or without what may not be kept; once kept, a file is only redacted further."""
    name = hashlib.sha256(data).hexdigest()
    if (folder() / f"{name}{REDACTED}").exists():
        return
    clean = redacted(data, sheets, store, form, salt)
    write(folder() / (f"{name}{suffix}" if clean is None else f"{name}{REDACTED}"), data if clean is None else clean)


def redact_all(store: Store, form: Form, salt: bytes) -> int:
    """Take out of all received files what may no longer be kept; returns how many files changed."""
    changed = 0
    for path in sorted(folder().glob("*")) if folder().exists() else []:
        data = path.read_bytes()
        if data == NOTHING_LEFT:
            continue
        clean = redacted(data, read_sheets(data), store, form, salt)
        if clean is not None:
            write(folder() / (path.name.split(".")[0] + REDACTED), clean)
            changed += 1
            if not path.name.endswith(REDACTED):
                path.unlink()
    return changed


def redacted(data: bytes, sheets: Sheets, store: Store, form: Form, salt: bytes) -> bytes | None:
    """The file as a ZIP of CSV without what may not be kept, or None if it has nothing of the kind.

    Rows of the forgotten and of those whose names were deleted in time go, of those who refused their answers.

    Photos and other media go with the rows that name them.
    """
    name = main_sheet(sheets)
    raw, ids = sheets[name], submission_ids(sheets[name])
    # Most files hold nobody who refused, is forgotten or whose time is over, and there may be many rows.
    gone_for_good = store.forgotten | store.expired
    if not gone_for_good and not store.refused:
        return None
    standing = {id: store.last(hashed(salt, id)) for id in ids.unique()}
    refused = {hashed(salt, id) for id in store.refused}
    forget = ids.map(lambda id: standing[id] in gone_for_good)
    refuse = ids.map(lambda id: standing[id] in refused) & ~forget
    owners = {other: parent_ids(sheet, raw) for other, sheet in sheets.items() if other != name}
    gone = set(ids[forget | refuse])
    personal = ~raw.columns.isin(_kept_columns(raw, form))
    if not forget.any() and (raw.loc[refuse, personal] == "").all(axis=None) and not _any_of(owners, gone):
        return None
    if forget.all():
        return NOTHING_LEFT
    words = _cells(raw[forget | refuse]) | {
        cell for other, owner in owners.items() for cell in _cells(sheets[other][owner.isin(gone)])
    }
    raw = raw.copy()
    raw.loc[refuse, personal] = ""
    rest = {name: raw[~forget]} | {other: sheets[other][~owner.isin(gone)] for other, owner in owners.items()}
    return _zipped(rest, data, words)


def _any_of(owners: dict[str, pd.Series], ids: set[str]) -> bool:
    return any(owner.isin(ids).any() for owner in owners.values())


def _cells(frame: pd.DataFrame) -> set[str]:
    return {text for column in range(frame.shape[1]) for text in frame.iloc[:, column].unique() if text}


def _kept_columns(raw: pd.DataFrame, form: Form) -> list[str]:
    """Columns that stay of a farmer who refused: which submission, when, and the answer no."""
    system = {*IDS, *OWN_KEYS, *TIMES, *EDITS, *REPLACED, "_index"}
    return [
        header
        for header in raw.columns
        if header.replace("-", "/") in system or any(found.name == "consent" for found, _ in form.find(header, ""))
    ]


def _zipped(sheets: Sheets, data: bytes, words: set[str]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as target:
        for place, (name, sheet) in enumerate(sheets.items()):
            target.writestr(f"{place}_{PurePosixPath(name).name}.csv", sheet.to_csv(index=False))
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as source:
                is_book = "[Content_Types].xml" in source.namelist()
                media = [] if is_book else [n for n in source.namelist() if not n.lower().endswith((".csv", "/"))]
                for member in media:
                    if PurePosixPath(member).name not in words:
                        target.writestr(member, source.read(member))
    return memory.getvalue()
