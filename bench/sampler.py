"""The synthesis of stage 05 through a sampler (NumPyro): a check on the exact integration over points.

All normal effects are integrated; spreads, scales of the tails, biases and unseen values are sampled, and whether
evidence from elsewhere is near or far is summed out. New places follow in closed form from each draw. Nothing that is
published rests on it. NumPyro is in the environment of the benchmark only (``.venv-bench``).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.bayes.mixture import Mixture
from pipeline.study.synthesis.comparisons import UNADJUSTED
from pipeline.study.synthesis.pooling import NOT_SIGNIFICANT, Priors, shifts

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
    watched = {name: values for name, values in drawn.items() if name in ("typical", "factor") or ":mean" in name}
    table = summary(watched)
    r_hat = max(float(np.max(part["r_hat"])) for part in table.values())
    effective = min(float(np.min(part["n_eff"])) for part in table.values())
    divergent = int(np.asarray(run.get_extra_fields()["diverging"]).sum())
    check(r_hat, effective, divergent)
    return Sampled(new_places(data, drawn), r_hat, effective, divergent)


def new_places(data: dict[str, Any], drawn: dict[str, np.ndarray]) -> dict[str, Mixture]:
    """The effect in a new place by measure, two normals per draw: what is left when the spreads are averaged."""
    found = {}
    for each in data["each"]:
        name = each["measure"]
        mean, sd, weight = (drawn[f"{name}:{part}"].reshape(-1) for part in ("mean", "sd", "weight"))
        found[name] = Mixture(weight / weight.sum(), mean, sd)
    return found


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


def arrays(rows: pd.DataFrame, priors: Priors) -> dict[str, Any]:
    """Data of the model as arrays, for each measure that has rows: values, errors, and which rows share what."""
    each = [_of_measure(str(measure), own, priors) for measure, own in rows.groupby("measure", sort=True)]
    shared = {"scale": priors.spread_scale, "typical_log_sd": priors.typical_log_sd}
    return {"each": each, "factor_sd": priors.variation_log_sd, "priors": priors, **shared}


def _of_measure(measure: str, rows: pd.DataFrame, priors: Priors) -> dict[str, Any]:
    programme, programmes = pd.factorize(rows["programme"], sort=True)
    study, studies = pd.factorize(rows["study_id"], sort=True)
    biased = rows["design"].isin(UNADJUSTED).to_numpy()
    hidden = rows["is_censored"].to_numpy(bool)
    other = shifts(rows)
    places = other[["other place", "other practice"]].to_numpy()
    mean, sd = priors.of(measure)
    dose = other["dose"].to_numpy()
    return {
        "measure": measure,
        "values": np.where(hidden, 0.0, rows["log_ratio"].to_numpy(float)),
        "hidden": hidden,
        "errors": rows["se"].to_numpy(float),
        "imputed": rows["is_se_imputed"].to_numpy(bool),
        "programme": programme,
        "programmes": len(programmes),
        "study": study,
        "studies": len(studies),
        "same_programme": (programme[:, None] == programme).astype(float),
        "same_study": (study[:, None] == study).astype(float),
        "biased": biased.astype(float),
        "prior_mean": mean + priors.doubling[0] * dose,
        "prior_covariance": sd**2 + priors.doubling[1] ** 2 * np.outer(dose, dose),
        "apart": places @ places.T,
        "mean": mean,
        "sd": sd,
    }


def _model(data: dict[str, Any]) -> None:
    """The model of the synthesis with all normal effects integrated: the data are one normal vector by measure."""
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    priors = data["priors"]
    typical = numpyro.sample("typical", dist.LogNormal(jnp.log(data["scale"]), data["typical_log_sd"]))
    factor = numpyro.sample("factor", dist.LogNormal(0.0, data["factor_sd"]))
    for own in data["each"]:
        name, rows = own["measure"], len(own["values"])
        with numpyro.handlers.scope(prefix=name, divider=":"):
            spread = numpyro.sample("spread", dist.HalfNormal(1.0).expand([3])) * typical * jnp.array([1.0, 0.5, 0.5])
            half = priors.tails / 2
            precision = numpyro.sample("precision", dist.Gamma(half, half).expand([own["programmes"] + 1]))
            scale = numpyro.sample("bias_scale", dist.LogNormal(jnp.log(priors.bias_sd), priors.bias_log_sd))
            bias = numpyro.sample("bias", dist.HalfNormal(1.0).expand([own["studies"]])) * scale
            place = numpyro.sample("place", dist.Uniform(-1.0, 1.0).expand([rows]))
            error = own["errors"] * jnp.where(own["imputed"], factor, 1.0)
            bound = NOT_SIGNIFICANT * error
            values = jnp.where(own["hidden"], place * bound, own["values"]) - bias[own["study"]] * own["biased"]
            numpyro.factor("width", jnp.sum(jnp.where(own["hidden"], jnp.log(2 * bound), 0.0)))
            covariance = (
                own["prior_covariance"]
                + spread[0] ** 2 * own["same_programme"] / precision[own["programme"]]
                + spread[1] ** 2 * own["same_study"]
                + jnp.diag(error**2 + spread[2] ** 2)
            )
            new = spread[0] ** 2 / precision[-1] + spread[1] ** 2 + spread[2] ** 2
            logs, means, sds = [], [], []
            for apart, weight in ((priors.near, priors.near_weight), (priors.far, 1 - priors.near_weight)):
                whole = covariance + apart**2 * own["apart"]
                off = values - own["prior_mean"]
                log_density = dist.MultivariateNormal(jnp.zeros(rows), whole).log_prob(off)
                gain = jnp.linalg.solve(whole, jnp.full(rows, own["sd"] ** 2))
                logs.append(jnp.log(weight) + log_density)
                means.append(own["mean"] + gain @ off)
                sds.append(jnp.sqrt(own["sd"] ** 2 - gain @ jnp.full(rows, own["sd"] ** 2) + new))
            numpyro.factor("likelihood", jax.nn.logsumexp(jnp.array(logs)))
            numpyro.deterministic("weight", jax.nn.softmax(jnp.array(logs)))
            numpyro.deterministic("mean", jnp.array(means))
            numpyro.deterministic("sd", jnp.array(sds))
