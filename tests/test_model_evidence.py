"""The evidence synthesis: rows and their errors, laws of the model, simulated data, hostile input."""

import numpy as np
import pandas as pd
import pytest

from pipeline.kit.bayes.selection import step_selection
from pipeline.study.evidence import clean
from pipeline.study.fertilizer import dose_trials
from pipeline.study.names import MEASURES, POOLED_MEASURES
from pipeline.study.synthesis import certainty, comparisons, pooling, robustness
from pipeline.study.synthesis.pooling import Priors, synthesise
from pipeline.study.validation import calibration
from pipeline.study.validation.calibration import check_meta_analyses
from tests.evidence_rows import made_up, weighted_draws, weighted_quantiles

pytestmark = pytest.mark.slow

LEVEL = 0.9


# What full fertilizer holds of nitrogen in these tests, in kg/ha.
FULL_N = 50.0
FULL_DOSE = comparisons.FullDose(FULL_N, "a@b:1")


@pytest.fixture(scope="module")
def variation(effects) -> comparisons.Variation:
    return comparisons.variation_between_farms(effects, 0.4, 0.8)


@pytest.fixture(scope="module")
def rows(effects, variation) -> pd.DataFrame:
    return comparisons.pooled_rows(effects, clean.shade_trial(), variation, FULL_DOSE)


@pytest.fixture(scope="module")
def synthesis(rows):
    return synthesise(rows, Priors())


def fertilizer(values: list[float], priors: Priors | None = None, **how):
    """The synthesis of made-up fertilizer studies."""
    return synthesise(made_up(values, **how), priors or Priors())


# Rows.


def test_pooled_rows_are_trials_and_surveys_on_the_yield_scale(rows, effects):
    assert set(rows["measure"]) <= set(POOLED_MEASURES)
    assert rows["effect_id"].is_unique
    assert {"tafo_heavy", "tafo_medium"} <= set(rows["effect_id"])
    assert len(rows) == effects["is_poolable"].sum() + 2
    assert np.isfinite(rows["se"]).all()
    assert rows["log_ratio"].isna().equals(rows["is_censored"].astype(bool))
    assert (rows["se"] > 0).all()


def test_effects_only_said_to_be_not_significant_are_heard(rows, effects):
    hidden = rows[rows["is_censored"].astype(bool)]
    # Seven seasons of compost in Sabah, two plots of sanitation in Cameroon, and three single results.
    assert hidden.groupby("study_id").size().to_dict() == {
        "boney2023": 7,
        "crop_protection_2004_pods": 2,
        "ghana_canopy_core": 1,
        "toledo_hernandez2020": 1,
        "walmadri2019": 1,
    }
    told = effects.set_index("effect_id").loc[hidden["effect_id"]]
    assert set(told["significance"]) == {"not_significant"}
    assert told["log_ratio"].isna().all()


def test_the_dose_counts_doublings_of_the_nitrogen_of_the_full_one(rows):
    by_id = rows.set_index("effect_id")["doublings"]
    # The trial at Banyuwangi gave 93 and 186 kg N.
    assert by_id[["E005", "E006"]].tolist() == pytest.approx([np.log2(93 / FULL_N), np.log2(186 / FULL_N)])
    assert by_id.drop(["E005", "E006"]).isna().all()
    cites = rows.set_index("effect_id")["source_id"].str.split(";").map(lambda cited: "a@b:1" in cited)
    assert set(cites.index[cites]) == {"E005", "E006"}


def test_every_effect_is_counted_once_with_its_reason(effects):
    counted = comparisons.counts(effects)
    assert counted.sum() == len(effects)
    assert counted["pooled"] == effects["is_poolable"].sum()


