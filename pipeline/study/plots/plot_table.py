"""Plot records of the survey: read with what the model needs of them, and turned into the terms of a regression."""

import numpy as np
import pandas as pd

from pipeline.kit import paths
from pipeline.kit.data.contracts import ContractError, Table, number, text, validate
from pipeline.study.fertilizer.response_curves import FAMILIES

# The columns of the plot table that are used here; the import writes more.
USED = Table(
    "plots",
    "Plots visited in the survey",
    ("plot_id",),
    (
        text("plot_id", "Pseudonym of the visit to the plot"),
        text("farm_id", "Pseudonym of the farm"),
        text("visit_date", "Month of the visit"),
        text("subdistrict", "Subdistrict", missing=True),
        text("village", "Village", missing=True),
        text("enumerator_id", "Pseudonym of the officer", missing=True),
        number("area_ha", "Area of the plot", "ha", 0.0, None, True),
        number("yield_kg_per_ha", "Dry beans per mature area in twelve months", "kg/ha/yr", 0.0, None, True),
        number("fertilizer_kg_per_ha", "Mineral fertilizer", "kg/ha/yr", 0.0, None, True),
        number("pods_counted", "Pods looked at", "pods", 0.0, None, True),
        number("share_pods_borer", "Share of pods with pod borer", "share", 0.0, 1.0, True),
        number("share_pods_black_pod", "Share of pods with black pod", "share", 0.0, 1.0, True),
        number("trees_checked", "Trees looked at", "trees", 0.0, None, True),
        number("share_trees_dieback", "Share of trees with dieback", "share", 0.0, 1.0, True),
        number("prunings_per_year", "Prunings", "1/yr", 0.0, None, True),
        number("sanitations_per_year", "Removals of infested pods", "1/yr", 0.0, None, True),
        number("harvest_interval_days", "Days between harvests", "days", 0.0, None, True),
        number("trees_per_ha", "Trees per area", "1/ha", 0.0, None, True),
        number("age_years", "Age of the trees", "years", 0.0, None, True),
        number("training_days", "Days of training", "days", 0.0, None, True),
        text("training", "Kinds of training", missing=True),
        text("planting_material", "Planting material", missing=True),
        text("shade", "Shade", missing=True),
    ),
)
# What the literature has an effect of; ``pod_borer`` stands for the reading of the damage curve that is tried.
EFFECTS = ("fertilizer", "pod_borer", "technique", "training")
TRAINED = ("field_school", "demo_plot")
GRAFTED = {"top_grafted": "grafted", "side_grafted": "grafted"}
YOUNG, OLD = 8.0, 20.0
# Terms that only make plots comparable: the levels beside which the first, most common one stands.
SIDE_LEVELS = {
    "age": ("young", "old", "not stated"),
    "material": ("clone", "grafted", "mixed", "not stated"),
    "shade": ("medium", "heavy", "not stated"),
}
REASONS = (
    "no yield of twelve months",
    "no harvest at all",
    "fertilizer not known",
    "pods not counted",
    "pruning or sanitation not known",
    "training not known",
)
# The share of pods attacked at which the loss to the borer is stated, about the middle of 07.
ATTACK = 0.7


def read_survey() -> pd.DataFrame:
    """The plots of the survey, with the columns of ``USED``; no row when none has been imported.

    Raises ``ContractError`` for a table that lacks a column or holds a value that cannot be.
    """
    path, names = paths.SURVEY / "plots.csv", [column.name for column in USED.columns]
    if not path.exists():
        return validate(USED, pd.DataFrame(columns=names))
    texts = {column.name: "str" for column in USED.columns if column.kind == "text"}
    frame = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""])
    if missing := [name for name in names if name not in frame]:
        raise ContractError(f"{paths.shown(path)}: column(s) missing: {', '.join(missing)}")
    return validate(USED, frame[names])


