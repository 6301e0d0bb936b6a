"""Run one notebook as a stage: ``python -m pipeline.run STAGE``.

The stage of that name in ``dvc.yaml`` says which parameters the notebook gets and which outputs it must
make. The notebook writes into a staging folder. Only when it has run to its end and made exactly those
outputs do they move to their places; otherwise nothing stands there, and what is left of the run is kept in
``results/failures/STAGE`` with a page that says what happened.
"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pipeline import compute, failure, paths, yaml_text
from pipeline.kernel import kernel


class StageError(RuntimeError):
    """A stage that cannot run: it or one of its parameters is not known or not valid."""


class OutputError(RuntimeError):
    """A stage that made less or more than it declares."""


class Progress:
    """Shows stage, cell and elapsed time, and remembers the cell that runs."""

    def __init__(self, name: str) -> None:
        self.name, self.cell, self.started = name, 0, time.monotonic()

    def cell_starts(self, cell: Any, cell_index: int) -> None:
        """Called by the notebook client before each cell."""
        if cell.cell_type == "code":
            self.cell = cell_index + 1
            self.show(f"cell {self.cell}")

    def show(self, what: str, last: bool = False) -> None:
        """One line that moves on a terminal, else plain lines."""
        text = f"{self.name}: {what}, {time.monotonic() - self.started:.1f} s"
        terminal = sys.stdout.isatty()
        print(f"\r{text}\033[K" if terminal else text, end="\n" if last or not terminal else "", flush=True)


def read_stage(name: str) -> dict[str, Any]:
    """Parameters and outputs that ``dvc.yaml`` declares for a stage.

    Returns the keys ``params`` (dotted names) and ``outs`` (paths relative to the project).
    """
    stages = yaml_text.load(paths.PIPELINE.read_bytes())["stages"]
    if name not in stages or not (paths.NOTEBOOKS / f"{name}.ipynb").exists():
        known = ", ".join(sorted(stage for stage in stages if (paths.NOTEBOOKS / f"{stage}.ipynb").exists()))
        raise StageError(f"there is no stage with a notebook named {name!r}; there are: {known}")
    listed = [*stages[name].get("outs", []), *stages[name].get("metrics", [])]
    outs = [entry if isinstance(entry, str) else next(iter(entry)) for entry in listed]
    return {"params": stages[name].get("params", []), "outs": outs}


def run_stage(name: str) -> None:
    """Run the notebook of a stage and put its outputs in place; raises when anything goes wrong."""
    declared, progress = read_stage(name), Progress(name)
    for left_over in paths.ROOT.glob(f".staging-{name}-*"):
        failure.remove(left_over)
    with tempfile.TemporaryDirectory(prefix=f".staging-{name}-", dir=paths.ROOT) as folder:
        staging = Path(folder)
        # The kernel takes half a second to come up: what comes next goes on meanwhile.
        with kernel(name, staging, compute.environment()) as manager:
            values, timeout = read_parameters(declared["params"])
            try:
                execute(progress, manager, values, staging, timeout)
                check_outputs(staging, declared["outs"])
                put_in_place(staging, declared["outs"])
            except BaseException as error:
                failure.keep(name, progress.cell, declared["outs"], staging, values, error)
                raise
    failure.remove(paths.failure(name))
    progress.show("done", last=True)


def read_parameters(names: list[str]) -> tuple[dict[str, Any], int]:
    """Values for the notebook by name, and the time limit for a cell in seconds; all parameters are validated."""
    from pipeline.params import ParameterError, load_params, select

    try:
        params = load_params()
        return select(params, names), params.run.cell_timeout_s
    except ParameterError as error:
        raise StageError(str(error)) from error


def execute(progress: Progress, manager: Any, values: dict[str, Any], staging: Path, timeout: int) -> None:
    """Execute a notebook with papermill; the executed notebook is written into the staging folder."""
    # jsonschema compiles a grammar of addresses at import, 1.2 s, for a format check that no notebook uses;
    # an absent optional package makes it leave that check out.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
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
        record_timing=False,
        on_cell_start=progress.cell_starts,
    )
    notebook = nbformat.read(executed, as_version=4)
    nbformat.write(normalise(notebook), executed)


def normalise(notebook: Any) -> Any:
    """Drop from an executed notebook what differs between equal runs: times, paths, random ids, patch versions."""
    notebook.metadata.pop("papermill", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
    return notebook


def check_outputs(staging: Path, outs: list[str]) -> None:
    """The stage must have made every output that it declares, and nothing else."""
    missing = [out for out in outs if not (staging / out).exists()]
    made = [path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file()]
    stray = [path for path in made if not any(path == out or path.startswith(f"{out}/") for out in outs)]
    problems = [f"declared but not made: {out}" for out in missing]
    problems += [f"made but not declared: {path}" for path in sorted(stray)]
    if problems:
        raise OutputError("outputs differ from dvc.yaml:\n  " + "\n  ".join(problems))


def put_in_place(staging: Path, outs: list[str]) -> None:
    """Move the outputs to their places, replacing older ones."""
    for out in outs:
        target = paths.ROOT / out
        target.parent.mkdir(parents=True, exist_ok=True)
        failure.remove(target)
        os.replace(staging / out, target)


def main(arguments: list[str]) -> int:
    """Run the named stage; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python -m pipeline.run STAGE", file=sys.stderr)
        return 2
    # A polite request to stop ends like Ctrl-C: kernel and staging folder are cleared away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run_stage(arguments[0])
    except StageError as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{arguments[0]}: interrupted; the next run begins this stage again", file=sys.stderr)
        return 130
    except Exception as error:
        print(f"\n{failure.summary(arguments[0], error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # All files are closed and the kernel is gone: taking the imported libraries apart would only take time.
    os._exit(code)
