"""Figures of 06_model_fertilizer: when a bag of fertilizer pays."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.publish.charts.common import label, localise, reference_line
from pipeline.publish.figures import BLUE, GREEN, ORANGE


def draw_value_cost(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Value-cost ratio of the full dose against the price of fertilizer, median and interval.

    ``data`` has rows of ``kind`` curve (``price_idr_per_kg``, ``lower``, ``value``, ``upper``) and of ``kind``
    price (a price that was paid or decreed, with ``label``).
    """
    curve = data[data["kind"] == "curve"]
    thousands = curve["price_idr_per_kg"] / 1000
    axes.fill_between(thousands, curve["lower"], curve["upper"], color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(thousands, curve["value"], color=BLUE, linewidth=2)
    reference_line(axes, 1.0, label(language, "break-even", "impas"), vertical=False)
    reference_line(axes, 2.0, label(language, "usual threshold: 2", "ambang lazim: 2"), vertical=False)
    prices = data[data["kind"] == "price"]
    for row, colour in zip(prices.itertuples(), (GREEN, GREEN, ORANGE), strict=False):
        x = float(row.price_idr_per_kg) / 1000  # type: ignore[arg-type]
        axes.axvline(x, color=colour, linewidth=1.2, linestyle=(0, (4, 3)))
        text = str(row.label).split("|")[0 if language == "en" else 1]
        axes.annotate(
            text,
            (x, 0.98),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=colour,
            rotation=90,
        )
    axes.set_xlabel(label(language, "Price of cocoa NPK (thousand Rp/kg)", "Harga NPK kakao (ribu Rp/kg)"))
    axes.set_ylabel(label(language, "Value-cost ratio of the full dose", "Nisbah nilai-biaya dosis penuh"))
    axes.set_ylim(-2, 12)
    axes.set_xlim(0, None)
    localise(axes, language, "x")
    localise(axes, language)
