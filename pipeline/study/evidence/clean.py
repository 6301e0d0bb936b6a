"""Clean tables of what trials and surveys measured: effects as log response ratios, baselines, costs, reports."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.kit.data.sources import load_raw
from pipeline.study import known_rows
from pipeline.study.evidence.tables import COMPARATORS, POOLED_COMPARATORS
from pipeline.study.names import POOLED_MEASURES

RATIO_OUTCOMES = ("yield", "yield_loss", "pest_level", "income", "aggregate_production")
POOLABLE_DESIGNS = ("on_farm_trial", "on_station_trial", "before_after", "cross_section")
EXCLUDING_WARNINGS = ("secondary", "low_confidence", "confounded", "implausible")
# Shade counts as more shade over less; this trial printed no shade over shade.
TURNED_ROUND = (known_rows.SHADE_TRIAL_TAFO,)


class EvidenceError(ValueError):
    """Published effects that cannot be right; the message names each row, its columns and values."""


FIGURE_NUMBERS = ("year_from", "year_to", "value", "value_low", "value_high")
EFFECT_NUMBERS = (
    "year",
    "n",
    "control_mean",
    "control_se",
    "treatment_mean",
    "treatment_se",
    "effect_value",
    "effect_se",
    "ci_low",
    "ci_high",
)

AS_PRINTED = {
    "effect_value": "printed_value",
    "ci_low": "printed_low",
    "ci_high": "printed_high",
    "unit": "printed_unit",
}


def effects(printed_range_level: float) -> pd.DataFrame:
    """All published effects, with a log response ratio and its error where the printed figures allow one.

    A range that is printed without a level is taken to hold ``printed_range_level`` of the probability.
    """
    frame = load_raw("effects", EFFECT_NUMBERS)
    check_effects(frame)
    ratios = frame.apply(log_ratio, axis=1, result_type="expand", range_level=printed_range_level)
    ratios.columns = ["log_ratio", "derivation", "log_ratio_se", "se_derivation"]
    turned = frame["effect_id"].isin(TURNED_ROUND)
    ratios.loc[turned, "log_ratio"] *= -1
    ratios.loc[turned, "derivation"] += ", turned round"
    frame = frame.join(ratios)
    frame["reason_not_pooled"] = frame.apply(_reason_not_pooled, axis=1)
    frame["is_poolable"] = frame["reason_not_pooled"] == ""
    keep = ["effect_id", "constraint", "measure", "intervention", "comparator", "comparator_kind"]
    keep += ["study_id", "year", "country", "region"]
    keep += ["design", "n", "outcome", *ratios.columns, "is_poolable", "reason_not_pooled", "confidence"]
    frame = frame.rename(columns=AS_PRINTED)
    keep += AS_PRINTED.values()
    return frame[[*keep, "warnings", "source_id"]].replace({"": None})


def check_effects(frame: pd.DataFrame) -> None:
    """Refuse effects without a unit or a known comparator, with a lower bound above the upper, and studies with two
    sample sizes.

    Raises ``EvidenceError`` that lists every such row as a reader of the CSV file counts rows.
    """
    rows = frame.assign(row=frame.index)
    unit = rows["unit"].fillna("").str.strip()
    problems = [f"row {r.row} ({r.effect_id}): column unit is empty" for r in rows[unit == ""].itertuples()]
    problems += [
        f"row {r.row} ({r.effect_id}): comparator_kind {r.comparator_kind!r} is not one of {', '.join(COMPARATORS)}"
        for r in rows[~rows["comparator_kind"].isin(COMPARATORS)].itertuples()
    ]
    problems += [
        f"row {r.row} ({r.effect_id}): ci_low {r.ci_low:g} is above ci_high {r.ci_high:g}"
        for r in rows[rows["ci_low"] > rows["ci_high"]].itertuples()
    ]
    for study, same in rows.dropna(subset=["n"]).groupby("study_id"):
        if same["n"].nunique() > 1:
            sizes = ", ".join(f"row {r.row} ({r.effect_id}) n = {r.n:g}" for r in same.itertuples())
            problems.append(
                f"study {study} has more than one sample size, give each sample a study of its own: {sizes}"
            )
    if problems:
        raise EvidenceError("data/raw/effects.csv: " + "; ".join(problems))


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
    if row["measure"] not in POOLED_MEASURES:
        return "not one of the kinds of measure"
    if row["comparator_kind"] not in POOLED_COMPARATORS:
        return f"comparator is {row['comparator_kind'].replace('_', ' ')}"
    if row["outcome"] != "yield":
        return f"outcome is {row['outcome']}, not yield"
    if np.isnan(row["log_ratio"]):
        return "printed figures allow no ratio"
    if row["design"] not in POOLABLE_DESIGNS:
        return f"design is {row['design']}"
    found = [warning for warning in EXCLUDING_WARNINGS if warning in str(row["warnings"])]
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
