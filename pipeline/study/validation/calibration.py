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
from scipy.special import ndtri
from scipy.stats import beta

from pipeline.kit import compute
from pipeline.kit.bayes.linear_normal import Block, Posterior, fixed_effects, groups, log_likelihood
from pipeline.kit.bayes.mixture import Mixture, stream
from pipeline.kit.bayes.selection import slope, step_selection
from pipeline.kit.data.citations import join
from pipeline.kit.data.sources import load_raw
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.synthesis.comparisons import UNADJUSTED
from pipeline.study.synthesis.pooling import (
    Priors,
    Simulated,
    Synthesis,
    fit_measures,
    positions_of,
    shifts,
    synthesise,
    together,
)

# Replicates that share one factorisation; more at once take memory.
BATCH = 200


@dataclass(frozen=True)
class Task:
    """A batch of simulated syntheses: all that another process needs to run it."""

    rows: pd.DataFrame
    priors: Priors
    seed: int
    first: int
    size: int


def calibrate(rows: pd.DataFrame, priors: Priors, seed: int, replicates: int) -> pd.DataFrame:
    """Position of the truth in its posterior, for every replicate and measure that has rows.

    Columns: ``replicate``, ``measure``, ``mean`` and ``new_place`` (probability below the truth).
    """
    starts = range(0, replicates, BATCH)
    tasks = [Task(rows, priors, seed, start, min(BATCH, replicates - start)) for start in starts]
    return pd.concat(compute.each(run_batch, tasks), ignore_index=True)


def run_batch(task: Task) -> pd.DataFrame:
    """Simulate the replicates of one batch and fit them together: they share all but the effects."""
    layouts = {str(measure): layout(own) for measure, own in task.rows.groupby("measure", sort=True)}
    numbers = range(task.first, task.first + task.size)
    drawn = [_replicate(layouts, task, stream(task.seed, f"calibration {number}")) for number in numbers]
    simulated = {}
    for measure, own in layouts.items():
        found = [each[measure] for each in drawn]
        simulated[measure] = Simulated(
            own.rows,
            np.array([each.effects for each in found]).T,
            np.array([each.hidden for each in found]).T,
            np.array([[each.mean, each.new_place] for each in found]).T,
        )
    frames = [
        pd.DataFrame({"replicate": numbers, "measure": measure, "mean": mean, "new_place": new})
        for measure, (mean, new) in positions_of(simulated, task.priors).items()
    ]
    return pd.concat(frames).sort_values(["replicate", "measure"], ignore_index=True)


def _replicate(layouts: dict[str, "Layout"], task: Task, rng: np.random.Generator) -> dict[str, "Replicate"]:
    """Simulated effects by measure, from truths drawn from the priors."""
    priors = task.priors
    typical = priors.spread_scale * np.exp(priors.typical_log_sd * rng.standard_normal())
    factor = np.exp(priors.variation_log_sd * rng.standard_normal())
    return {
        measure: simulate(own, draw_truth(priors.of(measure), priors, typical, factor, rng), rng)
        for measure, own in layouts.items()
    }


@dataclass(frozen=True)
class Layout:
    """The rows of one measure as simulation needs them: what shifts them, and the numbers of their groups."""

    rows: pd.DataFrame
    shifts: np.ndarray
    programme: np.ndarray
    study: np.ndarray
    is_biased: np.ndarray
    errors: np.ndarray
    is_imputed: np.ndarray
    is_censored: np.ndarray


def layout(rows: pd.DataFrame) -> Layout:
    """Layout of the rows of one measure."""
    return Layout(
        rows,
        shifts(rows).to_numpy(),
        pd.factorize(rows["programme"], sort=True)[0],
        pd.factorize(rows["study_id"], sort=True)[0],
        rows["design"].isin(UNADJUSTED).to_numpy(),
        rows["se"].to_numpy(dtype=float),
        rows["is_se_imputed"].to_numpy(dtype=bool),
        rows["is_censored"].to_numpy(dtype=bool),
    )


