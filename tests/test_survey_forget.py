"""After forgetting a farmer no byte of the private folder tells of them, and no later export brings them back."""

import secrets
from pathlib import Path

import pytest
from survey_exports import (
    NAME,
    PHONE,
    csv_bytes,
    kobo_sheets,
    kobo_xlsx,
    kobo_zip,
    members_of,
    odk_zip,
    person,
    submission,
    with_column,
    xlsx_bytes,
    zipped,
)
from survey_folder import Folder, after

from pipeline.survey import command, privacy

pytestmark = pytest.mark.slow

ONE, MARKS = person(1)


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> Path:
    """A folder into which this farmer and another were imported; tests work on copies."""
    return after(tmp_path_factory.mktemp("imported"), ("a.zip", odk_zip([ONE, submission(2)])))


@pytest.fixture(scope="module")
def deleted(tmp_path_factory) -> Path:
    """A folder from which this farmer was deleted again; tests work on copies."""
    export = ("a.xlsx", kobo_xlsx([ONE, submission(2)]))
    return after(tmp_path_factory.mktemp("deleted"), export, forgets=ONE["id"])


@pytest.fixture
def with_both(folder: Folder, imported: Path) -> Folder:
    """A copy of the folder with both."""
    folder.begin_as(imported)
    return folder


@pytest.fixture
def without(folder: Folder, deleted: Path) -> Folder:
    """A copy of the folder without this farmer."""
    folder.begin_as(deleted)
    return folder


def mark(word: str) -> str:
    """A word that stands nowhere by chance."""
    return f"{word}{secrets.token_hex(8)}"


def beside(people: list[dict], marks: list[str]) -> bytes:
    """An export of ODK Central with an audit log, photos, a recording and a note; marks tell whose each is."""
    files = members_of(odk_zip([answers | {"remarks": f"{m}.jpg"} for answers, m in zip(people, marks, strict=True)]))
    log = [["instance ID", "event", "node", "new-value"]]
    log += [
        [f"uuid:{a['id']}", "question", "/data/FARM/farmer_name", f"audit{m}"]
        for a, m in zip(people, marks, strict=True)
    ]
    files["plot_visit - audit.csv"] = csv_bytes(log)
    files |= {f"media/{m}.jpg": f"photo{m}".encode() for m in marks}
    files |= {f"attachments/{a['id']}/voice.m4a": f"voice{m}".encode() for a, m in zip(people, marks, strict=True)}
    files |= {f"media/loose{marks[0]}.m4a": f"loose{marks[0]}".encode(), "note.txt": f"note{marks[0]}".encode()}
    return zipped(files)


def test_all_that_lies_beside_the_answers_in_a_zip_goes_with_the_farmer(folder: Folder) -> None:
    (one, of_one), (two, of_two) = person(1), person(2)
    marks = [mark("one"), mark("two")]
    export = ("Pak_Budi.zip", beside([one, two], marks))
    folder.take_in(export)
    assert len(folder.where([f"{kind}{marks[0]}" for kind in ("audit", "photo", "voice", "loose", "note")])) >= 5
    assert command.main(["forget", one["id"]]) == 0
    for _ in range(2):
        assert folder.where([*of_one, marks[0], one["id"]]) == []
        assert not [name for name in folder.files() if marks[0] in name or "Budi" in name]
        # Of the other everything stays.
        kept = {word for _, word in folder.where([f"{kind}{marks[1]}" for kind in ("audit", "photo", "voice")])}
        assert kept == {f"{kind}{marks[1]}" for kind in ("audit", "photo", "voice")}
        assert folder.where(of_two[:1])
        assert folder.take_in(export) == 0


def with_more(people: list[dict], word: str) -> bytes:
    """A workbook of KoboToolbox with a sheet that somebody added, and rows of a repeat that belong to nobody."""
    sheets = kobo_sheets(people)
    sheets[f"Pak {word}"] = [["name", "phone"], [word, word]]
    lost = dict(zip(sheets["HARVEST"][0], sheets["HARVEST"][1], strict=True))
    lost |= {"HARVEST/harvest_month_from": word, "_parent_index": "99", "_submission__uuid": "nobody"}
    sheets["HARVEST"].append(list(lost.values()))
    sheets["plot_visit"].append([word if text.endswith("farmer_name") else "" for text in sheets["plot_visit"][0]])
    return xlsx_bytes(sheets)


