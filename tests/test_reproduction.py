"""The whole pipeline in a fresh copy: it runs, runs again to the same bytes, and reruns only what must."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from reproduction import dvc, stages_run

from pipeline.kit import paths


def stages() -> dict[str, dict[str, list[str]]]:
    return yaml.safe_load(paths.PIPELINE.read_text(encoding="utf-8"))["stages"]


def outs(stage: dict[str, list[str]]) -> list[str]:
    """What a stage makes: its outputs and its metrics."""
    return [*stage["outs"], *stage.get("metrics", [])]


def test_every_output_is_made_and_a_second_run_runs_nothing(fresh: Path) -> None:
    locked = yaml.safe_load((fresh / "dvc.lock").read_text())["stages"]
    assert set(locked) == set(stages())
    assert all((fresh / out["path"]).exists() for stage in locked.values() for out in outs(stage))
    assert not (fresh / "results" / "failures").exists()
    again = dvc(fresh, "repro")
    assert stages_run(again) == []
    assert "up to date" in again.stdout


def test_stages_read_only_what_they_list(fresh: Path) -> None:
    for name, stage in stages().items():
        if name in ("code", "00_inputs", "data_quality", "site"):
            continue
        listed = (fresh / "results" / "code" / f"{name}.txt").read_text().split()[1::2]
        opened = {path.replace("__pycache__/", "") for path in (fresh / ".watched" / name).read_text().splitlines()}
        opened = {path.split(".cpython-")[0] + ".py" if ".cpython-" in path else path for path in opened}
        # The register is the gate's dependency: its content guards the tables and enters no result.
        # Parameters, and where they are declared, are read by the runner: it hands over those that the stage lists.
        free = {"data/raw/sources.yaml", "sitecustomize.py", "params.yaml", "pyproject.toml"}
        own = {path for path in opened if path.startswith((".staging", "pipeline/__init__"))}
        packages = {path for path in opened if path.endswith("__init__.py")}
        # Outputs are hashed for the note of the run; the runner has put away what stood there before.
        made = tuple(out if isinstance(out, str) else next(iter(out)) for out in outs(stage))
        undeclared = {
            path
            for path in opened - free - own - packages
            if not any(path == dep or path.startswith(f"{dep}/") for dep in (*stage["deps"], *listed, *made))
        }
        assert not undeclared, name


def test_changing_a_module_reruns_what_uses_it_and_nothing_else(copy: Path) -> None:
    for module, users in {
        "pipeline/study/pests/pest_losses.py": {
            *("07_model_pests", "10_scenarios", "11_validation", "12_brief", "13_survey", "14_survey_design", "site")
        },
        "pipeline/study/evidence/clean.py": {"03_clean_evidence"},
        "pipeline/study/prices/charts.py": {"02_clean_drivers"},
        "pipeline/study/brief.py": {"12_brief", "site"},
    }.items():
        original = (copy / module).read_text()
        (copy / module).write_text(original + "\n# changed\n")
        assert changed_stages(copy) == {"code", *users}, module
        (copy / module).write_text(original)
    assert changed_stages(copy) == set()


def changed_stages(copy: Path) -> set[str]:
    """What DVC takes for changed, once the stage `code` has written the listings that tell who uses which module."""
    subprocess.run([sys.executable, "-m", "pipeline.kit.stages.dependencies"], cwd=copy, check=True)
    return set(json.loads(dvc(copy, "status", "--json").stdout))


def test_an_experiment_changes_what_it_should(copy: Path) -> None:
    before = {name: json.loads((copy / "results" / "metrics" / f"{name}.json").read_text()) for name in METRICS}
    others = [name for name in stages() if name != "site"]
    done = dvc(copy, "exp", "run", "-S", "prices.fertilizer_multiplier=1.5", *others)
    # 09 keeps its numbers; its answer quotes what the step of the price costs, and that moves.
    expected = {"00_inputs", "06_model_fertilizer", "09_attribution", "10_scenarios", "12_brief", "14_survey_design"}
    assert set(stages_run(done)) == {*expected, "data_quality"}
    # The site is built from changed numbers in the test of a survey; here it is enough that it would be.
    assert set(json.loads(dvc(copy, "status", "--json").stdout)) == {"site"}
    after = {name: json.loads((copy / "results" / "metrics" / f"{name}.json").read_text()) for name in METRICS}
    key = "fertilizer.value_cost_ratio.market"
    assert after["06_model_fertilizer"][key]["value"] < before["06_model_fertilizer"][key]["value"]
    key = "scenario.fertilizer_market.net_income"
    assert after["10_scenarios"][key]["value"] < before["10_scenarios"][key]["value"]
    key = "scenario.pod_sleeving.net_income"
    assert after["10_scenarios"][key] == before["10_scenarios"][key]
    assert after["09_attribution"] == before["09_attribution"]
    assert after["12_brief"]["price.fertilizer_multiplier"]["value"] == 1.5
    assert "# Multiplies every fertilizer price" in (copy / "params.yaml").read_text(), "meanings survive"


METRICS = ("06_model_fertilizer", "09_attribution", "10_scenarios", "12_brief")


def test_metrics_and_plots_are_understood(fresh: Path, tmp_path: Path) -> None:
    shown = json.loads(dvc(fresh, "metrics", "show", "--json").stdout)[""]["data"]
    assert shown["results/metrics/04_yield_gap.json"]["data"]["kutai_timur.yield_mature"]["value"] > 0
    plots = json.loads(dvc(fresh, "plots", "show", "--json", "-o", str(tmp_path)).stdout)
    assert not plots.get("errors"), plots
    assert len(plots["data"]) == len(yaml.safe_load(paths.PIPELINE.read_text())["plots"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("params.yaml", "adoption: 0.5", "adoption: 2"), "scenarios.adoption = 2"),
        (("params.yaml", "adoption: 0.5", "adoption: 0.5\n  adopt: 1"), "scenarios.adopt is not a parameter"),
        (("data/raw/costs.csv", "2670000", "2670001"), "costs.csv: changed since it was recorded"),
        (("data/raw/sources.yaml", "  costs.csv:", "  cost.csv:"), "costs.csv: no record in sources.yaml"),
    ],
)
def test_a_bad_input_stops_the_pipeline_before_any_notebook(
    copy: Path, change: tuple[str, str, str], words: str
) -> None:
    name, old, new = change
    text = (copy / name).read_text()
    assert old in text
    (copy / name).write_text(text.replace(old, new, 1))
    failed = dvc(copy, "repro", check=False)
    assert failed.returncode != 0
    assert words in failed.stdout + failed.stderr
    assert stages_run(failed) == ["00_inputs"]


def test_a_failing_stage_leaves_no_output_and_the_old_one_can_be_checked_out(copy: Path) -> None:
    brief = copy / "results" / "12_brief" / "brief.id.html"
    before = hashlib.md5(brief.read_bytes()).hexdigest()
    notebook = copy / "notebooks" / "12_brief.ipynb"
    original = notebook.read_text()
    notebook.write_text(original.replace('pages(\\"en\\")', 'pages(\\"fr\\")'))
    assert notebook.read_text() != original
    failed = dvc(copy, "repro", check=False)
    assert failed.returncode != 0
    assert "12_brief failed" in failed.stdout + failed.stderr
    assert not brief.exists()
    assert (copy / "results" / "failures" / "12_brief" / "index.html").exists()
    assert "12_brief" in json.loads(dvc(copy, "status", "--json").stdout), "it is not taken for done"
    dvc(copy, "checkout", "results/12_brief")
    assert hashlib.md5(brief.read_bytes()).hexdigest() == before


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_after_ctrl_c_the_next_run_goes_on(copy: Path) -> None:
    # Each is of one stage alone.
    for module in ("pipeline/study/evidence/clean.py", "pipeline/study/yield_gap/regency.py"):
        (copy / module).write_text((copy / module).read_text() + "\n# changed\n")
    binaries = str(Path(sys.executable).parent)
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro"],
        cwd=copy,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PATH": binaries + os.pathsep + os.environ["PATH"]},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "04_yield_gap: cell" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    rest = stages_run(dvc(copy, "repro"))
    assert "04_yield_gap" in rest
    assert "03_clean_evidence" not in rest
    assert json.loads(dvc(copy, "status", "--json").stdout) == {}
