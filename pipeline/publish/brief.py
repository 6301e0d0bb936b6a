"""The brief for the extension officer: two A4 pages of HTML in each language, with nothing loaded from outside."""

import html

import pandas as pd

from pipeline import paths
from pipeline.language import LANGUAGES, Text, format_number
from pipeline.publish.estimates import TO, Prose
from pipeline.publish.names import PACKAGES

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
COLUMNS = (
    Text("Measure", "Tindakan"),
    Text("Extra beans (kg/ha)", "Tambahan biji (kg/ha)"),
    Text("Cost (million Rp/ha)", "Biaya (juta Rp/ha)"),
    Text("Net income (million Rp/ha)", "Pendapatan bersih (juta Rp/ha)"),
    Text("Chance of a loss", "Peluang rugi"),
)


def paragraph(prose: Prose, text: Text, language: str, kind: str = "") -> str:
    """A paragraph whose numbers come from estimates."""
    opening = f'<p class="{kind}">' if kind else "<p>"
    return f"{opening}{html.escape(prose.fill(text, language), quote=False)}</p>"


def section(prose: Prose, heading: Text, text: Text, language: str) -> str:
    """A heading and a paragraph."""
    return f"<h2>{heading.in_language(language)}</h2>{paragraph(prose, text, language)}"


def listing(prose: Prose, heading: Text, texts: list[Text], language: str) -> str:
    """A heading and a list of sentences whose numbers come from estimates."""
    items = "".join(f"<li>{html.escape(prose.fill(text, language), quote=False)}</li>" for text in texts)
    return f"<h2>{heading.in_language(language)}</h2><ul>{items}</ul>"


def footer(text: Text, language: str) -> str:
    """The small print at the end."""
    return f"<footer>{html.escape(text.in_language(language))}</footer>"


def picture(figure: tuple[str, dict[str, str]], height: str) -> str:
    """A published figure with its caption, at most ``height`` high; the drawing is part of the page."""
    svg, words = figure
    drawing = svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{html.escape(words["alt"])}"', 1)
    return (
        f'<figure style="--height: {height}">{drawing}'
        + f"<figcaption>{html.escape(words['caption'])}</figcaption></figure>"
    )


def scenario_table(summary: pd.DataFrame, language: str) -> str:
    """Cost, extra beans, income and chance of a loss per measure, best median first."""
    head = "".join(f"<th>{column.in_language(language)}</th>" for column in COLUMNS)
    rows = summary.sort_values("net_income_idr_per_ha", ascending=False)
    body = "".join(_scenario_row(row, language) for _, row in rows.iterrows())
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _scenario_row(row: pd.Series, language: str) -> str:
    cells = [
        PACKAGES[row["name"]].in_language(language),
        _with_interval(row, "extra_kg_per_ha", language),
        _with_interval(row, "cost_idr_per_ha", language, 1e6),
        _with_interval(row, "net_income_idr_per_ha", language, 1e6),
        f"{round(row['probability_loss'] * 100)} %",
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _with_interval(row: pd.Series, column: str, language: str, unit: float = 1.0) -> str:
    bounds = (row[column], row[f"{column}_lower"], row[f"{column}_upper"])
    value, lower, upper = (format_number(bound / unit, language, 2) for bound in bounds)
    return f"{value} ({lower} {TO[language]} {upper})"


def write_brief(title: Text, pages: dict[str, list[list[str]]]) -> None:
    """Write ``brief.LANGUAGE.html`` beside the executed notebook; ``pages`` holds the blocks of each page per language.

    Raises ``KeyError`` when a language is missing.
    """
    for language in LANGUAGES:
        sections = "".join(f'<section class="page">{"".join(blocks)}</section>' for blocks in pages[language])
        text = PAGE.format(language=language, title=title.in_language(language), style=STYLE, content=sections)
        paths.output(paths.RESULTS / paths.stage() / f"brief.{language}.html").write_text(text, encoding="utf-8")