def test_sheets_and_rows_that_name_no_kept_submission_go_too(folder: Folder) -> None:
    (one, of_one), (two, of_two) = person(1), person(2)
    word = mark("loose")
    folder.take_in(("a.xlsx", with_more([one, two], word)))
    assert folder.where([word])
    assert command.main(["forget", one["id"]]) == 0
    assert folder.where([*of_one, word, one["id"]]) == []
    assert not [name for name in folder.files() if word in name]
    assert folder.where(of_two[:1])


def test_rows_below_a_forgotten_submission_go_also_where_its_own_row_is_missing(folder: Folder) -> None:
    (one, _), (two, _) = person(1), person(2)
    word = mark("below")
    sheets = kobo_sheets([one | {"harvest": [{"harvest_month_from": word}]}, two])
    del sheets["plot_visit"][1]
    folder.take_in(("whole.xlsx", kobo_xlsx([one, two])), ("part.xlsx", xlsx_bytes(sheets)))
    assert folder.where([word])
    assert command.main(["forget", one["id"]]) == 0
    assert folder.where([word, one["id"]]) == []


@pytest.mark.parametrize("middle", ["exported", "not exported"])
@pytest.mark.parametrize("columns", ["all", "no deprecatedID"])
def test_an_edit_under_a_new_id_brings_nobody_back(without: Folder, middle, columns) -> None:
    second = ONE | {"id": submission(7)["id"], "deprecated": ONE["id"], "age_years": "20"}
    third = ONE | {"id": submission(8)["id"], "deprecated": second["id"], "age_years": "30"}
    for edit in (second, third) if middle == "exported" else (third,):
        rows = kobo_sheets([edit, submission(2)])["plot_visit"]
        lacks = rows[0].index("meta/deprecatedID") if columns != "all" else -1
        rows = [[text for place, text in enumerate(row) if place != lacks] for row in rows]
        without.take_in(("b.csv", csv_bytes(rows)))
        assert without.where([*MARKS, ONE["id"], edit["id"]]) == []
        assert len(without.plots) == 1


def test_an_edit_with_the_id_of_the_first_version_brings_nobody_back(folder: Folder) -> None:
    one, marks = person(1)
    edit = one | {"id": submission(7)["id"], "deprecated": submission(6)["id"], "number": "77"}
    rows = [kobo_sheets([answers])["plot_visit"] for answers in (one, edit)]
    files = [csv_bytes(with_column(sheet, "meta/rootUuid", [f"uuid:{one['id']}"])) for sheet in rows]
    folder.take_in(("a.csv", files[0]), ("other.zip", odk_zip([submission(2)])))
    assert command.main(["forget", one["id"]]) == 0
    folder.take_in(("b.csv", files[1]))
    assert folder.where([*marks, one["id"], edit["id"]]) == []


def test_a_farmer_may_be_named_by_the_id_of_an_edit_and_older_exports_bring_nothing(folder: Folder) -> None:
    one, marks = person(1)
    second = one | {"id": submission(7)["id"], "deprecated": one["id"]}
    third = one | {"id": submission(8)["id"], "deprecated": second["id"]}
    files = [(f"{n}.zip", kobo_zip([answers, submission(2)])) for n, answers in enumerate((one, second, third))]
    folder.take_in(*files)
    assert command.main(["forget", third["id"]]) == 0
    for again in (False, True):
        if again:
            folder.take_in(*files)
        assert folder.where([*marks, one["id"], second["id"], third["id"]]) == []
        assert len(folder.plots) == 1


def test_an_edit_that_nothing_links_goes_when_the_edit_before_it_comes(without: Folder) -> None:
    second = ONE | {"id": submission(7)["id"], "deprecated": ONE["id"], "number": ""}
    third = ONE | {"id": submission(8)["id"], "deprecated": second["id"], "number": ""}
    for edit in (third, second, third):
        without.take_in(("b.xlsx", kobo_xlsx([edit])))
    assert without.where([*MARKS, second["id"], third["id"]]) == []
    assert len(without.plots) == 1


def test_another_farmer_of_the_same_place_in_a_later_export_is_taken(folder: Folder) -> None:
    one = submission(1)
    two = submission(2) | {"number": one["number"]}
    folder.take_in(("a.xlsx", kobo_xlsx([one])))
    assert command.main(["forget", one["id"]]) == 0
    assert folder.take_in(("b.xlsx", kobo_xlsx([two]))) == 0
    assert len(folder.plots) == 1


