"""The store of submissions: the last version of each, in one file that is replaced as a whole."""

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import zc.lockfile

from pipeline.survey import places
from pipeline.survey.flat import KEPT, SYSTEM
from pipeline.survey.names import REPEATS, Form
from pipeline.survey.privacy import make_private_folder

# Consent as it is kept: "yes", "no", and "unknown" for what is no choice of the form.
REFUSED = ("no", "unknown")


class BusyError(RuntimeError):
    """Another command works on the store."""


@contextmanager
def alone() -> Iterator[None]:
    """Let no other command change the store meanwhile; raises ``BusyError`` when one does. A crash leaves no lock."""
    make_private_folder()
    try:
        lock = zc.lockfile.LockFile(str(places.private() / "lock"))
    except zc.lockfile.LockError as error:
        raise BusyError("perintah survei lain sedang berjalan / another survey command is running") from error
    try:
        yield
    finally:
        lock.close()


@dataclass
class Store:
    """Submissions and rows of repeats, both with ``record`` (one version of one submission), as text.

    ``replaced`` (old version by new one), ``forgotten`` and ``expired`` (whose names were deleted in time) hold keyed
    hashes of ids, from which no id can be read.
    """

    main: pd.DataFrame
    repeats: dict[str, pd.DataFrame]
    replaced: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)

    @property
    def refused(self) -> set[str]:
        """Ids of submissions whose farmer did not consent."""
        return set(self.main.loc[self.main["consent"].isin(REFUSED), "id"])

    def last(self, hash: str) -> str:
        """Hash of the version that a version has become by edits."""
        seen = set()
        while hash in self.replaced and hash not in seen:
            seen.add(hash)
            hash = self.replaced[hash]
        return hash


def path() -> Path:
    """The file of the store."""
    return places.private() / "store.zip"


def empty(form: Form) -> Store:
    """A store without submissions."""
    return Store(
        pd.DataFrame(columns=["record", *SYSTEM, *KEPT, *names(form, "")], dtype=object),
        {name: pd.DataFrame(columns=["record", *names(form, name)], dtype=object) for name in REPEATS},
    )


def load(form: Form) -> Store:
    """The store as it was last written; empty before the first import."""
    if not path().exists():
        return empty(form)
    with zipfile.ZipFile(path()) as archive:

        def table(name: str) -> pd.DataFrame:
            return pd.read_csv(archive.open(f"{name}.csv"), dtype=object, keep_default_na=False, na_filter=False)

        main, repeats = table("main"), {name: table(name) for name in REPEATS}
        return Store(
            main.reindex(columns=["record", *SYSTEM, *KEPT, *names(form, "")], fill_value=""),
            {
                name: rows.reindex(columns=["record", *names(form, name)], fill_value="")
                for name, rows in repeats.items()
            },
            dict(table("replaced").itertuples(index=False)),
            set(table("forgotten")["hash"]),
            set(table("expired")["hash"]),
        )


def save(store: Store) -> None:
    """Write the store; a crash leaves the old one or the new one, never a part."""
    tables = {"main": store.main, **store.repeats}
    tables["replaced"] = pd.DataFrame(sorted(store.replaced.items()), columns=["hash", "by"])
    for name in ("forgotten", "expired"):
        tables[name] = pd.DataFrame({"hash": sorted(getattr(store, name))})
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, frame in tables.items():
            # A fixed date, so that the same content gives the same file.
            archive.writestr(zipfile.ZipInfo(f"{name}.csv"), frame.to_csv(index=False), zipfile.ZIP_DEFLATED, 1)
    make_private_folder()
    write(path(), memory.getvalue())


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


def names(form: Form, repeat: str) -> list[str]:
    """Questions of the main sheet ("") or of a repeat."""
    return [question.name for question in form.questions if question.repeat == repeat]
