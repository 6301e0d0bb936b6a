"""Which submission a row of another sheet belongs to, and which submissions a row is a later version of."""

import pandas as pd

from pipeline.survey import server
from pipeline.survey.errors import ExportError
from pipeline.survey.privacy import pseudonyms

HASHES = ("id", "version", "replaces", "key")


def owners(sheet: pd.DataFrame, mains: list[pd.DataFrame]) -> pd.Series:
    """Version of the submission of each row of a sheet; "" for a row whose submission is not in the export.

    A link by id counts before one by the place of the row, which a sorted sheet makes wrong. Raises ``ExportError``
    for links by place where there is more than one sheet of submissions.
    """
    links = server.bare(server.column(sheet, server.PARENT_KEYS))
    found = links.map(_versions(mains)).astype(object).fillna("")
    places = server.column(sheet, server.PARENT_PLACES)
    open_links = (links == "") & (places != "")
    if not open_links.any():
        return found
    if len(mains) > 1:
        raise ExportError(
            "lebih dari satu tabel kiriman, dan panen atau pupuk hanya ditautkan dengan nomor urut; masukkan setiap "
            "ekspor sendiri / more than one table of submissions, and rows below them are linked by their place only; "
            "import each export by itself"
        )
    by_place = pd.Series(server.identified(mains[0])["version"].to_numpy(), server.column(mains[0], server.PLACES))
    return found.where(~open_links, places.map(_once(by_place)).astype(object).fillna(""))


def named_owners(sheet: pd.DataFrame, mains: list[pd.DataFrame]) -> pd.Series:
    """Version of the one submission that a row of any sheet names in one of its cells; "" for none or several."""
    known = _versions(mains)
    named = pd.DataFrame(
        {place: server.bare(sheet.iloc[:, place].str.split("/").str[0]).map(known) for place in range(sheet.shape[1])}
    )
    several = named.nunique(axis=1) > 1
    return named.bfill(axis=1).iloc[:, 0].astype(object).fillna("").where(~several, "")


def _versions(mains: list[pd.DataFrame]) -> pd.Series:
    """Version by every id that a row below may name it with; that of the version itself comes first."""
    known = []
    for main in mains:
        version = server.identified(main)["version"].to_numpy()
        for names in (*((name,) for name in server.OWN_KEYS), server.ROOTS):
            known.append(pd.Series(version, server.bare(server.column(main, names)), dtype=object))
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
