"""Published estimates of 07_model_pests: what pests take, and from which attack on sleeving pays."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.publish.estimates import Estimate, from_draws

SHARES = {"45": 0.45, "70": 0.70, "96": 0.96}
BASIS = "of the yield without pests"


def loss_estimates(
    at_attack: dict[str, np.ndarray], losses: dict[str, np.ndarray], sources: tuple[str, ...], level: float, seed: int
) -> list[Estimate]:
    """Yield lost to the pod borer at given attacks, and to each pest and all of them, in per cent.

    Keys of ``at_attack`` are per cent of pods attacked; all values are draws of a share of the yield.
    """
    common: dict[str, Any] = {"level": level, "unit": "%", "sources": sources, "n": len(sources), "seed": seed}
    found = [
        from_draws(f"pod_borer.loss_at_{share}", draws * 100, **common, basis=BASIS, method="damage curve from Sabah")
        for share, draws in at_attack.items()
    ]
    return found + [
        from_draws(
            f"loss.{name}", draws * 100, **common, basis=BASIS, method="product of what each pest leaves", headline=True
        )
        for name, draws in losses.items()
    ]


def sleeving_estimates(chances: pd.DataFrame, curve: str, sources: tuple[str, ...], seed: int) -> list[Estimate]:
    """Share of pods attacked from which sleeving pays more likely than not, in per cent, per price that allows it.

    ``curve`` names the damage curve behind the chances.
    """
    method = "smallest attack at which half of the draws pay"
    paying = chances[chances["chance"] >= 50].groupby("price")["attacked"].min()
    return [
        Estimate(
            f"sleeving.pays_from.{price}.{curve}",
            float(share),
            "%",
            "pods attacked",
            method,
            tuple(sorted(set(sources))),
            len(set(sources)),
            seed=seed,
            headline=True,
        )
        for price, share in paying.items()
    ]
