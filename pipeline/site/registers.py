"""What the pages of registers show: parameters, sources, conflicts between sources, data dictionary, data quality."""

import csv
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
from markdown_it import MarkdownIt
from markupsafe import Markup

from pipeline.kit import paths
from pipeline.kit.data import sources, usage
from pipeline.kit.data.citations import source_of, sources_in
from pipeline.kit.data.contracts import Column, read_clean
from pipeline.kit.language import LANGUAGES, format_number, read_texts
from pipeline.kit.provenance import releases
from pipeline.kit.provenance.lineage import read_stages
from pipeline.kit.provenance.trace import row_by_id
from pipeline.kit.publish.estimates import TO
from pipeline.params import describe, load_params
from pipeline.site import notebooks, table_pages
from pipeline.site.catalogue import TEXTS, WORDS, messages, translate
from pipeline.site.notebook_tables import scrolling, translate_cell, translate_place
from pipeline.site.numbers import name as name_of
from pipeline.site.numbers import published, shown
from pipeline.study import result_tables
from pipeline.study.evidence.tables import EFFECTS
from pipeline.study.prices.tables import WORLD_PRICES_ANNUAL
from pipeline.study.statistics.tables import COUNTRY_COCOA, REGIONAL_STATISTICS
from pipeline.study.tables import TABLES

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
QUALITY = paths.RESULTS / "data_quality"
# Words of their own: in other tables a gap is the yield gap.
KINDS = TEXTS.group("quality_kinds")
# Definitions only, no figures.
GLOSSARY = read_texts(__file__, "glossary")


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
                "rests_on": [row_by_id(place) for place in about["rests_on"]],
            }
        )
    return rows


def source_rows(language: str) -> list[dict[str, Any]]:
    """Every source with citation, licence, how and when it was read, and the tables and warnings on it."""
    warned = usage.on_sources()
    return [
        {
            "id": source,
            **{name: record[name] for name in ("title", "publisher", "year", "citation", "url", "date_read")},
            "licence": licence(record["licence"], language),
            "read_at": sources.copy_read(record),
            "file_read": sources.file_read(record),
            "read_as": translate(record["read_as"], language, "value"),
            "redistribute": translate(record["redistribute"], language, "value"),
            "warnings": usage.in_words(warned.get(source, ()))[language],
        }
        for source, record in sorted(sources.load_registry()["sources"].items())
    ]


# So many sources stand at the top of the register, and what the record of each is looked at for.
WEIGHTY = 20
LOOKED_FOR = ("publisher", "year", "date_read", "address")


def weighty(language: str) -> list[dict[str, Any]]:
    """The sources that most headline numbers rest on, with how many numbers and rows, and what is not known of them."""
    headline = {key for path in paths.RESULTS.glob("metrics/*.json") for key in json.loads(path.read_text())}
    numbers, rows = Counter[str](), {}  # type: ignore[var-annotated]
    for key in headline & published().keys():
        own = [citation for citation in published()[key].sources if "@" in citation]
        numbers.update({source_of(citation) for citation in own})
        for citation in own:
            rows.setdefault(source_of(citation), set()).add(citation)
    records = sources.load_registry()["sources"]
    order = sorted(numbers.keys() & records.keys(), key=lambda name: (-numbers[name], -len(rows[name]), name))
    return [
        {
            "id": name,
            "title": records[name]["title"],
            "numbers": numbers[name],
            "rows": len(rows[name]),
            "lacking": ", ".join(_lacking(records[name], language)) or "–",
        }
        for name in order[:WEIGHTY]
    ]


def _lacking(record: dict[str, Any], language: str) -> list[str]:
    """What is not recorded of a source, or not confirmed, in words."""
    known = {"publisher": record["publisher"], "year": record["year"], "date_read": record["date_read"]}
    known |= {"address": record["url"], "licence": record["licence"].get("confirmed")}
    return [WORDS[name].in_language(language).lower() for name in (*LOOKED_FOR, "licence") if not known[name]]


def licence(record: dict[str, Any], language: str) -> dict[str, Any]:
    """The licence of a source: its name, said in the language where it is a sentence of ours, and if it is sure.

    The number in a name is that of a version, and the same in every language.
    """
    return {**record, "name": translate(record["name"], language, "licence")}


def changes(language: str) -> dict[str, Any]:
    """What the page of changes since the last release shows; its ``version`` is empty before the first."""
    stated = releases.statements()
    if not stated:
        return {"version": ""}
    before, now = releases.state_of(stated[-1]), releases.present()
    other = sorted({*before.parameters, *now.parameters})
    return {
        "version": stated[-1]["version"],
        "day": stated[-1]["date"],
        "total": len(before.numbers.keys() | now.numbers.keys()),
        "parameters": [
            (name, _value(before, name, language), _value(now, name, language))
            for name in other
            if before.parameters.get(name) != now.parameters.get(name)
        ],
        "sources": [name for name, rows in now.sources.items() if before.sources.get(name) != rows],
        "rows": [_moved(change, language) for change in releases.changes(before, now)],
    }


def _value(state: releases.State, name: str, language: str) -> str:
    """The value of a parameter in a state, empty where that has none."""
    about = describe().get(name, {"unit": "1"})
    return shown(state.parameters[name], about["unit"], language) if name in state.parameters else ""