def test_shade_trial_gives_the_mean_log_ratio_and_counts_fewer_years_than_it_has():
    trial = clean.shade_trial()
    found = comparisons.trial_rows(trial).set_index("effect_id")
    wide = trial.pivot(index="year", columns="shade", values="yield_kg_per_ha")
    ratio = np.log(wide["heavy"] / wide["none"])
    assert found.loc["tafo_heavy", "log_ratio"] == pytest.approx(ratio.mean())
    assert found.loc["tafo_heavy", "log_ratio_se"] > ratio.std() / np.sqrt(len(ratio))


def test_trial_of_no_shade_over_shade_is_turned_round(effects):
    by_id = effects.set_index("effect_id")
    assert by_id.at["E016", "log_ratio"] == pytest.approx(-np.log(3))
    assert by_id.at["E013", "log_ratio"] == pytest.approx(np.log(2))


def test_farms_vary_as_assumed_and_as_the_surveys_with_an_error_and_a_size_print_it(effects, variation):
    # Rinaldi (2013): difference -24.42, t -1.376, 60 and 40 farms, means 301 and 326.
    by_hand = 17.75 / ((325.55 + 301.13) / 2) * np.sqrt(100 / 4)
    assert by_hand == pytest.approx(0.283, abs=0.001)
    assert set(variation.surveys["effect_id"]) == {"E114", "E115", "E122"}
    # With fewer surveys it is nearer to the middle of what is assumed, and less sure.
    fewer = comparisons.variation_between_farms(effects[effects["effect_id"] != "E122"], 0.4, 0.8)
    alone = comparisons.variation_between_farms(effects[effects["log_ratio_se"].isna()], 0.4, 0.8)
    assert alone.interval(0.8) == pytest.approx((0.4, np.sqrt(0.4 * 0.8), 0.8))
    assert by_hand < variation.middle < fewer.middle < alone.middle
    assert variation.log_sd < fewer.log_sd < alone.log_sd
    with pytest.raises(ValueError, match=r"0.8 and 0.4"):
        comparisons.variation_between_farms(effects, 0.8, 0.4)


def test_missing_errors_follow_the_printed_size_and_are_marked(rows, variation):
    by_id = rows.set_index("effect_id")
    assert by_id.at["E001", "se"] == pytest.approx(variation.middle * np.sqrt(4 / 73))
    # Four countries share the 2,048 interviews of one study.
    assert by_id.at["E028", "se"] == pytest.approx(variation.middle * np.sqrt(4 / 512))
    printed = by_id[~by_id["is_se_imputed"]]
    assert printed["se"].tolist() == printed["log_ratio_se"].tolist()
    assert by_id.loc["E022", "is_se_imputed"]
    # A trial of unknown size is taken to be smaller than most printed ones.
    assert by_id.at["E022", "se"] > by_id.at["E001", "se"]


def test_what_is_left_of_the_effects_at_each_step_adds_up(effects):
    found = comparisons.flow(effects).set_index("step")
    assert found.at["read", "effects"] == len(effects)
    assert found.at["pooled", "effects"] == effects["is_poolable"].sum()
    assert (found["effects"].diff().iloc[1:] == -found["left_out"].iloc[1:]).all()
    assert found["left_out"].sum() == (~effects["is_poolable"]).sum()
    assert found["studies"].is_monotonic_decreasing


# The engine.


def test_engine_gives_the_published_results_of_five_meta_analyses():
    found = check_meta_analyses(calibration.meta_analyses(), dose_trials.published_results())
    assert found["dataset"].nunique() == 5
    assert found["passed"].all(), found[~found["passed"]]


def test_the_last_bit_of_the_studies_moves_no_digit_that_is_published():
    studies, published = calibration.meta_analyses(), dose_trials.published_results()
    moved = studies.assign(value=np.nextafter(studies["value"], np.inf))
    found, other = (check_meta_analyses(given, published)["computed"] for given in (studies, moved))
    pd.testing.assert_series_equal(found, other, rtol=1e-8)


def test_a_wrong_published_result_would_be_noticed():
    published = dose_trials.published_results()
    published.loc[published["quantity"] == "tau2", "value"] += 0.001
    found = check_meta_analyses(calibration.meta_analyses(), published)
    assert set(found.loc[~found["passed"], "quantity"]) == {"tau2"}


