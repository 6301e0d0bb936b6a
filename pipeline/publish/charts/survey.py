"""Figures of 13_survey: literature, plots and both side by side; what a survey is worth by its size."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text, format_number
from pipeline.model.survey_plots import EFFECTS
from pipeline.publish.charts.common import label, localise
from pipeline.publish.figures import BLUE, GREY, ORANGE, Caption
from pipeline.publish.survey_words import NAMES

PRIOR_DATA_POSTERIOR = Caption(
    title=Text("Literature, plots of the district, and both together", "Pustaka, kebun kabupaten, dan keduanya"),
    caption=Text(
        "Present yield as a change from the middle of the statistics; full fertilizer, pod borer on 70 % of pods, "
        "pruning with sanitation, and training as the change of yield they make. Lines are intervals. Plots and both "
        "together are drawn where a survey says something; without a survey only the literature is drawn.",
        "Hasil sekarang sebagai perubahan dari nilai tengah statistik; pupuk dosis penuh, PBK pada 70 % buah, pangkas "
        "dengan sanitasi, dan pelatihan sebagai perubahan hasil yang ditimbulkan. Garis adalah selang. Kebun dan "
        "keduanya digambar bila survei menunjukkan sesuatu; tanpa survei hanya pustaka yang digambar.",
    ),
    alt=Text(
        "Rows for the present yield and four effects; in each a line for the literature and, with a survey, lines for "
        "the plots alone and both together.",
        "Baris untuk hasil sekarang dan empat pengaruh; di tiap baris garis pustaka dan, bila ada survei, garis kebun "
        "saja dan keduanya bersama.",
    ),
)
SAMPLE_SIZE = Caption(
    title=Text("What a survey is worth before choosing packages", "Nilai survei sebelum memilih paket"),
    caption=Text(
        "Mean gain of net income per mature hectare that takes part when packages are chosen after a survey of so many "
        "plots, each in another village. Band: how much farms differ. Dashed: plots without end, where the bias of a "
        "survey stays.",
        "Rata-rata tambahan pendapatan bersih per hektare TM yang ikut, bila paket dipilih setelah survei sebanyak itu "
        "kebun, masing-masing di desa lain. Pita: seberapa beragam kebun. Putus-putus: kebun tanpa batas; bias survei "
        "tetap ada.",
    ),
    alt=Text(
        "Curves of value over the number of plots for two decisions, each rising to a dashed line.",
        "Kurva nilai menurut jumlah kebun untuk dua keputusan, masing-masing naik ke garis putus-putus.",
    ),
)
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
    """``decision``, ``plots``, ``lower``, ``value``, ``upper`` in million Rp/ha; endless plots are missing."""
    wide = by_plots.pivot(index=["decision", "plots"], columns="variation", values="value") / 1e6
    ends = pd.DataFrame({"lower": wide.min(axis=1), "value": wide["value"], "upper": wide.max(axis=1)}).reset_index()
    return ends.assign(plots=ends["plots"].where(ends["plots"] < endless))


def draw_size(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One curve per decision over the number of plots, with its band and the value of endless plots."""
    for decision, (colour, marker, name) in DECISIONS.items():
        part = data[data["decision"] == decision]
        curve, endless = part[part["plots"].notna()], float(part.loc[part["plots"].isna(), "value"].iloc[0])
        axes.fill_between(curve["plots"], curve["lower"], curve["upper"], color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            curve["plots"], curve["value"], color=colour, marker=marker, markersize=4, label=name.in_language(language)
        )
        axes.axhline(endless, color=colour, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_xscale("log", base=2)
    axes.set_xticks([2, 8, 32, 128, 512], [format_number(plots, language) for plots in (2, 8, 32, 128, 512)])
    axes.minorticks_off()
    axes.set_ylim(0, max(float(data["upper"].max()), 0.1) * 1.3)
    axes.set_xlabel(label(language, "Plots", "Kebun"))
    axes.set_ylabel(label(language, "Value (million Rp/ha, year)", "Nilai (juta Rp/ha, tahun)"))
    axes.legend(fontsize=8, loc="upper left")
    localise(axes, language, "y")
