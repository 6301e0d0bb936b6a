"""Only an explicit no is a refusal: what is unclear clears nothing, and a file that clears much is shown first."""

from pathlib import Path

import pandas as pd
import pytest
from survey_exports import (
    INDONESIAN,
    NAME,
    csv_bytes,
    csv_zip,
    kobo_sheets,
    kobo_xlsx,
    kobo_zip,
    odk_zip,
    person,
    submission,
    xlsx_bytes,
)
from survey_folder import Folder, after

from pipeline.survey import privacy

pytestmark = pytest.mark.slow

LABEL = "Apakah Bapak/Ibu setuju ikut, dan datanya dipakai seperti itu?"
STORED, MARKS = zip(*(person(number) for number in range(3)), strict=True)


def with_consent(value: str, language: int | None = None) -> bytes:
    """The stored submissions, exported once more with something else in the column of consent."""
    sheets = kobo_sheets(list(STORED), language)
    rows = sheets["plot_visit"]
    place = next(i for i, text in enumerate(rows[0]) if text in (LABEL, "CONSENT/consent"))
    for row in rows[1:]:
        row[place] = value
    return xlsx_bytes(sheets)


def encrypted(status: str) -> bytes:
    """What ODK Central gives without the passphrase: ids and times, and no answers."""
    kept = [{"id": a["id"], "sent": a["sent"], "number": a["number"], "status": status} for a in STORED]
    return odk_zip(kept)


UNCLEAR = {
    "emptied column": (with_consent(""), ""),
    "reworded label": (with_consent("Ya, saya setuju", INDONESIAN), "Ya, saya setuju"),
    "reworded no": (with_consent("Tidak setuju", INDONESIAN), "Tidak setuju"),
    "data not yet uploaded": (encrypted("missing encrypted form data"), ""),
}


@pytest.fixture(scope="module")
def with_three(tmp_path_factory) -> Path:
    """A folder that holds the three submissions with their names; tests work on copies."""
    return after(tmp_path_factory.mktemp("stored"), ("good.xlsx", kobo_xlsx(list(STORED))))


@pytest.fixture
def stored(folder: Folder, with_three: Path) -> Folder:
    """A copy of it."""
    folder.begin_as(with_three)
    return folder


def received(folder: Folder) -> set[bytes]:
    return {path.read_bytes() for path in (privacy.private() / "received").iterdir()}


@pytest.mark.parametrize("name", UNCLEAR)
def test_an_unclear_consent_touches_nothing_that_is_stored_and_says_where_it_stands(stored, name) -> None:
    data, value = UNCLEAR[name]
    plots, files = stored.plots.to_csv(), received(stored)
    main = stored.files()["survey/private/store.zip:main.csv"]
    suffix = "zip" if "uploaded" in name else "xlsx"
    for _ in range(2):
        assert stored.take_in((f"again.{suffix}", data)) == 1
        assert stored.plots.to_csv() == plots
        assert received(stored) == files | {data}
        assert stored.files()["survey/private/store.zip:main.csv"] == main
    told = stored.set_aside
    assert list(told["id"]) == [answers["id"] for answers in STORED]
    assert set(told["question"]) == {"consent"}
    assert set(told["value"]) == {value}
    assert list(told["row"]) == ["2", "3", "4"]
    assert set(told["sheet"]) == {"plot_visit"}
    assert told["column"].str.contains("consent|setuju").all()
    assert set(told["reason_en"].str.split(";").str[0]) == {"is not a clear yes or no"}


@pytest.mark.parametrize("order", ["first unclear", "first clear"])
def test_an_unclear_edit_stays_beside_the_yes_until_it_is_corrected(folder, order) -> None:
    yes = STORED[0]
    unclear = yes | {"edits": "1", "consent": "", "age_years": "20"}
    files = [("a.zip", odk_zip([yes])), ("b.zip", odk_zip([unclear]))]
    for file in files if order == "first clear" else reversed(files):
        folder.take_in(file)
    assert list(folder.plots["age_years"]) == [12]
    assert list(folder.set_aside["question"]) == ["consent"]
    assert folder.take_in(("c.zip", odk_zip([unclear | {"edits": "2", "consent": "yes"}]))) == 0
    assert list(folder.plots["age_years"]) == [20]
    assert folder.set_aside.empty


