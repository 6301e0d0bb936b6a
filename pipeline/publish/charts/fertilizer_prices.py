"""Figure of 06_model_fertilizer: what fertilizer has cost in beans since 1960."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import label, localise, reference_line, year_axis
from pipeline.publish.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, Caption

MARKETS = {
    "ceiling_subsidised": (GREEN, "o", Text("subsidised ceiling (HET)", "HET bersubsidi")),
    "ex_warehouse": (PURPLE, "^", Text("ex warehouse", "di gudang")),
    "retail_unsubsidised": (ORANGE, "s", Text("market", "pasar, nonsubsidi")),
}
PRICE_HISTORY = Caption(
    title=Text("What fertilizer has cost in beans", "Harga pupuk dalam biji kakao"),
    caption=Text(
        "Line: nutrients of 1 kg cocoa NPK at world prices in kg of cocoa, without freight. Marks: NPK in Indonesia "
        "with freight to Muara Wahau, over farm-gate beans in Kalimantan within a year; single reports. Dashed: where "
        "the optimal dose falls to zero (median), labour counted at present prices.",
        "Garis: hara 1 kg NPK kakao pada harga dunia dalam kg kakao, tanpa ongkos angkut. Tanda: NPK di Indonesia "
        "dengan ongkos angkut ke Muara Wahau, dibagi harga biji petani di Kalimantan dalam jarak satu tahun; laporan "
        "tunggal. Garis putus: batas dosis optimum menjadi nol (median), upah menurut harga sekarang.",
    ),
    alt=Text(
        "Line since 1960 of the world price of fertilizer in cocoa on a logarithmic axis, with marks for ceiling and "
        "market prices in Indonesia and a dashed line where the optimal dose falls to zero.",
        "Garis sejak 1960 harga dunia pupuk dalam kakao pada sumbu logaritmik, dengan tanda untuk HET dan harga pasar "
        "di Indonesia dan garis putus tempat dosis optimum menjadi nol.",
    ),
)


def with_choke(history: pd.DataFrame, choke_ratio: float) -> pd.DataFrame:
    """The history of prices and the price at which the optimal dose falls to zero (``kind`` choke)."""
    return pd.concat([history, pd.DataFrame([{"kind": "choke", "price_ratio": choke_ratio}])], ignore_index=True)


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