def test_other_points_give_nearly_the_same_effects(synthesis, rows, monkeypatch):
    monkeypatch.setattr(pooling, "SEQUENCE", 1)
    pooling._standard_points.cache_clear()
    other = synthesise(rows, Priors())
    pooling._standard_points.cache_clear()
    for measure in POOLED_MEASURES:
        found, expected = (each.new_place(measure).interval(LEVEL) for each in (synthesis, other))
        assert found == pytest.approx(expected, abs=0.02)


EVERYTHING_THAT_IS_NOT_NORMAL = {
    "trials here": {},
    "elsewhere": {"directness_place": ["indonesia", "elsewhere", "asia_pacific"]},
    "another practice": {"directness_practice": ["like", "unlike", "unlike"]},
    "surveys": {"design": ["trial", "before_after", "matched_survey"]},
    "imputed errors": {"is_se_imputed": True, "se": [0.1, 0.2, 0.3]},
    "doses": {"doublings": [1.0, np.nan, 2.0]},
}


@pytest.mark.parametrize("how", list(EVERYTHING_THAT_IS_NOT_NORMAL))
@pytest.mark.parametrize("values", [[0.4, 0.7, np.nan], [0.1, 0.2, 1.0]], ids=["one hidden", "one odd"])
def test_the_posterior_is_that_of_plain_weighted_draws(values, how):
    rows = made_up(values, **{"se": 0.25} | EVERYTHING_THAT_IS_NOT_NORMAL[how])
    draws, weight = weighted_draws(rows, 1_000_000, np.random.default_rng(11))
    found = synthesise(rows, Priors())
    levels = [0.1, 0.5, 0.9]
    for name, exact, near in (("mean", found.mean_effect, 0.015), ("new_place", found.new_place, 0.03)):
        expected = weighted_quantiles(draws[name], weight, levels)
        assert exact("mineral_fertilizer").quantiles(levels) == pytest.approx(expected, abs=near)


def test_more_studies_than_the_points_can_carry_are_refused():
    with pytest.raises(ValueError, match=r"mineral_fertilizer: only \d+ of its points carry its weight"):
        fertilizer(list(np.random.default_rng(2).normal(0.2, 1.5, 60)), design="before_after")


@pytest.mark.parametrize("effect", [np.nan, np.inf])
def test_effects_that_are_no_number_are_refused(effect):
    with pytest.raises(ValueError, match="effect"):
        synthesise(made_up([0.2, effect], is_censored=False), Priors())


@pytest.mark.parametrize("error", [np.nan, np.inf, 0.0, -0.1])
def test_errors_that_are_no_errors_are_refused(error):
    with pytest.raises(ValueError, match="error"):
        synthesise(made_up([0.2], se=error), Priors())


# Laws of the model.


@pytest.mark.parametrize("truth", [-0.4, 0.0, 0.5])
def test_many_trials_around_a_truth_give_it_back(truth):
    rng = np.random.default_rng(6)
    found = fertilizer(list(truth + rng.normal(0, 0.2, 15) + rng.normal(0, 0.1, 15)))
    for effect in (found.mean_effect("mineral_fertilizer"), found.new_place("mineral_fertilizer")):
        lower, value, upper = effect.interval(LEVEL)
        assert lower < truth < upper
        assert value == pytest.approx(truth, abs=0.12)


def test_trials_elsewhere_that_all_show_more_do_not_raise_the_mean_here():
    rng = np.random.default_rng(7)
    here, there = (made_up(list(mean + rng.normal(0, 0.1, 6))) for mean in (0.3, 0.8))
    there = there.assign(
        directness_place="elsewhere", study_id="far " + there["study_id"], programme="far " + there["programme"]
    )
    both = synthesise(pd.concat([here, there], ignore_index=True), Priors())
    assert both.mean_effect("mineral_fertilizer").quantiles([0.5])[0] == pytest.approx(0.3, abs=0.1)


