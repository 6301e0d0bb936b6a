"""Versions of submissions: which of them is the newest, and what the store becomes with an export or without a farmer.

Taking in is a union: whatever the order of files, and however often one comes, the same submissions remain. What an
export does not say clearly never takes the place of what is stored, nor does what it does not say at all: a question
without a column keeps its answer, that of the newest version known when the export comes.
"""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from pipeline.survey import privacy
from pipeline.survey.answer_checks import Problems, typed
from pipeline.survey.flat import KEPT, SYSTEM, Flat
from pipeline.survey.privacy import pseudonyms
from pipeline.survey.questions import REPEATS, Form
from pipeline.survey.server import linked, sent_by
from pipeline.survey.store import NO, UNDATED, UNKNOWN, YES, Store, names

Rows = dict[str, pd.DataFrame]


def filled(
    main: pd.DataFrame, repeats: Rows, versions: pd.Series, order: pd.Series, replaced: dict[str, str]
) -> tuple[pd.DataFrame, Rows]:
    """Submissions and rows of repeats with what their exports lack taken from the newest version before them.

    ``versions`` are the hashes of the versions, ``order`` is greater for the later of two versions of one id. Of what
    was filled once nothing changes when a still older version comes, and only a version under the id or the edits of
    the same submission, with a yes, is asked.
    """
    asked = main["consent"] == YES
    lacking = main[asked & (main["unfilled"] != "")]
    if lacking.empty:
        return main, repeats
    main, repeats = main.copy(), dict(repeats)
    known = main[asked].assign(order=order, hash=versions)
    by_hash, by_id = known.groupby("hash").groups, known.groupby("id").groups
    before = _before(replaced)
    for place in lacking.index:
        wanted = set(main.at[place, "unfilled"].split())
        edits = [row for hash in _chain(versions[place], before) for row in by_hash.get(hash, [])]
        older = [row for row in by_id[main.at[place, "id"]] if row != place and order[row] <= order[place]]
        for row in [*edits, *sorted(older, key=lambda row: order[row], reverse=True)]:
            given = wanted - set(main.at[row, "unfilled"].split())
            answers = sorted(given - set(REPEATS))
            main.loc[place, answers] = main.loc[row, answers]
            for name in given & set(REPEATS):
                rows = repeats[name][repeats[name]["record"] == main.at[row, "record"]]
                repeats[name] = pd.concat([repeats[name], rows.assign(record=main.at[place, "record"])])
            wanted -= given
        main.at[place, "unfilled"] = " ".join(sorted(wanted))
    return main, repeats


def _before(replaced: dict[str, str]) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {}
    for old, new in replaced.items():
        before.setdefault(new, []).append(old)
    return before


def _chain(hash: str, before: dict[str, list[str]]) -> Iterator[str]:
    """Hashes of all versions that became this one, the nearest first."""
    seen, waiting = {hash}, [hash]
    while waiting:
        for old in before.get(waiting.pop(0), []):
            if old not in seen:
                seen.add(old)
                waiting.append(old)
                yield old


ASKED = ("farmer_name", "farmer_phone", "farm_code", "village", "subdistrict")
WHO = ["farm_id", "name_key", "phone_key"]


def people_of(main: pd.DataFrame, form: Form, salt: bytes) -> pd.DataFrame:
    """Pseudonyms of farm, name and phone of submissions, those that ``privacy.people`` gives."""
    who = replace(form, questions=tuple(question for question in form.questions if question.name in ASKED))
    answers = typed(main.assign(record=main["id"]), who, "", Problems()).reindex(columns=["record", *ASKED])
    nothing_kept = pd.DataFrame("", main.index, list(KEPT), dtype=object)
    return privacy.people(answers.rename(columns={"record": "id"}), nothing_kept, salt)


# What tells two versions apart; the other columns of the system say which submission it is and what review says.
TOLD = ("id", "time", "edits", "replaces", "has_repeats")


