"""From an export to the pages: what the import writes is what the model reads, and nothing personal comes along."""

import base64
import hashlib
import json
import random
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reproduction import cacao_repro, dvc, stages_run
from survey_exports import Submission, harvest, odk_zip, submission
from survey_folder import forms, holds_any, members

from pipeline.study.plots.plot_table import USED
from pipeline.survey.plot_records import PLOTS


@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from(["batu_lepoq", "081312345678", "1.312345678"]))
def test_a_word_is_found_wherever_and_however_it_stands(before: bytes, after: bytes, word: str) -> None:
    plain, wide = before + word.encode() + after, before + word.encode("utf-16-le") + after
    for data in (plain, wide, base64.b64encode(plain)):
        assert holds_any(data, [*forms("no such word"), *forms(word)])
    assert holds_any(before + after, forms(word)) == any(form in before + after for form in forms(word))


VILLAGES = ("karangan_dalam", "karangan_seberang", "batu_lepoq")


def test_what_the_model_reads_is_what_the_import_writes():
    written = {column.name: column for column in PLOTS.columns}
    for column in USED.columns:
        assert column.name in written
        assert (column.kind, column.unit) == (written[column.name].kind, written[column.name].unit), column.name
        # What the import lets through, the model takes.
        assert column.may_be_missing >= written[column.name].may_be_missing, column.name
        for bound in ("low", "high"):
            own, other = getattr(column, bound), getattr(written[column.name], bound)
            assert own is None or other is None or (own <= other if bound == "low" else own >= other), column.name


def simulated(numbers: random.Random) -> tuple[list[Submission], list[str]]:
    """Thirty-two simulated visits, two of them in a village of their own, and the words that must not come out.

    Positions have as many decimals as phones write: what is shorter stands somewhere by chance, as a number or in the
    base64 of a figure. A longitude is also looked for without its last two digits, as rounding would show it.
    """
    visits: list[Submission] = []
    words: list[str] = ["batu_lepoq"]
    for number in range(32):
        name, phone = f"Simulasi {secrets.token_hex(6)}", f"0813{numbers.randrange(10**7, 10**8)}"
        latitude, longitude = f"1.3{numbers.randrange(10**8, 10**9)}", f"117.5{numbers.randrange(10**9, 10**10)}"
        remark = f"catatan {secrets.token_hex(8)}"
        place = "batu_lepoq" if number >= 30 else VILLAGES[number % 2]
        visits.append(
            submission(
                number,
                farmer_name=name,
                farmer_phone=phone,
                position=f"{latitude} {longitude} 30.5 4.0",
                remarks=remark,
                village=place,
                enumerator=f"P{number % 3}",
                pods_borer=str(numbers.randrange(0, 41)),
                pruning=str(numbers.randrange(0, 3)),
                sanitation=str(numbers.randrange(0, 13)),
                training=numbers.choice(["none", "field_school"]),
                harvest=[harvest("2025-11", "2026-10", str(numbers.randrange(300, 1500)))],
            )
        )
        words += [name.split()[1], phone[1:], latitude, longitude[:-2], remark.split()[1]]
        words.append(visits[-1]["id"])
    return visits, words


def found(root: Path, words: list[str]) -> list[str]:
    """Files of the project, but the private ones, that hold one of the words in any form; of equal ones the first."""
    wanted = [form for word in words for form in forms(word)]
    hits, seen = [], set[bytes]()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        if not name.startswith(("survey/private/", "survey/form/", "tests/", ".git/")):
            data = path.read_bytes()
            # DVC's cache holds the results once more.
            if (digest := hashlib.sha256(data).digest()) in seen:
                continue
            seen.add(digest)
            parts = [(name, data), *members(name, data)]
            hits += [inside for inside, data in parts if holds_any(data, wanted)]
    return hits


# A number that moves with the present yield, by stage.
MOVED = {
    "06_model_fertilizer": ["fertilizer.gain"],
    "09_attribution": ["cause.pod_borer", "cause.knowledge"],
    "10_scenarios": ["scenario.pod_sleeving.net_income", "export.kutai_timur.now.tonnes"],
}
FEWER = {"replicates": 20, "simulated_surveys": 4}
PAGES = (
    *(f"{stage}/{stage}.ipynb" for stage in ("13_survey", *MOVED, "14_survey_design")),
    *("12_brief/brief.id.html", "site/id/index.html"),
)


