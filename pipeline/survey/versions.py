"""Versions of submissions: which of them is the newest, and what the store becomes with an export or without a farmer.

Taking in is a union: whatever the order of files, and however often one comes, the same submissions remain.
"""

from dataclasses import replace

import pandas as pd

from pipeline.survey.flat import KEPT, SYSTEM, Flat
from pipeline.survey.names import Form
from pipeline.survey.privacy import pseudonym
from pipeline.survey.store import REFUSED, Store, names


def merged(store: Store, flat: Flat, form: Form, salt: bytes) -> Store:
    """The store with the submissions of an export; an older version never takes the place of a newer one.

    Of a submission whose names were deleted in time nothing is taken any more but a refusal.
    """
    main, repeats = _records(flat, form)
    hashes = main["id"].map({id: hashed(salt, id) for id in main["id"].unique()})
    main = main[~hashes.isin(store.expired) | main["consent"].isin(REFUSED)]
    replaced = dict(store.replaced)
    for old, new in main.loc[main["replaces"] != "", ["replaces", "id"]].itertuples(index=False):
        # Two edits of one version: which of them counts must not depend on the order of files.
        replaced[hashed(salt, old)] = max(replaced.get(hashed(salt, old), ""), hashed(salt, new))
    before = set(store.main["record"])
    main = pd.concat([store.main, main], ignore_index=True).drop_duplicates("record", ignore_index=True)
    hashes = main["id"].map({id: hashed(salt, id) for id in main["id"].unique()})
    main = _newest(main[~hashes.isin(set(replaced) | store.forgotten)])
    together = {
        name: pd.concat([store.repeats[name], rows[~rows["record"].isin(before)]]) for name, rows in repeats.items()
    }
    kept = {name: _of(main, rows) for name, rows in together.items()}
    return replace(store, main=main, repeats=kept, replaced=replaced)


def hashed(salt: bytes, id: str) -> str:
    """A keyed hash by which an id is known again and from which it cannot be read."""
    return pseudonym(salt, "id", id)


def without(store: Store, ids: set[str], salt: bytes) -> Store:
    """The store without some submissions, which are remembered as forgotten by their hashes."""
    main = store.main[~store.main["id"].isin(ids)].reset_index(drop=True)
    kept = {name: _of(main, rows) for name, rows in store.repeats.items()}
    return replace(store, main=main, repeats=kept, forgotten=store.forgotten | {hashed(salt, id) for id in ids})


def _of(main: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a repeat that belong to the submissions that are kept, in a fixed order."""
    kept = rows[rows["record"].isin(set(main["record"]))]
    return kept.sort_values(list(kept.columns), kind="stable", ignore_index=True)


def _newest(main: pd.DataFrame) -> pd.DataFrame:
    """The newest version of every submission; versions of the same moment stay side by side.

    Of two versions of one moment a refusal counts, and an export with its repeats before one without.
    """
    edits = pd.to_numeric(main["edits"], errors="coerce").fillna(0)
    refused = main["consent"].isin(REFUSED)
    rank = pd.DataFrame({"time": main["time"], "edits": edits, "refused": refused, "repeats": main["has_repeats"]})
    order = pd.Series(pd.MultiIndex.from_frame(rank).factorize(sort=True)[0], main.index)
    newest = main[order == order.groupby(main["id"]).transform("max")]
    return newest.sort_values(["id", "record"], ignore_index=True)


def _records(flat: Flat, form: Form) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Submissions and rows of an export under the name of their record, which tells versions apart by content.

    Of a farmer who did not consent only id, time and the answer itself stay.
    """
    main = flat.main.reindex(columns=[*SYSTEM, *KEPT, *names(form, "")], fill_value="").drop_duplicates(
        ignore_index=True
    )
    main["replaces"] = main["replaces"].where(main["replaces"] != main["id"], "")
    main["consent"] = main["consent"].where(main["consent"].isin(["yes", "no"]), "unknown")
    consented = main["consent"] == "yes"
    main.loc[~consented, [name for name in names(form, "") if name != "consent"]] = ""
    asked = set(main.loc[consented, "id"])
    repeats = {
        name: rows.reindex(columns=["id", *names(form, name)], fill_value="").loc[rows["id"].isin(asked)]
        for name, rows in flat.repeats.items()
    }
    content = pd.util.hash_pandas_object(main, index=False)
    for rows in repeats.values():
        below = pd.util.hash_pandas_object(rows, index=False)
        # A sum does not depend on the order in which an export lists the rows.
        content = content + below.groupby(rows["id"]).sum().reindex(main["id"], fill_value=0).to_numpy(dtype="uint64")
    main.insert(0, "record", main["id"] + "#" + content.map("{:016x}".format))
    owners = main.set_index("id")["record"]
    owners = owners[~owners.index.duplicated()]
    return main, {
        name: rows.assign(record=rows["id"].map(owners))[["record", *names(form, name)]]
        for name, rows in repeats.items()
    }
