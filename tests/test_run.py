"""The runner: equal bytes twice, nothing half made, failures kept apart, nothing left running."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
import yaml
from rerun_project import copy_tools

pytestmark = pytest.mark.slow

GOOD = "from pipeline.kit import paths\npaths.output(paths.RESULTS / 'toy' / 'toy.txt').write_text(f'{adoption}\\n')"


def project(folder: Path, cells: list[str], outs: tuple[str, ...] = ("results/toy/toy.txt",)) -> Path:
    """A project with the real runner and one stage, ``toy``, made of ``cells``."""
    copy_tools(folder)
    listed = [*outs, "results/toy/toy.ipynb"]
    stage = {"cmd": "python -m pipeline.kit.stages.run toy", "params": ["scenarios.adoption"], "outs": listed}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"toy": stage}}))
    set_cells(folder, cells)
    return folder


def set_cells(folder: Path, cells: list[str]) -> None:
    parameters = nbformat.v4.new_code_cell("adoption = 0.5", metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[parameters, *(nbformat.v4.new_code_cell(code) for code in cells)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(notebook, folder / "notebooks" / "toy.ipynb")


def run(folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.kit.stages.run", "toy"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload]


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in (folder / "results").rglob("*") if path.is_file() and "failures" not in path.parts]
    return {path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest() for path in files}


def set_param(folder: Path, old: str, new: str) -> None:
    text = (folder / "params.yaml").read_text()
    assert old in text
    (folder / "params.yaml").write_text(text.replace(old, new))


def test_the_same_stage_twice_gives_the_same_bytes_and_shows_progress(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", [GOOD, "import pandas as pd\npd.DataFrame({'a': [1]})"])
    first = run(folder)
    assert first.returncode == 0, first.stderr
    assert "toy: cell 2, " in first.stdout
    assert "toy: done, " in first.stdout
    before = digests(folder)
    assert set(before) == {"results/toy/toy.txt", "results/toy/toy.ipynb"}
    time.sleep(1.1)
    assert run(folder).returncode == 0
    assert digests(folder) == before
    assert not list(folder.glob(".staging*"))


def test_parameters_reach_the_notebook(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    set_param(folder, "adoption: 0.5", "adoption: 0.25")
    assert run(folder).returncode == 0
    assert (folder / "results" / "toy" / "toy.txt").read_text() == "0.25\n"


def test_kernel_uses_file_sockets_one_thread_and_no_user_profile(tmp_path: Path) -> None:
    startup = tmp_path / "home" / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("SPOILED = True")
    check = (
        "import os, json, ipykernel.connect\n"
        "assert json.loads(ipykernel.connect.get_connection_info())['transport'] == 'ipc'\n"
        "assert os.environ['OMP_NUM_THREADS'] == '1'\n"
        "assert 'SPOILED' not in globals()"
    )
    folder = project(tmp_path / "p", [check, GOOD])
    done = run(folder, env={**os.environ, "HOME": str(tmp_path / "home")})
    assert done.returncode == 0, done.stderr


def test_failure_names_stage_cell_parameters_and_last_lines_and_leaves_no_output(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    assert run(folder).returncode == 0
    good = (folder / "results" / "toy" / "toy.txt").read_bytes()
    set_cells(folder, [GOOD, "raise RuntimeError('beans <& rot')"])
    failed = run(folder)
    assert failed.returncode == 1
    assert "toy failed" in failed.stderr
    assert "beans <& rot" in failed.stderr
    assert digests(folder) == {}, "neither new nor old outputs may stand where a good one would"
    page = (folder / "results" / "failures" / "toy" / "index.html").read_text()
    for words in ("Stage toy failed", "Cell: 4", "adoption", "0.5", "beans &lt;&amp; rot"):
        assert words in page
    assert (folder / "results" / "failures" / "toy" / "notebook.ipynb").exists()
    kept = folder / "results" / "failures" / "toy" / "previous" / "results" / "toy" / "toy.txt"
    assert kept.read_bytes() == good, "the older output is kept beside the page"
    set_cells(folder, [GOOD])
    assert run(folder).returncode == 0
    assert not (folder / "results" / "failures" / "toy").exists(), "a success clears the page away"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["pass"], "declared but not made: results/toy/toy.txt"),
        (
            [GOOD, "paths.output(paths.RESULTS / 'stray.csv').write_text('x')"],
            "made but not declared: results/stray.csv",
        ),
        ([GOOD, "import os; os._exit(3)"], "Kernel died"),
        ([GOOD, "import sys; sys.exit(2)"], "SystemExit"),
    ],
)
def test_outputs_must_be_those_declared(tmp_path: Path, cells: list[str], words: str) -> None:
    folder = project(tmp_path / "p", cells)
    failed = run(folder)
    assert failed.returncode == 1
    assert words in failed.stderr
    assert digests(folder) == {}


def test_a_kernel_that_dies_at_once_is_said_to_have_died(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    module = folder / "pipeline" / "kit" / "stages" / "kernel.py"
    module.write_text(module.read_text().replace('"-c", KERNEL_CODE', '"-c", "raise SystemExit(3)"'))
    failed = run(folder)
    assert failed.returncode == 1
    assert "died before it was ready" in failed.stderr
    assert digests(folder) == {}


def test_a_cell_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", ["import time; time.sleep(60)", GOOD])
    set_param(folder, "cell_timeout_s: 600", "cell_timeout_s: 1")
    started = time.monotonic()
    failed = run(folder)
    assert failed.returncode == 1
    assert "Timeout" in failed.stderr
    assert time.monotonic() - started < 30
    assert "Cell: 3" in (folder / "results" / "failures" / "toy" / "index.html").read_text()


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("adoption: 0.5", "adoption: 1.5", "scenarios.adoption = 1.5"),
        ("adoption: 0.5", 'adoption: "half"', "scenarios.adoption = 'half'"),
        ("adoption: 0.5", "adoption: 0.5\n  adpotion: 0.6", "scenarios.adpotion is not a parameter"),
        ("seed: 20250625", "seed: 1.5", "uncertainty.seed = 1.5"),
    ],
)
def test_a_bad_parameter_stops_before_the_notebook_starts(tmp_path: Path, old: str, new: str, name: str) -> None:
    folder = project(tmp_path / "p", [f"open({str(tmp_path / 'started')!r}, 'w').close()", GOOD])
    set_param(folder, old, new)
    failed = run(folder)
    assert failed.returncode == 1
    assert name in failed.stderr
    assert not (tmp_path / "started").exists()


def test_an_unknown_stage_is_named(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    command = [sys.executable, "-m", "pipeline.kit.stages.run", "tyo"]
    failed = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "'tyo'" in failed.stderr
    assert "toy" in failed.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file size limit to stand in for a full disk")
def test_a_full_disk_leaves_the_previous_outputs_whole(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", [GOOD])
    assert run(folder).returncode == 0
    before = digests(folder)
    set_cells(folder, [GOOD, "paths.output(paths.RESULTS / 'toy' / 'toy.txt').write_bytes(b'x' * 50_000_000)"])

    resource = pytest.importorskip("resource")

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    failed = run(folder, preexec_fn=full)
    assert failed.returncode == 1
    assert "File too large" in failed.stderr
    assert digests(folder) == {}
    previous = folder / "results" / "failures" / "toy" / "previous"
    kept = {path.relative_to(previous).as_posix() for path in previous.rglob("*") if path.is_file()}
    assert kept == set(before)
    assert all(hashlib.md5((previous / name).read_bytes()).hexdigest() == before[name] for name in kept)


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind_and_the_next_one_goes_on(tmp_path: Path, number: int) -> None:
    folder = project(tmp_path / "p", [GOOD, "import time\ntime.sleep(60)"])
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.kit.stages.run", "toy"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "cell 4" in line:
            break
    kernels = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in errors
    _gone, alive = psutil.wait_procs(kernels, timeout=10)
    assert kernels
    assert not alive
    assert digests(folder) == {}
    assert not list(folder.glob(".staging*"))
    set_cells(folder, [GOOD])
    assert run(folder).returncode == 0
