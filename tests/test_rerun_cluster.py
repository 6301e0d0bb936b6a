"""Stages on the workers of a cluster: the bytes of a serial run, faults, and what must not leave the machine."""

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import rerun_project as toy
from reproduction import commit
from rerun_cluster import Cluster, clone, cluster, made_in, until, with_remote
from rerun_project import ADOPTION, Toy, repro, serial, set_param, state

from pipeline.kit import paths
from pipeline.kit.rerun import cluster as rerun_cluster
from pipeline.kit.rerun import cluster_worker, warm_kernels
from pipeline.kit.rerun.cluster import Place

pytestmark = pytest.mark.skipif(not warm_kernels.possible(), reason="workers need Linux")

METRICS = "from pipeline.kit import paths\npaths.output(paths.ROOT / 'metrics' / 'c.json').write_text('{\"pods\": 3}')"
# a -> c, with d after it and b; c also makes a file that DVC does not cache, and d reads it.
PIPELINE = {"a": Toy(params=(ADOPTION,)), "b": Toy(), "c": Toy(("a",), cells=[METRICS]), "d": Toy(("b", "c"))}
METRICS_ENTRY = "    outs:\n    - results/c\n    metrics:\n    - metrics/c.json:\n        cache: false\n"
SLEEP = "import time; time.sleep(60)"


def make(folder: Path, toys: dict[str, Toy]) -> Path:
    """A project with a remote."""
    made = toy.make(folder / "main", toys)
    if toys is PIPELINE:
        text = (made / "dvc.yaml").read_text()
        text = text.replace("    outs:\n    - results/c\n", METRICS_ENTRY)
        text = text.replace("- results/c/c.txt", "- results/c/c.txt\n    - metrics/c.json")
        (made / "dvc.yaml").write_text(text)
    with_remote(made)
    return made


def project(folder: Path, toys: dict[str, Toy]) -> tuple[Path, Path, Path]:
    """A project with a remote, and two clones of it."""
    made = make(folder, toys)
    return made, clone(made, folder / "one"), clone(made, folder / "two")


def by_hand(folder: Path, toys: dict[str, Toy]) -> Path:
    """A project in which a serial run has been made."""
    made = make(folder, toys)
    serial(made)
    return made


def busy(name: str, *folders: Path) -> list[str]:
    """Names of the folders in which a stage is at work."""
    return [folder.name for folder in folders if list(folder.glob(f".staging-{name}-*/results/{name}"))]


