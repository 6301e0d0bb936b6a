"""Figure of 09_attribution: how much of the gap each cause holds back."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.figures import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    Caption,
    draw_intervals,
    label,
    localise,
)
from pipeline.study.names import CAUSES

TEXTS = read_texts(__file__)

STEPS = {
    **CAUSES,
    "present": Text("Present yield", "Hasil kini"),
    "attainable": Text("Attainable yield", "Hasil yang dapat dicapai"),
}
# Light enough for a black interval to be seen on it.
SILVER = "#8C8C8C"
COLOURS = {
    "fertilizer": ORANGE,
    "pod_borer": PURPLE,
    "pod_borer_and_black_pod": PURPLE,
    "technique": GREEN,
    "knowledge": BLUE,
    "unexplained": GREY,
    "gap": BLACK,
    "present": SILVER,
    "attainable": SILVER,
}

SHARES = Caption.read(TEXTS, "shares")

WATERFALL = Caption.read(TEXTS, "waterfall")


def draw_waterfall(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Totals from zero and steps from where the one before ended, with the interval of each around its end."""
    places = range(len(data))
    axes.bar(
        places, data["end"] - data["start"], bottom=data["start"], color=[COLOURS[n] for n in data["name"]], width=0.6
    )
    axes.hlines(data["end"].iloc[:-1], places[:-1], places[1:], colors=GREY, linewidth=0.9)
    # The interval of a step starts from where the step starts.
    base = data["start"].where(data["kind"] == "step", 0.0)
    shift = [place + 0.22 for place in places]
    axes.vlines(shift, base + data["lower"], base + data["upper"], colors=BLACK, linewidth=1.4)
    names = [textwrap.fill(STEPS[name].in_language(language), 12) for name in data["name"]]
    axes.set_xticks(list(places), names, fontsize=8)
    axes.axhline(0, color=GREY, linewidth=0.9)
    axes.grid(axis="x", visible=False)
    axes.set_xlabel(label(language, "Step", "Langkah"))
    axes.set_ylabel(label(language, "Yield per mature hectare (kg/ha)", "Hasil per hektare TM (kg/ha)"))
    localise(axes, language)


def draw_shares(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Yield held back per cause, what is not explained, and the whole gap, each with its interval."""
    x_label = Text("Yield held back per mature hectare (kg/ha/yr)", "Hasil yang tertahan per hektare TM (kg/ha/th)")
    draw_intervals(axes, data, language, CAUSES, x_label, COLOURS)
    axes.set_ylabel(label(language, "Cause", "Penyebab"))