def test_measure_without_studies_stands_on_its_prior(synthesis):
    for measure, mean, sd in (("pod_borer_control", 0.1, 0.3), ("replanting", 0.1, 0.3)):
        assert measure not in set(synthesis.rows["measure"])
        lower, value, upper = synthesis.mean_effect(measure).interval(LEVEL)
        assert value == pytest.approx(mean, abs=1e-6)
        assert (upper - lower) / 2 == pytest.approx(1.6449 * sd, abs=1e-3)


def test_a_new_place_is_less_certain_than_the_mean(synthesis):
    for measure in POOLED_MEASURES:
        assert np.ptp(synthesis.new_place(measure).interval(LEVEL)) > np.ptp(
            synthesis.mean_effect(measure).interval(LEVEL)
        )


@pytest.mark.parametrize(("column", "value"), [("directness_place", "elsewhere"), ("directness_practice", "unlike")])
def test_studies_of_this_place_and_practice_speak_louder(column, value):
    here, abroad = (fertilizer([0.6, 0.6], **how).new_place("mineral_fertilizer") for how in ({}, {column: value}))
    assert here.quantiles([0.5])[0] > abroad.quantiles([0.5])[0]
    assert np.ptp(here.interval(LEVEL)) < np.ptp(abroad.interval(LEVEL))


@pytest.mark.parametrize("design", ["before_after", "unadjusted_survey", "regression_survey", "matched_survey"])
def test_many_biased_studies_never_add_up_to_certainty(design):
    values = list(np.random.default_rng(4).normal(0.6, 0.2, 14))
    biased, trials = (fertilizer(values, design=name).mean_effect("mineral_fertilizer") for name in (design, "trial"))
    assert np.ptp(trials.interval(LEVEL)) < 0.9 * np.ptp(biased.interval(LEVEL))
    # Growers who chose for themselves show more than is true, never less.
    assert biased.quantiles([0.8])[0] < trials.quantiles([0.5])[0]


def test_one_odd_programme_drags_the_mean_less_than_with_normal_tails():
    values = [0.2, 0.25, 0.15, 0.2, 0.22, 2.0]
    long, short = (
        fertilizer(values, Priors(tails=tails)).mean_effect("mineral_fertilizer").quantiles([0.5])[0]
        for tails in (4.0, 1000.0)
    )
    assert 0.2 < long < short


def test_a_result_that_is_not_significant_pulls_towards_zero_and_more_so_from_a_large_trial():
    without, small, large = (
        fertilizer([0.6, *hidden], se=[0.1, *errors]).mean_effect("mineral_fertilizer").quantiles([0.5])[0]
        for hidden, errors in (([], []), ([np.nan], [0.4]), ([np.nan], [0.05]))
    )
    assert large < small < without


def test_studies_that_disagree_widen_a_new_place_even_for_other_measures():
    agree, differ = fertilizer([0.3, 0.3, 0.3, 0.3]), fertilizer([1.3, -0.7, 1.0, -0.4])
    for measure in ("mineral_fertilizer", "training"):
        assert np.ptp(differ.new_place(measure).interval(LEVEL)) > np.ptp(agree.new_place(measure).interval(LEVEL))
    assert differ.weight @ differ.typical > agree.weight @ agree.typical


@pytest.mark.parametrize("shared", [["study_id", "programme"], ["programme"]])
def test_rows_of_one_study_or_programme_count_less_than_studies(shared):
    frame = made_up([0.6] * 6)
    one = synthesise(frame.assign(**dict.fromkeys(shared, "one")), Priors()).mean_effect("mineral_fertilizer")
    six = synthesise(frame, Priors()).mean_effect("mineral_fertilizer")
    assert np.ptp(one.interval(LEVEL)) > np.ptp(six.interval(LEVEL))


