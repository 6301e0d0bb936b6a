"""Exports as servers, spreadsheets and computers really write them: read right, or refused with the place in words."""

import io
import re
import zipfile

import openpyxl
import pytest
from survey_exports import (
    INDONESIAN,
    csv_bytes,
    csv_zip,
    kobo_sheets,
    kobo_xlsx,
    kobo_zip,
    members_of,
    odk_zip,
    saved_again,
    submission,
    with_column,
    with_mark,
    xlsx_bytes,
    zipped,
)
from survey_folder import Folder

from pipeline.survey import privacy

pytestmark = pytest.mark.slow

SIX = [submission(number) for number in range(1, 7)]
LATER = [submission(number, village="batu_lepoq") for number in range(11, 17)]


def both(first: str, second: str) -> dict[str, list[list[str]]]:
    """Two exports of KoboToolbox side by side; their rows count from one in both."""
    parts = ((first, kobo_sheets(SIX)), (second, kobo_sheets(LATER)))
    return {text.format(name): rows for text, part in parts for name, rows in part.items()}


TWO = {
    "two versions in a workbook": ("a.xlsx", xlsx_bytes(both("{}", "{}_v2"))),
    "two months, other names": ("a.zip", csv_zip(both("{}_jan", "{}_feb"))),
    "two months, the same names in two folders": ("a.zip", csv_zip(both("jan/{}", "feb/{}"))),
}


@pytest.mark.parametrize("name", TWO)
def test_two_tables_of_submissions_in_one_file_are_both_read(folder: Folder, name) -> None:
    assert folder.take_in(TWO[name]) == 0
    plots = folder.plots
    assert len(plots) == 12
    assert sorted(plots["village"].value_counts()) == [6, 6]
    # Each harvest and each fertilizer went to its own plot.
    assert plots["yield_kg_per_ha"].round(6).nunique() == 1
    assert plots["n_kg_per_ha"].notna().all()


def test_harvests_follow_their_ids_where_a_sorted_sheet_gives_other_places(folder: Folder) -> None:
    small, large = submission(1), submission(2, area_value="3", tree_count="2700")
    sheets = kobo_sheets([small, large])
    place = sheets["plot_visit"][0].index("_index")
    for row, index in zip(sheets["plot_visit"][1:], ("2", "1"), strict=True):
        row[place] = index
    assert folder.take_in(("a.xlsx", xlsx_bytes(sheets))) == 0
    assert sorted((folder.plots["yield_kg_per_ha"] * folder.plots["area_ha"]).round(3)) == [937.5, 937.5]


def test_rows_linked_by_place_to_one_of_two_tables_are_refused(folder: Folder, capsys) -> None:
    sheets = both("{}", "{}_v2")
    for name, rows in sheets.items():
        if name.startswith("HARVEST"):
            place = rows[0].index("_submission__uuid")
            sheets[name] = [[text for i, text in enumerate(row) if i != place] for row in rows]
    assert folder.take_in(("a.xlsx", xlsx_bytes(sheets))) == 2
    assert "masukkan setiap ekspor sendiri" in capsys.readouterr().err
    assert not privacy.plots().exists()


def test_a_sheet_of_submissions_whose_consent_has_another_name_is_refused(folder: Folder, capsys) -> None:
    sheets = both("{}", "{}_v2")
    sheets["plot_visit_v2"][0] = [text.replace("consent", "agreement") for text in sheets["plot_visit_v2"][0]]
    assert folder.take_in(("a.xlsx", xlsx_bytes(sheets))) == 2
    assert "plot_visit_v2" in capsys.readouterr().err


def test_what_macos_adds_to_a_zip_is_no_table(folder: Folder) -> None:
    extra = {f"__MACOSX/._{name}": b"\x00\x05\x16\x07\x00" for name in ("plot_visit.csv", "HARVEST.csv")}
    extra |= {".DS_Store": b"\x00\x00", "._plot_visit.csv": b"\x00\x05\x16\x07\x00"}
    assert folder.take_in(("a.zip", zipped(members_of(kobo_zip(SIX)) | extra))) == 0
    assert len(folder.plots) == 6


