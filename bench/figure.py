"""The figure of the benchmark: every way relative to the floor, and growth with the number of stages."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from bench.page import Row

OWN, OTHER = "#00765a", "#8a8a8a"
WIDTH_IN, ROW_IN, GROWTH_IN = 7.0, 0.24, 2.6
LINES = {"dvc_cold": (OTHER, "-"), "dvc_noop": (OTHER, ":"), "cacao_cold": (OWN, "-"), "cacao_noop": (OWN, ":")}


def draw(path: Path, ways: dict[str, list[Row]], growth: list[Row]) -> None:
    """Draw one panel for each title with its rows, and one for growth; writes an SVG file."""
    heights = [ROW_IN * len(rows) + 0.6 for rows in ways.values()]
    figure = Figure(figsize=(WIDTH_IN, sum(heights) + GROWTH_IN + 0.6), layout="constrained")
    *panels, last = figure.subplots(len(ways) + 1, height_ratios=[*heights, GROWTH_IN])
    for axes, (title, rows) in zip(panels, ways.items(), strict=True):
        draw_ways(axes, title, rows)
    draw_growth(last, growth)
    figure.savefig(path)


def draw_ways(axes: Any, title: str, rows: list[Row]) -> None:
    """Times relative to the floor."""
    known = [row for row in rows if row["ratio_to_plain"] and float(row["ratio_to_plain"]) >= 0.1]
    ratios = [float(row["ratio_to_plain"]) for row in known]
    colors = [OWN if row["way"].startswith(("cacao", "dvc_repro")) else OTHER for row in known]
    bars = axes.barh([row["way"].replace("_", " ") for row in known], ratios, color=colors)
    axes.bar_label(bars, [f"{row['seconds']} s" for row in known], padding=3, fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlim(0, 1.15 * max(ratios))
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel("time relative to the plain code", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def draw_growth(axes: Any, rows: list[Row]) -> None:
    """Seconds by number of stages, both in equal ratios."""
    for way, (color, style) in LINES.items():
        known = [(int(row["stages"]), float(row[way])) for row in rows if row[way]]
        axes.loglog(*zip(*known, strict=True), color=color, linestyle=style, marker="o", markersize=3)
        place, seconds = known[-1]
        axes.annotate(
            way.replace("_", " "), (place, seconds), (6, 0), textcoords="offset points", fontsize=8, va="center"
        )
    axes.set_title("Generated stages", loc="left", fontsize=10)
    axes.set_xlabel("number of stages", fontsize=8)
    axes.set_ylabel("seconds", fontsize=8)
    axes.set_xlim(right=3.2 * max(int(row["stages"]) for row in rows))
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
