"""Figure of 09_attribution: how much of the gap each cause holds back."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.language import Text
from pipeline.kit.publish.figures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Caption
from pipeline.study.axes import draw_intervals, label, localise
from pipeline.study.names import CAUSES

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

SHARES = Caption(
    title=Text("Yield held back per cause", "Kehilangan hasil menurut penyebab"),
    caption=Text(
        "Shapley values of the four causes on an average mature hectare, most likely to hold back most on top; they "
        "add up to what removing all of them would gain. The row with black pod stands beside that of the pod borer "
        "and is not added. No price is in the row of fertilizer. Pruning and sanitation rest on prior knowledge "
        "alone. What the causes do not explain may be below zero, when the evidence promises more than the gap.",
        "Nilai Shapley keempat penyebab pada hektare TM rata-rata, yang paling mungkin terbesar di atas; jumlahnya "
        "sama dengan tambahan hasil bila semuanya dihilangkan. Baris dengan busuk buah berdiri di samping baris PBK "
        "dan tidak dijumlahkan. Harga tidak termasuk dalam baris pupuk. Pemangkasan dan sanitasi baru asumsi awal. "
        "Yang belum terjelaskan dapat negatif bila bukti menjanjikan lebih dari senjang.",
    ),
    alt=Text(
        "Interval plot in kg per hectare: one row for each of the four causes, one for the unexplained part "
        "and one for the whole gap.",
        "Diagram selang dalam kg per hektare: satu baris untuk tiap penyebab dari keempat penyebab, satu "
        "untuk bagian yang belum terjelaskan, dan satu untuk seluruh senjang.",
    ),
)

WATERFALL = Caption(
    title=Text("From the present to the attainable yield", "Dari hasil kini ke hasil yang dapat dicapai"),
    caption=Text(
        "Bars are means of the draws, which add up from left to right; lines are the interval of each step or total. A "
        "mean can lie far from the middle of a skewed interval. A bar that goes down takes back what others promise.",
        "Batang adalah rerata simulasi, yang berjumlah dari kiri ke kanan; garis adalah selang tiap langkah atau total."
        " Rerata dapat jauh dari tengah selang yang miring. Batang yang turun mengambil kembali janji yang lain.",
    ),
    alt=Text(
        "Waterfall chart in kg per hectare: the present yield, one step for each cause and one for what is not "
        "explained, and the attainable yield, each with its interval.",
        "Diagram air terjun dalam kg per hektare: hasil kini, satu langkah untuk tiap penyebab dan satu untuk yang "
        "belum terjelaskan, lalu hasil yang dapat dicapai, masing-masing dengan selangnya.",
    ),
)


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
