"""The form of the plot survey: converts without a warning, asks and refuses as it should, in both languages."""

import io
import re
import shutil
import zipfile
from collections import Counter
from datetime import date, timedelta
from functools import cache
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from pyxform.xls2xform import convert
from xforms import TODAY, Visit, days, plain

from pipeline.kit.data import sources
from pipeline.kit.language import LANGUAGES
from pipeline.survey import form, questions
from pipeline.survey.form import workbook
from pipeline.survey.questions import FormError, choices, choices_of

ROWS = questions.questions()
NAMED = [row for row in ROWS if row.name]
YESTERDAY = days(TODAY - timedelta(days=1))
HARVEST = {
    "harvest_month_from": days("2026-03-01"),
    "harvest_month_to": days("2026-05-01"),
    "harvest_unit": "kg",
    "harvest_value": 240,
    "harvest_state": "dry",
    "price_idr_per_kg": 95000,
    "price_state": "dry",
}
FERTILIZER = {
    "fertilizer_kind": "npk",
    "fertilizer_basis": "per_plot",
    "fertilizer_unit": "karung",
    "fertilizer_karung_kg": 50,
    "fertilizer_value": 3,
    "fertilizer_price_idr": 450000,
    "fertilizer_subsidised": "no",
}
PODS = ("pods_counted", "pods_borer", "pods_black_pod", "pods_both")
# A visit that an officer could bring home.
VISIT: dict[str, Any] = {
    "visit_date": YESTERDAY,
    "enumerator": "P07",
    "office": "Dinas",
    "office_contact": "Ibu Ani 0812",
    "consent": "yes",
    "farmer_name": "Contoh",
    "farmer_phone": "0812 3456 7890",
    "plot_number": 1,
    "subdistrict": "karangan",
    "village": "karangan_hilir",
    "area_unit": "ha",
    "area_value": 0.75,
    "area_mature_share_percent": 100,
    "tree_count": 800,
    "spacing_row_m": 3,
    "spacing_tree_m": 3,
    "age_years": 12,
    "planting_material": "clone",
    "clone_names": "s1 mcc02",
    "shade": "light",
    "harvest_any": "yes",
    "HARVEST": [HARVEST],
    "harvest_complete": "yes",
    "fertilizer_used": "yes",
    "FERTILIZER": [FERTILIZER],
    "fertilizer_obstacle": "too_dear no_money",
    "pods_counted": 120,
    "pods_borer": 40,
    "pods_black_pod": 30,
    "pods_both": 10,
    "trees_checked": 20,
    "trees_dieback": 4,
    "pruning": 2,
    "sanitation": 12,
    "weeding": 4,
    "harvest_interval_days": 14,
    "grafting": "side",
    "grafting_year": 2019,
    "sleeving_share_percent": 0,
    "training": "field_school",
    "training_days": 5,
    "visits_12_months": 1,
    "weather_events": "drought long_rain",
    "weather_loss_percent": 20,
}


@cache
def converted() -> tuple[str, list[str]]:
    """The form as ODK runs it, and what the converter warns of."""
    warnings: list[str] = []
    return convert(workbook(), warnings=warnings, file_type=".xlsx", form_name="data").xform, warnings


@pytest.fixture
def xform() -> str:
    """The form as ODK runs it."""
    return converted()[0]


def visit(xform: str, **changes: Any) -> Visit:
    """The visit with other answers; those of repeats by their names."""
    repeats = {"HARVEST": HARVEST, "FERTILIZER": FERTILIZER}
    answers = VISIT | {
        name: value for name, value in changes.items() if not any(name in row for row in repeats.values())
    }
    for repeat, row in repeats.items():
        if set(changes) & set(row):
            answers[repeat] = [row | {name: value for name, value in changes.items() if name in row}]
    return Visit(xform, answers)


# Conversion.


def test_converts_without_warning(xform: str) -> None:
    assert converted()[1] == []
    assert fromstring(xform).tag.endswith("html")


