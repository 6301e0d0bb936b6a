"""Columns that the servers add to an export: which submission a row is, when it came in, what review says of it."""

import re

import pandas as pd

from pipeline.survey.numbers import to_moments
from pipeline.survey.privacy import ExportError, pseudonyms

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


def owners(sheet: pd.DataFrame, mains: list[pd.DataFrame]) -> pd.Series:
    """Version of the submission of each row of a sheet; "" for a row whose submission is not in the export.

    A link by id counts before one by the place of the row, which a sorted sheet makes wrong. Raises ``ExportError``
    for links by place where there is more than one sheet of submissions.
    """
    links = bare(column(sheet, PARENT_KEYS))
    found = links.map(_versions(mains)).astype(object).fillna("")
    places = column(sheet, PARENT_PLACES)
    open_links = (links == "") & (places != "")
    if not open_links.any():
        return found
    if len(mains) > 1:
        raise ExportError(
            "lebih dari satu tabel kiriman, dan panen atau pupuk hanya ditautkan dengan nomor urut; masukkan setiap "
            "ekspor sendiri / more than one table of submissions, and rows below them are linked by their place only; "
            "import each export by itself"
        )
    by_place = pd.Series(identified(mains[0])["version"].to_numpy(), column(mains[0], PLACES))
    return found.where(~open_links, places.map(_once(by_place)).astype(object).fillna(""))


def named_owners(sheet: pd.DataFrame, mains: list[pd.DataFrame]) -> pd.Series:
    """Version of the one submission that a row of any sheet names in one of its cells; "" for none or several."""
    known = _versions(mains)
    named = pd.DataFrame(
        {place: bare(sheet.iloc[:, place].str.split("/").str[0]).map(known) for place in range(sheet.shape[1])}
    )
    several = named.nunique(axis=1) > 1
    return named.bfill(axis=1).iloc[:, 0].astype(object).fillna("").where(~several, "")


def _versions(mains: list[pd.DataFrame]) -> pd.Series:
    """Version by every id that a row below may name it with; that of the version itself comes first."""
    known = []
    for main in mains:
        version = identified(main)["version"].to_numpy()
        for names in (*((name,) for name in OWN_KEYS), ROOTS):
            known.append(pd.Series(version, bare(column(main, names)), dtype=object))
    return _once(pd.concat(known))


def _once(known: pd.Series) -> pd.Series:
    known = known[known.index != ""]
    return known[~known.index.duplicated()]


def hashes(rows: pd.DataFrame, salt: bytes) -> pd.DataFrame:
    """Keyed hashes of what rows are known by, "" where it is not given; ``key`` is of number and time together.

    ``rows`` has the columns of ``server.identified``, without ``may_be_edit`` where it is not known.
    """
    key = (rows["number"] + "|" + rows["time"]).where((rows["number"] != "") & (rows["time"] != ""), "")
    texts = {"id": rows["id"], "version": rows["version"], "replaces": rows["replaces"], "key": key}
    return pd.DataFrame({name: pseudonyms(salt, "id", text).mask(text == "", "") for name, text in texts.items()})


def sent_by(rows: pd.DataFrame, people: pd.DataFrame, salt: bytes) -> pd.Series:
    """Keyed hash of when a server took each row and of whom it is, by name and phone; "" where either is not known.

    An id says nothing where a server, or a hand, gave a submission a new one. ``people`` has the columns of
    ``privacy.people``.
    """
    phone = people["phone_key"].where(people["phone_key"].str.startswith("phone-"), "")
    is_known = (rows["time"] != "") & people["name_key"].str.startswith("name-")
    return pseudonyms(salt, "id", rows["time"] + "|" + people["name_key"] + "|" + phone).where(is_known, "")


def linked(
    rows: pd.DataFrame, known: set[str], salt: bytes, sent: pd.Series | None = None
) -> tuple[pd.Series, set[str]]:
    """Rows that are versions of submissions whose hashes are ``known``, and these hashes with those of the rows.

    An edit may name only the edit before it, so that rows that are found lead to others. ``sent`` is that of
    ``sent_by``, where names are at hand.
    """
    mask = pd.Series(False, rows.index)
    if not known or rows.empty:
        return mask, known
    names = hashes(rows, salt)
    names["key"] = names["key"].where(rows["may_be_edit"], "")
    names["sent"] = "" if sent is None else sent
    while True:
        found = names.isin(known).any(axis=1)
        if (found == mask).all():
            return mask, known
        mask = found
        known = known | set(names[mask].to_numpy().ravel()) - {""}
