"""Exports of every kind give the same plots, what cannot be right is set aside, importing twice adds nothing."""

import io
import os
from dataclasses import replace
from datetime import date
from functools import cached_property

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from survey_exports import (
    ENGLISH,
    INDONESIAN,
    csv_bytes,
    fertilizer,
    harvest,
    kobo_sheets,
    kobo_xlsx,
    kobo_zip,
    odk_zip,
    submission,
    with_column,
    xlsx_bytes,
    zipped,
)

from pipeline.params import load_params
from pipeline.survey import numbers, privacy, versions
from pipeline.survey import store as stores
from pipeline.survey.exports import read_sheets
from pipeline.survey.flat import flatten
from pipeline.survey.numbers import readings, to_days, to_moments, to_months, to_numbers
from pipeline.survey.plot_records import derive
from pipeline.survey.questions import Form, load_form

pytestmark = pytest.mark.slow

SALT = b"simulated"
FORM = load_form()
SIX = [submission(number) for number in range(6)]
EXPORTS = {
    "ODK Central": ("a.zip", odk_zip(SIX)),
    "Kobo, names": ("a.zip", kobo_zip(SIX)),
    "Kobo, English labels": ("a.zip", kobo_zip(SIX, ENGLISH)),
    "Kobo, Indonesian labels, semicolons": ("a.zip", kobo_zip(SIX, INDONESIAN, ";")),
    "workbook, names": ("a.xlsx", kobo_xlsx(SIX)),
    "workbook, Indonesian labels": ("a.xlsx", kobo_xlsx(SIX, INDONESIAN)),
    "workbook, English labels, all text": ("a.xlsx", kobo_xlsx(SIX, ENGLISH, is_typed=False)),
}


def derived(*submissions):
    flat = flatten(read_sheets(kobo_zip(list(submissions))), FORM)
    store = versions.merged(stores.empty(FORM), flat, FORM, SALT)
    return derive(store, FORM, load_params().survey, SALT, date(2026, 11, 24))


class Batch:
    """Submissions whose records and problems are computed once for many tests."""

    def __init__(self) -> None:
        self.submissions = []

    def add(self, **changes) -> str:
        """Add a good submission with changes; returns its id."""
        self.submissions.append(submission(100 + len(self.submissions), **changes))
        return self.submissions[-1]["id"]

    @cached_property
    def result(self):
        """All records and problems."""
        return derived(*self.submissions)

    def row(self, id: str) -> pd.Series:
        """The record of a submission."""
        return self.result.records.set_index("id").loc[id]

    def problems(self, id: str) -> set[tuple[str, str]]:
        """Questions and codes of the problems of a submission."""
        found = self.result.problems
        found = found[found["id"] == id]
        return set(zip(found["question"], found["code"], strict=True))


BATCH = Batch()


def year(start: str = "2025-11", **changes) -> str:
    """Add a submission whose harvests, from ``start`` with changes, cover a year; returns its id."""
    first = [] if start == "2025-11" else [harvest("2025-11", "2026-04", "400")]
    return BATCH.add(harvest=[*first, harvest(start, "2026-10", "9", **changes)])


# Reading.


@pytest.mark.parametrize("name", EXPORTS)
def test_every_kind_of_export_gives_the_same_plots(folder, name) -> None:
    assert folder.take_in(EXPORTS[name]) == 0
    plots = folder.plots
    assert len(plots) == 6
    row = plots.iloc[0]
    # 400 kg dry and 1,000 kg wet at 0.35 on 1.5 ha of which 80 % bears.
    assert row["yield_kg_per_ha"] == pytest.approx((400 + 0.35 * 1000) / (1.5 * 0.8))
    assert row["n_kg_per_ha"] == pytest.approx(100 * 0.46 / 1.5)
    assert (row["obstacles"], row["training"]) == ("not_available;too_dear", "field_school")
    assert (row["area_ha"], row["trees_per_ha"], row["share_pods_borer"]) == (1.5, 900, 0.25)
    assert (row["village"], row["visit_date"], row["warnings"]) == ("karangan_dalam", "2026-11", "wet_beans_converted")


