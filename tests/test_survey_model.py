"""The survey model on simulated surveys whose truth is known; all plots here are simulated."""

import subprocess
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_district import SHAPES, District, log_yields, survey
from scipy import stats
from scipy.special import ndtri

from pipeline.kit import compute, paths
from pipeline.kit.bayes.linear_normal import fit, fixed_effects, groups
from pipeline.kit.bayes.mixture import Mixture, fixed
from pipeline.kit.data import usage
from pipeline.kit.data.contracts import ContractError
from pipeline.kit.publish.estimates import Estimate, Prose
from pipeline.study.pests.pest_losses import DamageCurve
from pipeline.study.plots import model, plot_table, survey_alarms, survey_signs, survey_size
from pipeline.study.plots.charts import learned_rows
from pipeline.study.plots.estimates import (
    SURVEY,
    key_now,
    learned_estimates,
    package_name,
    sources_now,
    warned,
    what_is_in,
    what_it_takes,
    what_plots_say,
)
from pipeline.study.plots.model import (
    NOISE,
    NOISE_LOG_SD,
    OFFICER,
    SIDE,
    VILLAGE,
    WIDER,
    Chunk,
    Likelihood,
    Normal,
    Prior,
    as_normal,
    attack_sums,
    effects_likelihood,
    effects_prior,
    level_prior,
    middle_curves,
    statistics,
    summed,
    weighed,
)
from pipeline.study.plots.plot_table import EFFECTS, USED, reasons_left_out
from pipeline.study.plots.posterior import (
    QUANTITIES,
    before,
    conflict,
    learn,
    share_likelihood,
    survey_alone,
    together,
    yield_likelihood,
)
from pipeline.study.plots.survey_alarms import SimulatedDistrict, simulated_survey

# The size of what 04, 05 and 07 say, so that the tests stand without results.
DOSE, LEVEL, SIZE = 400.0, 0.9, 4000
rng_of_literature = np.random.default_rng(4)
LITERATURE = {
    "present_yield": np.log(700) + 0.28 * rng_of_literature.standard_normal(SIZE),
    "fertilizer": 0.32 + 0.34 * rng_of_literature.standard_normal(SIZE),
    "technique": -0.07 + 0.77 * rng_of_literature.standard_normal(SIZE),
    "training": 0.26 + 0.33 * rng_of_literature.standard_normal(SIZE),
    "pods_attacked": -0.6 + 0.9 * rng_of_literature.standard_normal(SIZE),
}
UNIFORM = rng_of_literature.random((2, SIZE))
READINGS = {
    "sabah": DamageCurve(0.6 + 0.3 * UNIFORM[0], 5.0 + 2.0 * UNIFORM[1]),
    "aceh": DamageCurve(0.85 + 0.12 * UNIFORM[0], 1.0 + 0.5 * UNIFORM[1]),
}
CURVES = READINGS | {
    "mixture": DamageCurve(
        *(
            np.where(np.arange(SIZE) % 2, *(getattr(READINGS[name], part) for name in READINGS))
            for part in ("at_all", "power")
        )
    )
}
MIDDLE = middle_curves(READINGS)
ODDS = {"sabah": 0.5, "aceh": 0.5}
BIAS = 0.15


@cache
def priors(bias: float = BIAS, weight: float = 0.8) -> dict[str, Prior]:
    known = {name: LITERATURE[name] for name in ("fertilizer", "technique", "training")}
    found = {name: level_prior(name, LITERATURE[name], weight, bias) for name in ("present_yield", "pods_attacked")}
    return found | {"effects": effects_prior(known, CURVES, ODDS, weight, bias)}


def all_draws() -> dict[str, np.ndarray]:
    return LITERATURE | {"pod_borer": np.log1p(-CURVES["mixture"].loss(0.7))}


def draw_truth(rng: np.random.Generator) -> tuple[str, dict[str, float]]:
    """A reading of the damage curve and true quantities, drawn from the model's own prior."""
    reading, truth = str(rng.choice(list(ODDS))), {}
    for name in ("present_yield", *EFFECTS):
        prior = priors()["effects" if name in EFFECTS else name]
        known = prior.literature[reading if name in EFFECTS else ""][name]
        normal = known if rng.random() < prior.literature_weight else prior.wide[name]
        truth[name] = float(rng.normal(normal.mean, normal.sd))
    return reading, truth