@dataclass(frozen=True)
class Truth:
    """What is true of one measure: mean, slope for a doubling of the dose and shifts of place and practice
    (``fixed``), spreads, the scale of bias, the degrees of freedom of the tails and the factor on imputed errors."""

    fixed: np.ndarray
    spreads: dict[str, float]
    bias: float
    tails: float
    factor: float


def draw_truth(
    prior: tuple[float, float], priors: Priors, typical: float, factor: float, rng: np.random.Generator
) -> Truth:
    """The truth of one measure, drawn from its priors; all measures share ``typical`` and ``factor``."""
    directness = priors.near if rng.random() < priors.near_weight else priors.far
    fixed = [rng.normal(*prior), rng.normal(*priors.doubling), *rng.normal(0, directness, 2)]
    scales = {"programme": typical, "study": typical / 2, "row": typical / 2}
    spreads = {name: abs(rng.normal(0, scale)) for name, scale in scales.items()}
    bias = priors.bias_sd * np.exp(priors.bias_log_sd * rng.standard_normal())
    return Truth(np.array(fixed), spreads, bias, priors.tails, factor)


@dataclass(frozen=True)
class Replicate:
    """Simulated effects (rows,), which of them are only told to be not significant, and what is true."""

    effects: np.ndarray
    hidden: np.ndarray
    mean: float
    new_place: float


def simulate(own: Layout, truth: Truth, rng: np.random.Generator) -> Replicate:
    """Effects of one measure for the design of its rows; a row without a printed number stays without one when its
    simulated effect is not significant either."""
    fixed, spreads = truth.fixed, truth.spreads
    programme = spreads["programme"] * rng.standard_t(truth.tails, own.programme.max() + 1)[own.programme]
    study = _members(own.study, spreads["study"], rng)
    bias = np.abs(_members(own.study, truth.bias, rng)) * own.is_biased
    errors = own.errors * np.where(own.is_imputed, truth.factor, 1.0)
    true = fixed[0] + own.shifts @ fixed[1:] + programme + study + rng.normal(0, spreads["row"], len(errors))
    effects = true + bias + rng.normal(0, errors)
    new = fixed[0] + spreads["programme"] * rng.standard_t(truth.tails)
    new += rng.normal(0, spreads["study"]) + rng.normal(0, spreads["row"])
    hidden = own.is_censored & (np.abs(effects) < 1.959964 * errors)
    return Replicate(effects, hidden, float(fixed[0]), float(new))


def _members(codes: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """One normal effect per group, repeated for its rows."""
    return rng.normal(0, spread, codes.max() + 1)[codes]


def rank_counts(positions: pd.Series, bins: int = 20) -> pd.DataFrame:
    """Number of positions in equal bins between zero and one: columns ``middle`` and ``count``."""
    counts, edges = np.histogram(positions, bins, (0, 1))
    return pd.DataFrame({"middle": (edges[:-1] + edges[1:]) / 2, "count": counts})


CHECKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "spread between studies": lambda effects: effects.std(axis=-1),
    "largest effect": lambda effects: effects.max(axis=-1),
    "smallest effect": lambda effects: effects.min(axis=-1),
}


def predictive_checks(synthesis: Synthesis, priors: Priors, seed: int, size: int) -> pd.DataFrame:
    """Chance that new studies of the same design show at least what the published ones do.

    Columns: ``measure``, ``check``, ``published``, ``simulated`` (median) and ``chance``; for measures with at least
    two studies. A chance near zero or one means that the model does not make such data.
    """
    found = []
    for measure, rows in synthesis.rows[~synthesis.rows["is_censored"]].groupby("measure", sort=True):
        if rows["study_id"].nunique() < 2:
            continue
        own = layout(rows)
        replicas = _by_study(own, _replicas(synthesis.posteriors[str(measure)], own, priors, str(measure), seed, size))
        as_published = _by_study(own, rows["log_ratio"].to_numpy(dtype=float))
        for check, statistic in CHECKS.items():
            published, simulated = float(statistic(as_published)), statistic(replicas)
            chance = float((simulated >= published).mean())
            found.append((measure, check, published, float(np.median(simulated)), chance))
    return pd.DataFrame(found, columns=["measure", "check", "published", "simulated", "chance"])