def test_headers_without_groups_split_columns_alone_and_untidy_files(folder) -> None:
    sheets = kobo_sheets(SIX)
    main = sheets["plot_visit"]
    keep = [place for place, text in enumerate(main[0]) if not text.endswith(("fertilizer_obstacle", "clone_names"))]
    main = [[row[place] for place in keep] + ["", ""] for row in main] + [[""] * (len(keep) + 2)] * 3
    main[0] = [text if "fertilizer_obstacle/" in text else text.split("/")[-1] for text in main[0]]
    main[0] = ["meta/deprecatedID" if text == "deprecatedID" else text for text in main[0]]
    data = zipped({"m.csv": csv_bytes(main, ";", "\r\n", "\ufeff"), "HARVEST.csv": csv_bytes(sheets["HARVEST"], "\t")})
    assert folder.take_in(("a.zip", data)) == 0
    assert set(folder.plots["obstacles"]) == {"not_available;too_dear"}
    # Without the sheet of fertilizers their amounts are unknown, not zero.
    assert folder.plots["n_kg_per_ha"].isna().all()
    assert set(folder.plots["warnings"]) == {"fertilizer_rows_missing;wet_beans_converted"}


def test_a_label_that_fits_two_questions_is_refused(monkeypatch) -> None:
    twins = tuple(
        replace(question, labels=("Same", "Sama")) if question.name in ("pruning", "weeding") else question
        for question in FORM.questions
    )
    sheets = {"m": pd.DataFrame({"_uuid": ["a"], "consent": ["yes"], "Sama": ["1"]}, dtype=object)}
    with pytest.raises(ValueError, match="pruning, weeding"):
        flatten(sheets, replace(FORM, questions=twins))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "kosong"),
        (b"  \r\n \n", "kosong"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "halaman web"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600, "sandi"),
        (b"PK\x03\x04 not really", "rusak"),
        (zipped({"../../plot_visit.csv": b"KEY,consent\na,yes\n"}), "jalur berbahaya"),
        (zipped({"C:\\x.csv": b"KEY,consent\na,yes\n"}), "jalur berbahaya"),
        (zipped({"photo.jpg": b"x"}), "tidak ada CSV"),
        (b"KEY,consent\n", "tidak ada baris"),
        (b"name,consent\nx,yes\n", "bukan ekspor"),
        (b"KEY,area_value\na,1\n", "consent"),
        (b'KEY,consent\n"a,yes\n', "tidak"),
        (b"KEY,consent\na,yes\nb,yes,1,2,3\n", "sama panjang"),
        (b"\x00\x01\x02\x03" * 9, "teks"),
    ],
)
def test_what_is_no_export_is_refused_in_words_and_leaves_nothing(folder, capsys, data, words) -> None:
    assert folder.take_in(("x.csv", data)) == 2
    assert words in capsys.readouterr().err
    assert not privacy.plots().exists()
    assert set(folder.files()) <= {
        "survey/private/lock",
        "survey/private/salt",
        "survey/private/store.zip",
        *(f"survey/private/store.zip:{n}.csv" for n in ("main", "harvest", "fertilizer")),
        *(f"survey/private/store.zip:{n}.csv" for n in ("replaced", "forgotten", "expired", "facts")),
        "survey/private/set_aside.csv",
        "survey/private/reports/report.txt",
    }


def test_a_good_file_beside_a_bad_one_is_taken(folder) -> None:
    assert folder.take_in(("bad.csv", b"<html>"), EXPORTS["ODK Central"], ("absent.csv", b"KEY\n")) == 2
    assert len(folder.plots) == 6


