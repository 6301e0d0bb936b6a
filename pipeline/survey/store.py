"""The store of submissions: the last version of each, in one file that is replaced as a whole."""

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.survey import places
from pipeline.survey.errors import StoreError
from pipeline.survey.files import write
from pipeline.survey.flat import KEPT, SYSTEM
from pipeline.survey.names import REPEATS, Form
from pipeline.survey.privacy import make_private_folder, pseudonym

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
    return places.private() / "store.zip"


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
        if any((places.private() / "received").glob("*")):
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
