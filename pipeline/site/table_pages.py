"""One page for every raw, clean and result table, each row with its line as its address: where rows are seen.

Both languages share them: what they hold is data, in the language of the source. A row of results leads to the raw rows
that it rests on; what its columns mean stands in the dictionary, in both languages.
"""

from functools import cache
from html import escape
from pathlib import Path

from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.kit.data.citations import CITING, OWN, OWN_RAW_ROWS, PARAMETERS, RAW_ROWS, join, to_columns
from pipeline.kit.provenance.lineage import maker
from pipeline.kit.provenance.trace import Look, cells, find, read
from pipeline.site.catalogue import WORDS
from pipeline.study import result_tables

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
# Draws are no rows to look up: tables longer than this have no page.
LONGEST = 2000
RAW, PARAMETER = (
    '<a href="../raw/{0}.html#{1}">{2}</a>',
    '<a href="../../../en/parameters.html#{0}"><code>{0}</code></a>',
)
ABOUT = (
    'Columns: <a href="../../../en/dictionary.html#{0}">English</a>, '
    '<a href="../../../id/dictionary.html#{0}">Bahasa Indonesia</a>. <a href="../../{1}" download>CSV</a>'
)
# The pages of a stage, at a cell of its notebook.
STAGE = '<a href="../../../{0}/{1}.html{2}">{3}</a>'
# Both languages share a page.
NOT_KEPT, NOTHING_KEPT, WRITTEN_BY = (
    f"{WORDS[name].en} / {WORDS[name].id}" for name in ("not_kept", "nothing_kept", "written_by")
)
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
    (folder / "results").mkdir()
    for path in results():
        if has_page(path):
            (folder / "results" / f"{address(path)}.html").write_text(page(path), encoding="utf-8")
    (folder.parent / "tables.css").write_text(STYLE, encoding="utf-8")


def results() -> list[Path]:
    """Files of the tables of results, and of the data behind figures."""
    return [path for kind in ("figures", "tables") for path in sorted(paths.RESULTS.glob(f"*/{kind}/*.csv"))]


def address(path: Path) -> str:
    """What the pages of a result table are called: ``07_model_pests.tables.chances``."""
    return result_tables.name(path).replace("/", ".")


def copied(path: Path) -> str:
    """Where the site keeps a copy of a file of results, below ``files``."""
    folder = f"{path.parts[-3]}/tables" if path.parts[-2] == "tables" else path.parts[-3]
    return f"{folder}/{path.name}"


look = cache(Look)


@cache
def has_page(path: Path) -> bool:
    """Whether a table of results is short enough to be looked up by row."""
    return sum(1 for _ in path.open(encoding="utf-8")) <= LONGEST


def page(path: Path) -> str:
    """The page of one table; the line of a row is its line in the file."""
    frame = read(path).fillna("")
    about = escape(sources.load_registry()["tables"].get(path.name, {}).get("what_was_done", ""))
    if path.parent == paths.RAW:
        as_read = [sources.reading_in_words(path.stem, row_id) for row_id in frame.iloc[:, 0]]
        if any(as_read):
            frame.insert(1, IN_SOURCE, [words or NOT_KEPT for words in as_read])
        else:
            about += f"</p><p>{NOTHING_KEPT}"
    shown = {name: [_shown(name, cell) for cell in frame[name]] for name in frame}
    rows = [
        ROW.format(line, "".join(f"<td>{cell}</td>" for cell in row))
        for line, row in enumerate(zip(*shown.values(), strict=True), 2)
    ]
    heads = "".join(HEAD.format(escape(name)) for name in frame)
    if path.is_relative_to(paths.RESULTS):
        about = f"{ABOUT.format(address(path), copied(path))}</p><p>{WRITTEN_BY}: {written_in(path)}"
        if RAW_ROWS not in frame:
            about += f"</p><p>{whole(path)}"
    return PAGE.format(path=paths.shown(path), about=about, heads=heads, rows="\n".join(rows))


def written_in(path: Path) -> str:
    """Links to the executed notebook that wrote a table of results, at the cells that did, in both languages."""
    stage = maker(paths.shown(path))
    if stage is None:
        raise ValueError(f"no stage makes {paths.shown(path)}")
    found = cells(stage, find(paths.shown(path)), look())
    places = [(f"#cell-{cell}", f"{stage.name}, {cell}") for cell in found] or [("", stage.name)]
    return "; ".join(
        f"{name}: {', '.join(STAGE.format(language, stage.name, *place) for place in places)}"
        for language, name in (("en", "English"), ("id", "Bahasa Indonesia"))
    )


def whole(path: Path) -> str:
    """What a table of results rests on whose rows do not say so, with links."""
    listed, rows = to_columns(join(*find(paths.shown(path)).cites))
    return f"Rests on {_sources(listed)}: {_rows(rows)}"


def _shown(name: str, cell: str) -> str:
    """One cell: sources and rows as links."""
    if name in (*CITING, OWN):
        return _sources(cell)
    return _rows(cell) if name in (RAW_ROWS, OWN_RAW_ROWS) else escape(cell)


# Many rows rest on the same.
@cache
def _rows(listed: str) -> str:
    """Rows of raw tables, as files keep them, each span a link to its first; parameters by their names."""
    found = []
    for part in listed.replace(";", " ").split():
        table, _, spans = part.rpartition(":")
        links = (
            PARAMETER.format(span) if table == PARAMETERS else RAW.format(table, span.partition("-")[0], span)
            for span in spans.split(",")
        )
        found.append((f"<code>{table}</code> " if table != PARAMETERS else "") + ", ".join(links))
    return "; ".join(found)


# Whole columns name the same sources.
@cache
def _sources(listed: str) -> str:
    return ", ".join(SOURCE.format(escape(source)) for source in filter(None, listed.split(";")))
