"""Verification finds what was edited, what is missing, and what an environment or a record lacks; else it passes."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reproduction import commit, dvc, stand_in

from pipeline import cli
from pipeline.kit import paths
from pipeline.kit.provenance import lineage, reference, verify
from pipeline.kit.provenance.checks import FAILED, IDENTICAL, SAME, Check


def failed(checks: list[Check]) -> set[tuple[str, str]]:
    return {(check.kind, check.name) for check in checks if check.result == FAILED}


@pytest.fixture(scope="module")
def own_record(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of the results that this machine has made."""
    folder = tmp_path_factory.mktemp("record")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "folder", lambda: folder)
        for _ in stand_in(fresh, patch):
            reference.write()
    return folder


@pytest.fixture
def recorded(changeable: Path, own_record: Path) -> Path:
    """A copy of the reproduced project with that record, committed."""
    shutil.copytree(own_record, changeable / "results/reference", dirs_exist_ok=True)
    commit(changeable, "add", "-A")
    commit(changeable, "commit", "-qm", "recorded", "--allow-empty")
    return changeable


def test_the_record_agrees_with_the_lock_and_with_a_new_run(reproduced: Path) -> None:
    recorded = reference.load("files")
    for stage in lineage.read_stages(paths.PIPELINE.with_name("dvc.lock")).values():
        # Listings of code are no results.
        for out in set(stage.outs) - {paths.CODE}:
            assert recorded["path"].map(lambda path, out=out: path == out or path.startswith(f"{out}/")).any(), out
    assert not failed([*verify.check_numbers(reproduced), *verify.check_columns(reproduced)])
    assert not failed(list(verify.check_files(reproduced)))


def test_the_record_holds_the_digests_of_the_present_code(own_record: Path) -> None:
    made = pd.read_csv(own_record / "files.csv")
    pairs = reference.load("files").merge(made, on=["path", "md5"], suffixes=("", "_made"))
    assert len(pairs) > 0.9 * len(made), "most files have the same bytes on every machine"
    assert not list(pairs.loc[pairs["content"] != pairs["content_made"], "path"])


