"""Taking in exports: what they say is read and weighed as a whole before anything that is stored changes."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.params import load_params
from pipeline.survey import messages, received, store, versions
from pipeline.survey.clearing import cleared
from pipeline.survey.dates import settled
from pipeline.survey.deadline import in_time
from pipeline.survey.derive import Derived, write_all
from pipeline.survey.errors import ExportError
from pipeline.survey.exports import read_sheets
from pipeline.survey.flat import Flat, Sheets, flatten
from pipeline.survey.links import hashes
from pipeline.survey.locations import Locations
from pipeline.survey.names import Form, load_form
from pipeline.survey.privacy import load_salt
from pipeline.survey.store import NO, YES, Store

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
    taken.locations.append(flat.locations.of_file(f"{number}: {received.name_of(data)[:12]}"))
    notes = [*flat.notes, *([messages.emptied(gone.emptied)] if gone.emptied else [])]
    taken.notes += [f"berkas ke-{number} / file {number}: {note}" for note in notes]
    return after


def _keep(before: Store, state: Store, taken: Taken, form: Form, salt: bytes) -> list[str]:
    """Write the files received, without what may not be kept, and then the store; returns files to look at by hand."""
    if not store.path().exists():
        # A store beside the files from the first moment on, so that a missing one is known to be lost.
        store.save(before, salt)
    for data, sheets, suffix in taken.files:
        received.keep(data, sheets, suffix, state, form, salt)
    unreadable: list[str] = []
    if (
        state.forgotten != before.forgotten
        or state.expired != before.expired
        or not before.those(NO)["record"].equals(state.those(NO)["record"])
    ):
        _, unreadable = received.redact_all(state, form, salt)
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
