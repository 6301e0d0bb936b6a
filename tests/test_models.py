"""The models obey their laws: scenarios, draws and the yield gap."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clean import evidence
from pipeline.clean.statistics import conflicts
from pipeline.model import draws, scenarios, yield_gap

SHARE = st.floats(0, 1)
GAIN = st.floats(0, 1)
NO_CEILING = 1e9


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
