"""What the consent promises: names, telephone numbers and exact places are deleted two years after they came in.

Deleting cannot be undone, so it follows from the time that the server gave a submission, never from an answer or the
clock of a phone, and only while the clock of this computer is plausible.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from pipeline.survey import messages
from pipeline.survey.flat import KEPT
from pipeline.survey.numbers import to_days
from pipeline.survey.plot_records import Derived, derive
from pipeline.survey.questions import Form
from pipeline.survey.server import hashes, sent_by
from pipeline.survey.store import NO, YES, Store

KEPT_YEARS = 2
# Commands run once a month; a clock further ahead than this is asked about before anything is deleted.
LONGEST_PAUSE = timedelta(days=100)
FIRST_DAY = pd.Timestamp(2020, 1, 1)
# Questions whose answer is or may be personal; the place of the plot becomes the middle of its cell instead.
PERSONAL = ("farmer_name", "farmer_phone", "farm_code", "village_other", "remarks", "deviceid", "office_contact")


def today() -> date:
    """The day by the clock of this computer."""
    return date.today()


def came_in(store: Store) -> pd.Series:
    """Day on which the server took each submission; missing where it is not known or not plausible.

    It is not plausible before the survey, and not before a visit that is not in the future.
    """
    day = pd.to_datetime(store.main["time"].str[:10], errors="coerce")
    visit = to_days(store.main["visit_date"]).fillna(to_days(store.main["today"]))
    is_contradicted = (visit > day + pd.Timedelta(days=1)) & (visit <= pd.Timestamp(today()))
    return day.where((day >= FIRST_DAY) & ~is_contradicted)


def named(store: Store) -> pd.Series:
    """Whether a submission still has names: here, or, where the consent is unclear, in the files received."""
    return (store.main["farm_id"] == "") & (store.main["consent"] != NO)


def due(store: Store, day: date) -> set[str]:
    """Ids of submissions that came in two years before a day and that still have names."""
    old = came_in(store) <= pd.Timestamp(day) - pd.DateOffset(years=KEPT_YEARS)
    return set(store.main.loc[old & named(store), "id"])


def without_time(store: Store) -> int:
    """How many submissions have names that nothing deletes, for no plausible time of the server is known."""
    return int((named(store) & came_in(store).isna()).sum())


def is_clock_plausible(store: Store, day: date) -> bool:
    """Whether a day lies near what is known: the last command, and what the server took in last."""
    known = [pd.Timestamp(text) for text in (store.seen, came_in(store).max()) if text and not pd.isna(text)]
    if not known:
        return True
    return max(known) - pd.Timedelta(days=2) <= pd.Timestamp(day) <= max(known) + LONGEST_PAUSE


def without_names(store: Store, records: pd.DataFrame, ids: set[str], salt: bytes) -> Store:
    """The store in which these submissions have pseudonyms and coarse places only, and take no answers any more.

    ``records`` are those of ``Derived`` from the same store.
    """
    main = store.main.copy()
    old = main["id"].isin(ids)
    gone = set(hashes(main[old], salt)[["id", "version", "key"]].to_numpy().ravel()) - {""}
    asked = main[old & (main["consent"] == YES)].set_index("id", drop=False)
    gone |= set(sent_by(asked, records.set_index("id").loc[asked.index], salt)) - {""}
    main = main[~old | (main["consent"] == YES)].reset_index(drop=True)
    old = main["id"].isin(ids)
    known = records.set_index("id").loc[main.loc[old, "id"]]
    main.loc[old, list(KEPT)] = known[list(KEPT)].to_numpy()
    main.loc[old, list(PERSONAL)] = ""
    middle = known["latitude"].astype(str) + " " + known["longitude"].astype(str)
    main.loc[old, "position"] = middle.where(known["latitude"].notna(), "").to_numpy()
    return replace(store, main=main, expired=store.expired | gone)


@dataclass
class Told:
    """What the command says, and whether something waits for ``--accept``."""

    lines: list[str] = field(default_factory=list)
    is_open: bool = False


def in_time(state: Store, form: Form, parameters: Any, salt: bytes, accept: bool) -> tuple[Store, Derived, Told]:
    """Delete the names whose time is over, unless the clock seems wrong; who calls does so in the files received."""
    told, day = Told(), today()
    derived = derive(state, form, parameters, salt)
    ids = due(state, day)
    if unknown := without_time(state):
        told.lines.append(messages.told("no_server_time", number=unknown))
    if not accept and not is_clock_plausible(state, day):
        told.lines.append(messages.told("clock", day=day, number=len(ids)))
        return state, derived, replace(told, is_open=bool(ids))
    state = replace(state, seen=str(day))
    if ids:
        state = without_names(state, derived.records, ids, salt)
        derived = derive(state, form, parameters, salt)
        told.lines.append(messages.told("names_deleted", number=len(ids)))
    return state, derived, told
