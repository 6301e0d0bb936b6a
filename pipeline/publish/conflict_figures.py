"""The figures of a conflict, looked up in their tables: value, unit, status, source and usage warnings."""

from dataclasses import dataclass
from functools import cache

import pandas as pd

from pipeline import tables
from pipeline.contracts import read_clean
from pipeline.publish.conflict_kinds import Conflict, Figure, Widest
from pipeline.sources import load_raw

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
    known = {table.name: table for table in tables.TABLES}
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