def left(cluster: Cluster, *folders: Path) -> list[object]:
    """Processes in the folders that are not those of the cluster."""
    own = {process.pid for process in cluster.processes.values()}
    return [process for folder in folders for process in toy.left_over(folder) if process.pid not in own]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a serial run makes."""
    return by_hand(tmp_path_factory.mktemp("twin"), PIPELINE)


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory):
    """A project, two clones of it, and a cluster with a worker in each."""
    place = tmp_path_factory.mktemp("clones")
    main, one, two = project(place, PIPELINE)
    with cluster(place / "cluster", one=one, two=two) as started:
        yield main, one, two, started


@pytest.mark.slow
def test_stages_in_clones_give_the_bytes_of_a_serial_run_also_after_changes(clones, twin, tmp_path) -> None:
    main, one, two, started = clones
    done = repro(main, "--on", started.address)
    assert "4 stages are up to date, 4 ran" in done.stdout
    ran = made_in(main, one, two)
    assert not ran["main"]
    # Stages stay where most of what they read was made.
    assert sorted([ran["one"], ran["two"]]) == [["a", "c", "d"], ["b"]]
    assert results(main) == results(twin)

    twin = Path(shutil.copytree(twin, tmp_path / "twin"))
    for folder in (main, twin):
        set_param(folder, "adoption", 0.7)
        toy.write_notebook(folder, "d", Toy(("b", "c"), cells=["from pipeline.kit.paths import BEANS", "BEANS"]))
        with (folder / "pipeline" / "kit" / "paths.py").open("a") as code:
            code.write('BEANS = "fermented"\n')
    repro(main, "--on", started.address)
    serial(twin)
    ran = made_in(main, one, two)
    assert sorted(ran["one"] + ran["two"]) == ["a", "c", "d"]
    assert results(main) == results(twin)
    assert "fermented" in (main / "results" / "d" / "d.ipynb").read_text()


def results(folder: Path) -> dict[str, str]:
    """State of a project, with the file that DVC does not cache."""
    return {**state(folder), "metrics": (folder / "metrics" / "c.json").read_text()}


@pytest.mark.slow
def test_a_failure_on_a_worker_is_told_as_one_here(clones) -> None:
    main, _, _, started = clones
    toy.write_notebook(main, "c", Toy(("a",), cells=["raise RuntimeError('black pods')"]))
    failed = repro(main, "--on", started.address, code=1)
    for words in ("black pods", "not run, since they need what failed: d", "1 of 4 stages failed: c"):
        assert words in failed.stderr


@pytest.mark.slow
def test_a_run_that_ends_leaves_nothing_at_work_on_the_cluster(clones) -> None:
    main, one, two, started = clones
    toy.write_notebook(main, "a", Toy(params=(ADOPTION,), cells=[SLEEP]))
    for number in (signal.SIGKILL, signal.SIGINT):
        process = toy.start(main, "--on", started.address, "a")
        until(lambda: busy("a", one, two))
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert number == signal.SIGKILL or "interrupted" in errors
        # The worker clears away what a stage was at once its processes have ended.
        until(lambda: not left(started, main, one, two) and not busy("a", one, two), seconds=10)
    toy.write_notebook(main, "a", Toy(params=(ADOPTION,), cells=["'awake'"]))
    assert "1 ran" in repro(main, "--on", started.address, "a").stdout


@pytest.mark.slow
def test_work_of_its_own_in_a_clone_is_not_overwritten(clones) -> None:
    main, one, two, started = clones
    for folder in (one, two):
        (folder / "notebooks" / "b.ipynb").write_text("the only copy")
    toy.write_notebook(main, "b", Toy(cells=["'other'"]))
    failed = repro(main, "--on", started.address, "b", code=1)
    assert "changes of its own that would be lost: notebooks/b.ipynb" in failed.stderr
    assert {(folder / "notebooks" / "b.ipynb").read_text() for folder in (one, two)} == {"the only copy"}


@pytest.mark.slow
def test_workers_in_the_shared_folder_take_no_copies_and_one_alone_its_own_heavy_loops(twin, tmp_path) -> None:
    main = make(tmp_path, PIPELINE)
    with cluster(tmp_path / "cluster", one=main, two=main) as started:
        done = repro(main, "--on", started.address)
        used = {line.split(" on ")[1] for line in done.stdout.splitlines() if ": started on " in line}
        assert len(used) == 2
        assert sorted(toy.executed(main)) == sorted(PIPELINE)
        assert not left(started, main)
        assert results(main) == results(twin)
        assert not (tmp_path / "main-remote").exists()
        # The loop goes to the cluster whose only worker is busy with the stage.
        started.kill("two")
        loop = "from pipeline.kit import compute\ncompute.each(abs, [-1, -2, -3])"
        toy.write_notebook(main, "b", Toy(cells=[loop]))
        set_param(main, "backend", "dask")
        set_param(main, "scheduler", started.address)
        repro(main, "--on", started.address, "b")
        assert "[1, 2, 3]" in (main / "results" / "b" / "b.ipynb").read_text()
    assert not list((main / ".dvc" / "tmp" / "cacao").glob("token*"))


@pytest.mark.slow
def test_a_cluster_that_cannot_do_it_is_told_of_before_anything_is_touched(tmp_path) -> None:
    main = toy.make(tmp_path / "main", {"a": Toy(params=(ADOPTION,))})
    repro(main)
    set_param(main, "adoption", 0.4)
    before = state(main)
    folders = {"stranger": tmp_path / "stranger", "clone": clone(main, tmp_path / "clone")}
    folders["stranger"].mkdir()
    with cluster(tmp_path / "cluster") as started:
        for name, words in (("", "no workers"), ("stranger", "nor a clone of it"), ("clone", "no DVC remote")):
            if name:
                started.worker(name, folders[name])
                until(lambda name=name: started.ready(name))
            failed = repro(main, "--on", started.address, code=1)
            assert words in failed.stderr
            assert not name or str(folders[name]) in failed.stderr
            assert "Traceback" not in failed.stderr
            assert state(main) == before
            if name:
                started.kill(name)
    assert not toy.executed(folders["clone"])
    assert not list((main / ".dvc" / "tmp" / "cacao").glob("token*"))


def test_a_scheduler_that_is_not_there_is_a_clear_error(tmp_path) -> None:
    main = toy.make(tmp_path / "main", {"a": Toy()})
    code = (main / "pipeline" / "kit" / "compute.py").read_text()
    (main / "pipeline" / "kit" / "compute.py").write_text(code.replace("PATIENCE_S = 10", "PATIENCE_S = 1"))
    failed = repro(main, "--on", "tcp://127.0.0.1:9", code=1)
    assert "the scheduler at tcp://127.0.0.1:9 does not answer" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not toy.executed(main)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory):
    """A pipeline, and files by stage without which it waits for long and makes them; and what a serial run makes."""
    place = tmp_path_factory.mktemp("waiting")
    seen = {name: place / name for name in ("a", "b")}
    toys = {}
    for name, file in seen.items():
        file.touch()
        code = f"import os, time\nif not os.path.exists({str(file)!r}):\n    open({str(file)!r}, 'w').close()\n"
        toys[name] = Toy(("a",) if name == "b" else (), cells=[f"{code}    time.sleep(60)"])
    return toys, seen, state(by_hand(place, toys))


@pytest.mark.slow
def test_stages_whose_workers_are_killed_run_again_on_another_or_here(waiting, tmp_path) -> None:
    toys, seen, expected = waiting
    main, one, two = project(tmp_path, toys)
    for file in seen.values():
        file.unlink()
    with cluster(tmp_path / "cluster", one=one, two=two) as started:
        process = toy.start(main, "--on", started.address)
        for name, file in seen.items():
            until(file.exists)
            started.kill(busy(name, one, two)[0])
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, out + errors
        # What a worker had started has ended with it.
        until(lambda: not left(started, main, one, two), seconds=10)
    ran = made_in(main, one, two)
    assert (ran["main"], sorted(ran["one"] + ran["two"])) == (["b"], ["a"])
    for name in seen:
        assert f"{name}: lost its worker, starts again" in out
    assert state(main) == expected


@pytest.mark.slow
def test_a_run_that_has_lost_its_scheduler_goes_on_here(waiting, tmp_path) -> None:
    toys, seen, expected = waiting
    main, one, _ = project(tmp_path, toys)
    seen["a"].unlink()
    with cluster(tmp_path / "cluster", one=one) as started:
        process = toy.start(main, "--on", started.address)
        until(seen["a"].exists)
        started.kill("scheduler")
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, out + errors
        until(lambda: not left(started, main, one), seconds=10)
    assert "a: lost its worker, starts again" in out
    assert made_in(main, one) == {"main": ["a", "b"], "one": []}
    assert state(main) == expected


@pytest.mark.slow
def test_what_is_outside_of_git_stays_and_so_does_what_is_made_of_it(tmp_path) -> None:
    main = toy.make(tmp_path / "main", {"a": Toy(), "survey": Toy(), "b": Toy(("survey",))})
    private = main / "data" / "survey"
    private.mkdir(parents=True)
    (private / "README.md").write_text("Plots")
    with (main / ".gitignore").open("a") as ignored:
        ignored.write("/data/survey/plots.csv\n")
    text = (main / "dvc.yaml").read_text()
    (main / "dvc.yaml").write_text(text.replace("notebooks/survey.ipynb", "notebooks/survey.ipynb\n    - data/survey"))
    commit(main, "add", "-A")
    commit(main, "commit", "-qm", "survey")
    remote = with_remote(main)
    one = clone(main, tmp_path / "one")
    (private / "plots.csv").write_text("farmer,kg\nPak Arifin,350\n")
    with cluster(tmp_path / "cluster", one=one) as started:
        done = repro(main, "--on", started.address)
        assert "survey: runs on this machine, since data/survey/plots.csv is not in git" in done.stdout
        assert "b: runs on this machine, since survey stays here" in done.stdout
        assert {name: sorted(ran) for name, ran in made_in(main, one).items()} == {
            "main": ["b", "survey"],
            "one": ["a"],
        }
        found = subprocess.run(["grep", "-rl", "Pak Arifin", one, remote, tmp_path / "cluster"], stdout=-1, check=False)
        assert found.stdout == b""
        made = (main / "results" / "survey" / "survey.txt").read_bytes()
        assert made not in [path.read_bytes() for path in remote.rglob("*") if path.is_file()]
        # Without records it may go out, but not to where others are.
        (private / "plots.csv").rename(one / "data" / "survey" / "plots.csv")
        failed = repro(main, "--on", started.address, code=1)
        assert "not what it is on the main machine: data/survey" in failed.stderr
        assert made_in(main, one) == {"main": [], "one": []}


def test_a_stage_goes_where_most_of_what_it_reads_was_made() -> None:
    one, two, three = (Place(f"tcp://{host}:1", host, "/p", False) for host in ("one", "two", "three"))
    made = {"a": one.where, "b": two.where, "c": two.where}
    assert rerun_cluster.choose([one, two, three], made, {"a": 10, "b": 5, "c": 6}) == two
    assert rerun_cluster.choose([one, two, three], made, {"a": 12, "b": 5, "c": 6}) == one
    assert rerun_cluster.choose([one, three], made, {"b": 5}) == three, "the one used least"
    assert rerun_cluster.choose([one], made, {"b": 5}) == one
    # Another worker in the same folder finds the same files.
    beside = replace(two, address="tcp://two:2")
    assert rerun_cluster.choose([one, beside], made, {"b": 5}) == beside


def test_other_versions_are_told_of() -> None:
    here = {"host": {"python": "3.11.2.final.0"}, "packages": {"numpy": "2.1", "lz4": None}}
    there = {"host": {"python": "3.12.1.final.0"}, "packages": {"numpy": "2.0", "lz4": "4"}}
    assert rerun_cluster.differing(here, here) == ""
    assert rerun_cluster.differing(here, there) == "python 3.12.1, here 3.11.2, numpy 2.0, here 2.1"


def test_commands_do_not_inherit_how_dask_lets_its_workers_keep_memory(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    monkeypatch.chdir(paths.ROOT)
    order = {"stage": "a", "shares": True, "folder": "."}
    show = [sys.executable, "-c", "import os; print(os.environ.get('MALLOC_TRIM_THRESHOLD_'), os.environ['DVC_STAGE'])"]
    assert cluster_worker.start(order, [show], tmp_path / "log").wait(timeout=30) == 0
    assert (tmp_path / "log").read_text() == "None a\n"
