"""What the pages of registers show: parameters, sources, conflicts between sources, data dictionary, data quality."""

from typing import Any

import pandas as pd
from markdown_it import MarkdownIt

from pipeline import paths, sources, usage
from pipeline.contracts import Column
from pipeline.language import LANGUAGES, Text
from pipeline.lineage import read_stages
from pipeline.params import describe, load_params
from pipeline.publish.site.catalogue import messages, translate
from pipeline.publish.site.glossary import in_order
from pipeline.publish.site.numbers import published, shown
from pipeline.publish.site.tables import scrolling, translate_cell
from pipeline.publish.site.words import WORDS
from pipeline.tables import TABLES

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
QUALITY = paths.RESULTS / "data_quality"
# Words of their own: in other tables a gap is the yield gap.
KINDS = {
    "rows": Text("rows", "baris"),
    "gap": Text("empty cells", "sel kosong"),
    "flag": Text("flag", "tanda"),
    "warning": Text("warning", "peringatan"),
    "conflict": Text("conflict", "pertentangan"),
}


def parameters(language: str) -> list[dict[str, Any]]:
    """Every parameter with its present value, unit, bounds, meaning and the stages that use it."""
    values, used = load_params(), read_stages().values()
    rows = []
    for name, about in describe().items():
        section, leaf = name.split(".")
        if "low" in about:
            bounds = " – ".join(shown(about[end], about["unit"], language) for end in ("low", "high"))
        else:
            bounds = translate(about["allowed"], language, "value")
        rows.append(
            {
                "name": name,
                "value": shown(getattr(getattr(values, section), leaf), about["unit"], language),
                "unit": translate_cell(about["unit"], "unit", language),
                "bounds": bounds,
                "meaning": about[language],
                "stages": [stage.name for stage in used if stage.notebook and name in stage.parameters],
            }
        )
    return rows


def source_rows(language: str) -> list[dict[str, Any]]:
    """Every source with citation, licence, how and when it was read, and the tables and warnings on it."""
    return [
        {
            "id": source,
            **{name: record[name] for name in ("title", "publisher", "year", "citation", "url", "date_read")},
            "licence": licence(record["licence"], language),
            "read_as": translate(record["read_as"], language, "value"),
            "redistribute": translate(record["redistribute"], language, "value"),
            "warnings": usage.in_words(usage.of([source]))[language],
        }
        for source, record in sorted(sources.load_registry()["sources"].items())
    ]


def licence(record: dict[str, Any], language: str) -> dict[str, Any]:
    """The licence of a source: its name, said in the language where it is a sentence of ours, and if it is sure."""
    return {**record, "name": translate(record["name"], language, "value")}


def dictionary(language: str) -> list[dict[str, Any]]:
    """Every clean table with its columns, units, bounds and closed lists."""
    return [
        {
            "name": table.name,
            "title": translate(table.title, language, "dictionary"),
            "key": table.key,
            "columns": [_column(column, language) for column in table.columns],
        }
        for table in TABLES
    ]


def warned(language: str) -> dict[str, list[tuple[str, int]]]:
    """Usage warnings on the rows of every clean table, by its name, each with the number of rows."""
    counts = pd.read_csv(QUALITY / "data_quality.csv", keep_default_na=False)
    found: dict[str, list[tuple[str, int]]] = {}
    for row in counts[counts["kind"] == "warning"].itertuples(index=False):
        found.setdefault(row.table, []).append((usage.in_words([row.name])[language], row.number))
    return found


def _column(column: Column, language: str) -> dict[str, Any]:
    bounds = [f"≥ {column.low:g}" if column.low is not None else "", f"≤ {column.high:g}" if column.high else ""]
    return {
        "name": column.name,
        "title": translate(column.title, language, "dictionary"),
        "unit": translate_cell(column.unit, "unit", language),
        "codes": column.values,
        "bounds": " ".join(filter(None, bounds)),
        "may_be_missing": column.may_be_missing,
    }


def conflicts(language: str) -> str:
    """The register of conflicts as HTML: keys of numbers lead to their pages, places have their own names."""
    text = (QUALITY / f"conflicts.{language}.md").read_text(encoding="utf-8")
    for message, translated in messages().items():
        if message.context == "place" and language == "id":
            text = text.replace(message.text, translated)
    return scrolling(_linked(MARKDOWN.render(text)), WORDS["figures"].in_language(language))


def _linked(text: str) -> str:
    for key in published():
        text = text.replace(f"<code>{key}</code>", f'<a href="numbers/{key}.html"><code>{key}</code></a>')
    return text


def quality(language: str) -> list[dict[str, Any]]:
    """Counts of gaps, flags and warnings per clean table."""
    frame = pd.read_csv(QUALITY / "data_quality.csv", keep_default_na=False)
    return [
        {
            "table": row.table,
            "kind": KINDS[row.kind].in_language(language),
            "name": _counted(row.kind, row.name, language),
            "is_column": row.kind in ("gap", "flag"),
            "number": row.number,
        }
        for row in frame.itertuples(index=False)
    ]


def _counted(kind: str, name: str, language: str) -> str:
    if kind == "warning":
        return usage.in_words([name])[language]
    return translate(name, language, "value") if kind == "conflict" else name


def glossary(language: str) -> list[dict[str, str]]:
    """The terms of the field in the order of the alphabet, with their name in the other language."""
    (other,) = (code for code in LANGUAGES if code != language)
    return [
        {
            "name": term.name.in_language(language),
            "other": term.name.in_language(other),
            "meaning": term.meaning.in_language(language),
        }
        for term in in_order(language)
    ]
