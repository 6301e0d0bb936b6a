"""Figure of 10_scenarios: tonnes of dry beans that each regency could ship, now and under the best packages."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text, format_number
from pipeline.model.export import NOW
from pipeline.publish.charts.common import label, localise, reference_line
from pipeline.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption
from pipeline.publish.names import PACKAGES, REGENCIES

EXPORT = Caption(
    title=Text(
        "The crop, now and under the best packages",
        "Panen, kini dan dengan paket terbaik",
    ),
    caption=Text(
        "Dry beans a year, median and interval, on a logarithmic axis: the whole crop, because the share that can be "
        "exported is not known. Packages are taken up on the share of the mature area assumed. At the right: "
        "containers as large as the shipment from Jembrana, Bali; dashed: one of them.",
        "Biji kering per tahun, median dan selang, pada sumbu logaritma: seluruh panen, karena bagian yang dapat "
        "diekspor belum diketahui. Paket diterapkan pada bagian areal TM yang diandaikan. Di kanan: jumlah peti kemas "
        "sebesar kiriman dari Jembrana, Bali; garis putus: satu peti kemas.",
    ),
    alt=Text(
        "Interval plot of tonnes by regency, three rows each: now and under two packages.",
        "Diagram selang ton menurut kabupaten, masing-masing tiga baris: kini dan dengan dua paket.",
    ),
)


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
