"""Figures of 10_scenarios: what each option leaves in the hand, and how prices change its chance of a loss."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.data.citations import join
from pipeline.kit.language import Text, format_number, read_texts
from pipeline.kit.publish.estimates import Estimate
from pipeline.kit.publish.figures import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    Caption,
    draw_intervals,
    label,
    localise,
    reference_line,
)
from pipeline.study.names import FERTILIZER_PRICES, PACKAGES, REGENCIES, UNKNOWNS
from pipeline.study.prices.scope import PRICE_CITES, in_legend
from pipeline.study.scenarios.export import NOW

TEXTS = read_texts(__file__)

NET_INCOME = Caption.read(TEXTS, "net_income")


def income_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """Net income in million rupiah per measure, best median first: ``name``, ``lower``, ``value``, ``upper``, and what
    each cites."""
    column = "net_income_idr_per_ha"
    rows = pd.DataFrame(
        {
            "name": summary["name"],
            "lower": summary[f"{column}_lower"] / 1e6,
            "value": summary[column] / 1e6,
            "upper": summary[f"{column}_upper"] / 1e6,
            "probability_loss": summary["probability_loss"],
            "source_id": summary["source_id"],
        }
    )
    return rows.sort_values("value", ascending=False, kind="stable", ignore_index=True)


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


PRICES = Caption.read(TEXTS, "prices")
IN_GRID = {
    **PACKAGES,
    "fertilizer": Text("Fertilizer", "Pupuk"),
    "fertilizer_best": Text("Fertilizer, best dose", "Pupuk, dosis terbaik"),
    "training_fertilizer": Text("Training + fertilizer", "Pelatihan + pupuk"),
    "package": Text("Sleeving + fertilizer", "Penyarungan + pupuk"),
    "full_package": Text("All three", "Ketiganya"),
}
MARKS = {
    "low": (ORANGE, "v"),
    "present": (BLUE, "o"),
    "high": (PURPLE, "s"),
    "berau": (BLACK, "D"),
    "peak": (GREEN, "^"),
}


def price_rows(grid: pd.DataFrame, names: list[str], cocoa_prices: dict[str, float]) -> pd.DataFrame:
    """Chance of a loss in per cent by option, fertilizer price and cocoa price, in the order of the grid.

    ``names`` are the options to draw, as the grid calls them; ``cocoa_prices`` are Rp/kg by name. The ceiling before
    the last change lies so close to the present one that it is left to the table.
    """
    rows = grid[grid["name"].isin(names) & (grid["fertilizer"] != "ceiling_before")]
    rows = rows.assign(chance=rows["probability_loss"] * 100, cocoa_idr_per_kg=rows["cocoa"].map(cocoa_prices))
    orders = {"name": names, "fertilizer": ["none", *FERTILIZER_PRICES], "cocoa": list(cocoa_prices)}
    return rows[[*orders, "cocoa_idr_per_kg", "chance"]].sort_values(
        list(orders), key=lambda column: column.map(orders[str(column.name)].index), ignore_index=True
    )


def draw_prices(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One row per option and price of fertilizer, a mark per price of cocoa."""
    groups = list(data.groupby(["name", "fertilizer"], sort=False))
    for place, (_, rows) in enumerate(groups):
        axes.plot(rows["chance"], [place] * len(rows), color=GREY, linewidth=1.0, zorder=1)
    for cocoa, (colour, mark) in MARKS.items():
        price = float(data.loc[data["cocoa"] == cocoa, "cocoa_idr_per_kg"].iloc[0])
        chances = [float(rows.loc[rows["cocoa"] == cocoa, "chance"].iloc[0]) for _, rows in groups]
        text = in_legend(cocoa, price).in_language(language)
        axes.scatter(chances, range(len(groups)), c=colour, marker=mark, s=34, label=text, zorder=3)
    axes.set_yticks(range(len(groups)), [_row_name(str(name), str(price), language) for (name, price), _ in groups])
    axes.invert_yaxis()
    axes.axvline(50, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_xlim(0, 100)
    axes.set_xlabel(label(language, "Chance of a loss (%)", "Peluang rugi (%)"))
    axes.set_ylabel(label(language, "Option", "Pilihan"))
    title = label(language, "Price of cocoa", "Harga kakao")
    axes.legend(fontsize=8, title=title, title_fontsize=8, loc="upper center", bbox_to_anchor=(0.35, -0.13), ncols=2)
    axes.grid(axis="y", visible=False)


def _row_name(name: str, fertilizer: str, language: str) -> str:
    price = FERTILIZER_PRICES.get(fertilizer)
    return IN_GRID[name].in_language(language) + (f" ({price.in_language(language)})" if price else "")


THRESHOLDS = Caption.read(TEXTS, "thresholds")


def threshold_rows(prices: pd.DataFrame, price_set: float, newest: Estimate) -> pd.DataFrame:
    """Bean prices in thousand Rp/kg: from which each option pays (``kind`` option), the price that is set (set), and
    what villages are paid (newest).

    ``lower``, ``value`` and ``upper`` of an option are for a quarter, half and three quarters of the draws.
    """
    rows = prices.rename(columns={"quarter": "lower", "even": "value", "three_quarters": "upper"}).assign(kind="option")
    marks = pd.DataFrame(
        {
            "kind": ["set", "newest"],
            "name": ["price that is set", "price by the model"],
            "lower": [np.nan, newest.lower],
            "value": [price_set, newest.value],
            "upper": [np.nan, newest.upper],
            "source_id": [join(*PRICE_CITES["present"][:2]), join(*newest.sources)],
        }
    )
    both = pd.concat([rows.sort_values("value", kind="stable"), marks], ignore_index=True)
    both[["lower", "value", "upper"]] /= 1000
    return both[["kind", "name", "lower", "value", "upper", "source_id"]]


def draw_thresholds(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One row per option: a line from the price with a quarter of the draws to that with three quarters, a dot at half;
    a line that ends in nothing pays for too few draws at any price."""
    options, newest = data[data["kind"] == "option"], data[data["kind"] == "newest"].iloc[0]
    price_set = float(data.loc[data["kind"] == "set", "value"].iloc[0])
    right = 1.15 * float(np.nanmax(options[["lower", "value", "upper"]].to_numpy(float)))
    for place, row in enumerate(options.itertuples()):
        end = row.upper if np.isfinite(row.upper) else right
        axes.hlines(place, row.lower, end, colors=BLUE, linewidth=2.2)
        axes.scatter([row.value], [place], color=BLUE, s=36, zorder=3)
    axes.axvspan(newest.lower, newest.upper, color=ORANGE, alpha=0.2, linewidth=0)
    axes.axvline(
        newest.value,
        color=ORANGE,
        linewidth=1.4,
        label=label(language, "newest, by the model", "terbaru, menurut model"),
    )
    axes.axvline(
        price_set, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)), label=label(language, "as set", "yang diisi")
    )
    axes.set_yticks(range(len(options)), [PACKAGES[name].in_language(language) for name in options["name"]])
    axes.invert_yaxis()
    axes.set_xlim(0, right)
    axes.set_xlabel(label(language, "Price of dry beans (thousand Rp/kg)", "Harga biji kering (ribu Rp/kg)"))
    axes.set_ylabel(label(language, "Option", "Pilihan"))
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.35, -0.2), ncols=2)
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")


COST_CURVE = Caption.read(TEXTS, "cost_curve")
HEADROOM = 1.6
COLOURS = (BLUE, GREEN, ORANGE, PURPLE, BLACK, GREY)


def curve_rows(curve: pd.DataFrame, net_price: float) -> pd.DataFrame:
    """Blocks to draw: ``start`` and ``end`` in tonnes, costs in thousand Rp/kg, ``is_ranked``, ``net_price``.

    Measures of which the median draw brings nothing have no height and are left to the table.
    """
    rows = curve[np.isfinite(curve["value"])].reset_index(drop=True)
    end = rows["tonnes"].cumsum()
    costs = rows[["lower", "value", "upper"]] / 1000
    return rows.assign(**costs, start=end - rows["tonnes"], end=end, net_price=net_price / 1000)


def draw_curve(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """A block per measure with the interval of its cost; costs on a logarithmic axis."""
    finite = data["upper"].where(np.isfinite(data["upper"]), data["value"])
    top = max(finite.max(), data["net_price"].iloc[0]) * HEADROOM**2
    bottom = data["lower"].min() / HEADROOM
    axes.set_yscale("log")
    for row, colour in zip(data.itertuples(), COLOURS, strict=False):
        _draw_block(axes, row, colour, bottom, top, PACKAGES[row.name].in_language(language))
    net = label(language, "price of beans", "harga biji")
    reference_line(axes, float(data["net_price"].iloc[0]), net, vertical=False)
    axes.set_ylim(bottom, top)
    # Room at the right for the words on the dashed line.
    axes.set_xlim(0, max(float(data["end"].iloc[-1]), 1.0) * 1.16)
    axes.set_xlabel(label(language, "Extra tonnes a year, block by block", "Tambahan ton per tahun, balok demi balok"))
    axes.set_ylabel(label(language, "Cost of an extra kg (thousand Rp)", "Biaya per kg tambahan (ribu Rp)"))
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3)
    axes.grid(axis="x", visible=False)
    localise(axes, language, "x")
    localise(axes, language)


def _draw_block(axes: Axes, row: Any, colour: str, bottom: float, top: float, name: str) -> None:
    """One measure; its interval ends in an arrow where it has no end."""
    middle, has_end = (row.start + row.end) / 2, np.isfinite(row.upper)
    end = row.upper if has_end else top / HEADROOM**0.5
    height, width = row.value - bottom, row.end - row.start
    face, hatch = f"{colour}33", "" if row.is_ranked else "//"
    axes.bar(row.start, height, width, bottom, align="edge", facecolor=face, edgecolor=colour, hatch=hatch, label=name)
    axes.vlines(middle, row.lower, end, color=colour, linewidth=1.8)
    axes.scatter([middle], [row.value], c=colour, s=30, zorder=3)
    if not has_end:
        axes.scatter([middle], [end], marker="^", c=colour, s=24)


INFORMATION = Caption.read(TEXTS, "information")
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


EXPORT = Caption.read(TEXTS, "export")


def export_rows(tonnes: dict[tuple[str, str], np.ndarray], container_t: float, level: float) -> pd.DataFrame:
    """One row per regency and state: ``regency``, ``state``, ``lower``, ``value``, ``upper`` (t), ``container_t``."""
    rows = []
    for (regency, state), draws in tonnes.items():
        bounds = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
        rows.append((regency, state, *bounds, container_t))
    return pd.DataFrame(rows, columns=["regency", "state", "lower", "value", "upper", "container_t"])


def draw_export(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Intervals by regency and state, with the number of containers at the right."""
    states = list(dict.fromkeys(data["state"]))
    colours = dict(zip(states, (GREY, BLUE, GREEN, ORANGE), strict=False))
    names = {NOW: label(language, "now", "kini")} | {s: PACKAGES[s].in_language(language) for s in states if s != NOW}
    places = np.arange(len(data)) + 0.6 * (np.arange(len(data)) // len(states))
    for state in states:
        chosen = (data["state"] == state).to_numpy()
        rows, at = data[chosen], places[chosen]
        axes.hlines(at, rows["lower"], rows["upper"], colors=colours[state], linewidth=2.2)
        axes.scatter(rows["value"], at, c=colours[state], s=36, zorder=3, label=names[state])
    axes.set_xscale("log")
    container = float(data["container_t"].iloc[0])
    axes.set_xlim(container / 1.6, float(data["upper"].max()) * 1.1)
    for row, at in zip(data.itertuples(index=False), places, strict=True):
        text = format_number(row.value / container, language, 2) + label(language, " containers", " peti kemas")
        axes.annotate(
            text,
            (1, at),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    reference_line(axes, container, label(language, "one container", "satu peti kemas"))
    middles = [places[(data["regency"] == regency).to_numpy()].mean() for regency in dict.fromkeys(data["regency"])]
    axes.set_yticks(middles, [REGENCIES[regency].in_language(language) for regency in dict.fromkeys(data["regency"])])
    axes.set_ylim(places[-1] + 0.6, -0.9)
    axes.set_xlabel(label(language, "Dry beans (t a year)", "Biji kering (t per tahun)"))
    axes.set_ylabel(label(language, "Regency", "Kabupaten"))
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.45, -0.17), ncols=3)
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")
