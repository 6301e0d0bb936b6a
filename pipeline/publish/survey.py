"""Published estimates of 13_survey: literature, plots and both together, and the size of a survey that decides."""

import numpy as np
import pandas as pd

from pipeline.model.survey_villages import NAMED
from pipeline.publish.estimates import Estimate, split_sources

UNITS = {"present_yield": "kg/ha"}
CHANGE = "change of yield"
BASES = {
    "present_yield": "per mature hectare (TM) and year, mean of the plots",
    "pods_attacked": "of pods, mean over all plots",
    "pod_borer": "change of yield where 70 % of pods are attacked",
}
# Series of the table, and what they are called in the keys.
KEYS = {"prior": "prior", "survey": "alone", "together": "together"}
METHODS = {
    "prior": "draws of the stages before: what literature and statistics say",
    "survey": "plots of the survey alone, bias of an observational survey allowed for",
    "together": "robust Bayesian update of the literature with the plots, spreads integrated over a grid",
}
WEIGHTS = {
    "pinned": ("width of the interval over that before the survey; 1 is nothing learned", "ratio of widths"),
    "literature_weight": ("probability that it is as the literature has it", "weight in the robust prior"),
    "p_value": ("chance that the literature lets plots show what they show", "prior predictive p-value"),
}
PER_HECTARE = "mean net income per mature hectare (TM) that takes part, and year"
SAMPLE = "expected value of sample information"


def learned_estimates(
    table: pd.DataFrame,
    left_out: pd.DataFrame,
    flags: pd.DataFrame,
    sources: dict[str, tuple[str, ...]],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Estimates of every quantity in ``table``, of plots ``left_out`` (both of ``Learned``) and of officers with flags.

    ``sources`` are by quantity. ``survey.prior.X`` is there always, ``survey.alone.X`` and ``survey.together.X`` where
    plots say something.
    """
    cited, plots = tuple(sorted(set().union(*sources.values()))), int(table["plots"].iloc[0])
    lacking = "without what the regression needs"
    found = [
        Estimate("survey.plots", plots, "plots", "in the regression", "count", cited, plots, headline=True),
        Estimate("survey.flagged", flags["officer"].nunique(), "officers", "with a flag", "count", cited, plots),
        Estimate("survey.left_out", int(left_out["plots"].sum()), "plots", lacking, "count", cited, plots),
    ]
    for row in table.to_dict("records"):
        found += _intervals(row, sources[str(row["name"])], level, seed) + _weights(row, sources[str(row["name"])])
    return found


def _intervals(row: dict, sources: tuple[str, ...], level: float, seed: int) -> list[Estimate]:
    """One estimate for each series that says something of the quantity of a row."""
    name, found = row["name"], []
    for series, key in KEYS.items():
        lower, value, upper = (row[f"{series}_{end}"] for end in ("lower", "value", "upper"))
        if np.isfinite(value):
            n = len(sources) if series == "prior" else row["plots"]
            about = (UNITS.get(name, "%"), BASES.get(name, CHANGE), METHODS[series], sources, n)
            found.append(Estimate(f"survey.{key}.{name}", value, *about, lower, upper, level, seed))
    return found


def _weights(row: dict, sources: tuple[str, ...]) -> list[Estimate]:
    """How far one quantity is pinned down, and what is left of its literature."""
    return [
        Estimate(f"survey.{kind}.{row['name']}", float(row[kind]), "1", basis, method, sources, int(row["plots"]))
        for kind, (basis, method) in WEIGHTS.items()
        if np.isfinite(row[kind])
    ]


def size_estimates(
    needed: pd.DataFrame, values: dict[str, float], share: float, sources: tuple[str, ...], level: float, seed: int
) -> list[Estimate]:
    """Plots and villages for a choice between the two best packages, and what endless plots would be worth.

    ``needed`` has a row per share of the value: ``share``, ``plots`` and ``villages`` each with ``_lower``, ``_value``
    and ``_upper``; ``values`` in Rp/ha by decision; ``share`` is that of the variance between villages.
    """
    n = len(sources)
    between = "of the variance of the log yield"
    found = [Estimate("survey.village_share", share, "1", between, "spreads of the model", sources, n)]
    for decision, value in values.items():
        key = f"survey.value.{decision}"
        found.append(Estimate(key, value / 1e6, "million Rp/ha", PER_HECTARE, SAMPLE, sources, n, seed=seed))
    method = f"{SAMPLE}; interval over how much farms differ"
    for row in needed.to_dict("records"):
        for kind in ("plots", "villages"):
            lower, value, upper = (row[f"{kind}_{end}"] for end in ("lower", "value", "upper"))
            ends = {"lower": lower, "upper": upper, "level": level} if np.isfinite([lower, upper]).all() else {}
            key, basis = f"survey.{kind}_needed.{row['share']}", f"least {kind} for this share of the value"
            if np.isfinite(value):
                found.append(Estimate(key, value, kind, basis, method, sources, n, **ends, seed=seed))
    return found


def village_estimates(visited: pd.DataFrame) -> list[Estimate]:
    """How many of the villages to visit, as from ``survey_villages``, sources name with a figure of cacao."""
    named = visited[visited["why"] == NAMED]
    sources = split_sources(named["sources"])
    about = ("villages", "sources have a figure of cacao for them", "count", sources, len(sources))
    return [Estimate("survey.villages_named", len(named), *about)]


def alarm_estimates(alarms: pd.DataFrame, surveys: int, sources: tuple[str, ...], seed: int) -> list[Estimate]:
    """Share of honest simulated surveys of each size with any flag; ``alarms`` as from ``survey_alarms``."""
    honest = alarms[alarms["kind"] == "honest"]
    basis, method = "of honest simulated surveys raise a flag", "checks run on simulated surveys"
    return [
        Estimate(f"survey.false_alarms.{plots}", share, "1", basis, method, sources, surveys, seed=seed)
        for plots, share in zip(honest["plots"], honest["any"], strict=True)
    ]


def meanings() -> pd.DataFrame:
    """What the numbers about each quantity are, by the part of their key: ``key``, ``basis``, ``method``."""
    rows = [(f"survey.{key}", CHANGE, METHODS[series]) for series, key in KEYS.items()]
    rows += [(f"survey.{kind}", basis, method) for kind, (basis, method) in WEIGHTS.items()]
    return pd.DataFrame(rows, columns=["key", "basis", "method"])
