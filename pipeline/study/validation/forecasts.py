"""Forecasts of studies that nobody has read yet, kept with their day, so that a study read later can be held against
them.

A forecast is of the true effect of one study of a measure, with what its design would add; the error of the study
comes in when it is known. Files are never written over.
"""

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit import paths
from pipeline.kit.bayes.mixture import Mixture
from pipeline.kit.data.sources import load_raw
from pipeline.kit.yaml_text import FileError
from pipeline.study.evidence.clean import effects, shade_trial
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.synthesis.comparisons import UNADJUSTED, FullDose, pooled_rows, variation_between_farms
from pipeline.study.synthesis.pooling import HERE, Priors, Synthesis, synthesise

FOLDER = paths.ROOT / "results" / "reference" / "forecasts"
# Quantiles that are kept: enough that a forecast is the same again from them.
LEVELS = (np.arange(99) + 1) / 100
KINDS = [
    (place, practice, design)
    for place in ("here", "elsewhere")
    for practice in ("like", "unlike")
    for design in ("trial", "survey")
]
# A score rests on the quantiles, each smeared by so much where a study has next to no error.
LEAST_ERROR = 0.02


class ForecastError(FileError):
    """Forecasts that cannot be kept or read; the message says why."""


def synthesis_now(rows: pd.DataFrame, log_sd: float, params: Any) -> Synthesis:
    """The synthesis of these rows with all parameters; ``log_sd`` is of the variation between farms."""
    own = params.evidence
    priors = Priors(
        (own.fertilizer_prior_mean, own.fertilizer_prior_sd),
        (own.other_prior_mean, own.other_prior_sd),
        spread_scale=own.spread_prior_scale,
        bias_sd=own.design_bias_sd,
        near_weight=own.near_weight,
        variation_log_sd=log_sd,
    )
    return synthesise(rows, priors)


def rows_now(params: Any) -> tuple[pd.DataFrame, float]:
    """The rows of the synthesis as the raw tables have them now, and how well the variation between farms is known."""
    frame = effects(params.cleaning.printed_range_level)
    farms = variation_between_farms(frame, params.evidence.farm_variation_low, params.evidence.farm_variation_high)
    full_dose = FullDose.of(params.fertilizer.dose_kg_per_ha, load_raw("conversions", ("value",)))
    return pooled_rows(frame, shade_trial(), farms, full_dose), farms.log_sd


def keep(day: datetime.date, commit: str, params: Any) -> Path:
    """Write the forecasts of today to file; raises ``ForecastError`` when there are some of this day already."""
    path = FOLDER / f"{day}.json"
    if path.exists():
        raise ForecastError(f"{paths.shown(path)} is there already: forecasts of a day are made once")
    rows, log_sd = rows_now(params)
    synthesis = synthesis_now(rows, log_sd, params)
    kept = {
        "made_on": str(day),
        "commit": commit,
        "programmes": sorted(set(rows["programme"])),
        "levels": [round(float(level), 2) for level in LEVELS],
        "forecasts": [
            {
                "measure": measure,
                "place": place,
                "practice": practice,
                "design": design,
                "log_ratio": [round(float(q), 5) for q in of_study(synthesis, measure, place, practice, design)],
            }
            for measure in POOLED_MEASURES
            for place, practice, design in KINDS
        ],
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


def of_study(synthesis: Synthesis, measure: str, place: str, practice: str, design: str) -> np.ndarray:
    """Quantiles of what a study of this kind would find, its own error apart; the full dose of fertilizer."""
    posterior = synthesis.posteriors[measure]
    parts = {"mean": 1.0, "other place": float(place == "elsewhere"), "other practice": float(practice == "unlike")}
    known = posterior.combination(parts, ("new programme", "study", "row"))
    bias = posterior.spreads["new bias"] if design == "survey" else 0.0
    return Mixture(known.weight, known.mean + bias, known.sd).quantiles(list(LEVELS))


def score(rows: pd.DataFrame) -> pd.DataFrame:
    """Every study of a programme that was not known when a forecast was made, against that forecast.

    Columns: ``made_on``, ``study_id``, ``measure``, ``log_ratio``, ``se``, ``position`` (probability below what was
    found), ``crps``, ``log_score``. Empty when nothing was read since.
    """
    found = [line for path in sorted(FOLDER.glob("*.json")) for line in _scores(_read(path), rows)]
    columns = ["made_on", "study_id", "measure", "log_ratio", "se", "position", "crps", "log_score"]
    return pd.DataFrame(found, columns=columns)


def _read(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kept["by_kind"] = {
            (each["measure"], each["place"], each["practice"], each["design"]): np.array(each["log_ratio"])
            for each in kept["forecasts"]
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ForecastError(f"{paths.shown(path)} cannot be read as forecasts: {error!r}") from error
    return kept


def _scores(kept: dict[str, Any], rows: pd.DataFrame) -> list[tuple[Any, ...]]:
    new = rows[~rows["programme"].isin(kept["programmes"]) & ~rows["is_censored"].astype(bool)]
    found = []
    for (study, measure), own in new.groupby(["study_id", "measure"], sort=True):
        first = own.iloc[0]
        kind = (
            str(measure),
            "here" if first["directness_place"] in HERE else "elsewhere",
            "unlike" if first["directness_practice"] == "unlike" else "like",
            "survey" if first["design"] in UNADJUSTED else "trial",
        )
        if kind not in kept["by_kind"]:
            continue
        # Forecasts are of the full dose: what another dose changes is taken off, in the middle.
        dose = Priors.doubling[0] * own["doublings"].fillna(0.0)
        quantiles, truth = kept["by_kind"][kind], float((own["log_ratio"] - dose).mean())
        # The rows of a study share its sample, so that the error of their mean is smaller than that of one.
        error = max(LEAST_ERROR, float(np.sqrt((own["se"] ** 2).sum()) / len(own)))
        even = np.full(len(quantiles), 1 / len(quantiles))
        forecast = Mixture(even, quantiles, np.full(len(quantiles), error))
        scores = (float(forecast.below(truth)), forecast.crps(truth), forecast.log_density(truth))
        found.append((kept["made_on"], study, measure, truth, error, *scores))
    return found
