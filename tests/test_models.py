"""The models obey their laws: attribution, draws and the yield gap."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clean import drivers
from pipeline.clean.statistics import conflicts
from pipeline.model import attribution, draws, panel, response, yield_gap

SHARE = st.floats(0, 1)
GAIN = st.floats(0, 1)


# Attribution.

NO_CEILING = 1e9
GAINS = st.fixed_dictionaries(dict.fromkeys(attribution.CAUSES, GAIN))


def shares(yield_now: float, gains: dict[str, float], ceiling: float = NO_CEILING) -> dict[str, float]:
    arrays = {cause: np.array([gain]) for cause, gain in gains.items()}
    return {cause: float(v[0]) for cause, v in attribution.shapley(np.array([yield_now]), arrays, ceiling).items()}


@given(st.floats(100, 1000), GAINS, st.floats(200, 4000))
def test_shares_add_up_to_the_gain_of_removing_all_causes(yield_now, gains, ceiling):
    everything = attribution.log_gain(frozenset(attribution.CAUSES), {c: np.array([g]) for c, g in gains.items()})
    total = response.extra_yield(np.array([yield_now]), everything, ceiling)[0]
    assert sum(shares(yield_now, gains, ceiling).values()) == pytest.approx(total, abs=1e-6)


@given(st.floats(1, 3000), st.floats(-1, 2), st.floats(500, 3000))
def test_no_gain_lifts_a_yield_above_the_ceiling_and_none_is_taken_away(yield_now, gain, ceiling):
    extra = response.extra_yield(yield_now, gain, ceiling)
    unbounded = yield_now * np.expm1(gain)
    assert extra <= unbounded + 1e-9
    assert yield_now + extra <= max(ceiling, yield_now) + 1e-9
    if yield_now + unbounded <= ceiling:
        assert extra == pytest.approx(unbounded, abs=1e-9)
    if gain >= 0:
        assert extra >= 0


def test_gain_still_to_be_had_is_between_none_and_all_of_the_effect():
    effects = {cause: np.full(4000, 0.4) for cause in ("fertilizer", "technique", "knowledge")}
    gains = attribution.draw_gains(effects, np.full(4000, 0.1), np.random.default_rng(1))
    assert set(gains) == set(attribution.CAUSES)
    assert (gains["pests"] == 0.1).all()
    for cause in effects:
        assert 0 <= gains[cause].min() < gains[cause].max() <= 0.4
        assert gains[cause].mean() == pytest.approx(0.2, abs=0.01)
    assert abs(np.corrcoef(gains["fertilizer"], gains["technique"])[0, 1]) < 0.07


@given(GAINS, st.permutations(["fertilizer", "pests", "technique"]))
def test_practices_are_treated_alike(gains, order):
    renamed = {"knowledge": gains["knowledge"]} | {
        new: gains[old] for old, new in zip(("fertilizer", "pests", "technique"), order, strict=True)
    }
    first, second = shares(400, gains), shares(400, renamed)
    for old, new in zip(("fertilizer", "pests", "technique"), order, strict=True):
        assert first[old] == pytest.approx(second[new], abs=1e-9)


@given(GAINS, st.sampled_from(["fertilizer", "pests", "technique"]))
def test_practice_that_brings_nothing_gets_nothing_when_there_is_nothing_to_learn(gains, cause):
    assert shares(400, gains | {"knowledge": 0.0, cause: 0.0})[cause] == pytest.approx(0, abs=1e-9)


@given(GAINS)
def test_knowledge_that_brings_nothing_gets_nothing(gains):
    assert shares(400, gains | {"knowledge": 0.0})["knowledge"] == 0


@given(GAINS)
def test_knowledge_adds_nothing_when_all_practices_are_removed_already(gains):
    arrays = {cause: np.array([gain]) for cause, gain in gains.items()}
    practices = frozenset(attribution.CAUSES) - {"knowledge"}
    assert attribution.log_gain(practices | {"knowledge"}, arrays) == attribution.log_gain(practices, arrays)


@given(GAINS)
def test_shares_are_the_mean_over_all_orders_of_removal(gains):
    arrays = {cause: np.array([gain]) for cause, gain in gains.items()}
    expected = dict.fromkeys(attribution.CAUSES, 0.0)
    for order in permutations(attribution.CAUSES):
        for place, cause in enumerate(order):
            worth = [
                400 * np.expm1(attribution.log_gain(frozenset(order[:end]), arrays)[0]) for end in (place, place + 1)
            ]
            expected[cause] += (worth[1] - worth[0]) / 24
    found = shares(400, gains)
    assert {cause: found[cause] for cause in attribution.CAUSES} == pytest.approx(expected, abs=1e-6)


def test_two_practices_computed_by_hand():
    # Doubling each: alone either brings 400, together 1,200; each gets (400 + 800) / 2.
    gains = {"fertilizer": np.log(2), "pests": np.log(2), "technique": 0.0, "knowledge": 0.0}
    assert shares(400, gains) == pytest.approx({"fertilizer": 600, "pests": 600, "technique": 0, "knowledge": 0})


def test_draws_are_attributed_one_by_one():
    rng = np.random.default_rng(1)
    gains = {cause: rng.uniform(0, 0.5, 5) for cause in attribution.CAUSES}
    yields = rng.uniform(200, 600, 5)
    together = attribution.shapley(yields, gains, NO_CEILING)
    for draw in range(5):
        alone = shares(yields[draw], {cause: gain[draw] for cause, gain in gains.items()})
        assert {cause: values[draw] for cause, values in together.items()} == pytest.approx(alone)


# Draws.


@given(st.integers(0, 2**31 - 1), st.text(max_size=20))
def test_same_seed_and_name_give_the_same_draws(seed, name):
    first, second = (draws.stream(seed, name).random(5).tolist() for _ in range(2))
    assert first == second
    assert first != draws.stream(seed, name + "x").random(5).tolist()
    assert first != draws.stream(seed + 1, name).random(5).tolist()


def test_draws_of_one_name_do_not_move_those_of_another():
    alone = draws.stream(1, "pests").random(5).tolist()
    draws.stream(1, "prices").random(1000)
    assert draws.stream(1, "pests").random(5).tolist() == alone


# The yield gap of Kutai Timur.


def test_readings_of_kutai_timur_are_those_of_the_sources(regions):
    readings = yield_gap.kutai_timur_readings(regions).set_index("reading")
    expected = {
        "2007": (3988.45, 4220.42),
        "2020": (1410, 3440),
        "2025 potential": (765, 1161),
        "2025 regent, small area": (1400, 1161),
        "2025 regent, old area": (1400, 3440),
    }
    for reading, (production, area) in expected.items():
        row = readings.loc[reading]
        assert (row["production_t"], row["area_ha"]) == (production, area)
        assert row["yield_kg_per_ha"] == pytest.approx(production * 1000 / area)
    assert readings.loc["2025 potential", "status"] == "potential"
    assert len(readings) == len(expected)


def test_reading_without_its_figure_is_an_error(regions):
    with pytest.raises(KeyError, match="K039"):
        yield_gap.kutai_timur_readings(regions[regions["figure_id"] != "K039"])


def test_mature_shares_are_shares_and_none_is_claimed_for_kutai_timur(regions):
    shares = yield_gap.mature_shares(regions).set_index("region")
    assert len(shares) >= 6
    assert shares.index.is_unique
    assert shares["share"].between(0, 1, inclusive="neither").all()
    assert not {"Kutai Timur", "Karangan Ilir", "Balikpapan"} & set(shares.index)
    # Berau 2012: 2,500 of 4,000 ha. Mahakam Ulu: 282 t at 440 kg/ha are 641 of 1,499 ha. Aceh 2019 is the latest.
    assert shares.loc["Berau", "share"] == pytest.approx(2500 / 4000)
    assert shares.loc["Mahakam Ulu", "share"] == pytest.approx(282 / 0.440 / 1499)
    assert shares.loc["Aceh", "year"] == 2019
    assert shares.loc["Aceh", "share"] == pytest.approx(57618 / 99267)


def test_reporting_error_is_the_robust_spread_of_log_ratios():
    table = pd.DataFrame({"quantity": "production", "ratio": [1.1, 1.2, 3.0, 1.0]})
    error, n = yield_gap.reporting_error(table, "production")
    assert n == 3
    assert error == pytest.approx(np.log(1.2) / (0.6745 * np.sqrt(2)))


def test_reporting_error_recovers_the_spread_of_simulated_figures():
    rng = np.random.default_rng(1)
    ratios = np.exp(np.abs(rng.normal(0, 0.1, 4000) - rng.normal(0, 0.1, 4000)))
    error, _ = yield_gap.reporting_error(pd.DataFrame({"quantity": "production", "ratio": ratios}), "production")
    assert error == pytest.approx(0.1, rel=0.05)


def test_fewer_than_three_conflicts_tell_no_error(regions):
    found = conflicts(regions, 1.005)
    assert yield_gap.reporting_error(found, "production")[1] >= 3
    with pytest.raises(ValueError, match="1 conflicts in farmers"):
        yield_gap.reporting_error(found, "farmers")
    with pytest.raises(ValueError, match="0 conflicts in trees"):
        yield_gap.reporting_error(found, "trees")


# The panel of national yields.


def simulated_panel(effect: float, seed: int) -> pd.DataFrame:
    """Simulated changes of 20 countries over 50 years that answer the price change of three years before."""
    rng = np.random.default_rng(seed)
    years = pd.DataFrame({name: rng.normal(0, 0.3, 50) for name in panel.explaining()}).assign(year=range(1970, 2020))
    year_shock = rng.normal(0, 0.05, 50)
    rows = [
        years.assign(
            iso3=f"C{k}", country=f"Simulated {k}", weight=1.0, change=rng.normal(0.01 * k, 0.1, 50) + year_shock
        )
        for k in range(20)
    ]
    frame = pd.concat(rows, ignore_index=True)
    return frame.assign(change=frame["change"] + effect * frame["price_3"])


def test_panel_finds_a_simulated_effect_and_its_interval_holds():
    inside = 0
    for seed in range(60):
        fit = panel.fit_panel(simulated_panel(0.2, seed))
        lower, value, upper = fit.interval(["price_3"], 0.9)
        assert lower < value < upper
        inside += lower <= 0.2 <= upper
    assert 0.8 <= inside / 60 <= 0.98


def test_leaving_a_country_out_shows_skill_only_where_there_is_an_effect():
    with_effect = panel.leave_one_country_out(simulated_panel(0.4, 1), 50)["r2"].median()
    without = panel.leave_one_country_out(simulated_panel(0.0, 1), 50)["r2"].median()
    assert with_effect > 0.3
    assert without < 0.05


def test_panel_needs_ten_years():
    with pytest.raises(ValueError, match="9 years"):
        panel.fit_panel(simulated_panel(0.1, 1).query("year < 1979"))


def test_panel_counts_what_it_leaves_out_and_keeps_no_break_or_copied_year(countries):
    prices, enso = drivers.world_prices(), drivers.enso()
    rows, left_out = panel.build_panel(countries, prices, enso, 0.25)
    one = countries[(countries["release"] == "2022") & (countries["iso3"] != "WLD")]
    assert len(rows) + sum(left_out.values()) == len(one)
    assert set(rows["weight"]) == {0.25, 1.0}
    indonesia = rows[rows["iso3"] == "IDN"]["year"]
    assert not set(indonesia) & {1999, 2006, 2008}
    assert "MYS" in set(rows["iso3"])
    assert np.isfinite(rows["change"]).all()
