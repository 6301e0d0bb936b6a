"""The store of submissions: the last version of each, in one file that is replaced as a whole."""

import io
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import zc.lockfile

from pipeline.survey import privacy
from pipeline.survey.flat import KEPT, SYSTEM
from pipeline.survey.privacy import StoreError, make_private_folder, pseudonym
from pipeline.survey.questions import REPEATS, Form


@contextmanager
def alone() -> Iterator[None]:
    """Let no other command change the store meanwhile; raises ``StoreError`` when one does. A crash leaves no lock.

    What a killed command left half written is deleted.
    """
    make_private_folder()
    try:
        lock = zc.lockfile.LockFile(str(privacy.private() / "lock"))
    except zc.lockfile.LockError as error:
        raise StoreError("perintah survei lain sedang berjalan / another survey command is running") from error
    try:
        for folder in (privacy.private(), privacy.plots().parent):
            for path in folder.rglob("*.tmp"):
                if re.fullmatch(r".+\.\d+\.tmp", path.name):
                    path.unlink()
        yield
    finally:
        lock.close()


def write(target: Path, data: bytes) -> None:
    """Write a file as a whole: to a temporary name in the same folder, then into place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


# Consent as it is kept; only "no" is a refusal, "unknown" is what is no choice of the form, and "undated" is a no that
# may be older or newer than the yes that it stands beside.
YES, NO, UNKNOWN, UNDATED = "yes", "no", "unknown", "undated"
RESTORE = "di survey/private; pulihkan dari cadangan, jangan dibuat baru"
RESTORE_EN = "restore it in survey/private from a backup, do not make a new one"
HASHES = ("forgotten", "expired")


@dataclass
class Store:
    """Submissions and rows of repeats, both with ``record`` (one version of one submission), as text.

    ``replaced`` (old version by new one), ``forgotten`` and ``expired`` (whose names were deleted in time) hold keyed
    hashes of ids, from which no id can be read. ``seen`` is the last day on which a command ran, "" before the first.
    """

    main: pd.DataFrame
    repeats: dict[str, pd.DataFrame]
    replaced: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)
    seen: str = ""

    def those(self, consent: str) -> pd.DataFrame:
        """The submissions with one kind of consent."""
        return self.main[self.main["consent"] == consent]


def path() -> Path:
    """The file of the store."""
    return privacy.private() / "store.zip"


def empty(form: Form) -> Store:
    """A store without submissions."""
    return Store(
        pd.DataFrame(columns=["record", *SYSTEM, *KEPT, *names(form, "")], dtype=object),
        {name: pd.DataFrame(columns=["record", *names(form, name)], dtype=object) for name in REPEATS},
    )


def load(form: Form, salt: bytes) -> Store:
    """The store as it was last written; empty before the first import.

    Raises ``StoreError`` when it is damaged, missing beside files that were received, or of another salt: with an
    empty store, or one whose hashes nobody can read, those who were forgotten would come back.
    """
    if not path().exists():
        if any((privacy.private() / "received").glob("*")):
            raise StoreError(f"store.zip tidak ada {RESTORE} / store.zip is missing; {RESTORE_EN}")
        return empty(form)
    try:
        store, key = _read(form)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise StoreError(f"store.zip rusak {RESTORE} / store.zip is damaged; {RESTORE_EN}") from error
    if key != _key(salt):
        raise StoreError(f"salt bukan milik store.zip {RESTORE} / salt does not belong to store.zip; {RESTORE_EN}")
    return store


def _read(form: Form) -> tuple[Store, str]:
    """The store, and the mark of the salt that it was written with."""
    with zipfile.ZipFile(path()) as archive:

        def table(name: str) -> pd.DataFrame:
            return pd.read_csv(archive.open(f"{name}.csv"), dtype=object, keep_default_na=False, na_filter=False)

        columns = {name: ["record", *names(form, name)] for name in REPEATS}
        facts = dict(table("facts").itertuples(index=False))
        store = Store(
            table("main").reindex(columns=["record", *SYSTEM, *KEPT, *names(form, "")], fill_value=""),
            {name: table(name).reindex(columns=columns[name], fill_value="") for name in REPEATS},
            dict(table("replaced").itertuples(index=False)),
            set(table("forgotten")["hash"]),
            set(table("expired")["hash"]),
            facts["seen"],
        )
        return store, facts["salt"]


def _key(salt: bytes) -> str:
    """A mark by which a salt is known again and from which it cannot be read."""
    return pseudonym(salt, "salt", "store")


def save(store: Store, salt: bytes) -> None:
    """Write the store; a crash leaves the old one or the new one, never a part."""
    tables = {"main": store.main, **store.repeats}
    tables["replaced"] = pd.DataFrame(sorted(store.replaced.items()), columns=["hash", "by"])
    for name in HASHES:
        tables[name] = pd.DataFrame({"hash": sorted(getattr(store, name))})
    tables["facts"] = pd.DataFrame({"name": ["salt", "seen"], "value": [_key(salt), store.seen]})
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, frame in tables.items():
            # A fixed date, so that the same content gives the same file.
            archive.writestr(zipfile.ZipInfo(f"{name}.csv"), frame.to_csv(index=False), zipfile.ZIP_DEFLATED, 1)
    make_private_folder()
    write(path(), memory.getvalue())


def names(form: Form, repeat: str) -> list[str]:
    """Questions of the main sheet ("") or of a repeat."""
    return [question.name for question in form.questions if question.repeat == repeat]