def district_of(reading: str, truth: dict[str, float], rng: np.random.Generator, bias: float = BIAS) -> District:
    """A district whose plots show the truth with a bias, and other effects and spreads as wide as the model expects."""
    shown = {name: value + rng.normal(0, bias) for name, value in truth.items()}
    noise = float(np.exp(rng.normal(np.log(NOISE), NOISE_LOG_SD)))
    village, officer = np.abs(rng.normal(0, [VILLAGE, OFFICER]))
    return District(
        float(np.exp(shown["present_yield"])),
        *(shown[name] for name in EFFECTS),
        reading,
        {kind: float(rng.normal(0, SIDE)) for kind in ("young", "old", "clone", "grafted", "mixed", "medium", "heavy")},
        noise,
        village,
        officer,
    )


def simulated(plots: int = 100, villages: int = 20, seed: int = 1, **changed: float) -> pd.DataFrame:
    return survey(District(**changed), plots, villages, np.random.default_rng(seed))


def learned(plots: pd.DataFrame, bias: float = BIAS, smallest: int = 5):
    return learn(plots, all_draws(), priors(bias), DOSE, MIDDLE, LEVEL, smallest)


NO_PLOTS = pd.DataFrame(columns=[column.name for column in USED.columns])


# Intervals hold what is true, as often as they say.


SIZES = {30: 8, 100: 20, 300: 40}
REPLICATES = 100


@cache
def covered(plots: int, bias: float = BIAS) -> pd.DataFrame:
    """Of simulated surveys of districts drawn from the prior: does each interval hold the truth, and how wide is it?

    One row per survey and quantity: ``name``, ``holds``, ``spread``. ``bias`` is what the model allows for; the surveys
    always have one.
    """
    return pd.DataFrame([row for number in range(REPLICATES) for row in covered_once(plots, number, bias)])


def covered_once(plots: int, number: int, bias: float) -> list[dict[str, object]]:
    truth, seen = seen_of(plots, number)
    after = {group: together(likelihoods, priors(bias)[group]) for group, likelihoods in seen.items()}
    found = {name: after["effects" if name in EFFECTS else name].quantity(name) for name in truth}
    # An interval holds what has neither less nor more below it than its ends have.
    below = {name: float(found[name].below(value)) for name, value in truth.items()}
    return [{"name": name, "holds": abs(below[name] - 0.5) <= LEVEL / 2, "spread": sd(found[name])} for name in truth]


@cache
def seen_of(plots: int, number: int) -> tuple[dict[str, float], dict[str, dict[str, Likelihood]]]:
    """What is true in a simulated district, and what a survey of it shows."""
    rng = np.random.default_rng([plots, number])
    reading, truth = draw_truth(rng)
    sums = summed(survey(district_of(reading, truth, rng), plots, SIZES[plots], rng), DOSE, MIDDLE)
    return truth, {"present_yield": {"": yield_likelihood(sums)}, "effects": effects_likelihood(sums, tuple(MIDDLE))}


def sd(mixture: Mixture) -> float:
    mean = mixture.weight @ mixture.mean
    return float(np.sqrt(mixture.weight @ (mixture.sd**2 + (mixture.mean - mean) ** 2)))


@pytest.mark.slow
@pytest.mark.parametrize("plots", SIZES)
def test_intervals_cover_truths_drawn_from_the_prior_at_their_level(plots):
    # Five hundred intervals of one size. At a true 90 % independent ones leave these bounds once in ten thousand runs.
    assert 0.84 <= covered(plots)["holds"].mean() <= 0.96


@pytest.mark.slow
@pytest.mark.parametrize("name", ["present_yield", *EFFECTS])
def test_intervals_of_each_quantity_cover_it_at_their_level(name):
    held = pd.concat([covered(plots) for plots in SIZES]).query("name == @name")["holds"]
    assert len(held) == 3 * REPLICATES
    assert 0.84 <= held.mean() <= 0.96


@pytest.mark.slow
def test_the_check_of_coverage_finds_a_model_that_forgets_the_bias():
    assert covered(300, 0.0)["holds"].mean() < 0.84


