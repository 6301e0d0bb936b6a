"""Figure of 10_scenarios: what an extra kg of beans costs, measure by measure, and how many tonnes each adds."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import label, localise, reference_line
from pipeline.publish.figures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Caption
from pipeline.publish.names import PACKAGES

COST_CURVE = Caption(
    title=Text("What an extra kg costs, and how many there are", "Biaya tiap kg tambahan, dan jumlahnya"),
    caption=Text(
        "Width: median extra tonnes a year from Kutai Timur at the adoption assumed. Height: the median of the kg that "
        "a rupiah brings, turned over; bars: its interval, an arrow where it has no end because draws bring nothing, "
        "however much is paid. Hatched, at the right: too little evidence to rank, in no order. Dashed: price of beans "
        "of {day} less their harvest. Measures whose median brings nothing are not drawn. Tonnes of measures done "
        "together do not simply add up; fertilizer is at the ceiling price.",
        "Lebar: median tambahan ton per tahun dari Kutai Timur pada penerapan yang diandaikan. Tinggi: kebalikan "
        "dari median kg yang dihasilkan satu rupiah; garis: selangnya, panah bila sebagian simulasi tidak "
        "menghasilkan apa pun berapa pun biayanya. Diarsir, di kanan: bukti terlalu sedikit untuk diperingkat, tanpa "
        "urutan. Garis putus: harga biji {day} dikurangi biaya panen. Tindakan yang mediannya tidak menghasilkan apa "
        "pun tidak digambar. Ton dari tindakan yang dilakukan bersama tidak sekadar dijumlahkan; pupuk pada HET.",
    ),
    alt=Text(
        "Step plot: one block per measure as wide as the tonnes it adds, those with evidence by cost.",
        "Diagram tangga: satu balok per tindakan selebar ton tambahannya, yang berbukti menurut biaya per kg tambahan.",
    ),
)
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
