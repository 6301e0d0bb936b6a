"""Published effects become log response ratios as a hand calculation gives them, and nothing is guessed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.data import sources
from pipeline.kit.data.sources import load_raw
from pipeline.study.evidence import clean as evidence_clean
from pipeline.study.evidence.clean import EXCLUDING_WARNINGS, POOLABLE_DESIGNS, log_ratio
from pipeline.study.names import POOLED_MEASURES

# 1.6449 standard errors to either side hold 90 %.
Z90 = 1.6448536


def row(**given_values) -> pd.Series:
    empty = dict.fromkeys(evidence_clean.EFFECT_NUMBERS, np.nan)
    kind = {"outcome": "yield", "kind": "mineral_fertilizer", "effect_type": "percent_change"}
    return pd.Series(kind | empty | given_values)


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
        ("E049", (np.log(0.78) - np.log(0.46)) / 2 / Z90),
        ("E122", 17.75 / ((325.55 + 301.13) / 2)),
    ],
)
def test_standard_error_is_the_one_computed_by_hand(effects, effect_id, expected):
    found = effects.set_index("effect_id").loc[effect_id]
    assert found["log_ratio_se"] == pytest.approx(expected, rel=1e-6)
    assert found["se_derivation"]


def test_a_range_read_with_a_higher_level_has_a_smaller_error():
    errors = [
        log_ratio(row(kind="loss_quoted", ci_low=10.9, ci_high=51.8), level)[2] for level in (0.5, 0.8, 0.9, 0.95)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx((np.log(1.518) - np.log(1.109)) / 2 / 1.959964, rel=1e-6)


def test_no_increase_without_a_size_stays_missing(effects):
    # E010 reports "no increase" from fertilizer and gives no number: it is not a zero.
    found = effects.set_index("effect_id").loc["E010"]
    assert pd.isna(found["log_ratio"])
    assert found["is_censored"]
    assert found["is_poolable"]


def test_only_a_contrast_that_is_called_not_significant_and_shows_no_direction_is_heard_without_a_number(effects):
    hidden = effects[effects["is_censored"]].set_index("effect_id")
    assert hidden["log_ratio"].isna().all()
    assert set(hidden["significance"]) == {"not_significant"}
    # A fall that is called significant, without its size, says more than "none": it is not heard as none.
    assert not {"E090", "E214", "E255"} & set(hidden.index)
    # A result that prints its number is heard with it.
    assert not set(effects.loc[effects["log_ratio"].notna(), "effect_id"]) & set(hidden.index)


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
    middle, _, spread, _ = log_ratio(row(kind="loss_quoted", ci_low=low, ci_high=low + width), 0.9)
    # A range of a contrast runs over its treatments, which is no error.
    over_treatments = log_ratio(row(kind="black_pod_fungicide", ci_low=low, ci_high=low + width), 0.9)
    assert over_treatments[0] == middle
    assert np.isnan(over_treatments[2])
    assert np.log1p(low / 100) <= middle <= np.log1p((low + width) / 100)
    assert spread > 0
    assert middle - Z90 * spread == pytest.approx(np.log1p(low / 100), abs=1e-6)


# The table of effects.


def test_every_published_effect_is_kept(effects):
    assert effects["effect_id"].tolist() == load_raw("effects")["effect_id"].tolist()
    assert len(effects) == 322


def test_poolable_and_not_poolable_are_all_effects(effects):
    pooled, rest = effects[effects["is_poolable"]], effects[~effects["is_poolable"]]
    assert len(pooled) + len(rest) == len(effects)
    assert pooled["reason_not_pooled"].isna().all()
    assert rest["reason_not_pooled"].notna().all()


def test_poolable_effects_are_yield_ratios_of_measures_without_excluding_warnings(effects):
    pooled = effects[effects["is_poolable"]]
    assert len(pooled) >= 10
    assert (pooled["outcome"] == "yield").all()
    assert pooled["measure"].isin(POOLED_MEASURES).all()
    assert pooled["design"].isin(POOLABLE_DESIGNS).all()
    assert (np.isfinite(pooled["log_ratio"]) | pooled["is_censored"]).all()
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
    # Dynamic agroforestry in Bolivia, 640 against 1,300 kg/ha, and a canopy of 30 % in Ghana, twice as much.
    assert shade.min() == pytest.approx(np.log(640 / 1300))
    assert shade.max() == pytest.approx(np.log(2))


# Each by hand from what its source compares.
NOT_ALIKE = {
    "E002": "cacao unlike that of growers",  # trees of 3.5 to 7.4 years
    "E021": "what differs is shade tree pruning",
    "E024": "what differs is heavy cutting semi wild",
    "E054": "no contrast: loss quoted",
    "E070": "what differs is fertilizer rate",  # both arms fertilized
    "E096": "what differs is control against control",  # attract-and-kill against a spray
    "E143": "what differs is package without fertilizer",
}


@pytest.mark.parametrize(("effect_id", "reason"), NOT_ALIKE.items())
def test_rows_that_compare_something_else_are_kept_and_not_pooled(effects, effect_id, reason):
    found = effects.set_index("effect_id").loc[effect_id]
    assert not found["is_poolable"]
    assert found["reason_not_pooled"] == reason


def test_pruning_of_cacao_is_what_stands_for_pruning(effects):
    """Light and heavier cuts on farms of the transitional zone of Cote d'Ivoire: 648.5 and 591.2 against 522 kg/ha."""
    pooled = effects[effects["is_poolable"] & (effects["measure"] == "pruning")].set_index("effect_id")
    assert pooled["log_ratio"].to_dict() == pytest.approx({"E018": np.log(648.5 / 522), "E019": np.log(591.2 / 522)})