def test_a_reproduced_project_passes_and_files_a_report(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", "--quick"]) == 0
    told = capsys.readouterr().out
    assert "FAIL" not in told
    for name in ("number 06_model_fertilizer: fertilizer.gain", "file data/clean/effects.csv", "environment pandas"):
        assert f"pass {name}" in told, name
    folder = verify.where()
    report = json.loads((folder / "verification.json").read_text())
    assert report["passed"]
    assert {check["kind"] for check in report["checks"]} == {
        "libraries",
        "environment", "source records", "state", "stage", "file", "number", "column", "release",
    }  # fmt: skip
    assert report["machine"]["md5 of dvc.lock"] == lineage.md5(recorded / "dvc.lock")
    withheld = {source["source"] for source in report["not_redistributable"]}
    page = (folder / "verification.html").read_text()
    assert withheld
    assert all(source in page for source in withheld)
    assert not any(word in page for word in ("src=", "href=", "<script"))


# A published file, what is put for what in it, and a number or column that then is another.
EDITED = [
    (
        "results/06_model_fertilizer/estimates.csv",
        ("fertilizer.gain,fertilizer,,gain,,", "fertilizer.gain,fertilizer,,gain,,1"),
        ("number", "06_model_fertilizer: fertilizer.gain"),
    ),
    (
        "results/05_model_evidence/figures/effects.csv",
        ("predictive,training,", "predictive,training,9"),
        ("column", "results/05_model_evidence/figures/effects.csv: lower"),
    ),
    ("results/12_brief/brief.id.html", ("kakao", "kopi"), None),
    ("results/04_yield_gap/figures/gap.en.svg", ("<svg", "<svg "), None),
]


def test_published_files_edited_by_hand_fail(recorded: Path) -> None:
    for path, (old, new), _ in EDITED:
        text = (recorded / path).read_text()
        assert old in text
        (recorded / path).write_text(text.replace(old, new, 1))
    found = failed(verify.verify(quick=True))
    assert {name for kind, name in found if kind == "file"} == {path for path, *_ in EDITED}
    assert {one for one in found if one[0] in ("number", "column")} == {moved for *_, moved in EDITED if moved}


def test_a_file_that_is_missing_or_that_nobody_recorded_fails(recorded: Path) -> None:
    (recorded / "results/07_model_pests/tables/draws.csv").unlink()
    (recorded / "results/07_model_pests/tables/more.csv").write_text("a\n1\n")
    found = failed(list(verify.check_files(recorded)))
    assert ("file", "results/07_model_pests/tables/draws.csv") in found
    assert ("file", "results/07_model_pests/tables/more.csv") in found


def test_a_source_without_licence_and_a_changed_table_fail(changeable: Path) -> None:
    register = changeable / "data/raw/sources.yaml"
    text = register.read_text()
    start = text.index("licence:")
    name = text.index("name:", start)
    register.write_text(text[:name] + "name: ''" + text[text.index("\n", name) :])
    with (changeable / "data/raw/costs.csv").open("a") as file:
        file.write("\n")
    told = " ".join(check.detail for check in verify.check_sources() if check.result == "failed")
    assert "no licence name" in told
    assert "costs.csv: changed since it was recorded" in told


def test_a_stage_whose_code_or_parameter_changed_fails(changeable: Path) -> None:
    params = changeable / "params.yaml"
    params.write_text(params.read_text().replace("dose_kg_per_ha: 400.0", "dose_kg_per_ha: 300.0"))
    found = {check.name: check.detail for check in verify.check_stages() if check.result == "failed"}
    assert "400.0 -> 300.0" in found["06_model_fertilizer"]
    assert "04_yield_gap" not in found


def test_the_libraries_that_results_were_made_with_are_named(changeable: Path) -> None:
    lock = changeable / "requirements.lock"
    before = hashlib.md5(lock.read_bytes()).hexdigest()
    (good,) = verify.check_libraries()
    assert (good.result, good.name.split(":")[0]) == ("identical", f"requirements.lock {before}")
    assert {"00_inputs", "04_yield_gap", "site"} <= set(good.name.split(": made ")[1].split(", "))
    lock.write_text(lock.read_text().replace("pandas==", "pandas==9."))
    (found,) = verify.check_libraries()
    assert (found.result, found.name) == ("failed", good.name)
    assert hashlib.md5(lock.read_bytes()).hexdigest() in found.detail


def test_a_module_that_is_gone_fails_and_a_table_that_was_not_made_yet_does_not(changeable: Path) -> None:
    (changeable / "pipeline/kit/bayes/linear_normal.py").unlink()
    (changeable / "data/clean/effects.csv").unlink()
    found = {check.name: check.detail for check in verify.check_stages() if check.result == "failed"}
    assert "linear_normal.py" in found["05_model_evidence"]
    assert not any("effects.csv" in detail for detail in found.values())


def test_no_stage_is_stale_where_nothing_was_made_yet(changeable: Path) -> None:
    for made in ("data/clean", "results"):
        shutil.rmtree(changeable / made)
    commit(changeable, "checkout", "--", ".")
    assert not list((changeable / "results").glob("*/estimates.csv")), "as after a clone"
    assert not failed(list(verify.check_stages()))


def test_numbers_within_their_tolerance_pass_and_are_named(recorded: Path) -> None:
    path = paths.estimates("06_model_fertilizer")
    frame = pd.read_csv(path)
    row = frame.index[frame["key"] == "fertilizer.gain"][0]
    for factor, expected in ((1 + 5e-6, SAME), (1 + 1e-4, FAILED), (-1, FAILED)):
        moved = frame.copy()
        moved.loc[row, "value"] *= factor
        moved.to_csv(path, index=False)
        checks = {check.name: check for check in verify.check_numbers(recorded)}
        assert checks["06_model_fertilizer: fertilizer.gain"].result == expected
        assert "on record" in checks["06_model_fertilizer: fertilizer.gain"].detail


def test_a_cause_cannot_change_its_sign_within_its_interval(recorded: Path) -> None:
    path = paths.estimates("09_attribution")
    frame = pd.read_csv(path)
    wide = (frame["lower"] < -frame["value"].abs()) & (frame["upper"] > frame["value"].abs()) & frame["value"].ne(0)
    assert wide.any(), "an interval holds the value with either sign"
    frame.loc[wide, "value"] *= -1
    frame.to_csv(path, index=False)
    keys = {f"09_attribution: {key}" for key in frame.loc[wide, "key"]}
    assert failed(list(verify.check_numbers(recorded))) == {("number", key) for key in keys}


def test_a_rerun_takes_nothing_from_a_cache_or_search_path_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, user, log = tmp_path / "project", tmp_path / "user", tmp_path / "log"
    for folder in (project, user):
        folder.mkdir()
    (user / "config").write_text(f"[cache]\n    dir = {tmp_path / 'cache'}\n")
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(user))
    monkeypatch.setenv("PYTHONPATH", str(user))
    code = f"import os; print(os.environ.get('PYTHONPATH'), file=open('{log}', 'a')); open('out', 'w').write('1')"
    (project / "stage.py").write_text(code)
    stage = "{cmd: python stage.py, deps: [stage.py], outs: [out]}"
    (project / "dvc.yaml").write_text(f"stages:\n  one: {stage}\n")
    commit(project, "init", "-q")
    dvc(project, "init", "-q")
    dvc(project, "repro", "-q")
    commit(project, "add", "-A")
    commit(project, "commit", "-qm", "published")
    monkeypatch.setattr(paths, "ROOT", project)
    assert verify.rerun(tmp_path / "clone", tmp_path / "settings") == ""
    assert log.read_text().splitlines() == [str(user), "None"]


