"""Warm kernels: the same bytes as cold ones, nothing passed from one notebook to the next, no crash that spreads."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import rerun_project as toy
from reproduction import stand_in
from rerun_project import Toy, executed, repro, set_param, state

from pipeline.rerun import process, warm

pytestmark = pytest.mark.skipif(not warm.possible(), reason="the fork server needs Linux")

# Everything a notebook could notice of its surroundings, but what differs between any two runs.
SURROUNDINGS = """
import os, sys, warnings, json
import numpy as np, pandas as pd, scipy.stats, matplotlib, matplotlib.pyplot as plt
own = ("CACAO_STAGING", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JPY_PARENT_PID", "JPY_SESSION_NAME", "KERNEL_ID", "PWD")
own += ("_", "SHLVL", "OLDPWD", "COLUMNS", "LINES")
print(json.dumps({key: value for key, value in sorted(os.environ.items()) if key not in own}))
print(sys.path, sys.flags, sys.executable, len(sys.argv), hash("cocoa"), os.getcwd())
print([str(line) for line in warnings.filters], sys.getrecursionlimit(), sys.getswitchinterval())
print(matplotlib.get_backend(), dict(matplotlib.rcParams), plt.isinteractive())
print(pd.get_option("display.max_columns"), pd.get_option("display.width"), np.get_printoptions(), np.geterr())
print(sys.modules.get("debugpy"), "pipeline.kernel" in sys.modules, sys.modules["__main__"].__dict__ is globals())
print(os.path.samefile(sys.stdin.fileno(), "/dev/null") if False else "", "get_ipython" in globals())
pd.DataFrame(np.arange(60).reshape(2, 30))
"""
FIGURE = """
import matplotlib.pyplot as plt
from pipeline import paths
figure, axes = plt.subplots()
axes.plot([1, 3, 2], label="pods")
figure.savefig(paths.output(paths.RESULTS / "a" / "figure.svg"), metadata={"Date": None})
figure
"""


def test_a_warm_kernel_finds_what_a_cold_one_does_and_gives_the_same_bytes(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=["%matplotlib inline", FIGURE, SURROUNDINGS])})
    os.environ["LANG"] = os.environ.get("LANG", "C.UTF-8")
    found = []
    for on in ("false", "true"):
        set_param(folder, "warm_kernels", on)  # type: ignore[arg-type]
        shutil.rmtree(folder / "results", ignore_errors=True)
        shutil.rmtree(folder / ".dvc" / "cache", ignore_errors=True)
        repro(folder)
        assert executed(folder) == ["a"]
        found.append((folder / "results" / "a" / "a.ipynb").read_text())
        pictures = (folder / "results" / "a" / "figure.svg").read_text()
        found.append(pictures.replace(pictures, "") if "<dc:date" in pictures else "")
    cold, _, warmed, _ = found
    assert "image/png" in cold
    assert warmed.splitlines() == cold.splitlines()


WHERE = (
    "import os\nopen('.where', 'a').write(open(f'/proc/{os.getpid()}/cmdline').read().replace(chr(0), ' ') + chr(10))"
)


@pytest.mark.parametrize(("on", "word"), [("true", "pipeline.rerun.zygote"), ("false", "kernelapp")])
def test_one_parameter_turns_it_off(tmp_path, on, word) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=[WHERE])})
    set_param(folder, "warm_kernels", on)  # type: ignore[arg-type]
    repro(folder)
    assert word in (folder / ".where").read_text()


def test_nothing_passes_from_one_notebook_to_the_next(tmp_path) -> None:
    spoil = (
        "import os, sys, random, numpy as np, pandas as pd, matplotlib, pipeline.paths\n"
        "pd.set_option('display.max_columns', 3); np.spoiled = matplotlib.rcParams['lines.linewidth'] = 9\n"
        "os.environ['SPOILED'] = '1'; sys.path.insert(0, '/spoiled'); pipeline.paths.RESULTS_SPOILED = 1\n"
        "open('.draws', 'a').write(f'{random.random()} {np.random.random()}\\n')"
    )
    check = (
        "import os, sys, random, numpy as np, pandas as pd, matplotlib, pipeline.paths\n"
        "assert pd.get_option('display.max_columns') == 20 and not hasattr(np, 'spoiled')\n"
        "assert matplotlib.rcParams['lines.linewidth'] != 9 and 'SPOILED' not in os.environ\n"
        "assert '/spoiled' not in sys.path and not hasattr(pipeline.paths, 'RESULTS_SPOILED')\n"
        "open('.draws', 'a').write(f'{random.random()} {np.random.random()}\\n')"
    )
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=[spoil]), "b": Toy(("a",), cells=[check])})
    repro(folder)
    draws = (folder / ".draws").read_text().split()
    assert len(set(draws)) == 4, "numbers without a seed must differ from notebook to notebook"


ABOVE = "import os\nabove = lambda pid: int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])\n"


@pytest.mark.parametrize(
    "crash",
    ["os._exit(3)", "os.kill(os.getpid(), 9)", "os.kill(os.getppid(), 9)", "import ctypes; ctypes.string_at(0)"],
)
def test_a_crash_of_kernel_or_runner_fails_its_stage_alone(tmp_path, crash) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=[ABOVE + crash]), "b": Toy(), "c": Toy(("b",))})
    failed = repro(folder, "-j", "2", code=1)
    assert sorted(executed(folder)) == ["b", "c"]
    assert "1 of 3 stages failed: a" in failed.stderr
    assert toy.left_over(folder) == []
    toy.write_notebook(folder, "a", Toy())
    repro(folder)
    assert executed(folder) == ["a"]


def test_stages_that_lose_their_server_run_cold(tmp_path) -> None:
    # Only the warm one has a server above its runner.
    once = "if not os.path.exists('.once'):\n    open('.once', 'w'); os.kill(above(os.getppid()), 9); os.kill(0, 9)"
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=[ABOVE + once]), "b": Toy(("a",))})
    done = repro(folder, "-j", "2")
    assert "a: lost its server, starts again" in done.stdout
    assert executed(folder) == ["a", "b"]
    assert toy.left_over(folder) == []


def test_a_library_that_starts_threads_is_not_shared(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=["import threads_at_once"])})
    library = tmp_path / "library"
    library.mkdir()
    (library / "threads_at_once.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(2,)).start()"
    )
    (folder / "threads_at_once.py").write_text((library / "threads_at_once.py").read_text())
    done = repro(folder)
    assert "lost its server" in done.stdout
    assert "threads_at_once starts threads" in done.stderr
    assert executed(folder) == ["a"]


def test_a_process_ends_with_the_one_that_started_it() -> None:
    child = "import os, time; from pipeline.rerun.process import die_with; die_with(os.getppid()); print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    started = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    pid = int(started.stdout.readline())
    started.send_signal(signal.SIGKILL)
    started.communicate(timeout=10)
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            return
        process.os.sched_yield()
        import time

        time.sleep(0.05)
    raise AssertionError("still there")


def test_real_stages_give_the_bytes_of_cold_ones(copy, monkeypatch) -> None:
    stages = ("01_clean_statistics", "04_yield_gap", "09_attribution", "12_brief")
    before = {
        name: digest for name, digest in state(copy).items() if name.split("/")[1:2] and name.split("/")[1] in stages
    }
    for _ in stand_in(copy, monkeypatch):
        run_warm(copy, stages)
    after = {name: digest for name, digest in state(copy).items() if name in before}
    assert before
    assert after == before


def run_warm(folder: Path, stages: tuple[str, ...]) -> None:
    """Run stages through a server, past DVC."""
    from queue import SimpleQueue
    from types import SimpleNamespace

    import yaml

    declared = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
    events: warm.Events = SimpleQueue()
    monkey = {key: value for key, value in toy.environment(folder).items()}
    server = warm.server(events)
    try:
        for name in stages:
            shutil.rmtree(folder / "results" / name)
            deps = [SimpleNamespace(def_path=path) for path in declared[name]["deps"]]
            repo = SimpleNamespace(root_dir=str(folder))
            stage = SimpleNamespace(cmd=declared[name]["cmd"], wdir=str(folder), deps=deps, repo=repo, addressing=name)
            server.start(name, stage, folder / f"{name}.log")
            assert events.get(timeout=300) == (name, 0), (folder / f"{name}.log").read_text()
    finally:
        server.close()
    assert monkey
