"""``cacao repro``: the lock and outputs of a serial run, only what changed, failures and requests to stop."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rerun_project as toy
from rerun_project import ADOPTION, LINES, PIPELINE, Toy, executed, repro, serial, set_param, state

from pipeline.kit import paths
from pipeline.kit.rerun import lockfile, scheduler, warm_kernels

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project that has run once, two stages at a time; tests work on copies."""
    folder = toy.make(tmp_path_factory.mktemp("rerun") / "made", PIPELINE)
    done = repro(folder, "-j", "2")
    assert sorted(executed(folder)) == sorted(PIPELINE)
    assert "6 stages are up to date, 6 ran" in done.stdout
    assert "a: started\n" in done.stdout
    return folder


@pytest.fixture
def folder(reproduced: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reproduced, tmp_path / "copy"))


@pytest.fixture
def quick(quickly_made: Path, tmp_path: Path) -> Path:
    """A project of the same stages in lines of the shell that has run once."""
    return Path(shutil.copytree(quickly_made, tmp_path / "quick"))


@pytest.fixture(scope="module")
def quickly_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = toy.make(tmp_path_factory.mktemp("quick") / "made", LINES)
    # Nothing here needs a kernel.
    set_param(folder, "warm_kernels", "false")
    repro(folder)
    assert sorted(executed(folder)) == sorted(LINES)
    return folder


def test_lock_and_outputs_are_those_of_a_serial_run(reproduced, tmp_path) -> None:
    twin = toy.make(tmp_path / "serial", PIPELINE)
    serial(twin)
    assert state(reproduced) == state(twin)


def test_they_are_also_after_random_changes(quick, tmp_path) -> None:
    twin = toy.make(tmp_path / "serial", LINES)
    serial(twin)
    assert state(quick) == state(twin)
    executed(twin)
    chance = random.Random(1)
    for name, least, most in (("training_years", 1, 20), ("adoption", 0, 1)):
        value = round(chance.uniform(least, most), 3)
        for project in (quick, twin):
            set_param(project, name, value)
        repro(quick, "-j", "2")
        serial(twin)
        assert state(quick) == state(twin)
        assert sorted(executed(quick)) == sorted(executed(twin))


def test_a_changed_parameter_reruns_its_consumers_and_going_back_runs_nothing(folder) -> None:
    before = state(folder)
    set_param(folder, "training_years", 7.0)
    done = repro(folder, "-j", "2")
    assert sorted(executed(folder)) == ["c", "d", "e", "f"]
    assert "a: unchanged" in done.stdout
    assert "c: started (expected " in done.stdout
    set_param(folder, "training_years", yaml_value(paths.PARAMS, "training_years"))
    done = repro(folder)
    assert executed(folder) == []
    assert "c: from the cache" in done.stdout
    assert state(folder) == before


def yaml_value(file: Path, name: str) -> str:
    return next(line.split(": ")[1] for line in file.read_text().splitlines() if line.startswith(f"  {name}:"))


def test_changed_words_are_taken_over_without_running_code(folder, tmp_path) -> None:
    twin = Path(shutil.copytree(folder, tmp_path / "twin"))
    for project in (folder, twin):
        toy.write_notebook(project, "b", Toy(("a",), (ADOPTION,), words="Other words, *longer*."))
    done = repro(folder)
    assert executed(folder) == []
    assert "b: words only" in done.stdout
    serial(twin)
    assert executed(twin) == ["b"]
    assert "Other words" in (folder / "results" / "b" / "b.ipynb").read_text()
    assert state(folder) == state(twin), "as if all had been executed"


@pytest.mark.parametrize("what", ["code", "words and parameter", "words and lost output"])
def test_more_than_words_is_executed(folder, what) -> None:
    cells = ["1 + 1"] if what == "code" else []
    toy.write_notebook(folder, "b", Toy(("a",), (ADOPTION,), cells, words="Other words."))
    if what == "words and parameter":
        set_param(folder, "adoption", 0.3)
    if what == "words and lost output":
        (folder / "results" / "b" / "b.txt").unlink()
    repro(folder)
    assert "b" in executed(folder)


