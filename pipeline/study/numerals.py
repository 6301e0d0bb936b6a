"""Numbers that stand in results paragraphs as bare digits instead of coming from an estimate by its key.

A results paragraph is every ``Text`` of a notebook or of ``pipeline/study`` and ``pipeline/site`` (answers, brief,
captions), and every Markdown cell between a notebook's ``## Answer`` and its ``## How``. What ``## How`` restates of
the literature is method. Years, numbers of notebooks in brackets, the levels of intervals, the unit of a price, the
grade of a fertilizer and examples of how to type a number are names, not results.
"""

import ast
import json
import re
from collections.abc import Iterator

from pipeline.kit import paths

NAMES = re.compile(
    r"\{[^}]*\}"  # an estimate by its key
    r"|\b(?:19|20)\d\d(?:-(?:19|20)\d\d)?\b"  # a year or a span of years
    r"|\(\d\d(?:, \d\d)*\)"  # notebooks
    r"|\b(?:80|90|95)(?: (?:and|dan) 95)? %"  # levels of intervals
    r"|\b1 kg\b|\b14-12-16\b"
    r"|\b(?:[Oo]f|[Dd]ari) 100\b|\b0(?=:| kg/ha:)|\b70[.,]000 (?:or|atau) 1[.,]5\b"  # how a reader types a number
)
DIGITS = re.compile(r"\d[\d.,]*")


def bare_numerals() -> list[str]:
    """Every bare numeral as ``file, line or cell: the words around it``; empty when there is none."""
    found = []
    for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        found += [f"{paths.shown(path)}, {where}" for where in in_notebook(path.read_text(encoding="utf-8"))]
    code = [path for folder in ("study", "site") for path in (paths.ROOT / "pipeline" / folder).rglob("*.py")]
    for path in sorted(code):
        found += [f"{paths.shown(path)}, {where}" for where in in_code(path.read_text(encoding="utf-8"))]
    return found


def in_notebook(text: str) -> Iterator[str]:
    """Bare numerals of one notebook, each behind the id of its cell."""
    part = ""
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            yield from (f"cell {cell['id']}, {where}" for where in in_code(source))
        else:
            part = next((line for line in source.splitlines() if line.startswith("## ")), part)
            if part == "## Answer":
                yield from (f"cell {cell['id']}: {words}" for words in in_words(source))


def in_code(source: str) -> Iterator[str]:
    """Bare numerals in the words of every ``Text(...)``, each behind its line; what f-strings fill in is not bare."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text":
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                yield from (f"line {argument.lineno}: {words}" for words in in_words(_literal(argument)))


def _literal(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def in_words(text: str) -> Iterator[str]:
    """The numerals of a text that are not names, each with the words around it."""
    # Names become as many spaces, so that places stay what they are.
    left = NAMES.sub(lambda name: " " * len(name[0]), text)
    for numeral in DIGITS.finditer(left):
        start, end = max(0, numeral.start() - 30), numeral.end() + 30
        yield f"{numeral[0]!r} in {text[start:end]!r}"
