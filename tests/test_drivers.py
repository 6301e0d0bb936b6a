"""Prices and other drivers: hand calculations on real rows, and dates that keep their order."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.study.prices import clean, ratios


@pytest.fixture(scope="module")
def world():
    return clean.world_prices(46.0)


def test_ratio_of_fertilizer_to_cocoa_is_positive_in_every_month(world):
    assert (world["fertilizer_cocoa_ratio"] > 0).all()
    assert not world.duplicated(["year", "month"]).any()
    assert len(world) == 797


def test_ratio_of_january_1960_is_the_one_computed_by_hand(world):
    # Urea 42.25, TSP 53, KCl 28.5 USD/t; cocoa 0.63 USD/kg. One kg of NPK 14-12-16 holds 0.14 kg N, 0.12 kg P2O5
    # and 0.16 kg K2O, which take 0.3043 kg urea (46 % N), 0.2609 kg TSP (46 %) and 0.2667 kg KCl (60 %).
    row = world[(world["year"] == 1960) & (world["month"] == 1)].iloc[0]
    cost = 0.14 / 0.46 * 0.04225 + 0.12 / 0.46 * 0.053 + 0.16 / 0.60 * 0.0285
    assert cost == pytest.approx(0.034285, abs=1e-6)
    assert row["cocoa_npk_usd_per_kg"] == pytest.approx(cost)
    assert row["fertilizer_cocoa_ratio"] == pytest.approx(cost / 0.63)


@given(st.floats(0.1, 10))
def test_ratio_stays_when_all_prices_move_together(factor):
    prices = pd.DataFrame(
        {"urea_usd_per_t": [300.0], "tsp_usd_per_t": [400.0], "kcl_usd_per_t": [350.0], "cocoa_usd_per_kg": [3.0]}
    )
    ratio, moved = (
        clean.cocoa_npk_at_world_prices(frame, clean.contents(46.0)[0]) / frame["cocoa_usd_per_kg"]
        for frame in (prices, prices * factor)
    )
    assert moved.item() == pytest.approx(ratio.item())


def test_monthly_and_annual_prices_agree(world):
    annual = clean.world_prices_annual().query("basis == 'nominal'").set_index("year")["cocoa_usd_per_kg"]
    monthly = world.groupby("year")["cocoa_usd_per_kg"].mean()
    years = [year for year in annual.index if (world["year"] == year).sum() == 12]
    assert len(years) > 60
    assert monthly[years].tolist() == pytest.approx(annual[years].tolist(), rel=0.02)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020", 2020.5),
        ("2020-01", 2020 + 1 / 24),
        ("2020-07", 2020.5 + 1 / 24),
        ("2020-12", 2021 - 1 / 24),
        ("2020-01-01", 2020 + 0.5 / 366),
        ("2024-07-17", 2024 + 198.5 / 366),
    ],
)
def test_date_as_a_year_with_a_fraction(text, expected):
    assert clean.date_to_decimal(text) == pytest.approx(expected, abs=1e-9)


DAYS = st.dates(date(1990, 1, 1), date(2030, 12, 31))


@given(DAYS, DAYS)
def test_later_days_have_later_decimals(first, second):
    early, late = sorted([first, second])
    assert (clean.date_to_decimal(early.isoformat()) < clean.date_to_decimal(late.isoformat())) == (early < late)


@given(DAYS)
def test_decimal_of_a_day_is_within_two_days_of_the_calendar(day):
    start, end = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    exact = day.year + ((day - start).days + 0.5) / (end - start).days
    assert clean.date_to_decimal(day.isoformat()) == pytest.approx(exact, abs=2 / 365)


@given(DAYS)
def test_month_lies_between_its_first_and_last_day(day):
    month = clean.date_to_decimal(day.isoformat()[:7])
    first, last = (clean.date_to_decimal(f"{day.isoformat()[:7]}-{number}") for number in ("01", "28"))
    assert first < month < last


@pytest.mark.parametrize("text", ["", "May 2020", "2020/05", "2020-May"])
def test_date_in_another_form_is_refused(text):
    with pytest.raises(ValueError, match="invalid literal"):
        clean.date_to_decimal(text)


def test_price_without_a_known_start_is_placed_at_its_end():
    prices = clean.local_prices(1.6).set_index("price_id")
    assert prices.loc["F088", "year_decimal"] == pytest.approx(clean.date_to_decimal("2025-10-21"))
    assert pd.isna(prices.loc["F088", "date_from"])
    assert prices["year_decimal"].between(2000, 2027).all()


def test_prices_printed_in_the_evidence_are_in_the_table():
    prices = clean.local_prices(1.6)
    found = set(zip(prices["item"], prices["market"], prices["date_from"], prices["price_idr_per_kg"], strict=True))
    assert found >= {
        ("npk_cocoa", "ceiling_subsidised", "2020", 3000),
        ("npk_cocoa", "ceiling_subsidised", "2023", 3300),
        ("npk_cocoa", "ceiling_subsidised", "2025-10-22", 2640),
        ("npk", "retail_unsubsidised", "2023-10-19", 17000),
        ("urea", "retail_unsubsidised", "2023-10-19", 9750),
        ("cocoa_dry_not_stated", "farm_gate", "2024-11-12", 100000),
    }


def test_rupiah_ratio_is_fertilizer_over_the_beans_reported_nearest_to_it():
    found = ratios.rupiah_price_ratio(clean.local_prices(1.6)).set_index("price_id")
    # Of 2023 the nearest beans are those of Lung Anai, 25,000 to 30,000 Rp/kg in August 2023, for shop and ceiling.
    for key, fertilizer in (("F086", 17000), ("F068", 3300)):
        row = found.loc[key]
        assert (row["beans_place"], row["beans_date"], row["n_cocoa"]) == ("Lung Anai, Kutai Kartanegara", "2023-08", 2)
        assert row["ratio"] == pytest.approx(fertilizer / 27500)
    # October 2025: Bulungan, 120,000 Rp/kg in August to November.
    assert found.loc["F075", "ratio"] == pytest.approx(2640 / 120000)
    assert "F095" not in found.index


def test_outliers_do_not_move_the_rupiah_ratio():
    prices = clean.local_prices(1.6)
    without = prices[~prices["is_outlier"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(ratios.rupiah_price_ratio(prices), ratios.rupiah_price_ratio(without))


def test_producer_prices_leave_missing_years_out_and_keep_every_other():
    prices = clean.producer_prices()
    assert not prices.duplicated(["iso3", "year"]).any()
    assert prices["price_usd_per_t"].notna().all()
    assert np.isfinite(prices["price_usd_per_t"]).all()


def test_exchange_rate_before_it_is_known_stays_missing():
    rates = clean.exchange_cpi().set_index("year")
    assert pd.isna(rates.loc[1960, "idr_per_usd"])
    assert 8000 < rates.loc[2010, "idr_per_usd"] < 10000
    assert rates.loc[2010, "cpi_2010"] == pytest.approx(100, abs=0.5)


def test_input_use_keeps_one_row_per_country_and_year_with_both_sources():
    use = clean.input_use()
    assert not use.duplicated(["iso3", "year"]).any()
    both = use[(use["iso3"] == "IDN") & (use["year"] == 2020)].iloc[0]
    assert re.fullmatch(
        r"fao_rfn_agdata@faostat_fertilizer_use:\d+;fao_rp_owid_2024@faostat_pesticide_use:\d+", both["source_id"]
    )
    assert use["country"].notna().all()
