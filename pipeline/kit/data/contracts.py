"""What every clean table must look like: columns, types, units, bounds, keys, allowed gaps.

A contract is data. It validates a table (through pandera), gives the types to read it back, and becomes the
entry of the table in ``datapackage.json``.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
import numpy as np
import pandas as pd
from pipeline.kit import paths
from pipeline.kit.data import citations, usage
from pipeline.kit.digits import SOURCE_DIGITS, rounded_table


KINDS = {"text": "str", "number": "float64", "integer": "Int64", "flag": "bool"}
FRICTIONLESS = {"text": "string", "number": "number", "integer": "integer", "flag": "boolean"}


class ContractError(ValueError):
    """A table that breaks its contract; the message names table, column, row and value of every violation."""


@dataclass(frozen=True)
class Column:
    """One column: ``kind`` is text, number, integer or flag; ``unit`` is empty for what has none."""

    name: str
    kind: str
    title: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    may_be_missing: bool = False


@dataclass(frozen=True)
class Table:
    """One clean table: its columns in order, and the columns that identify a row."""

    name: str
    title: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns of its file: there the rows that each source is cited for stand in a column of their own."""
        place = next((place for place, column in enumerate(self.columns, 1) if column.name in citations.CITING), 0)
        return (*self.columns[:place], RAW_ROWS, *self.columns[place:]) if place else self.columns


STATUS = ("final", "provisional", "estimate", "press", "potential")


def text(name: str, title: str, *values: str, missing: bool = False) -> Column:
    """A text column, with its closed list of values if it has one."""
    return Column(name, "text", title, values=values, may_be_missing=missing)


def number(
    name: str,
    title: str,
    unit: str,
    low: float | None = 0.0,
    high: float | None = None,
    missing: bool = False,
) -> Column:
    """A column of numbers; not below zero unless ``low`` says otherwise."""
    return Column(name, "number", title, unit, low, high, may_be_missing=missing)


def flag(name: str, title: str) -> Column:
    """A yes-or-no column."""
    return Column(name, "flag", title)


def year(name: str = "year", title: str = "Year") -> Column:
    """A year of the modern statistics."""
    return Column(name, "integer", title, "", 1900, 2030)


MONTH = Column("month", "integer", "Month", "", 1, 12)


ISO3 = text("iso3", "Country code, ISO 3166 alpha-3; WLD is the world")


COUNTRY = text("country", "Country")


SOURCE_ID = text("source_id", "Source, key of data/raw/sources.yaml")


RAW_ROWS = Column(citations.RAW_ROWS, "text", "Rows of raw tables, for each source: table and lines", may_be_missing=True)


WARNING = text("warnings", "Usage warnings, separated by semicolons", missing=True)



def validate(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with the columns of the contract, in order and typed; empty text is missing.

    Raises ``ContractError`` that lists all violations: missing or unknown columns, wrong types, values out of
    bounds or not in the closed list, gaps where none are allowed, carriage returns in text, duplicate keys.
    """
    names = [column.name for column in table.columns]
    problems = [f"column {name} is missing" for name in names if name not in frame]
    problems += [f"column {name} is not in the contract" for name in frame if name not in names]
    if not problems:
        frame = frame[names].reset_index(drop=True)
        typed = {column.name: _typed(column, frame[column.name]) for column in table.columns}
        result = pd.DataFrame({name: values for name, (values, _) in typed.items()})
        kinds = {column.name: column.kind for column in table.columns}
        wrong = {name: rows for name, (_, rows) in typed.items() if rows}
        problems = [
            _problem(table, frame, name, row, f"is not {kinds[name]}") for name, rows in wrong.items() for row in rows
        ]
        problems += _violations(table, result, wrong) + _duplicates(table, result)
    if problems:
        raise ContractError(f"table {table.name}: {len(problems)} violation(s):\n  " + "\n  ".join(problems))
    return result


def _typed(column: Column, values: pd.Series) -> tuple[pd.Series, list[int]]:
    """The column in its type, and the rows whose value has another one (missing in the result)."""
    if column.kind == "flag":
        good = values.map(lambda value: isinstance(value, bool | np.bool_)).astype(bool)
        return values.where(good, False).astype(bool), list(values.index[~good])
    if column.kind == "text":
        text = values.astype("str").mask(values.isna() | (values == ""))
        return text, list(values.index[text.str.contains("\r", na=False)])
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    good = values.isna() | (np.isfinite(numbers) & ((column.kind == "number") | (numbers % 1 == 0)))
    return numbers.where(good).astype(KINDS[column.kind]), list(values.index[~good])


def _violations(table: Table, frame: pd.DataFrame, wrong: dict[str, list[int]]) -> list[str]:
    # pandera takes half a second to import, and stages that only read clean tables do not need it.
    from pandera.errors import SchemaErrors

    try:
        _schema(table).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = [
            case
            for case in error.failure_cases.to_dict("records")
            if case["index"] not in wrong.get(case["column"], [])
        ]
        return [_problem(table, frame, case["column"], case["index"], f"fails {case['check']}") for case in cases]
    return []


@cache
def _schema(table: Table) -> Any:
    import pandera.pandas as pa

    def checks(column: Column) -> list[Any]:
        found = [pa.Check.ge(column.low)] if column.low is not None else []
        found += [pa.Check.le(column.high)] if column.high is not None else []
        return found + ([pa.Check.isin(column.values)] if column.values else [])

    columns = {
        column.name: pa.Column(KINDS[column.kind], checks(column), nullable=column.may_be_missing)
        for column in table.columns
    }
    return pa.DataFrameSchema(columns)


def _problem(table: Table, frame: pd.DataFrame, column: str, row: int, what: str) -> str:
    """Where a violation is, as a reader of the CSV file counts rows, and the value that breaks the contract."""
    key = ", ".join(f"{name}={frame.at[row, name]}" for name in table.key)
    value = frame.at[row, column]
    shown = value.item() if isinstance(value, np.generic) else value
    return f"column {column}, row {row + 2} ({key}): {shown!r} {what}"


def _duplicates(table: Table, frame: pd.DataFrame) -> list[str]:
    repeated = frame[frame.duplicated(list(table.key), keep=False)]
    keys = (", ".join(map(str, row)) for row in repeated[list(table.key)].to_numpy())
    where = f"column {'+'.join(table.key)}"
    return [f"{where}, row {row + 2}: duplicate key {key}" for row, key in zip(repeated.index, keys, strict=True)]


def write_clean(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Validate a table, sort it by its key and write it as CSV; returns it as it will be read back.

    Figures are restated as printed, without the dust of binary fractions.
    """
    valid = rounded_table(validate(table, frame).sort_values(list(table.key), kind="stable"), SOURCE_DIGITS)
    path = paths.output(paths.CLEAN / f"{table.name}.csv")
    citations.to_stored(valid).to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
    return _read(table, path)


def read_clean(table: Table) -> pd.DataFrame:
    """Read a clean table with the types of its contract; its sources cite the raw rows of each row."""
    return _read(table, paths.CLEAN / f"{table.name}.csv")


def _read(table: Table, path: Path) -> pd.DataFrame:
    types = {column.name: KINDS[column.kind] for column in table.stored}
    frame = citations.from_stored(pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""]))
    usage.remember(frame)
    return frame


