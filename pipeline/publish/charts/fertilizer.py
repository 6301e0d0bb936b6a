"""Figures of 06_model_fertilizer: when a bag of fertilizer pays."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import label, localise
from pipeline.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption

PRICE_LABELS = {
    "ceiling": "ceiling (HET) now|HET sekarang",
    "ceiling_before": "ceiling before|HET sebelumnya",
    "market": "market, Kutai Timur 2023|pasar, Kutai Timur 2023",
}

VALUE_COST = Caption(
    title=Text("What a rupiah of fertilizer returns", "Kembalian satu rupiah pupuk"),
    caption=Text(
        "Median and interval of the value-cost ratio of the full dose, by the price of cocoa NPK; transport, "
        "spreading and harvest are counted. Dashed: prices decreed or reported.",
        "Median dan selang nisbah nilai-biaya dosis penuh menurut harga NPK kakao; ongkos angkut, penebaran, "
        "dan panen dihitung. Garis putus: harga yang ditetapkan atau dilaporkan.",
    ),
    alt=Text(
        "Curve and band of the value-cost ratio against the price of fertilizer, with dashed lines at the "
        "prices that were decreed or reported and at the threshold of two.",
        "Kurva dan pita nisbah nilai-biaya menurut harga pupuk, dengan garis putus pada harga yang "
        "ditetapkan atau dilaporkan dan pada ambang dua.",
    ),
)


def with_prices(curve: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """The curve (``kind`` curve) and the prices that were decreed or paid (``kind`` price)."""
    prices = cases[["price_idr_per_kg"]].assign(kind="price", label=cases["name"].map(PRICE_LABELS))
    return pd.concat([curve.assign(kind="curve"), prices], ignore_index=True)


def draw_value_cost(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Value-cost ratio of the full dose against the price of fertilizer, median and interval.

    ``data`` has rows of ``kind`` curve (``price_idr_per_kg``, ``lower``, ``value``, ``upper``) and of ``kind``
    price (a price that was paid or decreed, with ``label``).
    """
    curve = data[data["kind"] == "curve"]
    thousands = curve["price_idr_per_kg"] / 1000
    axes.fill_between(thousands, curve["lower"], curve["upper"], color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(thousands, curve["value"], color=BLUE, linewidth=2)
    axes.axhline(1.0, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)))
    text = label(language, "below this line it does not pay", "di bawah garis ini merugi")
    axes.annotate(text, (thousands.iloc[0], 1.0), xytext=(0, -11), textcoords="offset points", fontsize=8)
    for row in data[data["kind"] == "price"].itertuples():
        _mark_price(axes, float(row.price_idr_per_kg) / 1000, str(row.label), language)
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 3, 5, 10, 20])
    axes.minorticks_off()
    axes.set_xlabel(label(language, "Price of cocoa NPK (thousand Rp/kg)", "Harga NPK kakao (ribu Rp/kg)"))
    axes.set_ylabel(label(language, "Value-cost ratio of the full dose", "Nisbah nilai-biaya dosis penuh"))
    localise(axes, language, "x")
    localise(axes, language)


def _mark_price(axes: Axes, thousands: float, text: str, language: str) -> None:
    """A vertical line at a price, with its name along it; the present ceiling is named on its left."""
    colour = ORANGE if "market" in text else GREEN
    side, shift = ("right", -3) if "now" in text else ("left", 3)
    axes.axvline(thousands, color=colour, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.annotate(
        label(language, *text.split("|")),
        (thousands, 0.98),
        xycoords=("data", "axes fraction"),
        xytext=(shift, 0),
        textcoords="offset points",
        va="top",
        ha=side,
        fontsize=8,
        color=colour,
        rotation=90,
    )