@pytest.mark.parametrize("is_grouped", [True, False])
def test_a_place_in_four_columns_is_a_place(folder: Folder, is_grouped) -> None:
    near = [answers | {"position": "1.31412 117.71877 40 4.5"} for answers in SIX]
    files = members_of(odk_zip(near))
    if not is_grouped:
        files["plot_visit.csv"] = files["plot_visit.csv"].replace(b"FARM-position-", b"position-")
    assert folder.take_in(("a.zip", zipped(files))) == 0
    assert set(folder.plots["latitude"]) == {1.325}
    assert set(folder.plots["longitude"]) == {117.725}
    assert b"1.31412 117.71877 40 4.5" in folder.files()["survey/private/store.zip:main.csv"]


@pytest.mark.parametrize("mark", [".", "|", "::", " > ", "-"])
@pytest.mark.parametrize("is_split_only", [True, False])
def test_any_mark_between_groups_is_read(folder: Folder, mark, is_split_only) -> None:
    sheets = kobo_sheets(SIX)
    if is_split_only:
        sheets["plot_visit"] = without(sheets["plot_visit"], r"/(clone_names|fertilizer_obstacle|training)$")
    assert folder.take_in(("a.xlsx", xlsx_bytes(with_mark(sheets, mark)))) == 0
    plots = folder.plots
    assert set(plots["obstacles"]) == {"not_available;too_dear"}
    assert set(plots["training"]) == {"field_school"}
    assert plots["yield_kg_per_ha"].notna().all()


def without(rows: list[list[str]], pattern: str) -> list[list[str]]:
    """A sheet without the columns whose header has a pattern."""
    kept = [place for place, text in enumerate(rows[0]) if not re.search(pattern, text)]
    return [[row[place] for place in kept] for row in rows]


def ticked(yes: str, no: str) -> bytes:
    """Single choices only, with the words of a spreadsheet for a tick."""
    sheets = kobo_sheets(SIX)
    rows = without(sheets["plot_visit"], r"/(clone_names|fertilizer_obstacle|training|weather_events)$")
    single = [place for place, text in enumerate(rows[0]) if text.count("/") == 2]
    for row in rows[1:]:
        for place in single:
            row[place] = yes if row[place] == "1" else no
    return csv_zip(sheets | {"plot_visit": rows})


@pytest.mark.parametrize(("yes", "no"), [("BENAR", "SALAH"), ("TRUE", "FALSE"), ("1", ""), ("1.0", "0.0")])
def test_ticks_in_the_words_of_a_spreadsheet_are_ticks(folder: Folder, yes, no) -> None:
    assert folder.take_in(("a.zip", ticked(yes, no))) == 0
    assert set(folder.plots["obstacles"]) == {"not_available;too_dear"}
    assert set(folder.plots["training"]) == {"field_school"}


def test_other_words_for_a_tick_are_refused_with_their_place(folder: Folder, capsys) -> None:
    assert folder.take_in(("a.zip", ticked("VERO", "FALSO"))) == 2
    shown = capsys.readouterr().err
    assert "plot_visit, row 2, column PLOT/clone_names/s1" in shown
    report = (privacy.private() / "reports" / "report.txt").read_text(encoding="utf-8")
    assert "'FALSO'" in report
    assert not privacy.plots().exists()


# Dates that a spreadsheet wrote anew.

ORDERS = {
    "month first": "{month}/{day}/{year}",
    "day first": "{day}/{month}/{year}",
    "dots": "{day:02}.{month:02}.{year}",
}
DATED = [
    answers | {"visit_date": f"2026-11-{3 + n:02}", "today": f"2026-11-{3 + n:02}"} for n, answers in enumerate(SIX)
]


def rewritten(submissions: list[dict], order: str) -> bytes:
    return csv_zip({name: saved_again(rows, order) for name, rows in kobo_sheets(submissions).items()})


@pytest.mark.parametrize("order", ORDERS)
def test_dates_of_a_file_are_read_in_the_order_that_the_file_shows(folder: Folder, order) -> None:
    assert folder.take_in(("a.zip", rewritten(DATED, ORDERS[order]))) == 0
    plots = folder.plots
    assert set(plots["visit_date"]) == {"2026-11"}
    assert plots["yield_kg_per_ha"].notna().all()
    assert b"2026-11-20T08:30:00Z" in folder.files()["survey/private/store.zip:main.csv"]