@pytest.mark.skipif(shutil.which("java") is None, reason="ODK Validate, which comes with pyxform, needs Java")
def test_odk_validate_accepts_it() -> None:
    warnings: list[str] = []
    convert(workbook(), warnings=warnings, file_type=".xlsx", validate=True)
    assert warnings == []


def test_a_wrong_reference_is_refused() -> None:
    broken = workbook_with("survey", "${consent} = 'no'", "${no_such_question} = 'no'")
    with pytest.raises(Exception, match="no_such_question"):
        convert(broken, file_type=".xlsx")


def workbook_with(sheet: str, old: str, new: str) -> bytes:
    """The workbook with one text in the place of another."""
    book = load_workbook(io.BytesIO(workbook()))
    for row in book[sheet].iter_rows():
        for cell in row:
            if cell.value == old:
                cell.value = new
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_every_path_in_an_expression_exists(xform: str) -> None:
    root, blank = plain(xform), Visit(xform, {})
    paths = {path for path, _ in blank.nodes()} | {"/data/HARVEST", "/data/FERTILIZER"}
    template = {path for path, _ in Visit(xform, VISIT).nodes()}
    for bind in root.iter("bind"):
        assert bind.get("nodeset") in paths | template
        for rule in ("relevant", "constraint", "calculate", "required"):
            for path in re.findall(r"/data/[\w/]+", bind.get(rule, "")):
                assert path in paths | template, (bind.get("nodeset"), rule, path)


def test_no_calculation_depends_on_itself() -> None:
    uses = {row.name: set(re.findall(r"\$\{(\w+)\}", row.calculation)) for row in NAMED if row.calculation}
    done: set[str] = set()
    while ready := {name for name, used in uses.items() if name not in done and used.isdisjoint(set(uses) - done)}:
        done |= ready
    assert done == set(uses)


def test_expressions_name_only_earlier_or_own_questions() -> None:
    """What a question depends on has been answered before; a sum may look into a repeat before it."""
    seen: set[str] = set()
    for row in NAMED:
        seen.add(row.name)
        for rule in (row.required, row.relevant, row.constraint, row.calculation, row.choice_filter):
            assert set(re.findall(r"\$\{(\w+)\}", rule)) <= seen, row.name


# Words.


def test_both_languages_are_complete() -> None:
    for row in NAMED:
        if row.kind not in {"calculate", *questions.META}:
            assert row.label.id, row.name
            assert row.label.en, row.name
        assert bool(row.constraint) == bool(row.constraint_message.id), row.name
        # The same answers stand in both languages.
        refers = [sorted(re.findall(r"\$?\{\w+\}", text)) for text in (row.label.id, row.label.en)]
        assert refers[0] == refers[1]
    assert all(choice.label.id and choice.label.en for choice in choices())


def test_converted_form_has_no_blank_text(xform: str) -> None:
    root = plain(xform)
    texts = {node.get("lang"): {text.get("id"): text for text in node} for node in root.iter("translation")}
    assert set(texts) == set(questions.NAMES.values())
    assert set(texts["Bahasa Indonesia (id)"]) == set(texts["English (en)"])
    # A missing translation becomes "-".
    blank = [key for found in texts.values() for key, text in found.items() if "".join(text.itertext()).strip() in "-"]
    assert blank == []


def test_names_are_unique_and_short() -> None:
    assert max(Counter(row.name for row in NAMED).values()) == 1
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{1,39}", row.name) for row in NAMED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_tell_questions_and_choices_apart(language: str) -> None:
    """An export may have labels in the place of names; each must stand for one question or choice."""
    asked = Counter((row.repeat, row.label.in_language(language)) for row in NAMED if row.is_asked)
    given = Counter((choice.list_name, choice.label.in_language(language)) for choice in choices())
    assert [label for label, count in (asked + given).items() if count > 1] == []


def test_choices_are_unique_and_used() -> None:
    assert max(Counter((choice.list_name, choice.name) for choice in choices()).values()) == 1
    assert {choice.list_name for choice in choices()} == {row.list_name for row in ROWS if row.list_name}
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", choice.name) for choice in choices())