@pytest.mark.slow
def test_intervals_shrink_with_the_size_of_the_survey():
    spreads = pd.DataFrame({plots: covered(plots).groupby("name")["spread"].median() for plots in SIZES})
    assert (spreads[30] > spreads[100]).all()
    assert (spreads[100] > spreads[300]).all()


def test_more_plots_narrow_every_interval_with_the_root_of_their_number_and_the_bias_stays():
    width = {}
    for plots in (240, 960, 3840):
        sums = summed(simulated(plots, 60, seed=plots), DOSE, MIDDLE)
        for bias in (0.0, BIAS):
            alone = survey_alone(effects_likelihood(sums, tuple(MIDDLE)), priors(bias)["effects"])
            low, _, high = alone["fertilizer"].interval(LEVEL)
            width[plots, bias] = high - low
    for few, many in ((240, 960), (960, 3840)):
        assert width[few, 0.0] / width[many, 0.0] == pytest.approx(2, rel=0.2)
    assert width[3840, BIAS] > 2 * ndtri(0.95) * BIAS
    assert width[3840, BIAS] == pytest.approx(np.hypot(width[3840, 0.0], 2 * ndtri(0.95) * BIAS), rel=0.02)


# Without plots, and with rows in another order.


def test_no_plot_gives_back_the_prior_exactly():
    sums = summed(NO_PLOTS, DOSE, MIDDLE)
    likelihoods = {
        "effects": effects_likelihood(sums, tuple(MIDDLE)),
        "present_yield": {"": yield_likelihood(sums)},
        "pods_attacked": {"": share_likelihood(attack_sums(NO_PLOTS))},
    }
    for name, seen in likelihoods.items():
        start, after = before(priors()[name]), together(seen, priors()[name])
        for quantity in priors()[name].names:
            levels = [0.01, 0.05, 0.5, 0.95, 0.99]
            expected = start.quantity(quantity).quantiles(levels)
            assert after.quantity(quantity).quantiles(levels) == pytest.approx(expected, abs=1e-7)
            assert after.literature_weight(quantity) == pytest.approx(0.8)
        assert all(alone is None for alone in survey_alone(seen, priors()[name]).values())


def test_without_a_survey_the_table_holds_the_literature_and_the_words_say_so():
    found = learned(NO_PLOTS)
    assert (found.table["pinned"] == 1).all()
    assert not found.table["is_conflict"].any()
    assert (
        found.table[[name for name in found.table if name.startswith(("survey_", "together_"))]].isna().all(axis=None)
    )
    lower, middle, upper = np.quantile(np.exp(LITERATURE["present_yield"]), [0.05, 0.5, 0.95])
    row = found.table.set_index("name").loc["present_yield"]
    assert (row["prior_lower"], row["prior_value"], row["prior_upper"]) == pytest.approx(
        (lower, middle, upper), rel=1e-3
    )
    assert set(learned_rows(found.table)["series"]) == {"prior"}
    words = what_plots_say(found.table, survey_signs.checked(NO_PLOTS))
    assert "No survey yet" in words.en
    assert "Belum ada survei" in words.id
    assert (survey_signs.by_check(survey_signs.checked(NO_PLOTS))["officers"] == 0).all()


def test_the_order_of_rows_changes_nothing():
    plots = simulated()
    mixed = plots.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(learned(plots).table, learned(mixed).table)
    pd.testing.assert_frame_equal(survey_signs.checked(plots), survey_signs.checked(mixed))


def test_the_same_rows_of_the_same_farms_once_more_teach_nothing_more():
    plots = simulated()
    twice = pd.concat([plots, plots.assign(plot_id="again " + plots["plot_id"])], ignore_index=True)
    pd.testing.assert_frame_equal(learned(plots).table, learned(twice).table, rtol=1e-6)
    others = twice.assign(farm_id=twice["plot_id"])
    assert (learned(others).table["plots"] == 2 * len(plots)).all()


# The arithmetic.


