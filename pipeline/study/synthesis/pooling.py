"""What a measure does to yield in a place not yet studied: a Bayesian synthesis of published effects.

Log response ratio of row j of study i in country c, for one kind of measure:

    y = mean + bias of the design + African country + country effect + study effect + row effect + error

Country, study and row effects are normal about zero, each with a spread of its own for every measure; standard errors
that were imputed share a factor that is not known either. How much studies of a measure differ is learned from that
measure and, through the typical spread, from all others. Given the spreads the model is linear and normal, so it is
integrated over a grid (``linear_normal``): no sampler, the same digits every time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.bayes import mixture
from pipeline.kit.bayes.linear_normal import Asked, Block, Posterior, average, fit, fixed_effects, groups, positions
from pipeline.kit.bayes.mixture import Mixture, stream
from pipeline.kit.data.citations import cite_parameters, split_lists
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.synthesis.comparisons import AFRICA, UNADJUSTED, variation_between_farms

HERE = "Indonesia"
SPREADS = ("country", "study", "row")


@dataclass(frozen=True)
class Priors:
    """Weak prior knowledge, all on the log scale.

    Mean and standard deviation of effects, the typical spread between studies (known to a factor: ``typical_log_sd``
    is the standard deviation of its log), and the standard deviation of the bias of designs without a drawn control.
    """

    fertilizer: tuple[float, float] = (0.2, 0.4)
    other: tuple[float, float] = (0.1, 0.3)
    spread_scale: float = 0.3
    bias_sd: float = 0.15
    typical_log_sd: float = 0.5

    def of(self, measure: str) -> tuple[float, float]:
        """Prior mean and standard deviation of the mean effect of a measure; shade may work either way."""
        if measure == "shade":
            return 0.0, self.fertilizer[1]
        return self.fertilizer if measure.endswith("fertilizer") else self.other


@dataclass(frozen=True)
class Synthesis:
    """Posterior of every measure, the rows it rests on, and the typical spread between studies with its weights."""

    posteriors: dict[str, Posterior]
    rows: pd.DataFrame
    typical: np.ndarray
    typical_weight: np.ndarray

    @property
    def cites(self) -> tuple[str, ...]:
        """What every effect cites: all rows, for together they tell the typical spread, and the priors."""
        return (*sorted(split_lists(self.rows["source_id"])), *PRIORS)

    def mean_effect(self, measure: str) -> Mixture:
        """Mean effect of a measure over all places, on the log scale."""
        return self.posteriors[measure].combination({"mean": 1.0})

    def new_place(self, measure: str) -> Mixture:
        """Effect of a measure in a regency of Indonesia not yet studied, on the log scale."""
        posterior = self.posteriors[measure]
        return posterior.combination(*_new_place(posterior.names))

    def between_places(self, measure: str) -> float:
        """Standard deviation of the true effect between places, on the log scale."""
        return self.posteriors[measure].total_spread(SPREADS)

    def study(self, measure: str, study: str) -> Mixture:
        """What a study tells of the effect at its own place once all others are heard."""
        rows = self.rows[(self.rows["measure"] == measure) & (self.rows["study_id"] == study)]
        parts = {"mean": 1.0, f"study:{study}": 1.0}
        for country, share in country_of(rows).value_counts(normalize=True).items():
            parts[f"country:{country}"] = float(share)
        return self.posteriors[measure].combination(parts)

    def draw(self, seed: int, size: int) -> pd.DataFrame:
        """Draws of the effect of every measure in a new place, one column each, from streams of their own."""
        return pd.DataFrame(
            {name: self.new_place(name).draw(stream(seed, f"effect {name}"), size) for name in self.posteriors}
        )


# The parameters behind the priors.
PRIORS = cite_parameters(
    "evidence.fertilizer_prior_mean",
    "evidence.fertilizer_prior_sd",
    "evidence.other_prior_mean",
    "evidence.other_prior_sd",
    "evidence.spread_prior_scale",
    "evidence.design_bias_sd",
)


def synthesise(rows: pd.DataFrame, priors: Priors, error_factor_sd: float) -> Synthesis:
    """Fit the synthesis to rows from ``evidence_rows``; a measure without rows keeps its prior.

    ``error_factor_sd`` is the spread of the log of the factor on imputed errors.
    """
    return together(rows, fit_measures(rows, POOLED_MEASURES, priors, error_factor_sd), priors)


def fit_measures(
    rows: pd.DataFrame, measures: Iterable[str], priors: Priors, error_factor_sd: float
) -> dict[str, list[Posterior]]:
    """Posterior of every measure for every typical spread between studies; arguments as for ``synthesise``."""
    scales = priors.spread_scale * _typical(priors).values
    return {
        measure: _fit_measure(rows[rows["measure"] == measure], measure, priors, scales, error_factor_sd)
        for measure in measures
    }


def together(rows: pd.DataFrame, fits: dict[str, list[Posterior]], priors: Priors) -> Synthesis:
    """The synthesis of all measures, fitted by ``fit_measures``: together they tell the typical spread."""
    log_weight = _log_typical(priors, [[p.log_evidence for p in parts] for parts in fits.values()])
    weight = np.exp(log_weight - log_weight.max())
    averaged = {measure: average(parts, list(log_weight)) for measure, parts in fits.items()}
    scales = priors.spread_scale * _typical(priors).values
    return Synthesis(averaged, rows.reset_index(drop=True), scales, weight / weight.sum())


@dataclass(frozen=True)
class Simulated:
    """Simulated effects (rows, sets) for the rows of one measure, and in every set the true mean and new place."""

    rows: pd.DataFrame
    effects: np.ndarray
    truths: np.ndarray


def positions_of(simulated: dict[str, Simulated], priors: Priors, error_factor_sd: float) -> dict[str, np.ndarray]:
    """Probability below the true mean and the true new place in the synthesis of every set, by measure (2, sets)."""
    scales = priors.spread_scale * _typical(priors).values
    found = {
        measure: [_positions(measure, own, priors, scale, error_factor_sd) for scale in scales]
        for measure, own in simulated.items()
    }
    log_weight = _log_typical(priors, [[evidence for _, evidence in parts] for parts in found.values()])
    weight = np.exp(log_weight - log_weight.max(axis=0))
    below = {measure: np.array([each for each, _ in parts]) for measure, parts in found.items()}
    return {measure: np.einsum("ts,tqs->qs", weight / weight.sum(axis=0), each) for measure, each in below.items()}


def _typical(priors: Priors) -> mixture.Spread:
    return mixture.log_normal_even("typical", priors.typical_log_sd)


def _log_typical(priors: Priors, log_evidence: list[list[Any]]) -> np.ndarray:
    """Log weight of every typical spread, (spreads,) or (spreads, sets), from the evidence of every measure."""
    evidence = np.sum(log_evidence, axis=0)
    return (np.log(_typical(priors).weights) + evidence.T).T


def error_factor_sd(effects: pd.DataFrame) -> float:
    """Spread of the log of the factor on imputed errors: as much as farms vary differently between surveys."""
    return variation_between_farms(effects)[1]


def _fit_measure(
    rows: pd.DataFrame, measure: str, priors: Priors, scales: np.ndarray, factor_sd: float
) -> list[Posterior]:
    """Posterior of one measure for every typical spread between studies in ``scales``.

    Countries, and rows of one study, differ half as much as studies: too few of them to learn more.
    """
    values, errors = (rows[name].to_numpy(dtype=float) for name in ("log_ratio", "se"))
    blocks = _blocks(rows, priors.of(measure), priors.bias_sd)
    return [fit(values, errors, blocks, _unknown(scale, factor_sd), _inflated(rows)) for scale in scales]


def _positions(
    measure: str, simulated: Simulated, priors: Priors, scale: float, factor_sd: float
) -> tuple[np.ndarray, np.ndarray]:
    rows = simulated.rows
    blocks = _blocks(rows, priors.of(measure), priors.bias_sd)
    asked: list[Asked] = [({"mean": 1.0}, ()), _new_place([name for block in blocks for name in block.names])]
    unknown, errors = _unknown(scale, factor_sd), rows["se"].to_numpy(dtype=float)
    return positions(simulated.effects, errors, blocks, unknown, _inflated(rows), asked, simulated.truths)


def _inflated(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    return {"imputed error": rows["is_se_imputed"].to_numpy(dtype=bool)}


def _new_place(names: Sequence[str]) -> Asked:
    """The effect in a regency of Indonesia not yet studied, as a sum of the coefficients of a measure."""
    if (here := f"country:{HERE}") in names:
        return {"mean": 1.0, here: 1.0}, ("study", "row")
    return {"mean": 1.0}, SPREADS


def _unknown(scale: float, factor_sd: float) -> list[mixture.Spread]:
    return [
        mixture.half_normal("country", scale / 2, 6),
        mixture.half_normal("study", scale, 12),
        mixture.half_normal("row", scale / 2, 6),
        mixture.log_normal("imputed error", factor_sd),
    ]


def _blocks(rows: pd.DataFrame, prior: tuple[float, float], bias_sd: float) -> list[Block]:
    shifts = moderators(rows)
    design = np.column_stack([np.ones(len(rows)), shifts.to_numpy()])
    sd = [prior[1], *[bias_sd] * shifts.shape[1]]
    return [
        fixed_effects(["mean", *shifts], design, [prior[0], *[0.0] * shifts.shape[1]], sd),
        groups("country", list(country_of(rows)), "country"),
        groups("study", list(rows["study_id"]), "study"),
        groups("row", list(rows["effect_id"]), "row"),
    ]


def moderators(rows: pd.DataFrame) -> pd.DataFrame:
    """What shifts a row besides its measure: a column per design without a drawn control, and one for Africa."""
    columns = {f"bias:{design}": rows["design"] == design for design in UNADJUSTED}
    columns["African country"] = rows["country"].fillna("").str.contains(AFRICA)
    return pd.DataFrame(columns, index=rows.index).astype(float)


def country_of(rows: pd.DataFrame) -> pd.Series:
    """Country of each row; one that is not stated is a country of its own."""
    return rows["country"].fillna("not stated")
