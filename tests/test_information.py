"""What it is worth to know more: closed forms for normal decisions, bounds, and no value where no choice changes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from pipeline.study.prices.scope import Dated
from pipeline.study.scenarios import choices
from pipeline.study.scenarios import estimates as published

SIZE = 20_000
DATED = Dated({"present": "present bean price"}, "2026-01", fertilizers={"ceiling": "ceiling price"})
BOUNDS = ("lower", "value", "upper")


def loss(mean: float, sd: float) -> float:
    """Value of knowing a normal payoff before choosing it over nothing: the unit normal loss function."""
    return float(sd * norm.pdf(mean / sd) - abs(mean) * norm.cdf(-abs(mean) / sd))


def decision(mean: float, sd_known: float, sd_other: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Nothing, or a payoff of a known and another normal part, shape (draws, 2), and the draws of the known one."""
    rng = np.random.default_rng(seed)
    known = rng.normal(0, sd_known, SIZE)
    return np.column_stack([np.zeros(SIZE), mean + known + rng.normal(0, sd_other, SIZE)]), known


@pytest.mark.parametrize(("mean", "known", "other"), [(0.0, 1.0, 1.0), (1.0, 2.0, 1.0), (-0.5, 0.7, 3.0)])
def test_normal_decisions_have_their_closed_values(mean, known, other):
    payoffs, draws = decision(mean, known, other)
    sd = np.hypot(known, other)
    assert choices.perfect_information(payoffs) == pytest.approx(loss(mean, sd), abs=4 * sd / np.sqrt(SIZE))
    found = choices.partial_information(payoffs, draws)
    assert found == pytest.approx(loss(mean, known), abs=4 * sd / np.sqrt(SIZE))


@pytest.mark.parametrize("plots", [2, 8, 64])
def test_plots_have_the_normal_preposterior_value(plots):
    payoffs, draws = decision(0.3, 1.0, 0.5)
    # The posterior mean after plots with an error of 2 / sqrt(plots) varies by the part of the variance explained.
    preposterior = 1 / np.sqrt(1 + 4 / plots)
    found = choices.sample_information(payoffs, draws, 2.0, plots, np.random.default_rng(2))
    assert found == pytest.approx(loss(0.3, preposterior), abs=0.03)


def test_input_with_two_values_is_worth_what_its_two_means_say():
    rng = np.random.default_rng(1)
    reading = (rng.random(SIZE) < 0.5).astype(float)
    payoffs = np.column_stack([np.zeros(SIZE), np.where(reading == 1, 3.0, -1.0) + rng.normal(0, 1, SIZE)])
    # Best without knowing: 1 in the mean. Knowing: 3 in half the cases, else nothing.
    assert choices.partial_information(payoffs, reading) == pytest.approx(0.5, abs=0.05)


def test_known_values_are_read_by_their_order_alone():
    payoffs, draws = decision(0.2, 1.0, 1.0)
    assert choices.partial_information(payoffs, draws) == choices.partial_information(payoffs, np.exp(3 * draws))


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_no_input_is_worth_less_than_nothing_or_more_than_everything(seed, n_options):
    rng = np.random.default_rng(seed)
    known = rng.standard_t(3, 2000)
    payoffs = rng.normal(0, 1, (2000, n_options)) + np.outer(known, rng.normal(0, 1, n_options))
    everything = choices.perfect_information(payoffs)
    part = choices.partial_information(payoffs, known)
    assert 0 <= part <= everything * (1 + 1e-9)


def test_nothing_is_worth_knowing_when_the_choice_cannot_change():
    rng = np.random.default_rng(1)
    known = rng.normal(size=SIZE)
    payoffs = np.column_stack([np.zeros(SIZE), 10 + np.tanh(known), 5 + np.tanh(known)])
    assert choices.perfect_information(payoffs) == pytest.approx(0, abs=1e-9)
    assert choices.partial_information(payoffs, known) == 0
    assert choices.sample_information(payoffs, known, 1.0, 10, rng) == 0


def test_input_that_has_nothing_to_do_with_the_choice_is_worth_next_to_nothing():
    payoffs, _ = decision(0.3, 1.0, 1.0)
    unrelated = np.random.default_rng(9).normal(size=SIZE)
    assert choices.partial_information(payoffs, unrelated) < 0.01 * choices.perfect_information(payoffs)