def datapackage(tables: list[Table], name: str, title: str) -> str:
    """Frictionless Data Package that describes the clean tables, as JSON text."""
    resources = [
        {
            "name": table.name,
            "type": "table",
            "title": table.title,
            "path": f"{table.name}.csv",
            "scheme": "file",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "schema": {"fields": [_field(column) for column in table.stored], "primaryKey": list(table.key)},
        }
        for table in tables
    ]
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name,
        "title": title,
        "resources": resources,
    }
    return json.dumps(package, indent=1, ensure_ascii=False) + "\n"


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.may_be_missing else {"required": True}
    constraints |= {"minimum": column.low} if column.low is not None else {}
    constraints |= {"maximum": column.high} if column.high is not None else {}
    constraints |= {"enum": list(column.values)} if column.values else {}
    if column.kind == "integer":
        constraints |= {bound: int(constraints[bound]) for bound in ("minimum", "maximum") if bound in constraints}
    return {
        "name": column.name,
        "type": FRICTIONLESS[column.kind],
        "title": column.title,
        **({"unit": column.unit} if column.unit else {}),
        "constraints": constraints,
    }


def write_table(name: str, frame: pd.DataFrame, cites: Iterable[str] = ()) -> pd.DataFrame:
    """Write a result table of the running stage as CSV; returns it as written, its numbers rounded.

    A table without a column of citations rests on what it ``cites`` as a whole, which ``results/STAGE/citations.csv``
    keeps. Raises ``ContractError`` when it has neither.
    """
    path = paths.output(paths.tables(paths.stage()) / f"{name}.csv")
    usage.remember(frame)
    written = rounded_table(frame)
    citations.to_stored(written).to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
    if not citations.citing(frame):
        _keep_citations(name, citations.join(*cites))
    return written


def _keep_citations(name: str, cited: str) -> None:
    if not cited:
        raise ContractError(f"table {name} must have a column source_id, or cite what it rests on as a whole")
    path = paths.output(paths.citations(paths.stage()))
    own = citations.to_stored(pd.DataFrame({"table": [name], "source_id": [cited]}))
    others = pd.read_csv(path, dtype="str", keep_default_na=False) if path.exists() else own[:0]
    kept = pd.concat([others[others["table"] != name], own]).sort_values("table")
    kept.to_csv(path, index=False, lineterminator="\n")


def read_table(stage: str, name: str) -> pd.DataFrame:
    """Read a result table of a stage; if it has a column of sources, they cite raw rows."""
    return citations.from_stored(pd.read_csv(paths.tables(stage) / f"{name}.csv"))


def row(table: pd.DataFrame, key: str) -> pd.Series:
    """The row with the identifier ``key``, which stands in the first column of every table of figures.

    Raises ``ValueError`` when the table does not have exactly one such row.
    """
    found = table[table.iloc[:, 0] == key]
    if len(found) != 1:
        raise ValueError(f"{len(found)} rows have {table.columns[0]} {key}; one is needed")
    return found.iloc[0]


def ends(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows with the least and with the greatest value of a column."""
    return table[table[column].isin([table[column].min(), table[column].max()])]


def sources_of_rows(table: pd.DataFrame, *keys: str) -> tuple[str, ...]:
    """What the figures with these keys cite."""
    return tuple(str(row(table, key)["source_id"]) for key in keys)
