"""What a stage depends on, read from what it runs: the modules it imports, directly or not, and the tables it reads.

``dvc.yaml`` lists the tables. Of the code it lists one file, ``results/code/STAGE.txt``, with the MD5 and the path of
every file of code that the stage uses, and of the versions of all libraries: ``python -m
pipeline.kit.stages.dependencies`` is the stage that writes it for all the others. So a change of a module reruns the
stages that use it, and no others.
"""

import ast
import json
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from pipeline.kit import declared, paths
from pipeline.kit.hashes import md5_of_file
from pipeline.kit.language import texts_file
from pipeline.kit.stages.inputs import guarded

RUN = "python -m pipeline.kit.stages.run"
# Not found by imports: what runs a notebook.
RUNNER = tuple(f"pipeline.kit.stages.{name}" for name in ("run", "kernel", "in_kernel", "outputs", "run_notes"))


def notebook_code(stage: str) -> str:
    """All code cells of a notebook as one text."""
    cells = json.loads((paths.NOTEBOOKS / f"{stage}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def dependencies(stage: str) -> list[str]:
    """Everything that the stage of a notebook must list as ``deps``, sorted, relative to the project."""
    _, data = _used(notebook_code(stage))
    own = {paths.NOTEBOOKS / f"{stage}.ipynb", paths.GATE, paths.code(stage)}
    return sorted(paths.shown(path) for path in own | data)


def code_of(stage: str, command: str) -> list[Path]:
    """Files of code that a stage uses, sorted: the runner of its notebook or its own module, and all they import."""
    if command.startswith(RUN):
        return sorted({*filter(None, map(_file, RUNNER)), *_used(notebook_code(stage))[0]})
    module = _file(command.split()[-1])
    return sorted({module, *texts_read(module), *_used(_text(module))[0]}) if module else []


def listing(stage: str, command: str) -> str:
    """The listing of a stage: one line for each file of its code, MD5 and path, and one for the libraries."""
    files = [*code_of(stage, command), *filter(Path.exists, [paths.REQUIREMENTS])]
    return "".join(f"{md5_of_file(path)}  {paths.shown(path)}\n" for path in files)


def imported_modules(code: str) -> set[Path]:
    """Files of this project that ``code`` imports, those that they import in turn, and the texts that they read."""
    found: set[Path] = set()
    waiting = list(_imports(code))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imports(_text(path))
    return found


def _used(code: str) -> tuple[set[Path], set[Path]]:
    """Files of code and files of data behind ``code``; what a module reads below ``pipeline/`` counts as code."""
    modules = imported_modules(code)
    read = {path for text in (code, *map(_text, modules)) for path in files_read(text)}
    own = {path for path in read if path.is_relative_to(paths.ROOT / "pipeline")}
    own |= {path for module in modules for path in texts_read(module)}
    return modules | own, read - own


def texts_read(module: Path) -> Iterator[Path]:
    """Files of texts that a module reads through ``read_texts``."""
    for node in _nodes(_text(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "read_texts":
            yield texts_file(module, *(ast.literal_eval(subject) for subject in node.args[1:]))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _file(module: str) -> Path | None:
    """File of a module of this project, or that which a package runs."""
    path = paths.ROOT / module.replace(".", "/")
    return next((file for file in (path.with_suffix(".py"), path / "__main__.py") if file.exists()), None)


# A module is read for every stage that imports it.
@cache
def _nodes(code: str) -> list[ast.AST]:
    kinds = (ast.Import, ast.ImportFrom, ast.Call)
    return [node for node in ast.walk(ast.parse(code)) if isinstance(node, kinds)]


def _imports(code: str) -> Iterator[Path]:
    for node in _nodes(code):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            path = paths.ROOT / (name.replace(".", "/") + ".py")
            if name.startswith("pipeline.") and path.exists():
                yield path


def files_read(code: str) -> Iterator[Path]:
    """Files that ``code`` reads through the readers of this project."""
    for node in _nodes(code):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from _file_of(name, words, node.args)


def _file_of(reader: str, words: Sequence[object], arguments: list[ast.expr]) -> Iterator[Path]:
    if reader == "read_clean" and isinstance(arguments[0], ast.Name) and arguments[0].id.isupper():
        yield paths.CLEAN / f"{getattr(declared.tables(), arguments[0].id).name}.csv"
    elif reader == "load_raw":
        if not isinstance(words[0] if words else None, str):
            raise ValueError("load_raw must be called with the name of the table itself, so that it can be found")
        yield paths.RAW / f"{words[0]}.csv"
    elif reader == "read_table":
        if len(words) < 2:
            raise ValueError("read_table must be called with the names of stage and table, so that it can be found")
        yield paths.tables(str(words[0])) / f"{words[1]}.csv"
    elif reader == "load_estimates" and words:
        yield paths.estimates(str(words[0]))
        yield paths.usage_warnings(str(words[0]))
    elif reader in ("load_figure", "picture") and words:
        yield paths.figures(str(words[0]))
    elif reader == "read_survey":
        # The folder, which is always there: a survey may not be.
        yield paths.SURVEY
    elif reader == "read_template" and words:
        yield paths.ROOT / "pipeline" / "study" / str(words[0])


def main() -> int:
    """Write the listing of every stage but this one; returns the exit code."""
    for name, stage in declared.stages().items():
        if paths.shown(paths.code(name)) in stage.get("deps", []):
            paths.code(name).parent.mkdir(parents=True, exist_ok=True)
            try:
                paths.code(name).write_text(listing(name, stage["cmd"]), encoding="utf-8")
            except SyntaxError as error:
                print(f"the code of {name} cannot be read: {error.msg}: {(error.text or '').strip()}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(guarded("code", main))
