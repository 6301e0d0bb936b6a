"""A store or a salt that is lost, damaged or another's stops every command: nothing is made anew in their place."""

import secrets
from pathlib import Path

import pytest
from survey_exports import odk_zip, person, submission
from survey_folder import Folder, after

from pipeline.survey import command, privacy


@pytest.fixture(scope="module")
def deleted(tmp_path_factory) -> tuple[tuple[str, bytes], list[str], Path]:
    """A farmer who was forgotten: the export that would bring them back, their marks, and the folder without them."""
    one, marks = person(1)
    export = ("a.zip", odk_zip([one, submission(2)]))
    return export, marks, after(tmp_path_factory.mktemp("deleted"), export, forgets=one["id"])


@pytest.fixture
def forgotten(folder: Folder, deleted) -> tuple[tuple[str, bytes], list[str]]:
    """The export and the marks; the folder of the test is a copy of that without the farmer."""
    export, marks, without = deleted
    folder.begin_as(without)
    return export, marks


DAMAGE = {
    "salt is gone": ("salt", None, "salt di survey/private hilang atau rusak"),
    "salt is empty": ("salt", b"", "salt di survey/private hilang atau rusak"),
    "salt is no salt": ("salt", b"not a salt", "salt di survey/private hilang atau rusak"),
    "salt is half": ("salt", secrets.token_hex(8).encode(), "salt di survey/private hilang atau rusak"),
    "salt is another": ("salt", secrets.token_hex(32).encode(), "salt bukan milik store.zip"),
    "store is gone": ("store.zip", None, "store.zip tidak ada"),
    "store is empty": ("store.zip", b"", "store.zip rusak"),
    "store is cut": ("store.zip", "half", "store.zip rusak"),
    "store lacks a table": ("store.zip", b"PK\x05\x06" + bytes(18), "store.zip rusak"),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("arguments", [["import"], ["forget", "x"], ["expire", "--accept"]])
def test_a_damaged_private_folder_stops_every_command(folder: Folder, forgotten, capsys, name, arguments) -> None:
    (file, data), marks = forgotten
    target, content, words = DAMAGE[name]
    path = privacy.private() / target
    if content is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:200] if content == "half" else content)
    before = folder_bytes(folder)
    code = folder.take_in((file, data)) if arguments == ["import"] else command.main(arguments)
    assert code == 2
    shown = capsys.readouterr().err
    assert words in shown
    assert "pulihkan dari cadangan" in shown
    assert folder_bytes(folder) == before
    assert not any(mark.encode() in content for mark in marks for content in before.values())


def folder_bytes(folder: Folder) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in folder.root.rglob("*") if path.is_file()}


def test_restored_from_a_backup_all_goes_on(folder: Folder, forgotten) -> None:
    export, marks = forgotten
    salt, store = ((privacy.private() / name).read_bytes() for name in ("salt", "store.zip"))
    (privacy.private() / "salt").unlink()
    assert folder.take_in(export) == 2
    (privacy.private() / "salt").write_bytes(salt)
    (privacy.private() / "store.zip").write_bytes(store)
    assert folder.take_in(export) == 0
    assert folder.where(marks) == []
    assert len(folder.plots) == 1


def test_a_crash_in_the_first_import_leaves_a_folder_that_goes_on(folder: Folder, monkeypatch) -> None:
    from pipeline.survey import intake

    keep = intake.keep
    monkeypatch.setattr(intake, "keep", lambda *a: (keep(*a), (_ for _ in ()).throw(OSError("disk full"))))
    assert folder.take_in(("a.zip", odk_zip([submission(1)]))) == 2
    monkeypatch.setattr(intake, "keep", keep)
    assert any((privacy.private() / "received").iterdir())
    assert folder.take_in(("a.zip", odk_zip([submission(1)]))) == 0
    assert len(folder.plots) == 1
