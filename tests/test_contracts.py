"""Contracts name every violation, and a clean table comes back from disk as it was written."""

import json
import math
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from frictionless import Package
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.data.contracts import (
    KINDS,
    Column,
    ContractError,
    Table,
    datapackage,
    read_clean,
    validate,
    write_clean,
)
from pipeline.kit.data.usage import WARNINGS
from pipeline.study.evidence import clean as evidence_clean
from pipeline.study.prices import clean
from pipeline.study.statistics import clean as statistics_clean
from pipeline.study.tables import TABLES

PLOTS = Table(
    "plots",
    "Made up for these tests",
    ("plot", "year"),
    (
        Column("plot", "text", "Plot"),
        Column("year", "integer", "Year", "", 1900, 2030),
        Column("area_ha", "number", "Area", "ha", 0.0, 100.0),
        Column("yield_kg_per_ha", "number", "Yield", "kg/ha", may_be_missing=True),
        Column("shade", "text", "Shade", values=("none", "heavy"), may_be_missing=True),
        Column("is_mature", "flag", "Mature"),
    ),
)


def plots(**changes) -> pd.DataFrame:
    columns = {
        "plot": ["a", "b", "c"],
        "year": [2020, 2020, 2021],
        "area_ha": [1.0, 2.5, 0.0],
        "yield_kg_per_ha": [410.0, np.nan, 0.0],
        "shade": ["none", None, "heavy"],
        "is_mature": [True, False, True],
    }
    return pd.DataFrame(columns | changes)


def message(frame: pd.DataFrame, table: Table = PLOTS) -> str:
    with pytest.raises(ContractError) as raised:
        validate(table, frame)
    return str(raised.value)


# The declared tables.


def test_table_names_are_unique():
    assert len({table.name for table in TABLES}) == len(TABLES)


def test_every_declared_table_is_in_the_list():
    declared = [
        value
        for question in ("statistics", "prices", "evidence")
        for value in vars(import_module(f"pipeline.study.{question}.tables")).values()
        if isinstance(value, Table)
    ]
    assert {id(table) for table in declared} == {id(table) for table in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_declared_table_is_complete(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert table.title
    assert table.key
    assert set(table.key) <= set(names)
    assert not [column.name for column in table.columns if column.name in table.key and column.may_be_missing]
    assert "source_id" in names or "source_ids" in names
    for column in table.columns:
        assert column.title, column.name
        assert column.kind in KINDS, column.name
        assert column.unit or column.kind != "number", f"{column.name} is a number without a unit"
        assert column.low is None or column.high is None or column.low < column.high, column.name
        assert len(set(column.values)) == len(column.values), column.name
        assert column.name.startswith(("is_", "has_")) == (column.kind == "flag"), column.name


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("regional_statistics", statistics_clean.regional_statistics),
        ("boundaries", statistics_clean.boundaries),
        ("world_prices", lambda: clean.world_prices(46.0)),
        ("world_prices_annual", clean.world_prices_annual),
        ("local_prices", lambda: clean.local_prices(1.6)),
        ("subsidy_rules", clean.subsidy_rules),
        ("exchange_cpi", clean.exchange_cpi),
        ("producer_prices", clean.producer_prices),
        ("input_use", clean.input_use),
        ("climate", clean.climate),
        ("enso", clean.enso),
        ("nino34", clean.nino34),
        ("effects", lambda: evidence_clean.effects(0.9)),
        ("shade_trial", evidence_clean.shade_trial),
        ("baselines", evidence_clean.baselines),
        ("costs", evidence_clean.costs),
        ("pest_reports", evidence_clean.pest_reports),
        ("programme_context", evidence_clean.programme_context),
    ],
)
def test_table_made_from_the_real_sources_keeps_its_contract(name, make):
    table = next(table for table in TABLES if table.name == name)
    valid = validate(table, make())
    assert len(valid)
    if "warnings" in valid:
        used = {warning for cell in valid["warnings"].dropna() for warning in cell.split(";") if warning}
        assert used <= set(WARNINGS)


# Violations.


def test_good_table_passes_in_the_order_and_types_of_the_contract():
    mixed = plots().iloc[:, ::-1]
    valid = validate(PLOTS, mixed)
    assert list(valid) == [column.name for column in PLOTS.columns]
    assert valid.dtypes.astype(str).to_dict() == {column.name: KINDS[column.kind] for column in PLOTS.columns}


def test_value_violations_are_listed_together_with_column_row_key_and_value():
    text = message(plots(plot=["a", None, "c"], area_ha=[-1.0, 2.5, 101.0], shade=["full", None, "none"]))
    assert text.startswith("table plots: 4 violation(s)")
    assert "column area_ha, row 2 (plot=a, year=2020): -1.0" in text
    assert "column area_ha, row 4 (plot=c, year=2021): 101.0" in text
    assert "column shade, row 2 (plot=a, year=2020): 'full'" in text
    assert "column plot, row 3" in text


def test_missing_where_not_allowed_is_named():
    assert "column area_ha, row 3 (plot=b, year=2020): nan fails not_nullable" in message(plots(area_ha=[1, None, 2]))


def test_text_in_a_number_is_named():
    text = message(plots(area_ha=["1", "two hectares", "3"]))
    assert "table plots" in text
    assert "column area_ha" in text
    assert "two hectares" in text


