"""What the pages of registers show: parameters, sources, conflicts between sources, data dictionary, data quality."""

import json
from typing import Any

import pandas as pd
from markdown_it import MarkdownIt
from markupsafe import Markup

from pipeline import tables
from pipeline.kit import paths
from pipeline.kit.data import sources, usage
from pipeline.kit.data.contracts import Column, read_clean
from pipeline.kit.language import LANGUAGES, Text, format_number
from pipeline.kit.provenance.lineage import read_stages
from pipeline.params import describe, load_params
from pipeline.site import notebooks
from pipeline.site.catalogue import messages, translate
from pipeline.site.glossary import in_order
from pipeline.site.numbers import published, shown
from pipeline.site.tables import scrolling, translate_cell, translate_place
from pipeline.site.words import WORDS
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


YIELD = Text("Cocoa yield on harvested area", "Hasil kakao per luas panen")
PRICES = {
    "cocoa_usd_per_kg": (Text("World price of cocoa", "Harga dunia kakao"), "USD/kg"),
    "urea_usd_per_t": (Text("World price of urea", "Harga dunia urea"), "USD/t"),
    "tsp_usd_per_t": (Text("World price of TSP", "Harga dunia TSP"), "USD/t"),
    "kcl_usd_per_t": (Text("World price of KCl", "Harga dunia KCl"), "USD/t"),
}
BASES = {"nominal": Text("nominal", "nominal"), "real": Text("real", "riil")}
HEADS = (
    *(Text("Place", "Tempat"), Text("Year", "Tahun"), Text("Quantity", "Besaran"), Text("Value", "Nilai")),
    *(Text("Unit", "Satuan"), Text("Warnings", "Peringatan"), Text("Source", "Sumber")),
)
EFFECT_HEADS = (
    *(Text("Measure", "Tindakan"), Text("What was compared", "Yang dibandingkan"), Text("Country", "Negara")),
    *(Text("Outcome", "Hasil yang diukur"), Text("Printed", "Tercetak"), Text("Warnings", "Peringatan")),
    Text("Source", "Sumber"),
)


def series(language: str) -> list[dict[str, Any]]:
    """Every time series: name, unit, file, and per year the value and its warnings in words; no gap is filled."""
    cocoa = read_clean(tables.COUNTRY_COCOA)
    latest = cocoa[(cocoa["release"] == "latest") & cocoa["yield_kg_per_ha"].notna()]
    found = [
        _series(
            f"{YIELD.in_language(language)}: {translate_place(str(country), language)}",
            "kg/ha",
            "country_cocoa",
            rows[["year", "yield_kg_per_ha", "warnings"]],
            language,
        )
        for country, rows in latest.groupby("country")
    ]
    prices = read_clean(tables.WORLD_PRICES_ANNUAL).assign(warnings=None)
    for basis, rows in prices.groupby("basis"):
        for column, (name, unit) in PRICES.items():
            points = rows[["year", column, "warnings"]].dropna(subset=[column])
            label = f"{name.in_language(language)} ({translate(str(basis), language, 'value')})"
            found.append(_series(label, unit, "world_prices_annual", points, language))
    return found


def _series(name: str, unit: str, table: str, rows: pd.DataFrame, language: str) -> dict[str, Any]:
    points = [
        [int(year), float(f"{value:.5g}"), _warnings(warnings, language)]
        for year, value, warnings in rows.sort_values("year", kind="stable").itertuples(index=False)
    ]
    return {"name": name, "unit": unit, "table": table, "points": points}


def _warnings(listed: Any, language: str) -> str:
    return usage.in_words(listed.split(";"))[language] if isinstance(listed, str) else ""


def statistics(language: str) -> list[list[str]]:
    """Published statistics of Indonesia, its provinces and the places of East Kalimantan, one row per figure."""
    frame = read_clean(tables.REGIONAL_STATISTICS)
    return [
        [
            translate_place(row.region, language),
            str(row.year) if row.year == row.year_from else f"{row.year_from}–{row.year}",
            translate(row.quantity, language, "value"),
            format_number(row.value, language, 7),
            translate(row.unit, language, "value")
            if row.unit in ("households", "trees", "workers", "share")
            else row.unit,
            _warnings(row.warnings, language),
            row.source_id,
        ]
        for row in frame.itertuples(index=False)
    ]


def effects(language: str) -> list[list[str]]:
    """Effects that trials and surveys have published, one row each."""
    frame = read_clean(tables.EFFECTS)
    words = frame[["measure", "intervention", "outcome", "printed_unit"]].map(
        lambda text: "" if pd.isna(text) else translate(text, language, "value")
    )
    return [
        [
            said.measure,
            said.intervention,
            "" if pd.isna(row.country) else translate_place(row.country, language),
            said.outcome,
            "" if pd.isna(row.printed_value) else f"{format_number(row.printed_value, language)} {said.printed_unit}",
            _warnings(row.warnings, language),
            row.source_id,
        ]
        for row, said in zip(frame.itertuples(index=False), words.itertuples(index=False), strict=True)
    ]


def context(language: str) -> dict[str, Any]:
    """What the page shows in one language. The series stand in the page as JSON that no parser takes for a tag."""
    data = json.dumps(series(language), ensure_ascii=False, separators=(",", ":"))
    return {
        "series": Markup(data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")),
        "plain": notebooks.block("01_clean_statistics", "indonesia_yield", language)
        + notebooks.block("02_clean_drivers", "world_ratio", language),
        "statistics": ([head.in_language(language) for head in HEADS], statistics(language)),
        "effects": ([head.in_language(language) for head in EFFECT_HEADS], effects(language)),
    }