def _moved(change: releases.Change, language: str) -> dict[str, Any]:
    """A number that moved, as the page shows it; one that is gone has its key alone."""
    known = published().get(change.key)
    share = f"{format_number(change.relative * 100, language, 2)} %" if math.isfinite(change.relative) else ""
    because = change.by_kind()
    kinds = {"parameter": "parameters", "source": "sources", "code": "notebooks"}
    return {
        "key": change.key,
        "name": name_of(known.key.parts, language) if known else "",
        "before": _ends(change.before, language),
        "after": _ends(change.after, language),
        "change": share.replace(" ", "\N{NO-BREAK SPACE}"),
        "because": [
            (WORDS[kinds[kind]].in_language(language).lower(), _few(kind, names)) for kind, names in because.items()
        ],
    }


def _ends(ends: dict[str, float], language: str) -> str:
    shown_ends = {end: format_number(value, language, 3) for end, value in ends.items()}
    interval = f" ({shown_ends['lower']} {TO[language]} {shown_ends['upper']})" if "lower" in ends else ""
    return f"{shown_ends['value']}{interval}" if ends else ""


def _few(kind: str, names: list[str]) -> str:
    """Names of what has changed, of stages their numbers; many sources are counted."""
    if kind == "code":
        return ", ".join(sorted({name[:2] for name in names if name[0].isdigit()}))
    return ", ".join(names) if len(names) <= releases.NAMED else f"{', '.join(names[:2])}, … ({len(names)})"


def dictionary(language: str) -> list[dict[str, Any]]:
    """Every clean table with its columns, units, bounds and closed lists."""
    return [
        {
            "name": table.name,
            "title": translate(table.title, language, "dictionary"),
            "key": table.key,
            "columns": [_column(column, language) for column in table.stored],
        }
        for table in TABLES
    ]


def results(language: str) -> list[dict[str, Any]]:
    """Every result table and the data behind every figure, with the meaning and unit of each column."""
    return [
        {
            "name": table_pages.address(path),
            "path": paths.shown(path),
            "title": notebooks.title(path.parts[-3]).in_language(language),
            "page": table_pages.has_page(path),
            "csv": table_pages.copied(path),
            "columns": [_result_column(result_tables.name(path), name, language) for name in csv_head(path)],
        }
        for path in sorted(table_pages.results())
    ]


def csv_head(path: Path) -> list[str]:
    """The columns of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def _result_column(table: str, name: str, language: str) -> dict[str, Any]:
    said, contract = result_tables.meaning(table, name), result_tables.contracted(name)
    title = (
        said.in_language(language) if said else translate(contract.title, language, "dictionary") if contract else ""
    )
    return {"name": name, "title": title, "unit": translate_cell(result_tables.unit(table, name), "unit", language)}


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
    """The terms of the field, with their name in the other language, as a reader looks them up, in capitals or not."""
    (other,) = (code for code in LANGUAGES if code != language)
    terms = [
        {
            "name": term["name"].in_language(language),
            "other": term["name"].in_language(other),
            "meaning": term["meaning"].in_language(language),
        }
        for term in GLOSSARY.groups("terms").values()
    ]
    return sorted(terms, key=lambda term: term["name"].casefold())


SERIES = TEXTS.group("series")
PRICE_UNITS = {
    "cocoa_usd_per_kg": "USD/kg",
    **dict.fromkeys(("urea_usd_per_t", "tsp_usd_per_t", "kcl_usd_per_t"), "USD/t"),
}


def series(language: str) -> list[dict[str, Any]]:
    """Every time series: name, unit, file, and per year the value and its warnings in words; no gap is filled."""
    cocoa = read_clean(COUNTRY_COCOA)
    latest = cocoa[(cocoa["release"] == "latest") & cocoa["yield_kg_per_ha"].notna()]
    found = [
        _series(
            f"{SERIES['cocoa_yield'].in_language(language)}: {translate_place(str(country), language)}",
            "kg/ha",
            "country_cocoa",
            rows[["year", "yield_kg_per_ha", "warnings"]],
            language,
        )
        for country, rows in latest.groupby("country")
    ]
    prices = read_clean(WORLD_PRICES_ANNUAL).assign(warnings=None)
    for basis, rows in prices.groupby("basis"):
        for column, unit in PRICE_UNITS.items():
            points = rows[["year", column, "warnings"]].dropna(subset=[column])
            label = f"{SERIES[column].in_language(language)} ({translate(str(basis), language, 'value')})"
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
    frame = read_clean(REGIONAL_STATISTICS)
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
            ";".join(sources_in([row.source_id])),
        ]
        for row in frame.itertuples(index=False)
    ]


def effects(language: str) -> list[list[str]]:
    """Effects that trials and surveys have published, one row each."""
    frame = read_clean(EFFECTS)
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
            ";".join(sources_in([row.source_id])),
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
        "statistics": (_heads("statistics_heads", language), statistics(language)),
        "effects": (_heads("effects_heads", language), effects(language)),
    }


def _heads(table: str, language: str) -> list[str]:
    return [head.in_language(language) for head in TEXTS.group(table).values()]
