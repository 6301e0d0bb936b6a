"""Simulated submissions of the plot survey, and the files that KoboToolbox and ODK Central make of them.

Nobody was asked: every name, number and place here is made up for tests.
"""

import csv
import io
import re
import secrets
import zipfile
from functools import cache
from typing import Any

import numpy as np
import openpyxl
from xlsform import form

Submission = dict[str, Any]
FORM = form()
ENGLISH, INDONESIAN = 0, 1
NAME, PHONE, REMARK = "farmer_name", "farmer_phone", "remarks"


def submission(number: int, **changes: Any) -> Submission:
    """A good simulated submission; repeats are lists under ``harvest`` and ``fertilizer``.

    An edit has another ``id`` in KoboToolbox, the id before it under ``deprecated``, and the same ``number``.
    """
    return {
        "id": f"5d9c{number:04x}-0000-4000-8000-{number:012x}",
        "number": str(1000 + number),
        "sent": "2026-11-20T08:30:00",
        "visit_date": "2026-11-19",
        "today": "2026-11-19",
        "enumerator": "P07",
        "consent": "yes",
        "farmer_name": f"Simulasi Petani {_letters(number)}",
        "farmer_phone": f"0812{5550000 + number}",
        "subdistrict": "karangan",
        "village": "karangan_dalam",
        "position": f"1.3{number % 10}412 117.7{number % 10}877 40 4.5",
        "area_unit": "ha",
        "area_value": "1.5",
        "area_mature_share_percent": "80",
        "tree_count": "1350",
        "spacing_row_m": "3.5",
        "spacing_tree_m": "3",
        "age_years": "12",
        "planting_material": "clone",
        "clone_names": "mcc01 s2",
        "shade": "light",
        "harvest_any": "yes",
        "harvest_complete": "yes",
        "fertilizer_used": "yes",
        "fertilizer_obstacle": "too_dear not_available",
        "pods_counted": "40",
        "pods_borer": "10",
        "pods_black_pod": "4",
        "trees_checked": "20",
        "trees_dieback": "1",
        "pruning": "2",
        "sanitation": "12",
        "weeding": "3",
        "harvest_interval_days": "14",
        "grafting": "none",
        "sleeving_share_percent": "5",
        "training": "field_school",
        "training_days": "3",
        "visits_12_months": "2",
        "weather_events": "long_rain",
        "weather_loss_percent": "10",
        "remarks": "",
        "harvest": [harvest("2025-11", "2026-04", "400"), harvest("2026-05", "2026-10", "1000", harvest_state="wet")],
        "fertilizer": [fertilizer("urea", "100")],
    } | changes


def _letters(number: int) -> str:
    return "".join("ABCDEFGHIJ"[int(digit)] for digit in str(number))


def harvest(start: str, end: str, value: str, **changes: str) -> dict[str, str]:
    """One period of harvest of dry beans, in kg."""
    return {
        "harvest_month_from": f"{start}-01",
        "harvest_month_to": f"{end}-01",
        "harvest_unit": "kg",
        "harvest_value": value,
        "harvest_state": "dry",
        "price_idr_per_kg": "60000",
        "price_state": "dry",
    } | changes


def fertilizer(kind: str, value: str, **changes: str) -> dict[str, str]:
    """One kind of fertilizer, in kg for the whole plot."""
    return {
        "fertilizer_kind": kind,
        "fertilizer_basis": "per_plot",
        "fertilizer_unit": "kg",
        "fertilizer_value": value,
        "fertilizer_price_idr": "9000",
        "fertilizer_subsidised": "no",
    } | changes


