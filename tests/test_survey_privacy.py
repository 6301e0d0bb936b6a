"""Nothing that points to a person leaves the private folder; who refuses or asks to be forgotten is gone from it."""

import os
import re
import stat
import subprocess

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from survey_exports import NAME, PHONE, REMARK, csv_bytes, kobo_sheets, kobo_xlsx, kobo_zip, odk_zip, person, submission
from survey_folder import Folder

from pipeline.kit import paths
from pipeline.survey import command, expiry, privacy

pytestmark = pytest.mark.slow


def public(folder: Folder) -> dict[str, bytes]:
    return {name: data for name, data in folder.files().items() if not name.startswith("survey/private/")}


@pytest.mark.parametrize(
    ("name", "export"), [("a.zip", odk_zip), ("a.zip", kobo_zip), ("a.xlsx", kobo_xlsx), ("split", None)]
)
def test_nothing_personal_leaves_the_private_folder(folder, capfd, name, export) -> None:
    people = [person(number) for number in range(7)]
    people += [person(number, village="batu_lepoq") for number in (7, 8)]
    people += [person(9, age_years="99"), person(10, area_value="Rp1")]
    submissions, marks = [answers for answers, _ in people], [mark for _, marks in people for mark in marks]
    if export is None:
        files = [("a.zip", odk_zip(submissions[:6])), ("b.csv", csv_bytes(kobo_sheets(submissions[6:])["plot_visit"]))]
    else:
        files = [(name, export(submissions))]
    assert folder.take_in(*files) == 1
    assert set(public(folder)) == {"data/survey/plots.csv"}
    marks += ["batu_lepoq", *(answers["id"] for answers in submissions)]
    assert folder.where(marks, "data") == []
    shown = "".join(capfd.readouterr())
    assert [mark for mark in marks if mark in shown] == []
    # The search does find what is kept in the private folder.
    assert {word for _, word in folder.where(marks, "survey/private")} >= set(marks[:2])


def test_git_and_dvc_leave_out_what_is_private() -> None:
    for path in ("survey/private/store.zip", "survey/private/received/x.csv", "data/survey/plots.csv"):
        assert subprocess.run(["git", "check-ignore", "-q", path], cwd=paths.ROOT, check=False).returncode == 0
    tracked = subprocess.run(
        ["git", "ls-files", "survey/private", "data/survey"], cwd=paths.ROOT, stdout=-1, check=True
    )
    assert tracked.stdout in (b"", b"data/survey/README.md\n")
    assert "/survey/private" in (paths.ROOT / ".dvcignore").read_text(encoding="utf-8").splitlines()


def test_no_stage_reads_the_private_folder() -> None:
    for path in [*paths.NOTEBOOKS.glob("*.ipynb"), *(paths.ROOT / "pipeline" / "study").rglob("*.py"), paths.PIPELINE]:
        assert "survey/private" not in path.read_text(encoding="utf-8")


# Consent.


@pytest.mark.parametrize(("name", "export"), [("a.zip", odk_zip), ("a.xlsx", kobo_xlsx), ("a.zip", kobo_zip)])
def test_of_those_who_did_not_consent_nothing_is_kept(folder, name, export) -> None:
    yes, kept = person(1)
    no, marks = person(2, consent="no")
    assert folder.take_in((name, export([yes, no]))) == 0
    assert folder.where(marks) == []
    assert {word for _, word in folder.where(kept[:1])} == set(kept[:1])
    assert len(folder.plots) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_later_refusal_clears_what_came_before_and_what_comes_late(folder, order) -> None:
    yes, marks = person(1)
    other, kept = person(2)
    no = {**yes, "consent": "no", "edits": "1"}
    files = [("a.zip", odk_zip([yes, other])), ("b.zip", odk_zip([no, other]))]
    for place in order:
        folder.take_in(files[place])
    assert folder.where(marks) == []
    assert folder.where(kept[:1])
    assert len(folder.plots) == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_a_refusal_in_an_edit_under_a_new_id_clears_all_versions(folder, order) -> None:
    first, marks = person(1)
    second = {**first, "id": submission(2)["id"], "deprecated": first["id"]}
    third = {**first, "id": submission(3)["id"], "deprecated": second["id"], "consent": "no"}
    for place in order:
        folder.take_in(("a.zip", kobo_zip([[first, second, third][place]])))
    assert folder.where(marks) == []


