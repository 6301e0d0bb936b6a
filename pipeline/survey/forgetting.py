"""What may be kept of a file that came in: nothing of those who refused, are forgotten, or whose time is over.

Once a file is changed for one person, only what belongs to a kept person stays: rows, sheets, photos and other files
that name no kept submission may be of the person who is to go, and go too. Of what is stored it is told what an import
would take away, by a refusal or by lost answers.
"""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import pandas as pd

from pipeline.survey import server
from pipeline.survey.answer_checks import OF_THE_PHONE
from pipeline.survey.exports import members
from pipeline.survey.flat import Sheets, main_sheets, repeat_of
from pipeline.survey.privacy import pseudonyms
from pipeline.survey.questions import Form
from pipeline.survey.server import hashes, sent_by
from pipeline.survey.store import NO, YES, Store

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


# An archive without a member: what is kept of a file none of whose submissions may be kept.
NOTHING_LEFT = b"PK\x05\x06" + bytes(18)


@dataclass
class Going:
    """Hashes of the submissions that go as a whole, and of those of which only the answers go."""

    gone: set[str]
    refused: set[str]

    @classmethod
    def of(cls, store: Store, salt: bytes) -> "Going":
        """What a store says of who may not be kept."""
        names = server.hashes(store.those(NO), salt)[["id", "version"]]
        refused = with_versions(set(names.to_numpy().ravel()) - {""}, store.replaced)
        return cls(store.forgotten | store.expired, refused)


def redacted(data: bytes, sheets: Sheets, going: Going, form: Form, salt: bytes) -> bytes | None:
    """The file as a ZIP of CSV without what may not be kept, or None if it has nothing of the kind.

    Rows of the forgotten and of those whose names were deleted in time go, of those who refused their answers.
    """
    # Most files hold nobody who refused, is forgotten or whose time is over, and there may be many rows.
    if not going.gone and not going.refused:
        return None
    mains = {name: sheets[name] for name in main_sheets(sheets, form)}
    fates = {name: _fate(raw, going, salt) for name, raw in mains.items()}
    versions = pd.concat(
        [pd.Series(fates[n].to_numpy(), server.identified(raw)["version"]) for n, raw in mains.items()]
    )
    kept = set(versions.index[versions == "kept"]) - set(versions.index[versions != "kept"]) - {""}
    owners = {name: _owners(sheet, list(mains.values()), form) for name, sheet in sheets.items() if name not in mains}
    leaving = set(versions.index) - kept - {""}
    if not any(_has_what_goes(raw, fates[name], form) for name, raw in mains.items()) and not any(
        _is_of(sheets[name], own, leaving, going, salt) for name, own in owners.items()
    ):
        return None
    if versions[versions.index != ""].eq("gone").all():
        return NOTHING_LEFT
    clear = {name: _cleared(raw, fates[name], form) for name, raw in mains.items()}
    rest = {name: sheets[name][own.isin(kept)] for name, own in owners.items()}
    whole = rest | {name: raw[fates[name] == "kept"] for name, raw in mains.items()}
    lost = [sheets[name].drop(index=part.index) for name, part in whole.items()]
    roles = {name: "main" if name in mains else repeat_of(sheet, form) or "other" for name, sheet in sheets.items()}
    tables = {f"{place}_{roles[name]}.csv": part for place, (name, part) in enumerate((clear | rest).items())}
    return _zipped(tables, data, _cells(whole.values()) - _cells(lost), kept)


def _fate(raw: pd.DataFrame, going: Going, salt: bytes) -> pd.Series:
    """``gone``, ``refused`` or ``kept`` for each row of a sheet of submissions, ``nobody`` for a row without an id."""
    rows = server.identified(raw)
    fate = pd.Series("kept", raw.index, dtype=object)
    names = server.hashes(rows, salt)[["id", "version", "replaces"]]
    fate[names.isin(going.refused).any(axis=1)] = "refused"
    fate[server.linked(rows, going.gone, salt)[0]] = "gone"
    return fate.mask(rows["version"] == "", "nobody")


def _has_what_goes(raw: pd.DataFrame, fate: pd.Series, form: Form) -> bool:
    """Whether a sheet of submissions has rows that go, or answers of those who refused."""
    answers = raw.loc[fate == "refused", ~raw.columns.isin(_kept_columns(raw, form))]
    return bool((fate == "gone").any() or (answers != "").any(axis=None))


def _cleared(raw: pd.DataFrame, fate: pd.Series, form: Form) -> pd.DataFrame:
    """A sheet of submissions without the rows and the answers that go, and without rows that belong to nobody."""
    raw = raw.copy()
    raw.loc[fate == "refused", ~raw.columns.isin(_kept_columns(raw, form))] = ""
    return raw[fate.isin(["kept", "refused"])]


def _kept_columns(raw: pd.DataFrame, form: Form) -> list[str]:
    """Columns that stay of a farmer who refused: which submission, when, and the answer no."""
    return [
        header
        for header in raw.columns
        if server.plain_header(header) in server.KNOWN_BY
        or any(found.name == "consent" for found, _ in form.find(header, ""))
    ]


