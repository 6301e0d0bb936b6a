"""The evidence synthesis: rows and their errors, laws of the model, simulated data, hostile input."""

import numpy as np
import pandas as pd
import pytest

from pipeline.kit.bayes import mixture as spreads_module
from pipeline.study.evidence import clean as clean
from pipeline.study.names import MEASURES, POOLED_MEASURES
from pipeline.study.synthesis import comparisons, robustness
from pipeline.study.synthesis.pooling import Priors, error_factor_sd, synthesise
from pipeline.study.validation import calibration
from pipeline.study.validation.calibration import check_meta_analyses

pytestmark = pytest.mark.slow

LEVEL = 0.9


@pytest.fixture(scope="module")
def rows(effects) -> pd.DataFrame:
    return comparisons.pooled_rows(effects, clean.shade_trial())


@pytest.fixture(scope="module")
def synthesis(rows, effects):
    return synthesise(rows, Priors(), error_factor_sd(effects))


def simulated(values: list[float], country: str = "Indonesia", design: str = "on_farm_trial") -> pd.DataFrame:
    """Simulated studies of mineral fertilizer, all with the error 0.1."""
    return pd.DataFrame(
        {
            "effect_id": [f"S{n}" for n in range(len(values))],
            "measure": "mineral_fertilizer",
            "study_id": [f"simulated {n}" for n in range(len(values))],
            "country": country,
            "design": design,
            "log_ratio": values,
            "se": 0.1,
            "is_se_imputed": False,
            "source_id": "simulated",
        }
    )


def fertilizer(values: list[float], priors: Priors | None = None, **how):
    """Effect of simulated fertilizer studies in a new place."""
    return synthesise(simulated(values, **how), priors or Priors(), 0.5)


# Rows.


def test_pooled_rows_are_trials_and_surveys_on_the_yield_scale(rows, effects):
    assert set(rows["measure"]) <= set(POOLED_MEASURES)
    assert rows["effect_id"].is_unique
    assert {"tafo_heavy", "tafo_medium"} <= set(rows["effect_id"])
    assert len(rows) == effects["is_poolable"].sum() + 2
    assert np.isfinite(rows[["log_ratio", "se"]]).all(axis=None)
    assert (rows["se"] > 0).all()


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


def test_farms_vary_as_the_surveys_with_an_error_and_a_size_print_it(effects):
    variation, spread, used = comparisons.variation_between_farms(effects)
    # Rinaldi (2013): difference -24.42, t -1.376, 60 and 40 farms, means 301 and 326.
    by_hand = 17.75 / ((325.55 + 301.13) / 2) * np.sqrt(100 / 4)
    assert set(used["effect_id"]) == {"E114", "E115", "E122"}
    assert by_hand == pytest.approx(0.283, abs=0.001)
    assert 0.1 < variation < 0.6
    assert 0 < spread < 1.5
    with pytest.raises(ValueError, match="2 surveys"):
        comparisons.variation_between_farms(effects[effects["effect_id"] != "E122"])


def test_missing_errors_follow_the_printed_size_and_are_marked(rows, effects):
    variation, _, _ = comparisons.variation_between_farms(effects)
    by_id = rows.set_index("effect_id")
    assert by_id.at["E001", "se"] == pytest.approx(variation * np.sqrt(4 / 73))
    # Four countries share the 2,048 interviews of one study.
    assert by_id.at["E028", "se"] == pytest.approx(variation * np.sqrt(4 / 512))
    printed = by_id[~by_id["is_se_imputed"]]
    assert printed["se"].tolist() == printed["log_ratio_se"].tolist()
    assert by_id.loc["E022", "is_se_imputed"]
    # A trial of unknown size is taken to be smaller than most printed ones.
    assert by_id.at["E022", "se"] > by_id.at["E001", "se"]


# The engine.


def test_engine_gives_the_published_results_of_three_meta_analyses():
    found = check_meta_analyses(calibration.meta_analyses(), calibration.published_results())
    assert found["dataset"].nunique() == 3
    assert found["passed"].all(), found[~found["passed"]]