def test_more_plots_are_worth_more_up_to_the_value_of_knowing():
    payoffs, draws = decision(0.2, 1.0, 0.5)
    by_plots = choices.information_by_plots(payoffs, draws, 2.0, 2)
    whole = choices.partial_information(payoffs, draws)
    assert by_plots["value"].is_monotonic_increasing
    assert by_plots["value"].iloc[0] < 0.7 * whole
    assert by_plots["value"].iloc[-1] == pytest.approx(whole, rel=0.03)
    half, most = (choices.plots_for_share(by_plots, whole, share) for share in (0.5, 0.9))
    assert 2 <= half < most <= 512
    assert np.isnan(choices.plots_for_share(by_plots, whole, 1.5))
    assert np.isnan(choices.plots_for_share(by_plots, 0.0, 0.5))
    with pytest.raises(ValueError, match="0 plots measure nothing"):
        choices.sample_information(payoffs, draws, 1.0, 0, np.random.default_rng(1))


def test_farms_that_differ_more_need_more_plots():
    payoffs, draws = decision(0.2, 1.0, 0.5)
    known = {"fertilizer_effect": draws}
    by_input = choices.value_by_input(payoffs, known)
    by_plots = choices.value_by_plots(payoffs, known, (0.2, 0.8, 3.0), 1)
    needed = choices.plots_needed(by_plots, by_input).set_index("share")
    assert (needed["lower"] <= needed["value"]).all()
    assert needed.loc["nine_tenths", "value"] < needed.loc["nine_tenths", "upper"]
    assert needed.loc["half", "value"] < needed.loc["nine_tenths", "value"]


def test_plots_err_on_the_log_of_the_yield_whatever_its_unit():
    yields = np.random.default_rng(5).lognormal(np.log(700), 0.25, 4000)
    payoffs = np.column_stack([np.zeros(4000), (yields - 720) * 1e4])
    found = {
        unit: choices.value_by_plots(payoffs, {"present_yield": yields / unit}, (0.4, 0.6, 0.8), 1)["value"].to_numpy()
        for unit in (1.0, 1000.0)
    }
    np.testing.assert_allclose(found[1.0], found[1000.0], rtol=1e-9)
    # Two plots whose yields vary by 60 % tell less than half of what 512 do, and none more than the truth would.
    income = payoffs[:, 1]
    known = np.maximum(income, 0.0).mean() - max(income.mean(), 0.0)
    middle = dict(zip(choices.PLOTS, np.split(found[1.0], 3)[1], strict=True))
    assert middle[2] < 0.7 * middle[512]
    assert max(middle.values()) <= known * 1.0001


def test_only_inputs_that_plots_can_show_and_that_matter_are_measured():
    rows = [("pods_attacked", 9.0), ("fertilizer_effect", 5.0), ("present_yield", 0.01), ("training_effect", 2.0)]
    by_input = pd.DataFrame(rows, columns=["name", "value"])
    names = choices.worth_measuring(by_input, 10.0)
    assert names == ["fertilizer_effect", "training_effect"]
    assert "{information.fertilizer_effect}" in published.next_measurement([], names).en


def test_nothing_worth_measuring_is_said_in_words():
    nothing = choices.value_by_plots(np.zeros((10, 2)), {}, (0.1, 0.2, 0.4), 1)
    needed = choices.plots_needed(nothing, pd.DataFrame(columns=["name", "value"]))
    assert needed.empty
    assert published.plot_estimates(needed, DATED, ("x",), 0.9, 1) == []
    assert "{" not in published.next_measurement([], []).en


def test_number_of_plots_that_was_not_reached_is_said_in_words():
    needed = pd.DataFrame([("fertilizer_effect", "half", 2.0, 4.0, 8.0)], columns=["name", "share", *BOUNDS])
    text = published.next_measurement(published.plot_estimates(needed, DATED, ("x",), 0.9, 1), ["fertilizer_effect"])
    assert "{plots.fertilizer_effect.half}" in text.id
    assert "more plots than were compared" in text.en


def test_number_of_plots_without_an_upper_end_is_published_without_interval():
    needed = pd.DataFrame(
        [("a", "half", 2.0, 4.0, np.nan), ("a", "nine_tenths", 2.0, np.nan, np.nan), ("b", "half", 2.0, 2.0, 8.0)],
        columns=["name", "share", "lower", "value", "upper"],
    )
    found = {str(estimate.key): estimate for estimate in published.plot_estimates(needed, DATED, ("x",), 0.9, 1)}
    assert set(found) == {"plots.a.half", "plots.b.half"}
    assert np.isnan(found["plots.a.half"].upper)
    assert found["plots.b.half"].upper == 8
