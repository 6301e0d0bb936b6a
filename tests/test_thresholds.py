"""From which bean price an option pays, and up to which price of fertilizer: as a search over prices finds it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.study.scenarios import charts, thresholds


def outcome(extra: list[float], cost: float | list[float] = 1_000_000.0) -> dict[str, np.ndarray]:
    kg = np.array(extra, float)
    return {"extra_kg_per_ha": kg, "cost_idr_per_ha": np.broadcast_to(np.asarray(cost, float), kg.shape).copy()}


def test_a_draw_pays_from_the_price_that_earns_its_cost_and_its_harvest() -> None:
    # A million for 20, 25, 40 and 50 kg: 50,000, 40,000, 25,000 and 20,000 Rp/kg, and 5,000 to pick and dry each.
    [row] = thresholds.bean_prices({"a": outcome([20, 25, 40, 50])}, 5_000.0).to_dict("records")
    assert row["name"] == "a"
    assert [row[name] for name in ("quarter", "even", "three_quarters")] == [25_000, 30_000, 45_000]


def test_what_brings_nothing_pays_at_no_price() -> None:
    [row] = thresholds.bean_prices({"a": outcome([0, -10, 40, 50])}, 0.0).to_dict("records")
    assert (row["quarter"], row["even"]) == (20_000, 25_000)
    assert np.isnan(row["three_quarters"])


DRAWS = st.lists(st.floats(-200, 500), min_size=5, max_size=40)


@given(DRAWS, st.integers(0, 2**32 - 1))
def test_at_the_price_so_many_draws_gain_and_below_it_fewer(extra: list[float], seed: int) -> None:
    costs = np.random.default_rng(seed).uniform(1e5, 5e6, len(extra))
    made = outcome(extra, list(costs))
    [row] = thresholds.bean_prices({"a": made}, 4_000.0).to_dict("records")
    for name, chance in (("quarter", 0.25), ("even", 0.5), ("three_quarters", 0.75)):

        def gains(price: float) -> float:
            return float((made["extra_kg_per_ha"] * (price - 4_000.0) - costs > 0).mean())

        if np.isnan(row[name]):
            assert gains(1e15) < chance
        else:
            assert gains(row[name] * 1.000001) >= chance - 1e-9
            assert gains(row[name] * 0.999999) < chance


def test_the_price_of_fertilizer_leaves_freight_and_labour_as_they_are() -> None:
    # 400 kg at 2,640 Rp with 200 Rp of freight and 300,000 Rp of labour; beans leave 30,000 Rp/kg.
    made = outcome([10, 50, 60, 100], 400 * (2_640 + 200) + 300_000)
    found = thresholds.fertilizer_prices(made, 30_000.0, 400.0, 2_640.0)
    by_draw = [(kg * 30_000 - 400 * 200 - 300_000) / 400 for kg in (10, 50, 60, 100)]
    assert found["even"] == pytest.approx(np.median(by_draw))
    assert found["quarter"] == pytest.approx(np.quantile(by_draw, 0.75))
    assert found["even"] > found["three_quarters"] or np.isnan(found["three_quarters"])
    assert np.isnan(thresholds.fertilizer_prices(outcome([1, 2, 3]), 30_000.0, 400.0, 100.0)["even"])


def test_the_figure_has_options_the_set_price_and_the_newest_in_one_unit() -> None:
    class Newest:
        lower, value, upper, sources = 33_000.0, 42_000.0, 50_000.0, ("a@local_prices:2",)

    prices = pd.DataFrame(
        {
            "name": ["b", "a"],
            "quarter": [2e4, 1e4],
            "even": [5e4, 3e4],
            "three_quarters": [np.nan, 9e4],
            "source_id": "x",
        }
    )
    rows = charts.threshold_rows(prices, 36_500.0, Newest()).set_index("kind")
    assert rows.loc["option", "name"].tolist() == ["a", "b"], "the one that pays first stands first"
    assert rows.loc["option", "value"].tolist() == [30.0, 50.0]
    assert rows.loc["set", "value"] == 36.5
    assert rows.loc["newest", ["lower", "value", "upper"]].tolist() == [33.0, 42.0, 50.0]