def test_photos_of_a_farmer_who_refused_go_with_the_row(folder) -> None:
    yes, no = submission(1, remarks="a.jpg"), submission(2, consent="no", remarks="b.jpg")
    photos = {"a.jpg": b"photo of one", "b.jpg": b"photo of two", "c.jpg": b"photo of nobody"}
    folder.take_in(("a.zip", odk_zip([yes, no], photos)))
    # What no kept row names may be of the farmer who refused.
    assert folder.where(["photo of two", "photo of nobody"]) == []
    assert folder.where(["photo of one"])


# Forgetting.


@pytest.mark.parametrize("by", ["id", "plot_id", "farm_id"])
def test_a_forgotten_farmer_is_gone_everywhere_and_does_not_come_back(folder, capsys, by) -> None:
    person_one, marks = person(1)
    again = submission(
        2, **{name: person_one[name] for name in (NAME, PHONE, "position", REMARK)}, visit_date="2026-11-02"
    )
    bad = submission(3, **{name: person_one[name] for name in (NAME, PHONE)}, age_years="99")
    other, kept = person(4)
    export = ("a.zip", kobo_zip([person_one, again, bad, other]))
    folder.take_in(export, ("b.zip", odk_zip([person_one, other])))
    plots = folder.plots
    farm = plots["farm_id"].value_counts().index[0]
    assert (plots["farm_id"] == farm).sum() == 2
    wanted = {"id": "uuid:" + person_one["id"], "plot_id": plots.loc[plots["farm_id"] == farm, "plot_id"].iloc[0]}
    capsys.readouterr()
    assert command.main(["forget", wanted.get(by, farm)]) == 0
    words = [*marks, farm, *wanted.values(), person_one["id"], again["id"], bad["id"]]
    for _ in range(2):
        assert folder.where(words) == []
        assert len(folder.plots) == 1
        assert folder.where(kept[:1])
        assert folder.take_in(export) == 0
    shown = capsys.readouterr().out
    assert "dvc repro" in shown
    assert "dvc gc" in shown
    assert not [word for word in words if word in shown]


def test_forgetting_the_last_farmer_takes_the_table_away(folder) -> None:
    answers, marks = person(1)
    folder.take_in(("a.zip", odk_zip([answers])))
    assert command.main(["forget", answers["id"]]) == 0
    assert not privacy.plots().exists()
    assert folder.where([*marks, answers["id"]]) == []


def test_a_file_of_which_nothing_is_left_hinders_no_later_command(folder) -> None:
    answers, marks = person(1)
    export = ("a.zip", odk_zip([answers], {"a.jpg": b"photo of one"}))
    folder.take_in(export)
    assert command.main(["forget", answers["id"]]) == 0
    assert folder.take_in(("b.zip", odk_zip([submission(2), submission(3, consent="no")])), export) == 0
    assert command.main(["forget", submission(2)["id"]]) == 0
    assert folder.where([*marks, "photo of one"]) == []


def test_an_unknown_id_is_told_and_changes_nothing(folder, capsys) -> None:
    folder.take_in(("a.zip", odk_zip([submission(1)])))
    before = folder.plots
    assert command.main(["forget", "plot-0000000000000000"]) == 1
    assert "tidak ditemukan" in capsys.readouterr().out
    pd.testing.assert_frame_equal(folder.plots, before)


# Pseudonyms.


def test_the_salt_is_secret_made_once_and_changes_every_pseudonym(folder) -> None:
    salt = privacy.load_salt()
    assert privacy.load_salt() == salt
    assert len(salt) == 32
    if os.name == "posix":
        assert stat.S_IMODE((privacy.private() / "salt").stat().st_mode) == 0o600
        assert stat.S_IMODE(privacy.private().stat().st_mode) == 0o700
    first = privacy.pseudonym(salt, "farm", "simulated")
    assert first == privacy.pseudonym(salt, "farm", "simulated")
    assert first != privacy.pseudonym(b"other", "farm", "simulated")
    assert first != privacy.pseudonym(salt, "plot", "simulated").replace("plot", "farm")
    assert re.fullmatch(r"farm-[0-9a-f]{16}", first)


