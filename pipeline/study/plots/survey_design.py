"""The numbers that are published of the design of a survey: plots, villages, and false alarms of its checks."""

import numpy as np
import pandas as pd

from pipeline.kit.publish.estimates import Estimate, cited
from pipeline.kit.publish.keys import Key
from pipeline.study.plots.survey_size import NAMED
from pipeline.study.prices.scope import Dated
from pipeline.study.scenarios.estimates import BASIS

SAMPLE = "expected value of sample information"


def size_estimates(
    needed: pd.DataFrame, values: dict[str, float], dated: Dated, cites: tuple[str, ...], level: float, seed: int
) -> list[Estimate]:
    """Plots and villages for a choice between the two best packages, and what endless plots would be worth.

    ``needed`` has a row per share of the value: ``share``, ``plots`` and ``villages`` each with ``_lower``, ``_value``
    and ``_upper``; ``values`` in Rp/ha by decision.
    """
    found, basis, own = [], dated.at(BASIS), cited(cites, seed)
    for decision, value in values.items():
        key = Key("survey", (), "value", (decision,))
        found.append(Estimate(key, value / 1e6, "million Rp/ha", basis, SAMPLE, **own))
    method = f"{SAMPLE}; interval over how much farms differ"
    for row in needed.to_dict("records"):
        for kind in ("plots", "villages"):
            lower, value, upper = (row[f"{kind}_{end}"] for end in ("lower", "value", "upper"))
            ends = {"lower": lower, "upper": upper, "level": level} if np.isfinite([lower, upper]).all() else {}
            key, basis = (
                Key("survey", (), f"{kind}_needed", (row["share"],)),
                f"least {kind} for this share of the value",
            )
            if np.isfinite(value):
                found.append(Estimate(key, value, kind, basis, method, **ends, **own))
    return found


def village_estimates(visited: pd.DataFrame) -> list[Estimate]:
    """How many of the villages to visit, as from ``survey_villages``, sources name with a figure of cacao."""
    named = visited[visited["why"] == NAMED]
    about = ("villages", "sources have a figure of cacao for them", "count")
    return [Estimate(Key("survey", (), "villages_named"), len(named), *about, **cited(named["sources"]))]


def alarm_estimates(alarms: pd.DataFrame, surveys: int, sources: tuple[str, ...], seed: int) -> list[Estimate]:
    """Share of honest simulated surveys of each size with any flag; ``alarms`` as from ``survey_alarms``."""
    honest = alarms[alarms["kind"] == "honest"]
    basis, method = "of honest simulated surveys of {} plots raise a flag", "checks run on simulated surveys"
    return [
        Estimate(
            Key("survey", (), "false_alarms", (str(plots),)),
            share,
            "1",
            basis.format(plots),
            method,
            sources,
            surveys,
            "simulations",
            seed=seed,
        )
        for plots, share in zip(honest["plots"], honest["any"], strict=True)
    ]
