"""The engine against published meta-analyses: maximum likelihood through the likelihood that the synthesis uses."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from pipeline.model.linear_normal import Block, fixed_effects, groups, log_likelihood

# A coefficient with a prior as wide as this is as good as free; restricted likelihood integrates over it.
FREE_SD = 100.0
# Published figures have four digits: the last may be rounded, and each optimiser stops a little elsewhere.
TOLERANCE = 2e-4


def check_meta_analyses(studies: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Every published result beside the one computed here, from the tables of ``pipeline.clean.reference``.

    Columns: ``result_id``, ``dataset``, ``method``, ``quantity``, ``value``, ``computed``, ``passed``, ``source_id``.
    """
    computed = {
        (dataset, method): _estimate(studies[studies["dataset"] == dataset], method)
        for dataset, method in published[["dataset", "method"]].drop_duplicates().itertuples(index=False)
    }
    values = [computed[row.dataset, row.method][row.quantity] for row in published.itertuples()]
    table = published.assign(computed=values)
    return table.assign(passed=(table["computed"] - table["value"]).abs() <= TOLERANCE)


def _estimate(studies: pd.DataFrame, method: str) -> dict[str, float]:
    """Mean, its interval, spread and slope by (restricted) maximum likelihood."""
    values, errors = studies["value"].to_numpy(), studies["error"].to_numpy()
    names = ["study", "cluster"] if method.endswith("nested") else ["study"]
    columns = [np.ones(len(studies))]
    columns += [studies["moderator"].to_numpy()] if method.endswith("moderator") else []
    design = np.column_stack(columns)
    members = [groups(name, list(studies[name].astype(str)), name) for name in names]

    def likelihood(spreads: np.ndarray) -> float:
        given = dict(zip(names, np.abs(spreads), strict=True))
        if method.startswith("reml"):
            free = [fixed_effects(["mean"], design, [0.0], [FREE_SD])]
            return log_likelihood(values, errors, free + members, given)
        best = _generalised_least_squares(values, errors, design, studies, given)[0]
        held: list[Block] = [fixed_effects([str(i) for i in range(len(best))], design, list(best), [0.0] * len(best))]
        return log_likelihood(values, errors, held + members, given)

    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000}
    found = minimize(lambda s: -likelihood(s), np.full(len(names), 0.3), method="Nelder-Mead", options=options)
    spreads = dict(zip(names, np.abs(found.x), strict=True))
    best, error = _generalised_least_squares(values, errors, design, studies, spreads)
    return {
        "mean": float(best[0]),
        "mean_lower": float(best[0] - 1.959964 * error[0]),
        "mean_upper": float(best[0] + 1.959964 * error[0]),
        "slope": float(best[-1]),
        "tau2": spreads["study"] ** 2,
        "tau2_cluster": spreads.get("cluster", 0.0) ** 2,
    }


def _generalised_least_squares(
    values: np.ndarray, errors: np.ndarray, design: np.ndarray, studies: pd.DataFrame, spreads: dict[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their standard errors when the spreads are known."""
    covariance = np.diag(errors**2)
    for name, spread in spreads.items():
        label = studies[name].to_numpy()
        covariance += spread**2 * (label[:, None] == label[None, :])
    weighted = np.linalg.solve(covariance, design)
    inverse = np.linalg.inv(design.T @ weighted)
    return inverse @ (weighted.T @ values), np.sqrt(np.diag(inverse))
