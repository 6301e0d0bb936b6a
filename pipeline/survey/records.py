"""From submissions to plot records: what the answers say together, in common units, and what contradicts itself."""

from datetime import date

import numpy as np
import pandas as pd

from pipeline.survey import amounts, units
from pipeline.survey.checks import Problems, typed
from pipeline.survey.contradictions import cross_check, implausible, visit_day
from pipeline.survey.names import Form

SHARES = {
    "sleeving_share": "sleeving_share_percent",
    "weather_loss_share": "weather_loss_percent",
}
RENAMED = {
    "pruning": "prunings_per_year",
    "sanitation": "sanitations_per_year",
    "weeding": "weedings_per_year",
    "visits_12_months": "visits",
    "fertilizer_obstacle": "obstacles",
}


def build(
    main: pd.DataFrame, repeats: dict[str, pd.DataFrame], form: Form, wet_to_dry: float, today: date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Plot records by ``record``, still with private answers, and the problems of all submissions.

    A record with a problem is among the records too; who calls sets it aside.
    """
    problems = Problems()
    answers = typed(main, form, "", problems).set_index("record", drop=False)
    rows = {name: typed(repeats[name], form, name, problems) for name in repeats}
    cross_check(answers, rows, main.set_index("record", drop=False), today, problems)
    records = pd.Series(answers.index, answers.index)
    plots = _plot(answers)
    harvest, harvest_warnings = amounts.harvests(rows["harvest"], records, wet_to_dry)
    inputs, input_warnings = amounts.fertilizers(rows["fertilizer"], plots, records)
    yields, yield_warnings = _yield(answers, plots, harvest)
    plots = pd.concat([plots, yields, harvest["bean_price_idr_per_kg"], _unused_is_zero(answers, inputs)], axis=1)
    warnings = {**_plot_warnings(answers, plots), **harvest_warnings, **yield_warnings, **input_warnings}
    plots["warnings"] = _joined(warnings, answers.index)
    implausible(plots, problems)
    return plots.drop(columns="record"), problems.frame


def _plot(answers: pd.DataFrame) -> pd.DataFrame:
    """What the answers of the main sheet give, one row per record."""
    plots = answers.copy()
    plots["visit_date"] = visit_day(answers)
    plots["area_ha"] = units.area_ha(answers["area_value"], answers["area_unit"])
    spaced = 10000 / (answers["spacing_row_m"] * answers["spacing_tree_m"])
    plots["trees_per_ha"] = (answers["tree_count"] / plots["area_ha"]).fillna(spaced)
    for share, part, whole in (
        ("share_pods_borer", "pods_borer", "pods_counted"),
        ("share_pods_black_pod", "pods_black_pod", "pods_counted"),
        ("share_trees_dieback", "trees_dieback", "trees_checked"),
    ):
        plots[share] = answers[part] / answers[whole].replace(0.0, np.nan)
    for share, percent in SHARES.items():
        plots[share] = answers[percent] / 100
    return plots.rename(columns=RENAMED)


def _yield(answers: pd.DataFrame, plots: pd.DataFrame, harvest: pd.DataFrame) -> tuple[pd.DataFrame, amounts.Warnings]:
    """Dry beans per mature ha in twelve months; known only when the harvests are all of twelve months."""
    mature = plots["area_ha"] * answers["area_mature_share_percent"] / 100
    none = answers["harvest_any"] == "no"
    is_whole = (answers["harvest_complete"] == "yes") & (harvest["span"] <= 12) & (harvest["overlap"] == False)  # noqa: E712
    mass = harvest["dry_kg"].where(is_whole).mask(none, 0.0)
    recorded = harvest["span"].notna()
    warnings = {
        "harvest_not_complete": recorded & (answers["harvest_complete"] != "yes"),
        "harvest_over_12_months": recorded & (harvest["span"] > 12),
        "harvest_periods_overlap": recorded & (harvest["overlap"] == True),  # noqa: E712
        "months_without_harvest": recorded & is_whole & (harvest["months"] < 12),
        "harvest_unknown": ~recorded & ~none,
        "mature_share_unknown": answers["area_mature_share_percent"].isna(),
        "no_mature_trees": answers["area_mature_share_percent"] == 0,
    }
    return pd.DataFrame({"yield_kg_per_ha": mass / mature.replace(0.0, np.nan)}), warnings


def _unused_is_zero(answers: pd.DataFrame, inputs: pd.DataFrame) -> pd.DataFrame:
    """Amounts are zero where no fertilizer was used, and unknown where its use is not known."""
    amount = [name for name in inputs if name.endswith("kg_per_ha")]
    inputs = inputs.copy()
    inputs[amount] = inputs[amount].mask(answers["fertilizer_used"] == "no", 0.0)
    return inputs


def _plot_warnings(answers: pd.DataFrame, plots: pd.DataFrame) -> amounts.Warnings:
    spaced = 10000 / (answers["spacing_row_m"] * answers["spacing_tree_m"])
    ratio = plots["trees_per_ha"] / spaced
    return {
        "trees_and_spacing_disagree": (ratio > 2) | (ratio < 0.5),
        "fertilizer_use_unknown": answers["fertilizer_used"].isna(),
        "fertilizer_rows_missing": (answers["fertilizer_used"] == "yes") & plots["fertilizer_kg_per_ha"].isna(),
    }


def _joined(warnings: amounts.Warnings, index: pd.Index) -> pd.Series:
    """The names of the warnings of each record, sorted, with ";" between them."""
    text = pd.Series("", index, dtype=object)
    for name in sorted(warnings):
        text = text + np.where(warnings[name].fillna(False).to_numpy(dtype=bool), f"{name};", "")
    return text.str.rstrip(";")
