"""What is wrong with texts: numbers that come from no estimate, and English without Indonesian.

A number in a results paragraph comes from an estimate by its key. Such a paragraph is every ``Text`` of a notebook or
of ``pipeline/study`` and ``pipeline/site`` (answers, brief, captions), every text in YAML beside them, and every
Markdown cell between a notebook's ``## Answer`` and its ``## How``. What ``## How`` restates of the literature is
method. Years, numbers of notebooks in brackets, the levels of intervals, the unit of a price, the grade of a fertilizer
and examples of how to type a number are names, not results.

Every text of the notebooks, clean tables and executed tables goes through the catalogue once, to name what it lacks.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from pipeline.kit import paths, yaml_text
from pipeline.site import numbers, registers
from pipeline.site.catalogue import (
    Message,
    MissingTranslation,
    gathering,
    messages,
    on_page,
    translate,
    translate_markdown,
)
from pipeline.site.notebook_tables import translate_table

FOLDERS = (paths.ROOT / "pipeline" / "study", paths.ROOT / "pipeline" / "site")
NAMES = re.compile(
    r"\{[^}]*\}"  # an estimate by its key
    r"|\b(?:19|20)\d\d(?:-(?:19|20)\d\d)?\b"  # a year or a span of years
    r"|\(\d\d(?:, \d\d)*\)"  # notebooks
    r"|\b(?:50|80|90|95)(?: (?:and|dan) 95)? %"  # levels of intervals
    r"|\b1 kg\b|\b14-12-16\b"
    r"|\b(?:[Oo]f|[Dd]ari) 100\b|\b0(?=:| kg/ha:)|\b70[.,]000 (?:or|atau) 1[.,]5\b"  # how a reader types a number
)
DIGITS = re.compile(r"\d[\d.,]*")


def bare_numerals() -> list[str]:
    """Every bare numeral as ``file, line or cell: the words around it``; empty when there is none."""
    found = []
    for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        found += [f"{paths.shown(path)}, {where}" for where in in_notebook(path.read_text(encoding="utf-8"))]
    for path in sorted(path for folder in FOLDERS for path in folder.rglob("*.*") if path.suffix in READERS):
        read = READERS[path.suffix]
        found += [f"{paths.shown(path)}, {where}" for where in read(path.read_text(encoding="utf-8"))]
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


def in_yaml(text: str) -> Iterator[str]:
    """Bare numerals of the texts in YAML, each behind the key and the language of its text."""
    for key, words in _texts(yaml_text.load(text), ()):
        yield from (f"{'.'.join(key)}: {found}" for found in in_words(words))


def _texts(found: Any, key: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(found, dict):
        for name, inner in found.items():
            yield from _texts(inner, (*key, str(name)))
    else:
        yield key, str(found)


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


READERS = {".py": in_code, ".yaml": in_yaml}


# Words in tables follow parameters and results: one that no table shows today may be there tomorrow.
COMPLETE_CONTEXTS = ("", "dictionary")


def notebooks() -> list[Path]:
    """The notebooks as they are written, in order."""
    return sorted(paths.NOTEBOOKS.glob("*.ipynb"))


def executed_notebooks() -> list[Path]:
    """The notebooks as they ran, in order; none before the pipeline has run."""
    return sorted(paths.RESULTS.glob("*/*.ipynb"))


def markdown_cells(notebook: Path) -> Iterator[str]:
    """The markdown cells of a notebook."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            yield "".join(cell["source"])


def shown_tables(notebook: Path) -> Iterator[str]:
    """The tables that an executed notebook shows, as HTML."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            if 'class="dataframe"' in html:
                yield html


def translate_all() -> None:
    """Translate all there is; raises ``MissingTranslation`` unless called inside ``gathering``."""
    for notebook in notebooks():
        with on_page(notebook.stem):
            for cell in markdown_cells(notebook):
                translate_markdown(cell, "id")
    for notebook in executed_notebooks():
        with on_page(notebook.stem):
            for html in shown_tables(notebook):
                translate_table(html, "id")
    with on_page("sources"):
        registers.source_rows("id")
    with on_page("dictionary"):
        registers.dictionary("id")
    if executed_notebooks():
        with on_page("explore"):
            for words in (registers.series, registers.statistics, registers.effects):
                words("id")
        for path in sorted(paths.RESULTS.glob("*/estimates.csv")):
            with on_page(path.parent.name):
                estimates = pd.read_csv(path, usecols=["basis", "method", "value_is"])
                for sentence in estimates.stack().unique():
                    translate(str(sentence), "id", "value")
        with on_page("numbers"):
            for estimate in numbers.published().values():
                numbers.name(estimate.key.parts, "id")


def obsolete(used: set[Message]) -> list[Message]:
    """Entries for markdown and clean tables that nothing uses any more."""
    return sorted(m for m in messages() if m.context in COMPLETE_CONTEXTS and m not in used)


def as_po(missing: dict[Message, str]) -> str:
    """The missing messages as entries of a PO file, with the page of each."""
    catalog = Catalog(locale="id")
    for message, page in missing.items():
        catalog.add(message.text, context=message.context or None, auto_comments=[page])
    file = BytesIO()
    write_po(file, catalog, omit_header=True, width=0)
    return file.getvalue().decode()


def main() -> int:
    """Print what is missing as PO text and what is obsolete as comments; 1 if anything is missing."""
    try:
        with gathering() as gathered:
            translate_all()
    except MissingTranslation:
        print(as_po(gathered.missing))
    for message in obsolete(gathered.used):
        print(f"# Nothing uses any more: [{message.context or 'text'}] {message.text}")
    return 1 if gathered.missing else 0


if __name__ == "__main__":
    sys.exit(main())
