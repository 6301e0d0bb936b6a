"""What a stage depends on, read from its notebook: modules it imports, directly or not, their texts,
and the tables it reads.

``dvc.yaml`` must list exactly these, so that a change reruns what uses it and nothing else.
"""

import ast
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.kit import declared, paths
from pipeline.kit.language import texts_file

# Not found by imports: the gate that all stages wait for, and what runs a notebook.
RUNNER = ("run.py", "kernel.py")
ALWAYS = (*(Path(__file__).with_name(name) for name in RUNNER), paths.GATE)


def notebook_code(stage: str) -> str:
    """All code cells of a notebook as one text."""
    cells = json.loads((paths.NOTEBOOKS / f"{stage}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def dependencies(stage: str) -> list[str]:
    """Everything that the stage of a notebook must list as ``deps``, sorted, relative to the project."""
    code = notebook_code(stage)
    modules = imported_modules(code)
    texts = [code, *(module.read_text(encoding="utf-8") for module in modules if module.suffix == ".py")]
    data = {path for text in texts for path in files_read(text)}
    return sorted(paths.shown(path) for path in {paths.NOTEBOOKS / f"{stage}.ipynb", *ALWAYS, *modules, *data})


def imported_modules(code: str) -> set[Path]:
    """Files of this project that ``code`` imports, those that they import in turn, and the texts that they read."""
    found: set[Path] = set()
    waiting = list(_imports(code))
    while waiting:
        path = waiting.pop()
        if path not in found:
            module = path.read_text(encoding="utf-8")
            found |= {path, *texts_read(path, module)}
            waiting += _imports(module)
    return found


def texts_read(path: Path, code: str) -> Iterator[Path]:
    """Files of texts that the module at ``path`` reads through ``read_texts``; ``code`` is what it holds."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "read_texts":
            yield texts_file(path, *(ast.literal_eval(subject) for subject in node.args[1:]))


def _imports(code: str) -> Iterator[Path]:
    for node in ast.walk(ast.parse(code)):
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
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from _file_of(name, words, node.args)


def _file_of(reader: str, words: Sequence[object], arguments: list[ast.expr]) -> Iterator[Path]:
    if reader == "read_clean" and isinstance(arguments[0], ast.Attribute):
        yield paths.CLEAN / f"{getattr(declared.tables(), arguments[0].attr).name}.csv"
    elif reader == "load_raw":
        if not isinstance(words[0] if words else None, str):
            raise ValueError("load_raw must be called with the name of the table itself, so that it can be found")
        yield paths.RAW / f"{words[0]}.csv"
    elif reader == "read_table":
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
