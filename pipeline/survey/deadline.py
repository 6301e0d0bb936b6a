"""Deleting names when their time is over, by a clock that is weighed first."""

from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.survey import expiry, messages
from pipeline.survey.derive import Derived, derive
from pipeline.survey.names import Form
from pipeline.survey.store import Store


@dataclass
class Told:
    """What the command says, and whether something waits for ``--accept``."""

    lines: list[str] = field(default_factory=list)
    is_open: bool = False


def in_time(state: Store, form: Form, parameters: Any, salt: bytes, accept: bool) -> tuple[Store, Derived, Told]:
    """Delete the names whose time is over, unless the clock seems wrong; who calls does so in the files received."""
    told, day = Told(), expiry.today()
    derived = derive(state, form, parameters, salt)
    ids = expiry.due(state, day)
    if unknown := expiry.without_time(state):
        told.lines.append(messages.NO_SERVER_TIME.format(unknown))
    if not accept and not expiry.is_clock_plausible(state, day):
        told.lines.append(messages.CLOCK.format(day, len(ids)))
        return state, derived, replace(told, is_open=bool(ids))
    state = replace(state, seen=str(day))
    if ids:
        state = expiry.without_names(state, derived.records, ids, salt)
        derived = derive(state, form, parameters, salt)
        told.lines.append(messages.NAMES_DELETED.format(len(ids)))
    return state, derived, told
