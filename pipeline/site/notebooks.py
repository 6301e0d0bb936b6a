"""An executed notebook as the source of a page in one language: prose translated, code folded, outputs in words."""

import copy
import json
import re
from functools import cache
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from pipeline.kit import paths
from pipeline.kit.data import usage
from pipeline.kit.language import Text
from pipeline.kit.provenance.run_record import citation
from pipeline.kit.publish import ANSWER, FIGURE
from pipeline.site import THEME, table_pages
from pipeline.site.catalogue import WORDS, say, translate_markdown
from pipeline.site.notebook_tables import scrolling, translate_table
from pipeline.site.numbers import link_keys, shorten

WIDTH = 643
FILES = {"SVG": "{language}.svg", "PNG": "{language}.png", "PDF": "{language}.pdf", "CSV": "csv"}


@cache
def fragments() -> Environment:
    """Templates of parts of a page; everything put into them is escaped."""
    return Environment(loader=FileSystemLoader(THEME / "fragments"), autoescape=True, undefined=StrictUndefined)


def words(stage: str, name: str) -> dict[str, Any]:
    """Title, caption and alternative text of a figure in each language, its sources and warnings."""
    found: dict[str, Any] = json.loads((paths.figures(stage) / f"{name}.json").read_text(encoding="utf-8"))
    return found


def cite(stage: str, name: str, language: str) -> str:
    """How to cite a figure: the authors, the figure, the project, its version and the stage."""
    about = citation()
    title, year = words(stage, name)[language]["title"], about.released[:4]
    return f"{', '.join(about.authors)} ({year}). {title}. {about.title}, {about.version}, {stage}/{name}."


def height(stage: str, name: str, language: str) -> int:
    """Height of a figure that is 643 pixels wide, as its SVG tells: space is kept for it while it loads."""
    head = (paths.figures(stage) / f"{name}.{language}.svg").read_text(encoding="utf-8")[:2000]
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
    if not found:
        raise ValueError(f"{stage}/{name}.{language}.svg has no viewBox")
    return round(WIDTH * float(found[2]) / float(found[1]))


def block(stage: str, name: str, language: str, root: str = "") -> str:
    """The figure as HTML. ``root`` leads from the page to the folder of the language."""
    found = words(stage, name)
    return (
        fragments()
        .get_template("figure.html")
        .render(
            say=say(language),
            name=name,
            root=root,
            height=height(stage, name, language),
            **found[language],
            files={
                kind: f"{root}../files/{stage}/{name}.{end.format(language=language)}" for kind, end in FILES.items()
            },
            rows=f"{root}../files/rows/results/{stage}.figures.{name}.html",
            columns=f"{root}dictionary.html#{stage}.figures.{name}",
            sources=found["sources"],
            warnings=usage.in_words(found["warnings"])[language],
            cite=cite(stage, name, language),
        )
    )


# The stage whose pages stand on a page of the site, not in its notebook.
BRIEF = "12_brief"
MARKDOWN = MarkdownIt("commonmark", {"html": False})


def stages() -> list[str]:
    """Stages with an executed notebook, in the order of their numbers."""
    return sorted(path.parent.name for path in paths.RESULTS.glob("[0-9]*/*.ipynb") if path.stem == path.parent.name)


@cache
def title(stage: str) -> Text:
    """The question of a notebook: its heading in English, and the line in italics under it in Indonesian.

    Raises ``ValueError`` when the first cell is not made of these two.
    """
    cells = json.loads((paths.NOTEBOOKS / f"{stage}.ipynb").read_text(encoding="utf-8"))["cells"]
    found = re.fullmatch(r"# (.+)\n\n\*(.+)\*", "".join(cells[0]["source"]).strip())
    if not found:
        raise ValueError(f"{stage}: the first cell must be `# Question` and, two lines below, `*Pertanyaan*`")
    return Text(found[1], found[2])


def page(stage: str, language: str) -> dict[str, Any]:
    """The executed notebook of a stage with everything a reader sees in one language."""
    notebook = nbformat.read(paths.executed_notebook(stage), as_version=4)
    cells = [shown for cell in notebook.cells[1:] for shown in _cells(cell, stage, language)]
    # A page is for reading: what loads and derives runs first, and stands last.
    first = next(p for p, cell in enumerate(cells) if cell.cell_type == "markdown" and not cell.id.startswith("at-"))
    ordered = [
        nbformat.v4.new_markdown_cell(f"# {title(stage).in_language(language)}", id="title"),
        *cells[first:],
        nbformat.v4.new_markdown_cell(f"## {WORDS['prepared'].in_language(language)}", id="prepared"),
        *cells[:first],
        *_tables(stage, language),
    ]
    return {"cells": ordered, "metadata": _metadata(notebook), "nbformat": 4, "nbformat_minor": 5}