def test_a_rerun_that_cannot_begin_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(paths, "ROOT", tmp_path / "empty")
    assert "git clone" in verify.rerun(tmp_path / "clone", tmp_path)


@pytest.mark.parametrize(
    ("part", "new", "result"),
    [
        ("n", 200_001, FAILED),
        ("least", -4.00001, SAME),
        ("least", 4.0, FAILED),
        ("median", 0.2501, FAILED),
        ("greatest", float("nan"), FAILED),
        ("mean", 0.00101, SAME),
        ("mean", 0.101, FAILED),
        ("mean", -0.001, FAILED),
        ("tilt", 0.5, IDENTICAL),
        ("tilt", 0.501, SAME),
    ],
)
def test_a_column_is_the_same_by_its_extent(part: str, new: float, result: str) -> None:
    extent = {"n": 200_000, "least": -4.0, "median": 0.25, "greatest": 1000.0, "mean": 0.001, "tilt": 0.5}
    wanted, found = pd.Series(extent, dtype=float), pd.Series({**extent, part: new}, dtype=float)
    assert verify._compare("column", "x", wanted, found).result == result


@given(st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=20), st.data())
def test_values_that_change_places_are_seen(tmp_path_factory, values: list[float], data: st.DataObject) -> None:
    one, other = sorted(data.draw(st.sets(st.integers(0, len(values) - 1), min_size=2, max_size=2)))
    moved = [*values]
    moved[one], moved[other] = moved[other], moved[one]
    folder = tmp_path_factory.mktemp("columns")
    extents = []
    for name, column in (("before.csv", values), ("after.csv", moved)):
        pd.DataFrame({"x": column}).to_csv(folder / name, index=False)
        ((_, _, n, *extent),) = reference.extents(folder, folder / name)
        extents.append(dict(zip(("n", *reference.EXTENT), (n, *extent), strict=True)))
    tilts = [extent.pop("tilt") for extent in extents]
    assert extents[0] == pytest.approx(extents[1])
    assert (tilts[0] == pytest.approx(tilts[1])) == (values[one] == values[other])


def test_missing_and_infinite_values_of_a_column_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y,z\n,inf,\n2,1,\n4,1,\n", encoding="utf-8")
    found = {name: rest for _, name, *rest in reference.extents(tmp_path, tmp_path / "a.csv")}
    assert found["x"] == [2, 2.0, 3.0, 4.0, 3.0, pytest.approx(4 / 3)]
    assert found["y"] == [3, 1.0, 1.0, float("inf"), float("inf"), pytest.approx(1 / 3)]
    assert found["z"] == [0, 0.0, 0.0, 0.0, 0.0, 0.0]