def _owners(sheet: pd.DataFrame, mains: list[pd.DataFrame], form: Form) -> pd.Series:
    """Version of the submission of each row, by its link or by an id that it names; "" where there is neither."""
    named = server.named_owners(sheet, mains)
    return server.owners(sheet, mains) if repeat_of(sheet, form) else named


def _is_of(sheet: pd.DataFrame, owners: pd.Series, leaving: set[str], going: Going, salt: bytes) -> bool:
    """Whether a row belongs to a submission that goes, in this file or, by an id in one of its cells, elsewhere."""
    if owners.isin(leaving).any():
        return True
    cells = pd.Series(sorted(_cells([sheet[owners == ""]])), dtype=object)
    named = server.bare(cells.str.split("/").str[0]) if len(cells) else cells
    return not (going.gone | going.refused).isdisjoint(pseudonyms(salt, "id", named))


def _cells(parts: Iterable[pd.DataFrame]) -> set[str]:
    return {text for part in parts for place in range(part.shape[1]) for text in part.iloc[:, place].unique() if text}


def _zipped(tables: Sheets, data: bytes, words: set[str], kept: set[str]) -> bytes:
    """Tables, and the files beside them that a cell names, or that lie in the folder of a kept submission."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as target:
        for name, table in tables.items():
            target.writestr(name, table.to_csv(index=False))
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as source:
                files = [] if "[Content_Types].xml" in source.namelist() else members(source)
                for name in files:
                    path = PurePosixPath(name)
                    is_kept = path.name in words or not kept.isdisjoint(map(server.bare_id, path.parts[:-1]))
                    if is_kept and not name.lower().endswith(".csv"):
                        target.writestr(name, source.read(name))
    return memory.getvalue()


# A farmer who withdraws is one, as is a submission that is corrected; a file that clears many is likely read wrongly.
MOST_CLEARED = 1


@dataclass
class Cleared:
    """Ids of stored submissions with a yes that a refusal clears, and how many answers others lose, by id."""

    refused: list[str]
    emptied: dict[str, int]

    @property
    def is_much(self) -> bool:
        """Whether somebody must look at it first."""
        return len(set(self.refused) | set(self.emptied)) > MOST_CLEARED


def cleared(before: Store, after: Store, salt: bytes) -> Cleared:
    """What the store before has that the store after has no more."""
    return Cleared(_refused(before, after, salt), _emptied(before, after, salt))


def _refused(before: Store, after: Store, salt: bytes) -> list[str]:
    asked, refusals = before.those(YES), after.those(NO)
    if refusals.empty:
        return []
    no = hashes(refusals, salt)[["id", "version"]].to_numpy().ravel()
    refused = with_versions(set(no) - {""}, after.replaced)
    return sorted(asked.loc[hashes(asked, salt)[["id", "version"]].isin(refused).any(axis=1), "id"].unique())


def _emptied(before: Store, after: Store, salt: bytes) -> dict[str, int]:
    """Questions, of the visit and of its repeats, that a submission with a yes had answered and has not any more.

    What took its place is known by its id, or by the edits between them. What a phone adds by itself is no answer.
    """
    asked, left = before.those(YES), after.those(YES)
    asked = asked[~asked["record"].isin(set(left["record"]))]
    if asked.empty or left.empty:
        return {}
    successors = _successors(asked, left, after.replaced, salt)
    had, has = _answered(asked, before), _answered(left, after).groupby(left["id"].to_numpy()).any()
    had = had.groupby(asked["id"].to_numpy()).any().loc[list(successors)]
    has = has.loc[list(successors.values())].set_axis(had.index)
    lost = (had & ~has).sum(axis=1)
    return {str(id): int(count) for id, count in lost[lost > 0].items()}


def _successors(asked: pd.DataFrame, left: pd.DataFrame, replaced: dict[str, str], salt: bytes) -> dict[str, str]:
    """Id of the submission that stands now in the place of each that stood before; none where none does."""
    versions = dict(zip(pseudonyms(salt, "id", left["version"]), left["id"], strict=True))
    ids, found = set(left["id"]), {}
    for id, hash in zip(asked["id"], pseudonyms(salt, "id", asked["version"]), strict=True):
        seen: set[str] = set()
        while hash not in versions and hash in replaced and hash not in seen:
            seen.add(hash)
            hash = replaced[hash]
        if id in ids or hash in versions:
            found[id] = id if id in ids else versions[hash]
    return found


def _answered(main: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Which questions submissions have answered; of a repeat it is enough that one row has."""
    first = list(main.columns).index("content_key") + 1
    answers = [name for name in main.columns[first:] if name not in (*OF_THE_PHONE, "consent")]
    parts = [main[answers].ne("").set_axis(main["record"])]
    for rows in store.repeats.values():
        rows = rows[rows["record"].isin(set(main["record"]))]
        below = rows.drop(columns="record").ne("").groupby(rows["record"].to_numpy()).any()
        parts.append(below.reindex(main["record"].to_numpy(), fill_value=False))
    return pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
