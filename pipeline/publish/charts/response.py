"""Figures of 08_model_price_response: yields after a price change, and how well that predicts a country."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import label, localise
from pipeline.publish.estimates import Estimate
from pipeline.publish.figures import BLUE, GREY, ORANGE, Caption
from pipeline.publish.names import COUNTRIES

LAGS = Caption(
    title=Text("Yields after the price ratio doubles", "Hasil setelah nisbah harga naik dua kali"),
    caption=Text(
        "Change in national yield in each year after cocoa has become twice as dear in fertilizer; interval "
        "from leaving out whole years. With five lags, chance alone can put one of them outside zero.",
        "Perubahan hasil nasional pada tiap tahun setelah harga kakao terhadap pupuk naik dua kali; selang "
        "dari meninggalkan tahun demi tahun. Di antara lima jeda, satu dapat jatuh di luar nol karena "
        "kebetulan saja.",
    ),
    alt=Text(
        "Five intervals of the change in yield, one for each lag in years, with a line at zero.",
        "Lima selang perubahan hasil, satu untuk tiap jeda tahun, dengan garis pada nol.",
    ),
)
SKILL = Caption(
    title=Text(
        "Does a price change predict yields elsewhere?",
        "Apakah perubahan harga meramalkan hasil negara lain?",
    ),
    caption=Text(
        "For every country, what a model fitted to all others explains of its yearly changes. Zero is the "
        "forecast that nothing changes; left of it the model is worse.",
        "Untuk tiap negara, berapa perubahan tahunannya yang dijelaskan model dari semua negara lain. Nol "
        "adalah ramalan bahwa tidak ada perubahan; di kirinya model lebih buruk.",
    ),
    alt=Text(
        "Dot plot with one dot per country of the share of its yearly changes that the model explains, with "
        "a line at zero.",
        "Diagram titik, satu titik per negara, bagian perubahan tahunannya yang dijelaskan model, dengan "
        "garis pada nol.",
    ),
)


def lag_rows(estimates: list[Estimate]) -> pd.DataFrame:
    """Response by lag in years, with its interval."""
    rows = [(e.key.split("_")[-1], e.lower, e.value, e.upper) for e in estimates if "price_response.lag" in e.key]
    return pd.DataFrame(rows, columns=["lag", "lower", "value", "upper"]).astype({"lag": "int64"})


def draw_lags(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One interval per lag."""
    axes.vlines(data["lag"], data["lower"], data["upper"], color=BLUE, linewidth=2.2)
    axes.scatter(data["lag"], data["value"], color=BLUE, s=36, zorder=3)
    axes.axhline(0, color=GREY, linewidth=0.9)
    axes.set_xticks(data["lag"])
    axes.set_xlabel(label(language, "Years after the price change", "Tahun setelah perubahan harga"))
    axes.set_ylabel(label(language, "Change in yield (%)", "Perubahan hasil (%)"))
    localise(axes, language)


def draw_skill(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One dot per country, best first; zero is the forecast that nothing changes."""
    ordered = data.sort_values("r2", ascending=False).reset_index(drop=True)
    colours = [BLUE if value > 0 else ORANGE for value in ordered["r2"]]
    axes.scatter(ordered["r2"] * 100, ordered.index, c=colours, s=30, zorder=3)
    names = [COUNTRIES[country].in_language(language) for country in ordered["country"]]
    axes.set_yticks(ordered.index, names, fontsize=7.5)
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.9)
    axes.set_xlabel(label(language, "Squared changes explained (%)", "Kuadrat perubahan yang dijelaskan (%)"))
    axes.set_ylabel(label(language, "Country left out", "Negara yang ditinggalkan"))
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")