def test_months_alone_show_the_order(folder: Folder) -> None:
    early = [answers | {"sent": "2026-11-10T08:30:00"} for answers in DATED]
    assert folder.take_in(("a.zip", rewritten(early, ORDERS["month first"]))) == 0
    assert set(folder.plots["visit_date"]) == {"2026-11"}


def test_dates_with_two_readings_and_no_sign_of_the_order_are_set_aside(folder: Folder) -> None:
    open_dates = [answers | {"sent": "2026-11-10T08:30:00", "harvest": []} for answers in DATED]
    assert folder.take_in(("a.zip", rewritten(open_dates, ORDERS["month first"]))) == 1
    assert not privacy.plots().exists()
    told = folder.set_aside[folder.set_aside["question"] == "visit_date"]
    assert "11/3/2026" in set(told["value"])
    assert "can be read with the day or the month first" in " ".join(told["reason_en"])


def test_dates_in_two_orders_are_refused_with_both_places(folder: Folder, capsys) -> None:
    sheets = kobo_sheets(DATED)
    mixed = {"plot_visit": saved_again(sheets["plot_visit"], ORDERS["month first"])}
    mixed["HARVEST"] = saved_again(sheets["HARVEST"], ORDERS["day first"])
    assert folder.take_in(("a.zip", csv_zip(sheets | mixed))) == 2
    shown = capsys.readouterr().err
    assert "HARVEST, baris/row 2, HARVEST/harvest_month_from" in shown
    assert "plot_visit, baris/row 2, _submission_time" in shown


# Review on the server.

KOBO_STATES = {"validation_status_not_approved": "rejected", "Not Approved": "rejected", "On Hold": "hold"}
ODK_STATES = {"rejected": "rejected", "hasIssues": "hold"}


def kobo_reviewed(state: str) -> tuple[str, bytes]:
    sheets = kobo_sheets(SIX)
    states = [state if n < 2 else "validation_status_approved" for n in range(6)]
    return "a.xlsx", xlsx_bytes(
        sheets | {"plot_visit": with_column(sheets["plot_visit"], "_validation_status", states)}
    )


def odk_reviewed(state: str) -> tuple[str, bytes]:
    return "a.zip", odk_zip([a | {"review": state if n < 2 else "approved"} for n, a in enumerate(SIX)])


@pytest.mark.parametrize("is_stored", [False, True])
@pytest.mark.parametrize(
    ("file", "state"),
    [(kobo_reviewed(word), state) for word, state in KOBO_STATES.items()]
    + [(odk_reviewed(word), state) for word, state in ODK_STATES.items()],
)
def test_what_review_holds_back_does_not_count_and_is_not_destroyed(folder: Folder, file, state, is_stored) -> None:
    plain = ("plain.zip", odk_zip(SIX) if file[0].endswith("zip") else kobo_zip(SIX))
    if is_stored:
        assert folder.take_in(plain) == 0
    assert folder.take_in(file) == 1
    assert len(folder.plots) == 4
    told = folder.set_aside
    assert set(told["id"]) == {answers["id"] for answers in SIX[:2]}
    assert all(("rejected" if state == "rejected" else "on hold") in reason for reason in told["reason_en"])
    # The answers are still there, and an export that says nothing of review, such as an older one, changes nothing.
    assert folder.where([SIX[0]["farmer_name"]], "survey/private")
    assert folder.take_in(plain) == 1
    assert len(folder.plots) == 4
    approved = kobo_reviewed("Approved") if file[0].endswith("xlsx") else odk_reviewed("approved")
    assert folder.take_in(approved) == 0
    assert len(folder.plots) == 6


# Workbooks that are mostly emptiness.