def test_a_formula_is_what_the_workbook_last_showed_and_is_never_computed(folder) -> None:
    book = openpyxl.load_workbook(io.BytesIO(kobo_xlsx(SIX)))
    sheet = book["plot_visit"]
    place = next(cell.column for cell in sheet[1] if str(cell.value).endswith("/area_value"))
    sheet.cell(2, place).value = "=1+1"  # Nothing has shown a value for it yet.
    memory = io.BytesIO()
    book.save(memory)
    assert folder.take_in(("a.xlsx", memory.getvalue())) == 1
    row = folder.set_aside.iloc[0]
    assert (row["question"], row["value"], row["reason_en"]) == ("area_value", "", "is not answered")


def test_missing_columns_are_told(folder, capsys) -> None:
    rows = kobo_sheets(SIX)["plot_visit"]
    place = next(i for i, text in enumerate(rows[0]) if text.endswith("/age_years"))
    data = csv_bytes([[text for i, text in enumerate(row) if i != place] for row in rows])
    assert folder.take_in(("a.csv", data)) == 0
    assert "age_years" in capsys.readouterr().out
    assert folder.plots["age_years"].isna().all()


def test_rows_that_belong_to_no_submission_are_told(folder, capsys) -> None:
    sheets = kobo_sheets(SIX)
    head = sheets["HARVEST"][0]
    sheets["HARVEST"].append(["99" if text == "_parent_index" else "x" for text in head])
    sheets["plot_visit"].append(["yes" if text.endswith("/consent") else "" for text in sheets["plot_visit"][0]])
    assert folder.take_in(("a.zip", zipped({f"{n}.csv": csv_bytes(rows) for n, rows in sheets.items()}))) == 1
    shown = capsys.readouterr().out
    assert "1 baris tanpa kiriman induk" in shown
    assert "1 baris tanpa nomor kiriman" in shown
    assert len(folder.plots) == 6


# Numbers and dates.


@given(st.floats(0, 1e7, allow_nan=False).map(lambda value: round(value, 2)), st.booleans(), st.booleans())
def test_numbers_in_either_writing_are_read_as_meant(value, is_indonesian, has_thousands) -> None:
    text = f"{value:,.2f}" if has_thousands else f"{value:.2f}"
    text = text.translate(str.maketrans(",.", ".,")) if is_indonesian else text
    assert readings(text) == (value, value)


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(",."))
def test_three_digits_after_one_mark_have_two_readings_and_the_range_decides(whole, after, mark) -> None:
    text = pd.Series([f"{whole}{mark}{after:03}"])
    decimal, thousands = whole + after / 1000, whole * 1000 + after
    assert readings(text[0]) == (pytest.approx(decimal), thousands)
    assert to_numbers(text, 0, 999.9995)[0][0] == (pytest.approx(decimal) if thousands > 999.9995 else thousands)
    assert to_numbers(text, 1000, 1e6)[0][0] == thousands
    values, code = to_numbers(text, 0, 1e6)
    assert np.isnan(values[0])
    assert code[0] == "ambiguous_number"


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "1,2,3", "12.34.567", "1.2345.678", "=1+1", "--1", "1-", "nan", "inf"]
)
def test_what_is_no_number_is_none(text) -> None:
    assert np.isnan(readings(text)).all()


def test_days_months_and_moments_in_both_writings() -> None:
    assert (
        list(to_days(pd.Series(["2026-03-14", "14/3/2026", "14-03-2026 10:00", "2026-03-14T10:00:00+08:00"])))
        == [pd.Timestamp(2026, 3, 14)] * 4
    )
    assert to_days(pd.Series(["31/2/2026", "2026-13-01", "soon"])).isna().all()
    assert set(to_months(pd.Series(["2026-03-01", "2026-03", "31/3/2026", "03/2026"]))) == {2026 * 12 + 2}
    # The fourth of March, or the third of April.
    for read in (to_days, to_months):
        assert read(pd.Series(["4/3/2026"])).isna().all()
    assert list(to_moments(pd.Series(["4/3/2026 8:30"]))) == [""]
    assert to_months(pd.Series(["13/2026", "", "March"])).isna().all()
    same = ["2026-11-20T08:30:00.000Z", "2026-11-20T16:30:00+08:00", "2026-11-20 08:30:00", "20/11/2026 08:30:00"]
    assert set(to_moments(pd.Series(same))) == {"2026-11-20T08:30:00Z"}


