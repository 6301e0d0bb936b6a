"""Columns that the servers add to an export: which submission a row is, when it came in, what review says of it."""

import re

import pandas as pd

from pipeline.survey.numbers import to_moments

# By what they mean here; the first that is there is used.
ROOTS = ("meta/rootUuid",)
OWN_KEYS = ("KEY", "_uuid", "meta/instanceID", "instanceID", "__id")
NUMBERS = ("_id",)
TIMES = ("SubmissionDate", "_submission_time", "__system/submissionDate")
EDITS = ("Edits", "EditCount", "__system/edits")
REPLACED = ("meta/deprecatedID", "deprecatedID", "meta/deprecatedId")
REVIEWS = ("ReviewState", "__system/reviewState", "_validation_status")
STATUSES = ("Status", "__system/status")
PARENT_KEYS = ("PARENT_KEY", "_submission__uuid", "__Submissions/id")
PARENT_PLACES = ("_parent_index",)
PLACES = ("_index",)
# What a submission is known by; of a farmer who refused these columns stay.
KNOWN_BY = (*ROOTS, *OWN_KEYS, *NUMBERS, *TIMES, *EDITS, *REPLACED, *REVIEWS, *STATUSES, *PLACES)
# Review states as each server writes them, by what they mean for the plot table.
REJECTED, ON_HOLD, PASSED = "rejected", "on_hold", "passed"
STATES = {
    "rejected": REJECTED,
    "notapproved": REJECTED,
    "hasissues": ON_HOLD,
    "onhold": ON_HOLD,
    "approved": PASSED,
    "edited": PASSED,
}


def plain_header(header: str) -> str:
    """A header with "/" between its groups, whatever mark the export puts there."""
    return re.sub(r"\W+", "/", header)


def column(sheet: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """The first of these columns that the sheet has; empty text when it has none."""
    headers = [plain_header(header) for header in sheet.columns]
    for name in names:
        if name in headers:
            return sheet.iloc[:, headers.index(name)].astype(object)
    return pd.Series("", sheet.index, dtype=object)


def has(sheet: pd.DataFrame, names: tuple[str, ...]) -> bool:
    """Whether the sheet has one of these columns."""
    return not {plain_header(header) for header in sheet.columns}.isdisjoint(names)


def bare_id(id: str) -> str:
    """An id in one writing: small letters, without the "uuid:" that some exports put before it."""
    return re.sub(r"^uuid:\s*", "", id.strip().casefold())


def bare(text: pd.Series) -> pd.Series:
    """Ids in one writing."""
    return text.map({id: bare_id(id) for id in text.unique()}).astype(object)


def whole(text: pd.Series) -> pd.Series:
    """Whole numbers in one writing, without the marks and zeros that a spreadsheet adds: "1,001" and "1001.0"."""
    return text.str.replace(r"[.,]0{1,2}$", "", regex=True).str.replace(r"[\s.,'_]+", "", regex=True)


def identified(raw: pd.DataFrame) -> pd.DataFrame:
    """What each row of a sheet of submissions is known by, as text, "" where the export does not say.

    ``id`` is the same before and after an edit where the server gives such an id; ``version`` is the id of this
    version, ``replaces`` that of the version before. ``number`` is what the server counts, the same for all versions.
    ``may_be_edit`` says that the row may be a later version of a submission that ``id`` does not lead to.
    """
    own, root, replaces = bare(column(raw, OWN_KEYS)), bare(column(raw, ROOTS)), bare(column(raw, REPLACED))
    version = own.where(own != "", root)
    return pd.DataFrame(
        {
            "id": root.where(root != "", own),
            "version": version,
            "replaces": replaces.where(replaces != version, ""),
            "number": whole(column(raw, NUMBERS)),
            "time": to_moments(column(raw, TIMES)),
            "may_be_edit": (root == "") & ((replaces != "") | (not has(raw, REPLACED))),
        },
        index=raw.index,
    )


def reviews(raw: pd.DataFrame) -> pd.Series:
    """What review says of each submission: ``rejected``, ``on_hold`` or ``passed``; "" when nobody has reviewed it."""
    said = column(raw, REVIEWS).str.casefold().str.replace(r"[\W_]+", "", regex=True)
    return said.str.removeprefix("validationstatus").map(STATES).astype(object).fillna("")
