"""Simulation-based calibration: effects simulated from the priors must come back as often as their intervals claim.

Synthetic data, used here and nowhere else: they take the design of the real rows (measures, countries, studies,
designs, errors) and replace the effects. If the model computes what it says, the position of the true value in its
posterior is even between zero and one (Talts et al. 2018, arXiv 1804.06788).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize, root
from scipy.stats import beta

from pipeline.kit import compute
from pipeline.kit.bayes.linear_normal import Block, fixed_effects, groups, log_likelihood
from pipeline.kit.bayes.mixture import Mixture, stream
from pipeline.kit.data.sources import load_raw
from pipeline.study.synthesis.pooling import HERE, Priors, Synthesis, country_of, moderators, synthesise

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


# A coefficient with a prior as wide as this is as good as free; restricted likelihood integrates over it.
FREE_SD = 100.0
# Published figures have four digits: the last may be rounded, and each optimiser stops a little elsewhere.
TOLERANCE = 2e-4


def check_meta_analyses(studies: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Every published result beside the one computed here.

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
    top = root(lambda s: _slope(likelihood, s), found.x, tol=1e-12).x
    spreads = dict(zip(names, np.abs(top), strict=True))
    best, error = _generalised_least_squares(values, errors, design, studies, spreads)
    return {
        "mean": float(best[0]),
        "mean_lower": float(best[0] - 1.959964 * error[0]),
        "mean_upper": float(best[0] + 1.959964 * error[0]),
        "slope": float(best[-1]),
        "tau2": spreads["study"] ** 2,
        "tau2_cluster": spreads.get("cluster", 0.0) ** 2,
    }


def _slope(function: Callable[[np.ndarray], float], at: np.ndarray, step: float = 2e-3) -> np.ndarray:
    """Differences over two steps to each side. A top is flat; where its slope is zero is known to more digits."""
    near, far = (
        np.array([function(at + one) - function(at - one) for one in reach * np.eye(len(at))])
        for reach in (step, 2 * step)
    )
    return (8 * near - far) / (12 * step)


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


COUNTS = ("treated_cases", "treated_healthy", "control_cases", "control_healthy")


def meta_analyses() -> pd.DataFrame:
    """Studies with ``value`` and ``error``; counts of cases become log odds ratios with their standard error."""
    frame = load_raw("reference_meta_analyses", ("value", "variance", *COUNTS, "moderator"))
    treated, healthy, control, control_healthy = (frame[name] for name in COUNTS)
    odds = np.log(treated * control_healthy / healthy / control)
    variance = (1 / frame[list(COUNTS)]).sum(axis=1, skipna=False)
    return pd.DataFrame(
        {
            "dataset": frame["dataset"],
            "study": frame["study"],
            "cluster": frame["cluster"],
            "value": frame["value"].fillna(odds),
            "error": np.sqrt(frame["variance"].fillna(variance)),
            "moderator": frame["moderator"],
        }
    )


def published_results() -> pd.DataFrame:
    """What was published about them: ``dataset``, ``method``, ``quantity``, ``value`` and ``source_id``."""
    return load_raw("reference_results", ("value",))
