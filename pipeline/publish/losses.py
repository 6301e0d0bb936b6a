"""Published estimates of 07_model_pests: how much of each pest there is, and what it takes with and without control."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.model.damage import DamageCurve
from pipeline.model.pest_control import Control, loss_with
from pipeline.publish.estimates import Estimate, from_draws

SHARES = {"45": 0.45, "70": 0.70, "96": 0.96}
WITHOUT = "of the yield without pod borer, mature hectare (TM) that has it"
CURVE = "damage curve"
AVERAGE = "of the yield without this, average mature hectare (TM)"
PESTS = {
    "pod_borer": "pod borer",
    "black_pod": "black pod",
    "dieback": "dieback",
    "all": "pod borer, black pod and dieback",
}


def cited(sources: tuple[str, ...], seed: int) -> dict[str, Any]:
    """What every estimate of these sources shares: the sources, each once, their number, and the seed."""
    found = tuple(sorted(set(sources)))
    return {"sources": found, "n": len(found), "seed": seed}


def curve_estimates(
    curves: dict[str, DamageCurve], attacked: np.ndarray, sources: dict[str, tuple[str, ...]], level: float, seed: int
) -> list[Estimate]:
    """Loss in per cent by reading of the damage, at three shares of pods attacked and where the borer is today.

    ``attacked`` holds draws of the present share of pods attacked; ``sources`` those of each reading.
    """
    found = []
    for reading, curve in curves.items():
        common = {**cited(sources[reading], seed), "level": level, "unit": "%", "basis": WITHOUT, "method": CURVE}
        at = {f"pod_borer.loss_at_{name}": share for name, share in SHARES.items()}
        cases: dict[str, np.ndarray | float] = {**at, "pod_borer.loss_there": attacked}
        found += [
            from_draws(f"{key}.{reading}", curve.loss(share) * 100, **common, headline=key.endswith("there"))
            for key, share in cases.items()
        ]
    return found


def loss_estimates(draws: pd.DataFrame, sources: dict[str, tuple[str, ...]], level: float, seed: int) -> list[Estimate]:
    """Attack, and loss to each pest and to all on an average hectare, in per cent; ``sources`` those of each pest."""
    everything = tuple(source for listed in sources.values() for source in listed)
    attack = {
        "attacked_area": ("of the mature area", "evenly from the lowest share reported to all"),
        "attacked": ("of pods, where the borer is", "evenly between sleeved and unsleeved plots"),
    }
    found = [
        from_draws(
            f"incidence.{name}",
            draws[name].to_numpy() * 100,
            level,
            unit="%",
            basis=basis,
            method=method,
            **cited(sources["pod_borer"], seed),
        )
        for name, (basis, method) in attack.items()
    ]
    method = "share of the area x loss there; what each pest leaves is multiplied"
    for pest in ("pod_borer", "black_pod", "dieback", "all"):
        common = {**cited(sources.get(pest, everything), seed), "level": level, "unit": "%", "method": method}
        values = draws[f"loss_{pest}"].to_numpy() * 100
        found.append(from_draws(f"loss.{pest}", values, **common, basis=f"{AVERAGE}: {PESTS[pest]}", headline=True))
    return found


def losses_with_and_without(controls: list[Control], losses: dict[str, np.ndarray], level: float) -> pd.DataFrame:
    """Median and interval of the loss in per cent where each pest is, without control and with each control.

    ``losses`` holds the draws without control by pest. Columns: ``pest``, ``name`` (of the control, or ``none``),
    ``lower``, ``value``, ``upper``.
    """
    rows = []
    for pest, before in losses.items():
        cases = {"none": before} | {c.name: loss_with(c, before) for c in controls if c.pests == (pest,)}
        ends = [(1 - level) / 2, 0.5, (1 + level) / 2]
        rows += [(pest, name, *np.quantile(draws * 100, ends)) for name, draws in cases.items()]
    return pd.DataFrame(rows, columns=["pest", "name", "lower", "value", "upper"])


def loss_with_estimates(
    rows: pd.DataFrame, sources: dict[str, tuple[str, ...]], level: float, seed: int
) -> list[Estimate]:
    """The rows of ``losses_with_and_without`` as estimates; ``sources`` those of each pest."""
    return [
        Estimate(
            key=f"loss_there.{row.pest}.{row.name}",
            value=row.value,
            unit="%",
            basis=f"of the yield without {PESTS[row.pest]}, mature hectare (TM) that has it",
            method="without control" if row.name == "none" else "with control",
            lower=row.lower,
            upper=row.upper,
            level=level,
            **cited(sources[row.pest], seed),
        )
        for row in rows.itertuples(index=False)
    ]