def test_consent_names_what_the_law_asks_for() -> None:
    words = " ".join(row.label.id for row in ROWS if row.name.startswith("consent"))
    for needed in (
        "UU No. 27 Tahun 2022",
        "menarik kembali",
        "3 × 24 jam",
        "meminta hapus",
        "${office}",
        "2 tahun",
        "boleh menolak",
    ):
        assert needed in words


def test_villages_come_from_the_registered_table() -> None:
    table = sources.load_raw(questions.VILLAGES)
    villages = [choice for choice in choices() if choice.list_name == "village" and choice.name != "other"]
    assert {choice.label.id for choice in villages} == set(table["village"])
    assert len(villages) == len(table) == 141
    known = {choice.name for choice in choices() if choice.list_name == "subdistrict"}
    assert len(known) == 19
    assert {choice.subdistrict for choice in villages} == known - {"other"}


# Answers.


def test_a_good_visit_has_no_problem(xform: str) -> None:
    found = visit(xform)
    assert found.problems() == []
    assert found.value("area_ha") == "0.75"
    assert found.value("trees_expected") == "833"
    assert found.value("harvest_total_kg") == "240"
    assert found.value("pods_sound") == "60"
    assert not found.asks("trees_check")
    assert not found.asks("harvest_high")


REFUSED = {
    "enumerator": ["Ibu Ani", "P", "a" * 11],
    "visit_date": [days(TODAY + timedelta(days=1)), days("2019-12-31")],
    "farm_code": ["A 1", "x"],
    "farmer_phone": ["12", "none", "0812-abc-4567"],
    "plot_number": [0, 21],
    "area_value": [0.04, 10.5, 0],
    "area_mature_share_percent": [-1, 101],
    "tree_count": [0, 3751, 30001],
    "spacing_row_m": [0.9, 300],
    "spacing_tree_m": [0.9, 11],
    "age_years": [-1, 61, 2010],
    "clone_names": ["dont_know s1"],
    "harvest_month_from": [days(TODAY), days("2025-01-01"), days("2026-12-01")],
    "harvest_month_to": [days("2026-02-01"), days("2026-12-01")],
    "harvest_value": [-1, 30001],
    "price_idr_per_kg": [95, 999, 500001],
    "fertilizer_value": [0, -3, 1001],
    "fertilizer_karung_kg": [4, 101],
    "fertilizer_price_idr": [999, 10000001, -1],
    "fertilizer_obstacle": ["none too_dear", "dont_know no_money"],
    "pods_counted": [-1, 2001],
    "pods_borer": [121, -1],
    "pods_black_pod": [121],
    "pods_both": [31, -1],
    "trees_checked": [501],
    "trees_dieback": [21],
    "pruning": [53, -1],
    "sanitation": [53],
    "weeding": [53],
    "harvest_interval_days": [0, 61],
    "grafting_year": [19, 2027],
    "sleeving_share_percent": [101],
    "training": ["none field_school"],
    "training_days": [0, 366],
    "visits_12_months": [366],
    "weather_events": ["none flood"],
    "weather_loss_percent": [101],
}
POSSIBLE = {
    "enumerator": ["P-7", "7A"],
    "visit_date": [days(TODAY), days("2020-01-01")],
    "farm_code": ["KRG-014"],
    "farmer_phone": ["+62 812-3456-7890", ""],
    "area_value": [0.05, 10],
    "tree_count": [1, 3750, ""],
    "age_years": [0, 60, ""],
    "clone_names": ["dont_know", "s1 s2 other"],
    "harvest_month_from": [days("2025-11-01"), days("2026-05-01")],
    "harvest_month_to": [days("2026-03-01"), days("2026-11-01")],
    "harvest_value": [0, 0.5, 30000],
    "price_idr_per_kg": [1000, 500000, ""],
    "fertilizer_value": [0.5, 1000],
    "fertilizer_price_idr": [0, 1000, ""],
    "fertilizer_obstacle": ["none", "dont_know"],
    "pods_counted": [0, 2000, ""],
    "pods_both": [0, 30, ""],
    "trees_dieback": [0, 20, ""],
    "harvest_interval_days": [1, 60],
    "grafting_year": [1980, 2026],
}


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name, all_ in REFUSED.items() for answer in all_])
def test_impossible_answers_are_refused(xform: str, name: str, answer: Any) -> None:
    assert not visit(xform, **{name: answer}).accepts(name)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name, all_ in POSSIBLE.items() for answer in all_])