def test_draws_follow_the_exact_distribution_and_a_stream_each(synthesis):
    draws = synthesis.draw(1, 20_000)
    assert list(draws) == list(POOLED_MEASURES)
    for measure in POOLED_MEASURES:
        exact = synthesis.new_place(measure).quantiles([0.05, 0.5, 0.95])
        share = [(draws[measure] < bound).mean() for bound in exact]
        assert share == pytest.approx([0.05, 0.5, 0.95], abs=0.015)
    assert synthesis.draw(1, 50)["training"].tolist() == synthesis.draw(1, 50)["training"].tolist()


# What it rests on.


def test_contributions_list_every_study_and_leave_a_part_to_the_prior(synthesis):
    studies = robustness.contributions(synthesis, LEVEL)
    assert studies["rows"].sum() == len(synthesis.rows)
    assert (studies["weight"] > 0).all()
    assert (studies.groupby("measure")["weight"].sum() < 1).all()
    assert ((studies["lower"] < studies["value"]) & (studies["value"] < studies["upper"])).all()
    # What a trial here tells of its own place lies between what it printed and the mean of its measure.
    trials = studies[studies["is_direct"] & (studies["design"] != "unadjusted_survey") & studies["log_ratio"].notna()]
    assert len(trials) == 2
    for row in trials.itertuples():
        mean = synthesis.mean_effect(row.measure).quantiles([0.5])[0]
        assert min(mean, row.log_ratio) - 0.05 <= row.value <= max(mean, row.log_ratio) + 0.05


def test_sensitivity_shows_every_measure_in_every_variant(rows, effects, variation):
    doubtful = comparisons.doubtful_rows(effects, variation, FULL_DOSE)
    table = robustness.sensitivity(rows, doubtful, Priors(), LEVEL)
    assert len(table) == len(POOLED_MEASURES) * table["variant"].nunique()
    assert ((table["lower"] < table["value"]) & (table["value"] < table["upper"])).all()
    counts = table.pivot(index="measure", columns="variant", values="studies")
    assert (counts.drop(columns="with doubtful rows").sub(counts["all"], axis=0) <= 0).all(axis=None)
    assert counts.loc["training", "without West Africa"] == 1
    assert counts.loc["training", "trials only"] == 0
    assert (counts["with doubtful rows"] >= counts["all"]).all()
    widths = table.assign(width=table["upper"] - table["lower"]).pivot(
        index="measure", columns="variant", values="width"
    )
    assert (widths["spreads twice as wide"] > widths["spreads half as wide"]).all()


def test_small_study_slopes_find_an_effect_that_grows_with_its_error():
    rng = np.random.default_rng(3)
    frame = made_up([0.0] * 300)
    frame["se"] = rng.uniform(0.02, 0.5, len(frame))
    frame["log_ratio"] = 2 * frame["se"] + rng.normal(0, frame["se"])
    found = robustness.small_study_slopes(frame).set_index("check")
    assert found.at["PET", "slope"] == pytest.approx(2, abs=3 * found.at["PET", "se"])
    assert found.at["PET", "slope"] > 3 * found.at["PET", "se"]


def test_priors_are_those_of_fertilizers_of_other_measures_and_of_shade():
    priors = Priors()
    assert {m for m in MEASURES if priors.of(m) == priors.fertilizer} == {"mineral_fertilizer", "organic_fertilizer"}
    assert priors.of("shade")[0] == 0


# How sure it is.