def _replicas(posterior: Posterior, own: Layout, priors: Priors, measure: str, seed: int, size: int) -> np.ndarray:
    """Effects that the posterior simulates, shape (size, rows)."""
    rng = stream(seed, f"predictive check {measure}")
    names = ["mean", *shifts(own.rows)]
    fixed, spreads = posterior.draw_with_spreads([{name: 1.0} for name in names], [()] * len(names), rng, size)
    truths = [
        Truth(fixed[draw], each, each["bias"], priors.tails, each["imputed error"])
        for draw in range(size)
        for each in [{name: float(values[draw]) for name, values in spreads.items()}]
    ]
    return np.array([simulate(own, truth, rng).effects for truth in truths])


def _by_study(own: Layout, effects: np.ndarray) -> np.ndarray:
    """Means of the effects (..., rows) of each study, shape (..., studies)."""
    belongs = np.eye(own.study.max() + 1)[own.study]
    return effects @ (belongs / belongs.sum(axis=0))


def leave_programmes_out(rows: pd.DataFrame, priors: Priors) -> pd.DataFrame:
    """Predict every study from all other programmes, measure by measure.

    The forecast is for the mean of the study's rows that have a number, with its design, dose, place, practice and its
    own error. Two naive forecasts: ``naive`` knows no measures (mean and spread of the studies of all other
    programmes), ``prior`` has heard of no study. Columns: ``measure``, ``study_id``, ``programme``, ``log_ratio``,
    ``lower50`` to ``upper95`` (50, 80 and 95 %), ``position`` (probability below the truth), and for each of the three
    forecasts ``crps`` and ``log_score``, ``others`` (studies of the measure that remain).
    """
    found, whole, unheard = [], fit_measures(rows, POOLED_MEASURES, priors), synthesise(rows.iloc[:0], priors)
    for programme, away in rows.groupby("programme", sort=True):
        rest = rows[rows["programme"] != programme]
        # Measures that the programme says nothing of keep their fit; the typical spread learns of its absence.
        heard = together(rest, whole | fit_measures(rest, away["measure"].unique(), priors), priors)
        naive = _naive(rest.groupby(["measure", "study_id"])["log_ratio"].mean().dropna().to_numpy())
        told = away[~away["is_censored"]]
        for (measure, study), own in told.groupby(["measure", "study_id"], sort=True):
            truth = float(own["log_ratio"].mean())
            forecasts = (predict_study(heard, own), naive, predict_study(unheard, own))
            scores = [score for each in forecasts for score in (each.crps(truth), each.log_density(truth))]
            bounds = forecasts[0].quantiles([0.25, 0.75, 0.1, 0.9, 0.025, 0.975])
            others = rest.loc[rest["measure"] == measure, "study_id"].nunique()
            found.append((measure, study, programme, truth, *bounds, float(forecasts[0].below(truth)), *scores, others))
    columns = ["measure", "study_id", "programme", "log_ratio"]
    columns += ["lower50", "upper50", "lower80", "upper80", "lower95", "upper95", "position"]
    columns += ["crps", "log_score", "crps_naive", "log_score_naive", "crps_prior", "log_score_prior", "others"]
    return pd.DataFrame(found, columns=columns)


def predict_study(synthesis: Synthesis, own: pd.DataFrame) -> Mixture:
    """Forecast of the mean of a study's rows, of a programme that the synthesis has not heard."""
    posterior = synthesis.posteriors[str(own["measure"].iloc[0])]
    known = posterior.combination({"mean": 1.0, **shifts(own).mean().to_dict()}, ("new programme", "study"))
    row, factor, bias = (posterior.spreads[name] for name in ("row", "imputed error", "new bias"))
    error = np.mean(own["se"] ** 2) * (factor**2 if own["is_se_imputed"].all() else 1.0)
    is_biased = own["design"].isin(UNADJUSTED).mean()
    return Mixture(known.weight, known.mean + is_biased * bias, np.sqrt(known.sd**2 + (row**2 + error) / len(own)))


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
# Steps of the one-sided p-value in the published selection model.
STEPS = (0.05, 0.10, 0.50)


