"""Figures of 13 and 14: literature, plots and both side by side; what a survey is worth by its size."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.language import Text, format_number, read_texts
from pipeline.kit.publish.figures import BLUE, GREY, ORANGE, Caption, label, localise
from pipeline.study.plots.estimates import ATTACKED, NAMES
from pipeline.study.plots.plot_table import EFFECTS

TEXTS = read_texts(__file__)

PRIOR_DATA_POSTERIOR = Caption.read(TEXTS, "prior_data_posterior", attacked=ATTACKED)
SAMPLE_SIZE = Caption.read(TEXTS, "sample_size")
SERIES = {
    "prior": (GREY, Text("literature", "pustaka")),
    "survey": (ORANGE, Text("plots alone", "kebun saja")),
    "together": (BLUE, Text("both together", "keduanya bersama")),
}
DECISIONS = {
    "all_packages": (BLUE, "o", Text("among all packages", "di antara semua paket")),
    "best_two": (ORANGE, "s", Text("between the two best", "antara dua paket terbaik")),
}


def learned_rows(table: pd.DataFrame) -> pd.DataFrame:
    """``name``, ``series``, ``lower``, ``value``, ``upper`` (%), of each series that says something."""
    rows = []
    middle = float(table.set_index("name").loc["present_yield", "prior_value"])
    for row in table[table["name"].isin(["present_yield", *EFFECTS])].to_dict("records"):
        for series in SERIES:
            ends = np.array([row[f"{series}_{end}"] for end in ("lower", "value", "upper")])
            if np.isfinite(ends).all():
                rows.append((row["name"], series, *(ends if row["name"] in EFFECTS else (ends / middle - 1) * 100)))
    return pd.DataFrame(rows, columns=["name", "series", "lower", "value", "upper"])


def draw_learned(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One row per quantity from top to bottom; series below each other within it."""
    names, several = list(dict.fromkeys(data["name"])), data["series"].nunique() > 1
    steps = dict(zip(SERIES, (-0.22, 0.0, 0.22), strict=True)) if several else {"prior": 0.0}
    for series, (colour, name) in SERIES.items():
        part = data[data["series"] == series]
        if len(part):
            rows = [names.index(quantity) + steps[series] for quantity in part["name"]]
            axes.hlines(rows, part["lower"], part["upper"], colors=colour, linewidth=2.2)
            axes.scatter(part["value"], rows, color=colour, s=32, zorder=3, label=name.in_language(language))
    axes.set_yticks(range(len(names)), [NAMES[name].in_language(language) for name in names])
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.9)
    axes.set_xlabel(label(language, "Change of yield (%)", "Perubahan hasil (%)"))
    axes.set_ylabel(label(language, "What is asked", "Yang ditanyakan"))
    axes.legend(fontsize=8, loc="upper right")
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")


def size_rows(by_plots: pd.DataFrame, endless: int) -> pd.DataFrame:
    """``decision``, ``plots``, ``lower``, ``value``, ``upper``: per cent of the value of ``endless`` plots.

    A decision that no survey changes has no row.
    """
    whole = by_plots[(by_plots["plots"] == endless) & (by_plots["variation"] == "value")].set_index("decision")["value"]
    some = by_plots[(by_plots["plots"] < endless) & (by_plots["decision"].map(whole) > 0)]
    shares = some.assign(value=some["value"] / some["decision"].map(whole) * 100)
    wide = shares.pivot(index=["decision", "plots"], columns="variation", values="value")
    ends = {"lower": wide.min(axis=1), "value": wide["value"], "upper": wide.max(axis=1)}
    return pd.DataFrame(ends).reset_index()


def draw_size(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One curve with its band per decision over the number of plots."""
    for decision, (colour, marker, name) in DECISIONS.items():
        curve, said = data[data["decision"] == decision], name.in_language(language)
        axes.fill_between(curve["plots"], curve["lower"], curve["upper"], color=colour, alpha=0.18, linewidth=0)
        axes.plot(curve["plots"], curve["value"], color=colour, marker=marker, markersize=4, label=said)
    axes.axhline(90, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_xscale("log", base=2)
    ticks = (2, 8, 32, 128, 512)
    axes.set_xticks(ticks, [format_number(plots, language) for plots in ticks])
    axes.minorticks_off()
    axes.set_ylim(0, 105)
    axes.set_xlabel(label(language, "Plots", "Kebun"))
    axes.set_ylabel(label(language, "Share of the value (%)", "Bagian dari nilai (%)"))
    axes.legend(fontsize=8, loc="lower right")
    localise(axes, language, "y")