def test_what_a_kill_left_half_written_goes_with_the_next_command(with_both: Folder) -> None:
    private = privacy.private()
    left = [
        private / ".store.zip.4711.tmp",
        private / "salt.4711.tmp",
        private / "received" / ".x.zip.4711.tmp",
        private / "reports" / ".report.txt.4711.tmp",
        privacy.plots().parent / ".plots.csv.4711.tmp",
    ]
    own = private / "my.tmp"
    for path in (*left, own):
        path.write_text(MARKS[0], encoding="utf-8")
    own.write_text("mine", encoding="utf-8")
    assert command.main(["forget", ONE["id"]]) == 0
    assert with_both.where([*MARKS, ONE["id"]]) == []
    assert own.exists()


def test_files_of_the_system_hinder_nothing_and_other_files_are_told(with_both: Folder, capsys) -> None:
    for name in (".DS_Store", "Thumbs.db", "received/.DS_Store"):
        (privacy.private() / name).write_bytes(b"\x00\x01")
    assert command.main(["forget", ONE["id"]]) == 0
    assert "berkas lain" not in capsys.readouterr().err
    assert with_both.where([*MARKS, ONE["id"]]) == []
    (privacy.private() / "received" / "copy.xlsx").write_bytes(kobo_xlsx([ONE]))
    assert command.main(["forget", submission(2)["id"]]) == 0
    assert "1 berkas lain di survey/private" in capsys.readouterr().err


def test_a_received_file_that_cannot_be_read_is_named_and_the_others_are_changed(with_both: Folder, capsys) -> None:
    broken = privacy.private() / "received" / ("0" * 64 + ".zip")
    broken.write_bytes(b"PK\x03\x04 half")
    assert command.main(["forget", ONE["id"]]) == 1
    assert broken.name in capsys.readouterr().err
    assert broken.exists()
    broken.unlink()
    assert with_both.where([*MARKS, ONE["id"]]) == []


def test_a_code_of_many_farmers_deletes_them_only_when_accepted(folder: Folder, capsys) -> None:
    people = [person(number, farm_code="K-1") for number in range(4)]
    folder.take_in(("a.zip", odk_zip([answers for answers, _ in people] + [submission(9)])))
    assert command.main(["forget", people[0][0]["id"]]) == 2
    shown = capsys.readouterr()
    assert "4 kiriman dari 4 nama" in shown.err
    assert not any(m in shown.err + shown.out for _, marks in people for m in marks)
    assert len(folder.plots) == 5
    assert command.main(["forget", people[0][0]["id"], "--accept"]) == 0
    assert folder.where([m for _, marks in people for m in marks]) == []
    assert len(folder.plots) == 1


def test_what_is_remembered_of_the_forgotten_are_hashes(without: Folder) -> None:
    lines = without.files()["survey/private/store.zip:forgotten.csv"].decode().split()
    assert lines[0] == "hash"
    assert len(lines) > 1
    assert all(len(line) == len("id-") + 16 and line.startswith("id-") for line in lines[1:])


# A visit of the same farmer whose consent is unclear.


def visit_of(answers: dict, number: int, **changes: str) -> tuple[dict, list[str]]:
    """Another visit to the farmer of a submission, with a consent that is no clear yes, and marks of its own."""
    other, marks = person(number, **({NAME: answers[NAME], PHONE: answers[PHONE], "consent": ""} | changes))
    own = [mark for mark in marks if any(mark in str(value) for value in other.values())]
    return other, [mark for mark in own if mark not in answers.values()]


@pytest.mark.parametrize("consent", ["", "belum pasti"])
@pytest.mark.parametrize("place", ["one file", "two files"])
@pytest.mark.parametrize("named", ["the yes", "the unclear visit"])
def test_an_unclear_visit_goes_with_its_farmer_and_the_farmer_with_it(folder: Folder, consent, place, named) -> None:
    # Far away, so that no digits of its place are those of the farmer.
    far = {"position": "0.5 116.25 40 4.5"}
    (one, marks), two = person(1), person(2, **far)
    unclear, more = visit_of(one, 3, consent=consent, sent="2026-11-24T08:30:00")
    files = [[one, two[0], unclear]] if place == "one file" else [[one, two[0]], [unclear, submission(4, **far)]]
    exports = [(f"{n}.xlsx", kobo_xlsx(people)) for n, people in enumerate(files)]
    folder.take_in(*exports)
    assert folder.where(more)
    assert command.main(["forget", (one if named == "the yes" else unclear)["id"]]) == 0
    for again in (False, True):
        if again:
            folder.take_in(*exports)
        assert folder.where([*marks, *more, one["id"], unclear["id"]]) == []
        assert folder.where(two[1][:1])