def check_meta_analyses(studies: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Every published result beside the one computed here.

    ``published`` has results of other engines, too, which are left out. Columns: ``result_id``, ``dataset``,
    ``method``, ``quantity``, ``value``, ``computed``, ``passed``, ``source_id``.
    """
    published = published[published["dataset"].isin(studies["dataset"])]
    computed = {
        (dataset, method): _estimate(studies[studies["dataset"] == dataset], method)
        for dataset, method in published[["dataset", "method"]].drop_duplicates().itertuples(index=False)
    }
    values = [computed[row.dataset, row.method][row.quantity] for row in published.itertuples()]
    # A check rests on the printed result and on the studies it is computed from.
    by_dataset = studies.groupby("dataset")["source_id"].agg(lambda cited: join(*cited))
    cited = [join(row.source_id, by_dataset[row.dataset]) for row in published.itertuples()]
    table = published.assign(computed=values, source_id=cited)
    return table.assign(passed=(table["computed"] - table["value"]).abs() <= TOLERANCE)


def _estimate(studies: pd.DataFrame, method: str) -> dict[str, float]:
    """Mean, its interval, spread and slope by (restricted) maximum likelihood, or a selection model."""
    if method == "ml_steps":
        return _selection(studies)
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
    top = root(lambda s: slope(likelihood, s), found.x, tol=1e-12).x
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


def _selection(studies: pd.DataFrame) -> dict[str, float]:
    """Spread, weights of the steps after the first, and the likelihood ratio to no selection."""
    values, errors, design = studies["value"].to_numpy(), studies["error"].to_numpy(), np.ones((len(studies), 1))
    fitted = step_selection(values, errors, design, STEPS)
    none = step_selection(values, errors, design, STEPS, (1.0,) * len(STEPS))
    return {
        "tau2": fitted.tau2,
        **{f"weight_{number}": float(weight) for number, weight in enumerate(fitted.weights, 1)},
        "likelihood_ratio": 2 * (fitted.log_likelihood - none.log_likelihood),
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


RATIOS = ("ratio", "ratio_low", "ratio_high")
MEANS = ("treated_mean", "treated_sd", "treated_n", "control_mean", "control_sd", "control_n")
COUNTS = ("treated_cases", "treated_healthy", "control_cases", "control_healthy")


def meta_analyses() -> pd.DataFrame:
    """Studies with ``value`` and ``error``, both on the log scale where they are ratios.

    Counts of cases become log odds ratios, means of two arms log response ratios, printed ratios with a 95 % interval
    their logs, each with its standard error.
    """
    frame = load_raw("reference_meta_analyses", ("value", "variance", *COUNTS, "moderator", *RATIOS, *MEANS))
    treated, healthy, control, control_healthy = (frame[name] for name in COUNTS)
    odds = np.log(treated * control_healthy / healthy / control)
    variance = (1 / frame[list(COUNTS)]).sum(axis=1, skipna=False)
    response = np.log(frame["treated_mean"] / frame["control_mean"])
    squares = [
        frame[f"{arm}_sd"] ** 2 / frame[f"{arm}_n"] / frame[f"{arm}_mean"] ** 2 for arm in ("treated", "control")
    ]
    printed = (np.log(frame["ratio_high"]) - np.log(frame["ratio_low"])) / (2 * ndtri(0.975))
    return pd.DataFrame(
        {
            "dataset": frame["dataset"],
            "study": frame["study"],
            "cluster": frame["cluster"],
            "value": frame["value"].fillna(odds).fillna(response).fillna(np.log(frame["ratio"])),
            "error": np.sqrt(frame["variance"].fillna(variance).fillna(squares[0] + squares[1])).fillna(printed),
            "moderator": frame["moderator"],
            "source_id": frame["source_id"],
        }
    )
