"""Warm kernels: the same bytes as cold ones, nothing passed from one notebook to the next, no crash that spreads."""

import json
import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest
import rerun_project as toy
from rerun_project import Toy, executed, repro, set_param

from pipeline.kit.rerun import warm_kernels

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not warm_kernels.possible(), reason="the fork server needs Linux"),
]

# Everything a notebook could notice of its surroundings, but what differs between any two runs.
SURROUNDINGS = """
import os, sys, warnings, json
import numpy as np, pandas as pd, scipy.stats, matplotlib, matplotlib.pyplot as plt
own = ("PIPELINE_STAGING", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JPY_PARENT_PID", "JPY_SESSION_NAME", "KERNEL_ID")
own += ("PWD", "_", "SHLVL", "OLDPWD", "COLUMNS", "LINES", "PS1")
print(json.dumps({key: value for key, value in sorted(os.environ.items()) if key not in own}))
print(sys.path, sys.flags, sys.executable, len(sys.argv), hash("cocoa"), os.getcwd())
# The runner has also loaded what papermill fetches notebooks with, and the reader of parameters.
of_the_runner = ("urllib3", "requests", "ruamel")
filters = {str(line) for line in warnings.filters if not any(name in str(line) for name in of_the_runner)}
print(sorted(filters), sys.getrecursionlimit(), sys.getswitchinterval())
print(matplotlib.get_backend(), dict(matplotlib.rcParams), plt.isinteractive())
print(pd.get_option("display.max_columns"), pd.get_option("display.width"), np.get_printoptions(), np.geterr())
print(sys.modules.get("debugpy"), "pipeline.kit.stages.kernel" in sys.modules)
print(sys.modules["__main__"].__dict__ is globals())
pd.DataFrame(np.arange(60).reshape(2, 30))
"""
FIGURE = """
import matplotlib.pyplot as plt
from pipeline.kit import paths
plt.rcParams["svg.hashsalt"] = "cocoa"
figure, axes = plt.subplots()
axes.plot([1, 3, 2], label="pods")
figure.savefig(paths.output(paths.RESULTS / "a" / "figure.svg"), metadata={"Date": None})
figure
"""


def test_a_warm_kernel_finds_what_a_cold_one_does_and_gives_the_same_bytes(tmp_path) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=["%matplotlib inline", FIGURE, SURROUNDINGS])})
    found = []
    for on in ("false", "true"):
        set_param(folder, "warm_kernels", on)
        shutil.rmtree(folder / "results", ignore_errors=True)
        shutil.rmtree(folder / ".dvc" / "cache", ignore_errors=True)
        repro(folder)
        assert executed(folder) == ["a"]
        found.append([(folder / "results" / "a" / name).read_text() for name in ("a.ipynb", "figure.svg")])
    assert "image/png" in found[0][0]
    assert [text.splitlines() for text in found[1]] == [text.splitlines() for text in found[0]]


WHERE = (
    "import os\nopen('.where', 'a').write(open(f'/proc/{os.getpid()}/cmdline').read().replace(chr(0), ' ') + chr(10))"
)


@pytest.mark.parametrize(("on", "word"), [("true", "pipeline.kit.rerun.fork_server"), ("false", "in_kernel")])
def test_one_parameter_turns_it_off(tmp_path, on, word) -> None:
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=[WHERE])})
    set_param(folder, "warm_kernels", on)
    repro(folder)
    assert word in (folder / ".where").read_text()


def test_modules_that_are_taken_from_a_package_are_there_before_the_notebook_asks(tmp_path) -> None:
    # SciPy loads this one, in 0.8 s, only when it is asked for.
    cells = ["import sys\nprint('there before:', 'scipy.stats' in sys.modules)", "from scipy import stats"]
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=cells)})
    for on, word in (("true", "True"), ("false", "False")):
        set_param(folder, "warm_kernels", on)
        shutil.rmtree(folder / "results", ignore_errors=True)
        shutil.rmtree(folder / ".dvc" / "cache", ignore_errors=True)
        repro(folder)
        assert f"there before: {word}" in (folder / "results" / "a" / "a.ipynb").read_text()


