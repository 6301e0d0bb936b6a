"""One page for every raw and every clean table, each row with its line as its address: where a number's rows are seen.

Both languages share them: what they hold is data, in the language of the source.
"""

from functools import cache
from html import escape
from pathlib import Path

from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.kit.data.citations import CITING
from pipeline.kit.provenance.trace import read

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<title>{path}</title><link rel="stylesheet" href="../../tables.css"></head><body>
<h1><code>{path}</code></h1><p>{about}</p>
<table><thead><tr><th scope="col">#</th>{heads}</tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""
ROW = '<tr id="{0}"><th scope="row"><a href="#{0}">{0}</a></th>{1}</tr>'
# A column of raw tables with rows whose place in the source was kept: beside their names, where it is seen first.
IN_SOURCE = "in the source"
HEAD, SOURCE = '<th scope="col">{}</th>', '<a href="../../../en/sources.html#{0}">{0}</a>'
STYLE = (
    "body{font:15px/1.4 sans-serif;margin:1rem}table{border-collapse:collapse;font-size:13px}"
    "th,td{border:1px solid #ccc;padding:.2rem .4rem;text-align:left;vertical-align:top}"
    "thead th{position:sticky;top:0;background:#eee}"
    "tr{scroll-margin-top:3rem}tr:target{background:#ffe9a8}td{max-width:30rem}\n"
)


def write(folder: Path) -> None:
    """Write ``raw/TABLE.html`` and ``clean/TABLE.html`` below ``folder``, and what they look like beside it."""
    for kind, tables in (("raw", paths.RAW), ("clean", paths.CLEAN)):
        (folder / kind).mkdir(parents=True)
        for path in sorted(tables.glob("*.csv")):
            (folder / kind / f"{path.stem}.html").write_text(page(path), encoding="utf-8")
    (folder.parent / "tables.css").write_text(STYLE, encoding="utf-8")


def page(path: Path) -> str:
    """The page of one table; the line of a row is its line in the file."""
    frame = read(path).fillna("")
    if path.parent == paths.RAW:
        as_read = [sources.reading_in_words(path.stem, row_id) for row_id in frame.iloc[:, 0]]
        if any(as_read):
            frame.insert(1, IN_SOURCE, as_read)
    shown = {name: [_sources(cell) if name in CITING else escape(cell) for cell in frame[name]] for name in frame}
    rows = [
        ROW.format(line, "".join(f"<td>{cell}</td>" for cell in row))
        for line, row in enumerate(zip(*shown.values(), strict=True), 2)
    ]
    heads = "".join(HEAD.format(escape(name)) for name in frame)
    about = sources.load_registry()["tables"].get(path.name, {}).get("what_was_done", "")
    return PAGE.format(path=paths.shown(path), about=escape(about), heads=heads, rows="\n".join(rows))


# Whole columns name the same sources.
@cache
def _sources(listed: str) -> str:
    return ", ".join(SOURCE.format(escape(source)) for source in filter(None, listed.split(";")))