TABLE = '<li><a href="dictionary.html#{0}"><code>{1}</code></a>{2}</li>'
ROWS = ': <a href="../files/rows/results/{0}.html">{1}</a>'


def _tables(stage: str, language: str) -> list[Any]:
    """What leads to the tables of a stage: their columns, and their rows where they can be looked up."""
    files = [path for path in table_pages.results() if path.parts[-3] == stage and path.parts[-2] == "tables"]
    items = [
        TABLE.format(
            table_pages.address(path),
            path.stem,
            ROWS.format(table_pages.address(path), WORDS["rows"].in_language(language))
            if table_pages.has_page(path)
            else "",
        )
        for path in files
    ]
    title = f"## {WORDS['result_tables'].in_language(language)}\n\n<ul>{''.join(items)}</ul>"
    return [nbformat.v4.new_markdown_cell(title, id="tables")] if items else []


def _metadata(notebook: Any) -> dict[str, Any]:
    return {"kernelspec": notebook.metadata.kernelspec, "language_info": {"name": "python"}}


def _cells(cell: Any, stage: str, language: str) -> list[Any]:
    """A cell as the page shows it; before one of code stands its address, to which the pages of numbers lead."""
    shown = copy.deepcopy(cell)
    if cell.cell_type == "markdown":
        shown.source = unbroken(translate_markdown(cell.source, language))
        return [shown]
    shown.metadata = {"tags": ["hide-input"]}
    shown.outputs = [_output(output, stage, language) for output in cell.outputs]
    address = nbformat.v4.new_markdown_cell(f'<span id="cell-{cell.id}"></span>', id=f"at-{cell.id}")
    return [address, shown]


def _output(output: Any, stage: str, language: str) -> Any:
    """What the page shows of an output: an answer, a figure or a table in the language, else plain text."""
    data = output.get("data", {})
    if ANSWER in data:
        return _html(answer(data[ANSWER][language], language))
    if FIGURE in data:
        return _html(block(stage, data[FIGURE]["name"], language))
    if 'class="dataframe"' in data.get("text/html", ""):
        table = link_keys(translate_table(shorten(data["text/html"]), language), language)
        return _html(scrolling(table, WORDS["table"].in_language(language)))
    if stage == BRIEF and "text/html" in data:
        return _html(_brief(language) if WORDS["title"].in_language(language) in data["text/html"] else "")
    return nbformat.v4.new_output("display_data", {"text/plain": data.get("text/plain", output.get("text", ""))})


def _brief(language: str) -> str:
    """What stands for the two pages: they have a page of their own, and a PDF."""
    page, pdf, stands = (WORDS[name].in_language(language) for name in ("brief", "brief_pdf", "brief_stands"))
    file = f"../files/{BRIEF}/brief.{language}.pdf"
    return f'<p>{stands} <a href="brief.html">{page}</a>; <a href="{file}" download>{pdf}</a>.</p>'


def _html(text: str) -> Any:
    return nbformat.v4.new_output("display_data", {"text/html": text})


def answer(markdown: str, language: str) -> str:
    """The answer as HTML, each number a link to the page of its origin."""
    body = link(MARKDOWN.render(markdown))
    return f'<div class="answer" lang="{language}">{body}</div>'


def as_html(text: str) -> Markup:
    """A sentence or cell as HTML, each of its numbers a link to its origin."""
    return Markup(link(MARKDOWN.renderInline(text)))


def link(text: str, root: str = "") -> str:
    """HTML whose links ``number:KEY`` lead to the page of the number; ``root`` leads to the folder of the language."""
    linked = re.sub(r'href="number:([^"]+)"', lambda found: f'class="n" href="{root}numbers/{found[1]}.html"', text)
    return unbroken(linked)


def unbroken(text: str) -> str:
    """The text with no line end between a number and its percent sign."""
    return re.sub(r"(?<=[\d>]) %", "\N{NO-BREAK SPACE}%", text)
