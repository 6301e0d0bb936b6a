"""Taking in exports: what they say is read and weighed as a whole before anything that is stored changes."""

import hashlib
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.params import load_params
from pipeline.survey import messages, privacy, store, versions
from pipeline.survey.answer_checks import settled
from pipeline.survey.expiry import in_time
from pipeline.survey.exports import read_sheets
from pipeline.survey.flat import Flat, Locations, Sheets, flatten
from pipeline.survey.forgetting import NOTHING_LEFT, Going, cleared, redacted
from pipeline.survey.plot_records import Derived, write_all
from pipeline.survey.privacy import ExportError, load_salt
from pipeline.survey.questions import Form, load_form
from pipeline.survey.server import hashes
from pipeline.survey.store import NO, YES, Store, write
from pipeline.survey.versions import WHO, people_of

REDACTED = ".redacted.zip"
# What this program leaves in the private folder beside the received files.
OWN = {"lock", "salt", "store.zip", "set_aside.csv", "reports/report.txt"}


def folder() -> Path:
    """Folder of the received files."""
    return privacy.private() / "received"


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
    ours = {path.resolve() for path in _kept_files()} | {(privacy.private() / name).resolve() for name in OWN}
    found = [path for path in privacy.private().rglob("*") if path.is_file() and path.resolve() not in ours]
    return sum(path.name not in (".DS_Store", "Thumbs.db", "desktop.ini") for path in found)


ALL_KEPT, SET_ASIDE, UNREADABLE = 0, 1, 2


@dataclass
class Taken:
    """The files of one import that could be read, what was odd in them, and how many could not."""

    files: list[tuple[bytes, Sheets, str]] = field(default_factory=list)
    flats: list[Flat] = field(default_factory=list)
    locations: list[Locations] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def take_in(files: list[Path], accept: bool) -> int:
    """Take in exports, in any order and as often as one likes; returns the exit code.

    With ``accept`` also those that clear more than one stored submission, and deletions by a clock that seems wrong.
    """
    form, salt, parameters = load_form(), load_salt(), load_params().survey
    before = state = store.load(form, salt)
    taken = Taken()
    for number, file in enumerate(files, 1):
        try:
            state = _one_file(file, number, state, before, taken, form, salt, accept)
        except (ExportError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            print(f"berkas ke-{number} / file {number}: {reason}", file=sys.stderr)
            value = f" ({error.value!r})" if isinstance(error, ExportError) and error.value else ""
            taken.failures.append(f"berkas ke-{number} / file {number}: {reason}{value}")
    state, derived, told = in_time(state, form, parameters, salt, accept)
    told.lines += messages.left_behind(_keep(before, state, taken, form, salt), 0)
    derived.problems = _with_unclear(derived.problems, taken.flats, state, salt)
    new = len(set(state.main["record"]) - set(before.main["record"]))
    numbers = counts(state, derived) | {"added": new}
    write_all(derived, form, numbers, [*taken.notes, *taken.failures], taken.locations)
    print("\n".join([*messages.summary(numbers), *taken.notes, *told.lines]))
    if taken.failures or told.is_open:
        return UNREADABLE
    ids = {id for flat in taken.flats for id in flat.main["id"]}
    lost = sum(flat.lost for flat in taken.flats)
    return SET_ASIDE if lost or ids & set(derived.problems["id"]) else ALL_KEPT


def _one_file(
    file: Path, number: int, state: Store, before: Store, taken: Taken, form: Form, salt: bytes, accept: bool
) -> Store:
    """The store with one more file. Raises ``ExportError`` for what is no export, or clears too much."""
    data = file.read_bytes()
    sheets = read_sheets(data)
    flat = flatten(settled(sheets, form), form)
    after = versions.merged(state, flat, form, salt)
    gone = cleared(before, after, salt)
    if gone.is_much and not accept:
        raise ExportError(messages.clears(gone))
    taken.files.append((data, sheets, file.suffix.lower()))
    taken.flats.append(flat)
    taken.locations.append(flat.locations.of_file(f"{number}: {name_of(data)[:12]}"))
    notes = [*flat.notes, *([messages.emptied(gone.emptied)] if gone.emptied else [])]
    taken.notes += [f"berkas ke-{number} / file {number}: {note}" for note in notes]
    return after


def _keep(before: Store, state: Store, taken: Taken, form: Form, salt: bytes) -> list[str]:
    """Write the files received, without what may not be kept, and then the store; returns files to look at by hand."""
    if not store.path().exists():
        # A store beside the files from the first moment on, so that a missing one is known to be lost.
        store.save(before, salt)
    for data, sheets, suffix in taken.files:
        keep(data, sheets, suffix, state, form, salt)
    unreadable: list[str] = []
    if (
        state.forgotten != before.forgotten
        or state.expired != before.expired
        or not before.those(NO)["record"].equals(state.those(NO)["record"])
    ):
        _, unreadable = redact_all(state, form, salt)
    store.save(state, salt)
    return unreadable


def _with_unclear(problems: pd.DataFrame, flats: list[Flat], state: Store, salt: bytes) -> pd.DataFrame:
    """Problems with those of consents in these files that are no clear yes or no, and what stands there.

    Of those who are forgotten, or whose names were deleted in time, nothing is told.
    """
    rows = [flat.main[~flat.main["consent"].isin([YES, NO])] for flat in flats]
    gone = state.forgotten | state.expired
    rows = [part[~hashes(part, salt)[["id", "version"]].isin(gone).any(axis=1)][["id", "consent"]] for part in rows]
    unclear = pd.concat([pd.DataFrame(columns=["id", "consent"]), *rows]).rename(columns={"consent": "value"})
    unclear = unclear.assign(question="consent", code="consent_unknown").drop_duplicates()
    is_known = (problems["code"] == "consent_unknown") & problems["id"].isin(set(unclear["id"]))
    return pd.concat([problems[~is_known], unclear], ignore_index=True)


def counts(state: Store, derived: Derived) -> dict[str, int]:
    """How many submissions are kept, set aside, refused, and new."""
    return {
        "kept": len(derived.plots),
        "set_aside": derived.problems["id"].nunique(),
        "refused": len(state.those(NO)),
        "added": 0,
    }


KNOWN_BY = ["id", "version", "replaces", "number", "time"]


def all_visits(derived: Derived, state: Store, form: Form, salt: bytes) -> pd.DataFrame:
    """Every visit with what it is known by and whose it is: those with a yes, and those that only files have names of.

    The answers of one whose consent is unclear are in no store.
    """
    known = state.those(YES).drop_duplicates("id").set_index("id", drop=False)
    of_store = derived.records.set_index("id", drop=False)[["plot_id", *WHO]]
    visits = [
        known.loc[of_store.index, KNOWN_BY].join(of_store),
        state.main.loc[state.main["consent"] != YES, KNOWN_BY],
    ]
    for flat in flats(form):
        rows = flat.main[flat.main["consent"] != YES]
        if len(rows):
            visits.append(rows[KNOWN_BY].join(people_of(rows, form, salt)))
    return pd.concat(visits, ignore_index=True).fillna("")