def test_nothing_to_do_is_known_at_once_until_something_is_touched(folder) -> None:
    repro(folder)
    assert repro(folder).stdout == "every stage is up to date\n"
    command = [sys.executable, "-X", "importtime", "-m", "pipeline.cli", "repro"]
    told = subprocess.run(command, cwd=folder, env=toy.environment(folder), capture_output=True, text=True, check=True)
    loaded = {line.split("|")[-1].strip() for line in told.stderr.splitlines()}
    assert "pipeline.kit.rerun.lockfile" in loaded
    assert not {"dvc", "yaml", "ruamel.yaml", "psutil", "asyncio", "pandas"} & loaded, "no library is waited for"
    (folder / "results" / "e" / "e.txt").touch()
    assert "e: unchanged" in repro(folder).stdout
    assert repro(folder).stdout == "every stage is up to date\n"
    (folder / "results" / "e" / "e.txt").write_text("beans")
    assert "e: from the cache" in repro(folder).stdout
    (folder / "results" / "e" / "stray").write_text("beans")
    assert "e: from the cache" in repro(folder).stdout
    shutil.rmtree(folder / ".dvc" / "cache" / "files")
    executed(folder)
    repro(folder)
    assert sorted(executed(folder)) == sorted(PIPELINE), "outputs that nothing could bring back are made again"


@pytest.mark.parametrize("what", ["parameter", "stage"])
def test_what_changes_behind_a_run_is_seen_by_the_next(folder, what) -> None:
    """Of a stage that has ended already, or of a stage that was not there."""
    waits = "import os, time\nwhile not os.path.exists('.go'): time.sleep(0.05)"
    toy.write_notebook(folder, "d", Toy(params=(toy.YEARS,), cells=[waits]))
    process = toy.start(folder)
    until(lambda: (folder / ".dvc/tmp/rerun/logs/d.log").exists() and list(folder.glob(".staging-d-*/results/d")))
    if what == "parameter":
        set_param(folder, "adoption", 0.7)
    else:
        toy.write_notebook(folder, "g", Toy())
        text = (folder / "dvc.yaml").read_text()
        (folder / "dvc.yaml").write_text(
            f"{text}  g:\n    cmd: python -m pipeline.kit.stages.run g\n    outs:\n    - results/g\n"
        )
    (folder / ".go").touch()
    assert process.wait(60) == 0
    executed(folder)
    repro(folder)
    assert ("a" if what == "parameter" else "g") in executed(folder)


def test_a_lock_that_lacks_a_stage_gets_it_back_from_the_cache(folder) -> None:
    before = state(folder)
    for lost in ("b", "abcdef"):
        entries = lockfile.split((folder / "dvc.lock").read_text())
        kept = "".join(text for name, text in entries.items() if name not in lost)
        (folder / "dvc.lock").write_text(lockfile.HEADER + kept)
        if not kept:
            (folder / "dvc.lock").unlink()
        done = repro(folder)
        assert "b: from the cache" in done.stdout
        assert "is no output" not in done.stderr
        assert executed(folder) == []
        assert {name: md5 for name, md5 in state(folder).items() if name != "dvc.lock"} == {
            name: md5 for name, md5 in before.items() if name != "dvc.lock"
        }


