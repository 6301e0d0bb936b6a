"""Names, phones and exact places go two years after the server took them; what is counted stays the same."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from survey_exports import NAME, PHONE, harvest, kobo_xlsx, kobo_zip, odk_zip, person, submission
from survey_folder import Folder

from pipeline.params import describe
from pipeline.survey import command, expiry, privacy, store
from pipeline.survey.questions import load_form, questions

pytestmark = pytest.mark.slow

OLD = {"visit_date": "2024-01-15", "today": "2024-01-15", "sent": "2024-01-16T08:00:00"}
OLD_HARVEST = [harvest("2023-01", "2023-12", "400")]


def visited(number: int, **changes) -> tuple[dict, list[str]]:
    """A person whose plot was visited nearly three years ago, and the marks of the person."""
    return person(number, **(OLD | {"harvest": OLD_HARVEST} | changes))


def six_farms() -> tuple[list[dict], list[str]]:
    """Six farms of one village, of two of them a later visit too; the marks are of the four visited only once."""
    people = [visited(number) for number in range(6)]
    submissions = [answers for answers, _ in people]
    for number in (4, 5):
        later = {name: submissions[number][name] for name in (NAME, PHONE, "position")}
        submissions.append(submission(10 + number, **later))
    return submissions, [mark for _, marks in people[:4] for mark in marks]


@pytest.mark.parametrize("export", [kobo_zip, odk_zip])
def test_the_plot_table_is_the_same_with_and_without_names(monkeypatch, folder: Folder, export) -> None:
    submissions, marks = six_farms()
    monkeypatch.setattr(expiry, "KEPT_YEARS", 100)
    assert folder.take_in(("a.zip", export(submissions))) == 0
    before = folder.plots
    assert len(before) == 8
    assert before["farm_id"].nunique() == 6
    assert before["village"].notna().all()
    assert folder.where(marks[:1])
    monkeypatch.setattr(expiry, "KEPT_YEARS", 2)
    assert command.main(["expire"]) == 0
    assert folder.where(marks) == []
    pd.testing.assert_frame_equal(folder.plots, before)


def test_an_import_deletes_what_is_too_old_and_files_do_not_bring_it_back(folder: Folder, capsys) -> None:
    submissions, marks = six_farms()
    export = ("a.zip", kobo_zip(submissions))
    assert folder.take_in(export) == 0
    plots = folder.plots
    assert "6 kiriman berumur 2 tahun kini tanpa nama" in capsys.readouterr().out
    assert folder.where(marks) == []
    for again in (export, ("b.zip", odk_zip(submissions)), ("c.zip", kobo_zip(submissions[:2]))):
        assert folder.take_in(again) == 0
        assert "tanpa nama" not in capsys.readouterr().out
        assert folder.where(marks) == []
        pd.testing.assert_frame_equal(folder.plots, plots)


def test_an_edit_is_not_taken_after_the_time_but_a_refusal_is(folder: Folder) -> None:
    old, marks = visited(1)
    other = submission(2)
    folder.take_in(("a.zip", odk_zip([old, other])))
    first = folder.plots
    later, more = person(1, id=old["id"], sent="2026-11-20T09:00:00", edits="1", age_years="30", **{
        "visit_date": OLD["visit_date"], "today": OLD["today"], "harvest": OLD_HARVEST
    })  # fmt: skip
    folder.take_in(("b.zip", odk_zip([later])))
    pd.testing.assert_frame_equal(folder.plots, first)
    assert folder.where([*marks, *more]) == []
    folder.take_in(("c.zip", odk_zip([{**later, "edits": "2", "consent": "no"}])))
    assert len(folder.plots) == 1
    assert folder.where([*marks, *more]) == []


def test_a_farmer_without_names_can_still_be_forgotten_by_any_name_that_is_left(folder: Folder) -> None:
    submissions, _ = six_farms()
    folder.take_in(("a.zip", kobo_zip(submissions)))
    farm = folder.plots["farm_id"].value_counts().index[0]
    assert command.main(["forget", farm]) == 0
    assert farm not in set(folder.plots["farm_id"])
    assert len(folder.plots) == 6
    assert command.main(["forget", submissions[0]["id"]]) == 0
    assert len(folder.plots) == 5


def test_a_refused_or_interrupted_deletion_is_done_by_the_next_command(folder: Folder, monkeypatch) -> None:
    submissions, marks = six_farms()
    monkeypatch.setattr(expiry, "KEPT_YEARS", 100)
    folder.take_in(("a.zip", kobo_zip(submissions)))
    monkeypatch.setattr(expiry, "KEPT_YEARS", 2)
    save = store.save
    monkeypatch.setattr(store, "save", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    assert command.main(["expire"]) == 2
    monkeypatch.setattr(store, "save", save)
    assert command.main(["expire"]) == 0
    assert folder.where(marks) == []
    assert len(folder.plots) == 8


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def state(**answers: str) -> store.Store:
    empty = store.empty(load_form())
    row = dict.fromkeys(empty.main, "") | {"id": "a", "consent": "yes"} | answers
    return store.Store(pd.DataFrame([row], dtype=object), empty.repeats)


@given(DAYS, DAYS)
def test_names_are_due_from_the_day_two_years_after_the_server_took_them(sent: date, today: date) -> None:
    last = (pd.Timestamp(sent) + pd.DateOffset(years=2)).date()
    is_due = expiry.due(state(time=f"{sent}T08:00:00Z"), today) == {"a"}
    # The 29th of February has its day on the 28th.
    assert is_due == (today >= last)


OLD_TIME = "2021-11-24T01:00:00Z"


def test_neither_the_day_of_the_visit_nor_the_clock_of_the_phone_deletes_anything() -> None:
    today = date(2026, 11, 24)
    assert expiry.due(state(time="2024-11-24T23:00:00Z"), today)
    assert not expiry.due(state(time="2024-11-25T01:00:00Z", visit_date="2021-01-01", today="2015-01-01"), today)
    assert not expiry.due(state(visit_date="2021-01-01", today="2021-01-01"), today)
    assert not expiry.due(state(time=OLD_TIME, consent="no"), today)
    assert not expiry.due(state(time=OLD_TIME, farm_id="farm-1"), today)


def test_a_time_of_the_server_that_cannot_be_right_deletes_nothing() -> None:
    today = date(2026, 11, 24)
    assert expiry.due(state(time=OLD_TIME, visit_date="2021-11-20"), today)
    # Before the survey; before the visit; a visit in the future says nothing of the server.
    assert not expiry.due(state(time="2012-11-24T01:00:00Z"), today)
    assert not expiry.due(state(time=OLD_TIME, visit_date="2026-11-20"), today)
    assert expiry.due(state(time=OLD_TIME, visit_date="2062-11-20"), today)


@pytest.mark.parametrize("changes", [{"visit_date": "2024-11-19"}, {"visit_date": "", "today": "2015-01-01"}])
def test_a_wrong_year_is_set_aside_with_its_place_and_the_name_stays(folder: Folder, changes) -> None:
    wrong, marks = person(1, **changes)
    assert folder.take_in(("a.xlsx", kobo_xlsx([submission(0), wrong]))) == 1
    assert {word for _, word in folder.where(marks[:1], "survey/private")} == set(marks[:1])
    assert len(folder.plots) == 1
    told = folder.set_aside[folder.set_aside["question"].isin(["visit_date", "today"])].iloc[0]
    assert (told["id"], told["sheet"], told["row"]) == (wrong["id"], "plot_visit", "3")
    assert told["file"].startswith("1: ")
    assert told["column"] in ("OFFICE/visit_date", "today")
    assert told["value"] in changes.values()
    # Corrected on the server, it counts.
    mended = wrong | {"visit_date": "2026-11-19", "today": "2026-11-19", "id": submission(9)["id"]}
    assert folder.take_in(("b.xlsx", kobo_xlsx([mended | {"deprecated": wrong["id"]}]))) == 0
    assert len(folder.plots) == 2


def test_without_a_time_of_the_server_names_stay_and_the_command_says_so(folder: Folder, capsys) -> None:
    unknown, marks = visited(1, sent="")
    folder.take_in(("a.zip", odk_zip([unknown, submission(2)])))
    assert "1 kiriman tanpa waktu server" in capsys.readouterr().out
    assert command.main(["expire"]) == 0
    assert "1 kiriman tanpa waktu server" in capsys.readouterr().out
    assert folder.where(marks[:1], "survey/private")


@pytest.mark.parametrize("day", [date(2028, 11, 24), date(2032, 1, 1)])
def test_a_clock_far_ahead_of_the_last_command_deletes_only_what_is_accepted(
    folder: Folder, monkeypatch, capsys, day
) -> None:
    answers, marks = person(1)
    folder.take_in(("a.zip", odk_zip([answers])))
    monkeypatch.setattr(expiry, "today", lambda: day)
    for arguments in (["expire"], ["expire"]):
        assert command.main(arguments) == 2
        assert f"jam komputer menunjuk {day}" in capsys.readouterr().out
        assert folder.where(marks[:1], "survey/private")
    assert folder.take_in(("a.zip", odk_zip([answers]))) == 2
    assert folder.where(marks[:1], "survey/private")
    assert command.main(["expire", "--accept"]) == 0
    assert folder.where(marks) == []


def test_a_survey_with_monthly_commands_expires_without_being_asked(folder: Folder, monkeypatch) -> None:
    answers, marks = person(1)
    folder.take_in(("a.zip", odk_zip([answers])))
    for day in pd.date_range("2026-12-20", "2028-11-21", freq="30D"):
        monkeypatch.setattr(expiry, "today", lambda day=day: day.date())
        assert command.main(["expire"]) == 0
        assert folder.where(marks[:1], "survey/private")
    monkeypatch.setattr(expiry, "today", lambda: date(2028, 11, 20))
    assert command.main(["expire"]) == 0
    assert folder.where(marks) == []


def test_an_edit_of_an_expired_submission_under_a_new_id_brings_nothing_back(folder: Folder) -> None:
    old, marks = visited(1)
    folder.take_in(("a.xlsx", kobo_xlsx([old, submission(2)])))
    first = folder.plots
    later, more = visited(1, id=submission(3)["id"], deprecated=old["id"])
    folder.take_in(("b.xlsx", kobo_xlsx([later])))
    assert folder.where([*marks, *more]) == []
    pd.testing.assert_frame_equal(folder.plots, first)


def test_a_copy_of_a_visit_stays_out_when_the_names_are_gone(folder: Folder, monkeypatch) -> None:
    monkeypatch.setattr(expiry, "KEPT_YEARS", 100)
    one, _ = visited(1)
    copy, other = {**one, "id": submission(3)["id"]}, submission(4)
    # Apart by a remark only, which goes with the names.
    apart = {**one, "id": submission(5)["id"], "remarks": "the second plot"}
    assert folder.take_in(("a.zip", odk_zip([one, copy, other, apart]))) == 1
    before = folder.plots
    assert len(before) == 3
    monkeypatch.setattr(expiry, "KEPT_YEARS", 2)
    assert command.main(["expire"]) == 0
    pd.testing.assert_frame_equal(folder.plots, before)


def test_the_program_keeps_what_the_consent_promises() -> None:
    asked = [row.label for row in questions() if row.name.startswith("consent_")]
    consent = " ".join(text for label in asked for text in (label.en, label.id))
    for words in (f"{expiry.KEPT_YEARS} years", f"{expiry.KEPT_YEARS} tahun", "5 km", "5 farmers", "5 petani"):
        assert words in consent
    allowed = describe()
    assert allowed["survey.grid_degrees"]["low"] * 111 >= 5
    assert allowed["survey.smallest_group"]["low"] == 5


def test_two_commands_do_not_change_the_store_at_once(folder: Folder, capsys) -> None:
    with store.alone():
        assert folder.take_in(("a.zip", odk_zip([submission(1)]))) == 2
        assert "sedang berjalan / another survey command is running" in capsys.readouterr().err
        assert not privacy.plots().exists()
    assert folder.take_in(("a.zip", odk_zip([submission(1)]))) == 0