def person(number: int, **changes: str) -> tuple[dict, list[str]]:
    """A simulated submission with marks that cannot stand anywhere by chance, and these marks.

    Coordinates are also looked for with digits cut off, as a float would show them.
    """
    name, remark = f"Simulasi {secrets.token_hex(6)}", f"catatan {secrets.token_hex(8)}"
    phone = f"0813{secrets.randbelow(10**8):08}"
    # What is left of the digits when some are cut off still tells two people apart.
    digits = [f"{number % 10}{secrets.randbelow(10**6):06}" for _ in range(2)]
    latitude, longitude = f"1.3{digits[0]}", f"117.5{digits[1]}"
    marks = [name, name.split()[1], remark.split()[1], phone, phone[1:], latitude, longitude]
    marks += [latitude[:-2], longitude[:-2], repr(float(longitude)), repr(np.float32(longitude).item())[:9]]
    answers = {NAME: name, PHONE: phone, REMARK: remark, "position": f"{latitude} {longitude} 30.5 4.0"}
    answers |= {"office_contact": f"Kontak {name} {phone}", "village_other": remark, "deviceid": phone}
    return submission(number, **(answers | changes)), marks


def path_of(name: str, mark: str) -> str:
    """Name of a question behind its groups."""
    return mark.join([*FORM[name].groups, name])


@cache
def asked(repeat: str) -> list[str]:
    """Questions of the main sheet ("") or a repeat that an export has."""
    return [question.name for question in FORM.values() if question.repeat == repeat.upper()]


def shown(name: str, value: str, language: int | None) -> str:
    """A value as an export shows it: names, or the labels of choices."""
    choices = FORM[name].choices
    if language is None or not choices:
        return value
    return " ".join(choices[part][language] if part in choices else part for part in value.split(" ") if part)


def header(name: str, language: int | None, mark: str = "/") -> str:
    """A header: group path and name, or the label."""
    return path_of(name, mark) if language is None else FORM[name].labels[language] or name


def kobo_sheets(
    submissions: list[Submission], language: int | None = None, is_split: bool = True
) -> dict[str, list[list[str]]]:
    """The sheets of a KoboToolbox export, header first; with ``is_split`` also a column for every multiple choice."""
    names = asked("")
    head = [header(name, language) for name in names]
    multiple = [q for q in FORM.values() if q.is_multiple] if is_split else []
    for question in multiple:
        for choice, labels in question.choices.items():
            text = choice if language is None else labels[language]
            head.append(f"{header(question.name, language)}/{text}")
    head += ["_id", "_uuid", "_submission_time", "meta/deprecatedID", "__version__", "_index"]
    main, sheets = [head], {}
    for place, answers in enumerate(submissions, 1):
        row = [shown(name, answers.get(name, ""), language) for name in names]
        for question in multiple:
            chosen = answers.get(question.name, "").split()
            row += [str(int(choice in chosen)) for choice in question.choices]
        deprecated = answers.get("deprecated", "")
        main.append([*row, answers["number"], answers["id"], answers["sent"], deprecated, "vSim1", str(place)])
    sheets["plot_visit"] = main
    for repeat in ("harvest", "fertilizer"):
        below = asked(repeat)
        rows = [[*(header(name, language) for name in below), "_index", "_parent_index", "_submission__uuid"]]
        for place, answers in enumerate(submissions, 1):
            for part in answers.get(repeat, []):
                values = [shown(name, part.get(name, ""), language) for name in below]
                rows.append([*values, str(len(rows)), str(place), answers["id"]])
        sheets[repeat.upper()] = rows
    return sheets


def csv_bytes(rows: list[list[str]], mark: str = ",", end: str = "\r\n", start: str = "") -> bytes:
    """Rows as a CSV file; ``start`` may be a byte order mark."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=mark, lineterminator=end).writerows(rows)
    return (start + text.getvalue()).encode()


def kobo_xlsx(submissions: list[Submission], language: int | None = None, is_typed: bool = True) -> bytes:
    """A KoboToolbox workbook; with ``is_typed`` numbers are numbers."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in kobo_sheets(submissions, language).items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([_typed(value) if is_typed else value for value in row])
        for row in sheet.iter_rows():
            for cell in row:
                # What a farmer's answer begins with makes no formula of it.
                cell.data_type = "s" if cell.data_type == "f" else cell.data_type
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


def _typed(value: str) -> Any:
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        return value or None