def test_the_article_behind_the_preliminary_line_is_pooled_against_no_fertilizer(effects):
    rows = effects.set_index("effect_id")
    # T3 1,109 and T4 1,227 kg/ha against 917 of T2, which had the same practices and no fertilizer.
    assert rows.loc["E141", "log_ratio"] == pytest.approx(np.log(1109 / 917))
    assert rows.loc["E142", "log_ratio"] == pytest.approx(np.log(1227 / 917))
    assert rows.loc[["E141", "E142"], "is_poolable"].all()
    assert not rows.at["E143", "is_poolable"]


# Effects that do not fit together are refused; each damage is typed into a copy of the real tables.


def three(**changes):
    """Effects, studies and arms with some cells changed: ``effects={"E018": {"unit": ""}}``."""
    frames = {
        "effects": (load_raw("effects", evidence_clean.EFFECT_NUMBERS), "effect_id"),
        "studies": (load_raw("evidence_studies", ("year", "n")), "study_id"),
        "arms": (load_raw("evidence_arms"), "arm_id"),
    }
    for table, rows in changes.items():
        frame, key = frames[table]
        for name, cells in rows.items():
            for column, value in cells.items():
                frame.loc[frame[key] == name, column] = value
    return [frame for frame, _ in frames.values()]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"E018": {"kind": "nothing"}}, "(E018): kind 'nothing' is not one of"),
        ({"E018": {"outcome": "kilos"}}, "(E018): outcome 'kilos' is not one of"),
        ({"E018": {"unit": " "}}, "(E018): column unit is empty"),
        ({"E018": {"comparator_arm_id": None}}, "(E018): comparator_arm_id is empty: a contrast of kind cacao_pruning"),
        (
            {"E018": {"arm_id": "vasquez_zambrano2024.T2"}},
            "'vasquez_zambrano2024.T2' is no arm of study ofi_pruning2023",
        ),
        (
            {"E018": {"comparator_arm_id": "ofi_pruning2023.trans_20"}},
            "arm 'ofi_pruning2023.trans_20' is compared with",
        ),
        ({"E048": {"arm_id": "ofi_pruning2023.trans_20"}}, "(E048): arm_id is 'ofi_pruning2023.trans_20', but kind"),
        ({"E018": {"study_id": "nobody"}}, "(E018): study 'nobody' is not in evidence_studies.csv"),
        ({"E018": {"basis": "share"}}, "(E018): basis share does not fit the outcome yield"),
        ({"E086": {"ci_low": 60.0}}, "(E086): ci_low 60 is above ci_high 51.8"),
        ({"E019": {"control_mean": 525.0}}, "arm ofi_pruning2023.trans_none has more than one mean of yield: row "),
    ],
)
def test_effects_that_do_not_fit_together_are_named(changes, problem):
    with pytest.raises(evidence_clean.EvidenceError) as raised:
        evidence_clean.check_effects(*three(effects=changes))
    assert problem in str(raised.value)


def test_all_that_does_not_fit_is_named_at_once():
    damaged = three(effects={"E001": {"unit": ""}, "E018": {"kind": "nothing"}})
    with pytest.raises(evidence_clean.EvidenceError, match=r"row 2 \(E001\): column unit.*\(E018\): kind 'nothing'"):
        evidence_clean.check_effects(*damaged)


@pytest.mark.parametrize("table", ["studies", "arms"])
def test_a_study_or_an_arm_stands_in_its_table_once(table):
    """So a study has one sample and one programme, and an arm one treatment."""
    frames = dict(zip(("effects", "studies", "arms"), three(), strict=True))
    frames[table] = pd.concat([frames[table], frames[table].iloc[[3]]])
    with pytest.raises(evidence_clean.EvidenceError, match=f"{frames[table].iloc[3, 0]} stands there twice"):
        evidence_clean.check_effects(
            **{"frame": frames["effects"], "studies": frames["studies"], "arms": frames["arms"]}
        )


def test_every_contrast_is_coded_whole(effects):
    """Both arms, the place in the source and a risk of bias: of all contrasts, as of 250 they were."""
    raw, studies = load_raw("effects"), load_raw("evidence_studies").set_index("study_id")
    contrasts = raw[raw["arm_id"].notna()]
    assert len(contrasts) >= 250
    assert contrasts["comparator_arm_id"].notna().all()
    assert studies.loc[contrasts["study_id"], ["risk_of_bias", "risk_why"]].notna().all(axis=None)
    places = [sources.readings().get(("effects", name), {}).get("place") for name in contrasts["effect_id"]]
    assert all(places)


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