def test_the_last_bit_of_the_studies_moves_no_digit_that_is_published():
    studies, published = calibration.meta_analyses(), calibration.published_results()
    moved = studies.assign(value=np.nextafter(studies["value"], np.inf))
    found, other = (check_meta_analyses(given, published)["computed"] for given in (studies, moved))
    pd.testing.assert_series_equal(found, other, rtol=1e-8)


def test_a_wrong_published_result_would_be_noticed():
    published = calibration.published_results()
    published.loc[published["quantity"] == "tau2", "value"] += 0.001
    found = check_meta_analyses(calibration.meta_analyses(), published)
    assert set(found.loc[~found["passed"], "quantity"]) == {"tau2"}


def test_a_grid_twice_as_fine_gives_nearly_the_same_effects(synthesis, rows, effects, monkeypatch):
    coarse, factor = spreads_module.half_normal, spreads_module.log_normal_even
    monkeypatch.setattr(spreads_module, "half_normal", lambda name, scale, nodes: coarse(name, scale, 2 * nodes))
    monkeypatch.setattr(spreads_module, "log_normal_even", lambda name, sd: factor(name, sd, 17))
    fine = synthesise(rows, Priors(), error_factor_sd(effects))
    for measure in POOLED_MEASURES:
        found, expected = (s.new_place(measure).interval(LEVEL) for s in (synthesis, fine))
        assert found == pytest.approx(expected, abs=0.025)


# Laws of the model.


@pytest.mark.parametrize("truth", [-0.4, 0.0, 0.5])
def test_many_trials_around_a_truth_give_it_back(truth):
    rng = np.random.default_rng(6)
    studies = simulated(list(truth + rng.normal(0, 0.2, 60) + rng.normal(0, 0.1, 60)))
    found = synthesise(studies, Priors(), 0.5)
    for effect in (found.mean_effect("mineral_fertilizer"), found.new_place("mineral_fertilizer")):
        lower, value, upper = effect.interval(LEVEL)
        assert lower < truth < upper
        assert value == pytest.approx(truth, abs=0.12)


@pytest.mark.parametrize(("column", "other"), [("country", "Ghana"), ("design", "before_after")])
def test_studies_that_all_show_more_for_where_or_how_they_were_made_do_not_raise_the_mean(column, other):
    rng = np.random.default_rng(7)
    trials, shifted = (simulated(list(mean + rng.normal(0, 0.1, 40))) for mean in (0.3, 0.5))
    shifted = shifted.assign(**{column: other}, study_id="shifted " + shifted["study_id"])
    both = synthesise(pd.concat([trials, shifted], ignore_index=True), Priors(), 0.5)
    assert both.mean_effect("mineral_fertilizer").quantiles([0.5])[0] == pytest.approx(0.3, abs=0.07)


def test_measure_without_studies_stands_on_its_prior(synthesis):
    for measure, mean, sd in (("pod_borer_control", 0.1, 0.3), ("organic_fertilizer", 0.2, 0.4)):
        assert measure not in set(synthesis.rows["measure"])
        lower, value, upper = synthesis.mean_effect(measure).interval(LEVEL)
        assert value == pytest.approx(mean, abs=1e-6)
        assert (upper - lower) / 2 == pytest.approx(1.6449 * sd, abs=1e-3)


def test_a_new_place_is_less_certain_than_the_mean(synthesis):
    for measure in POOLED_MEASURES:
        assert np.ptp(synthesis.new_place(measure).interval(LEVEL)) > np.ptp(
            synthesis.mean_effect(measure).interval(LEVEL)
        )


def test_studies_of_this_country_speak_louder_for_a_new_place_here():
    here = fertilizer([0.6, 0.6], country="Indonesia").new_place("mineral_fertilizer")
    abroad = fertilizer([0.6, 0.6], country="Bolivia").new_place("mineral_fertilizer")
    assert here.quantiles([0.5])[0] > abroad.quantiles([0.5])[0]
    assert np.ptp(here.interval(LEVEL)) < np.ptp(abroad.interval(LEVEL))


