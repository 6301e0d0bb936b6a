"""Fertilizer: response curves and their optimum, dose trials against published optima, prices, and bad input."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.kit.data.citations import count_rows, join, rows_in, sources_in
from pipeline.kit.publish.keys import KeyPartError
from pipeline.study.evidence import clean as evidence_clean
from pipeline.study.fertilizer import best_dose, dose_trials, price_history, surfaces
from pipeline.study.fertilizer.best_dose import key
from pipeline.study.fertilizer.estimates import QUANTITIES, fertilizer_estimates, trial_weight
from pipeline.study.fertilizer.response_curves import FAMILIES, MITSCHERLICH, QUADRATIC_PLATEAU, Response, draw_response
from pipeline.study.prices import clean, prices_now
from pipeline.study.prices.ratios import rupiah_price_ratio, without_bean_price
from pipeline.study.prices.scope import Dated

DATED = Dated(
    {name: f"{name} bean price" for name in ("present", "low", "high", "berau", "peak")},
    "2026-01",
    fertilizers={"ceiling": "ceiling now", "ceiling_before": "ceiling before", "market": "market"},
)

FULL = 400.0
DOSES = np.linspace(0, 2 * FULL, 801)
BOTH = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
PRICE = st.floats(0.01, 3)
# 17,000 of October 2023, moved with the nutrients of 14-12-16 NPK at world prices (urea 411.38 to 415.4, TSP 468.13 to
# 529.2, KCl 341.88 to 366 USD/t) and the rupiah (15,236.88 to 16,743).
NUTRIENTS_2023 = 0.14 * 0.41138 / 0.46 + 0.12 * 0.46813 / 0.46 + 0.16 * 0.34188 / 0.60
NUTRIENTS_2026 = 0.14 * 0.4154 / 0.46 + 0.12 * 0.5292 / 0.46 + 0.16 * 0.366 / 0.60
MARKET_2026 = 17000 * NUTRIENTS_2026 * 16743 / (NUTRIENTS_2023 * 15236.88466)
COSTS = best_dose.Costs(bean_price=70000.0, net_bean_price=64000.0, transport=200.0, spreading=3000.0)
RESULTS = dose_trials.published_results()


@st.composite
def responses(draw, least_gain=10.0):
    family = draw(st.sampled_from(FAMILIES))
    return Response(family, FULL, draw(st.floats(least_gain, 800)), draw(st.floats(*family.drawn)))


# Curves.


@given(responses())
def test_response_is_nothing_at_no_dose_and_the_gain_at_the_full_dose(response):
    assert response.extra_yield(0.0) == 0
    assert response.extra_yield(FULL) == pytest.approx(response.gain)


@given(responses())
def test_response_never_falls_and_each_further_kilogram_adds_no_more(response):
    extra = response.extra_yield(DOSES)
    assert (np.diff(extra) >= 0).all()
    assert (np.diff(extra, 2) <= 1e-9 * response.gain).all()


@given(st.floats(10, 800), st.floats(*QUADRATIC_PLATEAU.drawn))
def test_quadratic_plateau_rises_up_to_its_plateau_and_is_flat_beyond(gain, plateau):
    response = Response(QUADRATIC_PLATEAU, FULL, gain, plateau)
    top = response.extra_yield(plateau * FULL)
    assert response.extra_yield(plateau * FULL * 0.98) < top
    assert response.extra_yield(plateau * FULL * np.array([1.0, 1.2, 5.0])) == pytest.approx(top)


@given(responses())
def test_slope_at_no_dose_is_the_choke_ratio(response):
    assert response.extra_yield(1e-6 * FULL) / (1e-6 * FULL) == pytest.approx(response.choke_ratio(), rel=1e-4)


@BOTH
def test_drawn_curves_begin_with_one_and_a_half_to_four_times_the_mean_slope(family):
    shapes = draw_response(family, FULL, np.ones(2000), np.random.default_rng(1)).shape
    assert family.drawn[0] <= shapes.min() < shapes.max() <= family.drawn[1]
    slopes = family.first_slope(np.linspace(*family.drawn, 50))
    assert (slopes.min(), slopes.max()) == pytest.approx((1.5, 4.0), abs=0.1)


@BOTH
def test_dose_at_is_where_the_slope_has_fallen(family):
    shape, step = 1.2, 1e-6
    for part in (0.9, 0.5, 0.1):
        dose = family.dose_at(part, shape)
        slope = (family.share(dose + step, shape) - family.share(dose - step, shape)) / (2 * step)
        assert slope == pytest.approx(part * family.first_slope(shape), rel=1e-4)


# Optimum.


@given(responses(), PRICE)
def test_optimal_dose_earns_most_on_a_fine_grid(response, price_ratio):
    best = response.optimal_dose(price_ratio)
    profit = response.extra_yield(DOSES) - price_ratio * DOSES
    assert response.extra_yield(best) - price_ratio * best >= profit.max() - 1e-9
    assert 0 <= best <= 2 * FULL


@given(responses(), PRICE, st.floats(1, 3))
def test_dearer_fertilizer_never_asks_for_more_of_it(response, price_ratio, factor):
    assert response.optimal_dose(price_ratio * factor) <= response.optimal_dose(price_ratio)


@given(responses())
def test_no_fertilizer_exactly_from_the_choke_ratio_on(response):
    choke = float(response.choke_ratio())
    assert response.optimal_dose(choke) == 0
    assert response.optimal_dose(choke * 0.999) > 0


@given(responses(), st.floats(0.1, 10))
def test_optimal_dose_knows_no_unit_of_yield(response, factor):
    scaled = Response(response.family, FULL, response.gain * factor, response.shape)
    assert scaled.optimal_dose(0.3 * factor) == pytest.approx(float(response.optimal_dose(0.3)), abs=1e-6)


@BOTH
@pytest.mark.parametrize("gain", [0.0, -100.0])
def test_no_fertilizer_when_it_brings_nothing(family, gain):
    response = Response(family, FULL, gain, 1.2)
    assert response.optimal_dose(np.array([0.0, 0.1])).tolist() == [0, 0]
    assert response.choke_ratio() == 0


@pytest.mark.parametrize("price_ratio", [0.0, 1e-12])
def test_free_fertilizer_is_capped_where_it_was_tried_or_stops_at_the_plateau(price_ratio):
    assert Response(MITSCHERLICH, FULL, 300.0, 2.0).optimal_dose(price_ratio) == 800
    assert Response(MITSCHERLICH, FULL, 300.0, 2.0).optimal_dose(price_ratio, most=1.0) == 400
    assert Response(QUADRATIC_PLATEAU, FULL, 300.0, 0.75).optimal_dose(price_ratio) == pytest.approx(300)


def test_closed_forms_of_the_optimum():
    # Parabola with plateau 400: slope 2 x 200 / 400 x (1 - dose / 400) = 0.25 at 300 kg.
    assert Response(QUADRATIC_PLATEAU, FULL, 200.0, 1.0).optimal_dose(0.25) == pytest.approx(300)
    # Slope halves every 100 kg.
    response = Response(MITSCHERLICH, FULL, 200.0, 4 * np.log(2))
    assert response.optimal_dose(response.choke_ratio() / 8) == pytest.approx(300)


@BOTH
def test_doses_and_prices_below_zero_are_refused(family):
    response = Response(family, FULL, np.array([100.0, 200.0]), np.array([1.0, 1.2]))
    with pytest.raises(ValueError, match="dose of -1 kg/ha is below zero"):
        response.extra_yield(-1.0)
    with pytest.raises(ValueError, match=r"price ratio of -0\.2 is below zero"):
        response.optimal_dose(np.array([0.1, -0.2]))


@pytest.mark.parametrize("full_dose", [0.0, -400.0, float("nan")])
def test_a_full_dose_must_be_above_zero(full_dose):
    with pytest.raises(ValueError, match="is not above zero"):
        Response(MITSCHERLICH, full_dose, 100.0, 2.0)


# Dose trials.


def grown(name: str, dose: np.ndarray, full: float, gain: float, shape: float) -> np.ndarray:
    """Extra yield written down apart from the model: the slope falls by a constant share, or to zero at a plateau."""
    if name == "mitscherlich":
        return gain * (1 - np.exp(-shape * dose / full)) / (1 - np.exp(-shape))
    parabola = [1 - (1 - np.minimum(one / full / shape, 1)) ** 2 for one in (dose, np.array(full))]
    return gain * parabola[0] / parabola[1]


@given(responses(), st.floats(0, 2))
def test_curves_are_those_of_their_names(response, relative):
    expected = grown(response.family.name, np.array(relative * FULL), FULL, response.gain, response.shape)
    assert response.extra_yield(relative * FULL) == pytest.approx(float(expected), rel=1e-9, abs=1e-9)


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    return dose_trials.maize_trials()


def test_published_optima_are_found_again(trials):
    checks = dose_trials.reference_checks(trials, RESULTS)
    assert checks["passed"].all(), checks
    assert checks["published"].tolist() == [225.0, 140.0, 191.7198]


def test_the_last_bit_of_the_yields_moves_no_digit_that_is_published(trials):
    moved = trials.assign(yield_value=np.nextafter(trials["yield_value"], np.inf))
    for found, other in zip(
        (dose_trials.reference_checks(trials, RESULTS), dose_trials.weigh_trials(trials)[1]),
        (dose_trials.reference_checks(moved, RESULTS), dose_trials.weigh_trials(moved)[1]),
        strict=True,
    ):
        pd.testing.assert_frame_equal(found, other, rtol=1e-9)
    assert dose_trials.weigh_trials(moved)[0] == pytest.approx(dose_trials.weigh_trials(trials)[0], rel=1e-9)


def test_a_plateau_between_two_doses_is_set_at_the_greater():
    # By hand: one dose below the plateau and four on it. Any plateau between 20 and 40 meets the mean of the four.
    dose, yields = np.array([20.0, 40, 60, 80, 100]), np.array([50.0, 81, 79, 81, 79])
    fitted = dose_trials.fit(QUADRATIC_PLATEAU, dose, yields)
    assert 100 * fitted.response.shape == pytest.approx(40, rel=1e-3)
    assert fitted.predict(np.array([20.0, 40, 100])) == pytest.approx([50, 80, 80], abs=1e-2)


def test_a_wrong_yield_makes_a_reference_check_fail(trials):
    damaged = trials.copy()
    damaged.loc[damaged["yield_value"] == 71.9, "yield_value"] = 61.9
    assert not dose_trials.reference_checks(damaged, RESULTS)["passed"].all()


def test_mitscherlich_fit_finds_the_published_asymptotic_regression():
    # Loblolly pine, seed 329 (Kung 1986), the example of SSasymp in R: 94.1282, -8.2508, -3.2176.
    age, height = np.array([3.0, 5, 10, 15, 20, 25]), np.array([3.93, 9.34, 26.08, 37.79, 48.31, 56.43])
    fitted = dose_trials.fit(MITSCHERLICH, age, height)
    shape, gain = fitted.response.shape, fitted.response.gain
    asymptote = fitted.base - gain / np.expm1(-shape)
    assert (asymptote, fitted.base, np.log(shape / 25)) == pytest.approx((94.1282, -8.2508, -3.2176), abs=1e-4)


@BOTH
def test_a_fit_finds_the_curve_behind_noisy_yields_and_predicts_at_its_doses(family):
    rng = np.random.default_rng(3)
    dose = np.repeat(np.linspace(0, 300, 7), 30)
    shape, asked = float(np.mean(family.drawn)), np.array([0.0, 150.0, 300.0])
    yields = 900 + grown(family.name, dose, 300.0, 2000.0, shape) + rng.normal(0, 60, len(dose))
    fitted = dose_trials.fit(family, dose, yields)
    assert fitted.predict(asked) == pytest.approx(900 + grown(family.name, asked, 300.0, 2000.0, shape), abs=60)
    assert fitted.spread == pytest.approx(60, rel=0.15)
    assert float(fitted.response.shape) == pytest.approx(shape, rel=0.25)


def test_fit_does_not_depend_on_the_order_of_plots_or_the_unit_of_yield(trials):
    dose, found = (trials[column].to_numpy()[:6] for column in ("dose_kg_per_ha", "yield_value"))
    one = dose_trials.fit(QUADRATIC_PLATEAU, dose, found)
    other = dose_trials.fit(QUADRATIC_PLATEAU, dose[::-1], 100 * found[::-1])
    assert float(other.response.shape) == pytest.approx(float(one.response.shape), rel=1e-4)
    assert other.base == pytest.approx(100 * one.base, rel=1e-4)


GOOD = ([0.0, 50, 100, 150, 200], [10.0, 14.2, 16.1, 17.8, 17.5])


@pytest.mark.parametrize(
    ("dose", "found", "message"),
    [
        ([0.0, 50, 100, 100], [1.0, 2, 3, 3.1], "3 different doses do not tell a curve; at least 4"),
        ([0.0, 0, 0, 0], [1.0, 2, 3, 4], "1 different doses"),
        ([0.0, 50, -100, 150, 200], GOOD[1], "dose in row 2 is -100 kg/ha, below zero"),
        ([0.0, 50, np.nan, 150, 200], GOOD[1], "dose in row 2 is not a number"),
        (GOOD[0], [10.0, 14, 16, np.inf, 17], "yield in row 3 is not a number"),
        (GOOD[0], GOOD[1][:4], "5 doses do not go with 4 yields"),
        (GOOD[0], [10.0] * 5, "meets every yield"),
    ],
)
def test_trials_that_tell_no_curve_are_refused(dose, found, message):
    with pytest.raises(ValueError, match=message):
        dose_trials.fit(MITSCHERLICH, np.array(dose, float), np.array(found, float))


def test_a_trial_that_cannot_be_weighed_is_named(trials):
    short = trials[~((trials["site"] == "Jackson") & (trials["year"] == 1963) & (trials["dose_kg_per_ha"] > 150))]
    with pytest.raises(ValueError, match=r"trial engelstad.nitro Jackson 1963: \d different doses"):
        dose_trials.weigh_trials(short)


@BOTH
def test_predictive_weight_goes_to_the_family_that_made_the_yields(family):
    # Made for this test: shapes at which the two families differ.
    shape = 5.0 if family is MITSCHERLICH else 0.5
    dose = np.repeat(np.linspace(0, 300, 9), 6)
    yields = 30 + grown(family.name, dose, 300.0, 40.0, shape) + np.random.default_rng(5).normal(0, 1, len(dose))
    densities = dose_trials.left_out_densities(dose, yields)
    weight = dose_trials.predictive_weight(densities)
    assert weight < 0.25 if family is MITSCHERLICH else weight > 0.75


def test_predictive_weight_of_equal_and_of_hopeless_predictions():
    hopeless = np.column_stack([np.zeros(5), np.full(5, -2000.0)])
    assert dose_trials.predictive_weight(hopeless) == 0
    assert dose_trials.predictive_weight(hopeless[:, ::-1]) == 1
    swapped = np.array([[0.0, -1.0], [-1.0, 0.0]])
    assert dose_trials.predictive_weight(swapped) == pytest.approx(0.5, abs=1e-3)


def test_trials_on_maize_get_a_weight_between_the_families(trials):
    weight, table = dose_trials.weigh_trials(trials)
    assert 0 < weight < 1
    assert (len(table), table["plots"].sum()) == (11, len(trials))
    estimate = trial_weight(weight, trials)
    assert (estimate.n, len(estimate.sources)) == (11, len(trials))
    assert sources_in(estimate.sources) == ("engelstad_parks_1971", "hernandez_mulla_2008")


# Prices.


@pytest.fixture(scope="module")
def local() -> pd.DataFrame:
    return clean.local_prices(1.6)


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return clean.world_prices(46.0)


@pytest.fixture(scope="module")
def rupiah(local) -> pd.DataFrame:
    return rupiah_price_ratio(local, price_history.COMPOUNDS)


def cases_of(local: pd.DataFrame) -> pd.DataFrame:
    rates = prices_now.exchange_rates(clean.exchange_cpi(), evidence_clean.costs())
    return best_dose.price_cases(local, clean.world_prices(46.0), rates, "2026-01", 1.0)


def test_price_cases_are_the_ceilings_and_the_market_of_kutai_timur(local):
    cases = cases_of(local).set_index("name")
    expected = {"ceiling": 2640, "ceiling_before": 3300, "market": MARKET_2026}
    assert cases["price_idr_per_kg"].to_dict() == pytest.approx(expected)
    assert cases["reported_idr_per_kg"].to_dict() == {"ceiling": 2640, "ceiling_before": 3300, "market": 17000}
    assert cases.loc[["ceiling", "market"], "date"].tolist() == ["2025-10-22", "2023-10-19"]
    cited = cases.at["market", "source_id"]
    assert {"harianutama_2023_10", "kontan_2026_01_rate"} <= set(sources_in([cited]))
    # The report, two world prices and two exchange rates, and what urea, KCl and cocoa NPK hold.
    assert count_rows([cited]) == 5 + 5
    assert {"parameter@params:prices.fertilizer_multiplier", "parameter@params:prices.as_of"} <= set(cited.split(";"))
    ceiling = cases.at["ceiling", "source_id"].split(";")
    assert "parameter@params:prices.fertilizer_multiplier" in ceiling


@pytest.mark.parametrize(("market", "case"), [("ceiling_subsidised", "'ceiling'"), ("retail_unsubsidised", "'market'")])
def test_a_missing_price_names_its_case(local, market, case):
    with pytest.raises(ValueError, match=f"no price of fertilizer for the case {case}"):
        cases_of(local[local["market"] != market])


@pytest.mark.parametrize("price", [0.0, -17000.0, float("nan")])
def test_a_price_that_is_not_above_zero_names_its_row(local, price):
    damaged = local.copy()
    damaged.loc[damaged["price_id"] == "F086", "price_idr_per_kg"] = price
    with pytest.raises(ValueError, match=r"market \(F086\)"):
        cases_of(damaged)


@pytest.mark.parametrize("name", ["bean_price", "net_bean_price", "transport", "spreading"])
@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_costs_that_cannot_be_name_themselves(name, value):
    with pytest.raises(ValueError, match=f"{name} is"):
        best_dose.Costs(**{**COSTS.__dict__, name: value})


def test_beans_that_are_worth_nothing_are_refused():
    with pytest.raises(ValueError, match="bean_price is 0"):
        best_dose.Costs(0.0, 0.0, 200.0, 3000.0)


def test_world_spike_is_the_dearest_year_of_two(world):
    spike = price_history.world_spike(world.sample(frac=1, random_state=1))
    ordered = (
        world[world["year"].isin([2021, 2022])].sort_values(["year", "month"])["fertilizer_cocoa_ratio"].to_numpy()
    )
    assert spike["ratio_dear"] == pytest.approx(max(ordered[start : start + 12].mean() for start in range(13)))
    assert spike["ratio_cheap"] == pytest.approx(
        world[world["year"].isin([2019, 2020])]["fertilizer_cocoa_ratio"].mean()
    )
    assert spike["first_month"] == "2021-11"


def test_a_month_without_world_price_is_not_overlooked(world):
    with pytest.raises(ValueError, match="23 of 24 months of 2021-2022"):
        price_history.world_spike(world[~((world["year"] == 2022) & (world["month"] == 3))])


def test_each_side_of_a_price_step_cites_its_own_prices(world, rupiah, local):
    steps = price_history.price_steps(world, rupiah, cases_of(local), COSTS).set_index("name")
    for step in steps.itertuples():
        cheap, dear = rows_in([step.cheap_cites]), rows_in([step.dear_cites])
        assert step.source_id == join(step.cheap_cites, step.dear_cites)
        for table in ("local_prices", "worldbank_prices_monthly"):
            assert not cheap.get(table, set()) & dear.get(table, set()), step.Index
    dear = rows_in([steps.at["market_spike", "dear_cites"]])["local_prices"]
    assert len(dear) == 3


def test_a_price_in_beans_cites_the_bean_price_and_the_freight_that_are_in_it(world, rupiah, local):
    steps = price_history.price_steps(world, rupiah, cases_of(local), COSTS).set_index("name")
    freight = "parameter@params:fertilizer.transport_idr_per_kg"
    beans = "parameter@params:prices.cocoa_idr_per_kg"
    within = {
        name: ({freight, beans} & set(steps.at[name, "cheap_cites"].split(";")), steps.at[name, "dear_cites"])
        for name in steps.index
    }
    assert {name: cheap for name, (cheap, _) in within.items()} == {
        "world_spike": set(),
        "market_spike": {freight},
        "ceiling_cut": {freight, beans},
        "access": {freight, beans},
    }
    for cheap, dear in within.values():
        assert cheap == {freight, beans} & set(dear.split(";"))
    history = price_history.price_history(world, rupiah, 200.0)
    has_freight = history["source_id"].str.contains(freight, regex=False)
    assert (has_freight == (history["kind"] != "world")).all()


def test_price_steps_are_the_published_prices_over_beans(world, rupiah, local):
    steps = price_history.price_steps(world, rupiah, cases_of(local), COSTS).set_index("name")
    assert steps.loc["ceiling_cut", ["ratio_cheap", "ratio_dear"]].tolist() == pytest.approx([2840 / 7e4, 3500 / 7e4])
    assert steps.at["access", "ratio_dear"] == pytest.approx((MARKET_2026 + 200) / 7e4)
    # The beans reported nearest: 20,000 (December 2020); 22,000 and 26,000 (July 2022).
    assert steps.loc["market_spike", ["ratio_cheap", "ratio_dear"]].tolist() == pytest.approx(
        [10200 / 20000, 18200 / 24000]
    )


def test_a_step_without_bean_price_names_the_fertilizer_price(world, local):
    no_beans = local[~(local["item"].str.startswith("cocoa_dry") & local["year_decimal"].between(2021.2, 2023.9))]
    rupiah = rupiah_price_ratio(no_beans, price_history.COMPOUNDS)
    assert "F084" in set(without_bean_price(no_beans, price_history.COMPOUNDS)["price_id"])
    with pytest.raises(ValueError, match="price F084: no such price, or no farm-gate bean price"):
        price_history.price_steps(world, rupiah, cases_of(local), COSTS)


def test_a_step_that_goes_down_is_refused(world, rupiah, local):
    cases = cases_of(local)
    cases.loc[cases["name"] == "market", "price_idr_per_kg"] = 2000.0
    with pytest.raises(ValueError, match="dearer one: access"):
        price_history.price_steps(world, rupiah, cases, COSTS)


def test_every_fertilizer_price_has_a_ratio_or_is_shown_as_left_out(local, rupiah):
    wanted = local[local["item"].isin(price_history.COMPOUNDS) & (local["market"] != "transport")]
    left_out = without_bean_price(local, price_history.COMPOUNDS)
    assert set(wanted["price_id"]) == set(rupiah["price_id"]) | set(left_out["price_id"])
    nothing = rupiah_price_ratio(local[local["market"] != "farm_gate"], price_history.COMPOUNDS)
    assert nothing.empty
    assert "ratio" in nothing


def test_history_keeps_every_price_and_adds_freight(world, rupiah):
    history = price_history.price_history(world, rupiah, 200.0)
    assert len(history) == len(world) + len(rupiah)
    marks = history[history["kind"] != "world"]
    assert (marks["price_ratio"].to_numpy() > rupiah["ratio"].to_numpy()).all()
    ranges = price_history.market_ranges(history)
    assert (ranges["lower"] <= ranges["value"]).all()
    assert ranges["n"].sum() == len(history)


# Economics.

CASES = pd.DataFrame(
    {"name": ["cheap", "dear"], "price_id": ["X1", "X2"], "price_idr_per_kg": [2640.0, 17000.0], "source_id": "a"}
)
STEPS = pd.DataFrame(
    {
        "name": ["small", "large"], "ratio_cheap": [0.05, 0.05], "ratio_dear": [0.06, 0.5],
        "cheap_cites": "b", "dear_cites": "c", "source_id": "b;c",
    }
)  # fmt: skip
GAIN = np.linspace(-150.0, 900.0, 400)


@pytest.fixture(scope="module")
def by_family() -> dict[str, dict[str, np.ndarray]]:
    return best_dose.economics_by_family(best_dose.draw_responses(FULL, GAIN, 1), CASES, STEPS, COSTS)


def test_value_cost_ratio_is_value_over_cost():
    assert best_dose.value_cost_ratio(np.array([100.0]), 70000, 3.5e6).tolist() == [2.0]


@pytest.mark.parametrize(("price", "cost"), [(0, 1e6), (-1, 1e6), (70000, 0), (70000, np.array([1e6, -1]))])
def test_value_cost_ratio_refuses_what_costs_or_earns_nothing(price, cost):
    with pytest.raises(ValueError, match="above zero"):
        best_dose.value_cost_ratio(np.array([100.0, 100.0]), price, cost)


@given(st.floats(1, 500), st.floats(1e4, 2e5), st.floats(50, 800), st.floats(0, 5000))
def test_at_the_break_even_price_value_equals_cost(extra, bean_price, dose, spreading):
    costs = best_dose.Costs(bean_price, bean_price, 200.0, spreading)
    price = best_dose.break_even_price(np.array([extra]), dose, costs)
    assert costs.dose_cost(dose, price) == pytest.approx(extra * bean_price)


def test_a_dose_of_nothing_has_no_break_even_price():
    with pytest.raises(ValueError, match="dose of 0 kg/ha has no break-even price"):
        best_dose.break_even_price(np.array([100.0]), 0.0, COSTS)


@given(responses(), st.floats(1000, 100000))
def test_at_the_choke_price_the_optimal_dose_falls_to_zero(response, beyond):
    found = best_dose.curve_economics(response, CASES, STEPS, COSTS)
    choke = float(found[key("choke_price")])
    assert found[key("choke_ratio")] == pytest.approx(float(COSTS.price_ratio(choke)))
    assume(choke > 1000)
    below, above = (COSTS.full_ratio(COSTS.price_ratio(price)) for price in (choke - 10, choke + beyond))
    assert response.optimal_dose(below) > 0
    assert response.optimal_dose(above) == 0


def test_fertilizer_pays_less_the_dearer_it_is(by_family):
    full = best_dose.full_dose_economics(CASES, GAIN, FULL, COSTS)
    assert full[key("value_cost_ratio", at=("cheap",))] == pytest.approx(GAIN * 64000 / (400 * (2640 + 200 + 3000)))
    assert ((full[key("break_even_price")] > 17000) == (full[key("value_cost_ratio", at=("dear",))] > 1)).all()
    for found in by_family.values():
        assert (found[key("optimal_dose", at=("cheap",))] >= found[key("optimal_dose", at=("dear",))]).all()
        # Where a dose adds nothing, half of it loses the same share.
        pays = GAIN > 0
        half, whole = (
            found[key("value_cost_ratio", "half_dose", at=("dear",))],
            full[key("value_cost_ratio", at=("dear",))],
        )
        assert (half[pays] >= whole[pays]).all()


def test_a_dearer_price_takes_dose_yield_and_income_and_more_the_larger_the_step(by_family):
    for found in by_family.values():
        for part in ("dose", "yield", "income"):
            small, large = (found[key(part, "price_step", name)] for name in ("small", "large"))
            assert (small >= -1e-12).all()
            assert (large >= small - 1e-9).all()
        assert (found[key("yield", "price_step", "large")][GAIN <= 0] == 0).all()


def test_income_lost_lies_between_the_dear_and_the_cheap_dose_times_the_rise(by_family):
    rise = 0.45 * COSTS.bean_price / 1e6
    for name, response in best_dose.draw_responses(FULL, GAIN, 1).items():
        lost = by_family[name][key("income", "price_step", "large")]
        cheap, dear = (response.optimal_dose(COSTS.full_ratio(ratio)) for ratio in (0.05, 0.5))
        assert (lost <= cheap * rise + 1e-9).all()
        assert (lost >= dear * rise - 1e-9).all()


def test_the_average_follows_one_family_in_every_draw_and_both_in_equal_parts(by_family):
    is_plateau = best_dose.draw_family(1, len(GAIN))
    averaged = best_dose.average_economics(by_family, is_plateau)
    for each, draws in averaged.items():
        chosen = np.where(is_plateau, by_family["quadratic_plateau"][each], by_family["mitscherlich"][each])
        assert draws.tolist() == chosen.tolist()
    assert best_dose.draw_family(1, 20000).mean() == pytest.approx(0.5, abs=0.02)


def test_curves_over_prices_fall_and_meet_the_single_answers():
    drawn, is_plateau = best_dose.draw_responses(FULL, GAIN, 1), best_dose.draw_family(1, len(GAIN))
    curve = best_dose.value_cost_curve(drawn, is_plateau, COSTS, np.array([2640.0, 9000.0, 17000.0]), 0.9)
    assert curve["value"].is_monotonic_decreasing
    assert (curve["lower"] <= curve["value"]).all()
    assert (curve["value"] <= curve["upper"]).all()
    full = best_dose.full_dose_economics(CASES, GAIN, FULL, COSTS)
    assert curve["value"].iloc[0] == pytest.approx(np.median(full[key("value_cost_ratio", at=("cheap",))]))
    doses = best_dose.dose_curve(drawn, is_plateau, COSTS, np.geomspace(0.02, 6, 12), 0.9)
    assert (
        doses[["value", "mitscherlich", "quadratic_plateau"]].apply(lambda column: column.is_monotonic_decreasing).all()
    )
    assert (doses["lower"] <= doses["value"]).all()
    assert (doses["value"] <= doses["upper"]).all()


def test_cases_without_a_price_are_named_before_anything_is_computed():
    broken = CASES.assign(price_idr_per_kg=[2640.0, 0.0])
    for compute in (
        lambda: best_dose.full_dose_economics(broken, GAIN, FULL, COSTS),
        lambda: best_dose.curve_economics(Response(MITSCHERLICH, FULL, GAIN, 2.0), broken, STEPS, COSTS),
    ):
        with pytest.raises(ValueError, match=r"dear \(X2\): 0.0 Rp/kg"):
            compute()


# Published estimates.


def test_every_quantity_is_published_with_its_unit_and_sources():
    renamed = CASES.assign(name=["ceiling", "market"], date=["2025-10", "2023-10-05"])
    steps = STEPS.assign(name=["ceiling_cut", "access"])
    full = best_dose.full_dose_economics(renamed, GAIN, FULL, COSTS)
    drawn = best_dose.draw_responses(FULL, GAIN, 1)
    found = best_dose.economics_by_family(drawn, renamed, steps, COSTS)
    averaged = best_dose.average_economics(found, best_dose.draw_family(1, len(GAIN)))
    cites_of = {"effect": ("z@effects:2",), "yield": ("y@baselines:4",), "wage": ("w@costs:3",)}
    published = fertilizer_estimates(full, averaged, found, GAIN, renamed, steps, cites_of, DATED, 0.9, 1)
    estimates = {str(estimate.key): estimate for estimate in published}
    assert len(estimates) == len(published)
    assert estimates["fertilizer.price_step.access.income"].unit == "million Rp/ha"
    access = estimates["fertilizer.price_step.access.yield"].sources
    assert set(sources_in(access)) == {"b", "c", "parameter", "w", "y", "z"}
    # No price stands behind a gain.
    assert set(estimates["fertilizer.gain"].sources) == {
        "y@baselines:4",
        "z@effects:2",
        "parameter@params:yield_gap.potential_kg_per_ha",
    }
    assert estimates["fertilizer.gain"].n == 2
    # A gain is below zero where the effect is, whatever the yield.
    assert set(estimates["fertilizer.probability_no_gain"].sources) == {"z@effects:2"}
    assert estimates["fertilizer.value_cost_ratio.market"].headline
    loss, ratio = estimates["fertilizer.probability_loss.market"].value, full[key("value_cost_ratio", at=("market",))]
    assert loss == np.mean(ratio < 1)
    # One definition of a loss: what is below one rupiah for a rupiah leaves less than nothing.
    assert loss == np.mean(full[key("net_income", at=("market",))] < 0)
    assert estimates["fertilizer.half_dose.probability_above_2.ceiling"].value == np.mean(
        averaged[key("value_cost_ratio", "half_dose", at=("ceiling",))] > 2
    )
    assert estimates["fertilizer.probability_no_gain"].value == np.mean(GAIN <= 0)
    choke = np.median(found["mitscherlich"][key("choke_ratio")])
    assert estimates["fertilizer.mitscherlich.choke_ratio"].value == pytest.approx(choke, rel=1e-5)


def test_a_price_that_is_not_declared_is_not_published():
    with pytest.raises(KeyPartError, match=r"fertilizer\.optimal_dose\.cheap is not among the keys"):
        QUANTITIES["optimal_dose"].key(at=("cheap",))


# Shapes with a published answer that no number of the project uses.


def parabola(bend: float, noise: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Eleven doses in four blocks; one kg brings 0.02 less 2 times ``bend`` per kg already given."""
    dose = np.repeat(np.linspace(0, 200, 11), 4)
    error = np.random.default_rng(seed).normal(0, noise, len(dose))
    return dose, 3 + 0.02 * dose - bend * dose**2 + error


