"""The checks on the evidence synthesis can fail: calibration, studies left out, predictive checks."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from pipeline.kit.publish.estimates import Estimate
from pipeline.kit.publish.keys import Key
from pipeline.study.evidence import clean
from pipeline.study.synthesis import comparisons, pooling
from pipeline.study.synthesis.pooling import Priors, Simulated, fit_measures, positions_of, synthesise, together
from pipeline.study.validation import calibration
from pipeline.study.validation import estimates as published
from tests.evidence_rows import made_up


@pytest.fixture(scope="module")
def rows(effects) -> pd.DataFrame:
    variation = comparisons.variation_between_farms(effects, 0.4, 0.8)
    return comparisons.pooled_rows(effects, clean.shade_trial(), variation, comparisons.FullDose(56.0, "a@b:1"))


@pytest.fixture(scope="module")
def forecasts(rows) -> pd.DataFrame:
    return calibration.leave_programmes_out(rows, Priors())


# Calibration.


@pytest.mark.slow
def test_simulated_truths_are_even_in_their_posteriors(rows):
    found = calibration.calibrate(rows[rows["measure"].isin(["training", "shade"])], Priors(), 7, 80)
    assert len(found) == 160
    for quantity in ("mean", "new_place"):
        # One measure, so that positions are independent.
        assert kstest(found.loc[found["measure"] == "training", quantity], "uniform").pvalue > 0.005
        assert kstest(found.loc[found["measure"] == "shade", quantity], "uniform").pvalue > 0.005


def trials_of_training(rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
    """Made-up studies of training from a truth drawn in the words of the decision record, and its mean (log ratio)."""
    typical = 0.5 * np.exp(0.5 * rng.standard_normal())
    mean = rng.normal(0.1, 0.3)
    elsewhere = rng.normal(0, 0.1 if rng.random() < 0.8 else 0.5)
    of_programme, of_study, of_row = abs(rng.normal(0, [typical, typical / 2, typical / 2]))
    of_bias = 0.15 * np.exp(0.5 * rng.standard_normal())
    rows = []
    for programme, studies in enumerate([2, 1, 1, 1, 1]):
        shared, place = of_programme * rng.standard_t(4), "indonesia" if programme < 2 else "elsewhere"
        for study in range(studies):
            own, is_trial = rng.normal(0, of_study), (programme + study) % 2 == 0
            own += (0 if is_trial else abs(rng.normal(0, of_bias))) + (elsewhere if place == "elsewhere" else 0)
            for _ in range(1 + programme % 2):
                effect = mean + shared + own + rng.normal(0, of_row)
                design = "trial" if is_trial else "before_after"
                rows.append((f"p{programme}", f"p{programme} s{study}", place, design, effect))
    frame = pd.DataFrame(rows, columns=["programme", "study_id", "directness_place", "design", "log_ratio"])
    error = 0.1
    found = made_up(list(frame["log_ratio"] + rng.normal(0, error, len(frame))), measure="training", se=error)
    return found.assign(**{name: frame[name] for name in frame if name != "log_ratio"}), mean


@pytest.mark.slow
@pytest.mark.parametrize(("doubt", "is_even"), [(1.0, True), (0.25, False)])
def test_truths_drawn_elsewhere_are_even_in_their_posteriors_and_a_surer_model_is_found_out(
    doubt, is_even, monkeypatch
):
    # A model that is too sure for the data is refused for its points; here it has to answer.
    monkeypatch.setattr(pooling, "LEAST_EFFECTIVE", 0.0)
    priors = Priors(other=(0.1, 0.3 * doubt), spread_scale=0.5 * doubt, bias_sd=0.15 * doubt, far=0.5 * doubt)
    positions = []
    for number in range(60):
        rows, mean = trials_of_training(np.random.default_rng(number))
        found = together(rows, fit_measures(rows, ["training"], priors), priors)
        positions.append(float(found.mean_effect("training").below(mean)))
    assert (kstest(positions, "uniform").pvalue > 0.005) == is_even
    inside = np.mean(np.abs(np.array(positions) - 0.5) < 0.4)
    assert (0.65 <= inside <= 0.93) == is_even


def test_a_batch_does_not_depend_on_how_replicates_are_shared_out(rows):
    own = rows[rows["measure"] == "training"]
    whole = calibration.run_batch(calibration.Task(own, Priors(), 7, 0, 4))
    parts = [calibration.run_batch(calibration.Task(own, Priors(), 7, start, 2)) for start in (0, 2)]
    pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True))


@pytest.mark.slow
def test_two_cluster_workers_give_the_same_calibration(rows, monkeypatch):
    from distributed import LocalCluster

    from pipeline.kit import compute

    own = rows[rows["measure"] == "training"]
    monkeypatch.setattr(calibration, "BATCH", 2)
    here = calibration.calibrate(own, Priors(), 7, 5)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        monkeypatch.setenv(compute.BACKEND_VARIABLE, "dask")
        monkeypatch.setenv(compute.SCHEDULER_VARIABLE, cluster.scheduler_address)
        pd.testing.assert_frame_equal(here, calibration.calibrate(own, Priors(), 7, 5))


def test_simulated_effects_keep_the_design_and_share_their_groups(rows):
    own = rows[(rows["measure"] == "training") & (rows["study_id"] != "walmadri2019")]
    quiet = calibration.Truth(np.zeros(4), {"programme": 0.0, "study": 0.3, "row": 0.0}, 0.0, 4.0, 1e-9)
    found = calibration.simulate(calibration.layout(own), quiet, np.random.default_rng(1))
    values = pd.Series(found.effects, own.index)
    assert found.mean == 0
    assert found.new_place != 0
    same = values.groupby(own["study_id"]).nunique()
    assert np.ptp(values[own["study_id"] == "tsiboe2016"]) < 1e-6
    assert values.round(6).nunique() == len(same)


def test_a_simulated_effect_stays_hidden_only_where_the_published_one_is_and_where_it_is_not_significant(rows):
    own = rows[rows["measure"] == "mineral_fertilizer"]
    layout = calibration.layout(own)
    counted = np.zeros(len(own))
    for seed in range(200):
        truth = calibration.Truth(np.zeros(4), {"programme": 0.0, "study": 0.0, "row": 0.0}, 0.0, 4.0, 1.0)
        counted += calibration.simulate(layout, truth, np.random.default_rng(seed)).hidden
    assert (counted[~own["is_censored"].to_numpy(bool)] == 0).all()
    # Where nothing is true, nineteen results in twenty are not significant.
    assert counted[own["is_censored"].to_numpy(bool)] / 200 == pytest.approx(0.95, abs=0.05)


def test_replicates_fitted_together_lie_where_each_lies_in_a_synthesis_of_its_own(rows):
    rng = np.random.default_rng(5)
    simulated = {}
    for measure, own in rows.groupby("measure", sort=True):
        hidden = np.repeat(own["is_censored"].to_numpy(bool)[:, None], 3, axis=1)
        effects = rng.normal(0.2, 0.3, (len(own), 3))
        simulated[measure] = Simulated(own, effects, hidden, rng.normal(0.2, 0.3, (2, 3)))
    found = positions_of(simulated, Priors())
    assert set(found) == set(rows["measure"])
    for replicate in range(3):
        effects = {m: pd.Series(each.effects[:, replicate], each.rows.index) for m, each in simulated.items()}
        alone = synthesise(rows.assign(log_ratio=pd.concat(effects.values())), Priors())
        for measure, each in simulated.items():
            mean, new = each.truths[:, replicate]
            expected = alone.mean_effect(measure).below(mean), alone.new_place(measure).below(new)
            assert found[measure][:, replicate] == pytest.approx(expected, abs=0.01)


def test_rank_counts_add_up():
    counts = calibration.rank_counts(pd.Series([0.0, 0.04, 0.51, 1.0]), bins=20)
    assert counts["count"].sum() == 4
    assert counts.loc[0, "count"] == 2
    assert counts["middle"].iloc[-1] == pytest.approx(0.975)


# Studies left out.


def test_every_study_with_a_number_is_foretold_without_its_programme(forecasts, rows):
    told = rows[~rows["is_censored"].astype(bool)]
    assert len(forecasts) == len(told.drop_duplicates(["measure", "study_id"]))
    wild = rows.assign(log_ratio=rows["log_ratio"].mask(rows["study_id"] == "tsiboe2016", 2.0))
    again = calibration.leave_programmes_out(wild[wild["measure"] == "training"], Priors()).set_index("study_id")
    before = calibration.leave_programmes_out(rows[rows["measure"] == "training"], Priors()).set_index("study_id")
    for bound in ("lower50", "lower80", "upper95"):
        # Norton (2014) studied the same programme, so neither hears of the other.
        for study in ("tsiboe2016", "norton2014"):
            assert again.at[study, bound] == pytest.approx(before.at[study, bound])
        assert again.at["kamdem2019", bound] != pytest.approx(before.at["kamdem2019", bound])


def test_intervals_of_forecasts_are_nested_and_hold_their_probability(forecasts):
    for inner, outer in (("50", "80"), ("80", "95")):
        assert (forecasts[f"lower{outer}"] < forecasts[f"lower{inner}"]).all()
        assert (forecasts[f"upper{inner}"] < forecasts[f"upper{outer}"]).all()
    inside = forecasts["log_ratio"].between(forecasts["lower80"], forecasts["upper80"])
    assert inside.equals(forecasts["position"].between(0.1, 0.9).rename(None))
    assert (forecasts[["crps", "crps_naive", "crps_prior"]] > 0).all(axis=None)


def test_a_survey_is_foretold_to_show_more_than_a_trial(rows):
    synthesis = synthesise(rows, Priors())
    own = rows[rows["study_id"] == "hoffmann2020"]
    trial, survey = (
        calibration.predict_study(synthesis, own.assign(design=design)).quantiles([0.5])[0]
        for design in ("trial", "before_after")
    )
    # The middle of a half-normal bias with the scale 0.15.
    assert survey - trial == pytest.approx(0.67 * 0.15, abs=0.03)


def test_coverage_counts_what_is_inside_and_says_how_sure_that_is():
    found = calibration.coverage(pd.Series([0.05, 0.2, 0.5, 0.8, 0.95]), 0.8)
    assert found.share == pytest.approx(0.6)
    assert found.lower < 0.6 < found.upper
    many = calibration.coverage(pd.Series(np.tile([0.05, 0.2, 0.5, 0.8, 0.95], 100)), 0.8)
    assert many.upper - many.lower < (found.upper - found.lower) / 5


def test_a_study_is_foretold_by_a_synthesis_of_all_others(forecasts, rows):
    own = rows[(rows["study_id"] == "tsiboe2016") & (rows["measure"] == "training")]
    others = synthesise(rows[rows["programme"] != "cocoa_livelihoods"], Priors())
    expected = calibration.predict_study(others, own).quantiles([0.1, 0.9])
    found = forecasts[(forecasts["study_id"] == "tsiboe2016") & (forecasts["measure"] == "training")]
    assert found[["lower80", "upper80"]].to_numpy()[0] == pytest.approx(expected)


# Predictive checks.


def test_published_effects_look_like_those_of_the_model(rows):
    found = calibration.predictive_checks(synthesise(rows, Priors()), Priors(), 1, 100)
    assert found["chance"].between(0.01, 0.99).all()
    assert set(found["measure"]) == {"mineral_fertilizer", "shade", "training"}


def test_a_model_without_spread_cannot_make_studies_that_disagree(rows, monkeypatch):
    monkeypatch.setattr(pooling, "LEAST_EFFECTIVE", 0.0)
    shade = rows[rows["measure"] == "shade"]
    priors = Priors(spread_scale=0.01, typical_log_sd=0.01, bias_sd=0.01, far=0.01, near=0.01, variation_log_sd=0.01)
    found = calibration.predictive_checks(synthesise(shade, priors), priors, 1, 100).set_index("check")
    assert found.at["spread between studies", "chance"] < 0.02


# What is published.


def test_verdict_says_plainly_when_the_coverage_is_outside_the_band(forecasts):
    good = published.verdict(calibration.Coverage(0.8, 0.8, 0.6, 0.9, 16), forecasts)
    bad = published.verdict(calibration.Coverage(0.8, 0.5, 0.3, 0.7, 16), forecasts)
    assert "lies in the band" in good.en
    assert "does not lie" in bad.en
    assert "tidak berada" in bad.id
    assert "shade kept (context) (2)" in bad.en
    assert "naungan (konteks) (2)" in bad.id
    # Shade is the measure whose studies differ in sign.
    assert "contradict each other in sign (shade kept (context))" in bad.en


def test_it_is_said_when_only_one_study_speaks_for_knowing_the_measure():
    even = {"crps": 0.1, "crps_naive": 0.2, "log_score": 0.3, "log_score_naive": 0.1}
    one = pd.DataFrame([even] * 4)
    assert "foretells better by both" in published.against_naive(one).en
    far = pd.DataFrame([even | {"log_score": 0.0}] * 3 + [even | {"log_score": -1.0, "log_score_naive": -6.0}])
    assert "comes from one study" in published.against_naive(far).en
    assert "berasal dari satu penelitian" in published.against_naive(far).id
    assert "do not agree" in published.against_naive(one.assign(crps=0.3)).en


def test_checks_of_both_engines_stand_in_one_table():
    meta = pd.DataFrame(
        {"dataset": ["bcg"], "method": "ml", "quantity": "mean", "value": -0.7, "computed": -0.7, "passed": True}
    ).assign(source_id="colditz_1994")
    optima = pd.DataFrame(
        {
            "name": ["plateau"],
            "published": 225.0,
            "computed": 226.0,
            "passed": False,
            "source_id": "engelstad_parks_1971",
        }
    )
    table = published.all_checks(meta, optima)
    found = {str(e.key): e.value for e in published.check_estimates(table)}
    assert found == {"engine.passed": 1, "engine.checked": 2}


def test_other_priors_move_effects_by_a_share_of_their_interval():
    base = {"measure": "training", "studies": 4, "lower": 0.0, "upper": 100.0}
    table = pd.DataFrame([base | {"variant": "all", "value": 40.0}, base | {"variant": "wider priors", "value": 50.0}])
    moved = published.prior_estimates(table, ("tsiboe_2016",))[0]
    assert moved.value == pytest.approx(np.log(1.5 / 1.4) / np.log(2) * 100, rel=1e-5)


def test_coverage_of_countries_is_taken_over_as_published():
    key, said = Key("price_skill", (), "coverage_80"), "share of cases"
    known = Estimate(key, 0.87, "1", "b", "m", ("fao_qcl_2022",), 29, value_is=said)
    numbers = {"price_skill.coverage_80": known, "price_skill.coverage_95": known}
    assert [e.value for e in published.country_coverage(numbers)] == pytest.approx([87, 87])
