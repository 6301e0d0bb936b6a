"""Stages on the workers of a cluster: the bytes of a serial run, faults, and what must not leave the machine."""

import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import rerun_project as toy
from reproduction import commit
from rerun_cluster import Cluster, clone, cluster, made_in, until, with_remote
from rerun_project import ADOPTION, Toy, repro, serial, set_param, state

from pipeline.rerun import crew, warm
from pipeline.rerun.crew import Place

pytestmark = pytest.mark.skipif(not warm.possible(), reason="workers need Linux")

# a -> c, b -> d, with e after both; c also makes a file that DVC does not cache.
PIPELINE = {
    "a": Toy(params=(ADOPTION,)),
    "b": Toy(),
    "c": Toy(("a",)),
    "d": Toy(("b",)),
    "e": Toy(("c", "d")),
}
METRICS = "from pipeline import paths\npaths.output(paths.ROOT / 'metrics' / 'c.json').write_text('{\"pods\": 3}')"
SLEEP = "import time; time.sleep(60)"


def project(folder: Path, toys: dict[str, Toy]) -> tuple[Path, Path, Path]:
    """A project with a remote, and two clones of it."""
    made = toy.make(folder / "main", toys)
    with_remote(made)
    return made, clone(made, folder / "one"), clone(made, folder / "two")


def begun(*folders: Path) -> bool:
    """Whether a stage is at work in one of the folders."""
    return any(list(folder.glob(".staging-a-*/results/a")) for folder in folders)


def left(cluster: Cluster, *folders: Path) -> list[object]:
    """Processes in the folders that are not those of the cluster."""
    own = {process.pid for process in cluster.processes.values()}
    return [process for folder in folders for process in toy.left_over(folder) if process.pid not in own]


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory):
    """A project whose stages have run in two clones, what it was before, and the cluster."""
    place = tmp_path_factory.mktemp("clones")
    toys = {**PIPELINE, "c": replace(PIPELINE["c"], cells=[METRICS])}
    main, one, two = project(place, toys)
    pipeline = (main / "dvc.yaml").read_text()
    entry = "    outs:\n    - results/c\n"
    assert entry in pipeline
    (main / "dvc.yaml").write_text(
        pipeline.replace(entry, f"{entry}    metrics:\n    - metrics/c.json:\n        cache: false\n").replace(
            "results/c/c.txt\n", "results/c/c.txt\n    - metrics/c.json\n"
        )
    )
    twin = Path(shutil.copytree(main, place / "twin"))
    with cluster(place / "cluster", one=one, two=two) as started:
        yield main, one, two, twin, started


def test_stages_in_clones_give_the_bytes_of_a_serial_run_also_after_changes(clones) -> None:
    main, one, two, twin, started = clones
    done = repro(main, "--on", started.address)
    assert "5 stages are up to date, 5 ran" in done.stdout
    ran = made_in(main, one, two)
    assert not ran["main"]
    # Each chain stays where it began; the last stage follows one of them.
    chains = sorted(ran[name] for name in ("one", "two"))
    assert [[name for name in chain if name != "e"] for chain in chains] == [["a", "c"], ["b", "d"]]
    serial(twin)
    assert state(main) == state(twin)
    assert (main / "metrics" / "c.json").read_text() == (twin / "metrics" / "c.json").read_text()

    for folder in (main, twin):
        toy.executed(folder)
        set_param(folder, "adoption", 0.7)
        toy.write_notebook(folder, "d", Toy(("b",), cells=["from pipeline.paths import BEANS", "BEANS"]))
        with (folder / "pipeline" / "paths.py").open("a") as code:
            code.write('BEANS = "fermented"\n')
    repro(main, "--on", started.address)
    serial(twin)
    ran = made_in(main, one, two)
    assert sorted(ran["one"] + ran["two"]) == ["a", "c", "d", "e"]
    assert state(main) == state(twin)
    assert "fermented" in (main / "results" / "d" / "d.ipynb").read_text()


def test_a_failure_on_a_worker_is_told_as_one_here(clones) -> None:
    main, one, two, _, started = clones
    before = (main / "pipeline" / "paths.py").read_text()
    made_in(one, two)
    toy.write_notebook(main, "c", Toy(("a",), cells=["raise RuntimeError('black pods')"]))
    failed = repro(main, "--on", started.address, code=1)
    for words in ("black pods", "not run, since they need what failed: e", "1 of 5 stages failed: c"):
        assert words in failed.stderr
    assert (main / "pipeline" / "paths.py").read_text() == before


def test_work_of_its_own_in_a_clone_is_not_overwritten(clones) -> None:
    main, one, two, _, started = clones
    for folder in (one, two):
        (folder / "notebooks" / "b.ipynb").write_text("the only copy")
    toy.write_notebook(main, "b", Toy(cells=["'other'"]))
    failed = repro(main, "--on", started.address, "b", code=1)
    assert "changes of its own that would be lost: notebooks/b.ipynb" in failed.stderr
    assert {(folder / "notebooks" / "b.ipynb").read_text() for folder in (one, two)} == {"the only copy"}


def test_workers_in_the_shared_folder_need_no_remote(tmp_path) -> None:
    main = toy.make(tmp_path / "main", PIPELINE)
    twin = Path(shutil.copytree(main, tmp_path / "twin"))
    with cluster(tmp_path / "cluster", one=main, two=main) as started:
        done = repro(main, "--on", started.address)
        used = {line.split(" on ")[1] for line in done.stdout.splitlines() if ": started on " in line}
        assert len(used) == 2
        assert sorted(toy.executed(main)) == sorted(PIPELINE)
        assert not left(started, main)
    serial(twin)
    assert state(main) == state(twin)
    assert not list((main / ".dvc" / "tmp" / "cacao").glob("token*"))


