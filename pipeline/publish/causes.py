"""Published estimates of the attribution: kg/ha per cause, what is not explained, and which comes first."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.language import Text
from pipeline.publish.estimates import Estimate, from_draws
from pipeline.publish.names import CAUSES

PER_HECTARE = "per mature hectare (TM) and year"


def cause_estimates(
    shares: dict[str, np.ndarray],
    gap: np.ndarray,
    loss: np.ndarray,
    sources: dict[str, tuple[str, ...]],
    level: float,
    seed: int,
) -> list[Estimate]:
    """One estimate per cause, the unexplained part, the gap, the chance to come first, and the pod-borer loss.

    ``shares``, ``gap`` (kg/ha) and ``loss`` (share of the yield) are draws; ``sources`` names those of each cause.
    """
    everything = tuple(sorted({source for listed in sources.values() for source in listed}))
    parts = {**shares, "unexplained": gap - sum(shares.values()), "gap": gap}
    found = [
        from_draws(
            f"cause.{name}",
            draws,
            level,
            unit="kg/ha",
            basis=PER_HECTARE,
            method="Shapley value over four causes",
            sources=sources.get(name, everything),
            n=len(sources.get(name, everything)),
            seed=seed,
            headline=True,
        )
        for name, draws in parts.items()
    ]
    found += _chances_to_come_first(shares, everything, seed)
    found.append(
        from_draws(
            "pod_borer.loss",
            loss * 100,
            level,
            unit="%",
            basis="of the yield without pod borer",
            method="draws of 07: damage curve, attack and area with the borer",
            sources=sources["pests"],
            n=len(sources["pests"]),
            seed=seed,
        )
    )
    return found


def _chances_to_come_first(shares: dict[str, np.ndarray], sources: tuple[str, ...], seed: int) -> list[Estimate]:
    largest = np.argmax(np.stack(list(shares.values())), axis=0)
    basis = "probability of holding back most"
    return [
        Estimate(
            f"first.{name}",
            float((largest == index).mean()),
            "1",
            basis,
            "share of draws",
            sources,
            len(sources),
            seed=seed,
        )
        for index, name in enumerate(shares)
    ]


def interval_rows(estimates: list[Estimate]) -> pd.DataFrame:
    """The causes as rows to draw, largest median first, then the unexplained part and the gap."""
    chosen = [estimate for estimate in estimates if estimate.key.startswith("cause.")]
    rows = pd.DataFrame(
        [(e.key.split(".")[1], e.lower, e.value, e.upper) for e in chosen], columns=["name", "lower", "value", "upper"]
    )
    totals = rows["name"].isin(["unexplained", "gap"])
    return pd.concat([rows[~totals].sort_values("value", ascending=False), rows[totals]], ignore_index=True)


@dataclass(frozen=True)
class Named:
    """A cause or measure by key, with its name as it stands within a sentence."""

    key: str
    en: str
    id: str


def named(key: str, name: Text) -> Named:
    """The name for use within a sentence: its first letter is lowered."""
    return Named(key, name.en[0].lower() + name.en[1:], name.id[0].lower() + name.id[1:])


def ranked_names(estimates: list[Estimate]) -> list[Named]:
    """The causes, the one that most often holds back most first."""
    chances = {e.key.split(".")[1]: e.value for e in estimates if e.key.startswith("first.")}
    return [named(cause, CAUSES[cause]) for cause in sorted(chances, key=lambda cause: -chances[cause])]
