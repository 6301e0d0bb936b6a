"""Figure of 10_scenarios: what it is worth to know each thing that is not known."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text, format_number
from pipeline.publish.charts.common import label, localise
from pipeline.publish.figures import BLUE, GREY, Caption
from pipeline.publish.names import UNKNOWNS

INFORMATION = Caption(
    title=Text("What it is worth to know before choosing", "Nilai mengetahui sebelum memilih"),
    caption=Text(
        "Mean gain of net income per mature hectare that takes part if one thing were known exactly before the "
        "measures (fertilizer, sleeves, training) are chosen, beans at the price of {day}. Hollow: what that "
        "many plots would give, if farms differ as in published surveys. What changes no choice is worth nothing.",
        "Rata-rata tambahan pendapatan bersih per hektare TM yang ikut, bila satu hal diketahui tepat sebelum tindakan "
        "(pupuk, penyarungan, pelatihan) dipilih, harga biji {day}. Lingkaran kosong: yang diberikan petak "
        "sebanyak itu, bila kebun beragam seperti dalam survei terbitan. Yang tidak mengubah pilihan tidak bernilai.",
    ),
    alt=Text(
        "Bar chart of the value of knowing each input, largest on top; circles show the value of a few plots.",
        "Diagram batang nilai mengetahui tiap hal, terbesar di atas; lingkaran menunjukkan nilai beberapa petak.",
    ),
)
# Shown in the figure beside the value of knowing exactly; the table has the other numbers of plots.
SHOWN_PLOTS = 12


def information_rows(by_input: pd.DataFrame, by_plots: pd.DataFrame) -> pd.DataFrame:
    """Value of each input in million Rp/ha, and of ``SHOWN_PLOTS`` plots where plots can tell: ``name``, ``value``,
    ``plots_value``."""
    some = by_plots[(by_plots["plots"] == SHOWN_PLOTS) & (by_plots["variation"] == "value")].set_index("name")["value"]
    return by_input.assign(value=by_input["value"] / 1e6, plots_value=by_input["name"].map(some) / 1e6)


def draw_information(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One bar per input, the most valuable on top."""
    axes.barh(range(len(data)), data["value"], color=BLUE, height=0.55)
    plots = label(language, f"{SHOWN_PLOTS} plots", f"{SHOWN_PLOTS} petak")
    axes.scatter(
        data["plots_value"], range(len(data)), facecolors="white", edgecolors=GREY, s=34, zorder=3, label=plots
    )
    for place, (value, shown) in enumerate(zip(data["value"], data["plots_value"].fillna(0), strict=True)):
        text = format_number(value, language, 2) if value >= 0.005 else "0"
        axes.annotate(text, (max(value, shown), place), (6, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(data)), [UNKNOWNS[name].in_language(language) for name in data["name"]])
    axes.invert_yaxis()
    axes.set_xlim(0, max(float(data["value"].max()), 0.1) * 1.12)
    axes.set_xlabel(label(language, "Value of knowing (million Rp/ha, year)", "Nilai mengetahui (juta Rp/ha, tahun)"))
    axes.set_ylabel(label(language, "What is not known", "Yang belum diketahui"))
    axes.legend(fontsize=8, loc="lower right")
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")
