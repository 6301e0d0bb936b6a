"""Hostile inputs, and laws that are easy to break: bad values, damaged files, half intervals."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.kit.data.contracts import Column, ContractError, Table, read_clean, validate, write_clean
from pipeline.kit.language import Text, format_number
from pipeline.kit.publish.estimates import Estimate, EstimateError, Prose, load_estimates, save_estimates
from pipeline.kit.publish.keys import Key
from pipeline.params import ParameterError, load_params
from pipeline.study.causes import attribution
from pipeline.study.prices import clean
from pipeline.study.statistics import rules

T = Table(
    "t",
    "T",
    ("k",),
    (
        Column("k", "text", "K"),
        Column("x", "number", "X", "ha", 0.0),
        Column("b", "flag", "B"),
        Column("c", "text", "C", values=("a",), may_be_missing=True),
    ),
)


def frame(**changes):
    return pd.DataFrame({"k": ["1", "2"], "x": [1.0, 2.0], "b": [True, False], "c": ["a", None]} | changes)


def test_png_rainfall_is_flagged_as_infilled():
    climate = clean.climate()
    png = climate[(climate["iso3"] == "PNG") & climate["year"].between(1996, 2023)]
    assert png["is_infilled"].any()


def test_practice_that_brings_nothing_holds_nothing_back():
    gains = {"fertilizer": 0.0, "pod_borer": 0.2, "technique": 0.2, "knowledge": 0.3}
    found = attribution.shapley(np.array([400.0]), {k: np.array([v]) for k, v in gains.items()}, 1e9)
    assert found["fertilizer"][0] >= -1e-9


def test_removing_one_more_cause_never_lowers_the_yield():
    gains = {
        k: np.array([v]) for k, v in {"fertilizer": 0.0, "pod_borer": 0.2, "technique": 0.2, "knowledge": 0.3}.items()
    }
    less, more = frozenset({"knowledge"}), frozenset({"knowledge", "fertilizer"})
    assert attribution.log_gain(more, gains)[0] >= attribution.log_gain(less, gains)[0]


def test_missing_flag_is_a_violation_not_true():
    with pytest.raises(ContractError):
        validate(T, frame(b=[np.nan, True]))


def test_text_in_a_flag_is_a_violation_not_true():
    with pytest.raises(ContractError):
        validate(T, frame(b=["no", "False"]))


def test_validate_lists_all_violations_at_once():
    with pytest.raises(ContractError) as raised:
        validate(T, frame(k=["1", "1"], x=[-1.0, 2.0], c=["z", "a"]))
    assert "duplicate key" in str(raised.value)


def test_text_in_a_number_does_not_hide_other_violations_and_names_its_row():
    with pytest.raises(ContractError) as raised:
        validate(T, frame(x=["1", "abc"], c=["z", "a"]))
    assert "row 3" in str(raised.value)
    assert "'z'" in str(raised.value)


def test_infinite_number_is_a_violation():
    with pytest.raises(ContractError):
        validate(T, frame(x=[np.inf, 1.0]))


def test_empty_text_is_missing():
    with pytest.raises(ContractError):
        validate(T, frame(k=["", "2"]))


def test_write_clean_returns_the_table_as_it_will_be_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "CLEAN", tmp_path)
    monkeypatch.setenv(paths.STAGING_VARIABLE, str(tmp_path))
    written = write_clean(T, frame(x=[1 / 3, 2 / 3]))
    assert read_clean(T)["x"].tolist() == written["x"].tolist()


def test_carriage_return_in_text_is_a_violation():
    with pytest.raises(ContractError, match="is not text"):
        validate(T, frame(k=["a\rb", "2"]))


def test_production_of_kutai_timur_2025_runs_across_the_break(regions):
    figure = regions.set_index("figure_id").loc["K044"]
    assert figure["is_break"]


def test_change_from_a_copied_year_is_missing(countries):
    series = countries[(countries["iso3"] == "IDN") & (countries["release"] == "latest")]
    change = rules.annual_change(series, "production_t", "country")
    assert change[series["year"] == 2023].isna().all()


def make(**changes):
    base = {
        "key": Key("k"),
        "value": 1.0,
        "unit": "t",
        "basis": "",
        "method": "m",
        "sources": ("a",),
        "n": 1,
        "value_is": "mean",
    }
    return Estimate(**(base | changes))


@pytest.mark.parametrize(
    "interval",
    [
        {"lower": -math.inf, "upper": 0.0, "level": 0.9},
        {"upper": 0.5, "level": 0.9},
        {"lower": 0.0, "upper": 2.0},
        {"level": 0.9},
        {"lower": 0.0, "upper": math.inf, "level": 0.9},
    ],
    ids=["lower -inf", "upper only", "no level", "level only", "upper inf"],
)
def test_estimate_refuses_half_an_interval(interval):
    with pytest.raises(EstimateError):
        make(**interval)


def test_estimates_without_basis_load_without_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    monkeypatch.setenv(paths.STAGING_VARIABLE, str(tmp_path))
    monkeypatch.setenv(paths.STAGE_VARIABLE, "s")
    save_estimates([make()])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_estimates("s")


def test_no_estimates_is_a_clear_error():
    with pytest.raises(EstimateError):
        save_estimates([])


def test_unknown_form_in_prose_is_a_clear_error():
    with pytest.raises(EstimateError):
        Prose([make()]).fill(Text("{k:valu}", ""), "en")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_number_that_cannot_be_printed_is_a_clear_error(value):
    with pytest.raises(ValueError, match="cannot be shown"):
        format_number(value, "en")


def test_parameter_written_twice_is_refused(tmp_path):
    text = paths.PARAMS.read_text(encoding="utf-8").replace("  adoption: 0.5\n", "  adoption: 0.5\n  adoption: 0.6\n")
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError):
        load_params(tmp_path / "p.yaml")


def test_missing_parameter_file_is_a_parameter_error(tmp_path):
    with pytest.raises(ParameterError):
        load_params(tmp_path / "none.yaml")


@pytest.mark.parametrize("damage", ["licence is text", "source is empty", "table is empty", "no source_id"])
def test_damaged_registry_is_a_source_error(raw, damage):
    path = raw / "sources.yaml"
    registry = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    if damage == "licence is text":
        registry["sources"]["rahayu_2015"]["licence"] = "CC BY"
    elif damage == "source is empty":
        registry["sources"]["rahayu_2015"] = None
    elif damage == "table is empty":
        registry["tables"]["costs.csv"] = None
    else:
        table = raw / "costs.csv"
        table.write_text(table.read_text(encoding="utf-8").replace("source_id", "source", 1), encoding="utf-8")
        registry["tables"]["costs.csv"]["sha256"] = sources.sha256(table)
    path.write_text(yaml.dump(registry, Dumper=yaml.CSafeDumper, allow_unicode=True), encoding="utf-8")
    with pytest.raises(sources.SourceError):
        sources.verify()


def test_index_is_the_line_in_the_file(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('a,b\n"one\ntwo",1\nthree,2\n', encoding="utf-8")
    assert sources.read_csv(path).index.tolist() == [2, 4]


def test_byte_order_mark_is_no_part_of_a_name(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("\ufeffa,b\n1,2\n".encode())
    try:
        names = list(sources.read_csv(path))
    except sources.SourceError:
        return
    assert names == ["a", "b"]


def test_quote_that_is_never_closed_is_a_source_error(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,"2\n3,4\n', encoding="utf-8")
    with pytest.raises(sources.SourceError):
        sources.read_csv(path)


def test_last_day_of_a_year_lies_in_it():
    assert clean.date_to_decimal("2019-12-31") < 2020
