"""``cacao survey import FILE...``, ``cacao survey forget ID`` and ``cacao survey expire``."""

import argparse
import gc
import sys
import traceback
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.params import ParameterError, load_params
from pipeline.sources import SourceError
from pipeline.survey import expiry, messages, received, store, versions
from pipeline.survey.derive import Derived, derive, write_all
from pipeline.survey.exports import ExportError, read_sheets
from pipeline.survey.flat import bare_id, flatten
from pipeline.survey.names import Form, load_form
from pipeline.survey.privacy import load_salt

ALL_KEPT, SET_ASIDE, UNREADABLE = 0, 1, 2
NAMES_DELETED = "{} kiriman berumur 2 tahun kini tanpa nama / submissions two years old now without names"
AFTER_FORGETTING = """\
Masih perlu / still to be done:
  dvc repro                  hitung ulang hasil tanpa data ini / compute the results again without these data
  dvc gc --workspace         buang salinan lama di cache DVC / drop old copies from the DVC cache (also with --cloud)
  server KoboToolbox/ODK     hapus kiriman di server dan HP / delete the submission on the server and phones
  salinan lain               berkas ekspor, cadangan, lampiran surat / exports, backups, attachments handed out"""


def main(arguments: list[str] | None = None) -> int:
    """Run one of the three commands.

    Returns 0 when all is well, 1 when a submission was set aside or an ID was not found, 2 when a file could not be
    read or the command failed. The screen shows counts only, never an answer.
    """
    parser = argparse.ArgumentParser(prog="cacao survey", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    taking = commands.add_parser("import", help="take in exports of KoboToolbox or ODK Central (CSV, XLSX, ZIP)")
    taking.add_argument("files", nargs="+", type=Path, metavar="FILE")
    forgetting = commands.add_parser("forget", help="delete the records of one farmer")
    forgetting.add_argument("id", metavar="ID", help="id of a submission, or pseudonym of a plot or farm")
    commands.add_parser("expire", help="delete names, phones and exact places of visits two years ago")
    chosen = parser.parse_args(arguments)
    # Millions of cells live until the end: looking for garbage among them only takes time.
    gc.disable()
    try:
        with store.alone():
            if chosen.command == "import":
                return take_in(chosen.files)
            return forget(chosen.id) if chosen.command == "forget" else expire()
    except (ParameterError, SourceError, store.BusyError) as error:
        print(error, file=sys.stderr)
    except Exception as error:
        # The message of an unforeseen error may quote an answer, so only its kind and place are shown.
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(f"{type(error).__name__}, {Path(place.filename).name}:{place.lineno}", file=sys.stderr)
    finally:
        gc.enable()
    return UNREADABLE


def take_in(files: list[Path]) -> int:
    """Take in exports, in any order and as often as one likes; returns the exit code."""
    form, salt, parameters = load_form(), load_salt(), load_params().survey
    before = state = store.load(form)
    notes, failed, lost, ids = [], 0, 0, set()
    for number, file in enumerate(files, 1):
        try:
            data = file.read_bytes()
            sheets = read_sheets(data)
            flat = flatten(sheets, form)
        except (ExportError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            print(f"berkas ke-{number} / file {number}: {reason}", file=sys.stderr)
            failed += 1
            continue
        state = versions.merged(state, flat, form, salt)
        received.keep(data, sheets, file.suffix.lower(), state, form, salt)
        notes += [f"berkas ke-{number} / file {number}: {note}" for note in flat.notes]
        ids |= set(flat.main["id"])
        lost += flat.lost
    if state.refused - before.refused:
        received.redact_all(state, form, salt)
    state, derived, expired = _in_time(state, form, parameters, salt)
    store.save(state)
    new = set(state.main["record"]) - set(before.main["record"])
    counts = _counts(state, derived) | {"added": len(new)}
    write_all(derived, form, counts, notes)
    print("\n".join([*messages.summary(counts), *notes]))
    if expired:
        print(NAMES_DELETED.format(expired))
    if failed:
        return UNREADABLE
    return SET_ASIDE if lost or ids & set(derived.problems["id"]) else ALL_KEPT


def _in_time(state: store.Store, form: Form, parameters: Any, salt: bytes) -> tuple[store.Store, Derived, int]:
    """Delete the names whose time is over, also in the files received; returns how many submissions had one."""
    derived = derive(state, form, parameters, salt)
    ids = expiry.due(state, date.today())
    if not ids:
        return state, derived, 0
    state = expiry.without_names(state, derived.records, ids, salt)
    received.redact_all(state, form, salt)
    return state, derive(state, form, parameters, salt), len(ids)


def expire() -> int:
    """Delete names, telephone numbers and exact places of visits two years ago; every import does so too."""
    form, salt, parameters = load_form(), load_salt(), load_params().survey
    state, derived, expired = _in_time(store.load(form), form, parameters, salt)
    store.save(state)
    write_all(derived, form, _counts(state, derived) | {"added": 0}, [])
    print(NAMES_DELETED.format(expired))
    return ALL_KEPT


def _counts(state: store.Store, derived: Derived) -> dict[str, int]:
    return {
        "kept": len(derived.plots),
        "set_aside": derived.problems["id"].nunique(),
        "refused": int((state.main["consent"] == "no").sum()),
    }


def forget(id: str) -> int:
    """Delete all records of the farmer of a submission, plot or farm, and keep only hashes of their ids."""
    form, salt, parameters = load_form(), load_salt(), load_params().survey
    state = store.load(form)
    ids = _same_farm(bare_id(id.strip()), derive(state, form, parameters, salt), state)
    state = versions.without(state, ids, salt)
    # The received files first: when this is interrupted, the store still knows whom to forget.
    files = received.redact_all(state, form, salt)
    store.save(state)
    derived = derive(state, form, parameters, salt)
    write_all(derived, form, _counts(state, derived) | {"added": 0}, [])
    print(f"{len(ids)} kiriman dihapus / submissions deleted; {files} berkas diubah / received files changed")
    print(AFTER_FORGETTING if ids else "ID tidak ditemukan / no such ID")
    return ALL_KEPT if ids else SET_ASIDE


def _same_farm(id: str, derived: Derived, state: store.Store) -> set[str]:
    """Ids of all submissions of the farm that a submission, plot or farm belongs to."""
    records = derived.records
    asked = records[(records["id"] == id) | (records["plot_id"] == id) | (records["farm_id"] == id)]
    same = set(records.loc[records["farm_id"].isin(asked["farm_id"]), "id"])
    return same | ({id} & set(state.main["id"]))