def test_every_measure_is_graded_and_one_without_a_study_is_not_known(synthesis):
    studies = robustness.contributions(synthesis, LEVEL)
    graded = certainty.certainty(synthesis, studies, synthesis.cites).set_index("measure")
    assert list(graded.index) == list(POOLED_MEASURES)
    assert graded.loc[["pod_borer_control", "replanting"], "certainty"].tolist() == ["nobody_knows"] * 2
    assert certainty.ranked(graded.reset_index()) == {"mineral_fertilizer"}
    # Five trials none of which prints an error, of places that may differ in sign: two steps down from high.
    assert graded.at["mineral_fertilizer", "certainty"] == "low"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"design": "matched_survey"}, "surveys:-2"),
        ({"risk_of_bias": "serious"}, "serious_bias:-1"),
        ({"design": "before_after", "risk_of_bias": "critical"}, "critical_bias:-1"),
        ({"is_se_imputed": True}, "no_errors:-1"),
        ({"directness_place": "elsewhere"}, "never_here:-2"),
        ({"directness_place": ["elsewhere"] * 3 + ["indonesia"]}, "mostly_elsewhere:-1"),
        ({"study_id": "one", "programme": "one"}, "one_study:-1"),
        ({"log_ratio": [1.2, -0.9, 1.4, -1.0]}, "inconsistent:-1"),
        ({"log_ratio": 0.02}, "holds_zero:-1"),
        ({"log_ratio": [0.1, 0.2, 0.0, 0.2], "se": 2.0}, "says_nothing:-2"),
    ],
)
def test_each_reason_takes_its_steps(changes, reason):
    def reasons(**how):
        found = synthesise(made_up([0.30, 0.32, 0.28, 0.30], **how), Priors(near_weight=1.0))
        graded = certainty.certainty(found, robustness.contributions(found, LEVEL), found.cites).set_index("measure")
        return graded.loc["mineral_fertilizer"]

    sure = reasons()
    assert sure["certainty"] == "high"
    assert sure["reasons"] == "bias_not_testable:0"
    assert reason in reasons(**changes)["reasons"].split(";")
    assert reasons(**changes)["steps"] < 4


def test_one_more_trial_tells_of_this_place_at_once_and_of_all_places_slowly(synthesis):
    found = robustness.one_more_trial(synthesis, 0.5, 0.8).set_index("measure")
    assert (found["here_after"] < found["here_now"]).all()
    assert (found["mean_after"] < found["mean_now"]).all()
    shrunk = found["here_after"] / found["here_now"]
    assert (shrunk < found["mean_after"] / found["mean_now"]).all()
    # An error of 0.5 x sqrt(4 / 60) alone leaves 2 x 1.28 of it open: no trial tells more.
    assert (found["here_after"] < 2 * 1.2816 * 0.5 * np.sqrt(4 / 60) * 1.5).all()


def test_results_that_are_published_only_when_significant_are_found_out_and_corrected():
    rng = np.random.default_rng(8)
    truth = rng.normal(0.1, 0.05, 4000)
    errors = rng.uniform(0.05, 0.3, len(truth))
    found = rng.normal(truth, errors)
    shown = (found / errors > 1.96) | (rng.random(len(truth)) < 0.2)
    rows = made_up(list(found[shown]), se=errors[shown])
    corrected = robustness.selected(rows).set_index("measure").loc["mineral_fertilizer"]
    assert corrected["published"] > 15
    assert corrected["selected"] == pytest.approx(np.expm1(0.1) * 100, abs=1.5)
    assert corrected["weight"] == pytest.approx(0.2, abs=0.06)
    assert corrected["p_value"] < 1e-6
    even = robustness.selected(made_up(list(found[:600]), se=errors[:600])).set_index("measure")
    assert even.at["mineral_fertilizer", "p_value"] > 0.01


def test_results_only_said_to_be_not_significant_speak_against_selection():
    values = [0.5, 0.6, 0.4, 0.55, 0.5, 0.45]
    without, with_hidden = (
        robustness.selected(made_up([*values, *[np.nan] * more]))
        .set_index("measure")
        .at["mineral_fertilizer", "weight"]
        for more in (0, 4)
    )
    assert with_hidden > without


@pytest.mark.parametrize("steps", [(0.5, 0.1), (0.0,), (1.0,), (0.1, 0.1)])
def test_steps_of_a_selection_model_rise_between_zero_and_one(steps):
    with pytest.raises(ValueError, match="must rise"):
        step_selection(np.zeros(2), np.ones(2), np.ones((2, 1)), steps)
