"""Judgements on conflicts between sources: probable cause, rule applied, and which answers are touched.

These are the project's readings, not data. Figures are named by key and looked up; no size is typed here.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from pipeline.kit.data.contracts import read_clean
from pipeline.kit.data.sources import load_raw
from pipeline.kit.language import Text, read_texts
from pipeline.study import known_rows
from pipeline.study.tables import TABLES

TEXTS = read_texts(__file__)
EFFECTS = TEXTS.group("effects")
# What several conflicts have in common.
SHARED = TEXTS.group("shared")


@dataclass(frozen=True)
class Figure:
    """One figure of a table: ``where`` gives the columns and values that single out its row."""

    table: str
    column: str
    where: tuple[tuple[str, str | int], ...]


@dataclass(frozen=True)
class Widest:
    """The two figures of a table, alike but for ``side``, that lie furthest apart; ``keys`` tell which are alike.

    ``by`` is ``ratio`` or ``difference``.
    """

    table: str
    column: str
    keys: tuple[str, ...]
    side: str = "release"
    by: str = "ratio"
    where: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class Quotient:
    """An answer by plain division of two figures of the conflict (by position), times ``factor``."""

    above: int
    below: int
    factor: float
    unit: str


@dataclass(frozen=True)
class Conflict:
    """One conflict. ``answers`` holds the answer on each side: keys of published estimates, or quotients.

    ``title``, ``cause``, ``rule`` and ``note`` are the ``words``. ``touches`` names the estimates that rest on the
    figures; ``beside`` figures that only quotients need. The page says which figures lie outside the interval of the
    estimate ``interval``, of the same quantity.
    """

    name: str
    figures: tuple[Figure, ...] | Widest
    effect: str
    words: dict[str, Text]
    answers: tuple[str | Quotient, ...] = ()
    touches: tuple[str, ...] = ()
    beside: tuple[Figure, ...] = ()
    interval: str = ""


def judged(name: str, figures: tuple[Figure, ...] | Widest, effect: str, **more: Any) -> Conflict:
    """A conflict whose words stand in ``text.yaml`` under its name."""
    return Conflict(name, figures, effect, TEXTS.group(f"conflicts.{name}"), **more)


def regional(*ids: str) -> tuple[Figure, ...]:
    """Figures of the clean table of regional statistics."""
    return tuple(Figure("regional_statistics", "value", (("figure_id", name),)) for name in ids)


def prices(*ids: str) -> tuple[Figure, ...]:
    """Figures of the clean table of local prices."""
    return tuple(Figure("local_prices", "price_idr_per_kg", (("price_id", name),)) for name in ids)


def effects(*ids: str) -> tuple[Figure, ...]:
    """Log ratios of the clean table of published effects."""
    return tuple(Figure("effects", "log_ratio", (("effect_id", name),)) for name in ids)


def fao_area(*years: int) -> tuple[Figure, ...]:
    """Cocoa area of Indonesia in the 2022 release of FAOSTAT."""
    alike = (("iso3", "IDN"), ("release", "2022"))
    return tuple(Figure("country_cocoa", "area_harvested_ha", (*alike, ("year", year))) for year in years)


REGENCY = ("kutai_timur.yield_mature", "kutai_timur.area_total")


REGISTER = (
    judged(
        "kutai_timur_area",
        regional(known_rows.KUTAI_TIMUR_AREA_2014, known_rows.KUTAI_TIMUR_AREA_2020, known_rows.KUTAI_TIMUR_AREA_2025),
        "changes",
        answers=("kutai_timur.yield_total.2020", "kutai_timur.yield_total.2025_potential"),
        touches=("kutai_timur.area_2025_is_mature", *REGENCY),
        interval="kutai_timur.area_total",
    ),
    judged(
        "kutai_timur_production_2025",
        regional(known_rows.KUTAI_TIMUR_POTENTIAL_2025, known_rows.PRODUCTION_OF_THE_REGENT_2025),
        "inside",
        answers=("kutai_timur.yield_total.2025_potential", "kutai_timur.yield_total.2025_regent_small_area"),
        touches=("kutai_timur.production", *REGENCY),
        interval="kutai_timur.production",
    ),
    judged(
        "kutai_timur_production_2014",
        regional(known_rows.KUTAI_TIMUR_POTENTIAL_2014_LOW, known_rows.KUTAI_TIMUR_POTENTIAL_2014_HIGH),
        "error",
        touches=("reporting_error.production",),
    ),
    judged(
        "yield_basis",
        tuple(
            Figure("regional_yields", "yield_kg_per_ha", (("yield_id", name),))
            for name in known_rows.YIELDS_EAST_KALIMANTAN_2015
        ),
        "changes",
        answers=("kutai_timur.yield_total.2020", "kutai_timur.yield_mature"),
        touches=("kutai_timur.mature_share", "kutai_timur.gap"),
    ),
    judged(
        "province_production_2020",
        regional(known_rows.PROVINCE_PRODUCTION_2020, known_rows.PROVINCE_PRODUCTION_2020_PRESS),
        "inside",
        answers=(Quotient(0, 2, 1000, "kg/ha"), Quotient(1, 2, 1000, "kg/ha")),
        touches=(*REGENCY, "reporting_error.production"),
        beside=regional(known_rows.PROVINCE_AREA_2020),
    ),
    judged(
        "province_area_2013",
        regional(known_rows.PROVINCE_AREA_2013_AGENCY, known_rows.PROVINCE_AREA_2013_VILLAGE_PAGE),
        "error",
        touches=("reporting_error.area_total",),
    ),
    judged(
        "province_production_2013",
        regional(known_rows.PROVINCE_PRODUCTION_2013_AGENCY, known_rows.PROVINCE_PRODUCTION_2013_VILLAGE_PAGE),
        "error",
        touches=("reporting_error.production",),
    ),
    judged(
        "kutai_barat_area",
        regional(known_rows.KUTAI_BARAT_AREA_2020, known_rows.KUTAI_BARAT_AREA_2024, known_rows.PROVINCE_AREA_2023),
        "not_used",
    ),
    judged(
        "census_trees_2023",
        regional(known_rows.PROVINCE_TREES_2023, known_rows.PROVINCE_AREA_2023, known_rows.PROVINCE_MATURE_TREES_2023),
        "not_used",
        answers=(Quotient(0, 1, 1, "trees/ha"), Quotient(2, 1, 1, "trees/ha")),
    ),
    judged(
        "province_farmers_2023",
        regional(known_rows.PROVINCE_FARMERS_2023_CENSUS, known_rows.PROVINCE_FARMERS_2023_PROVISIONAL),
        "not_used",
        answers=(Quotient(2, 0, 1, "ha/household"), Quotient(2, 1, 1, "ha/household")),
        beside=regional(known_rows.PROVINCE_AREA_2023),
    ),
    judged(
        "berau_area",
        regional(
            known_rows.BERAU_AREA_2019,
            known_rows.BERAU_AREA_2020,
            known_rows.BERAU_AREA_2021_JUNE,
            known_rows.BERAU_AREA_2021_MAY,
            known_rows.BERAU_AREA_2023,
            known_rows.BERAU_AREA_2024,
            known_rows.BERAU_AREA_2025_NOVEMBER,
            known_rows.BERAU_AREA_2025_AUGUST,
        ),
        "inside",
        answers=(Quotient(8, 7, 1000, "kg/ha"), Quotient(8, 6, 1000, "kg/ha")),
        touches=("grower.berau.yield_kg_per_ha", "grower.berau.mature_ha", "reporting_error.area_total"),
        beside=regional(known_rows.BERAU_PRODUCTION_2025),
    ),
    judged("fao_breaks", fao_area(1998, 1999, 2005, 2006, 2008), "unknown"),
    judged("fao_releases", Widest("country_cocoa", "production_t", ("iso3", "country", "year")), "unknown"),
    judged(
        "fao_releases_indonesia",
        Widest("country_cocoa", "production_t", ("iso3", "country", "year"), where=(("iso3", "IDN"),)),
        "unknown",
    ),
    judged(
        "fao_copied_year",
        tuple(
            Figure("country_cocoa", "area_harvested_ha", (("iso3", "IDN"), ("release", "latest"), ("year", year)))
            for year in (2021, 2022)
        ),
        "not_used",
    ),
    judged("oni_releases", Widest("enso", "anomaly_c", ("year", "season"), by="difference"), "unknown"),
    judged(
        "producer_price_releases",
        Widest(
            "raw/faostat_producer_prices",
            "value",
            ("iso3", "country", "year", "quantity"),
            where=(("quantity", "price_usd_per_t"),),
        ),
        "not_used",
    ),
    judged(
        "npk_ceiling_and_market",
        prices(known_rows.NPK_CEILING_KUTAI_TIMUR_2023, known_rows.NPK_SHOP_KUTAI_TIMUR_2023_10),
        "changes",
        answers=("scenario.fertilizer_ceiling.net_income", "scenario.fertilizer_market.net_income"),
        touches=("rupiah_ratio.ceiling_2023", "rupiah_ratio.market_2023"),
    ),
    judged(
        "farm_gate_2024",
        prices(
            known_rows.BEANS_EAST_KALIMANTAN_2024_10_LOW,
            known_rows.BEANS_EAST_KALIMANTAN_2024_10_HIGH,
            known_rows.BEANS_KARANGAN_2024_11,
        ),
        "not_used",
    ),
    judged(
        "pod_borer_damage",
        (
            Figure("effects", "printed_value", (("effect_id", known_rows.LOSS_SABAH_BELOW_60_PERCENT),)),
            Figure("effects", "printed_value", (("effect_id", known_rows.LOSS_SABAH_AT_90_PERCENT),)),
            Figure("pest_reports", "value_low", (("report_id", known_rows.LOSS_ACEH_TIMUR),)),
        ),
        "changes",
        answers=("pod_borer.loss_there.sabah", "pod_borer.loss_there.aceh"),
        touches=("loss.pod_borer", "loss.all"),
    ),
    judged(
        "pruning_trials",
        effects(known_rows.SHADE_TREES_PRUNED_BOLIVIA, known_rows.WILD_CACAO_PRUNED_BOLIVIA),
        "not_used",
    ),
    judged(
        "bean_price_end_of_2025",
        prices(
            known_rows.BEANS_EAST_KALIMANTAN_2025_12_LOW,
            known_rows.BEANS_EAST_KALIMANTAN_2025_12_HIGH,
            known_rows.BEANS_BERAU_2025_11_LOW,
            known_rows.BEANS_BERAU_2025_11_HIGH,
            known_rows.BEANS_BULUNGAN_2026_01,
            known_rows.BEANS_INDONESIA_2026_01,
        ),
        "changes",
        answers=("scenario.fertilizer_ceiling.net_income", "scenario.fertilizer_ceiling.net_income_berau"),
        touches=("price.cocoa", "price.cocoa_least", "price.cocoa_most"),
    ),
    judged(
        "shade_trials",
        effects(known_rows.SHADE_CANOPY_GHANA, known_rows.SHADE_TRIAL_TAFO),
        "inside",
        touches=("mean_effect.shade", "harm.shade"),
    ),
)


UNITS = {"price_idr_per_kg": "Rp/kg", "area_harvested_ha": "ha", "production_t": "t", "anomaly_c": "°C"}
UNITS |= {"log_ratio": "log ratio", "yield_kg_per_ha": "kg/ha", "value": "USD/t"}


@dataclass(frozen=True)
class Found:
    """A figure as its table has it."""

    name: str
    value: float
    unit: str
    status: str
    source_id: str
    warnings: tuple[str, ...]


@cache
def load_table(name: str) -> pd.DataFrame:
    """A clean table, or a raw one by ``raw/NAME`` where cleaning keeps one release only."""
    if name == "raw/faostat_producer_prices":
        return load_raw("faostat_producer_prices", ("year", "value")).astype({"year": int})
    known = {table.name: table for table in TABLES}
    return read_clean(known[name])


def look_up(figure: Figure) -> Found:
    """The one row that the figure names; raises ``KeyError`` when there is none, or more."""
    frame = load_table(figure.table)
    for column, value in figure.where:
        frame = frame[frame[column] == value]
    if len(frame) != 1 or pd.isna(frame[figure.column].iloc[0]):
        raise KeyError(f"{figure.table}: {len(frame)} rows with a {figure.column} have {dict(figure.where)}")
    return _found(figure.table, figure.column, frame.iloc[0], figure.where)


def _found(table: str, column: str, row: pd.Series, where: tuple[tuple[str, str | int], ...]) -> Found:
    known = ("region", "country", "place", "year", "season", "date_from")
    parts = [str(row[key]) for key in known if key in row and pd.notna(row[key])]
    key = " ".join(str(value) for _, value in where)
    unit = row.get("unit", "%" if column == "printed_value" else UNITS.get(column, ""))
    status = row.get("status", row.get("confidence", ""))
    name = f"{table.removeprefix('raw/')}: {key} ({', '.join(parts)})"
    shown = "" if pd.isna(status) else str(status)
    return Found(name, float(row[column]), str(unit), shown, str(row["source_id"]), _warnings(row))


def _warnings(row: pd.Series) -> tuple[str, ...]:
    listed = row.get("warnings")
    return tuple(filter(None, listed.split(";"))) if isinstance(listed, str) else ()


def widest(pair: Widest) -> list[Found]:
    """The two figures that lie furthest apart; zero and missing values have no ratio and are passed over."""
    frame = load_table(pair.table)
    for column, value in pair.where:
        frame = frame[frame[column] == value]
    frame = frame[frame[pair.column].notna() & ((frame[pair.column] > 0) | (pair.by == "difference"))]
    ends = frame.groupby(list(pair.keys))[pair.column].agg(["min", "max"])
    apart = ends["max"] - ends["min"] if pair.by == "difference" else ends["max"] / ends["min"]
    alike = apart.idxmax()
    rows = frame.set_index(list(pair.keys)).sort_index().loc[[alike]].reset_index()
    return [_found(pair.table, pair.column, row, ((pair.side, str(row[pair.side])),)) for _, row in rows.iterrows()]


def figures_of(conflict: Conflict) -> list[Found]:
    """The figures of a conflict, looked up."""
    if isinstance(conflict.figures, Widest):
        return widest(conflict.figures)
    return [look_up(figure) for figure in conflict.figures]