def test_a_workbook_number_with_three_decimals_is_no_thousand(folder) -> None:
    assert folder.take_in(("a.xlsx", kobo_xlsx([submission(1, area_value="1.125", tree_count="1000")]))) == 0
    assert folder.plots["area_ha"][0] == 1.125


# Units.


HARVESTS = [
    ({"harvest_value": "600"}, 600),
    ({"harvest_value": "0,6", "harvest_unit": "ton"}, 600),
    ({"harvest_value": "10", "harvest_unit": "karung", "harvest_karung_kg": "60"}, 600),
    ({"harvest_value": "1.200"}, 1200),
    ({"harvest_value": "600", "harvest_state": "wet"}, 0.35 * 600),
]


@pytest.mark.parametrize(
    ("id", "kilograms"),
    [(year(**changes), kg) for changes, kg in HARVESTS],
)
def test_harvests_become_dry_kilograms(id, kilograms) -> None:
    assert BATCH.row(id)["yield_kg_per_ha"] == pytest.approx(kilograms / 1.2)


UNKNOWN_PARTS = [
    ({"harvest_unit": "karung"}, "harvest_karung_weight_unknown"),
    ({"harvest_state": "half_dry"}, "half_dry_beans"),
    ({"harvest_state": "dont_know"}, "bean_state_unknown"),
    ({"harvest_value": ""}, "harvest_amount_unknown"),
]


@pytest.mark.parametrize(
    ("id", "warning"),
    [
        (BATCH.add(harvest=[harvest("2025-11", "2026-04", "400"), harvest("2026-05", "2026-10", "9", **changes)]), word)
        for changes, word in UNKNOWN_PARTS
    ],
)
def test_a_harvest_with_an_unknown_part_is_unknown_and_says_why(id, warning) -> None:
    row = BATCH.row(id)
    assert np.isnan(row["yield_kg_per_ha"])
    assert warning in row["warnings"].split(";")


PERIODS = [
    ([("2025-11", "2026-10")], "yes", "", True),
    ([("2026-03", "2026-07"), ("2026-09", "2026-10")], "yes", "months_without_harvest", True),
    ([("2025-11", "2026-10")], "no", "harvest_not_complete", False),
    ([("2025-11", "2026-10")], "dont_know", "harvest_not_complete", False),
    ([("2025-11", "2026-05"), ("2026-05", "2026-10")], "yes", "harvest_periods_overlap", False),
    ([("2025-10", "2026-05"), ("2026-06", "2026-10")], "yes", "harvest_over_12_months", False),
    ([], "yes", "harvest_unknown", False),
]


@pytest.mark.parametrize(
    ("id", "warning", "is_known"),
    [
        (BATCH.add(harvest=[harvest(*period, "100") for period in periods], harvest_complete=complete), word, known)
        for periods, complete, word, known in PERIODS
    ],
)
def test_a_yield_needs_twelve_months_without_overlap(id, warning, is_known) -> None:
    row = BATCH.row(id)
    assert row["warnings"] == warning
    assert np.isnan(row["yield_kg_per_ha"]) != is_known


NO_HARVEST, YOUNG = BATCH.add(harvest_any="no", harvest=[]), BATCH.add(area_mature_share_percent="0")


def test_no_harvest_is_a_yield_of_zero_and_no_mature_trees_is_none() -> None:
    assert BATCH.row(NO_HARVEST)["yield_kg_per_ha"] == 0
    young = BATCH.row(YOUNG)
    assert np.isnan(young["yield_kg_per_ha"])
    assert "no_mature_trees" in young["warnings"]


