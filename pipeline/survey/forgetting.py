"""Deleting one farmer: which submissions are theirs, and what is remembered so that they do not come back."""

from dataclasses import replace

import pandas as pd

from pipeline.survey.derive import Derived
from pipeline.survey.links import hashes
from pipeline.survey.store import Store


def same_farm(id: str, derived: Derived, state: Store) -> pd.DataFrame:
    """Records of all submissions of the farm that a submission, plot or farm belongs to."""
    records = derived.records
    by_version = set(state.main.loc[state.main["version"] == id, "id"])
    is_asked = (records["id"] == id) | (records["plot_id"] == id) | (records["farm_id"] == id)
    asked = records[is_asked | records["id"].isin(by_version)]
    return records[records["farm_id"].isin(asked["farm_id"])]


def people(records: pd.DataFrame) -> int:
    """How many names the records of one farm have; a code in common use makes one farm of many people."""
    return records.loc[records["name_key"].str.startswith("name-"), "name_key"].nunique()


def without(store: Store, ids: set[str], salt: bytes) -> Store:
    """The store without some submissions, of which only keyed hashes are remembered: of all ids, of all versions."""
    gone = store.main[store.main["id"].isin(ids)]
    known = set(hashes(gone, salt).to_numpy().ravel()) - {""}
    main = store.main[~store.main["id"].isin(ids)].reset_index(drop=True)
    kept = {name: rows[rows["record"].isin(set(main["record"]))] for name, rows in store.repeats.items()}
    return replace(store, main=main, repeats=kept, forgotten=store.forgotten | with_versions(known, store.replaced))


def with_versions(known: set[str], replaced: dict[str, str]) -> set[str]:
    """Hashes with those of all versions before and after; ``replaced`` leads from one version to the next."""
    while True:
        more = {hash for pair in replaced.items() if not known.isdisjoint(pair) for hash in pair}
        if more <= known:
            return known
        known = known | more
