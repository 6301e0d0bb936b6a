"""Citations: no raw row gets lost or comes in on the way through columns, lists and files."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit import paths
from pipeline.kit.data import citations, sources, usage
from pipeline.kit.data.contracts import ContractError, read_table, write_table
from pipeline.kit.publish.estimates import Estimate, load_estimates, save_estimates
from pipeline.kit.publish.keys import Key

SOURCES = st.sampled_from(["bps_2021", "faostat", "press_a", "press_b"])
TABLES = st.sampled_from(["local_prices", "effects", "kaltim_statistics"])
OF_ROWS = st.builds("{}@{}:{}".format, SOURCES, TABLES, st.integers(2, 40))
OF_PARAMETERS = st.builds("parameter@params:{}".format, st.sampled_from(["scenarios.adoption", "prices.as_of"]))
WITHOUT_ROW = st.sampled_from(["plot_survey", "prior"])
LISTS = st.lists(OF_ROWS | OF_PARAMETERS | WITHOUT_ROW, min_size=1, max_size=12)


def test_a_file_says_for_each_source_which_rows_of_which_table() -> None:
    cited = "b@prices:7;a@effects:4;parameter@params:scenarios.adoption;a@effects:3;a@effects:9;b@effects:2;prior"
    assert citations.to_columns(cited) == (
        "a;b;parameter;prior",
        "effects:3-4,9;effects:2 prices:7;params:scenarios.adoption;",
    )


@given(LISTS)
def test_what_is_written_is_read_again(cited) -> None:
    again = citations.from_columns(*citations.to_columns(";".join(cited)))
    assert set(again.split(";")) == set(cited)


@given(LISTS, LISTS)
def test_joined_lists_cite_what_each_of_them_does_and_nothing_else(first, second) -> None:
    joined = citations.join(";".join(first), ";".join(second))
    assert joined.split(";") == sorted({*first, *second})


@given(st.sets(st.integers(2, 60), min_size=1))
def test_ranges_hold_exactly_their_lines(lines) -> None:
    text = citations.ranges(map(str, lines))
    ends = [[int(end) for end in part.split("-")] for part in text.split(",")]
    assert {line for span in ends for line in range(span[0], span[-1] + 1)} == lines
    assert all(later[0] > earlier[-1] + 1 for earlier, later in pairwise(ends))


def test_rows_of_parameters_are_no_raw_rows() -> None:
    cited = ["a@effects:3;a@effects:4", "parameter@params:scenarios.adoption", "prior", "b@effects:3"]
    assert citations.rows_in(cited) == {"effects": {"3", "4"}}
    assert citations.count_rows(cited) == 2
    assert citations.sources_in(cited) == ("a", "b", "parameter", "prior")


def test_of_citations_those_of_one_table_are_found() -> None:
    cited = ["a@effects:3;a@arms:3", "parameter@params:scenarios.adoption", "prior", "b@effects:3"]
    assert citations.of_tables(cited, "effects") == ("a@effects:3", "b@effects:3")
    assert citations.of_tables(cited, "effects", "arms") == ("a@arms:3", "a@effects:3", "b@effects:3")
    assert citations.of_tables(cited, "params") == ()


def test_rows_that_do_not_fit_their_sources_are_named() -> None:
    with pytest.raises(ValueError, match="rows 'effects:3' do not fit the sources 'a;b'"):
        citations.from_columns("a;b", "effects:3")


@pytest.mark.parametrize("rows", ["effects:9-3", "effects:1-2,8-8"])
def test_a_range_that_holds_no_rows_is_refused_and_loses_none(rows: str) -> None:
    with pytest.raises(ValueError, match="is no range of rows"):
        citations.from_columns("a", rows)


def test_a_raw_frame_cites_its_own_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "price_id,value,source_id\nX1,5,a\nX2,6,b\n"
    (tmp_path / "prices.csv").write_text(text)
    monkeypatch.setattr(paths, "RAW", tmp_path)
    record = {"sha256": sources.sha256(tmp_path / "prices.csv")}
    monkeypatch.setattr(sources, "load_registry", lambda: {"tables": {"prices.csv": record}, "sources": {}})
    assert list(sources.load_raw("prices", ("value",))["source_id"]) == ["a@prices:2", "b@prices:3"]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A running stage whose results stand where later stages read them."""
    monkeypatch.setenv(paths.STAGE_VARIABLE, "toy")
    monkeypatch.setenv(paths.STAGING_VARIABLE, str(tmp_path))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(usage, "_by_rows", {})
    return tmp_path / "results" / "toy"


