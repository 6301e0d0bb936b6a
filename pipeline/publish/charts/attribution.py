"""Figure of 09_attribution: how much of the gap each cause holds back."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import draw_intervals, label
from pipeline.publish.figures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Caption
from pipeline.publish.names import CAUSES

COLOURS = {
    "fertilizer": ORANGE,
    "pests": PURPLE,
    "technique": GREEN,
    "knowledge": BLUE,
    "unexplained": GREY,
    "gap": BLACK,
}

SHARES = Caption(
    title=Text("Yield held back per cause", "Hasil yang tertahan per penyebab"),
    caption=Text(
        "Shapley values of the four causes; they add up to what removing all of them would gain. The gap is "
        "the attainable less the present yield; what the causes do not explain may be below zero, when the "
        "evidence promises more than the gap.",
        "Nilai Shapley keempat penyebab; jumlahnya sama dengan tambahan hasil bila semuanya dihilangkan. "
        "Senjang adalah hasil yang dapat dicapai dikurangi hasil kini; yang belum terjelaskan dapat negatif "
        "bila bukti menjanjikan lebih dari senjang.",
    ),
    alt=Text(
        "Interval plot in kg per hectare: one row for each of the four causes, one for the unexplained part "
        "and one for the whole gap.",
        "Diagram selang dalam kg per hektare: satu baris untuk tiap penyebab dari keempat penyebab, satu "
        "untuk bagian yang belum terjelaskan, dan satu untuk seluruh senjang.",
    ),
)


def draw_shares(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Yield held back per cause, what is not explained, and the whole gap, each with its interval."""
    x_label = Text("Yield held back per mature hectare (kg/ha/yr)", "Hasil yang tertahan per hektare TM (kg/ha/th)")
    draw_intervals(axes, data, language, CAUSES, x_label, COLOURS)
    axes.set_ylabel(label(language, "Cause", "Penyebab"))