def test_an_unclear_edit_under_a_new_id_does_not_hide_the_yes_nor_double_it(folder) -> None:
    first = STORED[0]
    second = first | {"id": submission(7)["id"], "deprecated": first["id"], "consent": ""}
    third = first | {"id": submission(8)["id"], "deprecated": second["id"], "age_years": "20"}
    for version, code, ages in ((first, 0, [12]), (second, 1, [12]), (third, 0, [20]), (first, 0, [20])):
        assert folder.take_in(("a.xlsx", kobo_xlsx([version]))) == code
        assert list(folder.plots["age_years"]) == ages


def test_an_unclear_consent_that_turns_out_a_no_leaves_nothing(folder) -> None:
    unclear = STORED[0] | {"consent": "maybe"}
    folder.take_in(("a.zip", odk_zip([unclear, submission(9)])))
    assert privacy.plots().exists()
    assert folder.where(MARKS[0][:1], "survey/private")
    folder.take_in(("b.zip", odk_zip([unclear | {"consent": "no", "edits": "1"}])))
    assert folder.where(list(MARKS[0])) == []


@pytest.mark.parametrize("status", ["not decrypted", "Not Decrypted", "notDecrypted"])
def test_an_encrypted_export_is_refused_with_what_to_do(stored, capsys, status) -> None:
    before = {name: data for name, data in stored.files().items() if "report" not in name}
    assert stored.take_in(("closed.zip", encrypted(status))) == 2
    shown = capsys.readouterr().err
    assert "frasa sandi" in shown
    assert "enter the passphrase" in shown
    assert "plot_visit, mulai baris 2" in shown
    assert {name: data for name, data in stored.files().items() if "report" not in name} == before


def test_an_encrypted_export_of_kobotoolbox_is_refused(folder, capsys) -> None:
    rows = kobo_sheets([submission(1)])["plot_visit"]
    rows = [[*row, text] for row, text in zip(rows, ["base64EncryptedKey", "c2VjcmV0"], strict=True)]
    assert folder.take_in(("a.csv", csv_bytes(rows))) == 2
    assert "masih terenkripsi" in capsys.readouterr().err


def no(count: int) -> bytes:
    return odk_zip([answers | {"edits": "1", "consent": "no"} for answers in STORED[:count]])


def test_a_file_that_clears_more_than_one_is_shown_first_and_taken_when_accepted(stored, capsys) -> None:
    before = {name: data for name, data in stored.files().items() if "report" not in name}
    assert stored.take_in(("no.zip", no(2))) == 2
    shown = capsys.readouterr()
    assert "2 kiriman yang tersimpan dengan persetujuan akan dihapus" in shown.err
    assert "--accept" in shown.err
    assert all(answers["id"] in shown.err for answers in STORED[:2])
    assert not any(mark in shown.err + shown.out for marks in MARKS for mark in marks)
    assert {name: data for name, data in stored.files().items() if "report" not in name} == before
    assert stored.take_in(("no.zip", no(2)), accept=True) == 0
    assert stored.where([*MARKS[0], *MARKS[1]]) == []
    assert stored.where(MARKS[2][:1])
    assert len(stored.plots) == 1


def test_refusals_of_several_files_count_together(stored, capsys) -> None:
    files = [(f"{n}.zip", odk_zip([STORED[n] | {"edits": "1", "consent": "no"}])) for n in range(2)]
    assert stored.take_in(*files) == 2
    assert "berkas ke-2" in capsys.readouterr().err
    assert len(stored.plots) == 2


def test_one_withdrawal_and_refusals_of_those_never_stored_need_no_accepting(stored) -> None:
    others = [submission(number, consent="no") for number in range(20, 25)]
    one = STORED[0] | {"edits": "1", "consent": "no"}
    assert stored.take_in(("no.zip", odk_zip([one, *others]))) == 0
    assert stored.where(list(MARKS[0])) == []
    assert len(stored.plots) == 2


def test_refusals_under_new_ids_count_as_those_they_clear(stored, capsys) -> None:
    edits = [a | {"id": submission(40 + n)["id"], "deprecated": a["id"], "consent": "no"} for n, a in enumerate(STORED)]
    assert stored.take_in(("no.zip", kobo_zip(edits))) == 2
    assert STORED[0]["id"] in capsys.readouterr().err
    assert len(stored.plots) == 3


