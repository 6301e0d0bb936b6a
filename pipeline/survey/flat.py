"""From the sheets of an export to one flat shape: submissions, and the rows of the two repeats.

Every value is text under the name of its question; choices are names, several choices stand with a space between.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipeline.survey import server
from pipeline.survey.privacy import ExportError
from pipeline.survey.questions import PLACE_PARTS, REPEATS, Field, Form, plain

# What spreadsheets make of the ticks of single choices when they are saved again, in the languages seen here.
TICKED, UNTICKED = ("1", "1.0", "true", "benar"), ("", "0", "0.0", "false", "salah")


def answers_of(sheet: pd.DataFrame, form: Form, repeat: str, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Columns of the sheet under the names of their questions, and the questions that it lacks.

    ``name`` of the sheet and its index, the number of the row, are told in an ``ExportError`` for a header that fits
    two questions or a column of one choice that holds something else than ticks.
    """
    whole: dict[str, pd.Series] = {}
    split: dict[str, list[tuple[str, pd.Series]]] = {}
    places: dict[str, dict[str, pd.Series]] = {}
    for place, header in enumerate(sheet.columns):
        found = form.find(header, repeat)
        if len({question.name for question, _ in found}) > 1:
            names = ", ".join(question.name for question, _ in found)
            raise ExportError(
                "judul kolom berlaku untuk dua pertanyaan, ekspor ulang dengan nama XML / "
                f"a header fits two questions, export again with XML names: {names}"
            )
        for question, choice in found[:1]:
            values = sheet.iloc[:, place].astype(object)
            if choice in PLACE_PARTS:
                places.setdefault(question.name, {})[choice] = values
            elif choice:
                _check_ticks(values, name, header)
                split.setdefault(question.name, []).append((choice, values))
            else:
                # Two versions of a form leave two columns for one question; each row has its answer in one.
                earlier = whole.get(question.name)
                whole[question.name] = values if earlier is None else earlier.where(earlier != "", values)
    answers = {name: _choices(values, form.by_name[name]) for name, values in whole.items()}
    for name, columns in split.items():
        joined = _join(columns)
        # The one column that holds all choices also holds what is no choice of the form.
        answers[name] = answers[name].where(answers[name] != "", joined) if name in answers else joined
    for question_name, parts in places.items():
        answers[question_name] = _place(parts, answers.get(question_name))
    asked = [question.name for question in form.questions if question.repeat == repeat]
    return pd.DataFrame(answers, index=sheet.index, dtype=object), [name for name in asked if name not in answers]


def _join(columns: list[tuple[str, pd.Series]]) -> pd.Series:
    """Columns of single choices, ticked or not, as one text of chosen names."""
    text = pd.Series("", columns[0][1].index, dtype=object)
    for name, values in columns:
        text = text + values.str.casefold().isin(TICKED).map({True: f" {name}", False: ""})
    return text.str.strip()


def _place(parts: dict[str, pd.Series], whole: pd.Series | None) -> pd.Series:
    """Columns of a place as one text, as phones write it; ``whole`` is the same text where the export has it."""
    empty = pd.Series("", next(iter(parts.values())).index, dtype=object)
    ordered = [parts.get(name, empty) for name in PLACE_PARTS]
    text = (ordered[0] + " " + ordered[1] + " " + ordered[2] + " " + ordered[3]).str.strip()
    text = text.where((ordered[0] != "") & (ordered[1] != ""), "")
    return text if whole is None else whole.where(whole != "", text)


def _check_ticks(values: pd.Series, sheet: str, header: str) -> None:
    """Refuse a column of one choice with anything but ticks: read as not ticked it would be wrong and silent."""
    wrong = values[~values.str.casefold().isin((*TICKED, *UNTICKED))]
    if len(wrong):
        raise ExportError(
            f"{sheet}, baris {wrong.index[0]}, kolom {header}: bukan 1 atau 0; ekspor ulang / "
            f"{sheet}, row {wrong.index[0]}, column {header}: is not 1 or 0; export again",
            wrong.iloc[0],
        )


def _choices(values: pd.Series, question: Field) -> pd.Series:
    """Choices as names; text that is no choice of the question stays as it is."""
    if not question.choices:
        return values
    read = {
        value: _several(value, question) if question.is_multiple else _one(value, question) for value in set(values)
    }
    return values.map(read)


def _one(value: str, question: Field) -> str:
    return question.choice_names.get(plain(value), value)


def _several(value: str, question: Field) -> str:
    """Names for a text of names or of labels, which may hold spaces themselves; longer labels are looked for first."""
    rest, found = plain(value), []
    labels = sorted(question.choice_names, key=len, reverse=True)
    while rest:
        label = next((label for label in labels if re.match(re.escape(label) + r"(?:[ ,;]|$)", rest)), None)
        if label is None:
            return value
        found.append(question.choice_names[label])
        rest = rest[len(label) :].lstrip(" ,;")
    return " ".join(found)


WHERE = ("file", "sheet", "row", "column")


@dataclass
class Locations:
    """Rows of submissions by file, sheet and row, and the headers of questions by file and sheet."""

    rows: list[pd.DataFrame] = field(default_factory=list)
    headers: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def add(self, owners: pd.Series, sheet: str, repeat: str, raw: pd.DataFrame, form: Form) -> None:
        """Note the rows of a sheet, whose index is the number of the row, with the submission each belongs to."""
        rows = {"owner": owners, "repeat": repeat, "sheet": sheet, "row": raw.index.astype(str), "file": ""}
        self.rows.append(pd.DataFrame(rows, dtype=object))
        for header in raw.columns:
            for question, _ in form.find(header, repeat)[:1]:
                self.headers.setdefault(("", sheet, question.name), header)

    def of_file(self, file: str) -> "Locations":
        """The same, under the name of their file."""
        headers = {(file, sheet, question): header for (_, sheet, question), header in self.headers.items()}
        return Locations([rows.assign(file=file) for rows in self.rows], headers)


def located(problems: pd.DataFrame, files: Sequence[Locations], form: Form) -> pd.DataFrame:
    """Problems with the columns ``WHERE``, empty for submissions that none of the files holds.

    Several rows of a repeat are told together, for the problem may lie in any of them.
    """
    rows = [rows for file in files for rows in file.rows]
    headers = {place: header for file in files for place, header in file.headers.items()}
    if not rows or problems.empty:
        return problems.assign(**dict.fromkeys(WHERE, ""))
    asked = {question.name: question.repeat for question in form.questions}
    wanted = problems[["id", "question"]].drop_duplicates()
    wanted = wanted.assign(repeat=wanted["question"].map(asked).fillna(""))
    owned = pd.concat(rows)
    owned = owned[owned["owner"].isin(set(wanted["id"]))]
    found = wanted.merge(owned, left_on=["id", "repeat"], right_on=["owner", "repeat"])
    # The last file is the newest.
    found = found[found["file"] == found.groupby(["id", "question"])["file"].transform("last")]
    found = found.groupby(["id", "question"], sort=False).agg(
        file=("file", "last"), sheet=("sheet", "last"), row=("row", ", ".join)
    )
    found = found.reset_index()
    keys = found[["file", "sheet", "question"]].itertuples(index=False, name=None)
    found["column"] = [headers.get(key, key[2]) for key in keys]
    placed = problems.merge(found, how="left", on=["id", "question"])
    placed[list(WHERE)] = placed[list(WHERE)].astype(object).fillna("")
    return placed


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
    owners = server.owners(sheet, above[0])
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