def test_a_visit_with_another_code_goes_too_where_name_and_phone_are_the_same(folder: Folder) -> None:
    one, marks = person(1, farm_code="K-1")
    unclear, more = visit_of(one, 3, farm_code="")
    folder.take_in(("a.xlsx", kobo_xlsx([one, unclear, submission(2)])))
    assert command.main(["forget", one["id"]]) == 0
    assert folder.where([*marks, *more]) == []


@pytest.mark.parametrize("same", [NAME, PHONE])
def test_a_visit_with_the_name_or_the_phone_alone_is_told_and_stays(folder: Folder, capsys, same) -> None:
    one, marks = person(1)
    alike, more = person(3, **{same: one[same], "consent": ""})
    plain, _ = person(4, **{same: one[same]})
    folder.take_in(("a.xlsx", kobo_xlsx([one, alike, plain, submission(2)])))
    assert command.main(["forget", one["id"]]) == 1
    shown = capsys.readouterr()
    assert "2 kiriman lain memakai nama atau nomor HP yang sama" in shown.err
    assert "2 other submissions" in shown.err
    assert alike["id"] in shown.err
    assert plain["id"] in shown.err
    assert not any(mark in shown.err + shown.out for mark in [*marks, *more])
    assert folder.where([one["id"], *(mark for mark in marks if mark not in one[same])]) == []
    assert folder.where([alike["id"]])
    assert len(folder.plots) == 2
    for other in (alike, plain):
        command.main(["forget", other["id"]])
    assert folder.where([*marks, *more]) == []


# The same visit under an id that nothing links.


def as_new(answers: dict, deprecated: str = "", **changes: str) -> list[list[str]]:
    """The sheet of an export in which a submission stands under a new id, beside another farmer."""
    return kobo_sheets([answers | {"id": submission(7)["id"], "deprecated": deprecated} | changes, submission(2)])[
        "plot_visit"
    ]


def without_column(rows: list[list[str]], header: str) -> list[list[str]]:
    place = rows[0].index(header)
    return [row[:place] + row[place + 1 :] for row in rows]


UNKNOWN = submission(99)["id"]
NEW_IDS = {
    "no version before": lambda one: as_new(one),
    "unknown version, number with a decimal": lambda one: as_new(one, UNKNOWN, number="1001.0"),
    "unknown version, number with a mark": lambda one: as_new(one, UNKNOWN, number="1,001"),
    "unknown version, no number": lambda one: without_column(as_new(one, UNKNOWN), "_id"),
    "number with a decimal, another phone": lambda one: as_new(one, UNKNOWN, number="1001.0", farmer_phone="08139"),
    "version before in capitals": lambda one: as_new(one, f"UUID:{one['id'].upper()}", number="9", sent=""),
    "capitals": lambda one: as_new(one, id=one["id"].upper(), sent=""),
    "UUID:": lambda one: as_new(one, id=f"UUID:{one['id']}", sent=""),
    "uuid: and a space": lambda one: as_new(one, id=f" uuid: {one['id']}", sent=""),
}


@pytest.mark.parametrize("name", NEW_IDS)
@pytest.mark.parametrize("consent", ["yes", "maybe"])
def test_no_other_writing_of_an_id_brings_a_forgotten_farmer_back(without: Folder, name, consent) -> None:
    without.take_in(("b.csv", csv_bytes(NEW_IDS[name](ONE | {"consent": consent}))))
    assert without.where([*MARKS, ONE["id"], ONE["id"].upper()]) == []
    assert len(without.plots) == 1


def test_a_farmer_who_was_forgotten_may_be_asked_again(without: Folder) -> None:
    again = ONE | {"id": submission(7)["id"], "number": "2001", "sent": "2026-11-23T08:30:00"}
    assert without.take_in(("b.xlsx", kobo_xlsx([again]))) == 0
    assert len(without.plots) == 2


def test_an_id_may_be_given_to_the_command_in_any_writing(with_both: Folder) -> None:
    assert command.main(["forget", f"UUID: {ONE['id'].upper()}"]) == 0
    assert with_both.where(MARKS) == []


def test_an_empty_id_deletes_nobody(folder: Folder) -> None:
    folder.take_in(("a.xlsx", kobo_xlsx([submission(1), submission(2, consent="")])))
    assert command.main(["forget", " "]) == 1
    assert len(folder.plots) == 1
