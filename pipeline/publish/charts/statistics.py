"""Figures of 01_clean_statistics: what the official figures say, and where they contradict each other."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.clean.rules import BREAKS
from pipeline.language import Text
from pipeline.publish.charts.common import label, localise, year_axis
from pipeline.publish.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, Caption

REGIONS = {"Kutai Timur": BLUE, "Berau": ORANGE, "Mahakam Ulu": GREEN, "Kutai Barat": PURPLE}
MARKERS = {"final": "o", "provisional": "s", "estimate": "D", "press": "^", "potential": "v"}
STATUS_ID = {
    "final": "final",
    "provisional": "sementara",
    "estimate": "taksiran",
    "press": "pers",
    "potential": "potensi",
}

REGENCY_AREAS = Caption(
    title=Text("Cacao area of the regencies, as published", "Luas kakao kabupaten menurut terbitan"),
    caption=Text(
        "Each mark is one published figure; the shape says how firm its publisher calls it. The cross is the "
        "provincial area of 2023, printed for Kutai Barat.",
        "Setiap tanda adalah satu angka terbitan; bentuknya menunjukkan status menurut penerbit. Tanda silang "
        "adalah luas provinsi 2023 yang dicetak untuk Kutai Barat.",
    ),
    alt=Text(
        "Dot plot of published cacao areas by year, a colour for each regency and a shape for each status.",
        "Diagram titik luas kakao terbitan per tahun, satu warna untuk tiap kabupaten dan satu bentuk untuk "
        "tiap status.",
    ),
)
INDONESIA_YIELD = Caption(
    title=Text("Yield of Indonesia in FAOSTAT", "Hasil kakao Indonesia di FAOSTAT"),
    caption=Text(
        "Grey bands are breaks of the series: the area was redefined, the trees did not change. In recent "
        "years FAO's area harvested is close to the total area, so this yield is not the official one per "
        "mature hectare.",
        "Pita abu-abu adalah patahan deret: definisi luas berubah, pohonnya tidak. Pada tahun-tahun terakhir "
        "luas panen FAO mendekati luas total, jadi hasil ini bukan produktivitas resmi per hektare TM.",
    ),
    alt=Text(
        "Line chart by year since 1990 of Indonesian cocoa yield in two releases, with bands at the breaks "
        "of the series.",
        "Diagram garis per tahun sejak 1990: hasil kakao Indonesia dalam dua rilis, dengan pita pada patahan deret.",
    ),
)


def regency_areas(statistics: pd.DataFrame) -> pd.DataFrame:
    """Every published total area of the cacao regencies since 2005, the screened ones included."""
    chosen = statistics["region"].isin(list(REGIONS)) & statistics["quantity"].eq("area_total")
    columns = ["figure_id", "region", "year", "value", "status", "is_screened", "source_id"]
    return statistics[chosen & (statistics["year"] >= 2005)][columns].reset_index(drop=True)


def draw_regency_areas(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One mark per published figure; a cross for one that belongs elsewhere."""
    for region, colour in REGIONS.items():
        rows = data[(data["region"] == region) & ~data["is_screened"]].sort_values("year")
        axes.plot(rows["year"], rows["value"], color=colour, linewidth=0.8, alpha=0.5)
        for status, marker in MARKERS.items():
            part = rows[rows["status"] == status]
            axes.plot(part["year"], part["value"], marker, color=colour, markersize=6)
        axes.plot([], [], "-", color=colour, linewidth=3, label=region)
    for status in [status for status in MARKERS if status in set(data["status"])]:
        axes.plot([], [], MARKERS[status], color=GREY, label=label(language, status, STATUS_ID[status]))
    wrong = data[data["is_screened"]]
    text = label(language, "belongs to the province", "milik provinsi")
    axes.plot(wrong["year"], wrong["value"], "x", color=GREY, markersize=8, markeredgewidth=2, label=text)
    year_axis(axes, language)
    axes.set_ylabel(label(language, "Total cacao area (ha)", "Luas total kakao (ha)"))
    axes.set_ylim(0, None)
    localise(axes, language)
    axes.legend(ncols=1, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def indonesia_yield(countries: pd.DataFrame) -> pd.DataFrame:
    """FAOSTAT yields of Indonesia since 1990 in both releases."""
    rows = countries[(countries["iso3"] == "IDN") & (countries["year"] >= 1990)]
    columns = ["year", "release", "yield_kg_per_ha", "is_break", "is_copied", "source_id"]
    return rows.dropna(subset="yield_kg_per_ha")[columns].reset_index(drop=True)


def draw_indonesia_yield(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Two releases as lines, breaks of the series as bands, copied years as rings."""
    styles = {"2022": (GREY, "--"), "latest": (BLUE, "-")}
    names = {
        "2022": label(language, "release 2022", "rilis 2022"),
        "latest": label(language, "latest release", "rilis terbaru"),
    }
    for release, (colour, line) in styles.items():
        part = data[data["release"] == release]
        axes.plot(part["year"], part["yield_kg_per_ha"], line, color=colour, linewidth=1.6, label=names[release])
    copied = data[data["is_copied"]]
    text = label(language, "year copied from the one before", "tahun disalin dari tahun sebelumnya")
    axes.plot(copied["year"], copied["yield_kg_per_ha"], "o", color=ORANGE, fillstyle="none", markersize=9, label=text)
    text = label(language, "break of the series", "patahan deret")
    for item in [item for item in BREAKS if item.region == "Indonesia"]:
        axes.axvspan(item.year_before, item.year_after, color="#E0E0E0", zorder=0, label=text)
        text = "_"
    year_axis(axes, language)
    axes.set_ylabel(label(language, "Yield on area harvested (kg/ha)", "Hasil per luas panen (kg/ha)"))
    axes.set_ylim(0, None)
    localise(axes, language)
    axes.legend(fontsize=8)