FERTILIZERS = [
    ([fertilizer("urea", "150")], {"n": 46, "p": 0, "k": 0}),
    ([fertilizer("urea", "100", fertilizer_basis="per_ha")], {"n": 46, "p": 0, "k": 0}),
    ([fertilizer("urea", "0,1", fertilizer_basis="per_tree")], {"n": 0.1 * 900 * 0.46, "p": 0, "k": 0}),
    ([fertilizer("sp36", "150")], {"n": 0, "p": 36 * 0.4364, "k": 0}),
    ([fertilizer("kcl", "150")], {"n": 0, "p": 0, "k": 60 * 0.8301}),
    (
        [fertilizer("npk_cocoa_subsidised", "3", fertilizer_unit="karung")],
        {"n": 14, "p": 12 * 0.4364, "k": 16 * 0.8301},
    ),
    ([fertilizer("za", "150"), fertilizer("organic", "3000")], {"n": 21, "p": 0, "k": 0}),
    ([fertilizer("urea", "150"), fertilizer("npk", "150")], {"n": np.nan, "p": np.nan, "k": np.nan}),
    ([fertilizer("urea", "3", fertilizer_unit="karung")], {"n": np.nan, "p": np.nan, "k": np.nan}),
]


@pytest.mark.parametrize(("id", "expected"), [(BATCH.add(fertilizer=rows), elements) for rows, elements in FERTILIZERS])
def test_fertilizers_become_elements_per_ha(id, expected) -> None:
    row = BATCH.row(id)
    found = [row[f"{element}_kg_per_ha"] for element in expected]
    assert found == pytest.approx(list(expected.values()), nan_ok=True)


UNUSED, UNSAID = (BATCH.add(fertilizer_used=used, fertilizer=[]) for used in ("no", "dont_know"))


def test_no_fertilizer_is_zero_and_unknown_use_is_unknown() -> None:
    assert BATCH.row(UNUSED)["n_kg_per_ha"] == 0
    unknown = BATCH.row(UNSAID)
    assert np.isnan(unknown["n_kg_per_ha"])
    assert "fertilizer_use_unknown" in unknown["warnings"]


PRICED = BATCH.add(
    harvest=[
        harvest("2025-11", "2026-04", "300", price_idr_per_kg="60.000"),
        harvest("2026-05", "2026-10", "100", price_idr_per_kg="24500", price_state="wet"),
    ],
    fertilizer=[fertilizer("npk_cocoa_subsidised", "2", fertilizer_unit="karung", fertilizer_price_idr="165.000")],
)


def test_prices_are_per_kg_of_dry_beans_and_of_fertilizer() -> None:
    row = BATCH.row(PRICED)
    assert row["bean_price_idr_per_kg"] == pytest.approx((300 * 60000 + 100 * 70000) / 400)
    assert row["fertilizer_price_idr_per_kg"] == 3300


SQUARE = BATCH.add(area_value="12.500", area_unit="m2", tree_count="1000")
GOOD = BATCH.add()


def test_area_in_square_metres() -> None:
    assert BATCH.row(SQUARE)["area_ha"] == 1.25


@given(st.floats(0.2, 0.6), st.floats(0, 1e4))
def test_drying_never_adds_mass_and_grows_with_it(ratio, mass) -> None:
    values = pd.Series([mass, mass, mass + 1])
    dry = numbers.dry_kilograms(values, pd.Series(["dry", "wet", "wet"]), ratio)
    assert dry[1] <= dry[0] == mass
    assert dry[1] < dry[2]


def test_the_default_of_drying_lies_in_what_is_registered() -> None:
    low, high = numbers.wet_to_dry_range()
    assert low < load_params().survey.wet_to_dry < high
    assert (low, round(high, 3)) == (0.28, 0.395)


# Problems.


