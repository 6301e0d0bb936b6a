"""All that follows from the store: the plot table, what was set aside and the report. It is written anew each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.contracts import Column, Table, validate
from pipeline.survey import answer_checks, messages, numbers, privacy
from pipeline.survey.answer_checks import Problems, cross_check, implausible, typed, visit_day
from pipeline.survey.flat import WHERE, Locations, located
from pipeline.survey.questions import Form
from pipeline.survey.store import NO, UNDATED, UNKNOWN, YES, Store, write

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
    harvest, harvest_warnings = numbers.harvests(rows["harvest"], records, wet_to_dry)
    inputs, input_warnings = numbers.fertilizers(rows["fertilizer"], plots, records)
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
    plots["area_ha"] = numbers.area_ha(answers["area_value"], answers["area_unit"])
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


def _yield(answers: pd.DataFrame, plots: pd.DataFrame, harvest: pd.DataFrame) -> tuple[pd.DataFrame, numbers.Warnings]:
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


def _plot_warnings(answers: pd.DataFrame, plots: pd.DataFrame) -> numbers.Warnings:
    spaced = 10000 / (answers["spacing_row_m"] * answers["spacing_tree_m"])
    ratio = plots["trees_per_ha"] / spaced
    return {
        "trees_and_spacing_disagree": (ratio > 2) | (ratio < 0.5),
        "fertilizer_use_unknown": answers["fertilizer_used"].isna(),
        "fertilizer_rows_missing": (answers["fertilizer_used"] == "yes") & plots["fertilizer_kg_per_ha"].isna(),
    }


def _joined(warnings: numbers.Warnings, index: pd.Index) -> pd.Series:
    """The names of the warnings of each record, sorted, with ";" between them."""
    text = pd.Series("", index, dtype=object)
    for name in sorted(warnings):
        text = text + np.where(warnings[name].fillna(False).to_numpy(dtype=bool), f"{name};", "")
    return text.str.rstrip(";")


def _text(name: str, title: str, values: tuple[str, ...] = (), may_be_missing: bool = True) -> Column:
    return Column(name, "text", title, values=values, may_be_missing=may_be_missing)


def _number(name: str, title: str, unit: str, high: float, low: float = 0.0) -> Column:
    return Column(name, "number", title, unit, low, high, may_be_missing=True)


# Lists (obstacles, training, weather_events, warnings) are the names of choices, sorted, with ";" between them.
PLOTS = Table(
    "plots",
    "Plots visited in the survey, without names, exact places or free text",
    ("plot_id",),
    (
        _text("plot_id", "Pseudonym of the visit to the plot", may_be_missing=False),
        _text("farm_id", "Pseudonym of the farm", may_be_missing=False),
        _text("visit_date", "Month of the visit (YYYY-MM)", may_be_missing=False),
        _text("subdistrict", "Subdistrict, where the group is large enough"),
        _text("village", "Village, where the group is large enough"),
        _number("latitude", "Latitude of the middle of the grid cell", "degrees", 90.0, -90.0),
        _number("longitude", "Longitude of the middle of the grid cell", "degrees", 180.0, -180.0),
        Column("area_ha", "number", "Area of the plot", "ha", 0.05, 10.0),
        _number("trees_per_ha", "Trees per area", "1/ha", 5000.0),
        _number("age_years", "Age of the trees", "years", 60.0),
        _text("planting_material", "Planting material"),
        _text("shade", "Shade"),
        _number("yield_kg_per_ha", "Dry beans per mature area in twelve months", "kg/ha/yr", 5000.0),
        _number("bean_price_idr_per_kg", "Price of dry beans, weighted by harvest", "Rp/kg", 1e6),
        _number("n_kg_per_ha", "Nitrogen in mineral fertilizer", "kg/ha/yr", 2000.0),
        _number("p_kg_per_ha", "Phosphorus (element) in mineral fertilizer", "kg/ha/yr", 2000.0),
        _number("k_kg_per_ha", "Potassium (element) in mineral fertilizer", "kg/ha/yr", 2000.0),
        _number("fertilizer_kg_per_ha", "Mineral fertilizer", "kg/ha/yr", 5000.0),
        _number("fertilizer_price_idr_per_kg", "Price of mineral fertilizer, weighted by amount", "Rp/kg", 1e6),
        _text("is_subsidised", "Any fertilizer was subsidised", ("yes", "no")),
        _text("obstacles", "What kept the farmer from fertilizer"),
        _number("pods_counted", "Pods looked at", "pods", 10000.0),
        _number("share_pods_borer", "Share of pods with pod borer", "share", 1.0),
        _number("share_pods_black_pod", "Share of pods with black pod", "share", 1.0),
        _number("trees_checked", "Trees looked at", "trees", 10000.0),
        _number("share_trees_dieback", "Share of trees with dieback", "share", 1.0),
        _number("prunings_per_year", "Prunings", "1/yr", 52.0),
        _number("sanitations_per_year", "Removals of infested pods", "1/yr", 365.0),
        _number("harvest_interval_days", "Days between harvests", "days", 60.0, 1.0),
        _text("grafting", "Grafting"),
        _number("sleeving_share", "Share of pods in sleeves", "share", 1.0),
        _number("weedings_per_year", "Weedings", "1/yr", 52.0),
        _text("training", "Kinds of training"),
        _number("training_days", "Days of training", "days", 365.0),
        _number("visits", "Visits by an extension officer in twelve months", "visits", 365.0),
        _text("weather_events", "Damaging weather in twelve months"),
        _number("weather_loss_share", "Harvest lost to weather, as the farmer sees it", "share", 1.0),
        _text("warnings", "What to mind when using the row"),
        _text("enumerator_id", "Pseudonym of the officer"),
    ),
)


SET_ASIDE = ["id", *WHERE, "question", "value", "question_id", "reason_id", "question_en", "reason_en"]


@dataclass
class Derived:
    """Records in common units with all that is private, problems by ``id`` of submission, plots for the stages."""

    records: pd.DataFrame
    problems: pd.DataFrame
    plots: pd.DataFrame


def derive(store: Store, form: Form, parameters: Any, salt: bytes, today: date | None = None) -> Derived:
    """Records, problems and the public table of a store; ``parameters`` is the section ``survey``.

    A submission with a problem is set aside; one whose stored answers are good stays in the table while a later
    version waits for a clear consent.
    """
    asked = store.those(YES).reset_index(drop=True)
    records, problems = build(asked, store.repeats, form, parameters.wet_to_dry, today or date.today())
    system = asked.set_index("record")
    records["id"] = system["id"]
    people = privacy.people(records, system, salt)
    people["content_key"] = answer_checks.content_keys(system, people["farm_id"], store.repeats, form, salt)
    records = pd.concat([records, people, _pseudonymous(records, parameters, salt)], axis=1)
    records, twice = _one_version(records)
    problems = problems[problems["record"].isin(records.index)].assign(
        id=lambda frame: frame["record"].map(records["id"])
    )
    kept = system.loc[records.index].assign(farm_id=records["farm_id"], content_key=records["content_key"])
    undated = store.those(UNDATED)[["id"]].assign(question="consent", value=NO, code="refusal_undated")
    found = [
        problems,
        twice,
        undated,
        answer_checks.reviewed(kept),
        answer_checks.unlinked(kept),
        answer_checks.copies(kept),
    ]
    problems = pd.concat(found).drop(columns="record", errors="ignore")
    good = records[~records["id"].isin(set(problems["id"]))]
    unclear = store.those(UNKNOWN)[["id"]].assign(question="consent", value="", code="consent_unknown")
    problems = pd.concat([problems, unclear]).drop_duplicates(ignore_index=True)
    return Derived(records, problems.sort_values(["id", "question", "code", "value"]), _public(good, parameters))


def _pseudonymous(records: pd.DataFrame, parameters: Any, salt: bytes) -> pd.DataFrame:
    """Pseudonyms of visit and officer, and coarse positions."""
    named = pd.DataFrame(
        {
            "plot_id": privacy.pseudonyms(salt, "plot", records["id"]),
            "enumerator_id": privacy.pseudonyms(salt, "officer", records["enumerator"].fillna("")).where(
                records["enumerator"].fillna("") != ""
            ),
        }
    )
    return pd.concat([named, privacy.coarse(records["position"], parameters.grid_degrees)], axis=1)


def _one_version(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One record per submission; versions of the same moment that say different things are problems."""
    said = [column.name for column in PLOTS.columns if column.name in records]
    month = records["visit_date"].dt.strftime("%Y-%m")
    records = records[~records.assign(visit_date=month)[["id", *said]].duplicated()]
    twice = records[records["id"].duplicated(keep=False)]
    problems = pd.DataFrame({"id": twice["id"].unique(), "question": "id", "value": "", "code": "duplicate"})
    return records[~records["id"].duplicated()], problems