@settings(max_examples=10)
@given(st.integers(5, 25), st.floats(0.2, 0.8), st.floats(0.05, 0.5), st.floats(0.02, 0.3))
def test_the_level_agrees_with_the_engine_for_linear_models(rows, noise, village, officer):
    plots = simulated(rows, 4, seed=rows)
    y = np.log(plots["yield_kg_per_ha"].to_numpy())
    blocks = [
        fixed_effects(["level"], np.ones((rows, 1)), [0.0], [100.0]),
        groups("village", list(plots["village"]), "village"),
        groups("officer", list(plots["enumerator_id"]), "officer"),
    ]
    spreads = [fixed("village", village), fixed("officer", officer)]
    expected = fit(y, np.full(rows, noise), blocks, spreads).combination({"level": 1.0})
    from pipeline.study.plots.model import _without_groups

    sums = summed(plots, DOSE, MIDDLE).only_level()
    products = np.array([[sums.xx[0, 0], sums.xy[0]], [sums.xy[0], sums.yy]])
    points = {name: np.array([value]) for name, value in (("noise", noise), ("village", village), ("officer", officer))}
    _, seen = _without_groups(products, np.column_stack([sums.zx, sums.zy]), sums, points)
    assert seen[0, 0, 1] / seen[0, 0, 0] == pytest.approx(expected.mean[0], rel=1e-3)
    assert seen[0, 0, 0] ** -0.5 == pytest.approx(expected.sd[0], rel=1e-3)


@given(st.integers(1, 39))
@settings(max_examples=10)
def test_sums_over_chunks_add_up_to_those_over_all_plots(cut):
    plots = weighed(simulated(40, 8).sort_values("plot_id"))
    villages, officers = (tuple(sorted(set(plots[name]))) for name in ("village", "enumerator_id"))
    parts = [statistics(Chunk(part, villages, officers, DOSE, MIDDLE)) for part in (plots[:cut], plots[cut:])]
    added, whole = parts[0] + parts[1], statistics(Chunk(plots, villages, officers, DOSE, MIDDLE))
    for name in ("rows", "xx", "zx", "zz", "xy", "zy", "yy", "total", "squares"):
        np.testing.assert_allclose(getattr(added, name), getattr(whole, name))


def test_a_survey_is_summed_by_dask_workers_as_on_this_machine(monkeypatch):
    from distributed import LocalCluster

    plots = simulated(120, 8)
    alone = summed(plots, DOSE, MIDDLE)
    monkeypatch.setattr(model, "CHUNK", 40)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        monkeypatch.setenv(compute.BACKEND_VARIABLE, "dask")
        monkeypatch.setenv(compute.SCHEDULER_VARIABLE, cluster.scheduler_address)
        shared = summed(plots, DOSE, MIDDLE)
    assert shared.rows == alone.rows > 80
    for name in ("xx", "zx", "zz", "xy", "zy", "yy"):
        np.testing.assert_allclose(getattr(shared, name), getattr(alone, name), rtol=1e-12, atol=1e-12)


def test_sums_with_other_villages_are_not_added():
    one, other = (summed(simulated(20, 3, seed=seed), DOSE, MIDDLE) for seed in (1, 2))
    with pytest.raises(ValueError, match="different terms or groups"):
        one + other


def test_a_bias_is_the_same_as_a_wider_error():
    seen = Likelihood(np.zeros(1), np.array([[[4.0, 1.0], [1.0, 3.0]]]), np.array([[2.0, -1.0]]), {})
    biased = seen.with_bias(0.5)
    covariance = np.linalg.inv(seen.precision[0])
    np.testing.assert_allclose(np.linalg.inv(biased.precision[0]), covariance + np.eye(2) / 4)
    np.testing.assert_allclose(
        np.linalg.solve(biased.precision[0], biased.vector[0]), covariance @ seen.vector[0], rtol=1e-12
    )


def test_the_response_curve_gives_nothing_at_no_dose_all_at_the_full_one_and_never_falls():
    doses = np.linspace(0, 1.5, 31)
    share = plot_table.share_of_gain(doses)
    assert share[0] == 0
    assert share[20] == pytest.approx(1)
    assert (np.diff(share) >= 0).all()
    assert share[10] > 0.5


def test_terms_are_one_where_their_effect_is_stated_and_zero_where_nothing_is_done_or_lost():
    plots = simulated(4, 1).assign(
        fertilizer_kg_per_ha=[0.0, 400.0, 0.0, 0.0],
        share_pods_borer=[0.0, 0.7, 1.0, 0.35],
        prunings_per_year=[0.0, 2.0, 1.0, 0.0],
        sanitations_per_year=[0.0, 12.0, 0.0, 0.0],
        training=["none", "field_school", "extension_talk", "demo_plot;extension_talk"],
    )
    # Half of the yield is lost where all pods are attacked, in proportion below.
    terms = plot_table.practices(plots, 400.0, {"even": (0.5, 1.0)})
    assert terms["fertilizer"].tolist() == pytest.approx([0, 1, 0, 0])
    left = [np.log(share) / np.log(0.65) for share in (1, 0.65, 0.5, 0.825)]
    assert terms["pod_borer:even"].tolist() == pytest.approx(left)
    assert terms["technique"].tolist() == [0, 1, 0.5, 0]
    assert terms["training"].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("reading", SHAPES)
