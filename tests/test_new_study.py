"""A study that a person fills in becomes rows of the raw tables, and is held against forecasts made before."""

import datetime
import hashlib
import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.kit import paths, yaml_text
from pipeline.kit.data import sources
from pipeline.params import load_params
from pipeline.refresh import command, new_study
from pipeline.study.evidence import clean
from pipeline.study.validation import forecasts
from tests.evidence_rows import made_up

FILLED = """\
source:
  title: Light pruning on farms in Berau
  publisher: Journal of Cacao 1(1)
  year: 2026
  citation: "A. Person (2026). Light pruning on farms in Berau. Journal of Cacao 1(1)."
  url: https://example.org/pruning
  date_read: 2026-11-29
  read_as: table
study:
  study_id: person2026
  programme: person2026
  title: Light pruning on farms in Berau
  country: Indonesia
  region: Berau
  design: randomized_trial
  n: 40
  risk_of_bias: some
  risk_why: random halves of farms, no errors printed
arms:
  pruned: {label: pruned lightly twice a year}
  unpruned: {label: not pruned}
contrasts:
  - constraint: technique
    kind: cacao_pruning
    arm: pruned
    comparator: unpruned
    outcome: yield
    basis: per_ha
    effect_type: mean_diff
    control_mean: 500
    treatment_mean: 600
    unit: kg/ha
    significance: not_printed
    direction: up
    directness_place: borneo
    directness_material: like
    directness_practice: like
    confidence: high
    place: Table 2
    words: 600 against 500 kg/ha
"""


@pytest.fixture
def filled(tmp_path):
    path = tmp_path / "person2026.yaml"
    path.write_text(FILLED, encoding="utf-8")
    return path


def test_the_hash_of_a_file_that_is_kept_stands_in_the_record_and_one_that_is_not_there_is_refused(raw, filled):
    paper = filled.with_suffix(".pdf")
    paper.write_bytes(b"the paper as it was read")
    text = FILLED.replace("  read_as: table\n", f"  read_as: whole_file\n  kept_file: {paper}\n")
    filled.write_text(text, encoding="utf-8")
    assert main(["evidence", "add", str(filled)]) == 0
    record = sources.load_registry()["sources"]["study_person2026"]
    assert record["file_sha256"] == hashlib.sha256(b"the paper as it was read").hexdigest()
    assert sources.file_read(record) == f"SHA-256 {record['file_sha256']}"
    paper.unlink()
    with pytest.raises(new_study.StudyError, match="there is no file"):
        new_study.read(filled)