@pytest.mark.parametrize("year", [2020.5, "last", "2020.5"])
def test_year_that_is_no_whole_number_is_named(year):
    text = message(plots(year=pd.Series([2020, year, 2021], dtype="object")))
    assert "column year, row 3" in text
    assert f"{year!r} is not integer" in text


def test_mistyped_columns_are_all_listed():
    text = message(plots(area_ha=["x", 1, 2], year=["y", 1, 2]))
    assert "column area_ha" in text
    assert "column year" in text


def test_duplicate_key_names_both_rows():
    text = message(plots(plot=["a", "a", "a"]))
    assert "column plot+year, row 2: duplicate key a, 2020" in text
    assert "column plot+year, row 3: duplicate key a, 2020" in text
    assert "row 4" not in text


def test_unknown_and_missing_columns_are_all_named():
    text = message(plots().rename(columns={"shade": "shadow"}).drop(columns="area_ha"))
    assert text.startswith("table plots: 3 violation(s)")
    for part in ("column area_ha is missing", "column shade is missing", "column shadow is not in the contract"):
        assert part in text


def test_violations_are_found_whatever_the_index_of_the_frame():
    frame = plots(area_ha=[1.0, -2.0, 3.0]).set_index(pd.Index([7, 7, 7]))
    assert "row 3 (plot=b, year=2020): -2.0" in message(frame)


def test_validation_leaves_the_given_frame_alone():
    frame = plots()
    before = frame.copy(deep=True)
    validate(PLOTS, frame)
    pd.testing.assert_frame_equal(frame, before)


# Round trips.

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
HOSTILE = st.sampled_from(
    ['"', ",", "a,b", "\n", "NA", "nan", "None", "null", "True", "1.0", " x ", "Kutai Timur;Berau"]
)
POSITIVE = st.floats(0, 100, allow_subnormal=False)
ROWS = st.lists(
    st.tuples(
        TEXT | HOSTILE,
        st.integers(1900, 2030),
        POSITIVE,
        st.none() | st.floats(0, 1e12, allow_subnormal=False),
        st.sampled_from(["none", "heavy", None]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[:2],
)


def as_frame(rows) -> pd.DataFrame:
    names = [column.name for column in PLOTS.columns]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({"yield_kg_per_ha": "float64"})


@given(ROWS)
def test_validation_changes_nothing_the_second_time(rows):
    once = validate(PLOTS, as_frame(rows))
    pd.testing.assert_frame_equal(validate(PLOTS, once), once)


@given(ROWS)
def test_clean_table_comes_back_as_it_was_written(project, rows):
    written = write_clean(PLOTS, as_frame(rows))
    back = read_clean(PLOTS)
    pd.testing.assert_frame_equal(back, written, rtol=1e-9, atol=0)
    exact = ["plot", "year", "shade", "is_mature"]
    pd.testing.assert_frame_equal(back[exact], written[exact])


@given(ROWS)
def test_clean_table_written_again_is_the_same_file(project, rows):
    write_clean(PLOTS, as_frame(rows))
    path = project / "data" / "clean" / "plots.csv"
    first = path.read_bytes()
    write_clean(PLOTS, read_clean(PLOTS))
    assert path.read_bytes() == first


@given(ROWS)
def test_order_of_the_rows_given_does_not_reach_the_file(project, rows):
    path = project / "data" / "clean" / "plots.csv"
    write_clean(PLOTS, as_frame(rows))
    first = path.read_bytes()
    write_clean(PLOTS, as_frame(rows[::-1]))
    assert path.read_bytes() == first


def test_zero_and_missing_stay_apart_on_disk(project):
    write_clean(PLOTS, plots())
    back = read_clean(PLOTS).set_index("plot")["yield_kg_per_ha"]
    assert math.isnan(back["b"])
    assert back["c"] == 0.0


def test_table_that_breaks_its_contract_is_not_written(project):
    path = project / "data" / "clean" / "plots.csv"
    path.unlink(missing_ok=True)
    with pytest.raises(ContractError):
        write_clean(PLOTS, plots(area_ha=[-1, 1, 1]))
    assert not path.exists()


# The data package.


def test_datapackage_of_all_tables_is_valid():
    descriptor = json.loads(datapackage(TABLES, "tables", "Tables"))
    package = Package.from_descriptor(descriptor)
    assert [resource.name for resource in package.resources] == [table.name for table in TABLES]
    assert descriptor["$schema"].endswith("/2.0/datapackage.json")


def test_frictionless_accepts_a_table_that_was_written(project, monkeypatch):
    write_clean(PLOTS, plots())
    monkeypatch.chdir(project / "data" / "clean")
    report = Package.from_descriptor(json.loads(datapackage([PLOTS], "tables", "Tables"))).validate()
    assert report.valid, report.flatten(["title", "note"])


@pytest.mark.parametrize(
    ("old", "new"),
    [("a,2020", "b,2020"), ("none", "full"), ("2.5", "-2.5"), ("True", "maybe"), ("2.5", "")],
    ids=["key", "list", "bound", "flag", "missing"],
)
def test_frictionless_finds_what_the_contract_forbids(project, monkeypatch, old, new):
    write_clean(PLOTS, plots())
    folder = project / "data" / "clean"
    text = (folder / "plots.csv").read_text(encoding="utf-8")
    assert old in text
    (folder / "plots.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.chdir(folder)
    assert not Package.from_descriptor(json.loads(datapackage([PLOTS], "tables", "Tables"))).validate().valid