def test_possible_answers_are_accepted(xform: str, name: str, answer: Any) -> None:
    assert visit(xform, **{name: answer}).accepts(name)


def test_every_constraint_is_tried() -> None:
    indirect = {"harvest_karung_kg", "fertilizer_unit"}  # Each has a test of its own.
    assert {row.name for row in NAMED if row.constraint} == set(REFUSED) | indirect


@pytest.mark.parametrize(
    ("unit", "value", "accepted"),
    [
        ("ha", 1, True),
        ("m2", 1, False),
        ("m2", 499, False),
        ("m2", 500, True),
        ("m2", 100000, True),
        ("ha", 7500, False),
    ],
)
def test_area_is_read_with_its_unit(xform: str, unit: str, value: float, accepted: bool) -> None:
    assert visit(xform, area_unit=unit, area_value=value).accepts("area_value") is accepted


def test_karung_needs_its_weight_and_only_karung(xform: str) -> None:
    sack = HARVEST | {"harvest_unit": "karung", "harvest_value": 4}
    found = Visit(xform, VISIT | {"HARVEST": [HARVEST, sack | {"harvest_karung_kg": 60}, sack]})
    assert [found.asks("harvest_karung_kg", number) for number in range(3)] == [False, True, True]
    assert [found.value("harvest_kg", number) for number in range(3)] == ["240", "240", "0"]
    assert found.value("harvest_total_kg") == "480"
    assert found.problems() == []
    for weight in (9, 121):
        refused = Visit(xform, VISIT | {"HARVEST": [sack | {"harvest_karung_kg": weight}]})
        assert refused.problems() == ["harvest_karung_kg"]


def test_units_bound_the_harvest(xform: str) -> None:
    assert not visit(xform, harvest_unit="ton", harvest_value=240).accepts("harvest_value")
    assert visit(xform, harvest_unit="ton", harvest_value=0.24).accepts("harvest_value")
    assert visit(xform, harvest_unit="ton", harvest_value=0.24).value("harvest_total_kg") == "240"


def test_a_sack_for_each_tree_is_refused(xform: str) -> None:
    assert not visit(xform, fertilizer_basis="per_tree").accepts("fertilizer_unit")
    per_tree = visit(
        xform, fertilizer_basis="per_tree", fertilizer_unit="kg", fertilizer_value=0.4, fertilizer_price_idr=9000
    )
    assert per_tree.problems() == []
    assert not visit(xform, fertilizer_basis="per_tree", fertilizer_unit="kg", fertilizer_value=51).accepts(
        "fertilizer_value"
    )


def test_no_consent_ends_the_form(xform: str) -> None:
    refused = Visit(xform, VISIT | {"consent": "no"})
    consent = [row.name for row in NAMED].index("consent_refused")
    assert refused.asks("consent_refused")
    after = [row.name for row in NAMED[consent + 1 :] if not row.kind.startswith(("begin", "calculate"))]
    assert [name for name in after if refused.asks(name)] == []
    only = {name: VISIT[name] for name in ("visit_date", "enumerator", "office", "office_contact")}
    assert Visit(xform, only | {"consent": "no"}).problems() == []
    assert [name for name in after if Visit(xform, only).asks(name)] == []


