"""Submissions that do not count although their answers are good: held back in review, or another one once more."""

import pandas as pd

from pipeline.survey import server
from pipeline.survey.names import Form
from pipeline.survey.privacy import pseudonyms
from pipeline.survey.store import names

# What a phone adds by itself differs between two copies of one visit.
OF_THE_PHONE = ("start", "end", "today", "deviceid")


def reviewed(kept: pd.DataFrame) -> pd.DataFrame:
    """Problems of submissions that review on the server rejected or put on hold; ``kept`` is indexed by record."""
    held = kept[kept["review"].isin([server.REJECTED, server.ON_HOLD])]
    return _problems(held["id"], "review", held["review"], "review_" + held["review"])


def unlinked(kept: pd.DataFrame) -> pd.DataFrame:
    """Problems of edits that share a farm, and number and time of the server, with a submission of another id.

    The version between the two is in no export, and the export does not give the id of the first.
    """
    numbered = kept[(kept["number"] != "") & (kept["time"] != "")]
    same = numbered.groupby(["number", "time", "farm_id"])["id"].transform("nunique") > 1
    edits = numbered[same & (numbered["replaces"] != "")]
    return _problems(edits["id"], "id", edits["number"], "edit_unlinked")


def copies(kept: pd.DataFrame) -> pd.DataFrame:
    """Problems of submissions that say of one farm what another says to the last word: one visit, sent again.

    ``kept`` has the column ``content_key``. The first by time, then by id, counts.
    """
    ordered = kept.sort_values(["time", "id"])
    again = ordered[ordered["content_key"].duplicated()]
    return _problems(again["id"], "id", pd.Series("", again.index), "copy")


def content_keys(
    asked: pd.DataFrame, farms: pd.Series, repeats: dict[str, pd.DataFrame], form: Form, salt: bytes
) -> pd.Series:
    """Keyed hash of all that a submission says of a farm, by record; one whose names were deleted keeps its own.

    ``asked`` and ``farms``, their pseudonyms, are indexed by record.
    """
    said = asked[[name for name in names(form, "") if name not in OF_THE_PHONE]].assign(farm=farms)
    content = pd.util.hash_pandas_object(said, index=False).set_axis(asked.index)
    for rows in repeats.values():
        below = pd.util.hash_pandas_object(rows.drop(columns="record"), index=False)
        content = content + below.groupby(rows["record"].to_numpy()).sum().reindex(asked.index, fill_value=0)
    keys = pseudonyms(salt, "content", content.map("{:016x}".format))
    return asked["content_key"].where(asked["content_key"] != "", keys)


def _problems(ids: pd.Series, question: str, values: pd.Series, code: str | pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"id": ids, "question": question, "value": values, "code": code}, dtype=object)