def test_two_sheets_of_submissions_are_both_weighed(stored, capsys) -> None:
    parts = [kobo_sheets([STORED[n] | {"deprecated": "x", "consent": "no"}]) for n in range(2)]
    sheets = {f"{name}_{n}": rows for n, part in enumerate(parts) for name, rows in part.items()}
    assert stored.take_in(("no.zip", csv_zip(sheets))) == 2
    assert STORED[1]["id"] in capsys.readouterr().err


KEPT = ("CONSENT/consent", "_id", "_uuid", "_submission_time", "meta/deprecatedID", "_index")


def without_answers(submissions: list[dict], how: str) -> bytes:
    """An export without answers: their cells are empty, or their columns and the sheets below are not there."""
    sheets = kobo_sheets(submissions)
    head, *rows = sheets["plot_visit"]
    if how == "no columns":
        kept = [head.index(text) for text in KEPT]
        return xlsx_bytes({"plot_visit": [[row[place] for place in kept] for row in (head, *rows)]})
    rows = [[text if name in KEPT else "" for name, text in zip(head, row, strict=True)] for row in rows]
    return xlsx_bytes({"plot_visit": [head, *rows], **{name: sheets[name][:1] for name in ("HARVEST", "FERTILIZER")}})


def edited(count: int) -> list[dict]:
    """Edits under new ids, as KoboToolbox gives them."""
    return [a | {"id": submission(40 + n)["id"], "deprecated": a["id"]} for n, a in enumerate(STORED[:count])]


def resent(count: int) -> list[dict]:
    """The same ids with a later time of the server."""
    return [answers | {"sent": "2026-11-22T08:30:00"} for answers in STORED[:count]]


def but_for_reports(folder: Folder) -> dict[str, bytes]:
    return {name: data for name, data in folder.files().items() if "report" not in name}


@pytest.mark.parametrize("made", [edited, resent])
def test_a_file_that_empties_the_answers_of_several_is_shown_first_and_taken_when_accepted(
    stored, capsys, made
) -> None:
    before, plots = but_for_reports(stored), stored.plots
    empty = ("empty.xlsx", without_answers(made(2), "no answers"))
    assert stored.take_in(empty) == 2
    shown = capsys.readouterr()
    assert "2 kiriman kehilangan" in shown.err
    assert "2 submissions lose" in shown.err
    assert "--accept" in shown.err
    assert all(answers["id"] in shown.err for answers in STORED[:2])
    assert not any(mark in shown.err + shown.out for marks in MARKS for mark in marks)
    assert but_for_reports(stored) == before
    pd.testing.assert_frame_equal(stored.plots, plots)
    assert stored.take_in(empty, accept=True) == 1
    assert len(stored.plots) == 1


@pytest.mark.parametrize("made", [edited, resent])
def test_what_an_export_has_no_column_for_keeps_its_answers(stored, made) -> None:
    said = [name for name in stored.plots if name not in ("plot_id", "visit_date")]
    plots = stored.plots[said].sort_values("farm_id", ignore_index=True)
    partial = ("partial.xlsx", without_answers(made(3), "no columns"))
    for again in (partial, ("good.xlsx", kobo_xlsx(list(STORED))), partial):
        assert stored.take_in(again) == 0
        pd.testing.assert_frame_equal(stored.plots[said].sort_values("farm_id", ignore_index=True), plots)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1), (1, 2, 0), (0, 1, 2, 0), (0, 1, 2, 1)])
def test_a_later_version_without_a_column_has_the_answer_of_the_version_before_in_any_order(folder, order) -> None:
    first, second = STORED[0], STORED[0] | {"age_years": "20"} | {k: edited(1)[0][k] for k in ("id", "deprecated")}
    third = second | {"id": submission(50)["id"], "deprecated": second["id"], "age_years": "30"}
    files = [kobo_xlsx([first]), kobo_xlsx([second]), without_answers([third], "no columns")]
    for place in order:
        folder.take_in(("a.xlsx", files[place]))
    assert list(folder.plots["age_years"]) == [20]
    assert folder.plots["yield_kg_per_ha"].notna().all()


def test_a_whole_export_of_a_version_counts_before_one_without_columns(folder) -> None:
    second = STORED[0] | {"sent": "2026-11-22T08:30:00", "age_years": "20"}
    files = [kobo_xlsx([STORED[0]]), without_answers([second], "no columns"), kobo_xlsx([second])]
    for data, age in zip([*files, files[1]], (12, 12, 20, 20), strict=True):
        assert folder.take_in(("a.xlsx", data)) == 0
        assert list(folder.plots["age_years"]) == [age]


