"""Figures of 11_validation: positions of simulated truths, studies left out, and how often intervals hold."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import binom

from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption, label, localise
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.validation.estimates import BAND

TEXTS = read_texts(__file__)

RANKS = Caption.read(TEXTS, "ranks")
LEFT_OUT = Caption.read(TEXTS, "left_out")
COVERAGE = Caption.read(TEXTS, "coverage")
TESTS = {
    "simulated_mean": Text("simulated, mean", "simulasi, rerata"),
    "simulated_new": Text("simulated, new place", "simulasi, tempat baru"),
    "studies": Text("studies left out", "penelitian ditinggalkan"),
    "countries": Text("countries left out", "negara ditinggalkan"),
}


def draw_ranks(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Counts per bin (``middle``, ``count``) of two quantities (``quantity`` mean or new_place)."""
    names = {
        "mean": (BLUE, label(language, "mean over places", "rerata semua tempat")),
        "new_place": (ORANGE, label(language, "new place", "tempat baru")),
    }
    for quantity, (colour, text) in names.items():
        rows = data[data["quantity"] == quantity]
        axes.step(rows["middle"], rows["count"], where="mid", color=colour, linewidth=1.8, label=text)
    bins, total = len(rows), int(rows["count"].sum())
    low, high = binom.ppf([0.05, 0.95], total, 1 / bins)
    axes.axhspan(low, high, color="#D9D9D9", label=label(language, "expected if even", "bila merata"), zorder=0)
    axes.set_ylim(0, None)
    axes.set_xlabel(label(language, "Probability below the truth", "Peluang di bawah kebenaran"))
    axes.set_ylabel(label(language, "Simulated truths", "Jumlah kebenaran simulasi"))
    axes.legend(fontsize=8, loc="lower right")
    localise(axes, language, "x")
    localise(axes, language)


def draw_left_out(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Forecast and finding per study; ``data`` from ``left_out.leave_one_study_out``, as ratios on a log axis."""
    rows = data.reset_index(drop=True)
    places = np.arange(len(rows))
    axes.hlines(places, np.exp(rows["lower95"]), np.exp(rows["upper95"]), colors=BLUE, linewidth=1.1)
    axes.hlines(places, np.exp(rows["lower80"]), np.exp(rows["upper80"]), colors=BLUE, linewidth=4.0, alpha=0.55)
    inside = rows["position"].between(0.1, 0.9)
    for is_inside, colour in ((True, GREEN), (False, ORANGE)):
        chosen = inside == is_inside
        axes.plot(np.exp(rows.loc[chosen, "log_ratio"]), places[chosen], "D", color=colour, markersize=5)
    names = [
        f"{POOLED_MEASURES[row.measure].in_language(language)}: {row.study_id} ({row.others})"
        for row in rows.itertuples()
    ]
    axes.set_yticks(places, names, fontsize=7.5)
    axes.invert_yaxis()
    axes.axvline(1, color=GREY, linewidth=0.9)
    axes.set_xscale("log")
    axes.set_xticks([0.2, 0.5, 1, 2, 5])
    axes.minorticks_off()
    axes.set_xlabel(label(language, "Yield with over yield without", "Hasil dengan tindakan dibagi hasil tanpa"))
    axes.set_ylabel(label(language, "Study left out", "Penelitian yang ditinggalkan"))
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")


def draw_coverage(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Coverage at both levels, one row per test; ``data`` from ``publish.validation.coverage_rows``."""
    order = {name: place for place, name in enumerate(TESTS)}
    axes.axvspan(100 * BAND[0], 100 * BAND[1], color="#E3E3E3", zorder=0)
    for nominal, colour, shift in ((80.0, BLUE, -0.12), (95.0, GREEN, 0.12)):
        rows = data[data["nominal"] == nominal]
        places = [order[name] + shift for name in rows["name"]]
        axes.hlines(places, rows["lower"], rows["upper"], colors=colour, linewidth=2)
        text = label(language, f"{nominal:g} % intervals", f"selang {nominal:g} %")
        axes.plot(rows["value"], places, "o", color=colour, label=text)
        axes.axvline(nominal, color=colour, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_yticks(list(order.values()), [text.in_language(language) for text in TESTS.values()])
    axes.invert_yaxis()
    axes.set_xlabel(label(language, "Truths inside the interval (%)", "Kebenaran di dalam selang (%)"))
    axes.set_ylabel(label(language, "Test", "Uji"))
    axes.grid(axis="y", visible=False)
    axes.legend(fontsize=8, loc="lower left")
    localise(axes, language, "x")
