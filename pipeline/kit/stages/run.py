"""Run one notebook as a stage: ``python -m pipeline.kit.stages.run STAGE``.

The stage of that name in ``dvc.yaml`` says which parameters the notebook gets and which outputs it must
make. The notebook writes into a staging folder. Only when it has run to its end and made exactly those
outputs do they move to their places; otherwise nothing stands there, and what is left of the run is kept in
``results/failures/STAGE`` with a page that says what happened.

A stage whose runner was killed ends too: nobody would record what it makes.
"""

import ast
import html
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from pipeline.kit import compute, declared, paths
from pipeline.kit.locks import exclusive
from pipeline.kit.stages import outputs, run_notes
from pipeline.kit.stages.inputs import InputError, Inputs
from pipeline.kit.stages.kernel import kernel

ANSI = re.compile(r"\x1b\[[0-9;]*m")
LAST_LINES = 25
# These only pass a command on.
SHELLS = {"sh", "bash", "dash", "zsh", "fish", "ksh", "busybox", "nice", "env"}
# What starts a stage and records what it makes; started by hand, a stage is free to outlive its terminal.
RECORDER = "dvc"
LOOK_S, PATIENCE_S = 0.5, 10


def keep(name: str, cell: int, outs: list[str], staging: Path, values: dict[str, Any], error: BaseException) -> None:
    """Write the failure page of a stage and set aside what was made before; never raises."""
    folder = paths.failure(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for out in outs:
            outputs.take_away(out, folder / "previous")
        executed = staging / paths.executed_notebook(name).relative_to(paths.ROOT)
        outputs.remove(folder / "notebook.ipynb")
        if executed.exists():
            shutil.copy(executed, folder / "notebook.ipynb")
        (folder / "index.html").write_text(page(name, cell, values, error), encoding="utf-8")
    except OSError as problem:
        # The disk may be full: the message on the screen must then do.
        print(f"{name}: the failure page could not be written: {problem}", file=sys.stderr)


def forget_failure(name: str, outs: list[str]) -> None:
    """Delete the page of an earlier failure, and the outputs kept with it, now that there are newer ones."""
    for out in outs:
        outputs.give_way(paths.failure(name) / "previous" / out, paths.ROOT / out, out)
    folder = paths.failure(name)
    for made in ("previous", "notebook.ipynb", "index.html"):
        outputs.remove(folder / made)
    # What is left is somebody's own.
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def last_lines(error: BaseException) -> str:
    """The last lines of the error, without terminal colours."""
    text = ANSI.sub("", str(error)) or type(error).__name__
    return "\n".join(text.rstrip().splitlines()[-LAST_LINES:])


def summary(name: str, error: BaseException) -> str:
    """What the screen shows of a failure."""
    page_kept = paths.failure(name) / "index.html"
    lines = [f"{name} failed: {type(error).__name__}", last_lines(error)]
    if page_kept.exists():
        lines.append(
            f"Page: {paths.shown(page_kept)}. Outputs made before are beside it or come back with 'dvc checkout'."
        )
    return "\n".join(lines)


def page(name: str, cell: int, values: dict[str, Any], error: BaseException) -> str:
    """The failure page as HTML."""
    rows = "".join(f"<tr><td>{key}</td><td>{html.escape(repr(value))}</td></tr>" for key, value in values.items())
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{name} failed</title>"
        f"<h1>Stage {name} failed</h1><p>Cell: {cell or 'none started'}. Error: {type(error).__name__}.</p>"
        f"<h2>Parameters</h2><table>{rows}</table><h2>Last lines</h2><pre>{html.escape(last_lines(error))}</pre>"
        "<p>No output of this stage is in place. The notebook as far as it came is notebook.ipynb; outputs made "
        "before are in the folder 'previous' or come back with <code>dvc checkout</code>.</p></html>\n"
    )


class StageError(RuntimeError):
    """A stage that cannot run: it or one of its parameters is not known or not valid."""