WRONG = [
    ({"area_value": "=1+1"}, ("area_value", "not_a_number")),
    ({"area_value": "-1"}, ("area_value", "out_of_range")),
    ({"area_value": ""}, ("area_value", "missing")),
    ({"area_value": "15"}, ("area_value", "out_of_range")),
    ({"area_unit": "hektar"}, ("area_unit", "unknown_choice")),
    ({"age_years": "12,5"}, ("age_years", "not_whole")),
    ({"shade": "very dark"}, ("shade", "unknown_choice")),
    ({"training": "none field_school"}, ("training", "exclusive_choice")),
    ({"training": "field_school flying"}, ("training", "unknown_choice")),
    ({"pods_borer": "41"}, ("pods_borer", "more_than_counted")),
    ({"trees_dieback": "21"}, ("trees_dieback", "more_than_counted")),
    ({"visit_date": "2026-11-25"}, ("visit_date", "future")),
    ({"visit_date": "2016-11-19"}, ("visit_date", "long_ago")),
    ({"visit_date": "yesterday"}, ("visit_date", "not_a_date")),
    ({"fertilizer_used": "no"}, ("fertilizer_used", "contradiction")),
    ({"harvest_any": "no"}, ("harvest_any", "contradiction")),
    ({"tree_count": "13500"}, ("tree_count", "implausible")),
    ({"harvest": [harvest("2025-11", "2026-10", "9000")]}, ("harvest_value", "implausible")),
    ({"harvest": [harvest("2025-11", "2026-10", "12.500")]}, ("harvest_value", "ambiguous_number")),
    ({"harvest": [harvest("2026-10", "2026-03", "10")]}, ("harvest_month_to", "month_order")),
    ({"harvest": [harvest("2026-10", "2026-12", "10")]}, ("harvest_month_to", "future")),
    (
        {"harvest": [harvest("2025-11", "2026-10", "10", price_idr_per_kg="70")]},
        ("price_idr_per_kg", "out_of_range"),
    ),
    ({"fertilizer": [fertilizer("urea", "9000")]}, ("fertilizer_value", "implausible")),
]


@pytest.mark.parametrize(("id", "problem"), [(BATCH.add(**changes), problem) for changes, problem in WRONG])
def test_what_cannot_be_right_is_a_problem(id, problem) -> None:
    assert problem in BATCH.problems(id)


def test_a_good_submission_has_no_problem() -> None:
    assert not BATCH.problems(GOOD)


def test_the_rest_is_set_aside_with_reasons_and_the_exit_code_says_so(folder, capsys) -> None:
    bad = submission(7, area_value="=1+1", farmer_name="Simulasi Salah")
    assert folder.take_in(("a.xlsx", kobo_xlsx([*SIX, bad]))) == 1
    assert len(folder.plots) == 6
    row = folder.set_aside.iloc[0]
    assert (row["id"], row["question"], row["value"]) == (bad["id"], "area_value", "'=1+1")
    assert (row["question_id"], row["reason_id"]) == ("Luas kebun kakao ini", "bukan angka")
    assert (row["question_en"], row["reason_en"]) == ("Area of this cacao plot", "is not a number")
    report = (privacy.private() / "reports" / "report.txt").read_text(encoding="utf-8")
    assert bad["id"] in report
    assert "Luas kebun kakao ini: bukan angka." in report
    shown = capsys.readouterr().out
    assert "1 disisihkan" in shown
    assert bad["id"] not in shown
    # Corrected on the server, it is taken.
    mended = bad | {"area_value": "2", "edits": "1"}
    assert folder.take_in(("b.zip", odk_zip([mended]))) == 0
    assert len(folder.plots) == 7
    assert folder.set_aside.empty


