"""Published estimates of 13_survey: literature, plots and both together; and what later stages take from it."""

import numpy as np
import pandas as pd

from pipeline.publish.estimates import Estimate, sources_of

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
# What a number cites that rests on plots: the survey of this project, which has no entry in the register of sources.
SURVEY = "plot_survey"


def learned_estimates(
    table: pd.DataFrame,
    left_out: pd.DataFrame,
    flags: pd.DataFrame,
    sources: dict[str, tuple[str, ...]],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Estimates of every quantity in ``table``, of plots ``left_out`` (both of ``Learned``) and of officers with flags.

    ``sources`` are those of the literature, by quantity. ``survey.prior.X`` is there always, ``survey.alone.X`` and
    ``survey.together.X`` where plots say something.
    """
    told, plots = table["together_value"].notna(), int(table["plots"].iloc[0])
    counts = {
        "plots": (plots, "plots", "in the regression, each farm once"),
        "plots_in": (int(table["plots"].where(told, 0).max()), "plots", "in at least one quantity, each farm once"),
        "flagged": (flags["officer"].nunique(), "officers", "with a flag"),
        "left_out": (int(left_out["plots"].sum()), "plots", "without what the regression needs"),
    }
    found = [
        Estimate(f"survey.{name}", number, unit, basis, "count", (SURVEY,), plots, headline=name == "plots")
        for name, (number, unit, basis) in counts.items()
    ]
    for row in table.to_dict("records"):
        found += _intervals(row, sources[str(row["name"])], level, seed) + _weights(row, sources[str(row["name"])])
    return found


def village_share(share: float, plots: int) -> Estimate:
    """Share of the variance between plots that lies between villages, from so many ``plots`` or before any."""
    sources = (SURVEY,) if plots else ("prior",)
    return Estimate(
        "survey.village_share", share, "1", "of the variance of the log yield", "spreads of the model", sources, plots
    )


def warned(flags: pd.DataFrame) -> pd.DataFrame:
    """The flags as a table whose warning travels to every number that rests on the plots."""
    return flags.assign(source_id=SURVEY, warnings="low_confidence")


def sources_now(numbers: dict[str, Estimate], *names: str) -> tuple[str, ...]:
    """Sources behind quantities as 13 hands them on: the literature, and the survey where plots say something."""
    series = {name: "together" if f"survey.together.{name}" in numbers else "prior" for name in names}
    return sources_of(numbers, *(f"survey.{key}.{name}" for name, key in series.items()))


def key_now(numbers: dict[str, Estimate], name: str, before: str, now: str = "") -> str:
    """Key of a number that plots may have taught: ``now`` when they say something of ``name``, else ``before``."""
    taught = f"survey.together.{name}"
    return (now or taught) if taught in numbers else before


def _intervals(row: dict, sources: tuple[str, ...], level: float, seed: int) -> list[Estimate]:
    """One estimate for each series that says something of the quantity of a row."""
    name, found = row["name"], []
    for series, key in KEYS.items():
        lower, value, upper = (row[f"{series}_{end}"] for end in ("lower", "value", "upper"))
        if np.isfinite(value):
            cited = {"prior": sources, "survey": (SURVEY,), "together": tuple(sorted({*sources, SURVEY}))}[series]
            n = len(sources) if series == "prior" else row["plots"]
            about = (UNITS.get(name, "%"), BASES.get(name, CHANGE), METHODS[series], cited, n)
            found.append(Estimate(f"survey.{key}.{name}", value, *about, lower, upper, level, seed))
    return found


def _weights(row: dict, sources: tuple[str, ...]) -> list[Estimate]:
    """How far one quantity is pinned down, and what is left of its literature."""
    sources = tuple(sorted({*sources, SURVEY})) if row["plots"] else sources
    return [
        Estimate(f"survey.{kind}.{row['name']}", float(row[kind]), "1", basis, method, sources, int(row["plots"]))
        for kind, (basis, method) in WEIGHTS.items()
        if np.isfinite(row[kind])
    ]


def meanings() -> pd.DataFrame:
    """What the numbers about each quantity are, by the part of their key: ``key``, ``basis``, ``method``."""
    rows = [(f"survey.{key}", CHANGE, METHODS[series]) for series, key in KEYS.items()]
    rows += [(f"survey.{kind}", basis, method) for kind, (basis, method) in WEIGHTS.items()]
    return pd.DataFrame(rows, columns=["key", "basis", "method"])
