"""From the sheets of an export to one flat shape: submissions, and the rows of the two repeats.

Every value is text under the name of its question; choices are names, several choices stand with a space between.
"""

from dataclasses import dataclass, field

import pandas as pd

from pipeline.survey.answers import answers_of
from pipeline.survey.exports import ExportError
from pipeline.survey.names import REPEATS, Form
from pipeline.survey.numbers import to_moments

# Columns that the servers add, by what they mean here; the first that is there is used.
IDS = ("meta/rootUuid", "KEY", "_uuid", "meta/instanceID", "instanceID", "__id")
OWN_KEYS = ("KEY", "_uuid", "meta/instanceID", "instanceID", "__id")
TIMES = ("SubmissionDate", "_submission_time", "__system/submissionDate")
EDITS = ("Edits", "EditCount", "__system/edits")
REPLACED = ("meta/deprecatedID", "deprecatedID", "meta/deprecatedId")
PARENTS = ("PARENT_KEY", "_parent_index", "_submission__uuid", "__Submissions-id")
SYSTEM = ("id", "time", "edits", "replaces", "has_repeats")
# Pseudonyms that a submission keeps when its names are deleted.
KEPT = ("farm_id", "name_key", "phone_key")


@dataclass
class Flat:
    """Submissions with the columns of ``SYSTEM`` and questions; rows of repeats with ``id``; what was odd.

    ``lost`` counts rows that belong to no submission.
    """

    main: pd.DataFrame
    repeats: dict[str, pd.DataFrame]
    notes: list[str] = field(default_factory=list)
    lost: int = 0


def flatten(sheets: dict[str, pd.DataFrame], form: Form) -> Flat:
    """The flat shape of an export. Raises ``ExportError`` when it has no submissions of this form."""
    main_name = main_sheet(sheets)
    raw, notes, lost = sheets[main_name], [], 0
    main = pd.DataFrame(
        {
            "id": submission_ids(raw),
            "time": to_moments(column(raw, TIMES)),
            "edits": column(raw, EDITS),
            "replaces": bare(column(raw, REPLACED)),
            "has_repeats": "1" if len(sheets) > 1 else "0",
        }
    )
    answers, absent = answers_of(raw, form, "")
    if "consent" not in answers:
        raise ExportError("kolom persetujuan (consent) tidak ada / the column of consent is missing")
    repeats = {name: pd.DataFrame({"id": []}, dtype=object) for name in REPEATS}
    for name, sheet in sheets.items():
        repeat = "" if name == main_name else _repeat_of(sheet, form)
        if repeat:
            found, missing = answers_of(sheet, form, repeat)
            owners = parent_ids(sheet, raw)
            absent += missing
            if orphans := int((owners == "").sum()):
                lost += orphans
                notes.append(f"{orphans} baris tanpa kiriman induk / rows without their submission: {repeat}")
            repeats[repeat] = pd.concat([owners.rename("id"), found], axis=1)[owners != ""]
    if absent:
        notes.append("pertanyaan tidak ada di ekspor / questions not in the export: " + ", ".join(sorted(absent)))
    if nameless := int((main["id"] == "").sum()):
        lost += nameless
        notes.append(f"{nameless} baris tanpa nomor kiriman, tidak diambil / rows without an id, not taken")
    main = pd.concat([main, answers], axis=1)
    return Flat(main[main["id"] != ""].reset_index(drop=True), repeats, notes, lost)


def main_sheet(sheets: dict[str, pd.DataFrame]) -> str:
    """Name of the sheet of submissions: it has an id and no parent."""
    for name, sheet in sheets.items():
        names = [header.replace("-", "/") for header in sheet.columns]
        if any(key in names for key in IDS) and not any(parent in names for parent in PARENTS):
            return name
    raise ExportError("bukan ekspor KoboToolbox atau ODK Central / no export of KoboToolbox or ODK Central")


def submission_ids(raw: pd.DataFrame) -> pd.Series:
    """Id of each submission, the same before and after an edit where the server gives such an id."""
    root = bare(column(raw, IDS[:1]))
    return root.where(root != "", bare(column(raw, OWN_KEYS)))


def parent_ids(sheet: pd.DataFrame, raw: pd.DataFrame) -> pd.Series:
    """Id of the submission of each row of a repeat; "" for a row whose submission is not in the export."""
    ids, owners = submission_ids(raw), pd.Series("", sheet.index, dtype=object)
    for parents, keys in ((PARENTS[:1], ("KEY",)), (PARENTS[1:2], ("_index",)), (PARENTS[2:], OWN_KEYS)):
        links, own = bare(column(sheet, parents)), bare(column(raw, keys))
        known = pd.Series(ids.to_numpy(), own).loc[lambda known: known.index != ""]
        owners = owners.where(owners != "", links.map(known[~known.index.duplicated()]).astype(object).fillna(""))
    return owners


def bare_id(id: str) -> str:
    """An id without the "uuid:" that some exports put before it."""
    return id.removeprefix("uuid:")


def bare(text: pd.Series) -> pd.Series:
    """Ids without the "uuid:" that some exports put before them."""
    return text.str.removeprefix("uuid:")


def column(sheet: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """The first of these columns that the sheet has; empty text when it has none."""
    for name in names:
        for place, header in enumerate(sheet.columns):
            # ODK Central writes "meta-instanceID".
            if name in (header, header.replace("-", "/")):
                return sheet.iloc[:, place].astype(object)
    return pd.Series("", sheet.index, dtype=object)


def _repeat_of(sheet: pd.DataFrame, form: Form) -> str:
    """The repeat whose questions most headers of the sheet ask; "" when none does."""
    counts = {repeat: sum(bool(form.find(header, repeat)) for header in sheet.columns) for repeat in REPEATS}
    best = max(counts, key=lambda repeat: counts[repeat])
    return best if counts[best] else ""