def _public(good: pd.DataFrame, parameters: Any) -> pd.DataFrame:
    """The columns of the contract and no other, with small groups blanked, in the order of the pseudonyms."""
    good = good.assign(village=good["village"].where(good["village"] != "other"))
    good = privacy.hide_small_groups(good, parameters.smallest_group)
    good["visit_date"] = good["visit_date"].dt.strftime("%Y-%m")
    return validate(PLOTS, good[[column.name for column in PLOTS.columns]].sort_values("plot_id"))


def write_all(
    derived: Derived, form: Form, counts: dict[str, int], notes: Sequence[str] = (), files: Sequence[Locations] = ()
) -> None:
    """Write plot table, list of what was set aside, and report; without any plot the table is taken away.

    ``files`` say where the answers of this import stand.
    """
    if len(derived.plots):
        write(privacy.plots(), _short(derived.plots).to_csv(index=False, lineterminator="\n").encode())
    else:
        privacy.plots().unlink(missing_ok=True)
    told = messages.with_words(located(derived.problems, files, form), form)
    shown = told[SET_ASIDE].map(privacy.without_marks)
    # With the mark that makes Excel read UTF-8.
    write(privacy.private() / "set_aside.csv", shown.to_csv(index=False).encode("utf-8-sig"))
    text = messages.report(counts, told, notes)
    write(privacy.private() / "reports" / "report.txt", text.encode())


def _short(plots: pd.DataFrame) -> pd.DataFrame:
    """Numbers as text with ten digits, as in the clean tables; each distinct number is written once."""
    return plots.apply(
        lambda column: (
            column.map({value: f"{value:.10g}" for value in column.dropna().unique()})
            if column.dtype == "float64"
            else column
        )
    )