def large_enough(plots: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """The plots when they belong to ``smallest`` farms or more; else none, so that nothing is published of a few."""
    return plots if plots["farm_id"].nunique() >= smallest else plots.iloc[:0]


def reasons_left_out(plots: pd.DataFrame) -> pd.Series:
    """Why a plot does not enter the regression, empty where it does; the first reason of several."""
    reason = pd.Series("", index=plots.index, dtype="str")
    tests = (
        plots["yield_kg_per_ha"].isna(),
        plots["yield_kg_per_ha"] == 0,
        plots["fertilizer_kg_per_ha"].isna(),
        plots["share_pods_borer"].isna(),
        plots["prunings_per_year"].isna() | plots["sanitations_per_year"].isna(),
        plots["training"].isna() | (plots["training"] == "dont_know"),
    )
    for words, holds in zip(REASONS, tests, strict=True):
        reason = reason.mask(holds & (reason == ""), words)
    return reason


def practices(plots: pd.DataFrame, full_dose: float, curves: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """What every plot does, as terms of the log yield: each effect counts once where its term is one.

    Fertilizer is the share of the gain of the full dose; technique is a half for pruning and a half for sanitation;
    training is a field school or demonstration plot; ``pod_borer:READING`` is the log of what is left of the yield at
    the share of pods attacked over that at ``ATTACK``, so its effect is below zero where the borer takes yield, for
    each of ``curves`` (``at_all``, ``power`` of the middle curve).
    """
    attacked, training = plots["share_pods_borer"].to_numpy(float), plots["training"].fillna("")
    terms = {"fertilizer": share_of_gain(plots["fertilizer_kg_per_ha"].to_numpy(float) / full_dose)}
    for reading, (at_all, power) in curves.items():
        terms[f"pod_borer:{reading}"] = np.log1p(-at_all * attacked**power) / np.log1p(-at_all * ATTACK**power)
    done = (plots["prunings_per_year"] > 0).astype(float) + (plots["sanitations_per_year"] > 0)
    terms["technique"] = done.to_numpy() / 2
    terms["training"] = training.str.split(";").map(lambda kinds: float(any(kind in TRAINED for kind in kinds)))
    return pd.DataFrame(terms, index=plots.index).astype(float)


def share_of_gain(dose: np.ndarray) -> np.ndarray:
    """Share of the gain of the full dose at a relative ``dose``: mean of both response curves over their shapes."""
    steps = (np.arange(20) + 0.5) / 20
    shares = []
    for family in FAMILIES:
        low, high = family.drawn
        shares.append(family.share(np.asarray(dose)[:, None], low + (high - low) * steps).mean(axis=1))
    return np.mean(shares, axis=0)


def side_terms(plots: pd.DataFrame) -> pd.DataFrame:
    """Age class, planting material and shade as columns of zeros and ones, one per level of ``SIDE_LEVELS``."""
    age = pd.cut(plots["age_years"], [-1, YOUNG, OLD, 1000], labels=["young", "bearing", "old"]).astype("str")
    found = {
        "age": age.where(plots["age_years"].notna(), "not stated"),
        "material": _stated(plots["planting_material"]).replace(GRAFTED),
        "shade": _stated(plots["shade"]),
    }
    columns = {f"{name}:{level}": found[name] == level for name, levels in SIDE_LEVELS.items() for level in levels}
    return pd.DataFrame(columns, index=plots.index).astype(float)


def _stated(values: pd.Series) -> pd.Series:
    return values.where(values.notna() & (values != "dont_know"), "not stated").astype("str")


def places(plots: pd.DataFrame) -> pd.Series:
    """Village of each plot; where it is not named for being too small, what is left of its subdistrict."""
    rest = "other villages of " + plots["subdistrict"].fillna("places not named")
    return plots["village"].fillna(rest).astype("str")


def officers(plots: pd.DataFrame) -> pd.Series:
    """Pseudonym of the officer; those not named count as one."""
    return plots["enumerator_id"].fillna("not named").astype("str")