def with_cell(place: str, value: str) -> bytes:
    """A workbook with one more cell far away, as scrolling and a stray key leave it."""
    files = members_of(kobo_xlsx(SIX))
    name = "xl/worksheets/sheet1.xml"
    row = re.sub(r"\D", "", place)
    cell = f'<row r="{row}"><c r="{place}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c></row>'
    files[name] = files[name].replace(b"</sheetData>", cell.encode() + b"</sheetData>")
    return zipped(files)


@pytest.mark.parametrize("place", ["XFD1048576", "A1048576", "XFD40000"])
def test_a_stray_cell_far_away_is_named_and_exhausts_no_memory(folder: Folder, capsys, place) -> None:
    assert folder.take_in(("a.xlsx", with_cell(place, " "))) == 2
    assert f"cell {place} lies far from the table" in capsys.readouterr().err


def test_a_stray_cell_not_far_away_hinders_nothing(folder: Folder) -> None:
    assert folder.take_in(("a.xlsx", with_cell("A2000", " "))) == 0
    assert len(folder.plots) == 6


# The same visit again.


def test_the_same_visits_sent_three_times_count_once_and_real_revisits_count(folder: Folder) -> None:
    copies = [a | {"id": submission(100 * turn + n)["id"]} for turn in (1, 2) for n, a in enumerate(SIX)]
    revisits = [
        a | {"id": submission(300 + n)["id"], "visit_date": "2026-11-12", "pods_borer": "11"} for n, a in enumerate(SIX)
    ]
    assert folder.take_in(("a.xlsx", kobo_xlsx([*SIX, *copies]))) == 1
    assert len(folder.plots) == 6
    assert set(folder.set_aside["reason_en"]) == {
        "was sent again under another id with the same answers; only the first counts"
    }
    assert folder.take_in(("b.xlsx", kobo_xlsx(revisits))) == 0
    assert len(folder.plots) == 12
    assert folder.plots["farm_id"].nunique() == 6


# Where a problem stands.


@pytest.mark.parametrize("language", [None, INDONESIAN])
def test_a_problem_is_told_with_file_sheet_row_and_column(folder: Folder, language) -> None:
    bad = submission(7, age_years="99")
    late = submission(8, harvest=[{"harvest_month_from": "2026-10-01", "harvest_month_to": "2026-03-01"}])
    files = [("a.xlsx", kobo_xlsx(SIX)), ("b.xlsx", kobo_xlsx([*SIX[:3], bad, late], language))]
    assert folder.take_in(*files) == 1
    told = folder.set_aside.set_index("question")
    age = told.loc["age_years"]
    assert age["file"].startswith("2: ")
    assert (age["sheet"], age["row"], age["value"]) == ("plot_visit", "5", "99")
    assert age["column"] == ("PLOT/age_years" if language is None else "Umur pohon (tahun)")
    month = told.loc["harvest_month_to"]
    assert (month["sheet"], month["row"]) == ("HARVEST", "10")
    report = (privacy.private() / "reports" / "report.txt").read_text(encoding="utf-8")
    assert f"plot_visit, baris/row 5, {age['column']}" in report


def test_rows_are_counted_as_a_spreadsheet_shows_them(folder: Folder) -> None:
    rows = kobo_sheets([submission(1), submission(2, age_years="99")])["plot_visit"]
    gap = [""] * len(rows[0])
    for name, data in (("a.csv", csv_bytes([*rows[:2], gap, gap, rows[2]])), ("b.xlsx", gapped(rows))):
        assert folder.take_in((name, data)) == 1
        assert set(folder.set_aside.loc[folder.set_aside["question"] == "age_years", "row"]) == {"5"}


def gapped(rows: list[list[str]]) -> bytes:
    book, memory = openpyxl.Workbook(), io.BytesIO()
    for place, row in zip((1, 2, 5), rows, strict=True):
        for column, text in enumerate(row, 1):
            book.active.cell(place, column, text or None)
    book.save(memory)
    return memory.getvalue()


def test_the_simulated_workbook_is_a_workbook() -> None:
    with zipfile.ZipFile(io.BytesIO(with_cell("A9", "x"))) as archive:
        assert archive.testzip() is None
    assert openpyxl.load_workbook(io.BytesIO(with_cell("A9", "x")))["plot_visit"]["A9"].value == "x"
