"""Made-up rows of the synthesis, and the model of the evidence written again in plain draws, as its decision record
says it: no point set, no formula for normals."""

import numpy as np
import pandas as pd
from scipy.stats import norm


def made_up(values: list[float], **changes: object) -> pd.DataFrame:
    """Studies of mineral fertilizer, each a programme of its own with the printed error 0.1.

    ``nan`` is a result that is only said to be not significant.
    """
    frame = pd.DataFrame(
        {
            "effect_id": [f"S{n}" for n in range(len(values))],
            "measure": "mineral_fertilizer",
            "study_id": [f"made up {n}" for n in range(len(values))],
            "programme": [f"made up {n}" for n in range(len(values))],
            "country": "Indonesia",
            "design": "trial",
            "risk_of_bias": "some",
            "directness_place": "indonesia",
            "directness_practice": "like",
            "doublings": np.nan,
            "log_ratio": values,
            "se": 0.1,
            "is_se_imputed": False,
            "is_censored": np.isnan(values),
            "source_id": "made_up",
            "own_sources": "made_up",
        }
    )
    return frame.assign(**changes)


def weighted_draws(
    rows: pd.DataFrame,
    size: int,
    rng: np.random.Generator,
    prior: tuple[float, float] = (0.2, 0.4),
    bias: float = 0.15,
    log_error: float = 0.2,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Draws from the priors of the evidence model, each weighted by what the rows say: mean and new place, weights.

    For rows that are each a programme of their own. Typical spread 0.5 to a factor of e^0.5; spreads half-normal,
    programmes Student's t with four degrees of freedom; other places near (0.1) with 0.8, else far (0.5); bias
    half-normal with a scale of ``bias`` to a factor of e^0.5; errors that were imputed off by a factor of
    e^``log_error``.
    """
    typical = 0.5 * np.exp(0.5 * rng.standard_normal(size))
    programme, study, row = (np.abs(rng.standard_normal(size)) * typical * part for part in (1, 0.5, 0.5))
    mean = rng.normal(*prior, size)
    slope = rng.normal(0.07, 0.07, size)
    directness = np.where(rng.random(size) < 0.8, 0.1, 0.5)
    place, practice = (directness * rng.standard_normal(size) for _ in range(2))
    scale = bias * np.exp(0.5 * rng.standard_normal(size))
    factor = np.exp(log_error * rng.standard_normal(size))
    log_weight = np.zeros(size)
    for each in rows.itertuples():
        true = mean + programme * rng.standard_t(4, size) + study * rng.standard_normal(size)
        true = true + row * rng.standard_normal(size)
        if each.doublings == each.doublings:
            true = true + slope * each.doublings
        if each.directness_place not in ("indonesia", "borneo"):
            true = true + place
        if each.directness_practice == "unlike":
            true = true + practice
        if not each.design.endswith("trial"):
            true = true + np.abs(rng.standard_normal(size)) * scale
        error = each.se * (factor if each.is_se_imputed else 1.0)
        if each.is_censored:
            log_weight += np.log(norm.cdf(1.959964, true / error) - norm.cdf(-1.959964, true / error) + 1e-300)
        else:
            log_weight += norm.logpdf(each.log_ratio, true, error)
    weight = np.exp(log_weight - log_weight.max())
    new = mean + programme * rng.standard_t(4, size) + study * rng.standard_normal(size)
    return {"mean": mean, "new_place": new + row * rng.standard_normal(size)}, weight / weight.sum()


def weighted_quantiles(values: np.ndarray, weight: np.ndarray, levels: list[float]) -> np.ndarray:
    """Quantiles of weighted draws."""
    order = np.argsort(values)
    return np.interp(levels, np.cumsum(weight[order]), values[order])
