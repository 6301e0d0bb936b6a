"""Figures of 10_scenarios: what each option leaves in the hand, and how prices change its chance of a loss."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import draw_intervals, label
from pipeline.publish.figures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Caption
from pipeline.publish.names import FERTILIZER_PRICES, PACKAGES
from pipeline.publish.scope import in_legend

NET_INCOME = Caption(
    title=Text("What a measure leaves in the hand", "Yang tersisa di tangan dari tiap tindakan"),
    caption=Text(
        "Median and interval of the yearly net income per mature hectare, after inputs, labour at the minimum "
        "wage and harvest, on a hectare that has the pod borer and where the option is not done yet; beans at the "
        "price of {day}, all else of {month}, training as reported years before. Days of labour and the cost of "
        "sleeves are assumptions, drawn from half to double.",
        "Median dan kisaran pendapatan bersih per hektare TM per tahun, setelah sarana, tenaga kerja menurut "
        "UMK, dan panen, di kebun terserang PBK yang belum menerapkannya; harga biji {day}, harga lain {month}, biaya "
        "pelatihan seperti dilaporkan sebelumnya. Hari kerja dan biaya sarung adalah asumsi, "
        "diambil dari separuh sampai dua kali lipat.",
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


PRICES = Caption(
    title=Text("Chance of a loss over cocoa and fertilizer prices", "Peluang rugi menurut harga kakao dan pupuk"),
    caption=Text(
        "Share of draws in which the option costs more than its extra beans bring, on a hectare with pod borer, at "
        "five farm-gate prices; the present one is of {day}, other prices of {month} (freight and training as reported "
        "before). In brackets: the price of "
        "fertilizer. Best dose: the one with the best mean income, "
        "at most the full dose. All three: training, sleeving and fertilizer.",
        "Bagian simulasi acak yang biayanya melebihi nilai tambahan biji, di kebun terserang PBK, pada lima harga di "
        "tingkat petani; harga sekarang dari {day}, harga lain {month} (ongkos angkut dan pelatihan seperti dilaporkan "
        "sebelumnya). Dalam kurung: harga pupuk. Dosis terbaik: "
        "yang pendapatan rata-ratanya tertinggi, paling "
        "banyak dosis penuh. Ketiganya: pelatihan, penyarungan, dan pupuk.",
    ),
    alt=Text(
        "Dot plot of the chance of a loss: one row per option and fertilizer price, one dot per cocoa price.",
        "Diagram titik peluang rugi: satu baris per pilihan dan harga pupuk, satu titik per harga kakao.",
    ),
)
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