def test_african_studies_say_less_about_indonesia_than_bolivian_ones():
    african, bolivian = (
        fertilizer([0.6] * 4, country=name).new_place("mineral_fertilizer") for name in ("Ghana", "Bolivia")
    )
    assert np.ptp(african.interval(LEVEL)) > np.ptp(bolivian.interval(LEVEL))
    assert african.quantiles([0.5])[0] < bolivian.quantiles([0.5])[0]


@pytest.mark.parametrize("design", ["before_after", "unadjusted_survey", "regression_survey", "matched_survey"])
def test_many_biased_studies_never_add_up_to_certainty(design):
    biased, trials = (
        fertilizer([0.6] * 40, design=name).mean_effect("mineral_fertilizer") for name in (design, "on_farm_trial")
    )
    # Forty studies leave the shared bias as uncertain as its prior: 1.645 times 0.15 to either side.
    assert np.ptp(biased.interval(LEVEL)) / 2 > 1.6 * 0.15
    assert np.ptp(trials.interval(LEVEL)) < np.ptp(biased.interval(LEVEL))


def test_studies_that_disagree_widen_a_new_place_even_for_other_measures():
    agree, differ = fertilizer([0.3, 0.3, 0.3, 0.3]), fertilizer([1.3, -0.7, 1.0, -0.4])
    for measure in ("mineral_fertilizer", "training"):
        assert np.ptp(differ.new_place(measure).interval(LEVEL)) > np.ptp(agree.new_place(measure).interval(LEVEL))
    assert differ.typical_weight @ differ.typical > agree.typical_weight @ agree.typical


def test_rows_of_one_study_count_less_than_studies():
    frame = simulated([0.6] * 6)
    one = synthesise(frame.assign(study_id="one"), Priors(), 0.5).mean_effect("mineral_fertilizer")
    six = synthesise(frame, Priors(), 0.5).mean_effect("mineral_fertilizer")
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
    # What a study tells of its own place lies between what it printed and the mean of its measure.
    for row in studies.itertuples():
        mean = synthesis.mean_effect(row.measure).quantiles([0.5])[0]
        assert min(mean, row.log_ratio) - 0.05 <= row.value <= max(mean, row.log_ratio) + 0.05


def test_sensitivity_shows_every_measure_in_every_variant(rows, effects):
    doubtful = comparisons.doubtful_rows(effects)
    table = robustness.sensitivity(rows, doubtful, Priors(), error_factor_sd(effects), LEVEL)
    assert len(table) == len(POOLED_MEASURES) * table["variant"].nunique()
    assert ((table["lower"] < table["value"]) & (table["value"] < table["upper"])).all()
    counts = table.pivot(index="measure", columns="variant", values="studies")
    assert (counts.drop(columns="with doubtful rows").sub(counts["all"], axis=0) <= 0).all(axis=None)
    assert counts.loc["training", "without West Africa"] == 0
    assert counts.loc["training", "trials only"] == 0
    assert (counts["with doubtful rows"] >= counts["all"]).all()
    widths = table.assign(width=table["upper"] - table["lower"]).pivot(
        index="measure", columns="variant", values="width"
    )
    assert (widths["spreads twice as wide"] > widths["spreads half as wide"]).all()


def test_small_study_slopes_find_an_effect_that_grows_with_its_error():
    rng = np.random.default_rng(3)
    frame = simulated([0.0] * 300)
    frame["se"] = rng.uniform(0.02, 0.5, len(frame))
    frame["log_ratio"] = 2 * frame["se"] + rng.normal(0, frame["se"])
    found = robustness.small_study_slopes(frame).set_index("check")
    assert found.at["PET", "slope"] == pytest.approx(2, abs=3 * found.at["PET", "se"])
    assert found.at["PET", "slope"] > 3 * found.at["PET", "se"]


def test_priors_are_those_of_fertilizers_of_other_measures_and_of_shade():
    priors = Priors()
    assert {m for m in MEASURES if priors.of(m) == priors.fertilizer} == {"mineral_fertilizer", "organic_fertilizer"}
    assert priors.of("shade")[0] == 0
