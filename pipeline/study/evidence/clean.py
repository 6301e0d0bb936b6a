"""Clean tables of what trials and surveys measured: effects as log response ratios, baselines, costs, reports."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.kit.data.sources import load_raw
from pipeline.study import known_rows
from pipeline.study.evidence.tables import (
    CONTRAST_KINDS,
    MEASURE_OF_KIND,
    NO_CONTRAST,
    OUTCOMES,
    POOLABLE_DESIGNS,
    RATIO_OUTCOMES,
)
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.statistics.rules import join_lists

EXCLUDING_WARNINGS = ("secondary", "low_confidence", "confounded", "implausible", "same_data")
# Shade counts as more shade over less; this trial printed no shade over shade.
TURNED_ROUND = (known_rows.SHADE_TRIAL_TAFO,)


class EvidenceError(ValueError):
    """Published effects that cannot be right; the message names each row, its columns and values."""


FIGURE_NUMBERS = ("year_from", "year_to", "value", "value_low", "value_high")
EFFECT_NUMBERS = (
    "control_mean",
    "control_se",
    "treatment_mean",
    "treatment_se",
    "effect_value",
    "effect_se",
    "ci_low",
    "ci_high",
)
OF_STUDY = ("programme", "year", "country", "region", "design", "n", "risk_of_bias")
CODED = ("kind", "outcome", "basis", "significance", "directness_place", "directness_material", "directness_practice")

AS_PRINTED = {
    "effect_value": "printed_value",
    "ci_low": "printed_low",
    "ci_high": "printed_high",
    "unit": "printed_unit",
}


def effects(printed_range_level: float) -> pd.DataFrame:
    """All published effects, with a log response ratio and its error where the printed figures allow one.

    A range that is printed without a level is taken to hold ``printed_range_level`` of the probability. Raises
    ``EvidenceError`` for contrasts, arms and studies that do not fit together.
    """
    studies, arms = load_raw("evidence_studies", ("year", "n")), load_raw("evidence_arms", ("n_kg_per_ha",))
    return effects_of(load_raw("effects", EFFECT_NUMBERS), studies, arms, printed_range_level)


def effects_of(
    frame: pd.DataFrame, studies: pd.DataFrame, arms: pd.DataFrame, printed_range_level: float
) -> pd.DataFrame:
    """As ``effects``, of given raw tables."""
    check_effects(frame, studies, arms)
    own_country = frame["country"]
    of_study = studies.rename(columns={"source_id": "study_cites"}).set_index("study_id")
    frame = frame.drop(columns="country").join(of_study[[*OF_STUDY, "study_cites"]], on="study_id")
    # One contrast of a study in several countries.
    frame["country"] = own_country.fillna(frame["country"])
    frame["measure"] = frame["kind"].map(MEASURE_OF_KIND).fillna(frame["kind"])
    ratios = frame.apply(log_ratio, axis=1, result_type="expand", range_level=printed_range_level)
    ratios.columns = ["log_ratio", "derivation", "log_ratio_se", "se_derivation"]
    turned = frame["effect_id"].isin(TURNED_ROUND)
    ratios.loc[turned, "log_ratio"] *= -1
    ratios.loc[turned, "derivation"] += ", turned round"
    frame = frame.join(ratios)
    nitrogen, cited = (arms.set_index("arm_id")[name] for name in ("n_kg_per_ha", "source_id"))
    both = frame["arm_id"], frame["comparator_arm_id"]
    frame["n_kg_per_ha"] = both[0].map(nitrogen) - both[1].map(nitrogen)
    has_dose = frame["n_kg_per_ha"].notna()
    doses = [arm.map(cited).where(has_dose) for arm in both]
    frame["source_id"] = join_lists(frame["source_id"], *doses)
    says_none = (frame["significance"] == "not_significant") & (frame["direction"] == "none")
    frame["is_censored"] = says_none & frame["log_ratio"].isna() & frame["kind"].isin(CONTRAST_KINDS)
    frame["reason_not_pooled"] = frame.apply(_reason_not_pooled, axis=1)
    frame["is_poolable"] = frame["reason_not_pooled"] == ""
    frame["doubt"] = frame.apply(_doubt, axis=1)
    season = frame["season"].fillna("season not printed")
    frame["comparison"] = frame["comparator_arm_id"] + ", " + season
    keep = ["effect_id", "constraint", "measure", *CODED, "intervention", "comparator", "comparison", "study_id"]
    keep += OF_STUDY
    keep += ["n_kg_per_ha", *ratios.columns, "is_censored", "is_poolable", "reason_not_pooled", "doubt", "confidence"]
    frame = frame.rename(columns=AS_PRINTED)
    keep += AS_PRINTED.values()
    return frame[[*keep, "study_cites", "warnings", "source_id"]].replace({"": None})


def check_effects(frame: pd.DataFrame, studies: pd.DataFrame, arms: pd.DataFrame) -> None:
    """Refuse effects that cannot be what they say: raises ``EvidenceError`` that names every such row and value.

    A contrast has two different arms, both of its own study; an arm has one mean for one outcome, season and unit; a
    figure that compares no arms has none; kinds, outcomes and units are known, and a lower bound is not above the
    upper. A study stands in the table of studies once, so it has one sample and one programme.
    """
    rows = frame.assign(row=frame.index)
    study_of_arm = arms.set_index("arm_id")["study_id"] if arms["arm_id"].is_unique else pd.Series(dtype="str")
    problems = [f"evidence_studies.csv: study {name} stands there twice" for name in _twice(studies["study_id"])]
    problems += [f"evidence_arms.csv: arm {name} stands there twice" for name in _twice(arms["arm_id"])]
    for row in rows.itertuples():
        problems += [f"row {row.row} ({row.effect_id}): {problem}" for problem in _problems(row, studies, study_of_arm)]
    problems += _arms_with_two_means(rows)
    if problems:
        raise EvidenceError("data/raw/effects.csv: " + "; ".join(problems))


def _twice(names: pd.Series) -> list[str]:
    return sorted(names[names.duplicated()].unique())


def _problems(row: Any, studies: pd.DataFrame, study_of_arm: pd.Series) -> Iterator[str]:
    """What is wrong with one effect."""
    is_contrast = row.kind in CONTRAST_KINDS
    if not is_contrast and row.kind not in NO_CONTRAST:
        yield f"kind {row.kind!r} is not one of {', '.join((*CONTRAST_KINDS, *NO_CONTRAST))}"
    if row.outcome not in OUTCOMES:
        yield f"outcome {row.outcome!r} is not one of {', '.join(OUTCOMES)}"
    if row.study_id not in set(studies["study_id"]):
        yield f"study {row.study_id!r} is not in evidence_studies.csv"
    if pd.isna(row.unit) or not row.unit.strip():
        yield "column unit is empty"
    if row.ci_low > row.ci_high:
        yield f"ci_low {row.ci_low:g} is above ci_high {row.ci_high:g}"
    for column, arm in (("arm_id", row.arm_id), ("comparator_arm_id", row.comparator_arm_id)):
        if is_contrast and pd.isna(arm):
            yield f"{column} is empty: a contrast of kind {row.kind} needs both arms"
        elif is_contrast and study_of_arm.get(arm) != row.study_id:
            yield f"{column} {arm!r} is no arm of study {row.study_id}"
        elif not is_contrast and pd.notna(arm):
            yield f"{column} is {arm!r}, but kind {row.kind} compares no arms"
    if is_contrast and row.arm_id == row.comparator_arm_id:
        yield f"arm {row.arm_id!r} is compared with itself"
    if is_contrast and row.basis == "share" and row.outcome == "yield":
        yield "basis share does not fit the outcome yield"


def _arms_with_two_means(rows: pd.DataFrame) -> list[str]:
    """Arms that have two means for one outcome, season and unit."""
    sides = (("arm_id", "treatment_mean"), ("comparator_arm_id", "control_mean"))
    what = ["arm_id", "outcome", "season", "unit"]
    means = pd.concat(
        [rows[[arm, *what[1:], mean, "row"]].set_axis([*what, "mean", "row"], axis=1) for arm, mean in sides]
    ).dropna(subset=["arm_id", "mean"])
    return [
        f"arm {arm} has more than one mean of {outcome}: "
        + ", ".join(f"row {row} has {mean:g}" for row, mean in zip(same["row"], same["mean"], strict=True))
        for (arm, outcome, _, _), same in means.groupby(what, dropna=False)
        if same["mean"].nunique() > 1
    ]


def log_ratio(row: pd.Series, range_level: float) -> tuple[float, str, float, str]:
    """Log response ratio of one effect, how it was obtained, its standard error, and how that was obtained.

    The ratio is treatment over control: a loss is below zero. Missing when the outcome has no ratio scale or
    the figures do not allow one; nothing is guessed.
    """
    nothing = (np.nan, "", np.nan, "")
    if row["outcome"] not in RATIO_OUTCOMES:
        return nothing
    if row["effect_type"] in ("percent_change", "percent_loss"):
        return _from_percent(row, -1.0 if row["effect_type"] == "percent_loss" else 1.0, range_level)
    if row["effect_type"] == "mean_diff" and row["control_mean"] > 0 and row["treatment_mean"] > 0:
        return _from_means(row)
    return nothing


def _from_percent(row: pd.Series, sign: float, range_level: float) -> tuple[float, str, float, str]:
    if pd.notna(row["effect_value"]):
        return float(np.log1p(sign * row["effect_value"] / 100)), "ln(1 + percent / 100)", np.nan, ""
    ends = np.log1p(sign * np.array([row["ci_low"], row["ci_high"]], dtype=float) / 100)
    if np.isnan(ends).any():
        return np.nan, "", np.nan, ""
    if row["kind"] in CONTRAST_KINDS:
        # It runs over treatments (one spray to three), not over chance.
        return float(ends.mean()), "middle of the printed range", np.nan, ""
    spread = abs(ends[1] - ends[0]) / 2 / ndtri((1 + range_level) / 2)
    return (
        float(ends.mean()),
        "middle of the printed range",
        float(spread),
        "half the printed range, as a normal interval",
    )


def _from_means(row: pd.Series) -> tuple[float, str, float, str]:
    control, treatment = row["control_mean"], row["treatment_mean"]
    ratio = float(np.log(treatment / control))
    how = "ln(treatment / control)"
    if row["control_se"] > 0 and row["treatment_se"] > 0:
        error = np.hypot(row["control_se"] / control, row["treatment_se"] / treatment)
        return ratio, how, float(error), "errors of both means, delta method"
    if row["effect_se"] > 0:
        return ratio, how, float(row["effect_se"] / ((control + treatment) / 2)), "error of the difference / mean level"
    return ratio, how, np.nan, ""


def _reason_not_pooled(row: pd.Series) -> str:
    """Why an effect stays out of the evidence synthesis; empty when it goes in."""
    if row["kind"] in NO_CONTRAST:
        return f"no contrast: {row['kind'].replace('_', ' ')}"
    if row["measure"] not in POOLED_MEASURES:
        return f"what differs is {row['kind'].replace('_', ' ')}"
    if row["outcome"] != "yield":
        return f"outcome is {row['outcome']}, not yield"
    return _doubt(row)


def _doubt(row: pd.Series) -> str:
    """What speaks against using an effect in any synthesis, whatever was done and measured; empty when nothing does."""
    if row["directness_material"] == "unlike":
        return "cacao unlike that of growers"
    if np.isnan(row["log_ratio"]) and not row["is_censored"]:
        return "printed figures allow no ratio"
    if row["design"] not in POOLABLE_DESIGNS:
        return f"design is {row['design']}"
    found = [warning for warning in EXCLUDING_WARNINGS if warning in str(row["warnings"]).split(";")]
    return f"warning: {', '.join(found)}" if found else ""


def shade_trial() -> pd.DataFrame:
    """The twenty-year shade trial at Tafo; its licence is not confirmed."""
    return load_raw("tafo_shade_trial", ("year", "yield_kg_per_ha")).assign(warnings="licence_unclear")


def baselines() -> pd.DataFrame:
    """Baseline figures; yields in t/ha become kg/ha."""
    frame = _figures(load_raw("baselines", FIGURE_NUMBERS))
    in_tonnes = frame["unit"] == "t/ha"
    values = ["value", "value_low", "value_high"]
    frame.loc[in_tonnes, values] = frame.loc[in_tonnes, values] * 1000
    return frame.assign(unit=frame["unit"].mask(in_tonnes, "kg/ha")).drop(columns="n")


def costs() -> pd.DataFrame:
    """Wages, rates and costs as printed."""
    return _figures(load_raw("costs", FIGURE_NUMBERS))


def _figures(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"year_to": "year"}).drop(columns="note")


def pest_reports() -> pd.DataFrame:
    """Reported attacks and losses."""
    frame = load_raw("pest_reports", ("year_from", "year_to", "value_low", "value_high"))
    return frame.rename(columns={"year_to": "year"}).drop(columns="note")


def programme_context() -> pd.DataFrame:
    """Facts about programmes, extension, farmers, soil, rain and exports."""
    frame = load_raw("programme_context", ("year_from", "year_to", "value"))
    return frame.rename(columns={"year_to": "year"}).drop(columns="note")
