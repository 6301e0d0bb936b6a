"""The brief as PDF: two A4 pages to print and hand out, set by Typst from the template ``brief.typ``.

Only the letters that come with Typst and Matplotlib are used, and no date is written: every machine makes the same
file. It is tagged (PDF/UA-1): a screen reader finds language, headings, tables and the words for each picture.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import typst

from pipeline.publish.estimates import unlinked

if TYPE_CHECKING:
    from pipeline.publish.brief import Block

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


class BriefError(ValueError):
    """A brief that must not be handed out as it is."""


def document(title: str, pages: Sequence[Sequence["Block"]], language: str) -> bytes:
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
    blocks = [[asdict(_plain(block)) for block in page] for page in pages]
    content = {"title": title, "language": language, "pages": blocks}
    words = json.dumps(content, ensure_ascii=False)
    return {"font_paths": [FONTS], "ignore_system_fonts": True, "sys_inputs": {"content": words}}


def _plain(block: "Block") -> "Block":
    rows = tuple(tuple(map(unlinked, row)) for row in block.rows)
    return replace(block, texts=tuple(map(unlinked, block.texts)), rows=rows)


def read_template(name: str) -> bytes:
    """A template that stands beside this module."""
    return (Path(__file__).parent / name).read_bytes()
