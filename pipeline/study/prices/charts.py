"""Figures of 02_clean_drivers: the price of fertilizer in beans."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.language import read_texts
from pipeline.kit.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption, label, localise, year_axis
from pipeline.study.prices.ratios import of_last_months

TEXTS = read_texts(__file__)

ITEMS = {"npk_cocoa": "o", "npk": "s", "urea": "^"}
MARKETS = {"ceiling_subsidised": GREEN, "ex_warehouse": BLUE, "retail_unsubsidised": ORANGE}

WORLD_RATIO = Caption.read(TEXTS, "world_ratio")
RUPIAH_RATIO = Caption.read(TEXTS, "rupiah_ratio")


def world_ratio(prices: pd.DataFrame) -> pd.DataFrame:
    """Monthly fertilizer-to-cocoa price ratio with its twelve-month mean; a row cites the months of its mean."""
    data = prices[["year", "month", "fertilizer_cocoa_ratio"]].copy()
    data["source_id"] = of_last_months(prices["source_id"])
    data["date"] = data["year"] + (data["month"] - 0.5) / 12
    data["mean_12_months"] = data["fertilizer_cocoa_ratio"].rolling(12).mean()
    return data.astype({"date": "float64"})


def draw_world_ratio(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """The monthly ratio, thin, under its twelve-month mean."""
    monthly, mean = label(language, "month", "bulanan"), label(language, "mean of 12 months", "rerata 12 bulan")
    axes.plot(data["date"], data["fertilizer_cocoa_ratio"], color=GREY, linewidth=0.7, alpha=0.7, label=monthly)
    axes.plot(data["date"], data["mean_12_months"], color=BLUE, linewidth=1.8, label=mean)
    year_axis(axes, language)
    axes.set_ylabel(
        label(
            language, "kg of cocoa for the nutrients\nin 1 kg of cocoa NPK", "kg kakao untuk hara\ndalam 1 kg NPK kakao"
        )
    )
    axes.set_ylim(0, None)
    localise(axes, language)
    axes.legend(fontsize=8)


def draw_rupiah_ratio(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One mark per reported fertilizer price: colour says the market, shape the product."""
    markets = {
        "ceiling_subsidised": label(language, "subsidised ceiling (HET)", "HET bersubsidi"),
        "ex_warehouse": label(language, "ex warehouse", "di gudang"),
        "retail_unsubsidised": label(language, "market", "pasar, nonsubsidi"),
    }
    items = {"npk_cocoa": label(language, "cocoa NPK", "NPK kakao"), "npk": "NPK", "urea": "urea"}
    for market, colour in MARKETS.items():
        for item, marker in ITEMS.items():
            part = data[(data["market"] == market) & (data["item"] == item)]
            axes.plot(part["year_decimal"], part["ratio"], marker, color=colour, markersize=6)
        axes.plot([], [], "-", color=colour, linewidth=3, label=markets[market])
    for item, marker in ITEMS.items():
        axes.plot([], [], marker, color=GREY, label=items[item])
    year_axis(axes, language)
    axes.set_ylabel(label(language, "kg of dry beans for 1 kg of fertilizer", "kg biji kering untuk 1 kg pupuk"))
    axes.set_ylim(0, None)
    localise(axes, language)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