def test_published_intervals_and_surface_are_found_again():
    found = surfaces.surface_checks(dose_trials.maize_trials(), surfaces.reference_surfaces(), RESULTS)
    assert len(found) == 16
    assert found["passed"].all(), found[~found["passed"]]


@pytest.mark.parametrize(("row", "value"), [(2, 1.0), (82, 3.0)])
def test_a_wrong_yield_is_not_found_again(row, value):
    damaged = surfaces.reference_surfaces()
    damaged.loc[row, "yield_value"] += value
    assert not surfaces.surface_checks(dose_trials.maize_trials(), damaged, RESULTS)["passed"].all()


def test_fieller_ends_where_the_likelihood_does():
    """At Olmstead a parabola is fitted again with its optimum held at each end: the squares rise by t squared times the
    residual variance. R interpolates this profile and prints 147.96 and 401.65."""
    maize = dose_trials.maize_trials()
    dose, found = (
        maize.loc[maize["trial"] == "hernandez.nitrogen", name].to_numpy() for name in ("dose_kg_per_ha", "yield_value")
    )
    ratio = 0.6615 / 118.1
    ends = surfaces.quadratic_optimum(dose, found, ratio, 0.9).fieller
    assert ends == pytest.approx((147.96, 401.65), abs=1)

    def squares(columns: np.ndarray, values: np.ndarray) -> float:
        return float(np.linalg.lstsq(columns, values, rcond=None)[1][0])

    free = squares(np.column_stack([np.ones_like(dose), dose, dose**2]), found)
    degrees = len(dose) - 3
    for end in ends:
        # The slope at the end is the ratio: yield less ratio times dose is a constant and a parabola about the end.
        held = squares(np.column_stack([np.ones_like(dose), dose**2 - 2 * end * dose]), found - ratio * dose)
        assert (held - free) / (free / degrees) == pytest.approx(scipy.stats.t.ppf(0.95, degrees) ** 2, rel=1e-6)


