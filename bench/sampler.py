"""The synthesis of stage 05 through a sampler (NumPyro): a check on the exact integration over the spreads.

Given the spreads all effects are normal, so only spreads are sampled; new places follow in closed form from each draw.
Nothing that is published rests on it. NumPyro is in the environment of the benchmark only (``.venv-bench``).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.bayes.mixture import Mixture
from pipeline.study.synthesis.pooling import HERE, Priors, country_of, moderators

CHAINS, WARM_UP, KEPT = 4, 500, 700
# Usual limits for a chain that may be used (Vehtari et al. 2021, Bayesian Analysis 16).
HIGHEST_R_HAT, LEAST_EFFECTIVE, MOST_DIVERGENT = 1.01, 400.0, 0


class ConvergenceError(RuntimeError):
    """Chains that must not be used; the message gives every diagnostic that is out of its limit."""


@dataclass(frozen=True)
class Sampled:
    """Distribution of the effect in a new place by measure, and diagnostics of the chains."""

    new_place: dict[str, Mixture]
    r_hat: float
    effective: float
    divergent: int


def sample(data: dict[str, Any], seed: int, **chains: Any) -> Sampled:
    """Draw from the posterior of the synthesis with the no-U-turn sampler.

    ``data`` comes from ``arrays``; ``chains`` says how NumPyro runs the four chains. Raises ``ConvergenceError`` when
    R-hat, the effective sample size or the number of divergent steps is out of its limit.
    """
    import jax
    import numpyro
    from numpyro.diagnostics import summary
    from numpyro.infer import MCMC, NUTS

    numpyro.enable_x64()
    size = {"num_warmup": WARM_UP, "num_samples": KEPT, "num_chains": CHAINS}
    run = MCMC(NUTS(_model), **size, **chains, progress_bar=False)
    run.run(jax.random.PRNGKey(seed), data, extra_fields=("diverging",))
    drawn = {name: np.asarray(values) for name, values in run.get_samples(group_by_chain=True).items()}
    table = summary({name: values for name, values in drawn.items() if not name.endswith("_sd")})
    r_hat = max(float(np.max(part["r_hat"])) for part in table.values())
    effective = min(float(np.min(part["n_eff"])) for part in table.values())
    divergent = int(np.asarray(run.get_extra_fields()["diverging"]).sum())
    check(r_hat, effective, divergent)
    return Sampled(new_places(data, drawn), r_hat, effective, divergent)


def new_places(data: dict[str, Any], drawn: dict[str, np.ndarray]) -> dict[str, Mixture]:
    """The effect in a new place by measure, one normal per draw: what is left when the spreads are averaged."""
    mean, sd = (drawn[f"new_{part}"].reshape(-1, len(data["measures"])) for part in ("mean", "sd"))
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


def arrays(rows: pd.DataFrame, priors: Priors, factor_sd: float) -> dict[str, Any]:
    """Data of the model as arrays: which rows share a measure, a country, a study, a moderator."""
    rows = rows.reset_index(drop=True)
    measure, measures = pd.factorize(rows["measure"], sort=True)
    place = (rows["measure"] + "|" + country_of(rows)).to_numpy()
    study, _ = pd.factorize(rows["measure"] + "|" + rows["study_id"], sort=True)
    same_measure = measure[:, None] == measure[None, :]
    shifts = moderators(rows).to_numpy()
    home = np.array([f"{name}|{HERE}" for name in measures])
    return {
        "measures": tuple(measures),
        "values": rows["log_ratio"].to_numpy(float),
        "errors": rows["se"].to_numpy(float),
        "imputed": rows["is_se_imputed"].to_numpy(bool),
        "measure": measure,
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


def _model(data: dict[str, Any]) -> None:
    """The model of the synthesis with all effects integrated: the data are one normal vector, its spreads are drawn."""
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
    error = (data["errors"] * jnp.where(data["imputed"], factor[measure], 1.0)) ** 2
    mean, sd = data["prior"][:, 0], data["prior"][:, 1]
    covariance = (
        data["same_measure"] * sd[measure] ** 2
        + data["bias"]
        + data["same_place"] * square["country"][measure]
        + data["same_study"] * square["study"][measure]
        + jnp.diag(error + square["row"][measure])
    )
    numpyro.sample("values", dist.MultivariateNormal(mean[measure], covariance), obs=data["values"])
    # New places given the spreads: normal, by the usual formula for a part of a normal vector.
    at_home = data["is_measure"] * sd[:, None] ** 2 + data["is_home"] * square["country"][:, None]
    apart = square["country"] + square["study"] + square["row"]
    gain = jnp.linalg.solve(covariance, at_home.T).T
    numpyro.deterministic("new_mean", mean + gain @ (data["values"] - mean[measure]))
    numpyro.deterministic("new_sd", jnp.sqrt(sd**2 + apart - (gain * at_home).sum(axis=1)))
