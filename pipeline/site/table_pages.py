"""One page for every raw and every clean table, each row with its line as its address: where a number's rows are seen.

Both languages share them: what they hold is data, in the language of the source.
"""

from pathlib import Path

from markupsafe import Markup, escape

from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.kit.data.citations import CITING
from pipeline.kit.provenance.trace import read

PAGE = Markup("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<title>{path}</title><link rel="stylesheet" href="../../tables.css"></head><body>
<h1><code>{path}</code></h1><p>{about}</p>
<table><thead><tr><th scope="col">#</th>{heads}</tr></thead><tbody>
{rows}
</tbody></table></body></html>
""")
ROW = Markup('<tr id="{0}"><th scope="row"><a href="#{0}">{0}</a></th>{1}</tr>')
CELL, HEAD = Markup("<td>{}</td>"), Markup('<th scope="col">{}</th>')
SOURCE = Markup('<a href="../../../en/sources.html#{0}">{0}</a>')
STYLE = (
    "body{font:15px/1.4 sans-serif;margin:1rem}table{border-collapse:collapse;font-size:13px}"
    "th,td{border:1px solid #ccc;padding:.2rem .4rem;text-align:left;vertical-align:top}"
    "thead th{position:sticky;top:0;background:#eee}tr:target{background:#ffe9a8}td{max-width:30rem}\n"
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
    citing = [column in CITING for column in frame]
    rows = [
        ROW.format(line, Markup("").join(_cell(cell, cites) for cell, cites in zip(row, citing, strict=True)))
        for line, row in enumerate(frame.itertuples(index=False), 2)
    ]
    heads = Markup("").join(map(HEAD.format, frame))
    about = sources.load_registry()["tables"].get(path.name, {}).get("what_was_done", "")
    return PAGE.format(path=paths.shown(path), about=about, heads=heads, rows=Markup("\n").join(rows))


def _cell(text: str, cites: bool) -> Markup:
    if not cites:
        return CELL.format(escape(text))
    return CELL.format(Markup(", ").join(map(SOURCE.format, filter(None, text.split(";")))))
