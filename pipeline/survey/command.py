"""``cacao survey import FILE...``, ``cacao survey forget ID`` and ``cacao survey expire``."""

import argparse
import gc
import sys
import traceback
from pathlib import Path

from pipeline.kit.data.sources import SourceError
from pipeline.params import ParameterError, load_params
from pipeline.survey import forgetting, intake, messages, store
from pipeline.survey.expiry import in_time
from pipeline.survey.intake import ALL_KEPT, SET_ASIDE, UNREADABLE, all_visits, counts, take_in
from pipeline.survey.plot_records import derive, write_all
from pipeline.survey.privacy import StoreError, load_salt
from pipeline.survey.questions import load_form
from pipeline.survey.server import bare_id

ACCEPT = "do also what cannot be undone and was shown without this option"


def main(arguments: list[str] | None = None) -> int:
    """Run one of the three commands.

    Returns 0 when all is well, 1 when a submission was set aside, must be looked at or was not found, 2 when a
    file could not be read, the command failed, or it would delete more than was asked for. The screen shows counts and
    ids only, never an answer.
    """
    parser = argparse.ArgumentParser(prog="cacao survey", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    taking = commands.add_parser("import", help="take in exports of KoboToolbox or ODK Central (CSV, XLSX, ZIP)")
    taking.add_argument("files", nargs="+", type=Path, metavar="FILE")
    forgetting = commands.add_parser("forget", help="delete the records of one farmer")
    forgetting.add_argument("id", metavar="ID", help="id of a submission, or pseudonym of a plot or farm")
    expiring = commands.add_parser("expire", help="delete names, phones and exact places that came in two years ago")
    for command in (taking, forgetting, expiring):
        command.add_argument("--accept", action="store_true", help=ACCEPT)
    chosen = parser.parse_args(arguments)
    # Millions of cells live until the end: looking for garbage among them only takes time.
    gc.disable()
    try:
        with store.alone():
            if chosen.command == "import":
                return take_in(chosen.files, chosen.accept)
            return forget(chosen.id, chosen.accept) if chosen.command == "forget" else expire(chosen.accept)
    except (ParameterError, SourceError, StoreError) as error:
        print(error, file=sys.stderr)
    except Exception as error:
        # The message of an unforeseen error may quote an answer, so only its kind and place are shown.
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(f"{type(error).__name__}, {Path(place.filename).name}:{place.lineno}", file=sys.stderr)
    finally:
        gc.enable()
    return UNREADABLE


def expire(accept: bool) -> int:
    """Delete names, phones and exact places of submissions two years old; every import does so too."""
    form, salt, parameters = load_form(), load_salt(), load_params().survey
    before = store.load(form, salt)
    state, derived, told = in_time(before, form, parameters, salt, accept)
    if state.expired != before.expired:
        # The received files first: when this is interrupted, the store still knows whose time is over.
        told.lines += messages.left_behind(intake.redact_all(state, form, salt)[1], 0)
    store.save(state, salt)
    write_all(derived, form, counts(state, derived))
    print("\n".join(told.lines or [messages.told("names_deleted", number=0)]))
    return UNREADABLE if told.is_open else ALL_KEPT


def forget(id: str, accept: bool) -> int:
    """Delete all records of the farmer of a submission, plot or farm, and keep only hashes of their ids.

    Visits that have only the name or only the phone of the farmer are told, and stay.
    """
    form, salt, parameters = load_form(), load_salt(), load_params().survey
    state = store.load(form, salt)
    wanted = bare_id(id.strip())
    visits = all_visits(derive(state, form, parameters, salt), state, form, salt)
    theirs = forgetting.of_farmer(wanted, visits)
    if (people := forgetting.people(theirs)) > 1 and not accept:
        print(messages.told("many_people", number=theirs["id"].nunique(), names=people), file=sys.stderr)
        return UNREADABLE
    ids, doubtful = set(theirs["id"]), forgetting.doubtful(theirs, visits)
    state = forgetting.without(state, theirs, salt)
    # The received files first: when this is interrupted, the store still knows whom to forget.
    changed, unreadable = intake.redact_all(state, form, salt)
    store.save(state, salt)
    derived = derive(state, form, parameters, salt)
    write_all(derived, form, counts(state, derived))
    print(f"{len(ids)} kiriman dihapus / submissions deleted; {changed} berkas diubah / received files changed")
    for line in messages.left_behind(unreadable, intake.strangers()):
        print(line, file=sys.stderr)
    if doubtful:
        print(messages.told("doubtful", number=len(doubtful), ids=", ".join(doubtful)), file=sys.stderr)
    print(messages.after_forgetting() if ids else "ID tidak ditemukan / no such ID")
    return ALL_KEPT if ids and not unreadable and not doubtful else SET_ASIDE