def merged(store: Store, flat: Flat, form: Form, salt: bytes) -> Store:
    """The store with the submissions of an export; an older version never takes the place of a newer one.

    Of a submission whose names were deleted in time nothing is taken any more but a refusal, and of a forgotten one
    nothing at all, even when an edit, or a server, gave it another id. An unclear consent stays beside what is stored,
    and so does a no that has no time where the yes has one: which of them is later cannot be known.
    """
    sent = sent_by(flat.main, people_of(flat.main, form, salt), salt) if store.forgotten or store.expired else None
    _, forgotten = linked(flat.main, store.forgotten, salt, sent)
    is_old, expired = linked(flat.main, store.expired, salt, sent)
    taken = flat.main[~is_old | (flat.main["consent"] == NO)]
    main, repeats = _records(replace(flat, main=taken), form)
    together = {name: pd.concat([store.repeats[name], _new(rows, store)]) for name, rows in repeats.items()}
    union = pd.concat([store.main, main], ignore_index=True).drop_duplicates("record", ignore_index=True)
    # An edit that came before the one it is an edit of is known only now.
    is_forgotten, forgotten = linked(union.assign(may_be_edit=False), forgotten, salt)
    union = _with_undated(union[~is_forgotten].reset_index(drop=True))
    state = replace(store, replaced=_replaced(store, main, salt), forgotten=forgotten, expired=expired)
    union, together = filled(union, together, _hashes(union["version"], salt), _order(union), state.replaced)
    state.main = _newest(_standing(_with_latest(union, main), state, salt))
    state.repeats = {name: _of(state.main, rows) for name, rows in together.items()}
    return state


def _new(rows: pd.DataFrame, store: Store) -> pd.DataFrame:
    return rows[~rows["record"].isin(set(store.main["record"]))]


def _replaced(store: Store, main: pd.DataFrame, salt: bytes) -> dict[str, str]:
    """Hashes of versions by that of the version that took their place."""
    replaced = dict(store.replaced)
    edits = main[main["replaces"] != ""]
    for old, new in zip(_hashes(edits["replaces"], salt), _hashes(edits["version"], salt), strict=True):
        # Two edits of one version: which of them counts must not depend on the order of files.
        replaced[old] = max(replaced.get(old, ""), new)
    return replaced


def _hashes(ids: pd.Series, salt: bytes) -> pd.Series:
    return pseudonyms(salt, "id", ids)


def _with_latest(union: pd.DataFrame, main: pd.DataFrame) -> pd.DataFrame:
    """The submissions with what the latest export says of review; an export that says nothing changes nothing."""
    union = union.copy()
    for name in ("number", "version"):
        union[name] = _said(union, main, "record", name)
    union["review"] = _said(union, main, "id", "review")
    return union


def _said(union: pd.DataFrame, main: pd.DataFrame, key: str, name: str) -> pd.Series:
    said = main.loc[main[name] != ""].drop_duplicates(key, keep="last").set_index(key)[name]
    found = union[key].map(said).astype(object)
    return found.where(found.notna(), union[name])


def _standing(union: pd.DataFrame, state: Store, salt: bytes) -> pd.DataFrame:
    """The submissions without those whose place a version with a clear consent has taken."""
    version = _hashes(union["version"], salt)
    is_unclear = union["consent"].isin([UNKNOWN, UNDATED])
    unclear = set(version[is_unclear]) - set(version[~is_unclear])
    gone = {hash for hash in set(version) if _is_replaced(hash, state.replaced, unclear)}
    # One version under its own id and under that of the first version, from two exports: the first id stays.
    twice = (union["id"] == union["version"]) & union["version"].isin(
        set(union.loc[union["id"] != union["version"], "version"])
    )
    return union[~version.isin(gone) & ~twice]


def _is_replaced(hash: str, replaced: dict[str, str], unclear: set[str]) -> bool:
    """Whether a version has become, by one edit or several, one whose consent is clear."""
    seen = {hash}
    while (hash := replaced.get(hash, "")) and hash not in seen:
        if hash not in unclear:
            return True
        seen.add(hash)
    return False