def test_a_table_keeps_the_rows_of_each_of_its_rows(stage: Path) -> None:
    frame = pd.DataFrame({"value": [1.5, 2.5], "source_id": ["a@prices:2;b@prices:4", "a@prices:3"]})
    write_table("prices", frame)
    lines = (stage / "tables" / "prices.csv").read_text().splitlines()
    assert lines == ["value,source_id,raw_rows", "1.5,a;b,prices:2;prices:4", "2.5,a,prices:3"]
    pd.testing.assert_frame_equal(read_table("toy", "prices"), frame.astype({"source_id": "str"}))


def test_columns_that_hear_less_keep_citations_of_their_own(stage: Path) -> None:
    own = ["a@prices:2", ""]
    frame = pd.DataFrame({"studies": [1, 0], "value": [1.5, 2.5], "source_id": ["a@prices:2;b@prices:4"] * 2})
    write_table("counted", frame.assign(own_sources=own))
    lines = (stage / "tables" / "counted.csv").read_text().splitlines()
    assert lines == [
        "studies,value,source_id,raw_rows,own_sources,own_raw_rows",
        "1,1.5,a;b,prices:2;prices:4,a,prices:2",
        "0,2.5,a;b,prices:2;prices:4,,",
    ]
    read = read_table("toy", "counted")
    assert list(read) == ["studies", "value", "source_id", "own_sources"]
    assert read["source_id"].tolist() == ["a@prices:2;b@prices:4"] * 2
    assert read["own_sources"].fillna("").tolist() == own


def test_a_table_of_draws_rests_on_all_that_it_is_said_to_cite(stage: Path) -> None:
    draws = pd.DataFrame({"yield_kg_per_ha": [700.0, 710.0]})
    write_table("draws", draws, ["a@prices:2", "a@prices:3;b@prices:4"])
    write_table("others", draws, ["prior"])
    write_table("draws", draws, ["a@prices:2", "b@prices:4"])
    assert (stage / "citations.csv").read_text().splitlines() == [
        "table,source_id,raw_rows",
        "draws,a;b,prices:2;prices:4",
        "others,prior,",
    ]
    with pytest.raises(ContractError, match="table draws must have a column source_id, or cite"):
        write_table("draws", draws)


def test_an_estimate_keeps_its_rows_and_the_warnings_on_them_alone(stage: Path) -> None:
    read = pd.DataFrame(
        {"source_id": ["a@prices:2", "a@prices:3", "b@prices:4"], "warnings": ["press_figure", "secondary", ""]}
    )
    usage.remember(read)
    cites = ("a@prices:2", "b@prices:4", "parameter@params:scenarios.adoption")
    made = Estimate(Key("price"), 5.0, "Rp", "", "mean", cites, 2, value_is="mean")
    save_estimates([made])
    kept = pd.read_csv(stage / "estimates.csv").iloc[0]
    assert kept[["sources", "raw_rows", "warnings"]].tolist() == [
        "a;b;parameter",
        "prices:2;prices:4;params:scenarios.adoption",
        "press_figure",
    ]
    assert load_estimates("toy")["price"].sources == cites
    # What the stage knows travels on with the rows, too.
    usage._by_rows.clear()
    usage.recall("toy")
    assert usage.of(["a@prices:3"]) == ("secondary",)
    assert usage.of(["b@prices:4"]) == ()
    assert usage.on_sources()["a"] == ("press_figure", "secondary")
