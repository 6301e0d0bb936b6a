"""Prediction of studies that were left out: does the synthesis know how little it knows?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta

from pipeline.model.evidence import Priors, Synthesis, country_of, moderators, synthesise
from pipeline.model.mixture import Mixture


def leave_one_study_out(rows: pd.DataFrame, priors: Priors, factor_sd: float) -> pd.DataFrame:
    """Predict every study from all others, measure by measure.

    The forecast is for the mean of the study's rows, with its design, its country and its own error. The naive
    forecast knows no measures: mean and spread of all other studies. Columns: ``measure``, ``study_id``,
    ``log_ratio``, ``lower80``, ``upper80``, ``lower95``, ``upper95``, ``position`` (probability below the truth),
    ``crps``, ``crps_naive``, ``others`` (studies of the measure that remain).
    """
    found = []
    for (measure, study), own in rows.groupby(["measure", "study_id"], sort=True):
        rest = rows[rows["study_id"] != study]
        forecast = predict_study(synthesise(rest, priors, factor_sd), own)
        truth = float(own["log_ratio"].mean())
        others = rest.loc[rest["measure"] == measure, "study_id"].nunique()
        naive = _naive(rest.groupby(["measure", "study_id"])["log_ratio"].mean().to_numpy())
        bounds = forecast.quantiles([0.1, 0.9, 0.025, 0.975])
        scores = (float(forecast.below(truth)), forecast.crps(truth), naive.crps(truth))
        found.append((measure, study, truth, *bounds, *scores, others))
    columns = ["lower80", "upper80", "lower95", "upper95", "position", "crps", "crps_naive", "others"]
    return pd.DataFrame(found, columns=["measure", "study_id", "log_ratio", *columns])


def predict_study(synthesis: Synthesis, own: pd.DataFrame) -> Mixture:
    """Forecast of the mean of a study's rows, of a measure that the synthesis knows from other studies."""
    posterior = synthesis.posteriors[str(own["measure"].iloc[0])]
    parts = {"mean": 1.0, **moderators(own).mean().to_dict()}
    unseen = 0.0
    for country, share in country_of(own).value_counts(normalize=True).items():
        if f"country:{country}" in posterior.names:
            parts[f"country:{country}"] = float(share)
        else:
            unseen += float(share) ** 2
    known = posterior.combination(parts, ("study",))
    row, country_spread, factor = (posterior.spreads[name] for name in ("row", "country", "imputed error"))
    error = np.mean(own["se"] ** 2) * (factor**2 if own["is_se_imputed"].all() else 1.0)
    variance = known.sd**2 + unseen * country_spread**2 + (row**2 + error) / len(own)
    return Mixture(known.weight, known.mean, np.sqrt(variance))


def _naive(effects: np.ndarray) -> Mixture:
    spread = effects.std(ddof=1) * np.sqrt(1 + 1 / len(effects))
    return Mixture(np.ones(1), np.array([effects.mean()]), np.array([spread]))


@dataclass(frozen=True)
class Coverage:
    """Share of truths inside their intervals, with what ``n`` of them can tell: a Jeffreys interval of 90 %."""

    level: float
    share: float
    lower: float
    upper: float
    n: int


def coverage(positions: pd.Series, level: float) -> Coverage:
    """Coverage of the central intervals of a ``level``, from the positions of the truths in their forecasts."""
    inside = int(positions.between((1 - level) / 2, (1 + level) / 2).sum())
    n = len(positions)
    lower, upper = beta.ppf([0.05, 0.95], inside + 0.5, n - inside + 0.5)
    return Coverage(level, inside / n, float(lower), float(upper), n)
