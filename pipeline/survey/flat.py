"""From the sheets of an export to one flat shape: submissions, and the rows of the two repeats.

Every value is text under the name of its question; choices are names, several choices stand with a space between.
"""

from dataclasses import dataclass, field

import pandas as pd

from pipeline.survey import links, server
from pipeline.survey.answers import answers_of
from pipeline.survey.errors import ExportError
from pipeline.survey.locations import Locations
from pipeline.survey.names import REPEATS, Form

# Columns of a submission beside its answers. ``lacks`` names the questions and repeats that its export has no column or
# sheet for, and ``unfilled`` those of them that no earlier version has answered.
SYSTEM = ("id", "time", "edits", "replaces", "has_repeats", "version", "number", "review", "lacks", "unfilled")
# Pseudonyms that a submission keeps when its names are deleted.
KEPT = ("farm_id", "name_key", "phone_key", "content_key")
ENCRYPTED = ("base64EncryptedKey", "encryptedXmlFile")

Sheets = dict[str, pd.DataFrame]


@dataclass
class Flat:
    """Submissions with ``SYSTEM``, ``may_be_edit`` and questions; rows of repeats with ``version``; what was odd.

    ``lost`` counts rows that belong to no submission.
    """

    main: pd.DataFrame
    repeats: Sheets
    notes: list[str] = field(default_factory=list)
    lost: int = 0
    locations: Locations = field(default_factory=Locations)


def flatten(sheets: Sheets, form: Form) -> Flat:
    """The flat shape of an export. Raises ``ExportError`` when it has no submissions of this form, or encrypted ones.

    The index of each sheet is the number of the row in the file.
    """
    names = main_sheets(sheets, form)
    flat, mains, absent = Flat(pd.DataFrame(), {}), [sheets[name] for name in names], set[str]()
    parts = [_submissions(sheets[name], name, form, flat, absent) for name in names]
    main = _together(parts)
    ids = main.drop_duplicates("version").set_index("version")["id"]
    below: dict[str, list[pd.DataFrame]] = {name: [] for name in REPEATS}
    for name, sheet in sheets.items():
        repeat = "" if name in names else repeat_of(sheet, form)
        if repeat:
            below[repeat].append(_rows(sheet, name, repeat, (mains, ids), form, flat, absent))
    lacked = "".join(f" {name}" for name, rows in below.items() if not rows)
    main["lacks"] = (main["lacks"] + lacked).str.strip()
    if absent:
        flat.notes.append("pertanyaan tidak ada di ekspor / questions not in the export: " + ", ".join(sorted(absent)))
    main["has_repeats"] = "1" if any(below.values()) else "0"
    if nameless := int((main["id"] == "").sum()):
        flat.lost += nameless
        flat.notes.append(f"{nameless} baris tanpa nomor kiriman, tidak diambil / rows without an id, not taken")
    flat.main = main[main["id"] != ""].reset_index(drop=True)
    empty = pd.DataFrame({"version": []}, dtype=object)
    flat.repeats = {name: _together(rows) if rows else empty for name, rows in below.items()}
    return flat


def _submissions(raw: pd.DataFrame, sheet: str, form: Form, flat: Flat, absent: set[str]) -> pd.DataFrame:
    """The submissions of one sheet."""
    _refuse_encrypted(raw, sheet)
    answers, missing = answers_of(raw, form, "", sheet)
    absent.update(missing)
    main = server.identified(raw).assign(edits=server.column(raw, server.EDITS), review=server.reviews(raw))
    main["lacks"] = " ".join(sorted(missing))
    flat.locations.add(main["id"], sheet, "", raw, form)
    return pd.concat([main, answers], axis=1)


def _rows(
    sheet: pd.DataFrame,
    name: str,
    repeat: str,
    above: tuple[list[pd.DataFrame], pd.Series],
    form: Form,
    flat: Flat,
    absent: set[str],
) -> pd.DataFrame:
    """The rows of one sheet of a repeat that belong to a submission."""
    found, missing = answers_of(sheet, form, repeat, name)
    absent.update(missing)
    owners = links.owners(sheet, above[0])
    flat.locations.add(owners.map(above[1]).fillna(""), name, repeat, sheet, form)
    if orphans := int((owners == "").sum()):
        flat.lost += orphans
        rows = _listed(sheet.index[owners == ""])
        flat.notes.append(f"{orphans} baris tanpa kiriman induk / rows without their submission: {name}, {rows}")
    return pd.concat([owners.rename("version"), found], axis=1)[owners != ""]


def _listed(rows: pd.Index) -> str:
    return "baris/rows " + ", ".join(map(str, rows[:10])) + (", ..." if len(rows) > 10 else "")


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True).fillna("") if len(parts) > 1 else parts[0].reset_index(drop=True)


def main_sheets(sheets: Sheets, form: Form) -> list[str]:
    """Names of the sheets of submissions: they have an id, no parent, and questions of the form.

    Raises ``ExportError`` when there is none, or one without the question of consent.
    """
    parents = (*server.PARENT_KEYS, *server.PARENT_PLACES)
    ids = (*server.ROOTS, *server.OWN_KEYS)
    found = [name for name, sheet in sheets.items() if server.has(sheet, ids) and not server.has(sheet, parents)]
    asked = {name: {question.name for h in sheets[name].columns for question, _ in form.find(h, "")} for name in found}
    mains = [name for name in found if asked[name]]
    if not mains:
        raise ExportError("bukan ekspor KoboToolbox atau ODK Central / no export of KoboToolbox or ODK Central")
    for name in mains:
        if "consent" not in asked[name]:
            raise ExportError(
                "kolom persetujuan (consent) tidak ada; ekspor ulang dengan nama XML / "
                f"the column of consent is missing; export again with XML names: {name}"
            )
    return mains


def repeat_of(sheet: pd.DataFrame, form: Form) -> str:
    """The repeat whose questions most headers of a sheet with links to submissions ask; "" when none does."""
    if not server.has(sheet, (*server.PARENT_KEYS, *server.PARENT_PLACES)):
        return ""
    counts = {repeat: sum(bool(form.find(header, repeat)) for header in sheet.columns) for repeat in REPEATS}
    best = max(counts, key=lambda repeat: counts[repeat])
    return best if counts[best] else ""


def _refuse_encrypted(raw: pd.DataFrame, sheet: str) -> None:
    status = server.column(raw, server.STATUSES).str.casefold().str.replace(r"\W+", "", regex=True)
    closed = raw.index[(status == "notdecrypted") | (server.column(raw, ENCRYPTED) != "")]
    if len(closed):
        raise ExportError(
            f"{len(closed)} kiriman masih terenkripsi ({sheet}, mulai baris {closed[0]}); tidak ada yang diambil. "
            "Di ODK Central: unduh lagi dan isi frasa sandi kunci proyek (passphrase) / submissions are still "
            f"encrypted ({sheet}, from row {closed[0]}); nothing was taken. In ODK Central: download again and enter "
            "the passphrase of the project key"
        )
