"""What is recorded is what was run: inputs that change, kernels that end, parameters that are lost, stray writes."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import rerun_project as toy
import yaml
from rerun_project import Toy
from test_run import GOOD, digests, project, run

pytestmark = pytest.mark.slow

PIDS_S = 15


def edits(stage: str, shell: str) -> list[str]:
    """A cell that has another program run a command, once."""
    flag = f".edited-{stage}"
    once = f"subprocess.run({shell!r}, shell=True, check=True)\n    open({flag!r}, 'w').close()"
    return [f"import os, subprocess\nif not os.path.exists({flag!r}):\n    {once}"]


EDITED = {
    "notebook": Toy(cells=edits("notebook", "sed -i s/Words/Other/ notebooks/notebook.ipynb")),
    "parameter": Toy(
        params=(toy.ADOPTION,), cells=edits("parameter", "sed -i 's/^  adoption: .*/  adoption: 0.77/' params.yaml")
    ),
    "table": Toy(
        cells=[*edits("table", "echo new > raw.csv"), "from pathlib import Path\nPath('raw.csv').read_text()"]
    ),
}


@pytest.fixture(params=["cacao", "dvc"])
def command(request) -> list[str]:
    """Both ways of running all stages; one that fails does not stop the others."""
    return {
        "cacao": [sys.executable, "-m", "pipeline.cli", "repro"],
        "dvc": [sys.executable, "-m", "dvc", "repro", "--keep-going"],
    }[request.param]


def call(folder: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=toy.environment(folder), capture_output=True, text=True, timeout=120)


def test_what_changes_while_a_stage_runs_is_named_and_nothing_is_recorded(tmp_path, command) -> None:
    folder = toy.make(tmp_path / "p", EDITED)
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())
    stages["stages"]["table"]["deps"].append("raw.csv")
    (folder / "dvc.yaml").write_text(yaml.safe_dump(stages, sort_keys=False))
    (folder / "raw.csv").write_text("old\n")
    first = call(folder, command)
    said = first.stdout + first.stderr
    assert first.returncode != 0
    for name in ("notebooks/notebook.ipynb", "parameter scenarios.adoption", "raw.csv"):
        assert f"changed while the stage ran: {name}" in said, said
    lock = folder / "dvc.lock"
    assert not lock.exists() or not yaml.safe_load(lock.read_text()).get("stages")
    assert not list((folder / "results").glob("*/*.txt"))
    second = call(folder, command)
    assert second.returncode == 0, second.stdout + second.stderr
    assert (folder / "results" / "parameter" / "parameter.txt").read_text() == "parameter 0.77\n"
    assert call(folder, command).returncode == 0
    assert sorted(toy.executed(folder)) == sorted([*EDITED, *EDITED])


def with_listing(folder: Path, *reads: str) -> Path:
    """A project of ``toy.make`` whose stage ``a`` also depends on its code, which a stage lists."""
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())
    command = "python -m pipeline.kit.stages.dependencies"
    code = {"cmd": command, "deps": ["notebooks", "pipeline", *reads], "outs": ["results/code"]}
    stages["stages"]["a"]["deps"].append("results/code/a.txt")
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"code": code, **stages["stages"]}}, sort_keys=False))
    return folder


def test_a_module_that_changes_while_a_stage_runs_is_named(tmp_path, command) -> None:
    cells = edits("a", "echo '# other' >> pipeline/kit/stages/outputs.py")
    folder = with_listing(toy.make(tmp_path / "p", {"a": Toy(cells=cells)}))
    first = call(folder, command)
    assert first.returncode != 0
    assert "changed while the stage ran: pipeline/kit/stages/outputs.py" in first.stdout + first.stderr
    assert set(yaml.safe_load((folder / "dvc.lock").read_text())["stages"]) == {"code"}
    second = call(folder, command)
    assert second.returncode == 0, second.stdout + second.stderr


def test_a_command_that_changes_what_it_reads_is_not_recorded_either(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy()})
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())
    command = "echo made > results/b.txt && echo new > raw.csv"
    stages["stages"]["b"] = {"cmd": command, "deps": ["raw.csv"], "outs": ["results/b.txt"]}
    (folder / "dvc.yaml").write_text(yaml.safe_dump(stages))
    (folder / "raw.csv").write_text("old\n")
    (folder / "results").mkdir()
    found = toy.repro(folder, code=1)
    assert "changed while the stage ran: raw.csv" in found.stdout + found.stderr
    assert set(yaml.safe_load((folder / "dvc.lock").read_text())["stages"]) == {"a"}
    toy.repro(folder)


def test_code_that_is_not_as_its_listing_has_it_does_not_run(tmp_path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    listing = folder / "results" / "code" / "toy.txt"
    listing.parent.mkdir(parents=True)
    listing.write_text(f"{'0' * 32}  pipeline/params.py\n")
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())
    stages["stages"]["toy"]["deps"] = ["results/code/toy.txt"]
    (folder / "dvc.yaml").write_text(yaml.safe_dump(stages))
    found = run(folder)
    assert found.returncode == 1
    assert "pipeline/params.py is not as results/code/toy.txt has it" in found.stderr
    assert not (folder / "results" / "toy").exists()


def test_results_belong_to_the_libraries_they_were_made_with(tmp_path, command) -> None:
    folder = with_listing(toy.make(tmp_path / "p", {"a": Toy()}), "requirements.lock")
    (folder / "requirements.lock").write_text("numpy==2.4.1\n")
    assert call(folder, command).returncode == 0
    assert toy.executed(folder) == ["a"]
    (folder / "requirements.lock").write_text("numpy==2.4.2\n")
    cacao = [sys.executable, "-m", "pipeline.cli"]
    # Also when only the listings were written anew.
    for before in ([], ["repro", "code"]):
        call(folder, [*cacao, *before])
        for said in (["status"], ["why", "a"]):
            told = call(folder, [*cacao, *said]).stdout
            assert re.search(r"a\n(  .*\n)*  dependency requirements.lock: md5 \w{32} -> \w{32}", told), told
    assert call(folder, command).returncode == 0
    assert toy.executed(folder) == ["a"]


def test_a_stage_ends_when_the_program_that_runs_it_is_killed(tmp_path) -> None:
    loop = "import time\nopen('.started', 'w').close()\nwhile True:\n    time.sleep(1)"
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=[loop])})
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro"],
        cwd=folder,
        env=toy.environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: (folder / ".started").exists())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    toy.write_notebook(folder, "a", Toy())
    # Nothing needs a hand, and nothing comes late.
    toy.repro(folder)
    wait_until(lambda: not toy.left_over(folder))
    assert (folder / "results" / "a" / "a.txt").read_text() == "a \n"
    assert not (folder / "results" / "failures" / "a").exists()


def wait_until(holds) -> None:
    end = time.monotonic() + PIDS_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_stage_waits_for_another_run_of_itself_and_for_no_dead_one(tmp_path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    lock = folder / ".dvc" / "tmp" / "stage-toy.lock"
    lock.parent.mkdir(parents=True)
    # A process that is gone has left its number, which by now is that of another program.
    lock.write_text(str(os.getpid()))
    assert run(folder).returncode == 0
    with lock.open("r+") as held:
        held.truncate()
        held.write(f"{os.getpid()}\n")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [sys.executable, "-m", "pipeline.kit.stages.run", "toy"], cwd=folder, stderr=subprocess.PIPE, text=True
        )
        assert second.stderr is not None
        assert f"stage toy: process {os.getpid()} is at it; waiting for it" in second.stderr.readline()
        assert second.poll() is None
    assert second.wait(timeout=60) == 0


@pytest.mark.parametrize("code", ["import sys\nsys.exit(0)", "raise SystemExit", "exit", "quit()"])
def test_a_cell_that_ends_the_kernel_fails_the_stage_by_name(tmp_path, code) -> None:
    folder = project(tmp_path / "p", [GOOD, code, "1"])
    found = run(folder)
    assert found.returncode == 1
    assert "ends the kernel" in found.stderr
    assert code.splitlines()[-1] in found.stderr
    assert not (folder / "results" / "toy").exists()


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([("adoption = 0.5", [])], "has 0 cells tagged"),
        ([("adoption = 0.5", ["parameters"]), ("adoption = 0.6", ["parameters"])], "has 2 cells tagged"),
        ([("adopted = 0.5", ["parameters"])], "does not assign adoption, which dvc.yaml passes"),
        ([("adoption: float", ["parameters"])], "does not assign adoption"),
        ([("if True:\n    adoption = 0.5", ["parameters"])], "does not assign adoption"),
        ([("adoption = 0.5\nyears = 3", ["parameters"])], "assigns years, which dvc.yaml does not pass"),
    ],
)
def test_a_parameter_that_would_not_arrive_is_refused(tmp_path, sources, words) -> None:
    folder = project(tmp_path / "p", [])
    cells = [nbformat.v4.new_code_cell(code, metadata={"tags": tags}) for code, tags in sources]
    path = folder / "notebooks" / "toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [*cells, nbformat.v4.new_code_cell(GOOD)]
    nbformat.write(notebook, path)
    found = run(folder)
    assert found.returncode == 1
    assert words in found.stderr
    assert not (folder / "results").exists()


def test_a_cell_that_writes_outside_its_folder_fails_by_name(tmp_path) -> None:
    folder = project(tmp_path / "p", [GOOD, "import os\nos.replace('results/other/a.txt', 'results/other/b.txt')"])
    other = folder / "results" / "other" / "a.txt"
    other.parent.mkdir(parents=True)
    other.write_text("a")
    found = run(folder)
    assert found.returncode == 1
    assert "results/other/a.txt is not of this stage" in found.stderr
    assert other.read_text() == "a"


def test_a_file_of_ones_own_among_the_results_is_moved_and_named(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(params=(toy.ADOPTION,))})
    own, kept = (
        folder / "results" / "a" / "trees" / "notes.txt",
        folder / "scratch" / "set_aside" / "results" / "a" / "trees",
    )
    rain = ["raise RuntimeError('rain')"]
    # Before the first run, after a good one, after one that failed, and once more.
    for place, cells in enumerate(([], rain, rain, [])):
        own.parent.mkdir(exist_ok=True, parents=True)
        own.write_text(f"{place}")
        toy.write_notebook(folder, "a", Toy(params=(toy.ADOPTION,), cells=[f"{place} + 1", *cells]))
        found = toy.repro(folder, code=1 if cells else 0)
        assert "results/a/trees/notes.txt is no output: moved to scratch/set_aside" in found.stderr
    kept = folder.glob("scratch/set_aside*/results/a/trees/notes.txt")
    assert sorted(path.read_text() for path in kept) == ["0", "1", "2", "3"]
    assert sorted(path.name for path in (folder / "results" / "a").iterdir()) == ["a.ipynb", "a.txt"]
    assert not (folder / "results" / "failures" / "a").exists()


def test_odd_things_among_the_results_are_moved_and_what_they_point_to_stays(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(params=(toy.ADOPTION,)), "b": Toy()})
    toy.repro(folder)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    for place in range(2):
        results = folder / "results" / "a"
        (results / "gone").symlink_to(tmp_path / "nowhere")
        (results / "linked").symlink_to(outside)
        os.mkfifo(results / "pipe")
        Path(os.fsdecode(os.fsencode(results) + b"/kak\xe9o.txt")).write_text("latin")
        found = toy.repro(folder)
        # A link to a folder is in nobody's way until the stage has to run.
        for name in ("gone", "pipe", r"kak\xe9o.txt", *(["linked"] if place else [])):
            assert f"results/a/{name} is no output: moved to scratch/set_aside" in found.stderr
        left = [] if place else ["linked"]
        assert sorted(path.name for path in results.iterdir()) == ["a.ipynb", "a.txt", *left]
        (results / "linked").unlink(missing_ok=True)
        toy.set_param(folder, "adoption", 0.3)
    assert (outside / "kept.txt").read_text() == "kept"
    assert (folder / "scratch" / "set_aside" / "results" / "a" / "linked").is_symlink()
    shutil.rmtree(folder / "results" / "b")
    (folder / "results" / "b").write_text("a file of my own")
    toy.repro(folder)
    assert (folder / "scratch" / "set_aside" / "results" / "b").read_text() == "a file of my own"
    (folder / "results" / "failures" / "b").mkdir(parents=True)
    (folder / "results" / "failures" / "b" / "why.txt").write_text("mine")
    toy.repro(folder, "-f", "b")
    assert (folder / "results" / "failures" / "b" / "why.txt").read_text() == "mine"


def test_what_a_stage_run_by_hand_does_not_make_again_is_moved_too(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy()})
    own, rain = folder / "results" / "a" / "notes.txt", ["raise RuntimeError('rain')"]
    for place, cells in enumerate(([], rain, rain, [])):
        own.parent.mkdir(exist_ok=True, parents=True)
        own.write_text(f"{place}")
        toy.write_notebook(folder, "a", Toy(cells=cells))
        found = call(folder, [sys.executable, "-m", "pipeline.kit.stages.run", "a"])
        assert found.returncode == bool(cells), found.stderr
    kept = folder.glob("scratch/set_aside*/results/a/notes.txt")
    assert sorted(path.read_text() for path in kept) == ["0", "1", "2", "3"]
    assert sorted(path.name for path in (folder / "results" / "a").iterdir()) == ["a.ipynb", "a.txt"]
    assert not (folder / "results" / "failures" / "a").exists()


def test_a_file_of_ones_own_survives_that_results_come_back_from_the_cache(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy()})
    toy.repro(folder)
    (folder / "results" / "a" / "notes.txt").write_text("trees")
    toy.executed(folder)
    found = toy.repro(folder)
    assert toy.executed(folder) == []
    assert "results/a/notes.txt is no output: moved to scratch/set_aside/results/a/notes.txt" in found.stderr
    assert (folder / "scratch" / "set_aside" / "results" / "a" / "notes.txt").read_text() == "trees"


def test_what_each_run_prints_differently_comes_out_the_same(tmp_path) -> None:
    cells = [
        GOOD,
        "import warnings\nwarnings.warn('a column is deprecated', FutureWarning)",
        "class Line: pass\nLine()",
        "import os\nprint(os.environ['PIPELINE_STAGING'] + '/results')",
        "for i in range(300):\n    print(f'chunk-{i}', flush=True)",
    ]
    folder = project(tmp_path / "p", cells)
    assert run(folder).returncode == 0
    first = digests(folder)
    assert run(folder).returncode == 0
    assert digests(folder) == first
    text = (folder / "results" / "toy" / "toy.ipynb").read_text()
    assert str(tmp_path) not in text
    outputs = nbformat.reads(text, as_version=4).cells[-1].outputs
    assert [output.text.split() for output in outputs] == [[f"chunk-{i}" for i in range(300)]]
    assert "a column is deprecated" in text


def test_nothing_that_is_printed_gets_lost(tmp_path) -> None:
    lines = 15_000
    # How much of what is printed may wait for a slow reader: no limit.
    limit = "import zmq\nassert get_ipython().kernel.iopub_thread.socket.getsockopt(zmq.SNDHWM) == 0"
    folder = project(
        tmp_path / "p", [GOOD, limit, f"import sys\nfor i in range({lines}):\n    print(i, flush=i % 3 == 0)"]
    )
    found = run(folder)
    assert found.returncode == 0, found.stderr
    outputs = nbformat.read(folder / "results" / "toy" / "toy.ipynb", as_version=4).cells[-1].outputs
    assert "".join(output.text for output in outputs).split() == [str(i) for i in range(lines)]


def test_a_long_folder_for_temporary_files_does_no_harm(tmp_path) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    found = run(project(tmp_path / "p", [GOOD]), env={**os.environ, "TMPDIR": str(long)})
    assert found.returncode == 0, found.stderr


def test_a_command_works_on_the_project_it_is_called_in(tmp_path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    elsewhere = {**toy.environment(folder), "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", "import sys; from pipeline.cli import here; sys.exit(here())", "deps", "toy"]
    for place in (folder, folder / "notebooks"):
        found = subprocess.run(command, cwd=place, env=elsewhere, capture_output=True, text=True)
        assert "notebooks/toy.ipynb" in found.stdout, found.stderr
    outside = subprocess.run(command, cwd=tmp_path, env=elsewhere, capture_output=True, text=True)
    assert outside.returncode == 2
    assert "is in no project" in outside.stderr


def test_a_notebook_does_not_work_with_the_code_of_another_project(tmp_path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    elsewhere = {**toy.environment(folder), "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-P", "-c", "import ipykernel; from pipeline.kit import paths"]
    found = subprocess.run(command, cwd=folder / "notebooks", env=elsewhere, capture_output=True, text=True)
    assert "start Jupyter with `make lab`" in found.stderr
    assert subprocess.run(command, cwd=tmp_path, env=elsewhere, capture_output=True).returncode == 0


def changed_in_the_cache(folder: Path, mode: int) -> Path:
    """A project that has run and lost its results, and whose output was changed by hand in DVC's cache."""
    toy.make(folder, {"a": Toy(params=(toy.ADOPTION,))})
    toy.repro(folder)
    md5 = hashlib.md5(b"a 0.5\n").hexdigest()
    kept = folder / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    shutil.rmtree(folder / "results")
    kept.chmod(0o644)
    kept.write_text("a 0.9\n")
    kept.chmod(mode)
    return folder


