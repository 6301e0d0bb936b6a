"""Map of 01_clean_statistics: cacao in the regencies of East Kalimantan, and how far each figure can be trusted."""

from itertools import pairwise
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from pipeline.language import Text, format_number
from pipeline.publish.charts.common import label
from pipeline.publish.figures import BLACK, GREY, Caption
from pipeline.publish.reliability import GRADES

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

REGENCY_MAP = Caption(
    title=Text(
        "Cacao in the regencies, and how firm the figures are", "Kakao per kabupaten, dan seberapa pasti angkanya"
    ),
    caption=Text(
        "Total area and production as published, in the year written: the firmest pair since 2018, if there is one. "
        "Shade: production over total area. Hatching: contradicted when another figure within five years differs by "
        "more than the factor set for jumps; not credible when the yield is outside the credible range or there are "
        "fewer than ten hectares or tonnes.",
        "Luas total dan produksi menurut terbitan pada tahun yang tertulis: pasangan angka paling pasti sejak 2018, "
        "bila ada. Warna: produksi dibagi luas total. Arsiran: bertentangan bila angka lain dalam lima tahun berbeda "
        "lebih dari faktor lonjakan; tidak wajar bila hasil di luar kisaran wajar atau kurang dari sepuluh hektare "
        "atau ton.",
    ),
    alt=Text(
        "Map of ten regencies and cities of East Kalimantan. Each is shaded by cacao yield in four classes and hatched "
        "by how far its figures can be trusted, with area, production and year written on it, or that no figure is "
        "known.",
        "Peta sepuluh kabupaten dan kota di Kalimantan Timur. Warnanya menunjukkan hasil kakao dalam empat kelas, "
        "arsirannya seberapa jauh angkanya dapat dipercaya; luas, produksi, dan tahun tertulis di atasnya, atau bahwa "
        "tidak ada angka.",
    ),
)


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