def test_nothing_passes_from_one_notebook_to_the_next(tmp_path) -> None:
    spoil = (
        "import os, sys, random, numpy as np, pandas as pd, matplotlib, pipeline.kit.paths\n"
        "pd.set_option('display.max_columns', 3); np.spoiled = matplotlib.rcParams['lines.linewidth'] = 9\n"
        "os.environ['SPOILED'] = '1'; sys.path.insert(0, '/spoiled'); pipeline.kit.paths.RESULTS_SPOILED = 1\n"
        "open('.draws', 'a').write(f'{random.random()} {np.random.random()}\\n')"
    )
    check = (
        "import os, sys, random, numpy as np, pandas as pd, matplotlib, pipeline.kit.paths\n"
        "assert pd.get_option('display.max_columns') == 20 and not hasattr(np, 'spoiled')\n"
        "assert matplotlib.rcParams['lines.linewidth'] != 9 and 'SPOILED' not in os.environ\n"
        "assert '/spoiled' not in sys.path and not hasattr(pipeline.kit.paths, 'RESULTS_SPOILED')\n"
        "open('.draws', 'a').write(f'{random.random()} {np.random.random()}\\n')"
    )
    folder = toy.make(tmp_path / "p", {"a": Toy(cells=[spoil]), "b": Toy(("a",), cells=[check])})
    repro(folder)
    draws = (folder / ".draws").read_text().split()
    assert len(set(draws)) == 4, "numbers without a seed must differ from notebook to notebook"


ABOVE = "import os\nabove = lambda pid: int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])\n"


CRASHES = {
    "exit": "os._exit(3)",
    "kernel": "os.kill(os.getpid(), 9)",
    "runner": "os.kill(os.getppid(), 9)",
    "memory": "import ctypes; ctypes.string_at(0)",
}


@pytest.mark.parametrize("warm", ["true", "false"])
def test_a_crash_of_kernel_or_runner_fails_its_stage_alone(tmp_path, warm) -> None:
    crashing = {name: Toy(cells=[ABOVE + crash]) for name, crash in CRASHES.items()}
    folder = toy.make(tmp_path / "p", {**crashing, "b": Toy(), "c": Toy(("b",))})
    toy.set_param(folder, "warm_kernels", warm)
    failed = repro(folder, "-j", "2", code=1)
    assert sorted(executed(folder)) == ["b", "c"]
    told = failed.stderr.split("4 of 6 stages failed: ")[1].splitlines()[0]
    assert sorted(told.split(", ")) == sorted(CRASHES)
    assert toy.left_over(folder) == []
    for name in CRASHES:
        toy.write_notebook(folder, name, Toy())
    repro(folder, "-j", "2")
    assert sorted(executed(folder)) == sorted(CRASHES)


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
    text = "import threading, time\nthreading.Thread(target=time.sleep, args=(2,)).start()\n"
    (folder / "threads_at_once.py").write_text(text)
    done = repro(folder)
    assert "lost its server" in done.stdout
    assert "threads_at_once starts threads" in done.stderr
    assert executed(folder) == ["a"]


def test_a_process_ends_with_the_one_that_started_it() -> None:
    code = "import os, time; from pipeline.kit.rerun.processes import die_with\n"
    code += "die_with(os.getppid()); print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    started = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    child = psutil.Process(int(started.stdout.readline()))
    started.send_signal(signal.SIGKILL)
    assert psutil.wait_procs([child], timeout=10)[1] == []
    started.communicate(timeout=10)


SLOW_KERNEL = """
import os, sys, time
from pipeline.kit.rerun.fork_server import WaitingKernel
own = os.setsid
os.setsid = lambda: (time.sleep(0.5), own())
started = WaitingKernel().launch([sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ), os.getcwd())
print(os.getpgid(started.pid) == started.pid)
started.kill()
"""


def test_a_kernel_is_never_taken_for_one_of_the_group_of_its_runner() -> None:
    # However late it leaves that group: signals to its group would stop the runner.
    done = subprocess.run([sys.executable, "-c", SLOW_KERNEL], capture_output=True, text=True, timeout=30)
    assert done.stdout == "True\n", done.stderr


def test_what_a_killed_command_leaves_is_ended_and_not_waited_for() -> None:
    # In a session of its own, as a kernel is, and adopted when its parent is gone.
    left = json.dumps(["bash", "-c", "setsid sleep 60 & echo $!; kill -9 $$"])
    supervisor = [sys.executable, "-m", "pipeline.kit.rerun.processes", str(os.getpid()), left]
    done = subprocess.run(supervisor, stdout=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 128 + signal.SIGKILL
    assert not psutil.pid_exists(int(done.stdout))


def test_code_of_the_runner_that_was_edited_meanwhile_is_read_anew(tmp_path) -> None:
    edit = "sed -i 's/at 0x0/at 0x1/' pipeline/kit/stages/outputs.py"
    shown = "print('at 0x7f00aabbccdd')"
    first = Toy(cells=[f"import subprocess; subprocess.run({edit!r}, shell=True)", shown])
    folder = toy.make(tmp_path / "p", {"a": first, "b": Toy(("a",), cells=[shown])})
    found = repro(folder)
    texts = {name: (folder / "results" / name / f"{name}.ipynb").read_text() for name in "ab"}
    assert "at 0x0" in texts["a"]
    assert "at 0x1" in texts["b"]
    assert "RuntimeWarning" not in (folder / ".dvc" / "tmp" / "rerun" / "logs" / "a.log").read_text()
    assert "2 ran" in found.stdout
