"""Rows of the evidence synthesis: which effects are pooled, and the standard error of each, printed or imputed."""

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import join
from pipeline.study.statistics.rules import join_lists

# Designs whose control was not drawn by lot: what they show may be the farmers, not the measure.
UNADJUSTED = ("before_after", "unadjusted_survey", "regression_survey", "matched_survey", "frontier")
AFRICA = "Ghana|Ivoire|Nigeria|Cameroon|Togo|Sierra Leone|Liberia|Congo"
# A sample of unknown size is taken to be small: this quantile of the sizes printed for trials, or for surveys.
UNKNOWN_SIZE_QUANTILE = 0.25
# Two arms of half the sample each: the error of the log ratio is the coefficient of variation times sqrt(4 / n).
ARMS = 4.0


def trial_rows(trial: pd.DataFrame) -> pd.DataFrame:
    """The twenty-year shade trial as effects: log ratio of heavy and of medium shade to none, mean over the years.

    ``trial`` is the clean table. Years on the same plots resemble each other, so the error counts fewer of them
    (first-order autocorrelation).
    """
    logs = np.log(trial.pivot(index="year", columns="shade", values="yield_kg_per_ha"))
    rows = []
    for shade in ("heavy", "medium"):
        ratio = logs[shade] - logs["none"]
        likeness = max(0.0, ratio.autocorr())
        years = len(ratio) * (1 - likeness) / (1 + likeness)
        cited = join(*trial.loc[trial["shade"].isin([shade, "none"]), "source_id"])
        rows.append((f"tafo_{shade}", ratio.mean(), ratio.std() / np.sqrt(years), cited))
    frame = pd.DataFrame(rows, columns=["effect_id", "log_ratio", "log_ratio_se", "source_id"])
    return frame.assign(
        measure="shade",
        study_id="tafo_1963_1982",
        country="Ghana",
        design="trial",
        confidence="medium",
        warnings=trial["warnings"].iloc[0],
    )


def variation_between_farms(effects: pd.DataFrame) -> tuple[float, float, pd.DataFrame]:
    """Coefficient of variation of a farm's yield or income: geometric mean, spread of its log, and the rows of it.

    From surveys that print both the error of a difference and their size; ``effects`` is the clean table.
    """
    known = effects[effects["log_ratio_se"].notna() & effects["se_derivation"].str.startswith("error of the diff")]
    known = known[known["n"].notna()]
    if len(known) < 3:
        raise ValueError(f"{len(known)} surveys with an error and a size do not tell how farms vary; 3 are needed")
    logs = np.log(known["log_ratio_se"] * np.sqrt(known["n"] / ARMS))
    return float(np.exp(logs.mean())), float(logs.std()), known


def with_errors(pooled: pd.DataFrame, effects: pd.DataFrame) -> pd.DataFrame:
    """Add ``se`` and ``is_se_imputed`` to the rows to pool.

    A missing error is what two groups of the printed size would have if farms vary as in the surveys that print it;
    the sample of a study is shared by its rows, and a size that is not printed is taken to be small. A row with an
    imputed error also cites what that rests on. ``effects`` is the whole clean table.
    """
    variation, _, surveys = variation_between_farms(effects)
    yields = effects[effects["outcome"] == "yield"]
    small = yields["n"].groupby(_is_trial(yields)).quantile(UNKNOWN_SIZE_QUANTILE)
    size = pooled["n"] / pooled.groupby("study_id")["effect_id"].transform("size")
    sizes = yields[yields["n"].notna()].groupby(_is_trial(yields))["source_id"].agg(lambda cited: join(*cited))
    sized_by = _is_trial(pooled).map(sizes).where(size.isna(), "")
    size = size.fillna(_is_trial(pooled).map(small))
    imputed = variation * np.sqrt(ARMS / size)
    is_imputed = pooled["log_ratio_se"].isna()
    return pooled.assign(
        se=pooled["log_ratio_se"].fillna(imputed).astype(float),
        is_se_imputed=is_imputed,
        warnings=join_lists(pooled["warnings"], is_imputed.map({True: "imputed", False: ""})),
        source_id=pooled["source_id"].where(
            ~is_imputed,
            join_lists(pooled["source_id"], sized_by, pd.Series(join(*surveys["source_id"]), pooled.index)),
        ),
    ).reset_index(drop=True)


def _is_trial(rows: pd.DataFrame) -> pd.Series:
    return rows["design"].str.endswith("trial")


def pooled_rows(effects: pd.DataFrame, trial: pd.DataFrame) -> pd.DataFrame:
    """Rows of the synthesis from the clean tables, each with its standard error."""
    rows = pd.concat([effects[effects["is_poolable"]], trial_rows(trial)], ignore_index=True)
    return with_errors(rows, effects)


def doubtful_rows(effects: pd.DataFrame) -> pd.DataFrame:
    """Rows kept out of the synthesis for a warning alone (second hand, low confidence, confounded), with errors."""
    reason = effects["reason_not_pooled"].fillna("")
    return with_errors(effects[reason.str.startswith("warning:") & effects["log_ratio"].notna()], effects)


def counts(effects: pd.DataFrame) -> pd.Series:
    """Number of effects by the reason why they are not pooled; pooled ones first."""
    reasons = effects["reason_not_pooled"].fillna("pooled").str.split(",").str[0]
    return reasons.value_counts().rename_axis("reason").rename("effects")
