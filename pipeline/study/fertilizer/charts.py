"""Figures of 06_model_fertilizer: when fertilizer pays, and how much of it to spread."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipeline.kit.data.citations import join
from pipeline.kit.language import Text, format_number, read_texts
from pipeline.kit.publish.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    Caption,
    label,
    localise,
    reference_line,
    year_axis,
)

TEXTS = read_texts(__file__)

PRICE_LABELS = {
    "ceiling": "ceiling (HET) since Oct 2025|HET sejak Okt 2025",
    "ceiling_before": "ceiling before Oct 2025|HET sebelum Okt 2025",
    "market": "market, as reported and carried|pasar, dari laporan",
}
RANGES = {
    "world": (BLUE, Text("world prices", "harga dunia")),
    "ceiling_subsidised": (GREEN, Text("ceiling (HET)", "HET")),
    "retail_unsubsidised": (ORANGE, Text("market", "pasar")),
}
NOW_LABELS = {
    "ceiling": "ceiling since Oct 2025|HET sejak Okt 2025",
    "market": "market, as reported and carried|pasar, dari laporan",
}
PRICE_AXIS = Text(
    "Price of 1 kg of fertilizer, delivered (kg of dry beans)", "Harga 1 kg pupuk sampai di desa (kg biji kering)"
)
DASHED = (0, (4, 3))

VALUE_COST = Caption.read(TEXTS, "value_cost")
OPTIMAL_DOSE = Caption.read(TEXTS, "optimal_dose")


def with_prices(curve: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """The curve (``kind`` curve) and the prices that were decreed or paid (``kind`` price, with ``price_ratio``)."""
    prices = cases[["price_idr_per_kg", "price_ratio", "source_id"]].assign(
        kind="price", label=cases["name"].map(PRICE_LABELS)
    )
    return pd.concat([curve.assign(kind="curve"), prices], ignore_index=True)


def draw_value_cost(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Value-cost ratio against the price of fertilizer in beans: full dose with its interval, half dose.

    ``data`` has rows of ``kind`` curve (``price_ratio``, ``lower``, ``value``, ``upper``, ``half_dose``) and of
    ``kind`` price (a price that was paid or decreed, with ``label``).
    """
    curve = data[data["kind"] == "curve"]
    ratio = curve["price_ratio"]
    axes.fill_between(ratio, curve["lower"], curve["upper"], color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(ratio, curve["value"], color=BLUE, linewidth=2, label=label(language, "full dose", "dosis penuh"))
    half = label(language, "half the dose", "setengah dosis")
    axes.plot(ratio, curve["half_dose"], color=PURPLE, linewidth=1.6, linestyle=(0, (1, 1)), label=half)
    axes.axhline(1.0, color=GREY, linewidth=1.0, linestyle=DASHED)
    text = label(language, "below: it does not pay", "di bawah: merugi")
    axes.annotate(text, (ratio.iloc[0], 1.0), xytext=(0, -11), textcoords="offset points", fontsize=8)
    for row in data[data["kind"] == "price"].itertuples():
        _mark_price(axes, float(row.price_ratio), float(row.price_idr_per_kg), str(row.label), language)
    _price_axis(axes, data["price_ratio"], language)
    axes.set_ylabel(label(language, "Value-cost ratio", "Nisbah nilai-biaya"))
    localise(axes, language)
    axes.legend(fontsize=8, loc="upper right", bbox_to_anchor=(0.82, 1.0))


def _price_axis(axes: Axes, ratio: pd.Series, language: str) -> None:
    """A logarithmic axis of prices in beans, with the round values that lie between the ends of ``ratio``."""
    round_values = [digit * 10.0**power for power in range(-4, 4) for digit in (1, 2, 5)]
    axes.set_xscale("log")
    axes.set_xticks([value for value in round_values if ratio.min() <= value <= ratio.max()])
    axes.minorticks_off()
    axes.set_xlabel(PRICE_AXIS.in_language(language))
    localise(axes, language, "x")


def _mark_price(axes: Axes, ratio: float, price: float, text: str, language: str) -> None:
    """A vertical line at a price, with its name along it; the present ceiling is named on its left."""
    colour = ORANGE if "market" in text else GREEN
    side, shift = ("right", -3) if "since" in text else ("left", 3)
    axes.axvline(ratio, color=colour, linewidth=1.2, linestyle=DASHED)
    axes.annotate(
        f"{label(language, *text.split('|'))}, Rp {format_number(price, language, 4)}",
        (ratio, 0.98),
        xycoords=("data", "axes fraction"),
        xytext=(shift, 0),
        textcoords="offset points",
        va="top",
        ha=side,
        fontsize=8,
        color=colour,
        rotation=90,
    )


def with_ranges(
    curve: pd.DataFrame, history: pd.DataFrame, ranges: pd.DataFrame, cases: pd.DataFrame, doses: pd.Series
) -> pd.DataFrame:
    """The dose curve (``kind`` curve), the range of each kind of price with its ``years``, and the cases of today,
    which cite their price and what the curve does.

    ``doses`` holds the median optimal dose by the name of the case (rows of ``kind`` case, with ``label``).
    """
    first, last = history.groupby("kind")["date"].min().astype(int), history.groupby("kind")["date"].max().astype(int)
    years = {kind: f"{first[kind]}–{last[kind]}" for kind in first.index}
    shown = ranges[ranges["kind"].isin(RANGES)]
    now = cases[cases["name"].isin(NOW_LABELS)]
    marks = pd.DataFrame({"kind": "case", "price_ratio": now["price_ratio"], "value": now["name"].map(doses)})
    marks["label"] = now["name"].map(NOW_LABELS)
    marks["source_id"] = [join(own, *curve["source_id"]) for own in now["source_id"]]
    parts = [curve.assign(kind="curve"), shown.assign(years=shown["kind"].map(years)), marks]
    return pd.concat(parts, ignore_index=True)


def draw_optimal_dose(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Optimal dose against the price ratio: average with interval, each family alone, ranges of prices above."""
    curve = data[data["kind"] == "curve"]
    ratio = curve["price_ratio"]
    average = label(language, "average of both curves", "rerata kedua kurva")
    axes.fill_between(ratio, curve["lower"], curve["upper"], color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(ratio, curve["value"], color=BLUE, linewidth=2.2, label=average)
    alone = {
        "mitscherlich": (GREY, DASHED, Text("Mitscherlich curve", "kurva Mitscherlich")),
        "quadratic_plateau": (PURPLE, (0, (1, 1)), Text("quadratic plateau", "kuadratik-plato")),
    }
    for name, (colour, dashes, words) in alone.items():
        axes.plot(ratio, curve[name], color=colour, linewidth=1.6, linestyle=dashes, label=words.in_language(language))
    top = float(curve["upper"].max())
    for level, (kind, (colour, words)) in enumerate(RANGES.items()):
        for row in data[data["kind"] == kind].itertuples():
            height = top * (1.36 - 0.12 * level)
            axes.plot([row.lower, row.upper], [height, height], color=colour, linewidth=3)
            axes.annotate(
                f"{words.in_language(language)}, {row.years}",
                (row.upper, height),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=colour,
            )
    for row in data[data["kind"] == "case"].itertuples():
        colour = ORANGE if "market" in str(row.label) else GREEN
        text = label(language, *str(row.label).split("|"))
        axes.plot(row.price_ratio, row.value, "o", color=colour, markersize=7, zorder=4, label=text)
    axes.set_ylim(-0.02 * top, top * 1.45)
    axes.set_yticks([dose for dose in MaxNLocator(5).tick_values(0, top) if dose <= top])
    _price_axis(axes, data["price_ratio"], language)
    axes.set_ylabel(label(language, "Optimal dose of cocoa NPK (kg/ha)", "Dosis optimum NPK kakao (kg/ha)"))
    localise(axes, language)
    axes.legend(fontsize=8, loc="upper right", bbox_to_anchor=(1.0, 0.74))


MARKETS = {
    "ceiling_subsidised": (GREEN, "o", Text("subsidised ceiling (HET)", "HET bersubsidi")),
    "ex_warehouse": (PURPLE, "^", Text("ex warehouse", "di gudang")),
    "retail_unsubsidised": (ORANGE, "s", Text("market", "pasar, nonsubsidi")),
}
PRICE_HISTORY = Caption.read(TEXTS, "price_history")


def with_choke(history: pd.DataFrame, choke_ratio: float, cites: str) -> pd.DataFrame:
    """The history of prices and the price at which the optimal dose falls to zero (``kind`` choke), and what it
    ``cites``."""
    choke = pd.DataFrame([{"kind": "choke", "price_ratio": choke_ratio, "source_id": cites}])
    return pd.concat([history, choke], ignore_index=True)


def draw_price_history(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """World price ratio by month and its twelve-month mean, a mark per price in rupiah, and the choke ratio."""
    world = data[data["kind"] == "world"]
    axes.plot(world["date"], world["price_ratio"], color=GREY, linewidth=0.6, alpha=0.7)
    mean = label(language, "world prices, 12 months", "harga dunia, 12 bulan")
    axes.plot(world["date"], world["mean_12_months"], color=BLUE, linewidth=1.8, label=mean)
    for market, (colour, marker, name) in MARKETS.items():
        part = data[data["kind"] == market]
        text = name.in_language(language)
        axes.plot(part["date"], part["price_ratio"], marker, color=colour, markersize=5, label=text)
    choke = float(data.loc[data["kind"] == "choke", "price_ratio"].iloc[0])
    # A logarithmic axis has no place for a price below zero: then no fertilizer pays at any price.
    if choke > 0:
        text = label(language, "optimal dose is zero above", "di atas garis ini dosis optimum nol")
        reference_line(axes, choke, text, vertical=False)
    axes.set_yscale("log")
    axes.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0])
    axes.minorticks_off()
    year_axis(axes, language)
    axes.set_ylabel(label(language, "kg of beans for 1 kg of fertilizer", "kg biji untuk 1 kg pupuk"))
    localise(axes, language)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0.0, 0.92))
