"""Columns of result tables and of the data behind figures are described, and what is described is there."""

import csv
from pathlib import Path

import pytest

from pipeline.kit.data.citations import CITING, RAW_ROWS
from pipeline.site.catalogue import Message, messages
from pipeline.site.notebook_tables import translate_cell
from pipeline.study import result_tables

# The columns that a table with an entry among the values has; two have intervals alone.
WITHOUT_VALUE = ("04_yield_gap/yields", "09_attribution/waterfall")
ENDS = ({"value"}, {"lower", "upper"})


def columns(root: Path) -> dict[str, list[str]]:
    """The columns of each file of results by the name of its table."""
    found = {}
    folders = ("*/tables", "*/figures", "data_quality")
    for path in [path for folder in folders for path in root.glob(f"results/{folder}/*.csv")]:
        with path.open(encoding="utf-8", newline="") as file:
            found[result_tables.name(path)] = next(csv.reader(file))
    return found


@pytest.mark.parametrize("language", ["en", "id"])
def test_every_column_of_every_result_table_has_a_meaning_and_a_unit_in_words(fresh: Path, language: str) -> None:
    tables = columns(fresh)
    assert len(tables) > 70
    for table, names in tables.items():
        for name in names:
            said, contract = result_tables.meaning(table, name), result_tables.contracted(name)
            assert said or contract, (table, name)
            if language == "id" and contract and not said:
                assert Message("dictionary", contract.title) in messages(), (table, name)
            translate_cell(result_tables.unit(table, name), "unit", language)


def test_what_is_told_of_columns_is_told_of_columns_that_are_there(fresh: Path) -> None:
    tables = columns(fresh)
    names = {name for listed in tables.values() for name in listed}
    # Two are parts of longer names.
    assert set(result_tables.TEXTS.group("columns")) - names == {"mature_ha"}
    both = {f"{table.split('/')[0]}/{table.split('/')[2]}": listed for table, listed in tables.items()} | tables
    told = {table: set(group) for table, group in result_tables.TEXTS.groups("here").items()}
    told |= {table: told.get(table, set()) | set(chosen) for table, chosen in result_tables.GIVEN.items()}
    told |= {
        table: told.get(table, set()) | ENDS[table in WITHOUT_VALUE] for table in result_tables.TEXTS.groups("values")
    }
    for table, said in told.items():
        assert said <= set(both[table]), table
    assert set(result_tables.VALUES) <= set(both)


def test_values_and_ends_of_intervals_say_of_what_they_are(fresh: Path) -> None:
    ends = {"lower", "value", "upper"}
    listed = {(table, name) for table, names in columns(fresh).items() for name in ends & set(names)}
    assert len(listed) > 80
    said = {place: result_tables.meaning(*place) for place in listed}
    assert [place for place, text in said.items() if text is None or len(text.en.split()) < 5] == []
    # One says that it is a value of what is named in its row.
    quantities = {(place[1], text.en) for place, text in said.items() if text}
    assert len(quantities) > 60, "tables say different things"


def test_what_values_are_is_said_once() -> None:
    here, values = result_tables.TEXTS.groups("here"), result_tables.TEXTS.groups("values")
    twice = {table for table, columns in here.items() if "value" in columns and "value" in values.get(table, ())}
    assert twice == set(), "the words beside the table would hide those of its values"


def test_a_chance_says_of_which_hectare_it_is(fresh: Path) -> None:
    chances = {
        table: result_tables.meaning(table, "chance")
        for table, names in columns(fresh).items()
        if "chance" in names and "predictive" not in table
    }
    assert len(chances) >= 4
    assert [table for table, text in chances.items() if text is None or "hectare" not in text.en] == []


def test_units_follow_the_column_and_the_table() -> None:
    assert result_tables.unit("10_scenarios/tables/cost_curve", "value") == "Rp/kg"
    assert result_tables.unit("10_scenarios/figures/cost_curve", "value") == "thousand Rp/kg"
    assert result_tables.unit("10_scenarios/figures/cost_curve", "start") == "t/yr"
    assert result_tables.unit("10_scenarios/tables/summary", "net_income_idr_per_ha_lower") == "Rp/ha"
    assert result_tables.unit("04_yield_gap/tables/regencies", "berau_production_t") == "t/yr"
    assert result_tables.unit("07_model_pests/tables/chances", "attacked_percent") == "%"
    assert [result_tables.unit("x/tables/y", name) for name in (*CITING, RAW_ROWS, "name")] == [""] * 5


def test_meanings_are_put_together_from_parts() -> None:
    told = result_tables.meaning("13_survey/tables/learned", "prior_lower")
    assert told is not None
    assert "literature alone" in told.en
    assert "pustaka saja" in told.id
    assert "interval_level" in told.en
    draws = result_tables.meaning("13_survey/tables/effects", "training")
    assert draws is not None
    assert draws.en.endswith("Training (field school)")
    assert result_tables.meaning("05_model_evidence/tables/rows", "comparator") is None
    assert result_tables.contracted("comparator") is not None