def test_a_file_of_the_cache_that_was_changed_is_not_taken_for_a_result(tmp_path) -> None:
    # DVC takes what is protected for unchanged.
    folder = changed_in_the_cache(tmp_path / "p", 0o444)
    found = toy.repro(folder)
    assert "1 file(s) in the cache were changed and are not used" in found.stderr
    # Whoever wrote it may want it back.
    assert [path.read_text() for path in (folder / ".dvc" / "tmp").glob("*/changed/*")] == ["a 0.9\n"]
    assert (folder / "results" / "a" / "a.txt").read_text() == "a 0.5\n"


def test_dvc_does_not_take_a_file_of_the_cache_that_was_made_writable_for_a_result(tmp_path) -> None:
    # Whoever is not root cannot change it otherwise.
    folder = changed_in_the_cache(tmp_path / "p", 0o644)
    assert call(folder, [sys.executable, "-m", "dvc", "repro"]).returncode == 0
    assert (folder / "results" / "a" / "a.txt").read_text() == "a 0.5\n"


def test_two_runs_at_once_do_not_meet(tmp_path) -> None:
    slow = ["import time\nopen('.started', 'w').close()\ntime.sleep(3)"]
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=slow), "b": Toy(("a",))})
    first = toy.start(folder)
    wait_until(lambda: (folder / ".started").exists())
    second = toy.repro(folder)
    assert f"process {first.pid} is at it; waiting for it" in second.stderr
    assert "0 ran" in second.stdout
    assert first.wait() == 0
    assert toy.executed(folder) == ["a", "b"]