@given(st.lists(st.sampled_from(["good", "bad", "refused", "unclear"]), min_size=1, max_size=8))
@settings(max_examples=4, deadline=None)
def test_every_submission_is_kept_set_aside_or_refused(kinds) -> None:
    changes = {"good": {}, "bad": {"age_years": "99"}, "refused": {"consent": "no"}, "unclear": {"consent": "maybe"}}
    flat = flatten(read_sheets(kobo_zip([submission(n, **changes[kind]) for n, kind in enumerate(kinds)])), FORM)
    store = versions.merged(stores.empty(FORM), flat, FORM, SALT)
    result = derive(store, FORM, load_params().survey, SALT)
    refused = (store.main["consent"] == "no").sum()
    assert (len(result.plots), result.problems["id"].nunique(), refused) == (
        kinds.count("good"),
        kinds.count("bad") + kinds.count("unclear"),
        kinds.count("refused"),
    )


# Versions.

VERSION = st.fixed_dictionaries(
    {
        "number": st.integers(0, 2),
        "sent": st.sampled_from(["2026-11-20T08:30:00", "2026-11-21T08:30:00"]),
        "edits": st.sampled_from(["0", "1"]),
        "age_years": st.sampled_from(["10", "20"]),
        "consent": st.sampled_from(["yes", "yes", "no", "maybe"]),
        "deprecated": st.sampled_from(["", "", submission(0)["id"], submission(1)["id"]]),
    }
)


# Two questions show versions as well as seventy do.
SMALL = Form(tuple(question for question in FORM.questions if question.name in ("consent", "age_years")))


def file_of(chosen: list[dict[str, str]]):
    made = [submission(v["number"], **{k: v[k] for k in v if k != "number"}, harvest=[], fertilizer=[]) for v in chosen]
    distinct = {row["id"]: row for row in made}
    return flatten(read_sheets(kobo_zip(list(distinct.values()))), SMALL)


def state(store) -> tuple:
    return (
        store.main.to_csv(index=False),
        {name: rows.to_csv(index=False) for name, rows in store.repeats.items()},
        store.replaced,
        store.forgotten,
    )


@given(st.lists(st.lists(VERSION, min_size=1, max_size=3), min_size=1, max_size=3), st.randoms())
@settings(max_examples=8, deadline=None)
def test_importing_twice_adds_nothing_and_the_order_of_files_does_not_matter(files, random) -> None:
    flats = [file_of(chosen) for chosen in files]
    once, again, mixed = stores.empty(SMALL), stores.empty(SMALL), stores.empty(SMALL)
    for flat in flats:
        once = versions.merged(once, flat, SMALL, SALT)
        again = versions.merged(versions.merged(again, flat, SMALL, SALT), flat, SMALL, SALT)
    shuffled = [*flats, *flats]
    random.shuffle(shuffled)
    for flat in shuffled:
        mixed = versions.merged(mixed, flat, SMALL, SALT)
    assert state(once) == state(again)
    assert state(once) == state(mixed)


def test_the_same_file_twice_changes_no_file(folder) -> None:
    folder.take_in(EXPORTS["ODK Central"])
    before = folder.files()
    assert folder.take_in(EXPORTS["ODK Central"]) == 0
    after = folder.files()
    report = "survey/private/reports/report.txt"
    assert {name: data for name, data in before.items() if name != report} == {
        name: data for name, data in after.items() if name != report
    }
    assert b"       0 baru" in after[report]


def test_an_edit_replaces_and_an_older_export_changes_nothing(folder) -> None:
    old, new = submission(1), submission(1, age_years="20", edits="1")
    assert folder.take_in(("new.zip", odk_zip([new])), ("old.zip", odk_zip([old]))) == 0
    assert list(folder.plots["age_years"]) == [20]


def test_an_edit_in_kobo_gets_a_new_id_and_takes_the_place_of_the_old_one(folder) -> None:
    first = submission(1)
    second = first | {"id": submission(2)["id"], "deprecated": f"uuid:{first['id']}", "age_years": "20"}
    third = first | {"id": submission(3)["id"], "deprecated": f"uuid:{second['id']}", "age_years": "30"}
    # Without the second, nothing says that the third is an edit of the first.
    for version, code in ((first, 0), (third, 1), (second, 0), (first, 0)):
        assert folder.take_in(("a.xlsx", kobo_xlsx([version]))) == code
        assert len(folder.plots) == 1
    assert list(folder.plots["age_years"]) == [30]


