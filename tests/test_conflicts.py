"""The register of conflicts: every entry points to what exists, sizes come from the tables, nothing is left out."""

import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest

from pipeline import params
from pipeline.kit.language import Text
from pipeline.kit.publish.estimates import EstimateError
from pipeline.study.quality import page, register
from pipeline.study.quality.register import EFFECTS, REGISTER, Figure, Widest, regional

# Figures are looked up in the results of a run of the whole pipeline.
pytestmark = pytest.mark.usefixtures("reproduced_module")
BY_NAME = {entry.name: entry for entry in REGISTER}


@pytest.fixture(scope="module")
def estimates(reproduced_module: Path) -> dict:
    return page.published()


@pytest.fixture(scope="module")
def table(reproduced_module: Path) -> pd.DataFrame:
    return page.register()[0].set_index("conflict")


@pytest.mark.parametrize("entry", REGISTER, ids=lambda entry: entry.name)
def test_every_entry_points_to_figures_and_estimates_that_exist(entry: page.Conflict, estimates: dict) -> None:
    row = page.record(entry, estimates)
    assert int(str(row["n_figures"])) >= 2
    assert entry.effect in EFFECTS
    assert not entry.interval or entry.interval in estimates


def test_an_entry_for_what_is_gone_fails(estimates: dict) -> None:
    entry = BY_NAME["province_production_2020"]
    with pytest.raises(KeyError, match="K999"):
        page.record(dataclasses.replace(entry, figures=regional("K016", "K999")), estimates)
    with pytest.raises(KeyError, match="no_such_key"):
        page.record(dataclasses.replace(entry, touches=("no_such_key",)), estimates)
    with pytest.raises(KeyError, match="no_such_key"):
        page.record(dataclasses.replace(entry, answers=("no_such_key",)), estimates)
    with pytest.raises(EstimateError, match="no_such_key"):
        page.record(
            dataclasses.replace(entry, words=entry.words | {"note": Text(en="{no_such_key}", id="")}), estimates
        )


def test_a_figure_that_names_several_rows_is_refused() -> None:
    with pytest.raises(KeyError, match="rows"):
        register.look_up(Figure("regional_statistics", "value", (("region", "Berau"),)))


def test_figures_carry_the_warnings_of_their_rows(table: pd.DataFrame) -> None:
    rows = register.load_table("regional_statistics").set_index("figure_id")["warnings"]
    (figure,) = map(register.look_up, regional("K032"))
    assert ";".join(figure.warnings) == rows["K032"] != ""
    row = table.loc["kutai_timur_area"]
    assert set(row["warnings"].split(";")) == {
        word for name in ("K032", "K038", "K043") for word in rows[name].split(";")
    }
    unwarned = table[table["figures"].str.startswith("raw/") | table["figures"].str.startswith("faostat")]
    assert not unwarned["warnings"].any()


def test_every_conflict_found_by_comparing_figures_is_listed_once(table: pd.DataFrame) -> None:
    listed = [set(re.findall(r"regional_statistics: (\w+)", figures)) for figures in table["figures"]]
    for ids in register.load_table("conflicts")["figure_ids"]:
        assert sum(set(ids.split(";")) <= group for group in listed) == 1, ids
    assert table.index.is_unique


def test_sizes_are_those_of_the_tables(table: pd.DataFrame) -> None:
    found = register.load_table("conflicts").set_index("figure_ids")
    row = found.loc["K016;K014"]
    assert table.loc["province_production_2020", "ratio"] == pytest.approx(row["ratio"])
    # The releases of ONI differ by up to 0.26 degC; Ecuador's prices were about 25 times too low.
    assert table.loc["oni_releases", "difference"] == pytest.approx(0.26)
    assert 20 < table.loc["producer_price_releases", "ratio"] < 30
    assert pd.isna(table.loc["census_trees_2023", "ratio"])


def test_the_widest_pair_is_the_widest() -> None:
    pair = BY_NAME["oni_releases"].figures
    assert isinstance(pair, Widest)
    enso = register.load_table("enso").pivot(index=["year", "season"], columns="release", values="anomaly_c")
    low, high = sorted(figure.value for figure in register.widest(pair))
    assert high - low == pytest.approx((enso.max(axis=1) - enso.min(axis=1)).max())


def test_answers_by_division_are_the_figures_divided(table: pd.DataFrame) -> None:
    values = [float(text) for text in table.loc["province_production_2020", "answer_values"].split(";")]
    tonnes = [figure.value for figure in register.figures_of(BY_NAME["province_production_2020"])]
    hectares = register.look_up(regional("K015")[0]).value
    assert values == pytest.approx([1000 * t / hectares for t in tonnes], rel=1e-5)


def test_figures_outside_an_interval_are_named(estimates: dict) -> None:
    entry = BY_NAME["kutai_timur_production_2025"]
    found = register.figures_of(entry)
    key = entry.interval
    wide = {**estimates, key: dataclasses.replace(estimates[key], lower=0.0, upper=1e6)}
    narrow = {**estimates, key: dataclasses.replace(estimates[key], value=1400.0, lower=1400.0, upper=1400.0)}
    assert page.outside(entry, found, wide) == []
    assert [figure.value for figure in page.outside(entry, found, narrow)] == [765]


def test_no_figure_of_a_conflict_stands_typed_in_its_words_and_parameters_exist() -> None:
    for entry in REGISTER:
        values = {f"{int(figure.value)}" for figure in register.figures_of(entry) if figure.value > 100}
        for text in (entry.words["cause"], entry.words["rule"], entry.words["note"]):
            for words in (text.en, text.id):
                assert not values & set(re.findall(r"\d+", re.sub(r"\{.*?\}|[,.]", "", words))), entry.name
                assert set(re.findall(r"pests\.\w+", words)) <= set(params.describe())


def test_each_page_has_every_conflict_in_its_language() -> None:
    frame, pages = page.register()
    for text in pages.values():
        assert text.count("\n## ") == len(frame)
        assert "{" not in text
    assert "Probable" not in pages["id"]
    assert "Kemungkinan" not in pages["en"]


def test_the_releases_of_ecuadors_prices_draw_together_until_the_dollar_as_the_register_says() -> None:
    prices = register.load_table("raw/faostat_producer_prices")
    prices = prices[(prices["country"] == "Ecuador") & (prices["quantity"] == "price_usd_per_t")]
    wide = prices.pivot(index="year", columns="release", values="value").dropna()
    factor = wide["2025"] / wide["2023"]
    assert factor.loc[:1999].is_monotonic_decreasing
    assert factor.loc[2000:].to_numpy() == pytest.approx(1, abs=0.01)
