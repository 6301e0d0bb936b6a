"""Published estimates of 13_survey: literature, plots and both together; and what later stages take from it."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters, join
from pipeline.kit.language import LANGUAGES, Text, read_texts
from pipeline.kit.publish.estimates import (
    MEDIAN,
    MEDIAN_OF_POSTERIOR,
    PROBABILITY,
    WEIGHT,
    WIDTHS,
    Estimate,
    count_of,
    sources_of,
)
from pipeline.kit.publish.keys import Key
from pipeline.study.names import FULL_DOSE, MEASURES, PACKAGES
from pipeline.study.plots.plot_table import ATTACK

TEXTS = read_texts(__file__, "answers")
UNITS = {"present_yield": "kg/ha"}
BASES = {
    "present_yield": "per mature hectare (TM) and year, Kutai Timur",
    "pods_attacked": "of pods, mean over all mature hectares (TM) of Kutai Timur",
    "pod_borer": (
        "change of yield per hectare of Kutai Timur where the pod borer attacks 70 % of pods, against none; "
        "two damage curves mixed"
    ),
    "fertilizer": f"change of yield per hectare of Kutai Timur with the measure; {FULL_DOSE}",
    "technique": "change of yield per hectare of Kutai Timur with pruning",
    "training": "change of yield per hectare of Kutai Timur with a field school",
}
# Series of the table, and what they are called in the keys.
KEYS = {"prior": "prior", "survey": "alone", "together": "together"}
METHODS = {
    "prior": "draws of the stages before: what literature and statistics say",
    "survey": "plots of the survey alone, bias of an observational survey allowed for",
    "together": "robust Bayesian update of the literature with the plots, spreads integrated over a grid",
}
WEIGHTS = {
    "pinned": (
        "width of the interval with literature and plots over that of the literature alone; 1 is nothing learned",
        "ratio of widths, intervals of one level",
        WIDTHS,
    ),
    "literature_weight": ("probability that it is as the literature has it", "weight in the robust prior", PROBABILITY),
    "p_value": ("chance that the literature lets plots show what they show", "prior predictive p-value", PROBABILITY),
}
# What a number cites that rests on plots: the survey of this project, which has no entry in the register of sources.
SURVEY = "plot_survey"
PLOTS = "plots"
# The method of a weight that no plot has moved.
ASSUMED = "assumed; no plot has moved it"
LITERATURE_WEIGHT = cite_parameters("survey_model.literature_weight")


def weight_cites(table: pd.DataFrame, cites: list[str]) -> list[str]:
    """What ``literature_weight`` of each row cites: its parameter, and what the row ``cites`` once plots move it."""
    pairs = zip(table["plots"], cites, strict=True)
    return [join(*LITERATURE_WEIGHT, *([rests_on] if plots else [])) for plots, rests_on in pairs]


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
        Estimate(
            Key("survey", (), name), number, unit, basis, "count", (SURVEY,), plots, PLOTS, headline=name == "plots"
        )
        for name, (number, unit, basis) in counts.items()
    ]
    for row in table.to_dict("records"):
        found += _intervals(row, sources[str(row["name"])], level, seed) + _weights(row, sources[str(row["name"])])
    return found


def village_share(share: float, plots: int) -> Estimate:
    """Share of the variance between plots that lies between villages, from so many ``plots`` or before any."""
    own: dict[str, Any] = {"sources": (SURVEY,), "n": plots, "n_of": PLOTS} if plots else {"sources": ("prior",)}
    return Estimate(
        Key("survey", (), "village_share"),
        share,
        "1",
        "of the variance of the log yield",
        "spreads of the model",
        **own,
        value_is=WEIGHT,
    )


def warned(flags: pd.DataFrame) -> pd.DataFrame:
    """The flags as a table whose warning travels to every number that rests on the plots."""
    return flags.assign(source_id=SURVEY, warnings="low_confidence")


def sources_now(numbers: dict[str, Estimate], *names: str) -> tuple[str, ...]:
    """What quantities cite as 13 hands them on: the literature, and the survey where plots say something."""
    return sources_of(numbers, *(key_now(numbers, name, _text("prior", name)) for name in names))


def key_now(numbers: dict[str, Estimate], name: str, before: str, now: str = "") -> str:
    """Key of a number that plots may have taught: ``now`` when they say something of ``name``, else ``before``."""
    taught = _text("together", name)
    return (now or taught) if taught in numbers else before


def _text(kind: str, name: str) -> str:
    return str(Key("survey", (), kind, (name,)))


def _intervals(row: dict, sources: tuple[str, ...], level: float, seed: int) -> list[Estimate]:
    """One estimate for each series that says something of the quantity of a row."""
    name, found = row["name"], []
    for series, key in KEYS.items():
        lower, value, upper = (row[f"{series}_{end}"] for end in ("lower", "value", "upper"))
        if np.isfinite(value):
            cited = {"prior": sources, "survey": (SURVEY,), "together": tuple(sorted({*sources, SURVEY}))}[series]
            counted = count_of(sources) if series == "prior" else {"n": row["plots"], "n_of": PLOTS}
            about = (UNITS.get(name, "%"), BASES[name], METHODS[series], cited)
            middle = MEDIAN if series == "prior" else MEDIAN_OF_POSTERIOR
            counted |= {"lower": lower, "upper": upper, "level": level, "seed": seed, "value_is": middle}
            found.append(Estimate(Key("survey", (), key, (name,)), value, *about, **counted))
    return found


def _weights(row: dict, sources: tuple[str, ...]) -> list[Estimate]:
    """How far one quantity is pinned down, and what is left of its literature."""
    found = []
    counted: dict[str, Any] = {"n": int(row["plots"]), "n_of": PLOTS}
    for kind, (basis, method, value_is) in WEIGHTS.items():
        own = {
            "value_is": value_is,
            "method": method,
            "sources": tuple(sorted({*sources, SURVEY, *LITERATURE_WEIGHT})),
            **counted,
        }
        # Without plots no row moves them: nothing is pinned down, and the weight is what the parameter says.
        if not row["plots"]:
            assumed: dict[str, Any] = {"method": ASSUMED, "value_is": value_is, "sources": LITERATURE_WEIGHT}
            own = assumed if kind == "literature_weight" else own | {"sources": (SURVEY,)}
        if np.isfinite(row[kind]):
            found.append(Estimate(Key("survey", (), kind, (row["name"],)), float(row[kind]), "1", basis, **own))
    return found


def kinds() -> list[Key]:
    """What is published about each quantity, as the first parts of its keys."""
    return [Key("survey", (), kind) for kind in (*KEYS.values(), *WEIGHTS)]


def meanings() -> pd.DataFrame:
    """What the numbers about each quantity are, by the part of their key: ``key``, ``basis``, ``method``."""
    said = [("change of yield per hectare", METHODS[series]) for series in KEYS]
    said += [(basis, method) for basis, method, _ in WEIGHTS.values()]
    rows = [(str(key), *about) for key, about in zip(kinds(), said, strict=True)]
    return pd.DataFrame(rows, columns=["key", "basis", "method"])


ATTACKED = f"{ATTACK * 100:.0f} %"
NAMES = {
    "present_yield": Text("Present yield", "Hasil sekarang"),
    "fertilizer": Text("Full dose of fertilizer", "Pupuk dosis penuh"),
    "pod_borer": Text(f"Pod borer on {ATTACKED} of pods", f"PBK pada {ATTACKED} buah"),
    "technique": Text("Pruning and sanitation", "Pemangkasan dan sanitasi"),
    "training": Text("Training", "Pelatihan"),
    "pods_attacked": Text("Pods attacked by borer", "Buah terserang PBK"),
}
# The effects that measure the four causes.
CAUSES = ("fertilizer", "pod_borer", "technique", "training")
PARTS = {
    "fertilizer": PACKAGES["fertilizer_ceiling"],
    "pod_sleeving": PACKAGES["pod_sleeving"],
    "pruning": MEASURES["pruning"],
    "training": PACKAGES["training"],
    "nothing": Text("Nothing", "tanpa tindakan"),
}


def package_name(option: str) -> Text:
    """Name of a combination of measures whose keys are joined by ``+``, as it stands within a sentence."""
    return _listed([PARTS[part] for part in option.split("+")], " + ")


def package_parts(option: str) -> list[str]:
    """The English names of what a combination of measures holds."""
    return [PARTS[part].en for part in option.split("+")]


def _listed(names: list[Text], between: str = ", ", after: tuple[str, ...] = ()) -> Text:
    """Names with their first letter lowered, unless it begins an abbreviation, each with what comes ``after`` it."""
    said = []
    for language in LANGUAGES:
        words = [_lowered(name.in_language(language)) for name in names]
        said.append(between.join(word + extra for word, extra in zip(words, after or [""] * len(words), strict=True)))
    return Text(*said)


def _lowered(text: str) -> str:
    return text if text[:2].isupper() else text[0].lower() + text[1:]


def what_plots_say(table: pd.DataFrame, flags: pd.DataFrame) -> Text:
    """The part of the answer that says what the plots have taught, with the keys of its numbers.

    ``table`` is that of ``Learned``, ``flags`` are those of ``survey_checks``.
    """
    said = TEXTS.group("what_plots_say")
    if not table["plots"].any():
        return said["no_survey"]
    known = set(table.loc[np.isfinite(table["together_value"]), "name"])
    if "present_yield" not in known:
        return said["incomplete"]
    causes, nothing = [name for name in CAUSES if name in known], Text("", "")
    effects = _listed([NAMES[name] for name in causes], after=tuple(f" {{survey.together.{name}}}" for name in causes))
    return said["together"].fill(
        changes=said["changes"].fill(effects=effects) if causes else nothing,
        conflict=conflicts(table),
        trust=said["flagged"] if len(flags) else nothing,
    )


def conflicts(table: pd.DataFrame) -> Text:
    """On what literature and plots contradict each other; ``table`` is that of ``Learned``."""
    against = _listed([NAMES[name] for name in table.loc[table["is_conflict"], "name"]])
    said = TEXTS.group("conflicts")
    return said["some"].fill(against=against) if against.en else said["none"]


def what_is_in(table: pd.DataFrame) -> Text:
    """A sentence for each page that rests on the draws of 13: are plots in its numbers, and where is a conflict?"""
    said = TEXTS.group("what_is_in")
    if not table["plots"].any():
        return said["no_survey"]
    if table["together_value"].isna().all():
        return said["incomplete"]
    return said["plots"].fill(conflict=conflicts(table))


def what_it_takes(estimates: list[Estimate], best: Text, second: Text) -> Text:
    """The part of the answer on the size of a survey that can choose between two packages."""
    is_known = "survey.plots_needed.nine_tenths" in {str(estimate.key) for estimate in estimates}
    return TEXTS.text(f"what_it_takes.{'plots' if is_known else 'no_number'}").fill(best=best, second=second)


def how_far_to_trust() -> Text:
    """The part of the answer on how often an honest survey is taken for a made-up one, from a small to a large one."""
    return TEXTS.text("how_far_to_trust")
