"""Figure of 10_scenarios: what each measure leaves in the hand."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import draw_intervals, label
from pipeline.publish.figures import Caption
from pipeline.publish.names import PACKAGES

NET_INCOME = Caption(
    title=Text("What a measure leaves in the hand", "Yang tersisa di tangan dari tiap tindakan"),
    caption=Text(
        "Median and interval of the yearly net income per mature hectare, after inputs, labour at the minimum "
        "wage and harvest. Days of labour are assumptions, drawn from half to double.",
        "Median dan selang pendapatan bersih per hektare TM per tahun, setelah sarana, tenaga kerja menurut "
        "UMK, dan panen. Hari kerja adalah asumsi, diambil dari separuh sampai dua kali lipat.",
    ),
    alt=Text(
        "Interval plot of net income, one row per option, with the chance of a loss beside each.",
        "Diagram selang pendapatan bersih, satu baris per pilihan, dengan peluang rugi di sampingnya.",
    ),
)


def income_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """Net income in million rupiah per measure, best median first: ``name``, ``lower``, ``value``, ``upper``."""
    column = "net_income_idr_per_ha"
    rows = pd.DataFrame(
        {
            "name": summary["name"],
            "lower": summary[f"{column}_lower"] / 1e6,
            "value": summary[column] / 1e6,
            "upper": summary[f"{column}_upper"] / 1e6,
            "probability_loss": summary["probability_loss"],
        }
    )
    return rows.sort_values("value", ascending=False, ignore_index=True)


def draw_income(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Net income per measure in million rupiah per mature hectare and year, with the chance of a loss."""
    x_label = Text(
        "Net income (million Rp per mature hectare and year)", "Pendapatan bersih (juta Rp per hektare TM per tahun)"
    )
    draw_intervals(axes, data, language, PACKAGES, x_label)
    right = axes.get_xlim()[1]
    for row, chance in enumerate(data["probability_loss"]):
        text = label(language, f"loss in {chance * 100:.0f} %", f"rugi {chance * 100:.0f} %")
        axes.annotate(text, (right, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_ylabel(label(language, "Measure", "Tindakan"))
