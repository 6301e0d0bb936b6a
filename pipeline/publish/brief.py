"""The brief for the extension officer: what stands on its two pages, in each language, for screen and for paper.

A page is a list of blocks. They are set as HTML (``brief_html``) and as PDF (``brief_pdf``) from the same words.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from pipeline import paths, usage
from pipeline.language import LANGUAGES, Text, format_number, format_percent
from pipeline.publish import brief_html, brief_pdf
from pipeline.publish.estimates import TO, Prose, keys_in, linked, sources_of
from pipeline.publish.figures import load_figure
from pipeline.publish.names import PACKAGES

COLUMNS = (
    Text("Measure, on a hectare with pod borer", "Tindakan, di kebun terserang PBK"),
    Text("Extra beans (kg/ha)", "Tambahan biji (kg/ha)"),
    Text("Cost (million Rp/ha)", "Biaya (juta Rp/ha)"),
    Text("Net income (million Rp/ha)", "Pendapatan bersih (juta Rp/ha)"),
    Text("Chance of a loss", "Peluang rugi"),
)
WARNED = Text("Warnings on the sources behind these pages:", "Peringatan pada sumber di balik halaman ini:")


@dataclass(frozen=True)
class Block:
    """One part of a page.

    ``kind`` is ``title``, ``answer``, ``section``, ``list``, ``table``, ``picture`` or ``footer``. ``texts`` are the
    paragraphs or items below ``heading``, their numbers linked to keys, or the caption of a picture; ``rows`` are
    those of a table, its head first, their numbers linked too. A picture has its ``stage`` and ``name``, its drawing
    as ``svg``, its words for those who cannot see it as ``alt``, the greatest ``height`` on screen (CSS), and the usage
    ``warnings`` on its sources.
    """

    kind: str
    heading: str = ""
    texts: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    stage: str = ""
    name: str = ""
    svg: str = ""
    alt: str = ""
    height: str = ""
    warnings: tuple[str, ...] = ()


def heading(text: Text, language: str) -> Block:
    """The title of the brief."""
    return Block("title", text.in_language(language))


def answer(prose: Prose, text: Text, language: str) -> Block:
    """The answer, before everything else; its numbers come from estimates."""
    return Block("answer", texts=(prose.fill(text, language, linked),))


def section(prose: Prose, heading: Text, text: Text, language: str) -> Block:
    """A heading and a paragraph."""
    return Block("section", heading.in_language(language), (prose.fill(text, language, linked),))


def listing(prose: Prose, heading: Text, texts: Sequence[Text], language: str) -> Block:
    """A heading and a list of sentences whose numbers come from estimates."""
    return Block("list", heading.in_language(language), tuple(prose.fill(text, language, linked) for text in texts))


def footer(text: Text, prose: Prose, blocks: Sequence[Block], language: str) -> Block:
    """The small print at the end, with the usage warnings on the sources of every number and picture in ``blocks``."""
    words = [word for block in blocks for word in (*block.texts, *(cell for row in block.rows for cell in row))]
    sources = sources_of(prose.by_key, *keys_in(words))
    warned = {word for block in blocks for word in block.warnings} | set(usage.of(sources))
    listed = usage.in_words(word for word in usage.WARNINGS if word in warned)[language]
    said = f" {WARNED.in_language(language)} {listed}." if listed else ""
    return Block("footer", texts=(text.in_language(language) + said,))


def picture(stage: str, name: str, language: str, height: str) -> Block:
    """A published figure with its caption, at most ``height`` high on screen; on paper it takes the room left."""
    svg, words, warnings = load_figure(stage, name, language)
    drawing = svg[svg.index("<svg") :]
    return Block("picture", "", (words["caption"],), (), stage, name, drawing, words["alt"], height, warnings)


def scenario_table(summary: pd.DataFrame, language: str) -> Block:
    """Cost, extra beans, income and chance of a loss per measure, best median first, linked to keys of estimates."""
    rows = summary.sort_values("net_income_idr_per_ha", ascending=False)
    head = tuple(column.in_language(language) for column in COLUMNS)
    return Block("table", rows=(head, *(_scenario_row(row, language) for _, row in rows.iterrows())))


def _scenario_row(row: pd.Series, language: str) -> tuple[str, ...]:
    cells = {
        "extra_kg": _with_interval(row, "extra_kg_per_ha", language),
        "cost": _with_interval(row, "cost_idr_per_ha", language, 1e6),
        "net_income": _with_interval(row, "net_income_idr_per_ha", language, 1e6),
        "probability_loss": format_percent(row["probability_loss"], language),
    }
    numbers = (linked(f"scenario.{row['name']}.{key}", cell) for key, cell in cells.items())
    return (PACKAGES[row["name"]].in_language(language), *numbers)


def _with_interval(row: pd.Series, column: str, language: str, unit: float = 1.0) -> str:
    bounds = (row[column], row[f"{column}_lower"], row[f"{column}_upper"])
    value, lower, upper = (format_number(bound / unit, language, 2) for bound in bounds)
    return f"{value} ({lower} {TO[language]} {upper})"


def write_brief(title: Text, pages: dict[str, list[list[Block]]]) -> None:
    """Write ``brief.LANGUAGE.html`` and ``.pdf`` beside the executed notebook, and as ``.json`` what they are set from.

    ``pages`` holds the blocks of each page per language. Raises ``KeyError`` when a language is missing, and
    ``BriefError`` when the blocks of a page do not fit on one sheet.
    """
    folder = paths.RESULTS / paths.stage()
    for language in LANGUAGES:
        name = title.in_language(language)
        text = brief_html.document(name, pages[language], language)
        paths.output(folder / f"brief.{language}.html").write_text(text, encoding="utf-8")
        blocks = [[asdict(block) | {"svg": ""} for block in page] for page in pages[language]]
        words = json.dumps(blocks, ensure_ascii=False, indent=1) + "\n"
        paths.output(folder / f"brief.{language}.json").write_text(words, encoding="utf-8")
        content = brief_pdf.document(name, pages[language], language)
        paths.output(folder / f"brief.{language}.pdf").write_bytes(content)
