"""Figures of 05_model_evidence: the effect of each measure in a new place, and every study behind it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import ndtri

from pipeline.kit.data.citations import cite_parameters, of_tables
from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.estimates import DEVIATION, MEDIAN_OF_POSTERIOR, PROBABILITY, WEIGHT, Estimate, split_sources
from pipeline.kit.publish.figures import BLACK, BLUE, GREEN, GREY, ORANGE, Caption, draw_intervals, label, localise
from pipeline.kit.publish.keys import Key
from pipeline.study.names import FULL_DOSE, POOLED_MEASURES
from pipeline.study.synthesis.certainty import CERTAINTIES
from pipeline.study.synthesis.certainty import TEXTS as WORDS
from pipeline.study.synthesis.comparisons import VARIATION, Variation
from pipeline.study.synthesis.pooling import NOT_SIGNIFICANT, Synthesis

TEXTS = read_texts(__file__)

EFFECTS = Caption.read(TEXTS, "effects")
FOREST = Caption.read(TEXTS, "forest")
FLOW_OF_EFFECTS = Caption.read(TEXTS, "flow")
CERTAINTY = Caption.read(TEXTS, "certainty")
POOLED = {"mean": Text("mean over places", "rerata semua tempat"), "new": Text("new regency", "kabupaten baru")}


def effect_rows(estimates: list[Estimate], studies: pd.DataFrame, synthesis: Synthesis) -> pd.DataFrame:
    """Intervals (``kind`` predictive and mean) and single studies (``kind`` study), in per cent of yield.

    A study cites its own rows, the others all that the figure cites; one that is only said to be not significant has
    no point.
    """
    kinds = {"effect": "predictive", "mean_effect": "mean"}
    chosen = [e for e in estimates if e.key.topic in kinds]
    rows: list[tuple[Any, ...]] = [(kinds[e.key.topic], e.key.case[0], e.lower, e.value, e.upper, None) for e in chosen]
    told = studies[studies["log_ratio"].notna()]
    rows += [
        ("study", s.measure, np.nan, np.expm1(s.log_ratio) * 100, np.nan, synthesis.rows_of(s.measure, s.study_id))
        for s in told.itertuples()
    ]
    return pd.DataFrame(rows, columns=["kind", "name", "lower", "value", "upper", "source_id"])


def draw_effects(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Predictive interval, mean and studies of each kind of measure; ``data`` from ``effect_rows``."""
    predictive = data[data["kind"] == "predictive"].reset_index(drop=True)
    x_label = Text("Change in yield (%)", "Perubahan hasil (%)")
    draw_intervals(axes, predictive, language, POOLED_MEASURES, x_label)
    row = {name: index for index, name in enumerate(predictive["name"])}
    means = data[data["kind"] == "mean"]
    axes.hlines([row[n] for n in means["name"]], means["lower"], means["upper"], colors=BLUE, linewidth=5.5, alpha=0.45)
    studies = data[data["kind"] == "study"]
    text = label(language, "one study", "satu penelitian")
    places = [row[name] + 0.3 for name in studies["name"]]
    axes.plot(studies["value"], places, "D", color=ORANGE, markersize=4, label=text)
    axes.plot([], [], "-o", color=BLUE, label=label(language, "new regency", "kabupaten baru"))
    axes.plot([], [], color=BLUE, linewidth=5.5, alpha=0.45, label=POOLED["mean"].in_language(language))
    axes.set_ylabel(label(language, "Measure", "Tindakan"))
    # Room below for the legend, which would hide studies elsewhere.
    axes.set_ylim(len(predictive) + 1.4, -0.7)
    axes.legend(fontsize=8, loc="lower right")


def forest_rows(studies: pd.DataFrame, estimates: list[Estimate], synthesis: Synthesis, level: float) -> pd.DataFrame:
    """One row per study (``kind`` direct, elsewhere or hidden) and two pooled ones per measure, as ratios of yields.

    ``studies`` comes from ``robustness.contributions``; direct ones come first. A hidden study is only said to be not
    significant: it has bounds and no value. Columns: ``measure``, ``name``, ``kind``, ``lower``, ``value``, ``upper``,
    ``source_id`` (of a study; pooled rows cite all). Measures without a study are left out.
    """
    by_key = {e.key: e for e in estimates}
    reach = ndtri((1 + level) / 2)
    rows = []
    for measure in [name for name in POOLED_MEASURES if name in set(studies["measure"])]:
        own = studies[studies["measure"] == measure].sort_values("is_direct", ascending=False, kind="stable")
        for s in own.itertuples():
            if is_hidden := np.isnan(s.log_ratio):
                ends = np.exp([-NOT_SIGNIFICANT * s.se, np.nan, NOT_SIGNIFICANT * s.se])
            else:
                ends = np.exp([s.log_ratio - reach * s.se, s.log_ratio, s.log_ratio + reach * s.se])
            kind = "hidden" if is_hidden else "direct" if s.is_direct else "elsewhere"
            rows.append((measure, s.study_id, kind, *ends, synthesis.rows_of(measure, s.study_id)))
        for kind, topic in (("mean", "mean_effect"), ("new", "effect")):
            e = by_key[Key(topic, (measure,))]
            rows.append((measure, kind, kind, *(1 + part / 100 for part in (e.lower, e.value, e.upper)), None))
    return pd.DataFrame(rows, columns=["measure", "name", "kind", "lower", "value", "upper", "source_id"])


