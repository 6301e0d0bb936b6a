"""The brief for the extension officer: what stands on its two pages, in each language, for screen and for paper.

A page is a list of blocks. They are set as HTML (``brief_html``) and as PDF (``brief_pdf``) from the same words.
"""

import html
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import typst

from pipeline.kit import paths
from pipeline.kit.data import usage
from pipeline.kit.language import LANGUAGES, Text, format_number, format_percent, read_texts
from pipeline.kit.publish import load_figure
from pipeline.kit.publish.estimates import TO, Prose, keys_in, linked, sources_of, unlinked
from pipeline.kit.publish.keys import Key
from pipeline.study.names import PACKAGES

STYLE = """
@page { size: A4; margin: 11mm 16mm; }
body { font: 10pt/1.38 "Noto Sans", "DejaVu Sans", Arial, sans-serif; color: #1a1a1a; }
body { max-width: 178mm; margin: 0 auto; }
@media screen { body { padding: 4mm; } }
h1 { font-size: 17pt; line-height: 1.2; margin: 0 0 2mm; }
h2 { font-size: 12pt; margin: 4mm 0 1mm; color: #00533f; }
p, ul { margin: 1mm 0 2mm; }
li { margin-bottom: 0.8mm; }
figure { margin: 2mm 0; }
figure svg { width: 100%; height: auto; max-height: var(--height); }
figcaption, footer { font-size: 8.5pt; color: #444; }
table { border-collapse: collapse; width: 100%; font-size: 9pt; }
td { white-space: nowrap; }
th, td { text-align: right; padding: 0.8mm 0 0.8mm 2mm; border-bottom: 0.3mm solid #ccc; }
th:first-child, td:first-child { text-align: left; white-space: normal; padding-left: 0; }
.answer { background: #eef5f2; border-left: 1.2mm solid #00765a; padding: 2mm 4mm; }
.page:not(:last-child) { break-after: page; }
@media screen and (max-width: 640px) { body { font-size: 12pt; } .table { overflow-x: auto; } }
"""
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>
<body><main>{content}</main></body></html>
"""


def html_document(title: str, pages: Sequence[Sequence["Block"]], language: str) -> str:
    """The whole page, with language and style."""
    sections = "".join(f'<section class="page">{fragment([page])}</section>' for page in pages)
    return PAGE.format(language=language, title=html.escape(title), style=STYLE, content=sections)


def fragment(pages: Sequence[Sequence["Block"]]) -> str:
    """The blocks alone, as a notebook shows them."""
    return "".join(_block(block) for page in pages for block in page)


def _block(block: "Block") -> str:
    texts = [html.escape(unlinked(text), quote=False) for text in block.texts]
    head = f"<h2>{html.escape(block.heading, quote=False)}</h2>" if block.heading else ""
    if block.kind == "title":
        return f"<h1>{html.escape(block.heading, quote=False)}</h1>"
    if block.kind == "list":
        return f"{head}<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"
    if block.kind == "table":
        return _table(block)
    if block.kind == "picture":
        drawing = block.svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(block.alt)}"', 1)
        return f'<figure style="--height: {block.height}">{drawing}<figcaption>{texts[0]}</figcaption></figure>'
    if block.kind == "footer":
        return f"<footer>{texts[0]}</footer>"
    opening = '<p class="answer">' if block.kind == "answer" else "<p>"
    return head + "".join(f"{opening}{text}</p>" for text in texts)


def _table(block: "Block") -> str:
    head, *rows = [[html.escape(unlinked(cell), quote=False) for cell in row] for row in block.rows]
    titles = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="table"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


class BriefError(ValueError):
    """A brief that must not be handed out as it is."""


def pdf_document(title: str, pages: Sequence[Sequence["Block"]], language: str) -> bytes:
    """The PDF with one sheet for each of ``pages``.

    Raises ``BriefError`` when the blocks of one do not fit, or a picture has no words for those who cannot see it.
    """
    if any(block.kind == "picture" and not block.alt.strip() for page in pages for block in page):
        raise BriefError(f"brief in {language!r}: a picture without alternative text")
    inputs = _inputs(title, pages, language)
    sheets = int(typst.query(read_template("brief.typ"), "<sheets>", field="value", one=True, **inputs))
    if sheets != len(pages):
        raise BriefError(f"brief in {language!r}: {len(pages)} pages take {sheets} sheets; shorten their text")
    return typst.compile(read_template("brief.typ"), format="pdf", pdf_standards="ua-1", **inputs)


def pictures(title: str, pages: Sequence[Sequence["Block"]], language: str) -> list[bytes]:
    """The same sheets as PNG, to look at."""
    made = typst.compile(read_template("brief.typ"), format="png", ppi=110, **_inputs(title, pages, language))
    return made if isinstance(made, list) else [made]


def _inputs(title: str, pages: Sequence[Sequence["Block"]], language: str) -> dict[str, Any]:
    # Imported only where sheets are set: whoever needs the words alone must not wait for it.
    import matplotlib

    blocks = [[asdict(_plain(block)) for block in page] for page in pages]
    content = {"title": title, "language": language, "pages": blocks}
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    words = json.dumps(content, ensure_ascii=False)
    return {"font_paths": [fonts], "ignore_system_fonts": True, "sys_inputs": {"content": words}}


def _plain(block: "Block") -> "Block":
    rows = tuple(tuple(map(unlinked, row)) for row in block.rows)
    return replace(block, texts=tuple(map(unlinked, block.texts)), rows=rows)


def read_template(name: str) -> bytes:
    """A template that stands beside this module."""
    return (Path(__file__).parent / name).read_bytes()


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
    rows = summary.sort_values("net_income_idr_per_ha", ascending=False, kind="stable")
    head = tuple(column.in_language(language) for column in COLUMNS)
    return Block("table", rows=(head, *(_scenario_row(row, language) for _, row in rows.iterrows())))


def _scenario_row(row: pd.Series, language: str) -> tuple[str, ...]:
    cells = {
        "extra_kg": _with_interval(row, "extra_kg_per_ha", language),
        "cost": _with_interval(row, "cost_idr_per_ha", language, 1e6),
        "net_income": _with_interval(row, "net_income_idr_per_ha", language, 1e6),
        "probability_loss": format_percent(row["probability_loss"], language),
    }
    keys = {quantity: Key("scenario", (row["name"],), quantity) for quantity in cells}
    numbers = (linked(str(keys[quantity]), cell) for quantity, cell in cells.items())
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
        text = html_document(name, pages[language], language)
        paths.output(folder / f"brief.{language}.html").write_text(text, encoding="utf-8")
        blocks = [[asdict(block) | {"svg": ""} for block in page] for page in pages[language]]
        words = json.dumps(blocks, ensure_ascii=False, indent=1) + "\n"
        paths.output(folder / f"brief.{language}.json").write_text(words, encoding="utf-8")
        content = pdf_document(name, pages[language], language)
        paths.output(folder / f"brief.{language}.pdf").write_bytes(content)


TEXTS = read_texts(__file__, "brief")
UNKNOWN = tuple(TEXTS.group("unknown").values())


def first_steps(day: Text, month: Text) -> tuple[Text, ...]:
    """What to do first; ``day`` is that of the bean price, ``month`` that of all other prices."""
    return tuple(text.fill(day=day, month=month) for text in TEXTS.group("first_steps").values())
