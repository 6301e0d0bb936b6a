"""The evidence model written for PyMC: the same spreads and priors, with all effects integrated as in ``sampler``.

PyMC is no part of the project's environment: this module runs in that of the benchmark (``.venv-bench``).
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt


def build(data: dict[str, Any]) -> pm.Model:
    """The model over the arrays of ``sampler``, line by line that of NumPyro."""
    k, measure = len(data["measures"]), data["measure"]
    mean, sd = data["prior"][:, 0], data["prior"][:, 1]
    with pm.Model() as model:
        typical = pm.LogNormal("typical", np.log(data["scale"]), data["typical_log_sd"])
        square = {
            name: (typical * part * pm.HalfNormal(name, 1.0, shape=k)) ** 2
            for name, part in (("country", 0.5), ("study", 1.0), ("row", 0.5))
        }
        factor = pm.LogNormal("factor", 0.0, data["factor_sd"], shape=k)
        error = (data["errors"] * pt.switch(data["imputed"], factor[measure], 1.0)) ** 2
        covariance = (
            data["same_measure"] * sd[measure] ** 2
            + data["bias"]
            + data["same_place"] * square["country"][measure]
            + data["same_study"] * square["study"][measure]
            + pt.diag(error + square["row"][measure])
        )
        pm.MvNormal("values", mean[measure], covariance, observed=data["values"])
        carried = data["is_measure"] * sd[:, None] ** 2 + data["is_home"] * square["country"][:, None]
        gain = pt.linalg.solve(covariance, carried.T, assume_a="pos").T
        apart = square["country"] + square["study"] + square["row"]
        pm.Deterministic("new_mean", mean + gain @ (data["values"] - mean[measure]))
        pm.Deterministic("new_sd", pt.sqrt(sd**2 + apart - (gain * carried).sum(axis=1)))
    return model