class Progress:
    """Shows stage, cell and elapsed time, and remembers the cell that runs."""

    def __init__(self, name: str) -> None:
        self.name, self.cell, self.started = name, 0, time.monotonic()
        # Cells after which the kernel was to end.
        self.ending: list[int] = []

    def cell_starts(self, cell: Any, cell_index: int) -> None:
        """Called by the notebook client before each cell."""
        if cell.cell_type == "code":
            self.cell = cell_index + 1
            self.show(f"cell {self.cell}")

    def cell_ends(self, cell: Any, cell_index: int, execute_reply: dict[str, Any]) -> None:
        """Called by the notebook client after each cell, with the kernel's reply."""
        reply = execute_reply["content"]
        asked = any(entry.get("source") == "ask_exit" for entry in reply.get("payload", []))
        if asked or reply.get("ename") == "SystemExit":
            self.ending.append(cell_index + 1)

    def show(self, what: str, last: bool = False) -> None:
        """One line that moves on a terminal, else plain lines."""
        text = f"{self.name}: {what}, {time.monotonic() - self.started:.1f} s"
        terminal = sys.stdout.isatty()
        print(f"\r{text}\033[K" if terminal else text, end="\n" if last or not terminal else "", flush=True)


def read_stage(name: str) -> dict[str, Any]:
    """Parameters and outputs that ``dvc.yaml`` declares for a stage.

    Returns the keys ``params`` (dotted names), ``outs`` (paths relative to the project) and ``entry`` (all of it).
    """
    stages = declared.stages()
    if name not in stages or not (paths.NOTEBOOKS / f"{name}.ipynb").exists():
        known = ", ".join(sorted(stage for stage in stages if (paths.NOTEBOOKS / f"{stage}.ipynb").exists()))
        raise StageError(f"there is no stage with a notebook named {name!r}; there are: {known}")
    listed = [*stages[name].get("outs", []), *stages[name].get("metrics", [])]
    outs = [entry if isinstance(entry, str) else next(iter(entry)) for entry in listed]
    return {"params": stages[name].get("params", []), "outs": outs, "entry": stages[name]}


def run_stage(name: str) -> None:
    """Run the notebook of a stage and put its outputs in place; raises when anything goes wrong."""
    stage, progress, started = read_stage(name), Progress(name), run_notes.now()
    with exclusive(f"stage-{name}", f"stage {name}"):
        inputs = Inputs(name, stage["entry"])
        for left_over in paths.ROOT.glob(f".staging-{name}-*"):
            outputs.remove(left_over)
        with tempfile.TemporaryDirectory(prefix=f".staging-{name}-", dir=paths.ROOT) as folder:
            staging = Path(folder)
            # The kernel takes half a second to come up: what comes next goes on meanwhile.
            with kernel(name, staging, compute.environment()) as manager:
                values, timeout = read_parameters(stage["params"])
                check_parameters(name, values)
                try:
                    execute(progress, manager, values, staging, timeout)
                    outputs.check_outputs(staging, stage["outs"])
                except BaseException as error:
                    keep(name, progress.cell, stage["outs"], staging, values, error)
                    raise
            inputs.check()
            outputs.put_in_place(staging, stage["outs"])
    run_notes.write(name, started, stage["outs"])
    forget_failure(name, stage["outs"])
    progress.show("done", last=True)


def read_parameters(names: list[str]) -> tuple[dict[str, Any], int]:
    """Values for the notebook by name, and the time limit for a cell in seconds; all parameters are validated."""
    parameters = declared.parameters()
    try:
        params = parameters.load_params()
        return parameters.select(params, names), params.run.cell_timeout_s
    except parameters.ParameterError as error:
        raise StageError(str(error)) from error


def check_parameters(name: str, values: dict[str, Any]) -> None:
    """The notebook must have one cell tagged ``parameters``, which assigns what ``dvc.yaml`` passes and nothing else.

    Otherwise a value of the notebook would be used and that of ``params.yaml`` be recorded.
    """
    assigned = assigned_parameters(name, is_needed=bool(values))
    if lacking := sorted(set(values) - assigned):
        raise StageError(f"the cell tagged `parameters` does not assign {', '.join(lacking)}, which dvc.yaml passes")
    if surplus := sorted(assigned - set(values)):
        raise StageError(f"the cell tagged `parameters` assigns {', '.join(surplus)}, which dvc.yaml does not pass")


