"""Published effects become log response ratios as a hand calculation gives them, and nothing is guessed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.data.sources import load_raw
from pipeline.study.evidence import clean as evidence_clean
from pipeline.study.evidence.clean import EXCLUDING_WARNINGS, POOLABLE_DESIGNS, log_ratio
from pipeline.study.names import POOLED_MEASURES

# 1.6449 standard errors to either side hold 90 %.
Z90 = 1.6448536


def row(**given_values) -> pd.Series:
    empty = dict.fromkeys(evidence_clean.EFFECT_NUMBERS, np.nan)
    return pd.Series({"outcome": "yield", "effect_type": "percent_change"} | empty | given_values)


@pytest.mark.parametrize(
    ("effect_id", "expected"),
    [
        ("E001", np.log(1.34)),
        ("E012", np.log(1.07)),
        ("E015", np.log(0.75)),
        ("E021", np.log(710 / 430)),
        ("E024", np.log(58 / 212.4)),
        ("E048", np.log(0.60)),
        ("E070", np.log(2150 / 1920)),
        ("E086", (np.log(1.109) + np.log(1.518)) / 2),
        ("E087", (np.log(0.52) + np.log(0.75)) / 2),
        ("E100", (np.log(0.54) + np.log(0.90)) / 2),
        ("E114", np.log(28284422.09 / 25973652.37)),
        ("E126", np.log(45 / 96.21)),
    ],
)
def test_log_ratio_is_the_one_computed_by_hand(effects, effect_id, expected):
    assert effects.set_index("effect_id").loc[effect_id, "log_ratio"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("effect_id", "expected"),
    [
        ("E024", np.sqrt((22.2 / 212.4) ** 2 + (9.5 / 58) ** 2)),
        ("E086", (np.log(1.518) - np.log(1.109)) / 2 / Z90),
        ("E049", (np.log(0.78) - np.log(0.46)) / 2 / Z90),
        ("E122", 17.75 / ((325.55 + 301.13) / 2)),
    ],
)
def test_standard_error_is_the_one_computed_by_hand(effects, effect_id, expected):
    found = effects.set_index("effect_id").loc[effect_id]
    assert found["log_ratio_se"] == pytest.approx(expected, rel=1e-6)
    assert found["se_derivation"]


def test_a_range_read_with_a_higher_level_has_a_smaller_error():
    errors = [log_ratio(row(ci_low=10.9, ci_high=51.8), level)[2] for level in (0.5, 0.8, 0.9, 0.95)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx((np.log(1.518) - np.log(1.109)) / 2 / 1.959964, rel=1e-6)


def test_no_increase_without_a_size_stays_missing(effects):
    # E010 reports "no increase" from fertilizer and gives no number: it is not a zero.
    found = effects.set_index("effect_id").loc["E010"]
    assert pd.isna(found["log_ratio"])
    assert found["reason_not_pooled"] == "printed figures allow no ratio"


def test_control_of_zero_gives_no_ratio():
    means = {"effect_type": "mean_diff", "control_mean": 0.0, "treatment_mean": 600.0}
    assert np.isnan(log_ratio(row(**means), 0.9)[0])


@pytest.mark.parametrize("means", [(np.nan, 600.0), (600.0, np.nan), (600.0, 0.0), (-1.0, 600.0)])
def test_means_that_allow_no_ratio_give_none(means):
    found = log_ratio(row(effect_type="mean_diff", control_mean=means[0], treatment_mean=means[1]), 0.9)
    assert np.isnan(found[0])
    assert found[1] == ""


@pytest.mark.parametrize("outcome", ["efficiency", "elasticity_output", "elasticity_demand", "mortality", "other"])
def test_outcome_without_a_ratio_scale_gives_none(outcome):
    assert np.isnan(log_ratio(row(outcome=outcome, effect_value=20.0), 0.9)[0])


@pytest.mark.parametrize("ends", [(10.0, np.nan), (np.nan, 10.0)])
def test_half_a_range_gives_none(ends):
    assert np.isnan(log_ratio(row(ci_low=ends[0], ci_high=ends[1]), 0.9)[0])


@given(st.floats(0.1, 99))
def test_a_loss_is_below_zero_and_mirrors_a_change(percent):
    loss = log_ratio(row(effect_type="percent_loss", effect_value=percent), 0.9)[0]
    assert loss < 0
    assert loss == log_ratio(row(effect_value=-percent), 0.9)[0]
    assert np.exp(loss) == pytest.approx(1 - percent / 100)


@given(st.floats(1, 1e4), st.floats(1, 1e4), st.floats(0.01, 1e3))
def test_ratio_of_means_does_not_depend_on_their_unit(control, treatment, factor):
    means = {"effect_type": "mean_diff", "control_mean": control, "treatment_mean": treatment}
    scaled = means | {"control_mean": control * factor, "treatment_mean": treatment * factor}
    assert log_ratio(row(**means), 0.9)[0] == pytest.approx(log_ratio(row(**scaled), 0.9)[0], abs=1e-9)


@given(st.floats(-90, 300), st.floats(0.1, 100))
def test_middle_of_a_range_lies_inside_it(low, width):
    middle, _, spread, _ = log_ratio(row(ci_low=low, ci_high=low + width), 0.9)
    assert np.log1p(low / 100) <= middle <= np.log1p((low + width) / 100)
    assert spread > 0
    assert middle - Z90 * spread == pytest.approx(np.log1p(low / 100), abs=1e-6)


# The table of effects.


def test_every_published_effect_is_kept(effects):
    assert effects["effect_id"].tolist() == load_raw("effects")["effect_id"].tolist()
    assert len(effects) == 137


def test_poolable_and_not_poolable_are_all_effects(effects):
    pooled, rest = effects[effects["is_poolable"]], effects[~effects["is_poolable"]]
    assert len(pooled) + len(rest) == 137
    assert pooled["reason_not_pooled"].isna().all()
    assert rest["reason_not_pooled"].notna().all()


def test_poolable_effects_are_yield_ratios_of_measures_without_excluding_warnings(effects):
    pooled = effects[effects["is_poolable"]]
    assert len(pooled) >= 10
    assert (pooled["outcome"] == "yield").all()
    assert pooled["measure"].isin(POOLED_MEASURES).all()
    assert pooled["design"].isin(POOLABLE_DESIGNS).all()
    assert np.isfinite(pooled["log_ratio"]).all()
    for warnings in pooled["warnings"].dropna():
        assert not set(warnings.split(";")) & set(EXCLUDING_WARNINGS)


def test_an_error_never_stands_without_its_ratio(effects):
    assert effects[effects["log_ratio_se"].notna()]["log_ratio"].notna().all()
    assert (effects["log_ratio_se"].dropna() > 0).all()


@pytest.mark.parametrize("effect_id", ["E051", "E054", "E094", "E124", "E103"])
def test_figures_that_are_second_hand_or_not_credible_are_not_pooled(effects, effect_id):
    assert not effects.set_index("effect_id").loc[effect_id, "is_poolable"]


def test_studies_that_disagree_are_all_kept(effects):
    shade = effects[(effects["measure"] == "shade") & effects["is_poolable"]]["log_ratio"]
    assert shade.min() < -1
    assert shade.max() > 0.4


# Each by hand from what its source compares.
NOT_ALIKE = {
    "E003": "arms differ in more",  # compost with and without mineral fertilizer, against neither
    "E021": "shade trees not cacao",
    "E024": "semi wild stand",
    "E070": "same measure at another rate",  # both arms fertilized
    "E096": "another measure",  # attract-and-kill against a spray
}


@pytest.mark.parametrize(("effect_id", "comparator"), NOT_ALIKE.items())
def test_rows_that_compare_something_else_are_kept_and_not_pooled(effects, effect_id, comparator):
    found = effects.set_index("effect_id").loc[effect_id]
    assert not found["is_poolable"]
    assert comparator in found["comparator_kind"].replace("_", " ")


def test_a_yield_effect_is_refused_by_its_comparator_before_anything_else(effects):
    by_id = effects.set_index("effect_id")["reason_not_pooled"]
    for effect_id in ("E003", "E021", "E024", "E070"):
        assert by_id[effect_id] == f"comparator is {NOT_ALIKE[effect_id]}"


def test_the_article_behind_the_preliminary_line_is_pooled_against_no_fertilizer(effects):
    rows = effects.set_index("effect_id")
    # T3 1,109 and T4 1,227 kg/ha against 917 of T2, which had the same practices and no fertilizer.
    assert rows.loc["E141", "log_ratio"] == pytest.approx(np.log(1109 / 917))
    assert rows.loc["E142", "log_ratio"] == pytest.approx(np.log(1227 / 917))
    assert rows.loc[["E141", "E142"], "is_poolable"].all()
    assert not rows.at["E143", "is_poolable"]


def test_a_comparator_that_is_not_on_the_list_is_named_with_row_and_value():
    frame = load_raw("effects", evidence_clean.EFFECT_NUMBERS)
    wrong = frame.assign(comparator_kind=frame["comparator_kind"].where(frame["effect_id"] != "E002", "nothing"))
    with pytest.raises(evidence_clean.EvidenceError, match=r"row 3 \(E002\): comparator_kind 'nothing' is not one of"):
        evidence_clean.check_effects(wrong)


# The other tables.


def test_shade_trial_has_its_sixty_values_and_says_that_its_licence_is_unclear():
    trial = evidence_clean.shade_trial()
    assert len(trial) == 60
    assert trial.groupby("shade")["year"].nunique().to_dict() == {"heavy": 20, "medium": 20, "none": 20}
    assert (trial["year"].min(), trial["year"].max()) == (1963, 1982)
    assert (trial["warnings"] == "licence_unclear").all()
    means = trial.groupby("shade")["yield_kg_per_ha"].mean()
    assert means["none"] > means["medium"] > means["heavy"]


def test_baselines_in_tonnes_become_kilograms_and_no_other_is_touched():
    raw = load_raw("baselines", ("value", "value_low", "value_high")).set_index("baseline_id")
    clean = evidence_clean.baselines().set_index("baseline_id")
    tonnes = raw["unit"] == "t/ha"
    assert tonnes.any()
    for column in ("value", "value_low", "value_high"):
        expected = raw[column].where(~tonnes, raw[column] * 1000)
        pd.testing.assert_series_equal(clean[column], expected)
    assert (clean.loc[tonnes, "unit"] == "kg/ha").all()
    assert clean.loc[~tonnes, "unit"].equals(raw.loc[~tonnes, "unit"])


@pytest.mark.parametrize(
    ("make", "name", "key"),
    [
        (evidence_clean.costs, "costs", "cost_id"),
        (evidence_clean.pest_reports, "pest_reports", "report_id"),
        (evidence_clean.programme_context, "programme_context", "context_id"),
        (evidence_clean.baselines, "baselines", "baseline_id"),
    ],
)
def test_no_row_is_lost(make, name, key):
    assert make()[key].tolist() == load_raw(name)[key].tolist()
