"""Stages whose runner and kernel are copies of a process that has imported everything already."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.kit import declared, paths, yaml_text
from pipeline.kit.hashes import read_listing
from pipeline.kit.rerun.fork_server import LONGEST_MESSAGE
from pipeline.kit.rerun.lockfile import Marks, marks
from pipeline.kit.rerun.processes import LINUX, Events
from pipeline.kit.stages.dependencies import RUN, code_of

IMPORT = re.compile(
    r"""^[ \t"]*(?:from[ ]([\w.]+)[ ]import[ ](?:\(([\w\s,]+)\)|([\w ,]+))|import[ ]([\w.]+))""",
    re.MULTILINE | re.VERBOSE,
)
# These look at their surroundings when they are imported, and would find no notebook.
NEVER = {"matplotlib.pyplot", "matplotlib_inline", "IPython", "tqdm"}


def of_files(folder: Path, dependencies: Iterable[str]) -> set[str]:
    """Libraries that the code and the notebooks among the dependencies of a stage import."""
    files = [file for path in dependencies for file in _listed(folder, path)]
    code = [folder / path for path in files if path.endswith((".py", ".ipynb"))]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in code if path.is_file()]
    return {name for text in texts for name in names(text)}


def _listed(folder: Path, path: str) -> list[str]:
    """The files that a listing of code names, as it was last written or would be now; any other file itself."""
    code = folder / path
    if not path.startswith(f"{paths.CODE}/"):
        return [path]
    if code.exists():
        return list(read_listing(code.read_text(encoding="utf-8")))
    # Code that cannot be read stops the stage that writes the listings, which says so.
    with suppress(SyntaxError):
        return [paths.shown(file) for file in code_of(code.stem, f"{RUN} {code.stem}")]
    return []


def names(text: str) -> Iterable[str]:
    """Modules that one text imports, without those of Python and of the project.

    What is imported from a package may be a module of it, which some packages load only then (``scipy.stats``): both
    are named, and the server finds out.
    """
    for found in IMPORT.finditer(text):
        package, bracketed, listed, plain = found.groups()
        parts = [part.split()[0] for part in (bracketed or listed or "").split(",") if part.strip()]
        for name in [plain] if plain else [package, *(f"{package}.{part}" for part in parts)]:
            top = name.split(".")[0]
            if top and top not in sys.stdlib_module_names and top != "pipeline" and not {top, name} & NEVER:
                yield name


def common(stages: Iterable[set[str]]) -> list[str]:
    """Libraries that at least half of the stages import, those of most stages first."""
    stages = list(stages)
    counted = Counter(name for stage in stages for name in stage)
    often = [name for name, count in counted.items() if 2 * count >= len(stages)]
    return sorted(often, key=lambda name: (-counted[name], name))


COMMAND = re.compile(r"python -m (pipeline\.kit\.stages\.run) (\w+)")
SERVER = "from pipeline.kit.rerun.fork_server import main; main()"
# Exit code of stages that lost their server.
LOST = -1000


def _code() -> Marks:
    """Marks of the modules that a runner is made of."""
    return marks(str(path) for path in (paths.ROOT / "pipeline").glob("**/*.py"))


def possible() -> bool:
    """Whether this machine has what it takes."""
    return LINUX and hasattr(os, "pidfd_open")


class Warm:
    """Starts stages through a server and puts the exit code of each into ``events``."""

    def __init__(self, events: Events, names: list[str]) -> None:
        self.events, self.running, self.unfit = events, set[str](), ""
        self.code = _code()
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours = {key: value for key, value in os.environ.items() if key != "PYTHONSTARTUP"}
        settings = paths.kernel_variables("", Path(), Path())
        # Only what libraries look at when they are imported: the rest is of one stage.
        general = ("PYTHON", "MPL", *paths.THREAD_VARIABLES)
        ours |= {name: value for name, value in settings.items() if name.startswith(general)}
        command = [sys.executable, "-c", SERVER, str(os.getpid()), str(theirs.fileno()), *names]
        self.process = subprocess.Popen(
            command, cwd=paths.ROOT, env=ours, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        threading.Thread(target=self._listen, daemon=True).start()

    def takes(self, stage: Any) -> bool:
        """Whether a DVC stage is a notebook run by this very Python, with the code that the server has read."""
        python = shutil.which("python")
        same = python is not None and Path(python).parent == Path(sys.executable).parent
        return bool(
            same
            and isinstance(stage.cmd, str)
            and COMMAND.fullmatch(stage.cmd)
            and self.process.poll() is None
            and self.code == _code()
        )

    def start(self, name: str, stage: Any, log: Path) -> None:
        """Start a stage; what it prints goes to ``log``."""
        from dvc.stage.run import prepare_kwargs

        settings = prepare_kwargs(stage)
        self.running.add(name)
        command = COMMAND.fullmatch(stage.cmd).groups()  # type: ignore[union-attr]
        used = sorted(of_files(Path(stage.wdir), [dep.def_path for dep in stage.deps]))
        asked = {"command": command, "env": settings["env"], "cwd": stage.wdir, "log": str(log), "libraries": used}
        self._send({"start": name, **asked})

    def stop(self, name: str) -> None:
        """Ask a stage to stop."""
        self._send({"stop": name})

    def kill(self, name: str) -> None:
        """End a stage at once."""
        self._send({"kill": name})

    def close(self) -> None:
        """End the server and whatever it still runs."""
        self.channel.shutdown(socket.SHUT_RDWR)
        self.process.wait()
        self.channel.close()

    def _send(self, message: dict[str, Any]) -> None:
        # When nobody is there any more, the listener tells of it.
        with suppress(OSError):
            self.channel.send(json.dumps(message).encode())

    def _listen(self) -> None:
        while True:
            try:
                text = self.channel.recv(LONGEST_MESSAGE)
            except OSError:
                text = b""
            if not text:
                break
            answer = json.loads(text)
            self.unfit = answer.get("unfit", self.unfit)
            if "ended" in answer:
                self.running.discard(answer["ended"])
                self.events.put((answer["ended"], answer["code"]))
        for name in sorted(self.running):
            self.events.put((name, LOST))
        self.running.clear()


def wanted() -> bool:
    """Whether ``compute.warm_kernels`` is on; the parameter file is validated by every stage."""
    values = yaml_text.read(paths.PARAMS) if paths.PARAMS.exists() else None
    section = values.get("compute") if isinstance(values, dict) else None
    return bool(section.get("warm_kernels", True)) if isinstance(section, dict) else True


def server(events: Events) -> Warm:
    """A server that imports at once what most notebooks of ``dvc.yaml`` import."""
    notebooks = [stage for stage in declared.stages().values() if COMMAND.fullmatch(str(stage.get("cmd", "")))]
    used = [of_files(paths.ROOT, filter(None, map(plain, stage.get("deps", [])))) for stage in notebooks]
    return Warm(events, common(used))


def plain(dependency: Any) -> str:
    """Path of an entry of ``deps``; one with options is a map with the path as its only key."""
    return dependency if isinstance(dependency, str) else str(next(iter(dependency), ""))