def assigned_parameters(name: str, is_needed: bool = True) -> set[str]:
    """Names that the cell tagged ``parameters`` assigns, each by itself.

    Raises ``StageError`` when there are several such cells, or none that ``is_needed``.
    """
    cells = json.loads((paths.NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    tagged = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if len(tagged) > 1 or (is_needed and not tagged):
        raise StageError(f"the notebook has {len(tagged)} cells tagged `parameters`; one is needed")
    statements = ast.parse("".join(tagged)).body
    plain = [target for line in statements if isinstance(line, ast.Assign) for target in line.targets]
    typed = [line.target for line in statements if isinstance(line, ast.AnnAssign) and line.value]
    return {target.id for target in (*plain, *typed) if isinstance(target, ast.Name)}


def execute(progress: Progress, manager: Any, values: dict[str, Any], staging: Path, timeout: int) -> None:
    """Execute a notebook with papermill; the executed notebook is written into the staging folder."""
    executed = staging / paths.executed_notebook(progress.name).relative_to(paths.ROOT)
    executed.parent.mkdir(parents=True)
    # Imported only here, while the kernel comes up.
    import nbformat
    import papermill

    papermill.execute_notebook(
        paths.NOTEBOOKS / f"{progress.name}.ipynb",
        executed,
        parameters=values,
        km=manager,
        kernel_name="python3",
        progress_bar=False,
        # The executed copy is for reading: its code is folded.
        report_mode=True,
        request_save_on_cell_execute=False,
        execution_timeout=timeout,
        # What a cell has printed may take longer to arrive than its reply; nothing of it is given up in silence.
        iopub_timeout=timeout,
        raise_on_iopub_timeout=True,
        record_timing=False,
        on_cell_start=progress.cell_starts,
        on_cell_executed=progress.cell_ends,
    )
    notebook = nbformat.read(executed, as_version=4)
    check_executed(notebook, progress.ending)
    nbformat.write(outputs.normalised(notebook, staging), executed)


def check_executed(notebook: Any, ending: list[int]) -> None:
    """Every code cell must have run to its end, and none may have told the kernel to end."""
    if ending:
        source = notebook.cells[ending[0] - 1].source.replace("\n", "\n  ")
        raise outputs.OutputError(f"cell {ending[0]} ends the kernel, and with it the stage:\n  {source}")
    for place, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            raise outputs.OutputError(f"cell {place} did not run")


def end_with_parent() -> None:
    """End this process, as on a request to stop, when the DVC that started it is gone."""
    if started_by := _recorder():
        threading.Thread(target=_watch, args=(started_by,), daemon=True).start()


def _recorder() -> psutil.Process | None:
    """The DVC above this process, with nothing but shells between; none when a person or another program started it."""
    try:
        first = next((parent for parent in psutil.Process().parents() if parent.name() not in SHELLS), None)
        words = first.cmdline() if first else []
    except psutil.Error:
        return None
    return first if any(Path(word).name == RECORDER for word in words) else None


def _watch(started_by: psutil.Process) -> None:
    # A process is known by its number and the time of its start: a number is given again.
    while started_by.is_running() and started_by.status() != psutil.STATUS_ZOMBIE:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)


def main(arguments: list[str]) -> int:
    """Run the named stage; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python -m pipeline.kit.stages.run STAGE", file=sys.stderr)
        return 2
    # A polite request to stop ends like Ctrl-C: kernel and staging folder are cleared away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    end_with_parent()
    try:
        run_stage(arguments[0])
    except (StageError, InputError) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{arguments[0]}: interrupted; the next run begins this stage again", file=sys.stderr)
        return 130
    except Exception as error:
        print(f"\n{summary(arguments[0], error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # All files are closed and the kernel is gone: taking the imported libraries apart would only take time.
    os._exit(code)
