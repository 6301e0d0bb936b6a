"""Draws moved to what plots teach, each at its rank, to the distribution of the posterior; all plots are simulated."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata
from test_survey_model import CURVES, LITERATURE, NO_PLOTS, READINGS, UNIFORM, learned, simulated

from pipeline.kit.bayes.mixture import Mixture
from pipeline.study.evidence import clean as evidence_clean
from pipeline.study.pests import pest_control, pest_losses
from pipeline.study.pests.pest_losses import LARGEST_LOSS, DamageCurve, with_loss
from pipeline.study.plots import plot_draws
from pipeline.study.plots.plot_table import ATTACK

SIZE = len(UNIFORM[0])
LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]
NUMBER = st.floats(-1e6, 1e6)
POSTERIORS = st.lists(st.tuples(st.floats(0.05, 1), st.floats(-3, 3), st.floats(0.1, 2)), min_size=1, max_size=4).map(
    lambda parts: Mixture(*(np.array(column) / (sum(column) if first else 1) for first, column in columns(parts)))
)


def columns(parts: list[tuple[float, ...]]) -> list[tuple[bool, tuple[float, ...]]]:
    return [(number == 0, column) for number, column in enumerate(zip(*parts, strict=True))]


def narrow(mean: float, sd: float = 0.05) -> Mixture:
    return Mixture(np.ones(1), np.array([mean]), np.array([sd]))


@pytest.fixture(scope="module")
def attack() -> tuple[np.ndarray, np.ndarray]:
    return 0.06 + 0.93 * UNIFORM[0], 0.45 + 0.5 * UNIFORM[1]


@pytest.fixture(scope="module")
def tables(effects) -> tuple[pd.DataFrame, pd.DataFrame]:
    return effects, evidence_clean.pest_reports()


@pytest.fixture(scope="module")
def drawn(attack, tables, countries) -> pd.DataFrame:
    """Draws of the pests as 07 makes them."""
    effects, reports = tables
    dieback = pest_losses.draw_dieback(
        effects, evidence_clean.baselines(), countries, 0.9, np.random.default_rng(4), SIZE
    )
    black_pod = pest_losses.draw_black_pod(effects, reports, 0.9, np.random.default_rng(3), SIZE)
    left = pd.DataFrame({f"left_{name}": np.full(SIZE, 0.5) for name in pest_control.KINDS})
    draws = pest_losses.draws_table(CURVES["mixture"], attack, left, black_pod, dieback)
    draws["drawn_as"] = np.arange(SIZE)
    controls = pest_control.all_controls(draws, CURVES["mixture"], (), {})
    return pest_control.with_gains(draws, np.arange(SIZE) % 2 == 0, controls)


# Moving draws.


@given(st.lists(NUMBER, min_size=1, max_size=60), POSTERIORS)
def test_draws_keep_their_ranks_and_ties(draws, posterior):
    found = plot_draws.moved(np.array(draws), posterior)
    order = np.argsort(draws, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    same = np.diff(np.array(draws)[order]) == 0
    assert (np.diff(found[order])[same] == 0).all()


@given(POSTERIORS, st.integers(0, 1000))
def test_moved_draws_have_the_distribution_of_the_posterior(posterior, seed):
    draws = np.random.default_rng(seed).standard_t(3, 2000)
    found = plot_draws.moved(draws, posterior)
    np.testing.assert_array_equal(rankdata(found), rankdata(draws))
    # Counted in shares of draws: where a posterior has a gap, its quantile is no single number.
    np.testing.assert_allclose(posterior.below(np.quantile(found, LEVELS)), LEVELS, atol=2e-3)
    np.testing.assert_allclose(posterior.below(np.sort(found)), (np.arange(2000) + 0.5) / 2000, atol=5e-4)


@given(POSTERIORS, st.floats(-2, 0), st.floats(0.1, 2))
def test_bounds_cut_the_posterior_and_nothing_leaves_them(posterior, low, width):
    found = plot_draws.moved(np.arange(500.0), posterior, low, low + width)
    assert ((found >= low) & (found <= low + width)).all()
    first, last = posterior.below(np.array([low, low + width]))
    if last - first > 0.01:
        shares = (posterior.below(found) - first) / (last - first)
        np.testing.assert_allclose(shares, (np.arange(500) + 0.5) / 500, atol=5e-3)


def test_a_posterior_beyond_the_bounds_puts_all_draws_at_the_nearer_one():
    assert set(plot_draws.moved(np.arange(5.0), narrow(9.0), -1.0, 0.0)) == {0.0}
    assert set(plot_draws.moved(np.arange(5.0), narrow(-9.0), -1.0, 0.0)) == {-1.0}


@pytest.mark.parametrize("draws", [[], [np.nan, 1.0], [np.inf, 1.0], [-np.inf]])
def test_draws_that_are_no_numbers_are_refused(draws):
    with pytest.raises(ValueError, match="finite numbers"):
        plot_draws.moved(np.array(draws, dtype=float), narrow(0.0))


def test_a_conflict_moves_the_draws_beyond_all_of_the_literature():
    found = plot_draws.moved(LITERATURE["present_yield"], narrow(9.0))
    assert found.min() > LITERATURE["present_yield"].max()


# Tables.


def test_without_a_survey_every_table_is_the_one_before_to_the_last_digit(drawn, attack):
    nothing = learned(NO_PLOTS).taught
    assert nothing == {}
    base = pd.DataFrame({"yield_kg_per_ha": np.exp(LITERATURE["present_yield"]), "mature_share": UNIFORM[0]})
    growers = pd.DataFrame({"kutai_timur_yield_kg_per_ha": UNIFORM[0], "kutai_timur_production_t": UNIFORM[1]})
    effects = pd.DataFrame({name: LITERATURE[short] for name, short in plot_draws.EFFECTS.items()})
    pd.testing.assert_frame_equal(plot_draws.move_present(base, nothing), base, check_exact=True)
    pd.testing.assert_frame_equal(plot_draws.move_regency(growers, base, base), growers, check_exact=True)
    pd.testing.assert_frame_equal(plot_draws.move_effects(effects, nothing), effects, check_exact=True)
    assert plot_draws.move_attack(*attack, nothing) == attack
    assert plot_draws.move_curves(READINGS, nothing) == READINGS
    assert plot_draws.sabah_weight({"sabah": 0.3}, nothing, 0.5) == 0.5
    damaged = CURVES["mixture"], drawn["is_sabah"].to_numpy()
    kept, curve = plot_draws.move_pests(drawn, damaged, UNIFORM[0], nothing, 2750.0, 1)
    assert kept is drawn
    assert curve is CURVES["mixture"]


def test_plots_move_what_they_teach_and_leave_the_rest(drawn):
    found = learned(simulated(200, 40, fertilizer=2.2))
    effects = pd.DataFrame({name: LITERATURE[short] for name, short in plot_draws.EFFECTS.items()}).assign(shade=0.1)
    moved = plot_draws.move_effects(effects, found.taught)
    row = found.table.set_index("name").loc["fertilizer"]
    ends = np.expm1(np.quantile(moved["mineral_fertilizer"], [0.05, 0.5, 0.95])) * 100
    np.testing.assert_allclose(ends, row[["together_lower", "together_value", "together_upper"]].tolist(), rtol=5e-3)
    assert (moved["shade"] == effects["shade"]).all()
    assert list(moved) == list(effects)
    base = pd.DataFrame({"yield_kg_per_ha": np.exp(LITERATURE["present_yield"]), "mature_share": UNIFORM[0]})
    now = plot_draws.move_present(base, found.taught)
    growers = pd.DataFrame({"kutai_timur_yield_kg_per_ha": base["yield_kg_per_ha"], "kutai_timur_production_t": 2.0})
    regency = plot_draws.move_regency(growers, base, now)
    np.testing.assert_allclose(regency["kutai_timur_yield_kg_per_ha"], now["yield_kg_per_ha"])
    np.testing.assert_allclose(
        regency["kutai_timur_production_t"] / 2, now["yield_kg_per_ha"] / base["yield_kg_per_ha"]
    )
    curves = plot_draws.move_curves(READINGS, found.taught)
    is_sabah = np.arange(SIZE) < found.readings["sabah"] * SIZE
    curve = pest_losses.mixture(curves["sabah"], curves["aceh"], is_sabah)
    present = now["yield_kg_per_ha"].to_numpy()
    pest, curve = plot_draws.move_pests(drawn, (curve, is_sabah), present, found.taught, 2750.0, 1)
    assert set(pest) == set(drawn)
    clean = present / (1 - pest["attacked_area"] * pest["loss_pod_borer_there"])
    assert (clean[present < 2750 * (1 - 0.02)] <= 2750 + 1e-6).all()
    assert np.isfinite(pest).all(axis=None)
    assert (pest["loss_black_pod"] == drawn["loss_black_pod"]).all()
    # What controls leave of the attack stays; what that brings follows attack and damage.
    assert (pest["left_pod_sleeving"] == 0.5).all()
    brought = (1 - curve.loss(0.5 * pest["attacked"].to_numpy())) / (1 - curve.loss(pest["attacked"].to_numpy()))
    np.testing.assert_allclose(np.exp(pest["log_gain_pod_sleeving_there"]), brought)
    lost = np.median(curve.loss(pest["attacked"].to_numpy()))
    assert np.median(pest["loss_pod_borer_there"]) == pytest.approx(lost)


@given(st.floats(-6, 6), st.floats(0.05, 2))
def test_shares_of_area_and_pods_stay_shares_and_multiply_to_what_was_taught(mean, sd):
    area, pods = 0.06 + 0.93 * UNIFORM[0], 0.45 + 0.5 * UNIFORM[1]
    found = plot_draws.move_attack(area, pods, {"pods_attacked": narrow(mean, sd)})
    assert all(((share > 0) & (share < 1)).all() for share in found)
    product = found[0] * found[1]
    np.testing.assert_allclose(
        np.quantile(np.log(product / (1 - product)), LEVELS), narrow(mean, sd).quantiles(LEVELS), atol=0.02 * sd
    )
    np.testing.assert_allclose(np.log(found[0]) / np.log(product), np.log(area) / np.log(area * pods), rtol=1e-6)


# Damage curves.


@given(st.floats(0.01, 0.98), st.floats(1, 12), st.floats(1e-6, LARGEST_LOSS * ATTACK))
def test_a_curve_goes_through_the_loss_that_it_is_given(at_all, power, loss):
    curve = with_loss(DamageCurve(np.array([at_all]), np.array([power])), ATTACK, np.array([loss]))
    assert curve.loss(ATTACK)[0] == pytest.approx(loss)
    assert curve.at_all[0] <= LARGEST_LOSS
    assert 1 <= curve.power[0] <= power + 1e-12


@pytest.mark.parametrize("loss", [0.0, -0.1, 0.7, np.nan])
def test_a_loss_that_no_curve_has_is_refused(loss):
    with pytest.raises(ValueError, match="convex curve"):
        with_loss(READINGS["aceh"], ATTACK, np.full(SIZE, loss))


@pytest.mark.parametrize("left", [-3.0, -0.05, 0.4])
def test_curves_stay_curves_whatever_plots_show_of_the_borer(left):
    taught = {f"pod_borer:{reading}": narrow(left, 0.2) for reading in READINGS}
    for curve in plot_draws.move_curves(READINGS, taught).values():
        lost = curve.loss(ATTACK)
        assert ((lost > 0) & (lost <= LARGEST_LOSS * ATTACK * (1 + 1e-9))).all()
