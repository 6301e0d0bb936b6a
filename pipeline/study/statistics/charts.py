"""Figures of 01_clean_statistics: what the official figures say, and where they contradict each other."""

from itertools import pairwise
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from pipeline.kit.language import format_number, read_texts
from pipeline.kit.publish.figures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Caption, label, localise, year_axis
from pipeline.study.statistics.estimates import GRADES
from pipeline.study.statistics.rules import BREAKS

TEXTS = read_texts(__file__)

REGIONS = {"Kutai Timur": BLUE, "Berau": ORANGE, "Mahakam Ulu": GREEN, "Kutai Barat": PURPLE}
MARKERS = {"final": "o", "provisional": "s", "estimate": "D", "press": "^", "potential": "v"}
STATUS_ID = {
    "final": "final",
    "provisional": "sementara",
    "estimate": "taksiran",
    "press": "pers",
    "potential": "potensi",
}

REGENCY_AREAS = Caption.read(TEXTS, "regency_areas")
INDONESIA_YIELD = Caption.read(TEXTS, "indonesia_yield")


def regency_areas(statistics: pd.DataFrame) -> pd.DataFrame:
    """Every published total area of the cacao regencies since 2005, the screened ones included."""
    chosen = statistics["region"].isin(list(REGIONS)) & statistics["quantity"].eq("area_total")
    columns = ["figure_id", "region", "year", "value", "status", "is_screened", "source_id"]
    return statistics[chosen & (statistics["year"] >= 2005)][columns].reset_index(drop=True)


