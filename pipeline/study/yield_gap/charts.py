"""Figures of 04_yield_gap: yields on a stated basis, and the gap."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.language import read_texts
from pipeline.kit.publish.estimates import Estimate
from pipeline.kit.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption, label, localise

TEXTS = read_texts(__file__)

# Region, year and basis of the yields to compare with, from the clean table of yields.
COMPARED = (
    ("Karangan Ilir", 2018, "mature"),
    ("Berau", 2020, "total"),
    ("Berau", 2012, "mature"),
    ("Mahakam Ulu", 2020, "total"),
    ("Mahakam Ulu", 2020, "mature"),
    ("East Kalimantan", 2020, "total"),
    ("East Kalimantan", 2015, "total"),
    ("East Kalimantan", 2015, "mature"),
    ("Indonesia", 2021, "total"),
    ("Indonesia", 2021, "mature"),
)
INDONESIAN = {
    "East Kalimantan": "Kalimantan Timur",
    "potential": "potensi",
    "regent, small area": "bupati, luas kecil",
    "regent, old area": "bupati, luas lama",
}
ATTAINABLE = {
    "chosen": "used here|dipakai di sini",
    "cocoasoils": "CocoaSoils trials|percobaan CocoaSoils",
    "potential_sulawesi": "",
}
BIN_KG_PER_HA = 50.0

BASIS_COLOURS = {"total": ORANGE, "mature": BLUE}
# The brief is printed in black and white: the shape says the basis too.
BASIS_MARKS = {"total": "s", "mature": "o"}
HOLLOW = ("press", "potential")

YIELDS = Caption.read(TEXTS, "yields")
GAP = Caption.read(TEXTS, "gap")


def compared_yields(yields: pd.DataFrame, readings: pd.DataFrame, present: Estimate) -> pd.DataFrame:
    """Yields to show side by side, each with its basis: Kutai Timur first, then its neighbours.

    Columns: ``label`` (English and Indonesian around a bar), ``basis``, ``yield_kg_per_ha``, ``status``,
    ``lower``, ``upper``, ``source_id``.
    """
    rows = [
        (
            "Kutai Timur, estimate|Kutai Timur, taksiran",
            "mature",
            present.value,
            "estimate",
            present.lower,
            present.upper,
            ";".join(present.sources),
        )
    ]
    for reading in readings.itertuples():
        english = f"Kutai Timur {reading.reading}"
        own = (reading.yield_kg_per_ha, reading.status, np.nan, np.nan, reading.source_ids)
        rows.append((_both(english), "total", *own))
    for region, year, basis in COMPARED:
        chosen = yields[(yields["region"] == region) & (yields["year"] == year) & (yields["basis"] == basis)]
        best = chosen.sort_values(["derivation", "yield_id"]).iloc[0]
        own = (best["yield_kg_per_ha"], best["status"], np.nan, np.nan, best["source_id"])
        rows.append((_both(f"{region} {year}"), basis, *own))
    return pd.DataFrame(rows, columns=["label", "basis", "yield_kg_per_ha", "status", "lower", "upper", "source_id"])


def _both(english: str) -> str:
    indonesian = english
    for name, translated in INDONESIAN.items():
        indonesian = indonesian.replace(name, translated)
    return f"{english}|{indonesian}"


def gap_distribution(present: np.ndarray, attainable: pd.DataFrame) -> pd.DataFrame:
    """Share of the draws of the present yield per bin, and the attainable yields to draw as lines."""
    edges = np.arange(0, 4000 + BIN_KG_PER_HA, BIN_KG_PER_HA)
    counts, _ = np.histogram(np.minimum(present, 3999), edges)
    bins = pd.DataFrame(
        {"kind": "bin", "yield_kg_per_ha": edges[:-1] + BIN_KG_PER_HA / 2, "share": counts / len(present)}
    )
    lines = attainable[["yield_kg_per_ha"]].assign(kind="attainable", label=attainable["name"].map(ATTAINABLE))
    return pd.concat([bins, lines[lines["label"] != ""]], ignore_index=True)


def draw_yields(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One row per region and year; colour and shape say the basis, a hollow mark a press or potential figure.

    ``data`` has ``label``, ``basis``, ``yield_kg_per_ha``, ``status`` and, for estimates, ``lower`` and
    ``upper``; it comes sorted from top to bottom.
    """
    for row, item in enumerate(data.itertuples()):
        colour = BASIS_COLOURS[str(item.basis)]
        if pd.notna(item.lower):
            axes.hlines(row, float(item.lower), float(item.upper), color=colour, linewidth=2.2)
        face = "white" if item.status in HOLLOW else colour
        axes.plot(
            item.yield_kg_per_ha, row, BASIS_MARKS[str(item.basis)], color=colour, markerfacecolor=face, markersize=7
        )
    axes.set_yticks(range(len(data)), [text_of(str(name), language) for name in data["label"]])
    axes.invert_yaxis()
    bases = {
        "total": label(language, "per total hectare", "per hektare total"),
        "mature": label(language, "per mature hectare (TM)", "per hektare menghasilkan (TM)"),
    }
    for basis, colour in BASIS_COLOURS.items():
        axes.plot([], [], BASIS_MARKS[basis], color=colour, label=bases[basis])
    hollow = label(language, "press or potential", "pers atau potensi")
    axes.plot([], [], "o", color=GREY, markerfacecolor="white", label=hollow)
    axes.set_xlabel(label(language, "Yield of dry beans (kg/ha/yr)", "Hasil biji kering (kg/ha/th)"))
    axes.set_ylabel(label(language, "Region and year", "Wilayah dan tahun"))
    axes.set_xlim(0, None)
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.4, -0.24), ncols=3)


def text_of(name: str, language: str) -> str:
    """A row label: the part before the bar is English, the part after it Indonesian."""
    english, _, indonesian = name.partition("|")
    return english if language == "en" or not indonesian else indonesian


def draw_gap(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Distribution of the present yield per mature hectare, with attainable yields as lines.

    ``data`` has ``yield_kg_per_ha`` and ``share`` (share of the draws in the bin) for rows of ``kind`` bin, and
    ``yield_kg_per_ha`` and ``label`` for rows of ``kind`` attainable.
    """
    bins = data[data["kind"] == "bin"]
    width = bins["yield_kg_per_ha"].diff().iloc[-1]
    axes.bar(bins["yield_kg_per_ha"], bins["share"] * 100, width=width * 0.95, color=BLUE)
    for row in data[data["kind"] == "attainable"].itertuples():
        axes.axvline(float(row.yield_kg_per_ha), color=GREEN, linewidth=1.4, linestyle=(0, (4, 3)))
        axes.annotate(
            text_of(str(row.label), language),
            (float(row.yield_kg_per_ha), 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, -4),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=GREEN,
        )
    axes.set_xlabel(
        label(language, "Present yield per mature hectare (kg/ha/yr)", "Hasil sekarang per hektare TM (kg/ha/th)")
    )
    axes.set_ylabel(label(language, "Share of draws (%)", "Bagian simulasi (%)"))
    axes.set_xlim(0, 2600)
    localise(axes, language, "x")
    localise(axes, language)
