"""Figure of 09_attribution: how much of the gap each cause holds back."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import draw_intervals, label
from pipeline.publish.figures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE
from pipeline.publish.names import CAUSES

COLOURS = {
    "fertilizer": ORANGE,
    "pests": PURPLE,
    "technique": GREEN,
    "knowledge": BLUE,
    "unexplained": GREY,
    "gap": BLACK,
}


def draw_shares(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Yield held back per cause, what is not explained, and the whole gap, each with its interval."""
    x_label = Text("Yield held back per mature hectare (kg/ha/yr)", "Hasil yang tertahan per hektare TM (kg/ha/th)")
    draw_intervals(axes, data, language, CAUSES, x_label, COLOURS)
    axes.set_ylabel(label(language, "Cause", "Penyebab"))
