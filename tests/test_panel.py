"""The panel of national yields: what is left out, what the lag model finds, whether its intervals hold, and skill."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.kit.bayes.mixture import Mixture
from pipeline.kit.data.citations import rows_in, split_lists
from pipeline.kit.data.sources import load_raw
from pipeline.kit.publish.keys import Key
from pipeline.study.price_response import estimates, panel, price_readings
from pipeline.study.price_response.panel import AREA, ENSO, YIELD
from pipeline.study.prices import clean


def simulated(effect: float, seed: int, countries: int = 12, years: int = 40, shock: float = 0.05) -> pd.DataFrame:
    """Changes of countries that answer the price change of three years before and share shocks of years."""
    rng = np.random.default_rng(seed)
    common = pd.DataFrame({name: rng.normal(0, 0.3, years) for name in YIELD.explaining})
    common = common.assign(year=range(1970, 1970 + years), shock=rng.normal(0, shock, years))
    frame = pd.concat([common.assign(iso3=f"C{k:02d}", country=f"Simulated {k}") for k in range(countries)])
    noise = rng.normal(0, 0.1, len(frame))
    change = effect * frame["price_3"] + frame["shock"] + noise
    official = np.arange(len(frame)) % 3 > 0
    cited = [f"fao@countries:{line}" for line in range(2, len(frame) + 2)]
    weight = np.where(official, 1.0, 0.25)
    return frame.assign(change=change, is_official=official, weight=weight, source_id=cited).reset_index(drop=True)


@pytest.fixture(scope="module")
def world() -> tuple[pd.DataFrame, pd.DataFrame]:
    return clean.world_prices(46.0), clean.enso()


# Rows.


@pytest.mark.parametrize("equation", [YIELD, AREA, panel.PRODUCTION])
def test_every_country_year_is_used_or_counted_under_one_reason(countries, world, equation):
    rows, left_out = panel.build_panel(countries, *world, 0.25, equation)
    one = countries[(countries["release"] == "2022") & (countries["iso3"] != "WLD")]
    assert len(rows) + sum(left_out.values()) == len(one)
    assert left_out["country without area"] > 0
    assert left_out["break of the series"] == 3
    assert set(rows["weight"]) == {0.25, 1.0}
    assert not set(rows.loc[rows["iso3"] == "IDN", "year"]) & {1999, 2006, 2008}
    assert np.isfinite(rows[["change", *equation.explaining]]).all().all()


def test_a_change_cites_its_year_and_the_year_before_and_the_panel_the_months_that_its_lags_reach(countries, world):
    rows, _ = panel.build_panel(countries, *world, 0.25, YIELD)
    own = countries[(countries["release"] == "2022") & (countries["iso3"] == "GHA")].set_index("year")["source_id"]
    ghana = rows[rows["iso3"] == "GHA"].set_index("year")["source_id"]
    assert set(ghana[1990].split(";")) == {*own[1989].split(";"), *own[1990].split(";")}
    prices, enso = world
    first = rows["year"].min()
    cited = panel.cited_drivers(panel.reach(rows, YIELD), prices, enso)
    # Four lags of a change between two years.
    reached = prices[prices["year"].between(first - 5, rows["year"].max())]
    of_enso = enso[(enso["release"] == "2025") & enso["year"].between(first - 1, rows["year"].max())]
    assert cited == split_lists([*reached["source_id"], *of_enso["source_id"]])


def test_figures_that_weigh_nothing_are_left_out_and_counted(countries, world):
    full, _ = panel.build_panel(countries, *world, 0.25, YIELD)
    rows, left_out = panel.build_panel(countries, *world, 0.0, YIELD)
    assert len(rows) == full["is_official"].sum()
    assert left_out["not official, and weighs nothing"] >= len(full) - len(rows)


def test_a_country_without_area_is_left_out_under_that_name(countries, world):
    no_area = countries.assign(area_harvested_ha=countries["area_harvested_ha"].where(countries["iso3"] != "GHA"))
    before = panel.build_panel(countries, *world, 0.25, YIELD)[1]["country without area"]
    rows, left_out = panel.build_panel(no_area, *world, 0.25, YIELD)
    assert "GHA" not in set(rows["iso3"])
    assert left_out["country without area"] - before == 60


def test_a_break_that_is_not_marked_would_be_read_as_a_change(countries, world):
    unmarked = countries.assign(is_break=False)
    rows, _ = panel.build_panel(unmarked, *world, 0.25, AREA)
    indonesia = rows[rows["iso3"] == "IDN"].set_index("year")["change"]
    assert indonesia[1999] == pytest.approx(np.log(667_897 / 403_166), abs=1e-3)


def test_price_lags_are_the_changes_of_earlier_years(world):
    found = panel.price_changes(world[0], 7)
    assert list(found["price_2"].iloc[2:]) == list(found["price_0"].iloc[:-2])
    yearly = world[0].groupby("year")["fertilizer_cocoa_ratio"].mean()
    expected = -np.log(yearly[2024] / yearly[2023])
    assert found.set_index("year").loc[2024, "price_0"] == pytest.approx(expected)
    assert 2026 not in set(found["year"])


def test_rainfall_that_was_filled_in_is_not_used_and_every_row_is_counted(countries, world):
    climate = clean.climate()
    rows, _ = panel.build_panel(countries, *world, 0.25, YIELD)
    rain, left_out = panel.with_rainfall(rows, climate)
    assert len(rain) + sum(left_out.values()) == len(rows)
    assert left_out["rainfall filled in by its makers"] > 0
    assert len(rain[rain["iso3"] == "PNG"]) <= 5
    assert rain["year"].min() >= 1991


def test_rain_is_cited_where_it_explains_and_not_where_it_only_chooses_the_years(countries, world):
    rows, _ = panel.build_panel(countries, *world, 0.25, YIELD)
    rain, _ = panel.with_rainfall(rows, clean.climate())
    cited = {str(found.key): rows_in(found.cites) for found in price_readings.yield_readings(rows, rain, 0.9)}
    assert "climate_country_year" not in cited["price_response.rainfall_rows"]
    assert "climate_country_year" in cited["price_response.with_rainfall"]
    assert "climate_country_year" in cited["rainfall_response.lag_0"]


def test_a_reading_cites_the_prices_of_the_years_that_its_own_lags_reach(countries, world):
    rows, _ = panel.build_panel(countries, *world, 0.25, AREA)
    late = rows[rows["year"] >= 2000]
    prices, el_nino = panel.reach(late, AREA)
    assert (min(prices), max(prices), min(el_nino)) == (1993, late["year"].max(), 1999)


def test_learners_cite_the_nitrogen_and_the_climate_that_they_know_and_no_pesticide(countries, world):
    rows, _ = panel.build_panel(countries, *world, 0.25, YIELD)
    tables = clean.climate(), clean.input_use()
    cited = rows_in(panel.cited_features(rows, *tables))
    assert set(cited) == {"climate_country_year", "faostat_fertilizer_use"}
    years = load_raw("climate_country_year", ("year",))["year"]
    assert years.loc[[int(line) for line in cited["climate_country_year"]]].min() == rows["year"].min() - 30


# The lag model.


def test_a_simulated_response_is_found_at_its_lag():
    found = price_readings.fit_lags(simulated(0.3, 1, shock=0.01), YIELD)
    lower, value, upper = found.response([3]).interval(0.9)
    assert lower < 0.3 < upper
    assert value == pytest.approx(0.3, abs=0.05)
    assert abs(found.response([1]).interval(0.9)[1]) < 0.05


@pytest.mark.slow
def test_headline_interval_holds_and_the_jackknife_agrees_on_its_width():
    """Over simulated panels with shared years; binomial bounds of a 90 % interval for 50 panels."""
    inside, ratio = [], []
    for seed in range(50):
        rows = simulated(0.1, seed, countries=10, years=35)
        bayes = price_readings.fit_lags(rows, YIELD).total().interval(0.9)
        jackknife = price_readings.jackknife_years(rows, YIELD).interval(range(5), 0.9)
        inside.append(bayes[0] <= 0.1 <= bayes[2])
        ratio.append((bayes[2] - bayes[0]) / (jackknife[2] - jackknife[0]))
    assert 0.80 <= np.mean(inside) <= 0.98
    assert 0.7 < np.median(ratio) < 1.1


def test_countries_of_one_year_do_not_count_as_years():
    few, many = (price_readings.fit_lags(simulated(0.1, 2, countries=n), YIELD).total().interval(0.9) for n in (6, 24))
    assert many[2] - many[0] > 0.6 * (few[2] - few[0])
    alone = price_readings.fit_lags(simulated(0.1, 2, countries=24, shock=0.0), YIELD).total().interval(0.9)
    assert alone[2] - alone[0] < 0.6 * (many[2] - many[0])


def test_rows_that_count_half_tell_as_much_as_half_of_them():
    rows = simulated(0.1, 3).assign(weight=1.0)
    twice = pd.concat([rows, rows], ignore_index=True).assign(weight=0.5)
    once, double = (price_readings.fit_lags(each, YIELD).total().interval(0.9) for each in (rows, twice))
    assert double == pytest.approx(once, rel=0.05)


@pytest.mark.parametrize("names", [["STEP_POINTS", "YEAR_POINTS", "NOISE_POINTS"], ["COUNTRY_RESPONSE_POINTS"]])
def test_grids_of_the_spreads_are_fine_enough(monkeypatch, names):
    rows, differ = simulated(0.1, 8, countries=4, years=25), names == ["COUNTRY_RESPONSE_POINTS"]
    coarse = price_readings.fit_lags(rows, YIELD, differ)
    for name in names:
        monkeypatch.setattr(price_readings, name, 2 * getattr(price_readings, name))
    fine = price_readings.fit_lags(rows, YIELD, differ)
    for part in (range(5), [3]):
        first, second = (found.response(part, new=differ).interval(0.9) for found in (coarse, fine))
        assert second == pytest.approx(first, abs=0.02 * (first[2] - first[0]))


def test_predictions_of_a_country_not_seen_are_what_it_does_in_truth():
    found = price_readings.fit_lags(simulated(0.3, 9, countries=24, years=60, shock=0.01), YIELD)
    elsewhere = simulated(0.3, 10, countries=1, years=60)
    mean, sd = found.predict(elsewhere)
    truth = 0.3 * elsewhere["price_3"].to_numpy()
    assert np.ptp(truth) > 0.3
    assert mean == pytest.approx(truth, abs=0.06)
    assert (np.abs(mean - truth) < 2 * sd).mean() >= 0.95
    # Where nothing changes, the trend of its own that a country may have is left, with a standard deviation of 0.03.
    still = elsewhere.assign(**dict.fromkeys(YIELD.explaining, 0.0))
    assert found.predict(still)[1] == pytest.approx(0.03, abs=0.003)
    assert sd.min() > 0.03


def test_order_and_names_of_countries_do_not_matter():
    rows = simulated(0.1, 4, countries=5)
    renamed = rows.assign(iso3="X" + rows["iso3"]).sample(frac=1, random_state=1)
    first, second = (price_readings.fit_lags(each, YIELD).total().interval(0.9) for each in (rows, renamed))
    assert second == pytest.approx(first, abs=1e-6)


def test_a_country_that_answers_otherwise_is_pulled_to_the_others_and_widens_what_is_said_of_a_new_one():
    rows = simulated(0.1, 5, countries=8, shock=0.01)
    own = rows["iso3"] == "C00"
    rows.loc[own, "change"] -= 0.2 * rows.loc[own, YIELD.price].sum(axis=1)
    found = price_readings.fit_lags(rows, YIELD, countries_differ=True)
    alone = price_readings.fit_lags(rows[own], YIELD).total().interval(0.9)[1]
    apart, everyone = found.total("C00").interval(0.9)[1], found.total().interval(0.9)
    assert alone < apart < everyone[1]
    new = found.total(new=True).interval(0.9)
    assert new[0] < everyone[0]
    assert new[2] > everyone[2]


def test_rainfall_enters_when_asked():
    rows = simulated(0.1, 6).assign(rain=lambda frame: np.random.default_rng(6).normal(0, 0.1, len(frame)))
    rows["change"] += 0.5 * rows["rain"]
    found = price_readings.fit_lags(rows, replace(YIELD, others=(*ENSO, "rain")))
    lower, _, upper = found.effect("rain").interval(0.95)
    assert lower < 0.5 < upper


@pytest.mark.parametrize("column", ["change", "price_2", "enso_0"])
def test_what_is_missing_or_infinite_is_refused(column):
    rows = simulated(0.1, 1, countries=3)
    rows.loc[5, column] = np.inf
    with pytest.raises(ValueError, match="finite"):
        price_readings.fit_lags(rows, YIELD)


def test_hostile_panels_are_refused():
    rows = simulated(0.1, 1, countries=3)
    with pytest.raises(ValueError, match="9 years"):
        price_readings.fit_lags(rows[rows["year"] < 1979], YIELD)
    with pytest.raises(ValueError, match="9 years"):
        price_readings.jackknife_years(rows[rows["year"] < 1979], YIELD)
    with pytest.raises(ValueError, match="above zero"):
        price_readings.fit_lags(rows.assign(weight=0.0), YIELD)
    with pytest.raises(ValueError, match="nothing to tell the noise"):
        price_readings.fit_lags(rows.assign(change=0.0), YIELD)
    with pytest.raises(ValueError, match="no country has 99 usable years; the most is 40"):
        price_readings.leave_one_country_out(rows, YIELD, 99)


# Countries left out.


def test_leaving_a_country_out_shows_skill_only_where_there_is_an_effect():
    strong, none = (
        price_readings.skill_by_country(price_readings.leave_one_country_out(simulated(e, 1, 6), YIELD, 40))
        for e in (0.4, 0.0)
    )
    pooled = [table.set_index("country").loc["all"] for table in (strong, none)]
    assert pooled[0]["r2"] > 0.3
    assert pooled[0]["crps_gain"] > 0.1
    assert pooled[1]["r2"] < 0.05
    assert 0.7 < pooled[1]["coverage_80"] < 0.9
    assert 0.9 < pooled[1]["coverage_95"] <= 1


def test_a_country_left_out_does_not_enter_its_own_forecast():
    rows = simulated(0.2, 2, 5)
    first = price_readings.leave_one_country_out(rows, YIELD, 40)
    moved = rows.assign(change=np.where(rows["iso3"] == "C00", -rows["change"], rows["change"]))
    second = price_readings.leave_one_country_out(moved, YIELD, 40)
    own = first["country"] == "Simulated 0"
    assert np.allclose(first.loc[own, "forecast"], second.loc[own, "forecast"])
    assert not np.allclose(first.loc[~own, "forecast"], second.loc[~own, "forecast"])


def test_score_is_that_of_a_mixture_of_the_other_countries():
    off, sd = np.array([-0.3, 0.0, 0.5]), np.array([[0.1, 0.4], [0.2, 0.2], [0.05, 0.3]])
    expected = [Mixture(np.full(2, 0.5), np.zeros(2), own).crps(value) for value, own in zip(off, sd, strict=True)]
    assert price_readings._crps(off, sd) == pytest.approx(expected)
    assert price_readings._crps(off, sd[:1])[0] == pytest.approx(expected[0])


def test_the_naive_mean_knows_only_earlier_years():
    rows = simulated(0.2, 2, 5)
    found = price_readings.leave_one_country_out(rows, YIELD, 40)
    own = found[found["country"] == "Simulated 0"]
    assert (own["own_mean"].iloc[:5] == 0).all()
    assert own["own_mean"].iloc[5] == pytest.approx(own["change"].iloc[:5].mean())


# Features and published readings.


def test_features_hold_nothing_of_the_year_to_be_predicted_nor_of_later_ones(countries, world):
    climate, inputs = clean.climate(), clean.input_use()
    rows, _ = panel.build_panel(countries, *world, 0.25, YIELD)
    changed = rows.assign(change=rows["change"].where(rows["year"] < 2000, 9.0))
    first, second = (panel.panel_features(each, climate, inputs) for each in (rows, changed))
    until = first["year"] <= 2000
    names = list(panel.ALL)
    pd.testing.assert_frame_equal(first.loc[until, names], second.loc[until, names])
    assert not first.loc[~until, "past_yield"].equals(second.loc[~until, "past_yield"])
    assert len(first) == len(rows)


def test_past_yield_is_last_year_over_the_mean_of_five():
    logs = pd.Series([6.0, 6.1, 5.9, 6.3, 6.2, 6.4])
    rows = pd.DataFrame({"iso3": "SIM", "year": range(2000, 2006), "change": logs.diff()})
    found = panel._past_yield(rows.dropna()).set_index("year")["past_yield"]
    assert found[2005] == pytest.approx(logs[4] - logs[:5].mean())


def test_a_doubling_is_published_in_per_cent():
    prices = pd.DataFrame({"year": [1999, 2000], "source_id": ["wb@prices:2", "wb@prices:3"]})
    enso = pd.DataFrame({"year": [2000, 2001], "release": "2025", "source_id": ["noaa@oni:2", "noaa@oni:3"]})
    reading = price_readings.Reading(
        Key("price_response", ("all",)), (-1.0, 0.0, 1.0), 10, 5, frozenset({"fao@countries:3"}),
        (frozenset({2000}), frozenset({2001})),
    )  # fmt: skip
    found = estimates.response_estimates([reading], prices, enso, 0.9)[0]
    chosen = {"panel.unofficial_weight", "cleaning.lowest_credible_yield", "cleaning.highest_credible_yield"}
    rows = {"fao@countries:3", "wb@prices:3", "noaa@oni:3"}
    assert set(found.sources) == rows | {f"parameter@params:{name}" for name in chosen}
    assert (found.lower, found.value, found.upper) == pytest.approx((-50, 0, 100))
    tenth = replace(reading, key=Key("area_dilution", ("same_year",)), interval=(-1.0, -1.0, 0.0))
    assert estimates.response_estimates([tenth], prices, enso, 0.9)[0].value == pytest.approx(100 / 1.1 - 100, rel=1e-5)


def test_yield_falls_as_area_grows_when_production_stays():
    rows = simulated(0.0, 7, shock=0.01)
    areas = rows.assign(change=np.random.default_rng(7).normal(0, 0.1, len(rows)))
    diluted = rows.assign(change=rows["change"] * 0.1 - areas["change"])
    lower, _, upper = price_readings.dilution(diluted, areas, 0.9).interval
    assert lower < -1 < upper
    assert upper - lower < 0.1