def test_locks_of_dead_processes_and_of_other_programs_need_no_hand(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy()})
    here = str(folder / "results" / "a")
    locked = {"write": {here: {"pid": 1, "cmd": "run a"}}, "read": {here: [{"pid": 999_999_999, "cmd": "run b"}]}}
    (folder / ".dvc" / "tmp").mkdir()
    lock = folder / ".dvc" / "tmp" / "rwlock"
    lock.write_text(json.dumps(locked))
    # Written before the program that now has the number was started.
    os.utime(lock, (1, 1))
    toy.repro(folder)
    assert toy.executed(folder) == ["a"]


def test_what_is_taken_out_of_the_list_of_a_stage_makes_it_run_again(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(), "b": Toy(params=(toy.ADOPTION,)), "c": Toy()})
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())
    stages["stages"]["b"]["params"].append(toy.YEARS)
    stages["stages"]["c"]["deps"].append("raw.csv")
    (folder / "raw.csv").write_text("1\n")
    (folder / "dvc.yaml").write_text(yaml.safe_dump(stages))
    with_both = "adoption = 0.5\ntraining_years = 5.0"
    path = folder / "notebooks" / "b.ipynb"
    shorter = path.read_text()
    path.write_text(shorter.replace("adoption = 0", with_both.replace("\n", "\\n")))
    toy.repro(folder)
    assert sorted(toy.executed(folder)) == ["a", "b", "c"]
    stages["stages"]["b"]["params"].remove(toy.YEARS)
    stages["stages"]["c"]["deps"].remove("raw.csv")
    (folder / "dvc.yaml").write_text(yaml.safe_dump(stages))
    path.write_text(shorter)
    toy.repro(folder)
    assert sorted(toy.executed(folder)) == ["b", "c"]
    assert "training_years" not in (folder / "dvc.lock").read_text()
    toy.repro(folder)
    assert toy.executed(folder) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os\nos.mkfifo(folder / 'pipe')", "results/toy/pipe is a link, pipe or device"),
        ("(folder / 'link').symlink_to('/etc/hosts')", "results/toy/link is a link"),
        ("open(bytes(str(folder), 'utf8') + b'/caf\\xe9.txt', 'w').close()", "has a name that is not UTF-8"),
    ],
)
def test_outputs_that_cannot_be_kept_are_named(tmp_path, code, words) -> None:
    place = "from pipeline.kit import paths\nfolder = paths.output(paths.RESULTS / 'toy' / 'x').parent\n"
    found = run(project(tmp_path / "p", [GOOD, place + code], outs=("results/toy",)))
    assert found.returncode == 1
    assert words in found.stderr
    assert "Traceback" not in found.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> Path:
    folder = toy.make(tmp_path_factory.mktemp("broken") / "p", {"a": Toy(params=(toy.ADOPTION,))})
    toy.repro(folder)
    return folder


