"""The evidence model written for PyMC: the same spreads and priors, with all effects integrated as in ``sampler``.

PyMC is no part of the project's environment: this module runs in that of the benchmark (``.venv-bench``).
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from pipeline.study.synthesis.pooling import NOT_SIGNIFICANT


def build(data: dict[str, Any]) -> pm.Model:
    """The model over the arrays of ``sampler``, line by line that of NumPyro."""
    priors = data["priors"]
    half = priors.tails / 2
    with pm.Model() as model:
        typical = pm.LogNormal("typical", np.log(data["scale"]), data["typical_log_sd"])
        factor = pm.LogNormal("factor", 0.0, data["factor_sd"])
        for own in data["each"]:
            name, rows = own["measure"], len(own["values"])
            spread = pm.HalfNormal(f"{name}:spread", 1.0, shape=3) * typical * np.array([1.0, 0.5, 0.5])
            precision = pm.Gamma(f"{name}:precision", half, half, shape=own["programmes"] + 1)
            scale = pm.LogNormal(f"{name}:bias_scale", np.log(priors.bias_sd), priors.bias_log_sd)
            bias = pm.HalfNormal(f"{name}:bias", 1.0, shape=own["studies"]) * scale
            place = pm.Uniform(f"{name}:place", -1.0, 1.0, shape=rows)
            error = own["errors"] * pt.switch(own["imputed"], factor, 1.0)
            bound = NOT_SIGNIFICANT * error
            values = pt.switch(own["hidden"], place * bound, own["values"]) - bias[own["study"]] * own["biased"]
            pm.Potential(f"{name}:width", pt.sum(pt.switch(own["hidden"], pt.log(2 * bound), 0.0)))
            covariance = (
                own["prior_covariance"]
                + spread[0] ** 2 * own["same_programme"] / precision[own["programme"]]
                + spread[1] ** 2 * own["same_study"]
                + pt.diag(error**2 + spread[2] ** 2)
            )
            new = spread[0] ** 2 / precision[-1] + spread[1] ** 2 + spread[2] ** 2
            logs, means, sds = [], [], []
            for apart, weight in ((priors.near, priors.near_weight), (priors.far, 1 - priors.near_weight)):
                whole = covariance + apart**2 * own["apart"]
                off, carried = values - own["prior_mean"], np.full(rows, own["sd"] ** 2)
                logs.append(np.log(weight) + pm.logp(pm.MvNormal.dist(np.zeros(rows), whole), off))
                gain = pt.linalg.solve(whole, carried, assume_a="pos")
                means.append(own["mean"] + pt.dot(gain, off))
                sds.append(pt.sqrt(own["sd"] ** 2 - pt.dot(gain, carried) + new))
            pm.Potential(f"{name}:likelihood", pt.logsumexp(pt.stack(logs)))
            pm.Deterministic(f"{name}:weight", pt.exp(pt.stack(logs) - pt.logsumexp(pt.stack(logs))))
            pm.Deterministic(f"{name}:mean", pt.stack(means))
            pm.Deterministic(f"{name}:sd", pt.stack(sds))
    return model
