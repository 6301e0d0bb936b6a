"""The evidence synthesis against closed forms, a published meta-analysis, and data simulated from its own prior."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri
from scipy.stats import chi2

from pipeline.model import evidence as model
from pipeline.model.evidence import TAU_GRID, by_study, fit, impute_errors, synthesise
from pipeline.tables import MEASURES

# BCG vaccine against tuberculosis, 13 trials: cases and non-cases with vaccine, cases and non-cases without.
# Colditz, G. A., et al. (1994). Efficacy of BCG vaccine in the prevention of tuberculosis: meta-analysis of the
# published literature. JAMA 271(9), 698-702.
BCG = np.array(
    [
        [4, 119, 11, 128],
        [6, 300, 29, 274],
        [3, 228, 11, 209],
        [62, 13536, 248, 12619],
        [33, 5036, 47, 5761],
        [180, 1361, 372, 1079],
        [8, 2537, 10, 619],
        [505, 87886, 499, 87892],
        [29, 7470, 45, 7232],
        [17, 1699, 65, 1600],
        [186, 50448, 141, 27197],
        [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ],
    dtype=float,
)
BCG_LOG_ODDS = np.log(BCG[:, 0] * BCG[:, 3] / BCG[:, 1] / BCG[:, 2])
BCG_ERRORS = np.sqrt((1 / BCG).sum(axis=1))

EFFECT = st.floats(-2, 2)
ERROR = st.floats(0.05, 1)
STUDIES = st.lists(st.tuples(EFFECT, ERROR), min_size=1, max_size=8)


def arrays(studies) -> tuple[np.ndarray, np.ndarray]:
    return np.array([effect for effect, _ in studies]), np.array([error for _, error in studies])


# Closed forms.


@given(STUDIES)
def test_without_spread_and_with_a_flat_prior_it_is_the_inverse_variance_mean(studies):
    effects, errors = arrays(studies)
    # A spread prior far below the first step of the grid (0.005) leaves all weight on a spread of zero.
    posterior = fit(effects, errors, 0.0, 1e6, 1e-5)
    weights = errors**-2
    mean, error = (weights @ effects) / weights.sum(), weights.sum() ** -0.5
    low, middle, high = posterior.quantiles([0.05, 0.5, 0.95], predictive=False)
    assert middle == pytest.approx(mean, abs=1e-5)
    assert (high - low) / 2 == pytest.approx(ndtri(0.95) * error, abs=1e-5)


@given(st.floats(-1, 1), st.floats(0.05, 1), st.floats(0.05, 1), EFFECT)
def test_one_study_without_spread_is_the_normal_conjugate_update(prior_mean, prior_sd, error, effect):
    posterior = fit(np.array([effect]), np.array([error]), prior_mean, prior_sd, 1e-5)
    precision = error**-2 + prior_sd**-2
    mean = (effect * error**-2 + prior_mean * prior_sd**-2) / precision
    assert posterior.quantiles([0.5], predictive=False)[0] == pytest.approx(mean, abs=1e-5)
    assert posterior.sd[0] == pytest.approx(precision**-0.5)


@given(st.floats(-1, 1), st.floats(0.05, 1), st.floats(0.05, 1))
def test_no_study_gives_back_the_prior(prior_mean, prior_sd, spread_scale):
    posterior = fit(np.array([]), np.array([]), prior_mean, prior_sd, spread_scale)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    expected = prior_mean + prior_sd * ndtri(levels)
    assert posterior.quantiles(levels, predictive=False) == pytest.approx(expected, abs=1e-3)
    assert posterior.n_studies == 0
    # A half-normal has its mean at scale times sqrt(2 / pi); the spread makes the predictive wider.
    if spread_scale < 0.5:
        assert posterior.spread() == pytest.approx(spread_scale * np.sqrt(2 / np.pi), rel=0.06)
    low, high = posterior.quantiles([0.05, 0.95], predictive=True)
    assert high - low > expected[-1] - expected[0]


def test_weights_of_the_spread_are_those_of_direct_numerical_integration():
    effects, errors, prior_mean, prior_sd, scale = np.array([0.1, 0.6, -0.2]), np.array([0.1, 0.2, 0.15]), 0.2, 0.4, 0.3
    mu = np.linspace(-4, 4, 4001)
    spread = np.hypot(errors, TAU_GRID[:, None])
    log_density = -0.5 * ((mu - prior_mean) / prior_sd) ** 2 - 0.5 * (TAU_GRID[:, None] / scale) ** 2
    for effect, s in zip(effects, spread.T, strict=True):
        log_density = log_density - np.log(s[:, None]) - 0.5 * ((effect - mu) / s[:, None]) ** 2
    density = np.exp(log_density - log_density.max())
    posterior = fit(effects, errors, prior_mean, prior_sd, scale)
    assert posterior.weight == pytest.approx(density.sum(axis=1) / density.sum(), abs=1e-6)
    assert posterior.weight @ posterior.mean == pytest.approx((density.sum(axis=0) @ mu) / density.sum(), abs=1e-6)


# A published meta-analysis.


def test_bcg_trials_give_the_published_pooled_log_odds_ratio():
    def deviance(theta: np.ndarray) -> float:
        variance = BCG_ERRORS**2 + theta[1] ** 2
        return float((np.log(variance) + (BCG_LOG_ODDS - theta[0]) ** 2 / variance).sum())

    maximum = minimize(deviance, [0.0, 0.5], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-8}).x
    # Maximum likelihood as published (van Houwelingen et al. 2002): -0.742, tau2 0.302.
    assert maximum[0] == pytest.approx(-0.742, abs=5e-4)
    assert maximum[1] ** 2 == pytest.approx(0.302, abs=1e-3)
    posterior = fit(BCG_LOG_ODDS, BCG_ERRORS, 0.0, 10.0, 10.0)
    low, median, high = posterior.quantiles([0.025, 0.5, 0.975], predictive=False)
    # The posterior averages over the spread, whose tail is long to the right. Over every fixed spread from 0.3 to
    # 1.0 the pooled mean moves by less than 0.04, so the average can be no further than that from the maximum.
    assert median == pytest.approx(maximum[0], abs=0.02)
    # The error of the maximum is 0.178; unknown spread widens the interval, by less than a third for 13 trials.
    assert 2 * 1.96 * 0.178 < high - low < 1.34 * 2 * 1.96 * 0.178
    assert np.sqrt(maximum[1] ** 2) < posterior.spread() < 1.0


# Quantiles and draws.


@given(STUDIES, st.booleans())
def test_quantiles_rise_with_their_level(studies, predictive):
    posterior = fit(*arrays(studies), 0.1, 0.3, 0.3)
    found = posterior.quantiles([0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99], predictive)
    assert (np.diff(found) > 0).all()


@given(STUDIES, st.booleans())
def test_mirrored_studies_give_mirrored_quantiles(studies, predictive):
    effects, errors = arrays(studies)
    levels = [0.05, 0.3, 0.5, 0.7, 0.95]
    found = fit(effects, errors, 0.1, 0.3, 0.3).quantiles(levels, predictive)
    mirrored = fit(-effects, errors, -0.1, 0.3, 0.3).quantiles(levels, predictive)
    assert mirrored == pytest.approx(-found[::-1], abs=1e-9)


@given(st.lists(ERROR, min_size=1, max_size=4), st.floats(0.1, 1), st.booleans())
def test_studies_that_are_symmetric_about_the_prior_give_symmetric_quantiles(errors, distance, predictive):
    effects = np.array([0.2 + distance] * len(errors) + [0.2 - distance] * len(errors))
    low, middle, high = fit(effects, np.array(errors * 2), 0.2, 0.4, 0.3).quantiles([0.1, 0.5, 0.9], predictive)
    assert middle == pytest.approx(0.2, abs=1e-9)
    assert high - 0.2 == pytest.approx(0.2 - low, abs=1e-9)


@given(STUDIES)
def test_a_new_place_is_never_more_certain_than_the_mean(studies):
    posterior = fit(*arrays(studies), 0.1, 0.3, 0.3)
    mean, new = (np.ptp(posterior.quantiles([0.05, 0.95], predictive)) for predictive in (False, True))
    assert new >= mean - 1e-9


@given(STUDIES, st.permutations(range(8)))
def test_order_of_the_studies_does_not_matter(studies, order):
    shuffled = [studies[i] for i in order if i < len(studies)]
    first, second = (fit(*arrays(s), 0.1, 0.3, 0.3).quantiles([0.1, 0.5, 0.9], True) for s in (studies, shuffled))
    assert first == pytest.approx(second, abs=1e-9)


@pytest.mark.parametrize("predictive", [False, True])
def test_more_studies_that_agree_narrow_the_interval(predictive):
    widths = [
        np.ptp(fit(np.full(k, 0.3), np.full(k, 0.2), 0.2, 0.4, 0.3).quantiles([0.05, 0.95], predictive))
        for k in (0, 1, 2, 4, 8, 16)
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.6 * widths[0]


@given(ERROR, st.floats(1.1, 3))
def test_a_less_exact_study_moves_the_mean_less(error, factor):
    near, far = (
        fit(np.array([1.0]), np.array([e]), 0.0, 0.3, 1e-5).quantiles([0.5], False)[0] for e in (error, error * factor)
    )
    assert 0 < far < near < 1


def test_draws_agree_with_exact_quantiles():
    posterior = fit(BCG_LOG_ODDS[:4], BCG_ERRORS[:4], 0.0, 0.5, 0.3)
    draws = posterior.draw(np.random.default_rng(7), 40_000)
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        below = (draws < posterior.quantiles([level], predictive=True)[0]).mean()
        # Four standard errors of a share among 40,000 draws.
        assert below == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 40_000))


def test_same_seed_gives_the_same_draws():
    posterior = fit(BCG_LOG_ODDS, BCG_ERRORS, 0.0, 0.5, 0.3)
    first, second = (posterior.draw(np.random.default_rng(3), 100) for _ in range(2))
    assert first.tolist() == second.tolist()


# Simulation from the prior (synthetic data, in this test only).


def test_data_simulated_from_the_prior_are_calibrated():
    rng, sets, mean, sd, scale = np.random.default_rng(20250625), 2000, 0.2, 0.4, 0.3
    ranks, covered = [], 0
    for _ in range(sets):
        k = rng.integers(1, 7)
        mu, tau = rng.normal(mean, sd), abs(rng.normal(0, scale))
        errors = rng.uniform(0.05, 0.4, k)
        effects = rng.normal(mu, tau, k) + rng.normal(0, errors)
        posterior = fit(effects, errors, mean, sd, scale)
        ranks.append(posterior.weight @ ndtr((mu - posterior.mean) / posterior.sd))
        low, high = posterior.quantiles([0.05, 0.95], predictive=True)
        covered += low <= rng.normal(mu, tau) <= high
    counts, _ = np.histogram(ranks, bins=10, range=(0, 1))
    statistic = ((counts - sets / 10) ** 2 / (sets / 10)).sum()
    assert statistic < chi2.ppf(0.99, 9)
    assert 0.85 < covered / sets < 0.95


# Hostile input.


@pytest.mark.parametrize("errors", [[0.0, 0.1], [-0.1, 0.1], [np.nan, 0.1], [0.1]])
def test_errors_that_are_not_positive_or_not_there_are_refused(errors):
    with pytest.raises(ValueError, match="standard error above zero"):
        fit(np.array([0.1, 0.2]), np.array(errors), 0.0, 0.3, 0.3)


def test_one_wild_study_does_not_break_the_posterior():
    low, high = fit(np.array([0.2, 0.3, 5.0]), np.array([0.1, 0.1, 0.01]), 0.1, 0.3, 0.3).quantiles([0.05, 0.95], True)
    assert -5 < low < high < 8


# One row per study.

ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["training", "pruning_sanitation"]), EFFECT, ERROR),
    min_size=1,
    max_size=8,
)


def rows(values) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=["study_id", "measure", "log_ratio", "se"])
    return frame.assign(
        effect_id=[f"E{n}" for n in range(len(frame))],
        is_se_imputed=False,
        country="Ghana",
        design="on_farm_trial",
        source_id="s",
    )


@given(ROWS)
def test_counting_rows_of_a_study_makes_its_error_no_smaller(values):
    frame = rows(values)
    grouped = frame.groupby(["measure", "study_id"])
    studies = by_study(frame).set_index(["measure", "study_id"])
    assert len(studies) == grouped.ngroups
    assert (studies["se"] >= grouped["se"].mean() - 1e-12).all()
    assert (studies["se"] <= grouped["se"].max() + 1e-12).all()
    assert studies["n_rows"].sum() == len(frame)
    assert studies["log_ratio"].tolist() == pytest.approx(grouped["log_ratio"].mean().tolist())


@given(ROWS, st.integers(2, 4))
def test_printing_the_rows_of_a_study_again_changes_nothing(values, times):
    frame = rows(values)
    again = pd.concat([frame, *[frame[frame["study_id"] == "a"]] * (times - 1)], ignore_index=True)
    columns = ["log_ratio", "se"]
    pd.testing.assert_frame_equal(by_study(again)[columns], by_study(frame)[columns])


def test_unknown_errors_get_a_high_quantile_of_the_known_ones_and_are_marked(effects):
    pooled = effects[effects["is_poolable"]]
    found = impute_errors(pooled)
    known = pooled["log_ratio_se"].dropna()
    missing = pooled["log_ratio_se"].isna()
    assert found["is_se_imputed"].tolist() == missing.tolist()
    trials = found[found["design"].isin(["on_farm_trial", "on_station_trial"])]
    assert trials[trials["is_se_imputed"]]["se"].tolist() == pytest.approx(
        [known.quantile(0.9)] * int(trials["is_se_imputed"].sum())
    )
    assert trials[~trials["is_se_imputed"]]["se"].tolist() == trials["log_ratio_se"].dropna().tolist()
    weak = found[found["design"].isin(["before_after", "cross_section"])]
    assert weak["se"].tolist() == pytest.approx([np.hypot(known.quantile(0.9), 0.15)] * len(weak))


def test_every_design_that_is_pooled_has_a_bias(effects):
    assert set(effects[effects["is_poolable"]]["design"]) <= set(model.DESIGN_BIAS_SD)


def test_measure_without_studies_stands_on_its_prior(effects):
    studies = by_study(impute_errors(effects[effects["is_poolable"]]))
    assert "pod_borer_control" not in set(studies["measure"])
    priors = {"pod_borer_control": (0.1, 0.3), "training": (0.1, 0.3)}
    found = synthesise(studies, priors, 0.3)
    assert found["pod_borer_control"].n_studies == 0
    assert found["training"].n_studies == (studies["measure"] == "training").sum()
    assert found["pod_borer_control"].quantiles([0.5], False)[0] == pytest.approx(0.1, abs=1e-6)


def test_fertilizers_share_a_prior_and_every_measure_has_one():
    found = model.priors((0.2, 0.4), (0.1, 0.3))
    assert set(found) == set(MEASURES)
    assert {name for name, prior in found.items() if prior == (0.2, 0.4)} == {
        "mineral_fertilizer",
        "organic_fertilizer",
    }


def test_a_measure_more_in_the_table_of_draws_does_not_move_the_others():
    one, two = fit(BCG_LOG_ODDS[:3], BCG_ERRORS[:3], 0.0, 0.3, 0.3), fit(np.array([]), np.array([]), 0.0, 0.3, 0.3)
    alone, both = (model.draw_table(posts, 1, 50) for posts in ({"training": one}, {"pruning": two, "training": one}))
    assert alone["training"].tolist() == both["training"].tolist()


def test_sensitivity_shows_every_measure_in_every_variant(effects):
    pooled = impute_errors(effects[effects["is_poolable"]])
    table = model.sensitivity(pooled, model.priors((0.2, 0.4), (0.1, 0.3)), 0.3, 0.9)
    assert len(table) == len(MEASURES) * table["variant"].nunique()
    assert ((table["lower"] < table["value"]) & (table["value"] < table["upper"])).all()
    counts = table.pivot(index="measure", columns="variant", values="n_studies")
    assert (counts.sub(counts["all"], axis=0) <= 0).all(axis=None)
    assert counts["errors doubled"].equals(counts["all"].rename("errors doubled"))
    assert counts.loc["training", "without West Africa"] == 0
    assert counts["printed errors only"].sum() == 2
