"""The brief as one page of HTML that loads nothing from outside, and that any browser prints on two A4 sheets."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.publish.estimates import unlinked

if TYPE_CHECKING:
    from pipeline.publish.brief import Block

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


def document(title: str, pages: Sequence[Sequence["Block"]], language: str) -> str:
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