def damaged(folder: Path, name: str, damage) -> dict[str, str]:
    """What three commands say while a file is damaged; the file is whole again afterwards."""
    path = folder / name
    kept = path.read_bytes()
    said = {}
    try:
        damage(path)
        for words in ("repro", "status", "why a"):
            found = call(folder, [sys.executable, "-m", "pipeline.cli", *words.split()])
            assert found.returncode == 1, (words, found.stdout)
            said[words] = found.stderr
    finally:
        path.rmdir() if path.is_dir() else path.unlink()
        path.write_bytes(kept)
    return said


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        ("params.yaml", lambda path: path.write_text("\trun:\n"), "params.yaml cannot be read: .*line 1, column 1"),
        ("params.yaml", make_folder, "params.yaml cannot be read: .*Is a directory"),
        ("params.yaml", lambda path: path.write_bytes(b"run: \xe9\n"), "params.yaml cannot be read"),
        ("dvc.yaml", lambda path: path.write_text(""), "dvc.yaml holds no stages"),
        ("dvc.yaml", lambda path: path.write_text("[]"), "dvc.yaml holds no stages"),
        ("dvc.yaml", lambda path: path.write_text("stages: []"), "dvc.yaml holds no stages"),
        ("dvc.yaml", lambda path: path.write_text("stages: {a: 1}"), "'a' in dvc.yaml is no stage: 1"),
        (
            "dvc.lock",
            lambda path: path.write_text(f"<<<<<<< HEAD\n{path.read_text()}=======\n>>>>>>> other\n"),
            "unfinished merge. Both sides differ in recorded hashes only",
        ),
    ],
)
def test_a_damaged_file_is_named_without_a_traceback(broken, name, damage, words) -> None:
    for said in damaged(broken, name, damage).values():
        assert re.search(words, said, re.DOTALL), said
        assert "Traceback" not in said
        assert "a fault of the project" not in said


