"""Names and sentences of 13_survey and 14_survey_design, with or without a survey."""

import numpy as np
import pandas as pd

from pipeline.language import LANGUAGES, Text
from pipeline.model.survey_plots import ATTACK
from pipeline.publish.estimates import Estimate
from pipeline.publish.names import MEASURES, PACKAGES

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
    "pruning_sanitation": MEASURES["pruning_sanitation"],
    "training": PACKAGES["training"],
    "nothing": Text("Nothing", "tanpa tindakan"),
}


def package_name(option: str) -> Text:
    """Name of a combination of measures whose keys are joined by ``+``, as it stands within a sentence."""
    return _listed([PARTS[part] for part in option.split("+")], " + ")


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
    if not table["plots"].any():
        return Text(
            "No survey yet: what literature and statistics say stands, a present yield of {survey.prior.present_yield}",
            "Belum ada survei: yang berlaku tetap pustaka dan statistik, yaitu hasil sekarang "
            "{survey.prior.present_yield}",
        )
    known = set(table.loc[np.isfinite(table["together_value"]), "name"])
    if "present_yield" not in known:
        return Text(
            "No plot of the survey has all that the model needs, so the present yield of literature and statistics "
            "stands, {survey.prior.present_yield}",
            "Belum ada kebun survei dengan data lengkap untuk model, jadi hasil sekarang menurut pustaka dan statistik "
            "tetap berlaku, {survey.prior.present_yield}",
        )
    causes = [name for name in CAUSES if name in known]
    effects = _listed([NAMES[name] for name in causes], after=tuple(f" {{survey.together.{name}}}" for name in causes))
    changes = Text(f", and the yield changes with {effects.en}", f", dan hasil berubah oleh {effects.id}")
    changes, conflict = changes if causes else Text("", ""), conflicts(table)
    trust = Text("", "")
    if len(flags):
        trust = Text(
            "; checks of the survey flag {survey.flagged}, whose plots should be visited again before these numbers "
            "are used",
            "; pemeriksaan survei menandai {survey.flagged}, dan kebun mereka perlu didatangi lagi sebelum angka ini "
            "dipakai",
        )
    return Text(
        "With {survey.plots} and the literature together the present yield is {survey.together.present_yield}"
        f"{changes.en}; {conflict.en}{trust.en}",
        "Dari {survey.plots} bersama pustaka, hasil sekarang {survey.together.present_yield}"
        f"{changes.id}; {conflict.id}{trust.id}",
    )


def conflicts(table: pd.DataFrame) -> Text:
    """On what literature and plots contradict each other; ``table`` is that of ``Learned``."""
    against = _listed([NAMES[name] for name in table.loc[table["is_conflict"], "name"]])
    if not against.en:
        return Text("literature and plots do not conflict", "pustaka dan kebun tidak bertentangan")
    return Text(
        f"literature and plots conflict on {against.en}", f"pustaka dan kebun bertentangan tentang {against.id}"
    )


def what_is_in(table: pd.DataFrame) -> Text:
    """A sentence for each page that rests on the draws of 13: are plots in its numbers, and where is a conflict?"""
    if not table["plots"].any():
        return Text("No survey yet: literature only.", "Belum ada survei: hanya dari pustaka.")
    if table["together_value"].isna().all():
        return Text(
            "The plots of the survey do not tell anything yet: literature only.",
            "Kebun survei belum menunjukkan apa pun: hanya dari pustaka.",
        )
    conflict = conflicts(table)
    return Text(
        f"{{survey.plots_in}} of the survey are in these numbers; {conflict.en}.",
        f"Data {{survey.plots_in}} survei masuk dalam angka ini; {conflict.id}.",
    )


def what_it_takes(estimates: list[Estimate], best: Text, second: Text) -> Text:
    """The part of the answer on the size of a survey that can choose between two packages."""
    names = Text(f"To choose between {best.en} and {second.en}", f"Untuk memilih antara {best.id} dan {second.id}")
    if "survey.plots_needed.nine_tenths" not in {estimate.key for estimate in estimates}:
        return Text(
            f"{names.en}, no number of plots that was compared helps",
            f"{names.id}, tidak ada jumlah kebun yang dibandingkan yang membantu",
        )
    plots, villages, value = (
        "{survey.plots_needed.nine_tenths}",
        "{survey.villages_needed.nine_tenths}",
        "{survey.value.best_two}",
    )
    return Text(
        f"{names.en} a survey takes at least {plots} in {villages}: that gives nine tenths of the {value} that plots "
        "without end would. Sources name {survey.villages_named} with cacao; any others should be drawn by lot",
        f"{names.id}, survei memerlukan paling sedikit {plots} di {villages}: itu memberi sembilan persepuluh dari "
        f"{value} yang diberikan kebun tanpa batas. Sumber menyebut {{survey.villages_named}} yang berkakao; desa lain "
        "sebaiknya diundi",
    )


def how_far_to_trust() -> Text:
    """The part of the answer on how often an honest survey is taken for a made-up one, from a small to a large one."""
    return Text(
        "Checks raise a flag in {survey.false_alarms.30:percent} of small and {survey.false_alarms.300:percent} of "
        "large honest surveys that were simulated, so a flag is a reason to visit plots again, not a proof.",
        "Dari survei jujur yang disimulasikan, pemeriksaan memberi tanda pada {survey.false_alarms.30:percent} survei "
        "kecil dan {survey.false_alarms.300:percent} survei besar, jadi tanda adalah alasan mendatangi kebun lagi, "
        "bukan bukti.",
    )