@pytest.mark.parametrize(
    ("worker", "words"), [("clone", "no DVC remote"), ("stranger", "nor a clone of it"), ("", "no workers")]
)
def test_a_cluster_that_cannot_do_it_is_told_of_before_anything_is_touched(tmp_path, worker, words) -> None:
    main = toy.make(tmp_path / "main", {"a": Toy(params=(ADOPTION,))})
    repro(main)
    set_param(main, "adoption", 0.4)
    before = state(main)
    folder = clone(main, tmp_path / "clone") if worker == "clone" else tmp_path / "stranger"
    folder.mkdir(exist_ok=True)
    with cluster(tmp_path / "cluster", **({worker: folder} if worker else {})) as started:
        failed = repro(main, "--on", started.address, code=1)
    assert words in failed.stderr
    assert "Traceback" not in failed.stderr
    assert str(folder) in failed.stderr or not worker
    assert state(main) == before


def test_a_scheduler_that_is_not_there_is_a_clear_error(tmp_path) -> None:
    main = toy.make(tmp_path / "main", {"a": Toy()})
    code = (main / "pipeline" / "compute.py").read_text()
    (main / "pipeline" / "compute.py").write_text(code.replace("PATIENCE_S = 10", "PATIENCE_S = 1"))
    failed = repro(main, "--on", "tcp://127.0.0.1:9", code=1)
    assert "the scheduler at tcp://127.0.0.1:9 does not answer" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not toy.executed(main)


def waits_once(folder: Path) -> Toy:
    """A stage that waits for long when it runs for the first time."""
    seen = str(folder / "seen")
    code = f"import os, time\nif not os.path.exists({seen!r}):\n    open({seen!r}, 'w').close()\n    time.sleep(60)"
    return Toy(cells=[code])


@pytest.mark.parametrize("killed", ["worker", "workers", "scheduler"])
def test_a_stage_that_has_lost_its_worker_runs_again_elsewhere(tmp_path, killed) -> None:
    main, one, two = project(tmp_path, {"a": waits_once(tmp_path), "b": Toy(("a",))})
    twin = Path(shutil.copytree(main, tmp_path / "twin"))
    with cluster(tmp_path / "cluster", one=one, two=two) as started:
        process = toy.start(main, "--on", started.address)
        until((tmp_path / "seen").exists)
        busy = "one" if begun(one) else "two"
        for name in {"worker": [busy], "workers": ["one", "two"], "scheduler": ["scheduler"]}[killed]:
            started.kill(name)
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, out + errors
        assert "a: lost its worker, starts again" in out
        # What a worker had started has ended with it.
        until(lambda: not left(started, main, one, two), seconds=10)
        ran = made_in(main, one, two)
    assert ran["main"] == ([] if killed == "worker" else ["a", "b"])
    serial(twin)
    assert state(main) == state(twin)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_ends_leaves_nothing_at_work_on_the_cluster(tmp_path, number) -> None:
    main, one, two = project(tmp_path, {"a": Toy(cells=[SLEEP]), "b": Toy(("a",))})
    with cluster(tmp_path / "cluster", one=one, two=two) as started:
        process = toy.start(main, "--on", started.address)
        until(lambda: begun(one, two))
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert number == signal.SIGKILL or "interrupted" in errors
        until(lambda: not left(started, main, one, two), seconds=10)
        assert not begun(one, two)
        toy.write_notebook(main, "a", Toy())
        assert "2 ran" in repro(main, "--on", started.address).stdout


def test_heavy_loops_go_to_the_same_cluster_while_its_only_worker_has_the_stage(tmp_path) -> None:
    loop = "from pipeline import compute\ncompute.each(abs, [-1, -2, -3])"
    main = toy.make(tmp_path / "main", {"a": Toy(cells=[loop])})
    with cluster(tmp_path / "cluster", one=main) as started:
        set_param(main, "backend", "dask")
        set_param(main, "scheduler", started.address)
        repro(main, "--on", started.address)
    assert "[1, 2, 3]" in (main / "results" / "a" / "a.ipynb").read_text()


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
        # Without records it may go out.
        (private / "plots.csv").unlink()
        repro(main, "--on", started.address)
        assert made_in(main, one) == {"main": [], "one": ["survey"]}


def test_a_stage_goes_where_most_of_what_it_reads_was_made() -> None:
    one, two, three = (Place(f"tcp://{host}:1", host, "/p", False) for host in ("one", "two", "three"))
    made = {"a": one.where, "b": two.where, "c": two.where}
    assert crew.choose([one, two, three], made, {"a": 10, "b": 5, "c": 6}) == two
    assert crew.choose([one, two, three], made, {"a": 12, "b": 5, "c": 6}) == one
    assert crew.choose([one, three], made, {"b": 5}) == three, "the one used least"
    assert crew.choose([one], made, {"b": 5}) == one
    # Another worker in the same folder finds the same files.
    beside = replace(two, address="tcp://two:2")
    assert crew.choose([one, beside], made, {"b": 5}) == beside


def test_other_versions_are_told_of() -> None:
    here = {"host": {"python": "3.11.2.final.0"}, "packages": {"numpy": "2.1", "lz4": None}}
    there = {"host": {"python": "3.12.1.final.0"}, "packages": {"numpy": "2.0", "lz4": "4"}}
    assert crew.differing(here, here) == ""
    assert crew.differing(here, there) == "python 3.12.1, here 3.11.2, numpy 2.0, here 2.1"
