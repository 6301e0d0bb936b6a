"""Published estimates of the evidence synthesis."""

import numpy as np
import pandas as pd

from pipeline.model.evidence import Posterior
from pipeline.publish.estimates import Estimate

METHOD = "random-effects synthesis of log response ratios, spread integrated over a grid"


def effect_estimates(posteriors: dict[str, Posterior], studies: pd.DataFrame, level: float) -> list[Estimate]:
    """Two estimates per kind of measure, in per cent of yield: in a new place, and the mean over places."""
    found = []
    for measure, posterior in posteriors.items():
        rows = studies[studies["measure"] == measure]
        sources = sorted({source for ids in rows["sources"] for source in ids.split(";")}) or ["prior"]
        for kind, predictive in (("effect", True), ("mean_effect", False)):
            basis = "in a place not yet studied" if predictive else "mean over places"
            levels = [(1 - level) / 2, 0.5, (1 + level) / 2]
            lower, value, upper = np.expm1(posterior.quantiles(levels, predictive)) * 100
            found.append(
                Estimate(
                    f"{kind}.{measure}",
                    value,
                    "%",
                    basis if len(rows) else f"{basis}; prior only",
                    METHOD,
                    tuple(sources),
                    len(rows),
                    lower,
                    upper,
                    level,
                    headline=predictive,
                )
            )
    return found
