"""The archive of a run: the same bytes each time, nothing that may not be passed on, and stages that run from it."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from reproduction import dvc
from rocrate.rocrate import ROCrate

from pipeline.kit import paths
from pipeline.kit.data.sources import load_registry, sha256
from pipeline.kit.provenance import archive, lineage, run_record


@pytest.fixture(scope="module", autouse=True)
def written_once(reproduced_module: Path) -> Iterator[None]:
    """The records are the same each time (tests/test_records.py): write them once for all archives."""
    written = archive.records()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "records", lambda: written)
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("archive") / "run.zip"
    archive.build(target)
    return target


@pytest.fixture(scope="module")
def unpacked(built: Path) -> Path:
    folder = built.parent / "unpacked"
    with zipfile.ZipFile(built) as content:
        content.extractall(folder)
    return folder


def test_the_same_run_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    archive.build(tmp_path / "again.zip")
    assert sha256(tmp_path / "again.zip") == sha256(built)


def test_names_are_sorted_and_dated_with_the_version(built: Path) -> None:
    entries = zipfile.ZipFile(built).infolist()
    assert [entry.filename for entry in entries] == sorted({entry.filename for entry in entries})
    released = tuple(int(part) for part in run_record.citation().released.split("-"))
    assert {entry.date_time[:3] for entry in entries} == {released}


def test_it_holds_every_file_of_the_run_unchanged(unpacked: Path) -> None:
    for path, md5 in run_record.hashes().items():
        assert lineage.md5(unpacked / path) == md5, path
    for name in ("LICENSE", "LICENSE-DATA.md", "CITATION.cff", "dvc.lock", "requirements.lock", "LEFT_OUT.md"):
        assert (unpacked / name).is_file()


def test_the_crate_lies_at_its_root_and_describes_files_that_are_there(unpacked: Path) -> None:
    crate = ROCrate(unpacked)
    assert crate.mainEntity.id == "dvc.yaml"
    assert not [entity.id for entity in crate.data_entities if not (unpacked / entity.id).exists()]


def test_nothing_is_left_out_while_every_source_may_be_passed_on(unpacked: Path) -> None:
    assert "no" not in {source["redistribute"] for source in load_registry()["sources"].values()}
    assert {path.name for path in (unpacked / "data" / "raw").iterdir()} == {path.name for path in paths.RAW.iterdir()}
    assert "Nothing" in (unpacked / "LEFT_OUT.md").read_text(encoding="utf-8")


def test_tables_of_unclear_terms_are_marked_with_their_sources(unpacked: Path) -> None:
    page = (unpacked / "LEFT_OUT.md").read_text(encoding="utf-8")
    for name, table in load_registry()["tables"].items():
        unclear = [key for key in table["sources"] if load_registry()["sources"][key]["redistribute"] == "unclear"]
        line = f"- `data/raw/{name}`: {', '.join(sorted(unclear))}\n"
        assert (line in page) == bool(unclear), name
    # Tables made from them, whose rows cite the same sources, are marked too.
    assert "- `data/clean/shade_trial.csv`: ahenkorah_1987_era" in page
    assert "data/clean/world_prices.csv" not in page


def test_a_table_with_a_source_that_may_not_be_passed_on_is_left_out(monkeypatch) -> None:
    source = load_registry()["tables"]["costs.csv"]["sources"][0]
    monkeypatch.setitem(load_registry()["sources"][source], "redistribute", "no")
    monkeypatch.setattr(run_record, "tables_under", run_record.tables_under.__wrapped__)
    tables = {f"data/raw/{name}" for name, table in load_registry()["tables"].items() if source in table["sources"]}
    content = archive.contents()
    held, page = set(content), content["LEFT_OUT.md"].decode()
    assert "data/raw/costs.csv" in tables
    assert not held & (tables | {"data/clean/costs.csv"})
    assert "data/raw/enso_oni.csv" in held
    assert all(f"`{path}`" in page for path in tables | {"data/clean/costs.csv"})
    assert source in page


def test_an_archive_of_changed_files_is_refused(monkeypatch, capsys) -> None:
    monkeypatch.setattr(
        run_record, "state", lambda path, _: "changed" if path == "pipeline/kit/stages/kernel.py" else "as recorded"
    )
    monkeypatch.setattr(archive, "ARCHIVE", Path("never"))
    assert archive.main() == 1
    assert "pipeline/kit/stages/kernel.py" in capsys.readouterr().err


def test_dvc_runs_a_stage_from_it_without_git(unpacked: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(unpacked, tmp_path / "copy"))
    shutil.rmtree(folder / "results" / "00_inputs")
    dvc(folder, "repro", "00_inputs", PYTHONPATH=str(folder))
    recorded = lineage.read_stages()["00_inputs"].outs
    assert {path: lineage.md5(folder / path) for path in recorded} == recorded
    assert (folder / "dvc.lock").read_bytes() == (paths.ROOT / "dvc.lock").read_bytes()


def test_without_git_there_is_no_list_of_files(unpacked: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.kit.provenance.archive"],
        cwd=unpacked,
        env={"PYTHONPATH": str(unpacked), "PATH": str(unpacked)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "git" in done.stderr
    assert "Traceback" not in done.stderr
