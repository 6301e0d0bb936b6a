"""Figures of 15_prices: what villages are paid for beans, and how well that was foretold."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.figures import BLACK, BLUE, GREEN, GREY, ORANGE, Caption, label, localise, year_axis
from pipeline.study.bean_price.nowcast import RULES, plain

TEXTS = read_texts(__file__)
BEANS, FORETOLD = Caption.read(TEXTS, "beans"), Caption.read(TEXTS, "foretold")

ISLANDS = {
    "east_kalimantan": (ORANGE, "o", Text("East Kalimantan", "Kalimantan Timur")),
    "north_kalimantan": (GREEN, "s", Text("North Kalimantan", "Kalimantan Utara")),
    "sulawesi": (GREY, "^", Text("Sulawesi", "Sulawesi")),
    "other_indonesia": (GREY, "x", Text("other provinces", "provinsi lain")),
    "indonesia": (BLACK, "D", Text("Indonesia", "Indonesia")),
}


def bean_rows(by_month: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """What villages were paid by month (``kind`` model), and plain beans at the farm gate as reported since (report).

    Columns: ``kind``, ``date`` (decimal years), ``island``, ``lower``, ``value``, ``upper`` (thousand Rp/kg) and
    ``source_id``.
    """
    shown = plain(reports)
    shown = shown[shown["month"] >= by_month["month"].min()]
    model = by_month.assign(kind="model", island="east_kalimantan")
    model[["lower", "value", "upper"]] /= 1000
    told = shown.assign(kind="report", value=np.exp(shown["log_price"]) / 1000)
    both = pd.concat([model, told], ignore_index=True)
    both["date"] = [int(month[:4]) + (int(month[5:]) - 0.5) / 12 for month in both["month"]]
    return both[["kind", "date", "island", "lower", "value", "upper", "source_id"]]


def draw_beans(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """A band with its middle, and a mark for each report, by island."""
    model, told = data[data["kind"] == "model"], data[data["kind"] == "report"]
    axes.fill_between(model["date"], model["lower"], model["upper"], color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(model["date"], model["value"], color=BLUE, linewidth=1.8, label=label(language, "model", "model"))
    for island, (colour, mark, name) in ISLANDS.items():
        part = told[told["island"] == island]
        axes.scatter(
            part["date"], part["value"], color=colour, marker=mark, s=26, zorder=3, label=name.in_language(language)
        )
    year_axis(axes, language)
    axes.set_ylabel(label(language, "thousand Rp per kg of dry beans", "ribu Rp per kg biji kering"))
    axes.set_ylim(0, None)
    localise(axes, language)
    axes.legend(fontsize=8, loc="upper left")


TESTS = {
    "page": Text("another page", "halaman lain"),
    "island": Text("another island", "pulau lain"),
    "forward": Text("a later month", "bulan berikutnya"),
}
BY = {
    "value": (BLUE, "o", Text("model", "model")),
    "by_share": (ORANGE, "s", Text("share of the world price", "bagian harga dunia")),
    "by_last": (GREY, "^", Text("last report", "laporan terakhir")),
}


def draw_foretold(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Mean error of each rule, a row for each way of leaving reports out; ``data`` from ``nowcast.scores``."""
    for place, rule in enumerate(RULES):
        colour, mark, name = BY[rule]
        rows = np.arange(len(data)) + (place - 1) * 0.15
        axes.scatter(data[rule], rows, color=colour, marker=mark, s=40, zorder=3, label=name.in_language(language))
    axes.set_yticks(range(len(data)), [TESTS[test].in_language(language) for test in data["test"]])
    axes.invert_yaxis()
    axes.set_xlim(0, None)
    axes.set_xlabel(label(language, "Mean error of the log of the price", "Rerata galat log harga"))
    axes.set_ylabel(label(language, "What is foretold", "Yang diramalkan"))
    axes.legend(fontsize=8, loc="lower left")
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")