def test_terms_times_their_effects_are_what_plots_yield_in_a_district_made_elsewhere(reading):
    of_kind = {"young": -0.3, "old": -0.2, "clone": 0.2, "grafted": 0.1, "mixed": 0.05, "medium": -0.1, "heavy": -0.4}
    district = District(shape=reading, of_kind=of_kind)
    plots = survey(district, 200, 20, np.random.default_rng(3))
    terms = plot_table.practices(plots, 400.0, {reading: SHAPES[reading]})
    effects = [district.fertilizer, district.borer, district.technique, district.training]
    side = plot_table.side_terms(plots).rename(columns=lambda name: name.split(":")[1])
    found = terms.to_numpy() @ np.array(effects) + sum(side[kind] * effect for kind, effect in of_kind.items())
    assert found.to_numpy() == pytest.approx(log_yields(district, plots), abs=1e-4)


@pytest.mark.parametrize("reading", SHAPES)
def test_the_borer_takes_yield_in_the_surveys_that_the_project_simulates(reading):
    district = SimulatedDistrict(700.0, {f"pod_borer:{reading}": -0.6}, np.zeros(10), 0.3, 0.1, 0.05)
    plots = simulated_survey(district, SHAPES, 600, 60, np.random.default_rng(3))
    logs, attacked = np.log(plots["yield_kg_per_ha"]), plots["share_pods_borer"]
    assert logs[attacked.between(0.65, 0.75)].mean() - logs[attacked < 0.25].mean() == pytest.approx(-0.6, abs=0.15)
    assert logs[attacked > 0.9].mean() < logs[attacked < 0.25].mean() - 0.8


# Conflict.


def test_truths_four_deviations_from_the_literature_are_in_conflict_and_those_in_it_are_not():
    literature = priors()["effects"].literature["aceh"]["fertilizer"]
    raised = {0: 0, 4: 0}
    for distance in raised:
        for seed in range(8):
            plots = simulated(300, 60, seed=seed, fertilizer=literature.mean + distance * literature.sd)
            row = learned(plots).table.set_index("name").loc["fertilizer"]
            raised[distance] += bool(row["is_conflict"])
            if distance == 4:
                # The truth is not averaged away: it lies in the interval of both together.
                assert row["together_value"] > np.expm1(literature.mean + 2 * literature.sd) * 100
                assert row["p_value"] < 0.01
    assert raised == {0: 0, 4: 8}


def test_the_weight_of_the_literature_and_the_p_value_have_their_closed_forms():
    prior = Prior({"": {"x": Normal(0.0, 1.0)}}, {"x": Normal(0.0, 3.0)}, {"": 1.0}, 0.8, 0.0)
    seen = Likelihood(np.zeros(1), np.array([[[4.0]]]), np.array([[4.0 * 3.0]]), {})
    densities = stats.norm.pdf(3.0, 0, np.sqrt([1.25, 9.25]))
    weight = 0.8 * densities[0] / (0.8 * densities[0] + 0.2 * densities[1])
    assert together({"": seen}, prior).literature_weight("x") == pytest.approx(weight)
    alone = survey_alone({"": seen}, prior)["x"]
    assert conflict(prior, alone, "x") == pytest.approx(2 * stats.norm.sf(3 / np.sqrt(1.25)), rel=0.02)


def test_the_damage_curve_that_holds_is_found():
    for reading, effect in {"sabah": -0.1, "aceh": -0.85}.items():
        district = District(fertilizer=0.3, borer=effect, technique=0.0, training=0.2, shape=reading, noise=0.4)
        assert learned(survey(district, 300, 40, np.random.default_rng(7))).readings[reading] > 0.9


