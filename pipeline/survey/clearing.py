"""What an import would take away: stored submissions that a refusal clears, or that lose answers."""

from dataclasses import dataclass

import pandas as pd

from pipeline.survey.checks import OF_THE_PHONE
from pipeline.survey.forgetting import with_versions
from pipeline.survey.privacy import pseudonyms
from pipeline.survey.server import hashes
from pipeline.survey.store import NO, YES, Store

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
