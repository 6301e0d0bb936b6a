"""Rows of the evidence synthesis: which effects are pooled, and the standard error of each, printed or imputed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.kit.data.citations import OWN, cite_parameters, join
from pipeline.study.names import COCOA_NPK
from pipeline.study.statistics.rules import join_lists

# Designs whose control was not drawn by lot: what they show may be the farmers, not the measure.
UNADJUSTED = ("before_after", "unadjusted_survey", "regression_survey", "matched_survey", "frontier")
AFRICA = "Ghana|Ivoire|Nigeria|Cameroon|Togo|Sierra Leone|Liberia|Congo"
# Standard deviation of the log of what one survey tells of the variation between farms, about the typical one.
BETWEEN_SURVEYS = 0.5
# A sample of unknown size is taken to be small: this quantile of the sizes printed for trials, or for surveys.
UNKNOWN_SIZE_QUANTILE = 0.25
# How far farms are assumed to differ, behind every error that is not printed.
VARIATION = cite_parameters("evidence.farm_variation_low", "evidence.farm_variation_high")
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
        kind="shade",
        study_id="tafo_1963_1982",
        programme="tafo_1963_1982",
        country="Ghana",
        design="trial",
        risk_of_bias="some",
        directness_place="elsewhere",
        directness_material="like",
        directness_practice="like",
        is_censored=False,
        confidence="medium",
        warnings=trial["warnings"].iloc[0],
    )


@dataclass(frozen=True)
class Variation:
    """Coefficient of variation between farms: its middle, the standard deviation of its log, and the surveys that
    tell it."""

    middle: float
    log_sd: float
    surveys: pd.DataFrame

    def interval(self, level: float) -> tuple[float, float, float]:
        """Lower end, median and upper end of the central interval."""
        reach = np.exp(self.log_sd * ndtri((1 + level) / 2))
        return float(self.middle / reach), self.middle, float(self.middle * reach)


@dataclass(frozen=True)
class FullDose:
    """Nitrogen in the full dose of fertilizer, in kg/ha and year, and what its content cites."""

    n_kg_per_ha: float
    source_id: str

    @classmethod
    def of(cls, dose_kg_per_ha: float, conversions: pd.DataFrame) -> "FullDose":
        """The nitrogen in so much subsidised cocoa NPK, as its content is printed in the raw table ``conversions``."""
        content = conversions.set_index(["quantity", "item"])
        row = content.loc[[("n", COCOA_NPK)]].iloc[0]
        return cls(dose_kg_per_ha * float(row["value"]) / 100, str(row["source_id"]))


def variation_between_farms(effects: pd.DataFrame, low: float, high: float) -> Variation:
    """How much yield or income varies between farms: assumed to lie between ``low`` and ``high`` (80 %), and learned
    from surveys that print both the error of a difference and their size.

    ``effects`` is the clean table. The log of what one survey tells differs by ``BETWEEN_SURVEYS`` from the typical.
    """
    if not 0 < low < high:
        raise ValueError(f"variation between farms lies between {low:g} and {high:g}: both above zero, the first lower")
    known = effects[effects["log_ratio_se"].notna() & effects["se_derivation"].str.startswith("error of the diff")]
    known = with_studies(known[known["n"].notna()])
    logs = np.log(known["log_ratio_se"] * np.sqrt(known["n"] / ARMS))
    precision = (np.log(high / low) / (2 * ndtri(0.9))) ** -2
    told = len(logs) / BETWEEN_SURVEYS**2
    middle = (precision * np.log(low * high) / 2 + logs.sum() / BETWEEN_SURVEYS**2) / (precision + told)
    return Variation(float(np.exp(middle)), float((precision + told) ** -0.5), known)


def with_studies(effects: pd.DataFrame) -> pd.DataFrame:
    """Effects that also cite the rows of their studies, which tell programme, design, sample and risk of bias."""
    return effects.assign(source_id=join_lists(effects["source_id"], effects["study_cites"]))


def with_errors(pooled: pd.DataFrame, effects: pd.DataFrame, variation: Variation) -> pd.DataFrame:
    """Add ``se`` and ``is_se_imputed`` to the rows to pool.

    A missing error is what two groups of the printed size would have if farms vary by ``variation``; the sample of a
    study is shared by its rows, and a size that is not printed is taken to be small. A row with an imputed error also
    cites what that rests on, the other rows of its study among it, and not in ``own_sources``. ``effects`` is the whole
    clean table.
    """
    yields = with_studies(effects[effects["outcome"] == "yield"])
    small = yields["n"].groupby(_is_trial(yields)).quantile(UNKNOWN_SIZE_QUANTILE)
    size = pooled["n"] / pooled.groupby("study_id")["effect_id"].transform("size")
    sizes = yields[yields["n"].notna()].groupby(_is_trial(yields))["source_id"].agg(lambda cited: join(*cited))
    sized_by = _is_trial(pooled).map(sizes).where(size.isna(), "")
    size = size.fillna(_is_trial(pooled).map(small))
    imputed = variation.middle * np.sqrt(ARMS / size)
    is_imputed = pooled["log_ratio_se"].isna()
    shared = pooled.groupby("study_id")["source_id"].transform(lambda cited: join(*cited))
    rests_on = pd.Series(join(*variation.surveys["source_id"], *VARIATION), pooled.index)
    return pooled.assign(
        se=pooled["log_ratio_se"].fillna(imputed).astype(float),
        is_se_imputed=is_imputed,
        warnings=join_lists(pooled["warnings"], is_imputed.map({True: "imputed", False: ""})),
        source_id=pooled["source_id"].where(~is_imputed, join_lists(shared, sized_by, rests_on)),
        **{OWN: pooled["source_id"]},
    ).reset_index(drop=True)


def _is_trial(rows: pd.DataFrame) -> pd.Series:
    return rows["design"].str.endswith("trial")


def pooled_rows(effects: pd.DataFrame, trial: pd.DataFrame, variation: Variation, full_dose: FullDose) -> pd.DataFrame:
    """Rows of the synthesis from the clean tables, each with its standard error and its dose."""
    poolable = with_studies(effects[effects["is_poolable"]])
    rows = pd.concat([poolable, trial_rows(trial)], ignore_index=True)
    return with_doses(with_errors(rows, effects, variation), full_dose)


def doubtful_rows(effects: pd.DataFrame, variation: Variation, full_dose: FullDose) -> pd.DataFrame:
    """Rows kept out of the synthesis for a warning alone (second hand, low confidence, confounded), with errors."""
    reason = effects["reason_not_pooled"].fillna("")
    rows = with_studies(effects[reason.str.startswith("warning:") & effects["log_ratio"].notna()])
    return with_doses(with_errors(rows, effects, variation), full_dose)


def with_doses(rows: pd.DataFrame, full_dose: FullDose) -> pd.DataFrame:
    """Add ``doublings``: how often the nitrogen of mineral fertilizer doubles the full dose; missing if not printed.

    A row with a dose also cites what the full one rests on.
    """
    dosed = (rows["measure"] == "mineral_fertilizer") & (rows["n_kg_per_ha"] > 0)
    cited = pd.Series(np.where(dosed, full_dose.source_id, ""), rows.index)
    return rows.assign(
        doublings=np.log2(rows["n_kg_per_ha"].where(dosed) / full_dose.n_kg_per_ha),
        source_id=join_lists(rows["source_id"], cited),
    )


# Why an effect leaves, in the order in which they do: the first words of its reason, and the name of what is left.
FLOW = {
    "no contrast": "contrasts",
    "what differs is": "of a measure",
    "outcome is": "on the scale of yield",
    "cacao unlike": "on cacao like that of growers",
    "printed figures": "with a ratio or not significant",
    "design is": "of a design that compares",
    "warning": "pooled",
}


def flow(effects: pd.DataFrame) -> pd.DataFrame:
    """How the effects that were read come down to those that are pooled, as PRISMA-EcoEvo asks.

    Columns: ``step`` (``read``, then the values of ``FLOW``), ``effects``, ``studies``, ``left_out`` (effects that
    leave at this step), ``source_id``.
    """
    reason = effects["reason_not_pooled"].fillna("")
    at_step = [("read", effects, 0)]
    for words, step in FLOW.items():
        before = at_step[-1][1]
        stay = before[~reason[before.index].str.startswith(words)]
        at_step.append((step, stay, len(before) - len(stay)))
    rows = [
        (step, len(stay), stay["study_id"].nunique(), left_out, join(*stay["source_id"]))
        for step, stay, left_out in at_step
    ]
    return pd.DataFrame(rows, columns=["step", "effects", "studies", "left_out", "source_id"])


def counts(effects: pd.DataFrame) -> pd.Series:
    """Number of effects by the reason why they are not pooled; pooled ones first."""
    reasons = effects["reason_not_pooled"].fillna("pooled").str.split(",").str[0]
    return reasons.value_counts().rename_axis("reason").rename("effects")
