"""Published estimates of the evidence synthesis: effects in a new place, means over places, and what they rest on."""

from typing import Any

import numpy as np

from pipeline.model.evidence import Synthesis
from pipeline.publish.estimates import Estimate, split_sources

METHOD = "Bayesian synthesis of log response ratios, spreads integrated over a grid"
PLACES = {"effect": "in a regency of Indonesia not yet studied", "mean_effect": "mean over places"}


def effect_estimates(synthesis: Synthesis, level: float) -> list[Estimate]:
    """Per kind of measure, in per cent of yield: the effect in a new place, and the mean over places."""
    found = []
    for measure in synthesis.posteriors:
        common = _common(synthesis, measure)
        known = common["n"] > 0
        for key, mixture in (("effect", synthesis.new_place(measure)), ("mean_effect", synthesis.mean_effect(measure))):
            lower, value, upper = np.expm1(mixture.interval(level)) * 100
            basis = PLACES[key] if known else f"{PLACES[key]}; prior only"
            found.append(
                Estimate(
                    f"{key}.{measure}", value, "%", basis, lower=lower, upper=upper, level=level,
                    headline=key == "effect", **common,
                )
            )  # fmt: skip
    return found


def support_estimates(synthesis: Synthesis, variation: tuple[float, float, tuple[str, ...]]) -> list[Estimate]:
    """Spread between places per measure, chance that a measure lowers yield, and counts of rows and errors.

    ``variation`` is how farms vary, from ``evidence_rows``.
    """
    found = []
    for measure in synthesis.posteriors:
        common = _common(synthesis, measure)
        spread, chance = synthesis.between_places(measure), float(synthesis.new_place(measure).below(0.0))
        basis = "standard deviation of the log effect"
        found.append(Estimate(f"spread.{measure}", spread, "log ratio", basis, **common))
        found.append(Estimate(f"harm.{measure}", chance, "1", "chance that yield falls", **common))
    everything = split_sources(synthesis.rows["source_id"])
    imputed = int(synthesis.rows["is_se_imputed"].sum())
    rows = len(synthesis.rows)
    found.append(Estimate("evidence.rows", rows, "pooled effects", "rows", "count", everything, rows))
    found.append(
        Estimate("evidence.imputed", imputed, "pooled effects", "without a printed error", "count", everything, rows)
    )
    found.append(
        Estimate(
            "evidence.farm_variation", variation[0], "1", "coefficient of variation between farms",
            "geometric mean of surveys that print an error and a size", everything, len(variation[2]),
        )
    )  # fmt: skip
    return found


def _common(synthesis: Synthesis, measure: str) -> dict[str, Any]:
    rows = synthesis.rows[synthesis.rows["measure"] == measure]
    sources = split_sources(rows["source_id"]) if len(rows) else ("prior",)
    return {"method": METHOD, "sources": sources, "n": rows["study_id"].nunique()}
