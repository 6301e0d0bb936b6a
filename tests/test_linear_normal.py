"""The exact linear model against closed forms, published meta-analyses and direct integration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from pipeline.kit.bayes.linear_normal import Block, average, fit, fixed_effects, groups, log_likelihood
from pipeline.kit.bayes.mixture import (
    Mixture,
    Spread,
    fixed,
    grid,
    log_normal,
    log_normal_even,
    log_uniform,
)
from pipeline.kit.bayes.nuisance import fit_asked

EFFECT = st.floats(-2, 2)
ERROR = st.floats(0.05, 1)
STUDIES = st.lists(st.tuples(EFFECT, ERROR), min_size=1, max_size=8)


def half_normal(name: str, scale: float, nodes: int = 8) -> Spread:
    """A half-normal spread on the positive half of the Gauss-Hermite points: exact for even functions of high order."""
    points, weights = np.polynomial.hermite_e.hermegauss(2 * nodes)
    return Spread(name, scale * points[nodes:], weights[nodes:] / weights[nodes:].sum())


def arrays(studies) -> tuple[np.ndarray, np.ndarray]:
    return np.array([effect for effect, _ in studies]), np.array([error for _, error in studies])


def pooled(effects, errors, mean=0.0, sd=10.0, spread=None):
    """Random-effects meta-analysis of single studies."""
    n = len(effects)
    blocks = [fixed_effects(["mu"], np.ones((n, 1)), [mean], [sd])]
    blocks += [groups("study", [f"{i:02d}" for i in range(n)], "study")]
    return fit(np.asarray(effects, float), np.asarray(errors, float), blocks, [spread or fixed("study", 0.0)])


# Closed forms.


@given(STUDIES)
def test_without_spread_and_with_a_flat_prior_it_is_the_inverse_variance_mean(studies):
    effects, errors = arrays(studies)
    weights = errors**-2
    low, middle, high = pooled(effects, errors, 0.0, 100.0).combination({"mu": 1}).interval(0.9)
    assert middle == pytest.approx((weights @ effects) / weights.sum(), abs=3e-4)
    assert (high - low) / 2 == pytest.approx(ndtri(0.95) * weights.sum() ** -0.5, rel=1e-4)


@given(st.floats(-1, 1), st.floats(0.05, 1), st.floats(0.05, 1), EFFECT)
def test_one_study_without_spread_is_the_normal_conjugate_update(prior_mean, prior_sd, error, effect):
    found = pooled([effect], [error], prior_mean, prior_sd).combination({"mu": 1})
    precision = error**-2 + prior_sd**-2
    assert found.mean[0] == pytest.approx((effect * error**-2 + prior_mean * prior_sd**-2) / precision)
    assert found.sd[0] == pytest.approx(precision**-0.5)


@given(st.floats(-1, 1), st.floats(0.05, 1), st.floats(0.05, 1))
def test_no_study_gives_back_the_prior(prior_mean, prior_sd, scale):
    posterior = pooled([], [], prior_mean, prior_sd, half_normal("study", scale, 12))
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    expected = prior_mean + prior_sd * ndtri(levels)
    assert posterior.combination({"mu": 1}).quantiles(levels) == pytest.approx(expected, abs=1e-6)
    assert posterior.total_spread(["study"]) == pytest.approx(scale)
    assert posterior.log_evidence == pytest.approx(0, abs=1e-9)


def test_evidence_and_mean_are_those_of_direct_numerical_integration():
    effects, errors, scale = np.array([0.1, 0.6, -0.2]), np.array([0.1, 0.2, 0.15]), 0.3
    mu, tau = np.meshgrid(np.linspace(-3, 3, 1201), np.linspace(0.0005, 2, 2000))
    density = np.exp(-0.5 * ((mu - 0.2) / 0.4) ** 2) / 0.4 / np.sqrt(2 * np.pi)
    density *= 2 * np.exp(-0.5 * (tau / scale) ** 2) / scale / np.sqrt(2 * np.pi)
    for effect, error in zip(effects, errors, strict=True):
        variance = error**2 + tau**2
        density *= np.exp(-0.5 * (effect - mu) ** 2 / variance) / np.sqrt(2 * np.pi * variance)
    posterior = pooled(effects, errors, 0.2, 0.4, half_normal("study", scale, 24))
    step = (6 / 1200) * (tau[1, 0] - tau[0, 0])
    assert posterior.log_evidence == pytest.approx(np.log(density.sum() * step), abs=2e-3)
    mean = (density * mu).sum() / density.sum()
    found = posterior.combination({"mu": 1})
    assert found.weight @ found.mean == pytest.approx(mean, abs=1e-4)
    square = (density * tau**2).sum() / density.sum()
    assert posterior.total_spread(["study"]) ** 2 == pytest.approx(square, rel=1e-3)


@given(STUDIES, st.permutations(range(8)))
def test_order_of_the_rows_does_not_matter(studies, order):
    shuffled = [studies[i] for i in order if i < len(studies)]
    spread = half_normal("study", 0.3)
    first, second = (
        pooled(*arrays(s), 0.1, 0.3, spread).combination({"mu": 1}, ["study"]) for s in (studies, shuffled)
    )
    assert first.quantiles([0.1, 0.5, 0.9]) == pytest.approx(second.quantiles([0.1, 0.5, 0.9]), abs=1e-8)


@given(STUDIES)
def test_a_new_place_is_never_more_certain_than_the_mean(studies):
    posterior = pooled(*arrays(studies), 0.1, 0.3, half_normal("study", 0.3))
    mean, new = (np.ptp(posterior.combination({"mu": 1}, new).interval(0.9)) for new in ((), ("study",)))
    assert new >= mean - 1e-9


@given(STUDIES)
def test_mirrored_studies_give_mirrored_quantiles(studies):
    effects, errors = arrays(studies)
    levels = [0.05, 0.3, 0.5, 0.7, 0.95]
    spread = half_normal("study", 0.3)
    found = pooled(effects, errors, 0.1, 0.3, spread).combination({"mu": 1}).quantiles(levels)
    mirrored = pooled(-effects, errors, -0.1, 0.3, spread).combination({"mu": 1}).quantiles(levels)
    assert mirrored == pytest.approx(-found[::-1], abs=1e-8)


@pytest.mark.parametrize("new", [(), ("study",)])
def test_more_studies_that_agree_narrow_the_interval(new):
    widths = [
        np.ptp(
            pooled([0.3] * k, [0.2] * k, 0.2, 0.4, half_normal("study", 0.3)).combination({"mu": 1}, new).interval(0.9)
        )
        for k in (0, 1, 2, 4, 8, 16)
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.6 * widths[0]


@given(STUDIES, st.floats(-0.5, 0.5))
def test_influence_is_how_far_the_mean_moves(studies, shift):
    effects, errors = arrays(studies)
    # With the spread known the mean is linear in the data, so the derivative is the whole truth.
    known = fixed("study", 0.3)
    before, after = (
        pooled(values, errors, 0.1, 0.3, known).combination({"mu": 1}).mean[0]
        for values in (effects, effects + shift * np.eye(len(effects))[0])
    )
    influence = pooled(effects, errors, 0.1, 0.3, known).influence({"mu": 1})
    assert after - before == pytest.approx(shift * influence[0], abs=1e-10)
    assert 0 < influence.sum() < 1


def test_rows_left_out_are_foretold_as_by_a_fit_that_never_saw_them():
    rng = np.random.default_rng(5)
    values, errors, groups_of = rng.normal(0, 1, 9), np.full(9, 0.4), list("aabbccddd")
    spreads = [half_normal("study", 0.5, 6), log_normal("wide", 0.2, 4)]

    def model(kept):
        names = [groups_of[n] for n in kept]
        blocks = [fixed_effects(["mu"], np.ones((len(kept), 1)), [0.3], [1.0]), groups("study", names, "study")]
        return fit(values[kept], errors[kept], blocks, spreads, {"wide": np.ones(len(kept), bool)})

    out = np.array([6, 7, 8])
    whole, others = model(np.arange(9)), model(np.arange(6))
    weight, off, sd, factor = whole.left_out(out)
    # The evidence of all is that of the others times the density of the rows.
    assert factor + 1.5 * np.log(2 * np.pi) == pytest.approx(others.log_evidence - whole.log_evidence, abs=1e-4)
    # A new study: its spread is one more, and so is the error of each row, multiplied as the others are.
    asked = others.combination({"mu": 1.0}, ("study",))
    expected = Mixture(asked.weight, asked.mean, np.hypot(asked.sd, 0.4 * others.spreads["wide"]))
    for place, row in enumerate(out):
        told = Mixture(weight, values[row] - off[:, place], sd[:, place])
        assert told.quantiles([0.1, 0.5, 0.9]) == pytest.approx(expected.quantiles([0.1, 0.5, 0.9]), abs=1e-4)


def test_inflated_errors_are_multiplied_only_where_asked():
    effects, errors = np.array([0.0, 1.0]), np.array([0.2, 0.2])
    block = [fixed_effects(["mu"], np.ones((2, 1)), [0.0], [10.0])]
    found = fit(effects, errors, block, [fixed("factor", 3.0)], {"factor": np.array([False, True])})
    by_hand = fit(effects, np.array([0.2, 0.6]), block)
    assert found.combination({"mu": 1}).interval(0.9) == pytest.approx(by_hand.combination({"mu": 1}).interval(0.9))


@given(st.integers(0, 2**31 - 1))
def test_integrating_out_what_nobody_asks_about_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    n = 30
    asked = [
        fixed_effects(["a", "b"], rng.normal(size=(n, 2)), [0, 0.1], [1, 2]),
        Block(("c", "d"), rng.normal(size=(n, 2)), np.zeros(2), np.ones(2), "walk"),
    ]
    others = [
        groups("g", list(rng.integers(0, 4, n).astype(str)), "g"),
        fixed_effects(["e"], rng.normal(size=(n, 1)), [0], [0.5]),
    ]
    values, errors = rng.normal(size=n), rng.uniform(0.5, 2, n)
    unknown = [half_normal("walk", 0.3, 3), half_normal("g", 0.5, 4), log_uniform("noise", 0.2, 5, 8)]
    whole = fit(values, errors, asked + others, unknown, {"noise": np.ones(n, dtype=bool)})
    found = fit_asked(values, errors, asked, others, unknown, "noise", n)
    assert found.log_evidence == pytest.approx(whole.log_evidence, abs=1e-8)
    for parts, new in (({"a": 1.0}, ()), ({"b": 2.0, "c": -1.0}, ("walk", "g"))):
        first, second = (each.combination(parts, new).interval(0.9) for each in (found, whole))
        assert first == pytest.approx(second, abs=1e-7)
    for first, second in zip(*(each.moments([{"a": 1.0}, {"d": 1.0}]) for each in (found, whole)), strict=True):
        assert first == pytest.approx(second, abs=1e-6)


def test_noise_is_learned_from_the_observations_that_there_are_said_to_be():
    """Twenty rows without coefficients: the density of a scale has a closed form."""
    values, scales = np.random.default_rng(3).normal(size=20), np.array([0.5, 1.0, 2.0])
    nothing = [fixed_effects(["none"], np.zeros((20, 1)), [0.0], [1.0])]
    even = Spread("noise", scales, np.full(3, 1 / 3))
    found = fit_asked(values, np.ones(20), nothing, [], [even], "noise", 5)
    expected = scales**-5 * np.exp(-0.5 * (values @ values) / scales**2)
    assert found.weight == pytest.approx((expected / expected.sum())[expected > 1e-7 * expected.max()])


def test_averaged_posteriors_are_one_model_with_both_priors():
    effects, errors = np.array([0.4, -0.2, 0.3]), np.array([0.1, 0.2, 0.1])
    parts = [pooled(effects, errors, 0.0, 1.0, fixed("study", value)) for value in (0.1, 0.5)]
    together = average(parts, [part.log_evidence + np.log(0.5) for part in parts])
    direct = pooled(effects, errors, 0.0, 1.0, Spread("study", np.array([0.1, 0.5]), np.array([0.5, 0.5])))
    assert together.log_evidence == pytest.approx(direct.log_evidence)
    for new in ((), ("study",)):
        first, second = (p.combination({"mu": 1}, new).interval(0.9) for p in (together, direct))
        assert first == pytest.approx(second, abs=1e-8)


# Published meta-analyses are in data/raw and checked by the validation; here their laws.


def test_likelihood_of_the_spread_is_that_of_the_normal_density():
    effects, errors = np.array([0.1, 0.5]), np.array([0.2, 0.3])
    blocks = [
        fixed_effects(["mu"], np.ones((2, 1)), [0.2], [0.0]),
        groups("study", ["a", "b"], "study"),
    ]
    variance = errors**2 + 0.4**2
    expected = -0.5 * (np.log(2 * np.pi * variance) + (effects - 0.2) ** 2 / variance).sum()
    assert log_likelihood(effects, errors, blocks, {"study": 0.4}) == pytest.approx(expected)


# Hostile input.


@pytest.mark.parametrize("errors", [[0.0, 0.1], [-0.1, 0.1], [np.nan, 0.1], [0.1]])
def test_errors_that_are_not_positive_or_not_there_are_refused(errors):
    with pytest.raises(ValueError, match="standard error above zero"):
        fit(np.array([0.1, 0.2]), np.array(errors), [fixed_effects(["mu"], np.ones((2, 1)), [0.0], [1.0])])


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="must be finite"):
        fit(np.array([np.inf]), np.array([0.1]), [fixed_effects(["mu"], np.ones((1, 1)), [0.0], [1.0])])


def test_one_wild_study_does_not_break_the_posterior():
    found = pooled([0.2, 0.3, 5.0], [0.1, 0.1, 0.01], 0.1, 0.3, half_normal("study", 0.3)).combination(
        {"mu": 1}, ["study"]
    )
    low, high = found.quantiles([0.05, 0.95])
    assert -6 < low < high < 8


# Spreads and mixtures.


def test_factors_are_even_about_one_on_the_log_scale():
    for spread in (log_normal("f", 0.4, 5), log_normal_even("f", 0.4, 9)):
        assert spread.weights @ np.log(spread.values) == pytest.approx(0, abs=1e-12)
        assert spread.weights @ np.log(spread.values) ** 2 == pytest.approx(0.16, rel=0.05)
    even = log_uniform("s", 0.1, 10, 20)
    assert even.weights @ np.log(even.values) == pytest.approx(0, abs=1e-12)
    assert (even.values > 0.1).all()
    assert (even.values < 10).all()


def test_grid_holds_every_combination_with_the_product_of_its_weights():
    values, log_weight = grid([half_normal("a", 1.0, 4), log_normal("b", 0.3, 3)])
    assert len(log_weight) == 12
    assert np.exp(log_weight).sum() == pytest.approx(1)
    assert len({*zip(values["a"], values["b"], strict=True)}) == 12


MIXTURES = st.lists(st.tuples(st.floats(0.1, 1), st.floats(-2, 2), st.floats(0.1, 2)), min_size=1, max_size=4)


def mixture(parts) -> Mixture:
    weight, mean, sd = (np.array(column) for column in zip(*parts, strict=True))
    return Mixture(weight / weight.sum(), mean, sd)


@given(MIXTURES)
def test_quantiles_undo_the_distribution(parts):
    levels = [0.01, 0.1, 0.5, 0.9, 0.99]
    found = mixture(parts)
    assert found.below(found.quantiles(levels)) == pytest.approx(levels, abs=1e-8)


@given(MIXTURES, st.floats(-3, 3))
def test_score_is_the_integral_of_the_squared_difference_of_distributions(parts, value):
    found = mixture(parts)
    x = np.linspace(-25, 25, 20001)
    squared = (found.below(x) - (x >= value)) ** 2
    assert found.crps(value) == pytest.approx(np.trapezoid(squared, x), abs=5e-3)


@given(MIXTURES)
def test_density_is_the_slope_of_the_distribution(parts):
    found = mixture(parts)
    slope = (found.below(0.5 + 1e-5) - found.below(0.5 - 1e-5)) / 2e-5
    assert np.exp(found.log_density(0.5)) == pytest.approx(slope, rel=1e-3)


def test_draws_agree_with_exact_quantiles():
    posterior = pooled([0.1, 0.5, -0.3], [0.1, 0.2, 0.1], 0.0, 0.5, half_normal("study", 0.3))
    rows, new = [{"mu": 1.0}, {"mu": 1.0}], [(), ("study",)]
    draws = posterior.draw(rows, new, np.random.default_rng(7), 40_000)
    for column in range(2):
        exact = posterior.combination(rows[column], new[column])
        single = exact.draw(np.random.default_rng(8), 40_000)
        for level in (0.05, 0.25, 0.5, 0.75, 0.95):
            bound = exact.quantiles([level])[0]
            # Four standard errors of a share among 40,000 draws.
            tolerance = 4 * np.sqrt(level * (1 - level) / 40_000)
            assert (draws[:, column] < bound).mean() == pytest.approx(level, abs=tolerance)
            assert (single < bound).mean() == pytest.approx(level, abs=tolerance)
    # A new place shares the mean with the mean: the two go together.
    assert np.corrcoef(draws.T)[0, 1] > 0.3
