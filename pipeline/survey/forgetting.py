"""Deleting one farmer: which submissions are theirs, and what is remembered so that they do not come back."""

from dataclasses import replace

import pandas as pd

from pipeline.survey.links import hashes, sent_by
from pipeline.survey.store import Store

KEYS = {"name": "name_key", "phone": "phone_key"}


def of_farmer(id: str, visits: pd.DataFrame) -> pd.DataFrame:
    """All visits to the farmer of a submission, plot or farm: of the same farm, or with the same name and phone.

    ``visits`` are those of ``visits.all_visits``.
    """
    both = visits["name_key"] + "|" + visits["phone_key"]
    both = both.where(_has(visits, "name") & _has(visits, "phone"), "")
    found = visits[["id", "version", "plot_id", "farm_id"]].eq(id).any(axis=1) & (id != "")
    while True:
        theirs = visits[found]
        more = visits["id"].isin(theirs["id"]) | visits["farm_id"].isin(set(theirs["farm_id"]) - {""})
        more |= both.isin(set(both[found]) - {""})
        if (more == found).all():
            return theirs
        found = more


def doubtful(theirs: pd.DataFrame, visits: pd.DataFrame) -> list[str]:
    """Ids of other visits with the name or the phone of a farmer, but not both: whose they are somebody must say."""
    others = visits[~visits["id"].isin(theirs["id"])]
    same = [others[key].isin(theirs.loc[_has(theirs, kind), key]) for kind, key in KEYS.items()]
    return sorted(set(others.loc[same[0] | same[1], "id"]))


def people(visits: pd.DataFrame) -> int:
    """How many names the visits to one farm have; a code in common use makes one farm of many people."""
    return visits.loc[_has(visits, "name"), "name_key"].nunique()


def _has(visits: pd.DataFrame, kind: str) -> pd.Series:
    """Whether a visit has a name, or a phone, of its own; where it has none, the farm stands for it."""
    return visits[KEYS[kind]].str.startswith(f"{kind}-")


def without(store: Store, visits: pd.DataFrame, salt: bytes) -> Store:
    """The store without some visits, of which only keyed hashes are remembered.

    They are of all ids, of all versions, and of when a server took what in whose name.
    """
    is_gone = store.main["id"].isin(visits["id"])
    names = pd.concat([hashes(rows, salt) for rows in (store.main[is_gone], visits)])
    known = (set(names.to_numpy().ravel()) | set(sent_by(visits, visits, salt))) - {""}
    main = store.main[~is_gone].reset_index(drop=True)
    kept = {name: rows[rows["record"].isin(set(main["record"]))] for name, rows in store.repeats.items()}
    return replace(store, main=main, repeats=kept, forgotten=store.forgotten | with_versions(known, store.replaced))


def with_versions(known: set[str], replaced: dict[str, str]) -> set[str]:
    """Hashes with those of all versions before and after; ``replaced`` leads from one version to the next."""
    while True:
        more = {hash for pair in replaced.items() if not known.isdisjoint(pair) for hash in pair}
        if more <= known:
            return known
        known = known | more