def said(root: Path) -> dict[str, str]:
    """What pages say, in small letters and without marks, by path."""
    texts = {name: (root / "results" / name).read_text(encoding="utf-8") for name in PAGES}
    return {name: " ".join(re.sub(r"</?[a-z][^>]*>", "", text).casefold().split()) for name, text in texts.items()}


def estimates(root: Path, stage: str) -> pd.DataFrame:
    return pd.read_csv(root / "results" / stage / "estimates.csv").set_index("key")


def cacao(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-m", "pipeline.cli", *words], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def imported(root: Path, export: Path) -> subprocess.CompletedProcess[str]:
    return cacao(root, "survey", "import", str(export))


def test_nothing_of_fewer_farms_than_are_published_reaches_the_results(copy: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (copy / "results" / "13_survey").rglob("*") if path.is_file()}
    visits, _ = simulated(random.Random(1))
    export = tmp_path / "export.zip"
    export.write_bytes(odk_zip(visits[:4]))
    imported(copy, export)
    assert (copy / "data" / "survey" / "plots.csv").exists()
    assert "13_survey" in stages_run(dvc(copy, "repro", "13_survey"))
    assert {path: path.read_bytes() for path in before} == before
    assert set(json.loads(dvc(copy, "status", "--json").stdout)) == set()


def test_a_survey_reaches_the_pages_without_anything_personal(copy: Path, tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    print(f"simulated survey drawn with seed {seed}")
    visits, words = simulated(random.Random(seed))
    export = tmp_path / "export.zip"
    export.write_bytes(odk_zip(visits))
    before, pages_before = said(copy), {stage: estimates(copy, stage) for stage in MOVED}
    assert all("belum ada survei" in words for words in before.values())
    taken = imported(copy, export)
    # How hard the answers are tested is of no matter here.
    parameters = (copy / "params.yaml").read_text(encoding="utf-8")
    for name, fewer in FEWER.items():
        parameters, times = re.subn(rf"(?m)^  {name}: \d+$", f"  {name}: {fewer}", parameters)
        assert times == 1, name
    (copy / "params.yaml").write_text(parameters, encoding="utf-8")
    done = cacao_repro(copy)
    run = {"13_survey", "11_validation", "12_brief", "14_survey_design", "data_quality", "site", *MOVED}
    assert set(stages_run(done)) == {"00_inputs", *run}
    assert not [name for name, words in said(copy).items() if "belum ada survei" in words]
    assert all("32 petak survei masuk" in words for name, words in said(copy).items() if "13_survey" not in name)
    for stage, numbers in pages_before.items():
        moved = estimates(copy, stage)
        for key in MOVED[stage]:
            assert moved.at[key, "value"] != numbers.at[key, "value"], key
            assert set(moved.at[key, "sources"].split(";")) == {*numbers.at[key, "sources"].split(";"), "plot_survey"}
    traced = cacao(copy, "trace", "cause.pod_borer", "--json")
    assert "plot_survey" in [source["id"] for source in json.loads(traced.stdout)["sources"]]
    assert "data/survey" in traced.stdout
    # Village names stand in the list of villages; that two farms there were visited must not be told.
    village, *personal = words
    assert village not in (copy / "data" / "survey" / "plots.csv").read_text(encoding="utf-8")
    assert found(copy / "results", [village]) == []
    assert found(copy, personal) == []
    shown = taken.stdout + taken.stderr + done.stdout + done.stderr
    assert not [word for word in personal if word in shown]
    subprocess.run(["git", "add", "-A"], cwd=copy, check=True)
    listed = subprocess.run(["git", "ls-files"], cwd=copy, capture_output=True, text=True, check=True).stdout
    assert not [name for name in listed.splitlines() if "private" in name or name.endswith("plots.csv")]


@pytest.mark.parametrize("argument", [["form", "--help"], ["import", "--help"], ["forget", "--help"]])
def test_the_three_commands_are_at_hand(argument: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "pipeline.cli", "survey", *argument], capture_output=True, text=True)
    assert done.returncode == 0
    assert "usage: cacao survey" in done.stdout