@pytest.mark.parametrize("method", ["wald", "fieller"])
def test_intervals_of_an_optimum_hold_as_often_as_they_say(method):
    """In 2,000 simulated trials whose parabola is well told; the best dose is where 0.02 - 0.0001 x is 0.005."""
    inside = []
    for seed in range(2000):
        low, high = getattr(surfaces.quadratic_optimum(*parabola(5e-5, 0.05, seed), 0.005, 0.9), method)
        inside.append(low <= 150 <= high)
    # Two standard errors of such a share are 1.3 points.
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


def test_where_the_parabola_is_told_well_both_intervals_are_the_same_and_else_fieller_reaches_farther_out():
    sharp = surfaces.quadratic_optimum(*parabola(5e-5, 0.001), 0.005, 0.9)
    assert sharp.wald == pytest.approx(sharp.fieller, abs=0.01)
    assert sharp.dose == pytest.approx(150, abs=0.5)
    dull = surfaces.quadratic_optimum(*parabola(5e-5, 0.3), 0.005, 0.9)
    assert dull.fieller[1] - dull.dose > dull.dose - dull.fieller[0]
    assert dull.wald[1] - dull.dose == pytest.approx(dull.dose - dull.wald[0])


def test_a_response_that_may_be_a_straight_line_excludes_no_dose():
    with pytest.raises(ValueError, match="cannot be told from a straight line"):
        surfaces.quadratic_optimum(*parabola(1e-6, 0.5), 0.005, 0.9)


@given(st.floats(0.1, 10), st.floats(0.5, 2))
def test_optimum_and_intervals_follow_the_units(of_dose, of_yield):
    dose, found = parabola(5e-5, 0.1)
    one = surfaces.quadratic_optimum(dose, found, 0.005, 0.9)
    other = surfaces.quadratic_optimum(dose * of_dose, found * of_yield, 0.005 * of_yield / of_dose, 0.9)
    for name in ("wald", "fieller"):
        assert getattr(other, name) == pytest.approx(np.array(getattr(one, name)) * of_dose, rel=1e-6)


def test_a_square_root_surface_without_error_is_found_again():
    first, second = (grid.ravel() for grid in np.meshgrid([0.0, 40, 160, 320], [0.0, 80, 240, 320]))
    truth = np.array([2.0, -0.001, -0.005, 0.06, 0.17, -0.001])
    roots = np.sqrt(first), np.sqrt(second), np.sqrt(first * second)
    found = sum(part * column for part, column in zip(truth, (1.0, first, second, *roots), strict=True))
    assert surfaces.square_root_surface(first, second, found).coefficients == pytest.approx(truth, abs=1e-9)
