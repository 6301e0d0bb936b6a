"""What a measure does to yield in a place not yet studied: a random-effects synthesis, integrated exactly.

Log response ratios y_i ~ Normal(mu, s_i^2 + tau^2), one mu per kind of measure, a normal prior on mu and a
half-normal prior on tau. Given tau the model is linear and normal, so mu is integrated in closed form and tau
over a fine grid (as bayesmeta does): no sampler, the same digits every time.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from pipeline.model.draws import stream
from pipeline.tables import MEASURES

WEST_AFRICA = "Ghana|Ivoire|Nigeria|Cameroon"
TAU_GRID = np.linspace(0.0, 2.0, 401)
# Unadjusted designs may be off by more than their sampling error: spread of that bias on the log scale.
DESIGN_BIAS_SD = {
    "on_farm_trial": 0.0,
    "on_station_trial": 0.0,
    "before_after": 0.15,
    "cross_section": 0.15,
    "frontier": 0.15,
}
IMPUTED_SE_QUANTILE = 0.9


@dataclass(frozen=True)
class Posterior:
    """Posterior of one kind of measure on a grid of the between-study spread.

    ``weight``, ``mean`` and ``sd`` have one entry per value of ``TAU_GRID``: probability of that spread, and
    mean and standard deviation of mu given it.
    """

    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    n_studies: int

    def quantiles(self, levels: list[float], predictive: bool) -> np.ndarray:
        """Quantiles of mu, or of the effect in a new place when ``predictive``; exact to 1e-6."""
        sd = np.sqrt(self.sd**2 + TAU_GRID**2) if predictive else self.sd
        low, high = np.full(len(levels), -12.0), np.full(len(levels), 12.0)
        for _ in range(45):
            middle = (low + high) / 2
            below = (self.weight * ndtr((middle[:, None] - self.mean) / sd)).sum(axis=1) < levels
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draws of the log response ratio in a new place, shape (size,)."""
        index = rng.choice(len(TAU_GRID), size, p=self.weight)
        spread = np.sqrt(self.sd[index] ** 2 + TAU_GRID[index] ** 2)
        return self.mean[index] + spread * rng.standard_normal(size)

    def spread(self) -> float:
        """Posterior mean of the between-study standard deviation."""
        return float(self.weight @ TAU_GRID)


def fit(effects: np.ndarray, errors: np.ndarray, prior_mean: float, prior_sd: float, spread_scale: float) -> Posterior:
    """Posterior for log response ratios ``effects`` with standard errors ``errors``, both of shape (studies,).

    With no study the posterior is the prior. Raises ``ValueError`` for effects or errors that are not finite and
    for errors that are not above zero.
    """
    if len(effects) != len(errors) or not (
        np.isfinite(effects).all() and np.isfinite(errors).all() and np.all(errors > 0)
    ):
        raise ValueError("every effect must be finite and have a finite standard error above zero")
    variance = errors[None, :] ** 2 + TAU_GRID[:, None] ** 2
    precision = (1 / variance).sum(axis=1) + prior_sd**-2
    mean = ((effects / variance).sum(axis=1) + prior_mean / prior_sd**2) / precision
    quadratic = (effects**2 / variance).sum(axis=1) + prior_mean**2 / prior_sd**2 - mean**2 * precision
    log_weight = -0.5 * (np.log(variance).sum(axis=1) + np.log(precision) + quadratic + (TAU_GRID / spread_scale) ** 2)
    weight = np.exp(log_weight - log_weight.max())
    return Posterior(weight / weight.sum(), mean, precision**-0.5, len(effects))


def impute_errors(effects: pd.DataFrame) -> pd.DataFrame:
    """Add ``se`` and ``is_se_imputed``: unknown standard errors get a high quantile of the known ones.

    Bias of unadjusted designs is added to the variance. ``effects`` are rows of the clean table of effects.
    """
    known = effects["log_ratio_se"].dropna()
    result = effects.assign(is_se_imputed=effects["log_ratio_se"].isna())
    sampling = effects["log_ratio_se"].fillna(known.quantile(IMPUTED_SE_QUANTILE))
    result["se"] = np.hypot(sampling, effects["design"].map(DESIGN_BIAS_SD))
    return result


def by_study(effects: pd.DataFrame) -> pd.DataFrame:
    """One row per study and measure: mean of its effects; its error is not made smaller by counting rows.

    Rows of one study share a control, a site or a season, so they are not independent looks.
    """
    grouped = effects.groupby(["measure", "study_id"], sort=True)
    studies = grouped.agg(
        log_ratio=("log_ratio", "mean"),
        se=("se", lambda s: float(np.sqrt((s**2).mean()))),
        n_rows=("effect_id", "size"),
        is_se_imputed=("is_se_imputed", "any"),
        country=("country", "first"),
        design=("design", "first"),
        sources=("source_id", lambda s: ";".join(sorted(set(s)))),
    )
    return studies.reset_index()


def synthesise(
    studies: pd.DataFrame, priors: dict[str, tuple[float, float]], spread_scale: float
) -> dict[str, Posterior]:
    """Posterior per kind of measure; ``priors`` gives prior mean and standard deviation of each."""
    found = {}
    for measure, (mean, sd) in priors.items():
        rows = studies[studies["measure"] == measure]
        found[measure] = fit(rows["log_ratio"].to_numpy(), rows["se"].to_numpy(), mean, sd, spread_scale)
    return found


def priors(fertilizer: tuple[float, float], other: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """Prior mean and standard deviation of every kind of measure."""
    return {measure: fertilizer if measure.endswith("fertilizer") else other for measure in MEASURES}


def draw_table(posteriors: dict[str, Posterior], seed: int, size: int) -> pd.DataFrame:
    """Predictive draws of the log response ratio, one column per kind of measure."""
    return pd.DataFrame({name: post.draw(stream(seed, f"effect {name}"), size) for name, post in posteriors.items()})


def sensitivity(
    pooled: pd.DataFrame, prior: dict[str, tuple[float, float]], spread_scale: float, level: float
) -> pd.DataFrame:
    """Predictive median and interval per kind of measure (log ratio) when rows or errors are treated otherwise.

    ``pooled`` comes from ``impute_errors``. Columns: ``measure``, ``variant``, ``n_studies``, ``lower``,
    ``value``, ``upper``.
    """
    variants = {
        "all": pooled,
        "errors doubled": pooled.assign(se=pooled["se"] * 2),
        "printed errors only": pooled[~pooled["is_se_imputed"]],
        "without West Africa": pooled[~pooled["country"].fillna("").str.contains(WEST_AFRICA)],
    }
    rows = []
    for variant, effects in variants.items():
        for measure, post in synthesise(by_study(effects), prior, spread_scale).items():
            lower, value, upper = post.quantiles([(1 - level) / 2, 0.5, (1 + level) / 2], predictive=True)
            rows.append((measure, variant, post.n_studies, lower, value, upper))
    return pd.DataFrame(rows, columns=["measure", "variant", "n_studies", "lower", "value", "upper"])
