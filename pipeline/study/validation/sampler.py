"""The same synthesis through a sampler (NumPyro): a check on the exact integration over the spreads.

It also tries what the exact model cannot: study effects with heavy tails (Student t, as a normal whose variance is
drawn), so that one wild study pulls less. Given the spreads all effects are normal, so only spreads are sampled; means
and new places follow in closed form from each draw. Nothing published elsewhere rests on it. Chains that have not
converged are an error: the stage stops.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit import compute
from pipeline.kit.bayes.mixture import Mixture
from pipeline.study.synthesis.pooling import HERE, Priors, Synthesis, country_of, moderators

CHAINS, WARM_UP, KEPT = 4, 500, 700
# Usual limits for a chain that may be used (Vehtari et al. 2021, Bayesian Analysis 16).
HIGHEST_R_HAT, LEAST_EFFECTIVE, MOST_DIVERGENT = 1.01, 400.0, 0
# Degrees of freedom of the heavy tails: a study at three spreads from its measure is a hundred times likelier.
HEAVY_TAILS = 3.0


class ConvergenceError(RuntimeError):
    """Chains that must not be used; the message gives every diagnostic that is out of its limit."""


@dataclass(frozen=True)
class Sampled:
    """Distribution of the mean effect and of the effect in a new place by measure, and diagnostics of the chains."""

    mean_effect: dict[str, Mixture]
    new_place: dict[str, Mixture]
    r_hat: float
    effective: float
    divergent: int


def sample_both(rows: pd.DataFrame, priors: Priors, factor_sd: float, seed: int) -> dict[str, Sampled]:
    """The synthesis with normal and with heavy-tailed study effects, each in a process of its own."""
    runs = [(rows, priors, factor_sd, seed, heavy_tails) for heavy_tails in (False, True)]
    return dict(zip(("normal", "heavy"), compute.each(_run, runs), strict=True))


def _run(arguments: tuple[pd.DataFrame, Priors, float, int, bool]) -> Sampled:
    return sample(*arguments)


def sample(rows: pd.DataFrame, priors: Priors, factor_sd: float, seed: int, heavy_tails: bool) -> Sampled:
    """Draw from the posterior of the synthesis with the no-U-turn sampler, four chains.

    Raises ``ConvergenceError`` when R-hat, the effective sample size or the number of divergent steps is out of its
    limit.
    """
    import jax
    import numpyro
    from numpyro.diagnostics import summary
    from numpyro.infer import MCMC, NUTS

    numpyro.enable_x64()
    data = _arrays(rows, priors, factor_sd)
    chains = MCMC(
        NUTS(_model),
        num_warmup=WARM_UP,
        num_samples=KEPT,
        num_chains=CHAINS,
        chain_method="vectorized",
        progress_bar=False,
    )
    chains.run(jax.random.PRNGKey(seed), data, heavy_tails, extra_fields=("diverging",))
    drawn = {name: np.asarray(values) for name, values in chains.get_samples(group_by_chain=True).items()}
    table = summary({name: values for name, values in drawn.items() if not name.endswith("_sd")})
    r_hat = max(float(np.max(part["r_hat"])) for part in table.values())
    effective = min(float(np.min(part["n_eff"])) for part in table.values())
    divergent = int(np.asarray(chains.get_extra_fields()["diverging"]).sum())
    check(r_hat, effective, divergent)
    return Sampled(_mixtures(data, drawn, "mean"), _mixtures(data, drawn, "new"), r_hat, effective, divergent)


def _mixtures(data: dict[str, Any], drawn: dict[str, np.ndarray], name: str) -> dict[str, Mixture]:
    """One normal per draw: what is left of an effect when the spreads are averaged over the chains."""
    mean, sd = (drawn[f"{name}_{part}"].reshape(-1, len(data["measures"])) for part in ("mean", "sd"))
    even = np.full(len(mean), 1 / len(mean))
    return {measure: Mixture(even, mean[:, k], sd[:, k]) for k, measure in enumerate(data["measures"])}


def check(r_hat: float, effective: float, divergent: int) -> None:
    """The gate: raises ``ConvergenceError`` for chains that must not be used."""
    problems = []
    if not r_hat <= HIGHEST_R_HAT:
        problems.append(f"R-hat is {r_hat:.3f}, above {HIGHEST_R_HAT}")
    if not effective >= LEAST_EFFECTIVE:
        problems.append(f"the effective sample size is {effective:.0f}, below {LEAST_EFFECTIVE:.0f}")
    if divergent > MOST_DIVERGENT:
        problems.append(f"{divergent} steps diverged")
    if problems:
        raise ConvergenceError("the chains must not be used: " + "; ".join(problems))


def _arrays(rows: pd.DataFrame, priors: Priors, factor_sd: float) -> dict[str, Any]:
    """Data of the model as arrays: which rows share a measure, a country, a study, a moderator."""
    rows = rows.reset_index(drop=True)
    measure, measures = pd.factorize(rows["measure"], sort=True)
    place = (rows["measure"] + "|" + country_of(rows)).to_numpy()
    study, studies = pd.factorize(rows["measure"] + "|" + rows["study_id"], sort=True)
    same_measure = measure[:, None] == measure[None, :]
    shifts = moderators(rows).to_numpy()
    home = np.array([f"{name}|{HERE}" for name in measures])
    return {
        "measures": tuple(measures),
        "values": rows["log_ratio"].to_numpy(float),
        "errors": rows["se"].to_numpy(float),
        "imputed": rows["is_se_imputed"].to_numpy(bool),
        "measure": measure,
        "study": study,
        "studies": len(studies),
        "is_measure": (np.arange(len(measures))[:, None] == measure[None, :]).astype(float),
        "is_home": (home[:, None] == place[None, :]).astype(float),
        "same_measure": same_measure.astype(float),
        "same_place": (place[:, None] == place[None, :]).astype(float),
        "same_study": (study[:, None] == study[None, :]).astype(float),
        "bias": shifts @ shifts.T * same_measure * priors.bias_sd**2,
        "prior": np.array([priors.of(name) for name in measures]),
        "scale": priors.spread_scale,
        "typical_log_sd": priors.typical_log_sd,
        "factor_sd": factor_sd,
    }


def _model(data: dict[str, Any], heavy_tails: bool) -> None:
    """The model of ``evidence`` with all effects integrated: the data are one normal vector, its spreads are drawn."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    k, measure = len(data["measures"]), data["measure"]
    typical = numpyro.sample("typical", dist.LogNormal(jnp.log(data["scale"]), data["typical_log_sd"]))
    square = {
        name: (typical * part * numpyro.sample(name, dist.HalfNormal(1.0).expand([k]))) ** 2
        for name, part in (("country", 0.5), ("study", 1.0), ("row", 0.5))
    }
    factor = numpyro.sample("factor", dist.LogNormal(0.0, data["factor_sd"]).expand([k]))
    wild = next_wild = 1.0
    if heavy_tails:
        tail = dist.InverseGamma(HEAVY_TAILS / 2, HEAVY_TAILS / 2)
        wild = numpyro.sample("wild", tail.expand([data["studies"]]))[data["study"]]
        next_wild = numpyro.sample("next_wild", tail.expand([k]))
    error = (data["errors"] * jnp.where(data["imputed"], factor[measure], 1.0)) ** 2
    mean, sd = data["prior"][:, 0], data["prior"][:, 1]
    covariance = (
        data["same_measure"] * sd[measure] ** 2
        + data["bias"]
        + data["same_place"] * square["country"][measure]
        + data["same_study"] * square["study"][measure] * wild
        + jnp.diag(error + square["row"][measure])
    )
    numpyro.sample("values", dist.MultivariateNormal(mean[measure], covariance), obs=data["values"])
    # Means and new places given the spreads: normal, by the usual formula for a part of a normal vector.
    shared = data["is_measure"] * sd[:, None] ** 2
    at_home = shared + data["is_home"] * square["country"][:, None]
    apart = square["country"] + square["study"] * next_wild + square["row"]
    for name, carried, prior_variance in (("mean", shared, sd**2), ("new", at_home, sd**2 + apart)):
        gain = jnp.linalg.solve(covariance, carried.T).T
        numpyro.deterministic(f"{name}_mean", mean + gain @ (data["values"] - mean[measure]))
        numpyro.deterministic(f"{name}_sd", jnp.sqrt(prior_variance - (gain * carried).sum(axis=1)))


def compare(exact: Synthesis, sampled: Sampled, level: float) -> pd.DataFrame:
    """Quantiles of the exact synthesis beside those of the chains, on the log scale.

    Columns: ``measure``, ``quantity`` (mean_effect or new_place), ``point`` (lower, value or upper), ``exact``,
    ``sampled``, and ``width`` of the exact interval.
    """
    levels = [(1 - level) / 2, 0.5, (1 + level) / 2]
    found = []
    for quantity, mixtures in (("mean_effect", sampled.mean_effect), ("new_place", sampled.new_place)):
        for measure, mixture in mixtures.items():
            exact_points = getattr(exact, quantity)(measure).quantiles(levels)
            width = exact_points[2] - exact_points[0]
            chains = mixture.quantiles(levels)
            for point, e, s in zip(("lower", "value", "upper"), exact_points, chains, strict=True):
                found.append((measure, quantity, point, e, s, width))
    return pd.DataFrame(found, columns=["measure", "quantity", "point", "exact", "sampled", "width"])
