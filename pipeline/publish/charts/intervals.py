"""The one way an interval is drawn: a dot at the middle of a line, one row per name."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import localise
from pipeline.publish.figures import BLUE, GREY


def draw_intervals(
    axes: Axes,
    data: pd.DataFrame,
    language: str,
    names: dict[str, Text],
    x_label: Text,
    colours: dict[str, str] | None = None,
) -> None:
    """Rows from top to bottom in the order of ``data``: ``name``, ``lower``, ``value``, ``upper``.

    A row without interval is drawn as a dot. Zero is marked.
    """
    rows = range(len(data))
    shades = [(colours or {}).get(name, BLUE) for name in data["name"]]
    axes.hlines(rows, data["lower"], data["upper"], colors=shades, linewidth=2.2)
    axes.scatter(data["value"], rows, c=shades, s=36, zorder=3)
    axes.set_yticks(list(rows), [names[name].in_language(language) for name in data["name"]])
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.9)
    axes.set_xlabel(x_label.in_language(language))
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")
