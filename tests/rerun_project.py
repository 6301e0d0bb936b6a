"""Small projects with the real runner, each a repository of git and DVC, whose notebooks take no time."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
import psutil
import yaml
from reproduction import commit

from pipeline.kit import paths

# What it takes to run a stage.
SOURCES = ("__init__", "cli", "params")
ADOPTION, YEARS = "scenarios.adoption", "scenarios.training_years"
# Which stages executed code, in the order in which they did; no output.
COUNT = ".count"


@dataclass
class Toy:
    """A stage that writes what it read, its name and its parameters, and runs further ``cells`` before."""

    needs: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    cells: list[str] = field(default_factory=list)
    meta: dict[str, bool] = field(default_factory=dict)
    words: str = "Words."
    # A line of the shell does the same, sooner than a notebook, where only what runs when is asked.
    is_line: bool = False


# a -> b -> c and d -> e, with f after both; and the same in lines of the shell.
PIPELINE = {
    "f": Toy(("c", "e")),
    "a": Toy(params=(ADOPTION,)),
    "d": Toy(params=(YEARS,)),
    "b": Toy(("a",), (ADOPTION,)),
    "c": Toy(("b",), (YEARS,)),
    "e": Toy(("d",)),
}
LINES = {name: replace(one, is_line=True) for name, one in PIPELINE.items()}


def copy_tools(folder: Path) -> None:
    """The tools that run stages, and the parameters, in a project of their own."""
    (folder / "pipeline").mkdir(parents=True)
    for name in SOURCES:
        shutil.copy(paths.ROOT / "pipeline" / f"{name}.py", folder / "pipeline")
    # With what Python has compiled of it, which is as old as the modules and need not be made in each project.
    shutil.copytree(paths.ROOT / "pipeline" / "kit", folder / "pipeline" / "kit")
    # Without `.dvcignore` what Python compiles beside a module would be a change of the code.
    for path in (paths.PARAMS, paths.ROOT / "pyproject.toml", paths.ROOT / ".dvcignore"):
        shutil.copy(path, folder)


def make(folder: Path, toys: dict[str, Toy]) -> Path:
    """A project with these stages."""
    copy_tools(folder)
    (folder / ".gitignore").write_text(f"/results/\n/{COUNT}\n__pycache__/\n/.staging-*/\n/site/\n")
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text("[core]\n    analytics = false\n    check_update = false\n")
    (folder / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    stages = {}
    for name, toy in toys.items():
        if not toy.is_line:
            write_notebook(folder, name, toy)
        stages[name] = stage(name, toy)
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    commit(folder, "init", "-q")
    commit(folder, "add", "-A")
    commit(folder, "commit", "-qm", "toy")
    return folder


def stage(name: str, toy: Toy) -> dict[str, object]:
    """Its entry in ``dvc.yaml``."""
    read = [f"results/{other}/{other}.txt" for other in toy.needs]
    entry: dict[str, object] = {
        "cmd": line(name, toy, read) if toy.is_line else f"python -m pipeline.kit.stages.run {name}",
        "deps": read if toy.is_line else [f"notebooks/{name}.ipynb", *read],
        "outs": [f"results/{name}"],
    }
    return entry | ({"params": [*toy.params]} if toy.params else {}) | ({"meta": toy.meta} if toy.meta else {})


def line(name: str, toy: Toy, read: list[str]) -> str:
    """What a stage does, for the shell."""
    made, wanted = f"results/{name}/{name}.txt", "".join(f" -e '^  {one.split('.')[1]}:'" for one in toy.params)
    values = f"grep{wanted} params.yaml" if wanted else "true"
    return f"echo {name} >> {COUNT}; mkdir -p results/{name}; ({values}; cat {' '.join(read)} /dev/null) > {made}"


def write_notebook(folder: Path, name: str, toy: Toy) -> None:
    """Its notebook."""
    values = {parameter.split(".")[1]: 0 for parameter in toy.params}
    shown = " ".join(f"{{{key}}}" for key in values)
    work = (
        "from pipeline.kit import paths\n"
        f"read = ''.join((paths.RESULTS / name / f'{{name}}.txt').read_text() for name in {toy.needs!r})\n"
        f"open({COUNT!r}, 'a').write({name + chr(10)!r})\n"
        f"paths.output(paths.RESULTS / {name!r} / '{name}.txt').write_text(f'{{read}}{name} {shown}\\n')"
    )
    new = nbformat.v4
    cells = [
        new.new_markdown_cell(toy.words, id="words"),
        new.new_code_cell("\n".join(f"{key} = {value}" for key, value in values.items()), id="parameters"),
        *(new.new_code_cell(code, id=f"cell-{place}") for place, code in enumerate([*toy.cells, work])),
    ]
    cells[1].metadata["tags"] = ["parameters"]
    notebook = new.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(notebook, folder / "notebooks" / f"{name}.ipynb")


def environment(folder: Path) -> dict[str, str]:
    """This Python first, the project's own code, what DVC remembers in the folder itself."""
    binaries = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": binaries + os.pathsep + os.environ["PATH"],
        "PYTHONPATH": str(folder),
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
        "DVC_NO_ANALYTICS": "1",
    }


def start(folder: Path, *arguments: str, program: str = "pipeline.cli") -> "subprocess.Popen[str]":
    """Start ``cacao repro`` in a project, or that of another ``program``."""
    return subprocess.Popen(
        [sys.executable, "-m", program, "repro", *arguments],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def repro(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run ``cacao repro`` in a project; its exit code must be ``code``."""
    process = start(folder, *arguments)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == code, out + errors
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def serial(folder: Path, *arguments: str) -> None:
    """Run plain ``dvc repro`` in a project."""
    command = [sys.executable, "-m", "dvc", "repro", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def executed(folder: Path) -> list[str]:
    """Stages whose code ran since this was asked last."""
    count = folder / COUNT
    found = count.read_text().split() if count.exists() else []
    count.unlink(missing_ok=True)
    return found


def state(folder: Path) -> dict[str, str]:
    """Hashes of ``dvc.lock`` and of all results."""
    files = [path for path in (folder / "dvc.lock", *(folder / "results").rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest() for path in files}


def set_param(folder: Path, name: str, value: float | str) -> None:
    """Change one parameter, by the last part of its name."""
    lines = (folder / "params.yaml").read_text().splitlines(keepends=True)
    changed = [f"  {name}: {value}\n" if line.startswith(f"  {name}:") else line for line in lines]
    assert len(changed) == len(lines)
    (folder / "params.yaml").write_text("".join(changed))


def left_over(folder: Path) -> list[psutil.Process]:
    """Processes that work in a project, or did."""
    found = []
    for process in psutil.process_iter():
        try:
            here = str(folder) in (process.cwd(), process.environ().get("PYTHONPATH"))
            if here and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found