def test_targets_run_with_what_they_need_and_nothing_else(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", PIPELINE)
    repro(folder, "-j", "2", "e")
    assert executed(folder) == ["d", "e"]
    failed = repro(folder, "cocoa", code=1)
    assert "'cocoa'" in failed.stderr


# What is typed, what was changed before it, and which stages then run.
ASKED = [
    (["-f", "b"], "", ["a", "b"]),
    (["-s", "c"], "adoption", []),
    (["--single-item", "-f", "e"], "", ["e"]),
    (["--downstream", "b"], "training_years", ["b", "c", "f"]),
    (["--pipeline", "d"], "adoption", ["a", "b", "c", "d", "e", "f"]),
    (["--glob", "[ad]"], "training_years", ["d"]),
    (["--force", "-j", "2"], "", sorted(PIPELINE)),
]


def test_options_mean_what_they_mean_in_dvc(quick, tmp_path) -> None:
    twin = Path(shutil.copytree(quick, tmp_path / "twin"))
    for place, (options, parameter, stages) in enumerate(ASKED):
        for project in (quick, twin):
            if parameter:
                set_param(project, parameter, 2.0 + place if parameter == "training_years" else place / 10)
        repro(quick, *options)
        serial(twin, *(option for option in options if option not in ("-j", "2")))
        found = executed(quick), executed(twin)
        assert sorted(found[0]) == sorted(found[1]), options
        assert set(found[0]) <= set(stages), options
        assert state(quick) == state(twin), options


def test_without_the_run_cache_what_changed_is_executed(quick) -> None:
    before = yaml_value(paths.PARAMS, "training_years")
    for value, options, stages in ((7.0, [], "cdef"), (before, ["--no-run-cache"], "cdef"), (7.0, ["-k"], "")):
        set_param(quick, "training_years", value)
        repro(quick, *options)
        assert "".join(sorted(executed(quick))) == stages


def test_a_dry_run_tells_by_its_exit_code_whether_anything_would_run(folder) -> None:
    seen = state(folder)
    assert repro(folder, "--dry", "a").stdout == "nothing would run\n"
    set_param(folder, "training_years", 8.0)
    lines = repro(folder, "--dry", code=1).stdout.splitlines()
    assert "d: python -m pipeline.kit.stages.run d" in lines
    assert "e: runs too if what it reads changes" in lines
    assert not [line for line in lines if line.startswith(("a:", "b:"))]
    assert (state(folder), executed(folder)) == (seen, [])


@pytest.mark.parametrize("option", ["-i", "-P", "-R", "--pull", "--allow-missing", "--no-commit", "--force-downstream"])
def test_an_option_that_only_dvc_has_is_refused_by_name(capsys, option) -> None:
    from pipeline import cli

    with pytest.raises(SystemExit, match="2"):
        cli.main(["repro", option])
    assert f"{option} is not honoured here; `dvc repro {option}` does it" in capsys.readouterr().err


def test_failures_stop_only_what_needs_them_and_are_all_reported(tmp_path) -> None:
    broken = {**PIPELINE, "b": Toy(("a",), (ADOPTION,), ["raise RuntimeError('black pods')"])}
    broken |= {"g": Toy(cells=["raise RuntimeError('no rain')"]), "h": Toy()}
    folder = toy.make(tmp_path / "p", broken)
    failed = repro(folder, "-j", "2", code=1)
    assert sorted(executed(folder)) == ["a", "d", "e", "h"]
    for words in ("black pods", "no rain", "not run, since they need what failed: c, f", "2 of 8 stages failed"):
        assert words in failed.stderr
    for name in ("b", "g"):
        toy.write_notebook(folder, name, PIPELINE.get(name, Toy()))
    repro(folder, "-j", "2")
    assert sorted(executed(folder)) == ["b", "c", "f", "g"]
    # The order in which a serial run reaches them.
    assert list(lockfile.split((folder / "dvc.lock").read_text())) == ["a", "b", "c", "d", "e", "f", "g", "h"]


@pytest.mark.parametrize("warm", ["true", "false"])
def test_a_request_to_stop_leaves_nothing_behind(tmp_path, warm) -> None:
    sleeping = {"a": Toy(cells=["import time", "time.sleep(60)"]), "b": Toy(), "c": Toy(("a",))}
    folder = toy.make(tmp_path / "p", sleeping)
    set_param(folder, "warm_kernels", warm)
    for number in (signal.SIGINT, signal.SIGTERM):
        process = toy.start(folder, "-j", "2")
        until(lambda: (folder / "dvc.lock").exists() and list(folder.glob(".staging-a-*/results/a")))
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "interrupted" in errors
        assert toy.left_over(folder) == []
        assert not list(folder.glob(".staging*"))
    toy.write_notebook(folder, "a", Toy())
    repro(folder)
    assert sorted(executed(folder)) == ["a", "b", "c"]


def until(condition) -> None:
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_a_stage_that_asks_for_it_runs_alone_and_others_side_by_side(tmp_path) -> None:
    # Each notes when it began and ended.
    mark = "import time; from pathlib import Path\nopen('.times', 'a').write(f'{time.time()} %s begins\\n')"
    end = "time.sleep(1.5); open('.times', 'a').write(f'{time.time()} %s ends\\n')"
    names = {"a": {}, "b": {}, "c": {"alone": True}}
    folder = toy.make(tmp_path / "p", {n: Toy(cells=[mark % n, end % n], meta=meta) for n, meta in names.items()})
    repro(folder, "-j", "3")
    events = [line.split()[1:] for line in sorted((folder / ".times").read_text().splitlines())]
    place = events.index(["c", "begins"])
    assert events[place + 1] == ["c", "ends"]
    assert {tuple(event) for event in (events[:2] if place else events[2:4])} == {("a", "begins"), ("b", "begins")}


def test_a_list_of_locked_files_cut_short_by_a_kill_needs_no_hand(folder) -> None:
    (folder / ".dvc" / "tmp" / "rwlock").write_text('{"read": {')
    set_param(folder, "adoption", 0.9)
    repro(folder)
    assert "a" in executed(folder)


def test_entries_of_a_lock_are_those_that_dvc_writes() -> None:
    import yaml

    text = (paths.ROOT / "dvc.lock").read_text()
    entries = lockfile.split(text)
    recorded = yaml.safe_load(text)["stages"]
    assert lockfile.HEADER + "".join(entries.values()) == text
    assert list(entries) == list(recorded)
    assert all(lockfile.entry(name, recorded[name]) == entries[name] for name in recorded)


@pytest.mark.parametrize("text", ["stages:\n  a:\n    cmd: x\n", lockfile.HEADER + "  a:\n    cmd: x\ndatasets: []\n"])
def test_a_lock_with_more_than_stages_is_left_to_dvc(text) -> None:
    with pytest.raises(lockfile.ForeignLockError):
        lockfile.split(text)


def test_new_entries_stand_as_in_a_serial_run_also_when_the_run_is_resumed(tmp_path) -> None:
    path, memory, order = tmp_path / "dvc.lock", tmp_path / "tmp" / "memory", ["a", "b", "c", "d"]
    path.write_text(lockfile.HEADER + lockfile.entry("d", {"cmd": "d"}))
    for ended in (["c", "a"], ["b"]):
        lock = lockfile.LockFile(path, memory, order)
        for name in ended:
            lock.put(name, {"cmd": name})
    assert list(lockfile.split(path.read_text())) == ["d", "a", "b", "c"]
    lock.finished()
    assert not memory.exists()


def test_longest_way_goes_first() -> None:
    needs = {"a": [], "b": ["a"], "c": [], "d": ["c"]}
    assert scheduler.remaining(needs, {"c": 1.0, "d": 5.0, "a": 2.0}) == {"a": 3.0, "b": 1.0, "c": 6.0, "d": 5.0}


def test_libraries_are_those_imported_and_not_those_that_look_around() -> None:
    lines = ["import os", "import numpy as np", "  from scipy.stats import norm", "from pipeline.kit import paths"]
    text = "\n".join([*lines, "import matplotlib.pyplot"])
    notebook = '"import pandas as pd\\n",\n    "from matplotlib.figure import Figure"\n'
    assert set(warm_kernels.names(text)) == {"numpy", "scipy.stats", "scipy.stats.norm"}
    assert set(warm_kernels.names(notebook)) == {"pandas", "matplotlib.figure", "matplotlib.figure.Figure"}


def test_parts_that_are_imported_from_a_package_are_named_for_they_may_be_modules_of_it() -> None:
    text = "from scipy import stats, special as sp\nfrom numpy import (\n    fft,\n    linalg as la,\n)\nimport json\n"
    assert [*warm_kernels.names(text)] == [
        "scipy",
        "scipy.stats",
        "scipy.special",
        "numpy",
        "numpy.fft",
        "numpy.linalg",
    ]
    assert [*warm_kernels.names("from . import numpy\nfrom pipeline.kit import paths\nfrom tqdm import auto")] == []


def test_common_libraries_are_those_of_half_the_stages() -> None:
    assert warm_kernels.common([{"numpy"}, {"numpy", "jax"}, {"pandas", "numpy"}, {"pandas"}]) == ["numpy", "pandas"]
