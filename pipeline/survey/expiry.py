"""What the consent promises: names, telephone numbers and exact places are deleted two years after the visit."""

from dataclasses import replace
from datetime import date

import pandas as pd

from pipeline.survey.flat import KEPT
from pipeline.survey.store import Store
from pipeline.survey.versions import hashed

KEPT_YEARS = 2
# Questions whose answer is or may be personal; the place of the plot becomes the middle of its cell instead.
PERSONAL = ("farmer_name", "farmer_phone", "farm_code", "village_other", "remarks", "deviceid", "office_contact")


def due(store: Store, today: date) -> set[str]:
    """Ids of submissions whose visit, else whose filling in or sending, was two years ago and that still have names."""
    days = [pd.to_datetime(store.main[name].str[:10], errors="coerce") for name in ("visit_date", "today", "time")]
    day = days[0].fillna(days[1]).fillna(days[2])
    old = day <= pd.Timestamp(today) - pd.DateOffset(years=KEPT_YEARS)
    return set(store.main.loc[old & (store.main["farm_id"] == "") & (store.main["consent"] == "yes"), "id"])


def without_names(store: Store, records: pd.DataFrame, ids: set[str], salt: bytes) -> Store:
    """The store in which these submissions have pseudonyms and coarse places only, and take no answers any more.

    ``records`` are those of ``Derived`` from the same store.
    """
    main = store.main.copy()
    old = main["id"].isin(ids)
    known = records.set_index("id").loc[main.loc[old, "id"]]
    main.loc[old, list(KEPT)] = known[list(KEPT)].to_numpy()
    main.loc[old, list(PERSONAL)] = ""
    middle = known["latitude"].astype(str) + " " + known["longitude"].astype(str)
    main.loc[old, "position"] = middle.where(known["latitude"].notna(), "").to_numpy()
    return replace(store, main=main, expired=store.expired | {hashed(salt, id) for id in ids})
