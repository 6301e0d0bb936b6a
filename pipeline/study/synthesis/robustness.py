"""What the evidence synthesis rests on: the share of each study, and the answer when rows are treated otherwise."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import chi2

from pipeline.kit.bayes.linear_normal import membership
from pipeline.kit.bayes.selection import step_selection
from pipeline.kit.data.citations import OWN, join
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.synthesis.comparisons import AFRICA, ARMS
from pipeline.study.synthesis.pooling import Priors, Synthesis, fit_measures, shifts, together


def contributions(synthesis: Synthesis, level: float) -> pd.DataFrame:
    """What each study contributes to the mean of its measure: one row per study and measure.

    Columns: ``measure``, ``study_id``, ``programme``, ``country``, ``design``, ``risk_of_bias``, ``is_direct`` (in
    Indonesia, and as officers recommend it), ``rows``, ``log_ratio`` (mean of its rows; missing when they are only said
    to be not significant), ``se`` (as large as that of a row: its rows share plots and seasons), ``is_se_imputed``,
    ``weight`` (how far the mean effect moves when all rows of the study move by one), the study's own effect given all
    others (``value``, ``lower``, ``upper``), ``sources`` of all that is heard and ``own_sources`` of its own rows.
    """
    frame, found, everything = synthesis.rows, [], join(*synthesis.cites)
    moved = pd.concat([_influence(synthesis, measure) for measure in frame["measure"].unique()])
    for (measure, study), rows in frame.groupby(["measure", "study_id"], sort=True):
        lower, value, upper = synthesis.study(measure, study).interval(level)
        found.append(
            {
                "measure": measure,
                "study_id": study,
                "programme": rows["programme"].iloc[0],
                "country": rows["country"].iloc[0],
                "design": rows["design"].iloc[0],
                "risk_of_bias": rows["risk_of_bias"].iloc[0],
                "is_direct": bool((shifts(rows)[["other place", "other practice"]] == 0).all(axis=None)),
                "rows": len(rows),
                "log_ratio": rows["log_ratio"].mean(),
                "se": float(np.sqrt((rows["se"] ** 2).mean())),
                "is_se_imputed": bool(rows["is_se_imputed"].any()),
                "weight": float(moved[rows.index].sum()),
                "lower": lower,
                "value": value,
                "upper": upper,
                "sources": everything,
                OWN: join(*rows[OWN]),
            }
        )
    return pd.DataFrame(found)


# Assumed size of one more trial, in farms: half of them with the measure.
TRIAL_FARMS = 60


def one_more_trial(synthesis: Synthesis, variation: float, level: float) -> pd.DataFrame:
    """What a trial on ``TRIAL_FARMS`` farms of Kutai Timur would leave open of the effect there and of the mean.

    ``variation`` is the coefficient of variation between farms. Columns: ``measure``, width of the central interval of
    the log effect ``here_now`` and ``here_after``, of the mean over places ``mean_now`` and ``mean_after``. What is
    left is that of a normal distribution with the same variance, as is expected before the trial.
    """
    error = variation * np.sqrt(ARMS / TRIAL_FARMS)
    found = []
    for measure, posterior in synthesis.posteriors.items():
        mean, here = synthesis.mean_effect(measure), synthesis.new_place(measure)
        of_trial = error**2 * float(posterior.weight @ posterior.spreads["imputed error"] ** 2)
        seen, wide = here.variance + of_trial, [np.ptp(each.interval(level)) for each in (here, mean)]
        left = [np.sqrt(1 - each.variance / seen) for each in (here, mean)]
        found.append((measure, wide[0], wide[0] * left[0], wide[1], wide[1] * left[1]))
    return pd.DataFrame(found, columns=["measure", "here_now", "here_after", "mean_now", "mean_after"])


def _influence(synthesis: Synthesis, measure: str) -> pd.Series:
    """How far the mean effect of a measure moves when one of its rows moves by one, by the index of the row."""
    index = synthesis.rows.index[synthesis.rows["measure"] == measure]
    return pd.Series(synthesis.posteriors[measure].influence({"mean": 1.0}), index)


def variants(rows: pd.DataFrame, doubtful: pd.DataFrame, priors: Priors) -> dict[str, tuple[pd.DataFrame, Priors]]:
    """Other ways to treat the rows or the priors, by name; ``doubtful`` are rows kept out for a warning."""
    africa = rows["country"].fillna("").str.contains(AFRICA)
    wide = replace(
        priors,
        fertilizer=(priors.fertilizer[0], 2 * priors.fertilizer[1]),
        other=(priors.other[0], 2 * priors.other[1]),
    )
    return {
        "all": (rows, priors),
        "imputed errors doubled": (rows.assign(se=rows["se"] * np.where(rows["is_se_imputed"], 2, 1)), priors),
        "printed errors only": (rows[~rows["is_se_imputed"]], priors),
        "without West Africa": (rows[~africa], priors),
        "trials only": (rows[rows["design"].str.endswith("trial")], priors),
        "no bias of designs": (rows, replace(priors, bias_sd=0.0)),
        "only rows with a ratio": (rows[~rows["is_censored"]], priors),
        "elsewhere counts as here": (rows, replace(priors, near=0.0, near_weight=1.0)),
        "elsewhere may be all different": (rows, replace(priors, near_weight=0.0)),
        "normal tails": (rows, replace(priors, tails=1000.0)),
        "with doubtful rows": (pd.concat([rows, doubtful]), priors),
        "wider priors": (rows, wide),
        "spreads half as wide": (rows, replace(priors, spread_scale=priors.spread_scale / 2)),
        "spreads twice as wide": (rows, replace(priors, spread_scale=priors.spread_scale * 2)),
    }


def sensitivity(rows: pd.DataFrame, doubtful: pd.DataFrame, priors: Priors, level: float) -> pd.DataFrame:
    """Effect in a new place, in per cent, of every measure under every variant.

    Columns: ``measure``, ``variant``, ``studies``, ``lower``, ``value``, ``upper``, ``source_id`` and, of the number of
    studies, ``own_sources``.
    """
    found, whole = [], fit_measures(rows, POOLED_MEASURES, priors)
    for variant, (frame, prior) in variants(rows, doubtful, priors).items():
        # Measures whose rows and priors are the same keep their fit.
        changed = [m for m in POOLED_MEASURES if prior != priors or not _of(frame, m).equals(_of(rows, m))]
        synthesis = together(frame, whole | fit_measures(frame, changed, prior), prior)
        cited = join(*synthesis.cites)
        for measure in POOLED_MEASURES:
            own = _of(frame, measure)
            interval = np.expm1(synthesis.new_place(measure).interval(level)) * 100
            found.append((measure, variant, own["study_id"].nunique(), *interval, cited, join(*own[OWN])))
    return pd.DataFrame(found, columns=["measure", "variant", "studies", "lower", "value", "upper", "source_id", OWN])


def _of(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    return rows[rows["measure"] == measure]


# One-sided p-values above this are called not significant.
SIGNIFICANT = 0.025


def selected(rows: pd.DataFrame) -> pd.DataFrame:
    """What effects are if results that are not significant are published less often than others.

    A step selection model with a mean for every measure of two studies or more and one spread; results that are only
    said to be not significant count as published ones. Columns: ``measure``, ``published`` (mean effect in per cent,
    all taken as they are), ``selected`` (as the model corrects it), ``weight`` of results that are not significant
    against those that are, and ``p_value`` of the test that it is one. Most errors are imputed, so this is a
    sensitivity and no finding.
    """
    counts = rows.groupby("measure")["study_id"].nunique()
    own = rows[rows["measure"].isin(counts.index[counts >= 2])]
    names = sorted(own["measure"].unique())
    design = membership(own["measure"], names)
    hidden = own["is_censored"].to_numpy(dtype=bool)
    values, errors = np.where(hidden, 0.0, own["log_ratio"].to_numpy(dtype=float)), own["se"].to_numpy(dtype=float)
    fitted = step_selection(values, errors, design, (SIGNIFICANT,), hidden=hidden)
    none = step_selection(values, errors, design, (SIGNIFICANT,), (1.0,), hidden)
    likely = chi2.sf(max(0.0, 2 * (fitted.log_likelihood - none.log_likelihood)), 1)
    return pd.DataFrame(
        {
            "measure": names,
            "published": np.expm1(none.mean) * 100,
            "selected": np.expm1(fitted.mean) * 100,
            "weight": fitted.weights[-1],
            "p_value": likely,
        }
    )


def small_study_slopes(rows: pd.DataFrame) -> pd.DataFrame:
    """Does the effect grow with its error, as it would if small studies that found nothing stay unpublished?

    Weighted regression of log ratios, less the mean of their measure, on the error (PET) and on its square (PEESE).
    Columns: ``check``, ``slope``, ``se``, ``rows``. Most errors are imputed from the size of the sample, so this
    tells of small samples more than of published significance.
    """
    rows = rows[~rows["is_censored"]]
    centred = rows["log_ratio"] - rows.groupby("measure")["log_ratio"].transform("mean")
    known = rows.groupby("measure")["log_ratio"].transform("size") > 1
    found = []
    for check, column in (("PET", rows["se"]), ("PEESE", rows["se"] ** 2)):
        x, y, w = column[known], centred[known], rows.loc[known, "se"] ** -2
        x = x - np.average(x, weights=w)
        precision = float((w * x**2).sum())
        slope = float((w * x * y).sum()) / precision
        scatter = float((w * (y - slope * x) ** 2).sum()) / max(1, int(known.sum()) - 2)
        found.append((check, slope, np.sqrt(max(1.0, scatter) / precision), int(known.sum())))
    return pd.DataFrame(found, columns=["check", "slope", "se", "rows"])