def test_what_dvc_finds_wrong_in_a_stage_is_said_in_its_words(broken) -> None:
    (broken / "dvc.yaml").rename(broken / "kept.yaml")
    (broken / "dvc.yaml").write_text("stages: {a: {cmd: 'true', deps: 3}}")
    found = call(broken, [sys.executable, "-m", "pipeline.cli", "repro"])
    (broken / "kept.yaml").rename(broken / "dvc.yaml")
    assert found.returncode == 1
    assert "expected a list, in stages -> a -> deps" in found.stderr
    assert "Traceback" not in found.stderr


def test_who_reads_the_first_lines_only_sees_no_error(broken) -> None:
    command = (
        f"{sys.executable} -m pipeline.cli trace --help | head -0; {sys.executable} -m pipeline.cli why a | head -0"
    )
    found = subprocess.run(
        command, shell=True, cwd=broken, env=toy.environment(broken), capture_output=True, text=True, check=True
    )
    assert found.stderr == ""


def test_a_fault_nobody_thought_of_is_told_in_a_line_and_kept_whole(broken) -> None:
    (broken / "pipeline" / "check.py").write_text("def main():\n    return 1 / 0\n")
    found = call(broken, [sys.executable, "-m", "pipeline.cli", "check"])
    (broken / "pipeline" / "check.py").unlink()
    assert found.returncode == 1
    assert "a fault of the project: ZeroDivisionError" in found.stderr
    assert "Traceback" not in found.stderr
    assert "1 / 0" in (broken / "scratch" / "traceback.txt").read_text()
