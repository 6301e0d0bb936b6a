"""What the page for exploring holds: time series to read point by point, and tables to sort and filter."""

import json
from typing import Any

import pandas as pd
from markupsafe import Markup

from pipeline import tables, usage
from pipeline.contracts import read_clean
from pipeline.language import Text, format_number
from pipeline.publish.site import figures
from pipeline.publish.site.catalogue import translate
from pipeline.publish.site.tables import translate_place

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
        for year, value, warnings in rows.sort_values("year").itertuples(index=False)
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
        "plain": figures.block("01_clean_statistics", "indonesia_yield", language)
        + figures.block("02_clean_drivers", "world_ratio", language),
        "statistics": ([head.in_language(language) for head in HEADS], statistics(language)),
        "effects": ([head.in_language(language) for head in EFFECT_HEADS], effects(language)),
    }