SKIPPED = [
    ({"harvest_any": "no"}, ["harvest_month_from", "harvest_value", "harvest_complete"]),
    ({"harvest_any": "dont_know"}, ["harvest_month_from", "harvest_complete"]),
    ({"fertilizer_used": "no"}, ["fertilizer_kind", "fertilizer_value"]),
    ({"fertilizer_used": "dont_know"}, ["fertilizer_kind"]),
    ({"planting_material": "seedling"}, ["clone_names"]),
    ({"planting_material": "dont_know"}, ["clone_names"]),
    ({"price_idr_per_kg": ""}, ["price_state"]),
    ({"pods_counted": 0}, ["pods_borer", "pods_black_pod"]),
    ({"pods_counted": ""}, ["pods_borer", "pods_black_pod"]),
    ({"pods_borer": 0}, ["pods_both"]),
    ({"pods_black_pod": ""}, ["pods_both", "pods_sound_note"]),
    ({"pods_both": ""}, ["pods_sound_note"]),
    ({"trees_checked": ""}, ["trees_dieback"]),
    ({"grafting": "none"}, ["grafting_year"]),
    ({"training": "none"}, ["training_days"]),
    ({"weather_events": "none"}, ["weather_loss_percent"]),
    ({"subdistrict": ""}, ["village"]),
    ({}, ["village_other"]),
]


@pytest.mark.parametrize(("changes", "names"), SKIPPED)
def test_what_does_not_apply_is_not_asked(xform: str, changes: dict[str, Any], names: list[str]) -> None:
    found = visit(xform, **changes)
    assert [name for name in names if found.asks(name)] == []


def test_place_not_on_the_list_is_written(xform: str) -> None:
    found = visit(xform, subdistrict="other", village="other")
    assert found.asks("village_other")
    assert found.problems() == ["village_other"]


def test_a_code_stands_in_for_the_name(xform: str) -> None:
    assert visit(xform, farmer_name="").problems() == ["farmer_name"]
    assert visit(xform, farmer_name="", farm_code="KRG-014").problems() == []


def test_what_a_farmer_may_not_know_can_stay_empty(xform: str) -> None:
    needed = {row.name for row in NAMED if row.required}
    asked = [row.name for row in NAMED if row.is_asked and row.medium != "paper" and not row.repeat]
    known = {name: value for name, value in VISIT.items() if name in needed or isinstance(value, list)}
    assert Visit(xform, known).problems() == []
    assert len([name for name in asked if name not in needed]) > 20


@pytest.mark.parametrize(
    ("changes", "note", "shown"),
    [
        ({"tree_count": 1700}, "trees_check", True),
        ({"tree_count": 400}, "trees_check", True),
        ({"tree_count": 1600}, "trees_check", False),
        ({"tree_count": ""}, "trees_check", False),
        ({"spacing_row_m": ""}, "trees_check", False),
        ({"harvest_value": 2251}, "harvest_high", True),
        ({"harvest_value": 2250}, "harvest_high", False),
    ],
)
def test_unusual_answers_bring_a_note(xform: str, changes: dict[str, Any], note: str, shown: bool) -> None:
    assert visit(xform, **changes).asks(note) is shown


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(PODS, st.integers(-2, 40))))
def test_pods_that_are_accepted_add_up(counts: dict[str, int]) -> None:
    """Sound and affected pods never outnumber the pods counted, and none is negative."""
    found = visit(converted()[0], **counts)
    pods = {name: value if found.asks(name) else 0 for name, value in counts.items()}
    affected = pods["pods_borer"] + pods["pods_black_pod"] - pods["pods_both"]
    possible = (
        0 <= pods["pods_both"] <= min(pods["pods_borer"], pods["pods_black_pod"])
        and max(pods["pods_borer"], pods["pods_black_pod"]) <= affected <= pods["pods_counted"]
    )
    accepted = not set(counts) & set(found.problems())
    assert accepted == possible
    if accepted and pods["pods_counted"]:
        assert int(found.value("pods_sound")) == pods["pods_counted"] - affected