@given(st.floats(0.05, 2), st.floats(-3, 3))
@settings(max_examples=20)
def test_draws_and_the_normal_made_of_them_have_the_same_interval(sd, mean):
    normal = as_normal(mean + sd * ndtri((np.arange(2000) + 0.5) / 2000))
    assert (normal.mean, normal.sd) == pytest.approx((mean, sd), rel=3e-3, abs=1e-6)
    assert level_prior("x", np.array([0.0, 1.0]), 0.8, 0.1).wide["x"].sd == WIDER / 2


# Plots that cannot be used.


def test_plots_that_lack_something_are_left_out_and_counted():
    plots = simulated(60, 10)
    plots.loc[plots.index[0], "yield_kg_per_ha"] = np.nan
    plots.loc[plots.index[1], "yield_kg_per_ha"] = 0.0
    plots.loc[plots.index[2], "share_pods_borer"] = np.nan
    plots.loc[plots.index[3], "training"] = "dont_know"
    plots.loc[plots.index[4], ["fertilizer_kg_per_ha", "training"]] = np.nan
    plots.loc[plots.index[5], "shade"] = "dont_know"
    plots.loc[plots.index[6], ["village", "subdistrict", "enumerator_id", "age_years"]] = np.nan
    found = learned(plots)
    assert found.left_out["plots"].sum() == 5
    assert found.left_out.set_index("reason")["plots"]["fertilizer not known"] == 1
    assert set(found.table.loc[found.table["name"] != "pods_attacked", "plots"]) == {55}
    assert found.table.set_index("name").loc["pods_attacked", "plots"] == 59
    assert (reasons_left_out(plots) != "").sum() == 5


@pytest.mark.parametrize("plots", [1, 2, 3])
def test_a_few_plots_work_and_teach_little(plots):
    table = learned(simulated(plots, 1), smallest=1).table.set_index("name")
    assert (table["together_value"].isna() == table["survey_value"].isna()).all()
    assert (table.loc[list(EFFECTS), "pinned"] > 0.5).all()


def test_plots_of_fewer_farms_than_are_published_teach_nothing():
    plots = simulated(40, 5)
    few = plots.assign(farm_id=[f"farm {number % 4}" for number in range(40)])
    pd.testing.assert_frame_equal(learned(few).table, learned(NO_PLOTS).table)
    assert learned(few).taught == learned(NO_PLOTS).taught == {}
    assert plot_table.large_enough(few, 5).empty
    assert len(plot_table.large_enough(few, 4)) == 40
    # Enough farms in all, but a harvest is known of four only: pods are learned, the regression is not.
    partly = plots.assign(yield_kg_per_ha=plots["yield_kg_per_ha"].where(np.arange(40) < 4))
    table = learned(partly).table.set_index("name")
    assert set(table.index[table["plots"] > 0]) == {"pods_attacked"}
    assert set(learned(partly).taught) == {"pods_attacked"}


def test_plots_that_all_do_the_same_say_nothing_of_that_practice():
    plots = simulated(80, 10).assign(fertilizer_kg_per_ha=0.0, training="none")
    table = learned(plots).table.set_index("name")
    assert table.loc[["fertilizer", "training"], "survey_value"].isna().all()
    assert table.loc["fertilizer", "pinned"] == pytest.approx(1, abs=0.02)
    assert np.isfinite(table.loc["technique", "survey_value"])


def test_the_table_is_read_with_its_contract(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "SURVEY", tmp_path)
    assert plot_table.read_survey().empty
    plots = simulated(5, 2)
    plots.assign(more="ignored").to_csv(tmp_path / "plots.csv", index=False)
    assert list(plot_table.read_survey()["plot_id"]) == list(plots["plot_id"])
    plots.assign(share_pods_borer=1.5).to_csv(tmp_path / "plots.csv", index=False)
    with pytest.raises(ContractError, match="share_pods_borer"):
        plot_table.read_survey()
    plots.drop(columns="training").to_csv(tmp_path / "plots.csv", index=False)
    with pytest.raises(ContractError, match="missing: training"):
        plot_table.read_survey()


def test_the_folder_of_the_survey_is_in_every_clone_and_its_plots_in_none():
    def is_ignored(name: str) -> bool:
        command = ["git", "check-ignore", "-q", "--no-index", str(paths.SURVEY / name)]
        return subprocess.run(command, cwd=paths.ROOT, check=False).returncode == 0

    assert (paths.SURVEY / "README.md").exists()
    assert not is_ignored("README.md")
    assert is_ignored("plots.csv")


