"""The chain of a trace as text for a terminal and as a page for a browser."""

import html
from typing import Any

from pipeline.kit.language import format_number

Chain = dict[str, Any]
Part = tuple[str, list[str]]


def text_page(chain: Chain) -> str:
    """The chain as plain text, one part under the other, from the number to its sources."""
    return "\n\n".join("\n".join([title.upper(), *(f"  {line}" for line in lines)]) for title, lines in parts(chain))


def html_page(chain: Chain) -> str:
    """The same as one page that loads nothing from anywhere."""
    name = html.escape(str(chain["subject"]["name"]))
    sections = [
        f"<section><h2>{html.escape(title)}</h2><pre>{html.escape(chr(10).join(lines))}</pre></section>"
        for title, lines in parts(chain)[1:]
    ]
    first = html.escape("\n".join(parts(chain)[0][1]))
    style = (
        "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "pre{white-space:pre-wrap;font-size:13px}h2{font-size:1.1rem}h2::first-letter{text-transform:uppercase}"
    )
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title>'
    body = f"<h1>{name}</h1><pre>{first}</pre>" + "".join(sections)
    return f'<!doctype html><html lang="en"><head>{head}<style>{style}</style></head><body>{body}</body></html>\n'


def parts(chain: Chain) -> list[Part]:
    """Titles and lines of the chain, in reading order; parts with nothing to say are left out."""
    found = [
        (str(chain["subject"]["name"]), [*_subject(chain["subject"]), *_file(chain["file"])]),
        ("made by", [line for stage in chain["stages"] for line in _stage(stage)]),
        ("raw tables: rows used", [line for row in chain["raw"] for line in _table(row)]),
        ("clean tables: rows made of these alone", [line for row in chain["tables"] for line in _table(row)]),
        ("parameters that it rests on", [_parameter(p) for p in chain["parameters"] if p["rests_on_it"]]),
        ("warnings on these rows", [", ".join(chain["warnings"])] if chain["warnings"] else []),
        ("sources", [line for source in chain["sources"] for line in _source(source)]),
        ("other parameters of these stages", [_parameter(p) for p in chain["parameters"] if not p["rests_on_it"]]),
        ("read and run by the stage", [line for stage in chain["stages"][:1] for line in _files(stage)]),
        ("code version", [f"commit {chain['code_version']}"] if chain["code_version"] else []),
    ]
    return [(title, lines) for title, lines in found if lines]


def _subject(subject: dict[str, Any]) -> list[str]:
    lines = []
    if "value" in subject:
        lines.append(f"{_interval(subject)} {subject.get('unit', '')}".rstrip())
    said = subject | ({"value is": subject["value_is"]} if "value_is" in subject else {})
    said |= {"n": f"{subject['n']} ({subject['n_of']})"} if "n" in subject else {}
    told = (
        "value is",
        "basis",
        "method",
        "n",
        "seed",
        "column",
        "meaning",
        "figure",
        "chosen",
        "row",
        "rows used",
        "in the source",
    )
    lines += [f"{name}: {said[name]}" for name in told if name in said]
    return lines + ([f"built by {_place(subject['built_by'])}"] if "built_by" in subject else [])


def _place(built_by: dict[str, Any]) -> str:
    """Function and lines, or notebook and cell, in which an estimate is built."""
    if "cell" in built_by:
        return f"{built_by['path']}, cell {built_by['cell']}"
    line = f"line {built_by['line']}" if "line" in built_by else "no longer there"
    key = f"; its key stands on line {built_by['key_line']}" if "key_line" in built_by else ""
    return f"{built_by['name']}, {built_by['path']}, {line}{key}"


def _interval(subject: dict[str, Any]) -> str:
    if "lower" not in subject:
        return str(subject["value"]).removesuffix(".0")
    value, lower, upper = (format_number(float(subject[part]), "en", 6) for part in ("value", "lower", "upper"))
    return f"{value} ({lower} to {upper}, {subject['level'] * 100:g} % interval)"


def _file(file: dict[str, Any]) -> list[str]:
    where = file["path"] + (f", line {file['line']}" if file["line"] else "")
    record = (file.get("md5") and f"md5 {file['md5']} of {file['out']}") or f"sha256 {file.get('sha256', '-')}"
    return [f"stands in {where}", f"{record}: {file['state']}"]


def _stage(stage: dict[str, Any]) -> list[str]:
    lines = [f"stage {stage['name']}: {stage['command']}"]
    if notebook := stage.get("notebook"):
        cells = f", cells {', '.join(notebook['cells'])}" if notebook["cells"] else ""
        lines += [f"  notebook {notebook['path']}{cells}", f"  md5 {notebook['md5']}: {notebook['state']}"]
    return lines


def _files(stage: dict[str, Any]) -> list[str]:
    return [f"{kind[:4]} {_hashed(entry)}" for kind in ("reads", "code") for entry in stage[kind]]


def _hashed(entry: dict[str, Any]) -> str:
    return f"{entry['path']}  md5 {entry['md5']}: {entry['state']}"


def _parameter(parameter: dict[str, Any]) -> str:
    meaning = f"{parameter['meaning']} ({parameter['stage']})"
    said = f"{parameter['name']} = {parameter['value']} {parameter['unit']}: {meaning}"
    rows = [f"{row['path']}, line {row['line']} ({row['id']}, {row['source']})" for row in parameter["rests_on"]]
    return f"{said}; as in {'; '.join(rows)}" if rows else said


def _table(table: dict[str, Any]) -> list[str]:
    lines = [f"{table['path']}: {table['rows_used']} of {table['rows']} rows, lines {table['lines']}"]
    if table["rows_not_used"]:
        lines.append(f"  same source, not used: {table['rows_not_used']} rows, lines {table['lines_not_used']}")
    hashes = [f"{kind} {table[kind]}" for kind in ("md5", "sha256") if table.get(kind)]
    lines += [f"  {', '.join(hashes)}: {table['state']}"] if hashes else []
    return lines + ([f"  {table['what_was_done']}"] if table.get("what_was_done") else [])


def _source(source: dict[str, Any]) -> list[str]:
    if "publisher" not in source:
        return [f"{source['id']}: {source['title']}"]
    licence = source["licence"]["name"] + ("" if source["licence"].get("confirmed") else " (not confirmed)")
    return [
        f"{source['id']}: {source['title']} ({source['publisher']}, {source['year']})",
        f"  cite as: {source['citation']}",
        f"  licence: {licence}; may be passed on: {source['redistribute']}",
        f"  read as {source['read_as']} on {source['date_read'] or 'a day not recorded'}: {_read_at(source)}",
        f"  address: {source['url'] or 'not recorded'}",
        f"  file read: {source['file_read'] or 'not kept; a page or an excerpt was read'}",
    ]


def _read_at(source: dict[str, Any]) -> str:
    """Where a source was read: a copy with what was read there, or its own address."""
    if "read_at" not in source:
        return "at its address, or in a stored excerpt of it" if source["url"] else "where is not recorded"
    return "in a copy, " + ", ".join(filter(None, source["read_at"].values()))