def rooted(*submissions) -> bytes:
    """An export of KoboToolbox with the id that the first version of each submission had."""
    sheets = kobo_sheets(list(submissions))
    roots = [f"uuid:{answers['root']}" for answers in submissions]
    return xlsx_bytes(sheets | {"plot_visit": with_column(sheets["plot_visit"], "meta/rootUuid", roots)})


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (2, 1, 0), (0, 2, 0), (1, 0, 2), (0, 3), (3, 0), (3, 2, 0), (0, 1, 3), (3, 1, 0)]
)
def test_the_id_of_the_first_version_holds_edits_together(folder, order) -> None:
    first = submission(1, root=submission(1)["id"])
    second = first | {"id": submission(2)["id"], "deprecated": first["id"], "age_years": "20"}
    third = first | {"id": submission(3)["id"], "deprecated": second["id"], "age_years": "30"}
    files = [rooted(first, submission(9, root=submission(9)["id"])), rooted(second), rooted(third), kobo_xlsx([second])]
    for place in order:
        assert folder.take_in(("a.xlsx", files[place])) == 0
    newest = "30" if 2 in order else "20"
    assert sorted(folder.plots["age_years"]) == sorted([12, float(newest)])


def test_an_export_without_repeats_does_not_replace_one_with_them(folder) -> None:
    without = csv_bytes(kobo_sheets(SIX)["plot_visit"])
    assert folder.take_in(EXPORTS["Kobo, names"], ("a.csv", without)) == 0
    assert folder.plots["yield_kg_per_ha"].notna().all()


def test_one_id_with_two_contents_is_set_aside(folder) -> None:
    twins = [submission(1, age_years="10"), submission(1, age_years="11")]
    assert folder.take_in(("a.zip", odk_zip([*twins, submission(2)]))) == 1
    assert list(folder.set_aside["reason_en"]) == ["was sent twice with different answers and the same time"]
    assert len(folder.plots) == 1


def test_received_files_are_kept_as_they_came(folder) -> None:
    folder.take_in(EXPORTS["ODK Central"], EXPORTS["workbook, names"])
    kept = {path.read_bytes() for path in (privacy.private() / "received").iterdir()}
    assert kept == {EXPORTS["ODK Central"][1], EXPORTS["workbook, names"][1]}


@pytest.mark.parametrize("target", ["store.zip", "plots.csv", "set_aside.csv"])
def test_a_crash_leaves_whole_files_and_the_next_import_mends_them(folder, monkeypatch, capsys, target) -> None:
    folder.take_in(("a.zip", odk_zip(SIX[:3])))
    before, moved = folder.files(), os.replace

    def broken(source, place):
        if str(place).endswith(target):
            raise OSError("simulated: the disk is full")
        moved(source, place)

    monkeypatch.setattr(os, "replace", broken)
    assert folder.take_in(("b.zip", odk_zip(SIX))) == 2
    monkeypatch.setattr(os, "replace", moved)
    after = folder.files()
    name = next(name for name in before if name.endswith(target))
    assert after[name] == before[name]
    assert not [name for name in after if name.endswith(".tmp")]
    assert folder.take_in(("b.zip", odk_zip(SIX))) == 0
    assert len(folder.plots) == 6


def test_a_true_and_a_one_in_one_column_of_a_workbook_stay_apart() -> None:
    book, memory = openpyxl.Workbook(), io.BytesIO()
    for value in ("answer", True, 1, 1.5, False, 0, "1"):
        book.active.append([value])
    book.save(memory)
    (sheet,) = read_sheets(memory.getvalue()).values()
    assert sheet["answer"].tolist() == ["True", "1", "1.5", "False", "0", "1"]