# Quality of a survey.


@pytest.mark.slow
def test_honest_surveys_seldom_raise_a_flag_and_made_up_ones_mostly_do():
    effects = {"fertilizer": 0.3, "pod_borer:aceh": -0.8, "technique": 0.0, "training": 0.25}
    lots = {
        kind: survey_alarms.raised(survey_alarms.Lot(kind, 100, 20, surveys, effects, MIDDLE, 700.0, 5))
        for kind, surveys in (("honest", 60), ("rounded_yields", 8), ("rounded_counts", 8), ("copies", 8))
    }
    assert lots["honest"]["any"] <= 0.1
    assert lots["rounded_yields"]["round_yields"] == 1
    assert lots["rounded_counts"]["round_counts"] >= 0.9
    assert lots["copies"]["near_copies"] == 1


def test_only_the_officer_who_copies_or_invents_is_named():
    plots = simulated(300, 40)
    for kind, check in (("copies", "near_copies"), ("invented", "too_alike")):
        made_up = survey_alarms.made_up(plots, kind, np.random.default_rng(2))
        flags = survey_signs.checked(made_up)
        assert set(flags.loc[flags["check"] == check, "officer"]) == {survey_alarms.MADE_UP}
    with pytest.raises(ValueError, match="made up in a way called lazy"):
        survey_alarms.made_up(plots, "lazy", np.random.default_rng(2))


def test_an_officer_whose_yields_are_more_than_doubled_and_one_in_haste_are_flagged():
    plots = simulated(300, 30)
    his = plots["enumerator_id"] == "officer 02"
    raised = plots.assign(yield_kg_per_ha=plots["yield_kg_per_ha"].where(~his, plots["yield_kg_per_ha"] * 2.5))
    flags = survey_signs.checked(raised)
    assert "officer 02" in set(flags.loc[flags["check"] == "officers_apart", "officer"])
    hasty = survey_signs.checked(simulated(800, 60).assign(enumerator_id="officer 00", visit_date="2026-07"))
    assert set(hasty["check"]) == {"haste"}


# Size of a survey.


def test_a_survey_is_worth_more_with_more_plots_and_never_more_than_knowing_everything():
    rng = np.random.default_rng(3)
    effect = rng.normal(0.1, 0.4, 4000)
    known = {name: rng.normal(0, 0.3, 4000) for name in survey_size.SHOWN} | {"fertilizer_effect": effect}
    known["present_yield"] = np.exp(rng.normal(6.5, 0.3, 4000))
    paid = np.column_stack([np.zeros(4000), 1e6 * effect - 1e5, np.full(4000, -2e6)])
    assert survey_size.best_two(paid) in ([0, 1], [1, 0])
    curve = survey_size.value_by_plots(paid, known, (0.2, 0.3, 0.5), BIAS, 1)
    values = curve[curve["variation"] == "value"].set_index(["decision", "plots"])["value"]
    assert values["best_two"].is_monotonic_increasing
    assert values["best_two"].iloc[-1] < paid.max(axis=1).mean() - max(0, paid.mean(axis=0).max())
    unbiased = survey_size.value_by_plots(paid, known, (0.2, 0.3, 0.5), 0.0, 1)
    assert unbiased["value"].max() > curve["value"].max()
    needed = survey_size.needed(curve, "best_two", 0.2, 5).set_index("share")
    assert needed.loc["half", "plots_value"] <= needed.loc["nine_tenths", "plots_value"]
    assert (needed["plots_value"] == 5 * needed["villages_value"]).all()


def test_a_survey_that_cannot_change_the_choice_is_worth_nothing_at_all():
    rng = np.random.default_rng(3)
    shown = rng.normal(0, 1, (4000, 5))
    paid = np.column_stack([np.zeros(4000), 1e8 + 1e6 * shown[:, 0]])
    assert survey_size.survey_value(paid, shown) == 0


def test_plots_of_one_village_count_for_less_by_the_design_effect():
    assert survey_size.together_in_villages(24, 0.0, 5) == (25, 5)
    assert survey_size.together_in_villages(24, 0.25, 5) == (50, 10)
    assert survey_size.together_in_villages(24, 1.0, 5) == (120, 24)
    assert survey_size.together_in_villages(24, 0.7, 1) == (24, 24)