def test_one_farmer_is_one_farm_however_the_phone_is_written(folder) -> None:
    same = [
        submission(1, farmer_name="Simulasi A", farmer_phone="0812-5550-777"),
        submission(2, farmer_name=" simulasi  a.", farmer_phone="+62 812 5550 777"),
        submission(3, farmer_name="Simulasi B", farmer_phone="08125550777"),
        submission(4, farmer_name="", farmer_phone="", farm_code="K-1"),
        submission(5, farmer_name="Simulasi C", farmer_phone="", farm_code="k 1"),
    ]
    folder.take_in(("a.zip", odk_zip(same)))
    assert sorted(folder.plots["farm_id"].value_counts()) == [1, 2, 2]


# Places.

COORDINATE = st.tuples(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))


@given(COORDINATE, st.sampled_from([0.01, 0.05, 0.1, 1.0]))
def test_a_coarse_place_is_the_middle_of_its_cell_and_stays_there(place, grid) -> None:
    assume(max(map(abs, place)) > 1e-5)  # A phone without a fix sends zeros.
    text = pd.Series([f"{place[0]:.6f} {place[1]:.6f} 10 5"])
    coarse = privacy.coarse(text, grid)
    assert np.abs(coarse.to_numpy()[0] - place).max() <= grid / 2 + 2e-6
    again = privacy.coarse(pd.Series([f"{coarse.iat[0, 0]:.6f} {coarse.iat[0, 1]:.6f}"]), grid)
    pd.testing.assert_frame_equal(coarse, again)


def test_one_cell_gives_one_place_and_what_is_no_place_is_missing() -> None:
    inside = pd.Series(["1.30001 117.55001 1 1", "1.34999 117.59999 900 3", "1,31 117,56 0 0"])
    assert len(privacy.coarse(inside, 0.05).drop_duplicates()) == 1
    nowhere = pd.Series(["", "0 0 0 0", "95 117", "1.3", "north east", "1.3 181 0 0", None])
    assert privacy.coarse(nowhere, 0.05).isna().all(axis=None)


def place_rows(farms: dict[tuple[str, str], int]) -> pd.DataFrame:
    rows = [
        {"subdistrict": subdistrict, "village": village, "latitude": 1.0, "longitude": 2.0, "farm_id": f"{village}{n}"}
        for (subdistrict, village), count in farms.items()
        for n in range(count)
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(name_key=frame["farm_id"], phone_key=frame["farm_id"])


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ST"), st.sampled_from("abcd")), st.integers(1, 9), min_size=1, max_size=8
    ),
    st.integers(3, 6),
)
def test_every_place_that_is_shown_has_enough_farms_also_by_elimination(farms, smallest) -> None:
    frame = place_rows({(s, f"{s}{v}"): count for (s, v), count in farms.items()})
    hidden = privacy.hide_small_groups(frame, smallest)
    shown = hidden.dropna(subset=["subdistrict"])
    counts = shown.assign(village=shown["village"].fillna("")).groupby(["subdistrict", "village"])["farm_id"].nunique()
    assert (counts >= smallest).all()
    # What is large enough is not hidden.
    large = frame.groupby("village")["farm_id"].transform("nunique") >= smallest
    assert hidden.loc[large, "village"].notna().all()
    # More is never shown when groups must be larger.
    stricter = privacy.hide_small_groups(frame, smallest + 1)
    assert stricter["village"].notna().sum() <= hidden["village"].notna().sum()


def test_many_visits_to_one_farmer_do_not_make_a_group(folder) -> None:
    one = [submission(n, farmer_name="Simulasi Satu", farmer_phone="081255501234") for n in range(6)]
    folder.take_in(("a.zip", odk_zip(one)))
    plots = folder.plots
    assert len(plots) == 6
    assert plots[["village", "subdistrict", "latitude", "longitude"]].isna().all(axis=None)


def test_one_phone_under_many_names_is_no_group_of_farms(folder) -> None:
    folder.take_in(("a.zip", odk_zip([submission(n, farmer_phone="081255501234") for n in range(6)])))
    assert folder.plots["village"].isna().all()


def test_an_unforeseen_error_shows_its_place_and_no_answer(folder, monkeypatch, capfd) -> None:
    answers, marks = person(1)

    def fails(*_):
        raise KeyError(answers[NAME])

    monkeypatch.setattr(expiry, "derive", fails)
    assert folder.take_in(("a.zip", odk_zip([answers]))) == 2
    shown = "".join(capfd.readouterr())
    assert "KeyError, test_survey_privacy.py:" in shown
    assert not [mark for mark in marks if mark in shown]
