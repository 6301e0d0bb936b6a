"""The checks on the evidence synthesis can fail: calibration, studies left out, predictive checks."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from pipeline.kit.publish.estimates import Estimate
from pipeline.kit.publish.keys import Key
from pipeline.study.evidence import clean as clean
from pipeline.study.synthesis import comparisons
from pipeline.study.synthesis.pooling import Priors, Simulated, error_factor_sd, moderators, positions_of, synthesise
from pipeline.study.validation import calibration
from pipeline.study.validation import estimates as published


@pytest.fixture(scope="module")
def rows(effects) -> pd.DataFrame:
    return comparisons.pooled_rows(effects, clean.shade_trial())


@pytest.fixture(scope="module")
def factor(effects) -> float:
    return error_factor_sd(effects)


@pytest.fixture(scope="module")
def forecasts(rows, factor) -> pd.DataFrame:
    return calibration.leave_one_study_out(rows, Priors(), factor)


# Calibration.


@pytest.mark.slow
def test_simulated_truths_are_even_in_their_posteriors(rows, factor):
    found = calibration.calibrate(rows[rows["measure"].isin(["training", "shade"])], Priors(), factor, 7, 80)
    assert len(found) == 160
    for quantity in ("mean", "new_place"):
        # One measure, so that positions are independent.
        assert kstest(found.loc[found["measure"] == "training", quantity], "uniform").pvalue > 0.005
        assert kstest(found.loc[found["measure"] == "shade", quantity], "uniform").pvalue > 0.005


def trials_of_training(rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
    """Made-up trials of training from a truth drawn in the words of the design, and its mean effect (log ratio)."""
    typical = 0.3 * np.exp(0.5 * rng.standard_normal())
    mean, bias_before_after, bias_africa = rng.normal(0.1, 0.3), rng.normal(0, 0.15), rng.normal(0, 0.15)
    of_country, of_study, of_row = abs(rng.normal(0, [typical / 2, typical, typical / 2]))
    countries = {name: rng.normal(0, of_country) for name in ("Indonesia", "Peru", "Ghana")}
    rows = []
    for number, country in enumerate(["Indonesia", "Indonesia", "Peru", "Peru", "Ghana", "Ghana", "Ghana"]):
        study, has_control = rng.normal(0, of_study), number % 2 == 0
        shift = (0 if has_control else bias_before_after) + (bias_africa if country == "Ghana" else 0)
        for _ in range(1 + number % 3):
            effect = mean + countries[country] + study + shift + rng.normal(0, of_row)
            rows.append((f"study {number}", country, "trial" if has_control else "before_after", effect))
    frame = pd.DataFrame(rows, columns=["study_id", "country", "design", "log_ratio"])
    error = 0.1
    noise = rng.normal(0, error, len(frame))
    known = {"measure": "training", "se": error, "is_se_imputed": False}
    return frame.assign(log_ratio=frame["log_ratio"] + noise, effect_id=frame.index.astype(str), **known), mean


@pytest.mark.slow
@pytest.mark.parametrize(("doubt", "is_even"), [(1.0, True), (0.25, False)])
def test_truths_drawn_elsewhere_are_even_in_their_posteriors_and_a_surer_model_is_found_out(factor, doubt, is_even):
    priors = Priors(other=(0.1, 0.3 * doubt), spread_scale=0.3 * doubt, bias_sd=0.15 * doubt)
    positions = []
    for number in range(60):
        rows, mean = trials_of_training(np.random.default_rng(number))
        positions.append(float(synthesise(rows, priors, factor).mean_effect("training").below(mean)))
    assert (kstest(positions, "uniform").pvalue > 0.005) == is_even
    inside = np.mean(np.abs(np.array(positions) - 0.5) < 0.4)
    assert (0.65 <= inside <= 0.93) == is_even


def test_a_batch_does_not_depend_on_how_replicates_are_shared_out(rows, factor):
    own = rows[rows["measure"] == "training"]
    whole = calibration.run_batch(calibration.Task(own, Priors(), factor, 7, 0, 4))
    parts = [calibration.run_batch(calibration.Task(own, Priors(), factor, 7, start, 2)) for start in (0, 2)]
    pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True))


@pytest.mark.slow
def test_two_cluster_workers_give_the_same_calibration(rows, factor, monkeypatch):
    from distributed import LocalCluster

    from pipeline.kit import compute

    own = rows[rows["measure"] == "training"]
    monkeypatch.setattr(calibration, "BATCH", 2)
    here = calibration.calibrate(own, Priors(), factor, 7, 5)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        monkeypatch.setenv(compute.BACKEND_VARIABLE, "dask")
        monkeypatch.setenv(compute.SCHEDULER_VARIABLE, cluster.scheduler_address)
        pd.testing.assert_frame_equal(here, calibration.calibrate(own, Priors(), factor, 7, 5))


def test_simulated_effects_keep_the_design_and_share_their_groups(rows):
    own = rows[rows["measure"] == "training"]
    quiet = {"country": 0.0, "study": 0.3, "row": 0.0, "imputed error": 1e-9}
    fixed = np.zeros(1 + moderators(own).shape[1])
    found, mean, new = calibration.simulate(calibration.layout(own), fixed, quiet, np.random.default_rng(1))
    values = pd.Series(found, own.index)
    assert mean == 0
    assert new != 0
    same = values.groupby(own["study_id"]).nunique()
    assert np.ptp(values[own["study_id"] == "tsiboe2016"]) < 1e-6
    assert values.round(6).nunique() == len(same)


def test_replicates_fitted_together_lie_where_each_lies_in_a_synthesis_of_its_own(rows, factor):
    rng = np.random.default_rng(5)
    simulated = {
        measure: Simulated(own, rng.normal(0.2, 0.5, (len(own), 3)), rng.normal(0.2, 0.3, (2, 3)))
        for measure, own in rows.groupby("measure", sort=True)
    }
    found = positions_of(simulated, Priors(), factor)
    pooled = {"black_pod_dieback_control", "grafting", "pruning"}
    assert set(found) == {"mineral_fertilizer", "shade", "training", *pooled}
    for replicate in range(3):
        effects = {m: pd.Series(each.effects[:, replicate], each.rows.index) for m, each in simulated.items()}
        alone = synthesise(rows.assign(log_ratio=pd.concat(effects.values())), Priors(), factor)
        for measure, each in simulated.items():
            mean, new = each.truths[:, replicate]
            expected = alone.mean_effect(measure).below(mean), alone.new_place(measure).below(new)
            assert found[measure][:, replicate] == pytest.approx(expected, abs=1e-9)


def test_rank_counts_add_up():
    counts = calibration.rank_counts(pd.Series([0.0, 0.04, 0.51, 1.0]), bins=20)
    assert counts["count"].sum() == 4
    assert counts.loc[0, "count"] == 2
    assert counts["middle"].iloc[-1] == pytest.approx(0.975)


# Studies left out.


def test_every_study_is_foretold_without_itself(forecasts, rows, factor):
    assert len(forecasts) == len(rows.drop_duplicates(["measure", "study_id"]))
    wild = rows.assign(log_ratio=rows["log_ratio"].mask(rows["study_id"] == "hoffmann2020", 5.0))
    one = wild[wild["study_id"].isin(["hoffmann2020", "vasquez_zambrano2024", "fungenzi2021"])]
    again = calibration.leave_one_study_out(one, Priors(), factor).set_index("study_id")
    tame = rows[rows["study_id"].isin(one["study_id"])]
    before = calibration.leave_one_study_out(tame, Priors(), factor).set_index("study_id")
    for bound in ("lower80", "upper95"):
        assert again.at["hoffmann2020", bound] == pytest.approx(before.at["hoffmann2020", bound])
        assert again.at["vasquez_zambrano2024", bound] != pytest.approx(before.at["vasquez_zambrano2024", bound])


def test_intervals_of_forecasts_are_nested_and_hold_their_probability(forecasts):
    assert (forecasts["lower95"] < forecasts["lower80"]).all()
    assert (forecasts["upper80"] < forecasts["upper95"]).all()
    inside = forecasts["log_ratio"].between(forecasts["lower80"], forecasts["upper80"])
    assert inside.equals(forecasts["position"].between(0.1, 0.9).rename(None))
    assert (forecasts[["crps", "crps_naive"]] > 0).all(axis=None)


def test_coverage_counts_what_is_inside_and_says_how_sure_that_is():
    found = calibration.coverage(pd.Series([0.05, 0.2, 0.5, 0.8, 0.95]), 0.8)
    assert found.share == pytest.approx(0.6)
    assert found.lower < 0.6 < found.upper
    many = calibration.coverage(pd.Series(np.tile([0.05, 0.2, 0.5, 0.8, 0.95], 100)), 0.8)
    assert many.upper - many.lower < (found.upper - found.lower) / 5


def test_a_study_is_foretold_by_a_synthesis_of_all_others(forecasts, rows, factor):
    own = rows[(rows["study_id"] == "tsiboe2016") & (rows["measure"] == "training")]
    others = synthesise(rows[rows["study_id"] != "tsiboe2016"], Priors(), factor)
    expected = calibration.predict_study(others, own).quantiles([0.1, 0.9])
    found = forecasts[(forecasts["study_id"] == "tsiboe2016") & (forecasts["measure"] == "training")]
    assert found[["lower80", "upper80"]].to_numpy()[0] == pytest.approx(expected)


# Predictive checks.


def test_published_effects_look_like_those_of_the_model(rows, factor):
    found = calibration.predictive_checks(synthesise(rows, Priors(), factor), 1, 100)
    assert found["chance"].between(0.01, 0.99).all()
    assert set(found["measure"]) == {"mineral_fertilizer", "shade", "training"}


def test_a_model_without_spread_cannot_make_studies_that_disagree(rows, factor):
    shade = rows[rows["measure"] == "shade"]
    narrow = synthesise(shade, Priors(spread_scale=0.01, typical_log_sd=0.01, bias_sd=0.01), 0.01)
    found = calibration.predictive_checks(narrow, 1, 100).set_index("check")
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
    known = Estimate(Key("price_skill", (), "coverage_80"), 0.87, "1", "b", "m", ("fao_qcl_2022",), 29)
    numbers = {"price_skill.coverage_80": known, "price_skill.coverage_95": known}
    assert [e.value for e in published.country_coverage(numbers)] == pytest.approx([87, 87])
