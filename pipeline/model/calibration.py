"""Simulation-based calibration: effects simulated from the priors must come back as often as their intervals claim.

Synthetic data, used here and nowhere else: they take the design of the real rows (measures, countries, studies,
designs, errors) and replace the effects. If the model computes what it says, the position of the true value in its
posterior is even between zero and one (Talts et al. 2018, arXiv 1804.06788).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline import compute
from pipeline.model.draws import stream
from pipeline.model.evidence import HERE, Priors, country_of, moderators, synthesise

BATCH = 10


@dataclass(frozen=True)
class Task:
    """A batch of simulated syntheses: all that another process needs to run it."""

    rows: pd.DataFrame
    priors: Priors
    factor_sd: float
    seed: int
    first: int
    size: int


def calibrate(rows: pd.DataFrame, priors: Priors, factor_sd: float, seed: int, replicates: int) -> pd.DataFrame:
    """Position of the truth in its posterior, for every replicate and measure that has rows.

    Columns: ``replicate``, ``measure``, ``mean`` and ``new_place`` (probability below the truth).
    """
    starts = range(0, replicates, BATCH)
    tasks = [Task(rows, priors, factor_sd, seed, start, min(BATCH, replicates - start)) for start in starts]
    return pd.concat(compute.each(run_batch, tasks), ignore_index=True)


def run_batch(task: Task) -> pd.DataFrame:
    """Simulate and fit the replicates of one batch."""
    return pd.concat(
        [_replicate(task, number) for number in range(task.first, task.first + task.size)], ignore_index=True
    )


def _replicate(task: Task, number: int) -> pd.DataFrame:
    rng = stream(task.seed, f"calibration {number}")
    scale = task.priors.spread_scale * np.exp(task.priors.typical_log_sd * rng.standard_normal())
    parts = {
        measure: simulate(
            rows, *draw_truth(rows, task.priors.of(str(measure)), task.priors.bias_sd, scale, task.factor_sd, rng), rng
        )
        for measure, rows in task.rows.groupby("measure", sort=True)
    }
    simulated = task.rows.assign(log_ratio=pd.concat([values for values, _, _ in parts.values()]))
    fitted = synthesise(simulated, task.priors, task.factor_sd)
    found = [
        (number, measure, float(fitted.mean_effect(measure).below(mean)), float(fitted.new_place(measure).below(new)))
        for measure, (_, mean, new) in parts.items()
    ]
    return pd.DataFrame(found, columns=["replicate", "measure", "mean", "new_place"])


def draw_truth(
    rows: pd.DataFrame,
    prior: tuple[float, float],
    bias_sd: float,
    scale: float,
    factor_sd: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, dict[str, float]]:
    """Fixed effects (mean, then moderators) and spreads of one measure, drawn from their priors."""
    fixed = np.append(rng.normal(*prior), rng.normal(0, bias_sd, moderators(rows).shape[1]))
    spreads = {
        "country": abs(rng.normal(0, scale / 2)),
        "study": abs(rng.normal(0, scale)),
        "row": abs(rng.normal(0, scale / 2)),
        "imputed error": float(np.exp(factor_sd * rng.standard_normal())),
    }
    return fixed, spreads


def simulate(
    rows: pd.DataFrame, fixed: np.ndarray, spreads: dict[str, float], rng: np.random.Generator
) -> tuple[pd.Series, float, float]:
    """Effects of one measure for the design of ``rows``; the true mean; the true effect in a new place here."""
    country = _members(country_of(rows), spreads["country"], rng)
    study = _members(rows["study_id"], spreads["study"], rng)
    errors = rows["se"] * np.where(rows["is_se_imputed"], spreads["imputed error"], 1.0)
    true = fixed[0] + moderators(rows).to_numpy() @ fixed[1:] + country + study
    true = true + rng.normal(0, spreads["row"], len(rows))
    here = country[(country_of(rows) == HERE).to_numpy()]
    at_home = here[0] if len(here) else rng.normal(0, spreads["country"])
    new = fixed[0] + at_home + rng.normal(0, spreads["study"]) + rng.normal(0, spreads["row"])
    return pd.Series(true + rng.normal(0, errors), rows.index), float(fixed[0]), float(new)


def _members(labels: pd.Series, spread: float, rng: np.random.Generator) -> np.ndarray:
    """One normal effect per different label, repeated for its rows."""
    codes, names = pd.factorize(labels, sort=True)
    return rng.normal(0, spread, len(names))[codes]


def rank_counts(positions: pd.Series, bins: int = 20) -> pd.DataFrame:
    """Number of positions in equal bins between zero and one: columns ``middle`` and ``count``."""
    counts, edges = np.histogram(positions, bins, (0, 1))
    return pd.DataFrame({"middle": (edges[:-1] + edges[1:]) / 2, "count": counts})