def with_column(rows: list[list[str]], header: str, values: list[str]) -> list[list[str]]:
    """A sheet with one more column, as a server adds it behind the others."""
    return [[*row, value] for row, value in zip(rows, [header, *values], strict=True)]


def with_mark(sheets: dict[str, list[list[str]]], mark: str) -> dict[str, list[list[str]]]:
    """Sheets of KoboToolbox with another mark between groups, which people choose when they export."""
    return {name: [[text.replace("/", mark) for text in rows[0]], *rows[1:]] for name, rows in sheets.items()}


def saved_again(rows: list[list[str]], order: str) -> list[list[str]]:
    """A sheet whose dates a spreadsheet wrote anew in an order such as "{month}/{day}/{year}"."""

    def written(text: str) -> str:
        found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):\d\d)?", text)
        if not found:
            return text
        day = order.format(year=found[1], month=int(found[2]), day=int(found[3]))
        return f"{day} {int(found[4])}:{found[5]}" if found[4] else day

    return [[written(text) for text in row] for row in rows]


def members_of(data: bytes) -> dict[str, bytes]:
    """Members of a ZIP file by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def csv_zip(sheets: dict[str, list[list[str]]]) -> bytes:
    """Sheets as CSV files of a ZIP."""
    return zipped({f"{name}.csv": csv_bytes(rows) for name, rows in sheets.items()})


def xlsx_bytes(sheets: dict[str, list[list[str]]]) -> bytes:
    """Sheets as a workbook of text."""
    book, memory = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([value or None for value in row])
    book.save(memory)
    return memory.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    """A ZIP file of members by name."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return memory.getvalue()


def kobo_zip(submissions: list[Submission], language: int | None = None, mark: str = ",") -> bytes:
    """The sheets of a KoboToolbox export, saved one by one as CSV and put into a ZIP file."""
    return zipped({f"{name}.csv": csv_bytes(rows, mark) for name, rows in kobo_sheets(submissions, language).items()})


def odk_zip(submissions: list[Submission], media: dict[str, bytes] | None = None) -> bytes:
    """An export of ODK Central: groups set off by "-", a place in four columns, split choices, one CSV per repeat."""
    names = [name for name in asked("") if name != "position"]
    head = ["SubmissionDate", *(path_of(name, "-") for name in names)]
    head += [f"{path_of('position', '-')}-{part}" for part in ("Latitude", "Longitude", "Altitude", "Accuracy")]
    for question in FORM.values():
        head += [f"{path_of(question.name, '-')}/{name}" for name in question.choices] if question.is_multiple else []
    head += ["meta-instanceID", "KEY", "SubmitterID", "Status", "ReviewState", "DeviceID", "Edits", "FormVersion"]
    main = [head]
    for answers in submissions:
        row = [answers["sent"] and answers["sent"] + ".000Z", *(answers.get(name, "") for name in names)]
        row += [*answers.get("position", "").split(), "", "", "", ""][:4]
        for question in FORM.values():
            chosen = answers.get(question.name, "").split() if question.is_multiple else []
            row += [str(int(name in chosen)) for name in question.choices] if question.is_multiple else []
        key = f"uuid:{answers['id']}"
        told = [answers.get(name, "") for name in ("status", "review", "deviceid")]
        main.append([*row, key, key, "12", *told, answers.get("edits", "0"), "1"])
    members = {"plot_visit.csv": csv_bytes(main, end="\n")}
    for repeat in ("harvest", "fertilizer"):
        rows = [[*asked(repeat), "PARENT_KEY", "KEY"]]
        for answers in submissions:
            for place, part in enumerate(answers.get(repeat, []), 1):
                key = f"uuid:{answers['id']}"
                rows.append([*(part.get(n, "") for n in asked(repeat)), key, f"{key}/{repeat.upper()}[{place}]"])
        members[f"plot_visit-{repeat.upper()}.csv"] = csv_bytes(rows, end="\n")
    return zipped(members | {f"media/{name}": data for name, data in (media or {}).items()})