def test_the_share_between_villages_is_that_of_the_prior_without_plots_and_is_learned_from_them():
    without = survey_size.village_share(yield_likelihood(summed(NO_PLOTS, DOSE, MIDDLE)))
    assert 0.1 < without < 0.3
    plots = simulated(300, 40, fertilizer=0.0, borer=0.0, technique=0.0, training=0.0, noise=0.2, village=0.6)
    assert survey_size.village_share(yield_likelihood(summed(plots, DOSE, MIDDLE))) > 0.7


# Words.


def test_numbers_and_words_of_a_survey_fit_each_other_in_both_languages():
    plots = survey_alarms.made_up(simulated(120, 20, fertilizer=2.2), "copies", np.random.default_rng(1))
    found, flags = learned(plots), survey_signs.checked(plots)
    sources = dict.fromkeys(QUANTITIES, ("parameter",))
    estimates = learned_estimates(found.table, found.left_out, flags, sources, LEVEL, 1)
    words = what_plots_say(found.table, flags)
    filled = [Prose(estimates).fill(words, language) for language in ("en", "id")]
    assert "120 plots" in filled[0]
    assert "120 petak" in filled[1]
    assert "flag 1 officers" in filled[0]
    assert "1 petugas" in filled[1]
    assert "conflict on full dose of fertilizer" in filled[0]
    assert package_name("fertilizer+training").en == "fertilizer at ceiling price (HET) + training"
    assert "no number of plots" in what_it_takes(estimates, package_name("training"), package_name("nothing")).en


def numbers_of(plots: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    found, flags = learned(plots), survey_signs.checked(plots)
    sources = {name: (f"source_{name}",) for name in QUANTITIES}
    estimates = learned_estimates(found.table, found.left_out, flags, sources, LEVEL, 1)
    return found.table, {str(estimate.key): estimate for estimate in estimates}


def test_later_pages_rest_on_the_literature_alone_until_plots_say_something():
    table, numbers = numbers_of(NO_PLOTS)
    assert what_is_in(table).en == "No survey yet: literature only."
    assert sources_now(numbers, "fertilizer", "training") == ("source_fertilizer", "source_training")
    assert key_now(numbers, "present_yield", "before") == "before"
    # Everybody does the same: present yield and the borer are told, fertilizer and training are not.
    table, numbers = numbers_of(simulated(80, 10).assign(fertilizer_kg_per_ha=0.0, training="none"))
    assert sources_now(numbers, "fertilizer") == ("source_fertilizer",)
    assert sources_now(numbers, "present_yield") == (SURVEY, "source_present_yield")
    assert numbers["survey.alone.present_yield"].sources == (SURVEY,)
    assert key_now(numbers, "present_yield", "before") == "survey.together.present_yield"
    assert key_now(numbers, "present_yield", "before", "now") == "now"
    assert key_now(numbers, "training", "before", "now") == "before"


def test_later_pages_say_how_many_plots_are_in_and_where_these_contradict_the_literature():
    table, numbers = numbers_of(simulated(120, 20, fertilizer=2.2))
    prose = Prose(numbers.values())
    expected = "120 plots of the survey are in these numbers; literature and plots conflict on full dose of fertilizer."
    assert prose.fill(what_is_in(table), "en") == expected
    assert prose.fill(what_is_in(table), "id").startswith("Data 120 petak survei masuk dalam angka ini; pustaka")
    agreed = table.assign(is_conflict=False)
    assert prose.fill(what_is_in(agreed), "en").endswith("literature and plots do not conflict.")
    silent = table.assign(together_value=np.nan)
    assert "do not tell anything yet" in what_is_in(silent).en


def test_a_flag_is_a_warning_on_every_number_that_rests_on_plots(monkeypatch):
    monkeypatch.setattr(usage, "_by_rows", {})
    flags = survey_signs.checked(survey_alarms.made_up(simulated(120, 20), "copies", np.random.default_rng(1)))
    usage.remember(warned(flags))
    assert usage.of([SURVEY, "other"]) == ("low_confidence",)
    monkeypatch.setattr(usage, "_by_rows", {})
    usage.remember(warned(survey_signs.checked(NO_PLOTS)))
    assert usage.of([SURVEY]) == ()