@settings(max_examples=50, deadline=None)
@given(begin=st.integers(-800, 60), length=st.integers(-60, 400))
def test_harvest_periods_lie_before_the_visit_and_in_order(begin: int, length: int) -> None:
    first = int(YESTERDAY) + begin
    found = visit(converted()[0], harvest_month_from=first, harvest_month_to=first + length)
    accepted = found.accepts("harvest_month_from") and found.accepts("harvest_month_to")
    assert accepted == (-400 <= begin <= 0 and length >= 0 and begin + length <= 0)


# Files.


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    """The files as the tables give them."""
    return form.files()


def test_files_in_the_project_are_what_the_tables_give(made: dict[str, bytes]) -> None:
    for name, content in made.items():
        assert (form.FOLDER / name).read_bytes() == content, f"{name} is old: cacao survey form"


def test_files_are_the_same_each_time_and_carry_no_date(made: dict[str, bytes], tmp_path, capsys) -> None:
    assert form.main([str(tmp_path)]) == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made
    with zipfile.ZipFile(io.BytesIO(made["plot_visit.xlsx"])) as archive:
        assert {entry.date_time[:3] for entry in archive.infolist()} == {(2026, 1, 1)}
        assert str(date.today()).encode() not in archive.read("docProps/core.xml")
    assert capsys.readouterr().out.count("written") == 3


def test_workbook_holds_no_formula_and_nothing_of_paper() -> None:
    book = load_workbook(io.BytesIO(workbook()))
    assert book.sheetnames == ["survey", "choices", "settings"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "signature" not in {cell.value for cell in cells}


@pytest.mark.parametrize("language", LANGUAGES)
def test_paper_asks_every_question(language: str) -> None:
    content = form.content(language)
    shown = [item["number"] for item in content["items"] if "number" in item]
    shown += [column["number"] for item in content["items"] for column in item.get("columns", [])]
    assert sorted(shown) == list(form.numbers().values())
    on_screen = {row.name for row in NAMED if row.is_asked and row.medium != "paper"}
    assert on_screen - set(form.numbers()) == {"village_other"}
    assert "${" not in str(content)
    assert len(form.pictures(language)) <= 4


def test_paper_says_what_to_skip() -> None:
    """A question asked only sometimes is announced: before it by a jump past it, or by words of its own."""
    numbers = form.numbers()
    jumps = [
        (numbers[row.name], numbers[name]) for row in ROWS for name in re.findall(r"lanjut ke \{(\w+)\}", row.paper.id)
    ]
    assert all(begin < target for begin, target in jumps)
    # The weight of a sack and the state that a price is for stand beside what they depend on.
    obvious = {"harvest_karung_kg", "fertilizer_karung_kg", "price_state", "village"}
    for row in NAMED:
        if row.name in numbers and row.relevant and row.name not in obvious and row.kind != "note":
            past = any(begin < numbers[row.name] < target for begin, target in jumps)
            assert past or row.paper.id, row.name


# Tables that cannot be used.


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("type,name", "kind,name", "columns must be"),
        ("Jarak antarbaris (m)", "", "one language only"),
        ("text,signature,", "text,signature,,", "more or fewer cells"),
    ],
)
def test_damaged_tables_are_named(tmp_path, monkeypatch, capsys, old: str, new: str, message: str) -> None:
    shutil.copytree(questions.FOLDER, tmp_path / "form")
    path = tmp_path / "form" / "survey.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(questions, "FOLDER", tmp_path / "form")
    with pytest.raises(FormError, match=message):
        questions.questions.__wrapped__()


def test_a_damaged_form_is_an_error_for_the_command(monkeypatch, tmp_path, capsys) -> None:
    def broken() -> None:
        raise FormError("survey.csv, line 3: wrong")

    monkeypatch.setattr(form, "files", broken)
    assert form.main([str(tmp_path)]) == 1
    assert "line 3" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_selects_have_choices() -> None:
    for row in ROWS:
        assert bool(choices_of(row)) == row.kind.startswith("select_"), row.name