@pytest.mark.parametrize("made", [edited, resent])
def test_one_submission_that_loses_an_answer_is_taken_and_told(stored, capsys, made) -> None:
    assert stored.take_in(("a.xlsx", kobo_xlsx([made(1)[0] | {"age_years": "", "remarks": ""}]))) == 0
    shown = capsys.readouterr().out
    assert f"1 kiriman kehilangan 2 jawaban yang tersimpan ({STORED[0]['id']})" in shown
    assert stored.plots["age_years"].isna().sum() == 1
    assert stored.take_in(("b.xlsx", kobo_xlsx([made(2)[1] | {"age_years": "30"}]))) == 0
    assert "kehilangan" not in capsys.readouterr().out


def test_rows_below_that_are_gone_are_answers_that_are_lost(stored, capsys) -> None:
    assert stored.take_in(("a.xlsx", kobo_xlsx([a | {"fertilizer": []} for a in edited(2)]))) == 2
    assert "2 submissions lose" in capsys.readouterr().err
    assert stored.plots["n_kg_per_ha"].notna().all()


def test_a_refusal_and_a_lost_answer_count_together(stored, capsys) -> None:
    one, two = resent(2)
    assert stored.take_in(("a.xlsx", kobo_xlsx([one | {"consent": "no"}, two | {"age_years": ""}]))) == 2
    shown = capsys.readouterr().err
    assert "karena ditolak" in shown
    assert "1 submissions lose 1 stored answers" in shown
    assert len(stored.plots) == 3


# A no whose order is not known.

UNDATED = STORED[0] | {"consent": "no", "sent": ""}


@pytest.mark.parametrize("export", [kobo_zip, odk_zip])
@pytest.mark.parametrize("order", ["yes first", "no first"])
def test_a_no_without_a_time_is_told_and_neither_clears_nor_counts(folder, export, order) -> None:
    files = [("a.zip", export(list(STORED))), ("b.zip", export([UNDATED]))]
    for file in files if order == "yes first" else reversed(files):
        folder.take_in(file)
    for again in (False, True):
        assert not again or folder.take_in(files[0]) == 1
        told = folder.set_aside
        assert list(told["id"]) == [UNDATED["id"]]
        assert list(told["question"]) == ["consent"]
        assert list(told["value"]) == ["no"]
        assert "has no time of the server" in told["reason_en"].iloc[0]
        assert "tanpa waktu server" in told["reason_id"].iloc[0]
        assert len(folder.plots) == 2
        assert MARKS[0][0].encode() in folder.files()["survey/private/store.zip:main.csv"]


def test_a_no_that_gets_its_time_is_a_withdrawal(stored) -> None:
    assert stored.take_in(("a.zip", kobo_zip([UNDATED]))) == 1
    assert stored.take_in(("b.zip", kobo_zip([UNDATED | {"sent": "2026-11-22T08:30:00"}]))) == 0
    assert stored.where(list(MARKS[0])) == []
    assert stored.set_aside.empty
    assert len(stored.plots) == 2


def test_a_later_yes_settles_a_no_without_a_time(stored) -> None:
    assert stored.take_in(("a.zip", kobo_zip([UNDATED]))) == 1
    assert stored.take_in(("b.zip", kobo_zip(resent(1)))) == 0
    assert len(stored.plots) == 3


@pytest.mark.parametrize(("edits", "plots"), [("1", 2), ("0", 3)])
def test_numbers_of_edits_tell_the_order_where_the_time_does_not(folder, edits, plots) -> None:
    yes = [STORED[0] | {"edits": "0" if edits == "1" else "2"}, *STORED[1:]]
    folder.take_in(("a.zip", odk_zip(yes)))
    assert folder.take_in(("b.zip", odk_zip([UNDATED | {"edits": edits}]))) == 0
    assert len(folder.plots) == plots


def test_the_name_in_a_wrong_column_is_told_in_the_private_folder_only(folder, capsys) -> None:
    wrong = STORED[0] | {"consent": STORED[0][NAME]}
    assert folder.take_in(("a.zip", odk_zip([wrong, submission(9)]))) == 1
    shown = "".join(capsys.readouterr())
    assert STORED[0][NAME] not in shown
    assert folder.set_aside["value"].iloc[0] == STORED[0][NAME]
