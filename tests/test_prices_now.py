"""Prices of one month: which report is the newest, how an old price is carried, and what labels say of their dates."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.data.citations import sources_in
from pipeline.params import describe
from pipeline.site.catalogue import translate
from pipeline.study.prices import clean, prices_now, scope

DRY, FERMENTED, HOME, NORTH = "cocoa_dry_unfermented", "cocoa_dry_fermented", "east_kalimantan", "north_kalimantan"
COLUMNS = ["price_id", "item", "place", "region_group", "market", "date_from", "year_decimal", "price_idr_per_kg"]
REPORTS = pd.DataFrame(
    [
        ("A", DRY, "Berau", HOME, "farm_gate", "2025-11-20", 2025.886, 70000.0),
        ("B", DRY, "East Kalimantan", HOME, "farm_gate", "2025-12-16", 2025.957, 35000.0),
        ("C", DRY, "East Kalimantan", HOME, "farm_gate", "2025-12-16", 2025.957, 38000.0),
        ("D", DRY, "Bulungan", NORTH, "farm_gate", "2026-01-19", 2026.051, 40000.0),
        ("E", FERMENTED, "East Kalimantan", HOME, "farm_gate", "2026-01-19", 2026.051, 80000.0),
        ("F", DRY, "Sulawesi", "sulawesi", "farm_gate", "2026-01-10", 2026.026, 30000.0),
        ("G", DRY, "East Kalimantan", HOME, "exporter", "2026-01-10", 2026.026, 55000.0),
        ("H", DRY, "Berau", HOME, "farm_gate", "2026-03-02", 2026.165, 33000.0),
    ],
    columns=COLUMNS,
)
WORLD = pd.DataFrame({"year": [2023, 2026], "month": [10, 1], "cocoa_npk_usd_per_kg": [0.4, 0.5]})
PRESENT = scope.PRICE_CITES["present"]
ALL = (*PRESENT, scope.WAGE, scope.FERTILIZER, scope.FREIGHT, scope.TRAINING)
RATES = pd.DataFrame({"idr_per_usd": [15000.0, 16500.0], "source_id": ["a", "b"]}, index=[2023, 2026])


def test_the_newest_report_of_the_province_is_both_ends_of_the_range_of_its_day():
    # Not the other province, not fermented beans, not another island or market, and nothing of a later month.
    assert prices_now.newest_at_home(REPORTS, "2026-01")["price_id"].tolist() == ["B", "C"]


def test_reports_of_the_month_and_of_the_month_before_count():
    assert set(prices_now.bean_reports(REPORTS, "2025-12")["price_id"]) == {"A", "B", "C"}
    assert set(prices_now.bean_reports(REPORTS, "2026-01")["price_id"]) == {"B", "C", "D"}
    assert set(prices_now.bean_reports(REPORTS, "2026-03")["price_id"]) == {"H"}


def test_a_month_without_a_report_near_enough_is_refused():
    with pytest.raises(ValueError, match="no farm-gate price of beans from East Kalimantan is reported near 2024-06"):
        prices_now.newest_at_home(REPORTS, "2024-06")


def test_an_old_shop_price_moves_with_the_world_price_and_the_rupiah():
    # 17,000 x (0.5 / 0.4) x (16,500 / 15,000)
    assert prices_now.carried(17000, "2023-10-19", "2026-01", WORLD, RATES) == pytest.approx(23375)


@given(price=st.floats(1, 1e6))
def test_carrying_there_and_back_changes_nothing(price):
    there = prices_now.carried(price, "2023-10", "2026-01", WORLD, RATES)
    assert prices_now.carried(there, "2026-01", "2023-10", WORLD, RATES) == pytest.approx(price)
    assert prices_now.carried(price, "2026-01", "2026-01", WORLD, RATES) == pytest.approx(price)


def test_a_month_without_a_world_price_is_refused():
    with pytest.raises(ValueError, match="no world price of fertilizer is known for 2023-11"):
        prices_now.carried(17000, "2023-11", "2026-01", WORLD, RATES)


def test_a_year_without_an_exchange_rate_is_refused():
    with pytest.raises(ValueError, match="no exchange rate of 2027 is known; the last is of 2026"):
        prices_now.rate_of(RATES, "2027-01")


def test_a_label_names_day_and_place_of_the_report_and_the_month_of_what_else_enters():
    label = scope.dated(REPORTS, {"present": 36500}, "2026-01", 1).at("average hectare", ALL)
    assert label == (
        "average hectare; present bean price, East Kalimantan 2025-12-16; wage of 2026-01; "
        "fertilizer price of 2026-01; freight as reported years before; "
        "training cost as reported years before, at the exchange rate of 2026-01"
    )
    assert scope.day_of(label).id == "16 Desember 2025"
    assert scope.month_of(label).en == "January 2026"


@pytest.mark.parametrize(
    ("cites", "words"),
    [
        ((), "average hectare"),
        (("a@effects:2",), "average hectare"),
        (PRESENT, "average hectare; present bean price, East Kalimantan 2025-12-16"),
        ((f"a@costs:2;{scope.WAGE}",), "average hectare; wage of 2026-01"),
        ((scope.WAGE, scope.FREIGHT), "average hectare; wage of 2026-01; freight as reported years before"),
    ],
)
def test_a_label_names_no_price_that_does_not_enter(cites, words):
    assert scope.dated(REPORTS, {"present": 36500}, "2026-01", 1).at("average hectare", cites) == words


def test_a_label_says_which_price_of_fertilizer_enters_and_that_it_was_moved():
    dated = scope.dated(REPORTS, {"present": 36500}, "2026-01", 2)
    assert dated.at("x", (scope.FERTILIZER,), fertilizer="ceiling") == "x; ceiling; fertilizer times 2"
    assert dated.at("x", (scope.WAGE,), fertilizer="ceiling") == "x; wage of 2026-01"


def test_a_price_that_was_set_is_not_called_a_report():
    label = scope.dated(REPORTS, {"present": 52000}, "2026-01", 2).at("average hectare", PRESENT)
    assert label == "average hectare; bean price set to 52000 Rp/kg"
    assert scope.day_of(label).en == "as set"


@pytest.mark.parametrize(
    ("price", "words"), [(70000, "bean price of Berau 2025-11"), (60000, "bean price set to 60000 Rp/kg")]
)
def test_only_the_price_of_berau_is_called_so(price, words):
    label = scope.dated(REPORTS, {"berau": price}, "2026-01", 1).at(
        "average hectare", scope.PRICE_CITES["berau"], "berau"
    )
    assert label == f"average hectare; {words}"


@pytest.mark.parametrize(
    ("price", "legend", "sentence"),
    [
        (70_000, "Berau, Nov 2025", "the price of Berau in November 2025, 70,000 Rp/kg"),
        (61_500, "set to 61,500 Rp/kg", "a price that was set, 61,500 Rp/kg"),
    ],
)
def test_legends_and_sentences_name_berau_only_for_its_price(price, legend, sentence):
    assert scope.in_legend("berau", price).en == legend
    assert scope.in_sentence("berau", price).en == sentence
    assert scope.in_sentence("berau", price).id.endswith(f"{price:,} Rp/kg".replace(",", "."))


def test_the_scenarios_of_the_parameters_are_those_that_were_reported():
    named = {name: describe()[f"prices.{name}_cocoa_idr_per_kg"]["default"] for name in scope.BEAN_PRICES}
    assert not any(scope.AS_SET in words for words in scope.dated(REPORTS, named, "2026-01", 1).beans.values())


@pytest.mark.parametrize("beans", [*scope.BEAN_PRICES, "present"])
@pytest.mark.parametrize("price", [36500, 25000, 50000, 70000, 120000, 81234.5])
def test_every_label_that_parameters_can_make_has_its_indonesian_words(beans, price):
    label = scope.dated(REPORTS, {beans: price}, "2026-01", 1.5).at(
        scope.HECTARE, (*ALL, *scope.PRICE_CITES[beans]), beans
    )
    assert translate(label, "id", "value") != translate(label, "en", "value")


def test_the_present_price_of_the_run_is_what_the_office_said_in_december_2025():
    newest = prices_now.newest_at_home(clean.local_prices(1.6), "2026-01")
    assert newest["price_idr_per_kg"].tolist() == [35000, 38000]
    assert newest["date_from"].unique().tolist() == ["2025-12-16"]
    assert sources_in(newest["source_id"]) == ("berauterkini_2025_12",)
