"""Posterior predictive checks: do effects simulated from the fitted synthesis look like those that were published?"""

import numpy as np
import pandas as pd

from pipeline.model.calibration import simulate
from pipeline.model.draws import stream
from pipeline.model.evidence import Synthesis, moderators

CHECKS = {
    "spread between studies": lambda effects: float(effects.std(ddof=0)),
    "largest effect": lambda effects: float(effects.max()),
    "smallest effect": lambda effects: float(effects.min()),
}


def predictive_checks(synthesis: Synthesis, seed: int, size: int) -> pd.DataFrame:
    """Chance that new studies of the same design show at least what the published ones do.

    Columns: ``measure``, ``check``, ``published``, ``simulated`` (median) and ``chance``; for measures with at least
    two studies. A chance near zero or one means that the model does not make such data.
    """
    found = []
    for measure, rows in synthesis.rows.groupby("measure", sort=True):
        if rows["study_id"].nunique() < 2:
            continue
        replicas = _replicas(synthesis, rows, str(measure), seed, size)
        for check, statistic in CHECKS.items():
            published, simulated = statistic(_by_study(rows, rows["log_ratio"])), np.array([*map(statistic, replicas)])
            chance = float((simulated >= published).mean())
            found.append((measure, check, published, float(np.median(simulated)), chance))
    return pd.DataFrame(found, columns=["measure", "check", "published", "simulated", "chance"])


def _replicas(synthesis: Synthesis, rows: pd.DataFrame, measure: str, seed: int, size: int) -> list[pd.Series]:
    rng = stream(seed, f"predictive check {measure}")
    names = ["mean", *moderators(rows)]
    posterior = synthesis.posteriors[measure]
    fixed, spreads = posterior.draw_with_spreads([{name: 1.0} for name in names], [()] * len(names), rng, size)
    each = [{name: float(values[draw]) for name, values in spreads.items()} for draw in range(size)]
    return [_by_study(rows, simulate(rows, fixed[draw], each[draw], rng)[0]) for draw in range(size)]


def _by_study(rows: pd.DataFrame, effects: pd.Series) -> pd.Series:
    return effects.groupby(rows["study_id"]).mean()
