"""Statements of releases: what has changed since is told with its reason, and what was forged is seen."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from reproduction import commit

from pipeline import cli
from pipeline.kit import declared, paths
from pipeline.kit.provenance import reference, releases
from pipeline.kit.provenance.checks import FAILED, IDENTICAL
from pipeline.kit.provenance.releases import State, changes

NOW = "9.9.0"


def record_numbers(root: Path) -> None:
    """Record the numbers as they stand and commit them: of all that `cacao record` does, what a statement reads."""
    table = reference.numbers(root)
    table.to_csv(root / releases.NUMBERS, index=False, float_format="%.6g", lineterminator="\n")
    commit(root, "add", "-A")
    commit(root, "commit", "-qm", "recorded", "--allow-empty")


@pytest.fixture
def released(changeable: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reproduced project, stated as a release."""
    for old in (changeable / releases.FOLDER).glob("*.json"):
        old.unlink()
    monkeypatch.setattr(paths, "ROOT", changeable)
    record_numbers(changeable)
    assert cli.main(["release", "--version", NOW, "--date", "2026-11-30"]) == 0
    return changeable


def failed() -> list[str]:
    return [f"{check.name}: {check.detail}" for check in releases.check_releases() if check.result == FAILED]


def edit_number(root: Path, stage: str, key: str, value: str) -> None:
    """Forge a number where it stands, as text, and leave everything else."""
    path = root / "results" / stage / "estimates.csv"
    lines = path.read_text().splitlines(keepends=True)
    [place] = [number for number, line in enumerate(lines) if line.startswith(f"{key},")]
    column = lines[0].split(",").index("value")
    cells = lines[place].split(",")
    cells[column] = value
    lines[place] = ",".join(cells)
    path.write_text("".join(lines))


def test_nothing_has_changed_right_after_a_release(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.main(["changes"]) == 0
    assert capsys.readouterr().out == f"0 numbers are not as in {NOW}\n"
    assert failed() == []
    told = [(check.name, check.result, check.detail) for check in releases.check_releases()]
    assert told[0] == (f"statement of {NOW}", IDENTICAL, "not signed")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("x" * 5000, "x" * 80 + "... is no commit, and no release: "),
        ("\x1b[31m", r"\x1b[31m is no commit"),
        ("caf\udce9", r"caf\udce9 is no commit"),
        ("a\0b", r"a\x00b is no commit"),
        ("HEAD:dvc.lock", "HEAD:dvc.lock is no commit"),
        ("--all", "--all is no commit"),
    ],
)
def test_what_is_no_version_is_told_in_a_line(released: Path, capsys: pytest.CaptureFixture[str], asked, told) -> None:
    capsys.readouterr()
    for words in (["changes", "--", asked], ["release", "--version", "9.9.9", f"--commit={asked}"]):
        assert cli.main([*words]) == 1
        shown = capsys.readouterr().err
        assert shown.startswith(told)
        assert len(shown) < 300
        assert shown.removesuffix("\n").isprintable()


def test_a_number_that_was_forged_and_recorded_anew_is_seen(released: Path) -> None:
    edit_number(released, "05_model_evidence", "effect.training", "7.5")
    record_numbers(released)
    [told] = failed()
    assert told.startswith("effect.training: ")
    assert f"in {NOW}, 7.5" in told
    assert "nothing it rests on has changed" in told


def test_a_number_that_moved_with_a_parameter_or_a_row_has_its_reason(
    released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_number(released, "05_model_evidence", "effect.training", "7.5")
    edit_number(released, "07_model_pests", "loss.black_pod", "33.3")
    params = released / "params.yaml"
    params.write_text(params.read_text().replace("sabah_curve_weight: 0.5", "sabah_curve_weight: 0.6"))
    # A row of the synthesis is rated otherwise.
    raw = released / "data" / "raw" / "effects.csv"
    rows = raw.read_text().splitlines(keepends=True)
    [line] = [row for row in rows if row.startswith("E122,")]
    raw.write_text(raw.read_text().replace(line, re.sub(",(low|medium|high),", ",other,", line)))
    assert raw.read_text() != "".join(rows)
    source = line.rstrip().split(",")[-1]
    capsys.readouterr()
    assert cli.main(["changes", NOW]) == 0
    told = dict(row.split(": ", 1) for row in capsys.readouterr().out.splitlines()[:-1])
    # The weight of a curve is read by the stage of the pests, not by that of the effects.
    assert "parameter pests.sabah_curve_weight" in told["loss.black_pod"]
    assert "sabah_curve_weight" not in told["effect.training"]
    assert f"source {source}" in told["effect.training"]
    assert source not in told["loss.black_pod"]


def test_a_statement_that_was_edited_is_seen(released: Path) -> None:
    path = released / releases.FOLDER / f"{NOW}.json"
    made = json.loads(path.read_text())
    made["numbers"]["effect.training"]["value"] += 1
    path.write_text(json.dumps(made))
    assert f"statement of {NOW}: not what its own hash says" in failed()
    path.write_text("{")
    assert [told.partition(":")[0] for told in failed()] == [releases.FOLDER]


def test_what_was_released_is_not_stated_anew(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["release", "--version", NOW, "--date", "2026-12-01"]) == 1
    assert "what was released is not stated anew" in capsys.readouterr().err


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="signatures are made by ssh-keygen")
def test_a_signature_holds_for_the_statement_and_for_those_who_may_sign(released: Path, tmp_path: Path) -> None:
    keys = {}
    for name in ("maintainer", "stranger"):
        keys[name] = tmp_path / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys[name]], check=True)
    public = keys["maintainer"].with_suffix(".pub").read_text()
    (released / releases.SIGNERS).write_text(f'maintainer@example.org namespaces="{declared.name()}" {public}')
    for version, key in (("9.9.1", "maintainer"), ("9.9.2", "stranger")):
        assert cli.main(["release", "--version", version, "--date", "2026-11-30", "--sign", str(keys[key])]) == 0
    told = {check.name: (check.result, check.detail) for check in releases.check_releases()}
    assert told["statement of 9.9.1"] == (IDENTICAL, "signed by maintainer@example.org")
    assert told["statement of 9.9.2"][0] == FAILED
    # The signature is that of these very bytes.
    signed = released / releases.FOLDER / "9.9.1.json"
    signed.write_text(signed.read_text() + "\n")
    told = {check.name: check.result for check in releases.check_releases()}
    assert told["statement of 9.9.1"] == FAILED


def state(**numbers: float) -> State:
    return State({key: {"value": value} for key, value in numbers.items()}, {}, {}, {})


def test_numbers_that_came_and_went_are_changes_and_last_digits_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "behind", dict)
    found = changes(state(a=1.0, b=2.0, c=3.0, d=-1.0), state(b=2.0 + 1e-9, c=3.3, d=1.0, e=5.0))
    assert [(change.key, change.before, change.after) for change in found] == [
        ("a", {"value": 1.0}, {}),
        ("c", {"value": 3.0}, {"value": 3.3}),
        ("d", {"value": -1.0}, {"value": 1.0}),
        ("e", {}, {"value": 5.0}),
    ]
    # A share says nothing across zero.
    assert [round(change.relative, 9) for change in found if change.relative == change.relative] == [0.1]


def test_the_statement_of_the_first_release_is_what_git_has(released: Path) -> None:
    kept = json.loads((Path(__file__).parents[1] / releases.FOLDER / "0.1.0.json").read_text())
    assert releases.digest(kept) == kept["hash"]
    assert kept["numbers"]["kutai_timur.area_2025"]["value"] == 1161
    assert kept["parameters"]["prices.cocoa_idr_per_kg"] == 70000