def _of(main: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a repeat that belong to the submissions that are kept, in a fixed order."""
    kept = rows[rows["record"].isin(set(main["record"]))]
    return kept.sort_values(list(kept.columns), kind="stable", ignore_index=True)


def _newest(main: pd.DataFrame) -> pd.DataFrame:
    """The newest version of every submission; versions of the same moment stay side by side.

    A version whose consent is unclear stays only while no other is newer, and takes the place of none.
    """
    order = _order(main)
    is_clear = ~main["consent"].isin([UNKNOWN, UNDATED])
    of_all = order.groupby(main["id"]).transform("max")
    of_clear = order.where(is_clear).groupby(main["id"]).transform("max")
    newest = main[(order == of_all) | (order == of_clear)]
    return newest.sort_values(["id", "record"], ignore_index=True)


def _order(main: pd.DataFrame) -> pd.Series:
    """A number that is greater for the later of two versions of one submission.

    Of two versions of one moment a refusal counts, and an export with its repeats, or more of the questions, before
    one without.
    """
    edits = pd.to_numeric(main["edits"], errors="coerce").fillna(0)
    # What is beside a yes, and may be later, ranks above it.
    place = main["consent"].map({YES: 1, NO: 2, UNDATED: 3}).fillna(0)
    rank = {"time": main["time"], "edits": edits, "edited": main["replaces"] != "", "consent": place}
    rank |= {"repeats": main["has_repeats"], "lacks": -main["lacks"].str.count(r"\S+")}
    return pd.Series(pd.MultiIndex.from_frame(pd.DataFrame(rank)).factorize(sort=True)[0], main.index)


def _with_undated(main: pd.DataFrame) -> pd.DataFrame:
    """The submissions, where a no without a time stands beside a yes that has one as undated, at the moment of the yes.

    It stays there until a later version comes. Numbers of edits tell the order as well, where both versions have them.
    """
    is_dated = (main["consent"] == YES) & (main["time"] != "")
    dated = main[is_dated].sort_values("time", kind="stable").drop_duplicates("id", keep="last").set_index("id")
    beside = main["id"].map(dated["time"])
    edits, of_yes = (pd.to_numeric(text, errors="coerce") for text in (main["edits"], main["id"].map(dated["edits"])))
    is_undated = (main["consent"] == NO) & (main["time"] == "") & beside.notna()
    is_later = is_undated & (edits > of_yes)
    is_open = is_undated & ~is_later & ~(edits < of_yes)
    moved = is_open | is_later
    main = main.copy()
    main.loc[moved, "time"] = beside[moved]
    main.loc[is_open, "edits"] = main.loc[is_open, "id"].map(dated["edits"])
    main.loc[is_open, "replaces"] = main.loc[is_open, "id"].map(dated["replaces"])
    main["consent"] = main["consent"].mask(is_open, UNDATED)
    return main


def _records(flat: Flat, form: Form) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Submissions and rows of an export under the name of their record, which tells versions apart by content.

    Of a farmer who did not consent only id, time and the answer itself stay.
    """
    main = flat.main.reindex(columns=[*SYSTEM, *KEPT, *names(form, "")], fill_value="").drop_duplicates(
        ignore_index=True
    )
    main["consent"] = main["consent"].where(main["consent"].isin([YES, NO]), UNKNOWN)
    consented = main["consent"] == YES
    main.loc[~consented, [name for name in names(form, "") if name != "consent"]] = ""
    main["unfilled"] = main["lacks"] = main["lacks"].where(consented, "")
    asked = set(main.loc[consented, "version"])
    repeats = {
        name: rows.reindex(columns=["version", *names(form, name)], fill_value="").loc[rows["version"].isin(asked)]
        for name, rows in flat.repeats.items()
    }
    content = pd.util.hash_pandas_object(main[[*TOLD, *KEPT, *names(form, "")]], index=False)
    # An absent column is no empty cell.
    lacks = pd.util.hash_pandas_object(main["lacks"], index=False).where(main["lacks"] != "", 0)
    content = content + lacks.astype("uint64")
    for rows in repeats.values():
        below = pd.util.hash_pandas_object(rows, index=False)
        # A sum does not depend on the order in which an export lists the rows.
        of_version = below.groupby(rows["version"]).sum().reindex(main["version"], fill_value=0)
        content = content + of_version.to_numpy(dtype="uint64")
    main.insert(0, "record", main["id"] + "#" + content.map("{:016x}".format))
    owners = main.set_index("version")["record"]
    owners = owners[~owners.index.duplicated()]
    return main, {
        name: rows.assign(record=rows["version"].map(owners))[["record", *names(form, name)]]
        for name, rows in repeats.items()
    }