def test_a_filled_file_becomes_rows_that_stage_03_reads_and_pools(raw, filled):
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    study = new_study.read(filled)
    assert "ratio 1.2; pooled under pruning" in new_study.said(study)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before
    new_study.add(study)
    sources.verify()
    row = clean.effects(0.9).set_index("study_id").loc["person2026"]
    assert row["log_ratio"] == pytest.approx(np.log(600 / 500))
    assert row["is_poolable"]
    # Every line that was there is there still, in its place: rows are cited by their line.
    for name in ("effects.csv", "evidence_studies.csv", "evidence_arms.csv", "readings.csv"):
        assert (raw / name).read_bytes().startswith(before[name])
    added = pd.read_csv(raw / "readings.csv").iloc[-1]
    assert added[["place", "words", "read_on"]].tolist() == ["Table 2", "600 against 500 kg/ha", "2026-11-29"]
    record = yaml_text.read(raw / "sources.yaml")["sources"]["study_person2026"]
    assert record["licence"]["confirmed"] is False


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  design: randomized_trial\n", "", "study.design is empty"),
        ("    words: 600 against 500 kg/ha\n", "", r"contrasts\[1\].words is empty"),
        ("    comparator: unpruned\n", "    comparator: shaded\n", "'shaded' is none of the arms pruned, unpruned"),
        ("    comparator: unpruned\n", "    comparator: pruned\n", "compared with itself"),
        ("kind: cacao_pruning", "kind: haircut", "kind 'haircut' is not one of"),
        ("outcome: yield", "outcome: joy", "outcome 'joy' is not one of"),
        ("control_mean: 500", "control_mean: many", "control_mean"),
        ("    control_mean: 500\n", "", "neither two means"),
        ("    basis: per_ha\n", "    basics: per_ha\n", "basics: no such column"),
        ("study_id: person2026", "study_id: hoffmann2020", "is in evidence_studies.csv already"),
        ("study_id: person2026", "study_id: ../evil", "must be small letters"),
        ("contrasts:\n", "contrast:\n", "four parts"),
        ("  pruned: {label: pruned lightly twice a year}\n", "  pruned: ~\n", "arms.pruned.label is empty"),
        ("date_read: 2026-11-29", "date_read: 2026-13-45", "month must be"),
        ("date_read: 2026-11-29", "date_read: 2099-01-01", "date_read"),
        ("date_read: 2026-11-29", "date_read: yesterday", "date_read"),
        ("read_as: table", "read_as: dream", "read_as"),
        ("design: randomized_trial", "design: prayer", "design"),
        ("risk_of_bias: some", "risk_of_bias: tiny", "risk_of_bias"),
        ("directness_place: borneo", "directness_place: mars", "directness_place"),
        ("  n: 40\n", "  n: 0\n", "study.n: 0 is no number above zero"),
        ("  year: 2026\n", "  year: two\n", "source.year: 'two' is no year"),
        ("  year: 2026\n", "  year: 20240\n", "source.year: 20240 is no year"),
        ("words: 600 against 500 kg/ha", 'words: "600\\nagainst 500"', "holds a line break"),
        ("risk_why: random halves of farms, no errors printed", 'risk_why: "random \\0 halves"', "control character"),
        ("    unit: kg/ha\n", "    unit: kg/ha\n    control_se: 1.0e-12\n", "no error of a mean"),
        ("    unit: kg/ha\n", "    unit: kg/ha\n    control_se: -3\n", "control_se: -3 is no number above zero"),
        ("  unpruned: {label: not pruned}\n", "  unpruned: none\n", "arms.unpruned must hold fields"),
        ("  country: Indonesia\n", "  country: [Indonesia]\n", "must be one value"),
        ("date_read: 2026-11-29", "date_read: 2026-11-29T10:00:00", "is no day"),
        ("url: https://example.org/pruning", "url: javascript:alert(1)", "must begin with https"),
        ("effect_type: mean_diff", "effect_type: ratio", "effect_type: 'ratio' is not one of"),
        ("direction: up", "direction: down", "the means go up"),
        ("    unit: kg/ha\n", "    unit: kg/ha\n    warnings: second hand\n", "warnings: 'second hand' is not one of"),
        ("  read_as: table\n", "  read_as: table\n  sha: 3\n", "source.sha: no such field"),
        ("place: Table 2", 'place: "  "', "place is empty"),
    ],
)
def test_a_file_that_lacks_something_is_refused_by_the_name_of_the_field(raw, filled, old, new, message):
    assert old in FILLED
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    filled.write_text(FILLED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(new_study.StudyError, match=message):
        new_study.read(filled)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before


def test_nothing_is_half_written(raw, filled, monkeypatch):
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    study, written = new_study.read(filled), []
    write = command._write

    def failing(path, data, source_id):
        written.append(path.name)
        if len(written) == 3:
            raise OSError("no room")
        write(path, data, source_id)

    monkeypatch.setattr(command, "_write", failing)
    with pytest.raises(new_study.StudyError, match="no room"):
        new_study.add(study)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before


def test_the_template_is_never_written_over_what_a_person_filled_in(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "output", lambda path: tmp_path / path.name)
    path = new_study.template("person2026")
    text = path.read_text(encoding="utf-8")
    for word in ("cacao_pruning", "sanitation", "borneo", "randomized_trial", "serious"):
        assert word in text
    path.write_text("mine", encoding="utf-8")
    for name, message in (("person2026", "there already"), ("hoffmann2020", "evidence_studies"), ("../x", "named by")):
        with pytest.raises(new_study.StudyError, match=message):
            new_study.template(name)
    assert path.read_text(encoding="utf-8") == "mine"


def test_the_command_says_what_is_missing_in_lines_of_their_own(filled, capsys):
    filled.write_text(FILLED.replace("  country: Indonesia\n", "").replace("    unit: kg/ha\n", ""), encoding="utf-8")
    assert main(["evidence", "check", str(filled)]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == ["  study.country is empty", "  contrasts[1].unit is empty"]
    assert main(["evidence", "check"]) == 2
    assert main(["evidence", "check", str(filled) + ".none"]) == 1


# Forecasts.


@pytest.fixture(scope="module")
def made_before(tmp_path_factory):
    """Forecasts of a day on which three fertilizer studies were known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasts, "FOLDER", tmp_path_factory.mktemp("made") / "forecasts")
        patch.setattr(forecasts, "rows_now", lambda params: (made_up([0.2, 0.3, 0.4]), 0.2))
        return forecasts.keep(datetime.date(2026, 11, 30), "abc", load_params())


@pytest.fixture
def kept(made_before, tmp_path, monkeypatch):
    """The same in a folder of its own."""
    monkeypatch.setattr(forecasts, "FOLDER", tmp_path / "forecasts")
    return shutil.copytree(made_before.parent, tmp_path / "forecasts") / made_before.name


@pytest.mark.slow
def test_a_study_read_later_is_held_against_what_was_foretold(kept):
    known = made_up([0.2, 0.3, 0.4])
    assert forecasts.score(known).empty
    later = made_up([0.2, 0.3, 0.4, 0.3, -1.5])
    found = forecasts.score(later).set_index("study_id")
    assert set(found.index) == {"made up 3", "made up 4"}
    assert 0.1 < found.at["made up 3", "position"] < 0.9
    assert found.at["made up 4", "position"] < 0.02
    assert found.at["made up 4", "crps"] > found.at["made up 3", "crps"]
    assert found.at["made up 4", "log_score"] < found.at["made up 3", "log_score"]
    # Twice the rows of one study are no other study, and another dose is no other effect.
    twice = pd.concat([known, made_up([0.3, 0.3]).assign(study_id="later", programme="later", se=0.1 * np.sqrt(2))])
    once = pd.concat([known, made_up([0.3]).assign(study_id="later", programme="later", se=0.1)])
    assert forecasts.score(twice)["log_score"].iloc[0] == pytest.approx(forecasts.score(once)["log_score"].iloc[0])
    dosed = once.assign(doublings=[np.nan, np.nan, np.nan, 2.0], log_ratio=[0.2, 0.3, 0.4, 0.3 + 2 * 0.07])
    assert forecasts.score(dosed)["position"].iloc[0] == pytest.approx(forecasts.score(once)["position"].iloc[0])
    # Hidden results are heard, not scored; a survey is foretold to show more than a trial.
    assert forecasts.score(made_up([0.2, 0.3, 0.4, np.nan])).empty
    survey = made_up([0.2, 0.3, 0.4, 0.3], design="before_after")
    assert forecasts.score(survey)["position"].iloc[0] < found.at["made up 3", "position"]


@pytest.mark.slow
def test_forecasts_of_a_day_are_made_once_and_damaged_ones_are_named(kept):
    with pytest.raises(forecasts.ForecastError, match="made once"):
        forecasts.keep(datetime.date(2026, 11, 30), "abc", load_params())
    quantiles = [each["log_ratio"] for each in json.loads(kept.read_text())["forecasts"]]
    assert all(len(each) == 99 and each == sorted(each) for each in quantiles)
    kept.write_text("{", encoding="utf-8")
    with pytest.raises(forecasts.ForecastError, match=kept.name):
        forecasts.score(made_up([0.2]))


def test_the_forecasts_that_are_kept_know_the_programmes_of_their_commit():
    for path in (paths.ROOT / "results" / "reference" / "forecasts").glob("*.json"):
        kept = json.loads(path.read_text(encoding="utf-8"))
        known = subprocess.run(
            ["git", "cat-file", "-e", kept["commit"]], cwd=paths.ROOT, capture_output=True, check=False
        )
        assert known.returncode == 0
        assert "hoffmann2020" in kept["programmes"]


def test_the_rows_that_are_foretold_from_are_those_of_the_synthesis():
    rows, log_sd = forecasts.rows_now(load_params())
    assert {"E001", "E010", "tafo_heavy"} <= set(rows["effect_id"])
    # The trial at Banyuwangi gave 93 kg N, and 400 kg of cocoa NPK hold 14 %.
    assert rows.set_index("effect_id").at["E005", "doublings"] == pytest.approx(np.log2(93 / 56))
    assert 0.05 < log_sd < 0.3