def draw_regency_areas(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One mark per published figure; a cross for one that belongs elsewhere."""
    for region, colour in REGIONS.items():
        rows = data[(data["region"] == region) & ~data["is_screened"]].sort_values("year", kind="stable")
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


# Lower end of each class of yield (kg/ha), from light to dark; black words stay readable on all of them.
CLASSES = {0.0: "#DCEAF5", 200.0: "#B9D5EA", 400.0: "#8FBBDD", 600.0: "#65A0CC"}
HATCHES = {"firm": "", "weak": "--", "contradicted": "///", "not_credible": "xxx"}
NO_FIGURE = "#FFFFFF"
LINES: dict[str, Any] = {"edgecolor": BLACK, "hatchcolor": GREY, "linewidth": 0.5}
# Where the words stand (longitude, latitude): inside, or in the sea beside a regency too small for them.
PLACES = {
    "Balikpapan": (118.1, -1.5),
    "Berau": (117.1, 1.97),
    "Bontang": (118.4, 0.2),
    "Kutai Barat": (115.75, -0.55),
    "Kutai Kartanegara": (116.72, -0.2),
    "Kutai Timur": (117.0, 0.95),
    "Mahakam Ulu": (114.75, 0.78),
    "Paser": (116.03, -1.66),
    "Penajam Paser Utara": (117.4, -2.15),
    "Samarinda": (118.35, -0.38),
}
# Smaller than this (degrees) nothing is seen: it is three or four pixels of the picture.
THIN = 0.014

REGENCY_MAP = Caption.read(TEXTS, "regency_map")


def regencies(outlines: pd.DataFrame) -> list[str]:
    """Names of the regencies and cities whose outlines are known."""
    return sorted(set(outlines.loc[outlines["layer"] == "regency", "region"]))


def outline_sources(outlines: pd.DataFrame) -> list[str]:
    """Sources of the outlines of regencies."""
    return sorted(set(outlines.loc[outlines["layer"] == "regency", "source_id"]))


def shade(yield_kg_per_ha: float) -> str:
    """Fill of a yield; white for one that is not known."""
    known = [colour for lowest, colour in CLASSES.items() if yield_kg_per_ha >= lowest]
    return known[-1] if known else NO_FIGURE


def draw_regency_map(axes: Axes, data: pd.DataFrame, language: str, outlines: pd.DataFrame) -> None:
    """Regencies of ``data`` (``reliability.regency_reliability``) in the outlines of ``data/clean/boundaries.csv``."""
    shapes = outlines[outlines["layer"] == "regency"]
    for _, row in data.iterrows():
        rings = _rings(shapes[shapes["region"] == row["region"]])
        hatch = HATCHES.get(row["grade"], "")
        axes.add_patch(PathPatch(_path(rings), facecolor=shade(row["yield_kg_per_ha"]), hatch=hatch, **LINES))
        _write(axes, PLACES[row["region"]], _words(row, language), _middle(max(rings, key=len)), boxed=bool(hatch))
    low, high = shapes["lat"].min(), shapes["lat"].max()
    axes.set_xlim(shapes["lon"].min() - 0.2, shapes["lon"].max() + 0.15)
    axes.set_ylim(low - 0.2, high + 0.1)
    # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
    axes.set_aspect(1 / np.cos(np.radians((low + high) / 2)))
    axes.set_xlabel(label(language, "Longitude (degrees east)", "Bujur timur (derajat)"))
    axes.set_ylabel(label(language, "Latitude (degrees north)", "Lintang utara (derajat)"))
    axes.grid(visible=False)
    _legends(axes, language)


def _rings(shape: pd.DataFrame) -> list[np.ndarray]:
    """Every ring of a regency as longitudes and latitudes, without what is too small to be seen."""
    rings = (ring[["lon", "lat"]].to_numpy() for _, ring in shape.groupby(["part", "ring"], sort=True))
    return [thinned for ring in rings if len(thinned := _thinned(ring)) >= 4]


def _thinned(ring: np.ndarray) -> np.ndarray:
    """The ring without points closer than ``THIN`` to the last one kept; it still ends where it starts."""
    kept = [ring[0]]
    for point in ring[1:-1]:
        if np.hypot(*(point - kept[-1])) >= THIN:
            kept.append(point)
    return np.array([*kept, ring[0]])


def _path(rings: list[np.ndarray]) -> Path:
    codes = [np.r_[Path.MOVETO, np.full(len(ring) - 2, Path.LINETO), Path.CLOSEPOLY] for ring in rings]
    return Path(np.concatenate(rings), np.concatenate(codes))


def _middle(ring: np.ndarray) -> tuple[float, float]:
    """Centre of the area inside a ring (trapezoids between its points and the axis)."""
    x, y = (ring - ring[0]).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    lon, lat = (float(((part[:-1] + part[1:]) * cross).sum() / (3 * cross.sum())) for part in (x, y))
    return float(ring[0, 0]) + lon, float(ring[0, 1]) + lat


def _words(row: pd.Series, language: str) -> str:
    """Name, area, production and year, or that there is no figure."""
    name = row["region"].replace("Kutai Kartanegara", "Kutai\nKartanegara").replace("Penajam ", "Penajam\n")
    if pd.isna(row["year"]):
        return f"{name}\n{fill(GRADES['no_figure'].in_language(language), 10)}"
    area, tonnes = (format_number(row[column], language, 4) for column in ("area_ha", "production_t"))
    return f"{name}\n{area} ha\n{tonnes} t ({row['year']})"


def _write(axes: Axes, place: tuple[float, float], words: str, middle: tuple[float, float], boxed: bool) -> None:
    """The words at their place; a line leads to a regency that is too small to hold them."""
    outside = np.hypot(place[0] - middle[0], place[1] - middle[1]) > 0.7
    line = {"arrowstyle": "-", "color": BLACK, "linewidth": 0.8, "shrinkA": 0} if outside else None
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.8} if boxed or outside else None
    target = middle if outside else place
    axes.annotate(words, target, place, ha="center", va="center", fontsize=12, arrowprops=line, bbox=paper)


def _legends(axes: Axes, language: str) -> None:
    lows = [f"{low:.0f}" for low in CLASSES]
    ranges = [*(f"{low}–{high}" for low, high in pairwise(lows)), f"≥ {lows[-1]}"]
    shades = [
        Patch(facecolor=colour, label=text, **LINES) for text, colour in zip(ranges, CLASSES.values(), strict=True)
    ]
    grades = [
        Patch(facecolor=NO_FIGURE, hatch=hatch, label=fill(GRADES[grade].in_language(language), 16), **LINES)
        for grade, hatch in HATCHES.items()
    ]
    titles = label(language, "kg per total hectare", "kg per hektare total"), label(language, "The figures", "Angkanya")
    common: dict[str, Any] = {"fontsize": 10, "title_fontsize": 10, "alignment": "left", "borderpad": 0.2}
    axes.add_artist(axes.legend(handles=shades, title=titles[0], loc="upper left", **common))
    axes.legend(handles=grades, title=titles[1], loc="lower left", handleheight=1.6, **common)
