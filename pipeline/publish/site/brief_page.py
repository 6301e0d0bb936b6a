"""The two-page brief as a page of the site: the blocks that its PDF is set from, their numbers as links."""

import json
from typing import Any

from pipeline import paths
from pipeline.publish.site.notebooks import as_html

STAGE = "12_brief"


def context(language: str) -> dict[str, Any]:
    """What the page shows: the blocks of each sheet, their texts as HTML."""
    words = (paths.RESULTS / STAGE / f"brief.{language}.json").read_text(encoding="utf-8")
    pages = json.loads(words)
    for block in (block for page in pages for block in page):
        block["texts"] = [as_html(text) for text in block["texts"]]
        block["rows"] = [[as_html(cell) for cell in row] for row in block["rows"]]
    return {"pages": pages}
