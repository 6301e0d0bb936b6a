"""The models obey their laws: fertilizer, attribution, scenarios, draws and the yield gap."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clean import drivers, evidence
from pipeline.clean.statistics import conflicts
from pipeline.model import attribution, draws, fertilizer, response, scenarios, yield_gap

SHARE = st.floats(0, 1)
GAIN = st.floats(0, 1)


# Fertilizer.

DOSES = np.linspace(0, 800, 161)
RESPONSE = st.tuples(st.floats(10, 800), st.floats(1, 4))


@given(RESPONSE)
def test_response_is_nothing_at_no_dose_and_the_gain_at_the_full_dose(response):
    gain, curvature = response
    assert fertilizer.extra_yield(0.0, 400, gain, curvature) == 0
    assert fertilizer.extra_yield(400.0, 400, gain, curvature) == pytest.approx(gain)


@given(RESPONSE)
def test_response_rises_and_each_further_kilogram_adds_less(response):
    extra = fertilizer.extra_yield(DOSES, 400, *response)
    assert (np.diff(extra) > 0).all()
    assert (np.diff(extra, 2) < 0).all()


@given(RESPONSE, st.floats(0.01, 3))
def test_optimal_dose_earns_most_on_a_fine_grid(response, price_ratio):
    best = fertilizer.optimal_dose(price_ratio, 400, *response)
    profit = fertilizer.extra_yield(DOSES, 400, *response) - price_ratio * DOSES
    at_best = fertilizer.extra_yield(best, 400, *response) - price_ratio * best
    assert at_best >= profit.max() - 1e-9
    assert 0 <= best <= 800


@given(RESPONSE, st.floats(0.01, 3), st.floats(1, 3))
def test_dearer_fertilizer_never_asks_for_more_of_it(response, price_ratio, factor):
    cheap, dear = (fertilizer.optimal_dose(price, 400, *response) for price in (price_ratio, price_ratio * factor))
    assert dear <= cheap


@given(RESPONSE)
def test_no_fertilizer_when_not_even_the_first_kilogram_pays(response):
    gain, curvature = response
    first = gain * curvature / 400 / -np.expm1(-curvature)
    assert fertilizer.optimal_dose(first * 1.0001, 400, gain, curvature) == 0
    assert fertilizer.optimal_dose(first * 0.99, 400, gain, curvature) > 0


@pytest.mark.parametrize("gain", [0.0, -100.0])
def test_no_fertilizer_when_it_brings_nothing(gain):
    assert fertilizer.optimal_dose(0.1, 400, gain, 2.0) == 0


@pytest.mark.parametrize("price_ratio", [0.0, 1e-12])
def test_free_fertilizer_is_capped_where_it_was_tried(price_ratio):
    assert fertilizer.optimal_dose(price_ratio, 400, 300, 2.0) == 800
    assert fertilizer.optimal_dose(price_ratio, 400, 300, 2.0, most=1.0) == 400


def test_value_cost_ratio_is_value_over_cost():
    assert fertilizer.value_cost_ratio(np.array([100.0]), 70000, 3.5e6).tolist() == [2.0]


@pytest.mark.parametrize(("price", "cost"), [(0, 1e6), (-1, 1e6), (70000, 0), (70000, np.array([1e6, -1]))])
def test_value_cost_ratio_refuses_what_costs_or_earns_nothing(price, cost):
    with pytest.raises(ValueError, match="above zero"):
        fertilizer.value_cost_ratio(np.array([100.0, 100.0]), price, cost)


@given(st.floats(1, 500), st.floats(1e4, 2e5), st.floats(50, 800), st.floats(0, 1e6))
def test_at_the_break_even_price_value_equals_cost(extra, bean_price, dose, other):
    price = fertilizer.break_even_price(np.array([extra]), bean_price, dose, other)
    assert price * dose + other == pytest.approx(extra * bean_price)


def test_price_cases_are_the_ceilings_and_the_market_of_kutai_timur():
    cases = fertilizer.price_cases(drivers.local_prices(1.6)).set_index("name")["price_idr_per_kg"]
    assert cases.to_dict() == {"ceiling": 2640, "ceiling_before": 3300, "market": 17000}


def test_fertilizer_pays_less_the_dearer_it_is():
    cases = pd.DataFrame({"name": ["cheap", "dear"], "price_idr_per_kg": [2640.0, 17000.0]})
    gain, curvature = np.array([50.0, 150.0]), np.array([2.0, 2.0])
    found = fertilizer.economics(cases, gain, curvature, 70000.0, 400.0, 1e6)
    for quantity in ("value_cost_ratio", "optimal_dose"):
        assert (found[f"{quantity}.cheap"] >= found[f"{quantity}.dear"]).all()
    assert found["value_cost_ratio.cheap"].tolist() == pytest.approx((gain * 70000 / (400 * 2640 + 1e6)).tolist())
    pays = found["break_even_price"] > 17000
    assert pays.tolist() == (found["value_cost_ratio.dear"] > 1).tolist()
    curve = fertilizer.value_cost_curve(gain, 70000.0, 400.0, 1e6, np.array([2640.0, 9000.0, 17000.0]), 0.9)
    assert curve["value"].is_monotonic_decreasing
    assert (curve["lower"] <= curve["value"]).all()
    assert (curve["value"] <= curve["upper"]).all()


def test_drawn_curvatures_stay_in_their_range():
    found = fertilizer.draw_curvature(np.random.default_rng(1), 2000)
    assert fertilizer.CURVATURE[0] <= found.min() < found.max() <= fertilizer.CURVATURE[1]


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


# Scenarios.


def measure(name: str, gain: float, cost: float) -> scenarios.Measure:
    return scenarios.Measure(name, np.array([gain, gain / 2]), np.array([cost, cost * 2]))


@given(st.lists(st.tuples(GAIN, st.floats(0, 1e7)), min_size=1, max_size=4))
def test_package_adds_costs_and_multiplies_gains(parts):
    package = scenarios.combine("all", [measure(str(n), *part) for n, part in enumerate(parts)])
    assert np.exp(package.log_gain[0]) == pytest.approx(np.prod([np.exp(gain) for gain, _ in parts]))
    assert package.cost_idr_per_ha == pytest.approx(np.array([1, 2]) * sum(cost for _, cost in parts))


def assess(gain: float, cost: float) -> dict[str, float]:
    one = scenarios.Measure("m", np.array([gain]), np.array([cost]))
    found = scenarios.assess(one, np.array([400.0]), 70000, NO_CEILING)
    return {name: float(values[0]) for name, values in found.items()}


def test_measure_is_assessed_as_by_hand():
    assert assess(np.log(1.5), 4e6) == pytest.approx(
        {
            "extra_kg_per_ha": 200,
            "cost_idr_per_ha": 4e6,
            "net_income_idr_per_ha": 1e7,
            "value_cost_ratio": 3.5,
        }
    )


@given(st.floats(1e5, 1e7), st.floats(-0.5, 1))
def test_income_is_positive_exactly_when_value_exceeds_cost(cost, gain):
    found = assess(gain, cost)
    income, ratio = found["net_income_idr_per_ha"], found["value_cost_ratio"]
    assert income == pytest.approx((ratio - 1) * cost, rel=1e-9, abs=1e-3)


@given(st.floats(0, 500), st.floats(1, 5000), SHARE, SHARE, st.floats(0, 2))
def test_extra_tonnes_are_linear_in_area_and_adoption(extra, area, share, adoption, factor):
    base = scenarios.extra_tonnes(np.array([extra]), area, np.array([share]), adoption)
    assert base <= extra * area / 1000 + 1e-9
    for more in (
        scenarios.extra_tonnes(np.array([extra]), area * factor, np.array([share]), adoption),
        scenarios.extra_tonnes(np.array([extra]), area, np.array([share]), adoption * factor),
    ):
        assert more == pytest.approx(base * factor)


@given(st.floats(0.5, 50), st.floats(5e4, 3e5), st.integers(0, 100))
def test_assumed_labour_costs_half_to_double(days, wage, seed):
    cost = scenarios.assumed_labour_cost(np.random.default_rng(seed), days, wage, 200)
    assert (cost >= days * wage / 2 * (1 - 1e-12)).all()
    assert (cost <= days * wage * 2 * (1 + 1e-12)).all()
    assert np.exp(np.log(cost).mean()) == pytest.approx(days * wage, rel=0.15)


def test_bean_price_that_does_not_pay_its_harvest_is_refused():
    assert scenarios.net_bean_price(70000, 0.04, 150000) == 64000
    with pytest.raises(ValueError, match="does not pay its own harvest"):
        scenarios.net_bean_price(6000, 0.04, 150000)


def test_wage_is_the_latest_of_kutai_timur():
    costs = evidence.costs()
    here = costs[(costs["item"] == "minimum_wage") & (costs["place"] == "Kutai Timur")]
    wage, source = scenarios.day_wage(costs, 25)
    assert wage * 25 == pytest.approx(here.sort_values("year")["value"].iloc[-1])
    assert source in set(here["source_id"])
    with pytest.raises(ValueError, match="no minimum wage"):
        scenarios.day_wage(costs[costs["place"] != "Kutai Timur"], 25)


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


@pytest.mark.parametrize("n", [0, 1, 2])
def test_spread_of_fewer_than_three_values_is_refused(n):
    with pytest.raises(ValueError, match=f"{n} values do not tell their spread"):
        draws.student_t(np.random.default_rng(1), np.zeros(n), 10)


def test_predictive_draws_are_a_student_t():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    found = draws.student_t(np.random.default_rng(1), values, 40_000)
    # One more value: mean 3, sd 1.826, t with 3 degrees of freedom has its 95 % point at 2.353.
    bound = 3 + 1.8257 * np.sqrt(1.25) * 2.3534
    assert (found > bound).mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 40_000))
    assert np.median(found) == pytest.approx(3, abs=0.05)


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


def test_drawn_mature_shares_are_shares_around_the_known_ones(regions):
    shares = yield_gap.mature_shares(regions)
    found = yield_gap.draw_mature_share(shares, 1, 20_000)
    assert ((found > 0) & (found < 1)).all()
    known = shares[shares["level"] != "nation"]["share"]
    log_odds = np.log(known / (1 - known)).mean()
    assert np.median(found) == pytest.approx(1 / (1 + np.exp(-log_odds)), abs=0.02)
    # The draws are for one more place, so they are wider than the places that are known.
    assert np.quantile(found, 0.05) < known.min()


def test_present_yield_has_half_its_draws_from_each_official_year(regions):
    readings, size = yield_gap.kutai_timur_readings(regions), 4000
    none = {"production": 0.0, "area_total": 0.0}
    found = yield_gap.draw_present(readings, np.full(size, 0.5), none, seed=1)["yield_kg_per_ha"]
    # Without errors only three values are left: 2020 and 2025 over half the area, and 2025 as it stands.
    y2020, y2025 = 1410 / 3.440, 765 / 1.161
    counts = found.round(6).value_counts(normalize=True).to_dict()
    expected = {round(y2020 * 2, 6): 0.5, round(y2025 * 2, 6): 0.25, round(y2025, 6): 0.25}
    assert set(counts) == set(expected)
    for value, share in expected.items():
        assert counts[value] == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / size))


@given(st.integers(0, 2**31 - 1), st.floats(0.05, 0.5))
def test_errors_of_the_figures_widen_the_present_yield_but_not_its_middle(seed, error):
    frame = pd.DataFrame({"reading": list(yield_gap.OFFICIAL), "yield_kg_per_ha": [400.0, 400.0]})
    share = np.ones(2000)
    exact = yield_gap.draw_present(frame, share, {"production": 0.0, "area_total": 0.0}, seed)["yield_kg_per_ha"]
    noisy = yield_gap.draw_present(frame, share, {"production": error, "area_total": error}, seed)["yield_kg_per_ha"]
    assert exact.tolist() == [400.0] * 2000
    assert np.log(noisy / 400).std() == pytest.approx(error * np.sqrt(2), rel=0.1)
    assert np.median(noisy) == pytest.approx(400, rel=5 * error * np.sqrt(2) * 1.2533 / np.sqrt(2000))


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