def draw_forest(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Studies and pooled rows under the name of each measure; ``data`` from ``forest_rows``."""
    x_label = Text("Yield with the measure over yield without", "Hasil dengan tindakan dibagi hasil tanpa")
    draw_groups(axes, data, language, POOLED_MEASURES, x_label)
    axes.set_xticks([0.25, 0.5, 1, 2, 4])
    localise(axes, language, "x")


def draw_groups(axes: Axes, data: pd.DataFrame, language: str, names: dict[str, Text], x_label: Text) -> None:
    """Studies and pooled rows under the name of each measure, on a log scale of ratios; ``data`` as ``forest_rows``."""
    ticks, place = [], 0
    colours = {"direct": BLUE, "elsewhere": ORANGE, "hidden": GREEN, "mean": BLACK, "new": GREY}
    styles = {"elsewhere": (0, (5, 2)), "hidden": (0, (1, 1.2))}
    for measure, rows in data.groupby("measure", sort=False):
        ticks.append((place, names[str(measure)].in_language(language), True))
        for row in rows.itertuples():
            place += 1
            colour = colours[str(row.kind)]
            style = styles.get(str(row.kind), "solid")
            axes.plot([row.lower, row.upper], [place, place], color=colour, linewidth=1.6, linestyle=style)
            face = "white" if row.kind == "elsewhere" else colour
            marker = "D" if row.kind in POOLED else "o"
            if row.kind != "hidden":
                axes.plot(row.value, place, marker, color=colour, markerfacecolor=face, markersize=5)
            name = POOLED[str(row.kind)].in_language(language) if row.kind in POOLED else str(row.name)
            ticks.append((place, name, False))
        place += 1
    axes.set_yticks([tick[0] for tick in ticks], [tick[1] for tick in ticks], fontsize=7.5)
    for text, tick in zip(axes.get_yticklabels(), ticks, strict=True):
        text.set_fontweight("bold" if tick[2] else "normal")
    axes.invert_yaxis()
    axes.axvline(1, color=GREY, linewidth=0.9)
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xlabel(x_label.in_language(language))
    axes.set_ylabel(label(language, "Study", "Penelitian"))
    axes.grid(axis="y", visible=False)


def draw_flow(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Effects that are left after each step, as bars; ``data`` from ``comparisons.flow``."""
    rows = range(len(data))
    axes.barh(rows, data["effects"], color=BLUE, height=0.55)
    # What left on the way stands behind the bar, so that each bar with its shadow is as long as the one above.
    axes.barh(rows, data["left_out"], left=data["effects"], color="white", edgecolor=GREY, height=0.55, linewidth=0.8)
    studies = label(language, "studies", "penelitian")
    for place, row in enumerate(data.itertuples()):
        text = f"{row.effects} ({row.studies} {studies})" + (f", −{row.left_out}" if row.left_out else "")
        axes.text(row.effects + row.left_out + 4, place, text, va="center", fontsize=8)
    axes.set_yticks(rows, [TEXTS.group("steps")[step].in_language(language) for step in data["step"]])
    axes.set_xlim(0, data["effects"].max() * 1.7)
    axes.invert_yaxis()
    axes.set_xlabel(label(language, "Effects", "Pengaruh"))
    axes.set_ylabel(label(language, "What is left", "Yang tersisa"))
    axes.grid(axis="y", visible=False)


def draw_certainty(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Four circles for each measure, as many filled as its evidence has steps; ``data`` from ``certainty``."""
    rows = data.reset_index(drop=True)
    for place, row in enumerate(rows.itertuples()):
        for step in range(1, 5):
            face = BLUE if step <= row.steps else "white"
            axes.plot(step, place, "o", color=BLUE, markerfacecolor=face, markersize=9)
    axes.set_yticks(range(len(rows)), [POOLED_MEASURES[name].in_language(language) for name in rows["measure"]])
    levels = WORDS.group("levels")
    axes.set_xticks(range(1, 5), [levels[name].in_language(language) for name in CERTAINTIES[1:]])
    axes.set_xlim(0.5, 4.5)
    axes.invert_yaxis()
    axes.set_xlabel(label(language, "How sure the evidence is", "Keyakinan pada bukti"))
    axes.set_ylabel(label(language, "Measure", "Tindakan"))
    axes.grid(visible=False)


METHOD = "Bayesian synthesis of log response ratios, integrated over fixed points"
NEW_PLACE = "in a regency of Indonesia not yet studied"
PRIOR_MEAN = cite_parameters("evidence.other_prior_mean", "evidence.other_prior_sd")
PLACES = {
    "effect": f"change of yield per hectare, {NEW_PLACE}",
    "mean_effect": "change of yield per hectare, mean over places in Indonesia",
}


def _said(basis: str, measure: str, is_known: bool) -> str:
    """What an effect speaks of: its dose, where it has one, and whether any study stands behind it."""
    dose = FULL_DOSE if measure == "mineral_fertilizer" else ""
    return "; ".join(filter(None, (basis, dose, "" if is_known else "prior only")))


def effect_estimates(synthesis: Synthesis, level: float) -> list[Estimate]:
    """Per kind of measure, in per cent of yield: the effect in a new place, and the mean over places."""
    found = []
    for measure in synthesis.posteriors:
        common = _common(synthesis, measure)
        known = common["n"] > 0
        for topic, mixture in (
            ("effect", synthesis.new_place(measure)),
            ("mean_effect", synthesis.mean_effect(measure)),
        ):
            lower, value, upper = np.expm1(mixture.interval(level)) * 100
            # Without a study the mean over places is its prior, whatever the others say.
            own = common if known or topic == "effect" else common | {"sources": PRIOR_MEAN, "n": None, "n_of": ""}
            basis = _said(PLACES[topic], measure, known)
            found.append(
                Estimate(
                    Key(topic, (measure,)), value, "%", basis, lower=lower, upper=upper, level=level,
                    headline=topic == "effect", value_is=MEDIAN_OF_POSTERIOR, **own,
                )
            )  # fmt: skip
    return found


def support_estimates(
    synthesis: Synthesis, studies: pd.DataFrame, effects: pd.DataFrame, variation: Variation, level: float
) -> list[Estimate]:
    """Spread between places per measure, chance that a measure lowers yield, share of the prior, and counts.

    ``studies`` comes from ``robustness.contributions``, ``effects`` is the clean table; ``variation`` is how farms
    vary, as surveys tell it.
    """
    found = []
    from_studies = studies.groupby("measure")["weight"].sum()
    for measure in synthesis.posteriors:
        common = _common(synthesis, measure)
        spread, chance = synthesis.between_places(measure), float(synthesis.new_place(measure).below(0.0))
        basis = _said("standard deviation of the log effect between places", measure, common["n"] > 0)
        chance_of = _said(f"chance that yield falls {NEW_PLACE}", measure, common["n"] > 0)
        found.append(Estimate(Key("spread", (measure,)), spread, "log ratio", basis, value_is=DEVIATION, **common))
        found.append(Estimate(Key("harm", (measure,)), chance, "1", chance_of, value_is=PROBABILITY, **common))
        prior = (1 - float(from_studies.get(measure, 0.0))) * 100
        unmoved = "of the mean that no study moves"
        found.append(Estimate(Key("prior_share", (measure,)), prior, "%", unmoved, value_is=WEIGHT, **common))
    counted = _counted(synthesis.rows, effects)
    imputed = int(synthesis.rows["is_se_imputed"].sum())
    hidden = int(synthesis.rows["is_censored"].sum())
    rows = len(synthesis.rows)
    counts = {
        "rows": (rows, "rows"),
        "imputed": (imputed, "without a printed error"),
        "hidden": (hidden, "only said to be not significant"),
    }
    found += [
        Estimate(Key("evidence", (), name), count, "pooled effects", basis, "count", counted, rows, "effects")
        for name, (count, basis) in counts.items()
    ]
    surveys, (lower, middle, upper) = variation.surveys, variation.interval(level)
    found.append(
        Estimate(
            Key("evidence", (), "farm_variation"), middle, "1", "coefficient of variation between farms",
            "assumed range and surveys that print an error and a size",
            (*split_sources(surveys["source_id"]), *VARIATION), len(surveys), "studies",
            lower=lower, upper=upper, level=level, value_is=MEDIAN_OF_POSTERIOR,
        )
    )  # fmt: skip
    return found


def _common(synthesis: Synthesis, measure: str) -> dict[str, Any]:
    rows = synthesis.rows[synthesis.rows["measure"] == measure]
    return {"method": METHOD, "sources": synthesis.cites, "n": rows["study_id"].nunique(), "n_of": "studies"}


def _counted(rows: pd.DataFrame, effects: pd.DataFrame) -> tuple[str, ...]:
    """What a count of pooled effects cites: their rows and those of their studies, not what their errors rest on."""
    own = effects[effects["effect_id"].isin(rows["effect_id"])]
    derived = rows[~rows["effect_id"].isin(own["effect_id"])]
    listed = [*own["source_id"], *own["study_cites"], *derived["source_id"]]
    return of_tables(listed, "effects", "evidence_studies", "tafo_shade_trial")
