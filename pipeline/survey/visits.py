"""Whose visit a submission is, by name and phone: also of those whose answers stand only in the files received."""

import pandas as pd

from pipeline.survey import received
from pipeline.survey.derive import Derived
from pipeline.survey.names import Form
from pipeline.survey.people import WHO, people_of
from pipeline.survey.store import YES, Store

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
    for flat in received.flats(form):
        rows = flat.main[flat.main["consent"] != YES]
        if len(rows):
            visits.append(rows[KNOWN_BY].join(people_of(rows, form, salt)))
    return pd.concat(visits, ignore_index=True).fillna("")
