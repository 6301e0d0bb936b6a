"""What several figures share: labels, number formats, and the one way an interval is drawn."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipeline.kit.language import Text, format_number
from pipeline.kit.publish.figures import BLUE, GREY


def label(language: str, en: str, id: str) -> str:
    """The label in the language of the figure."""
    return {"en": en, "id": id}[language]


def localise(axes: Axes, language: str, which: str = "y", digits: int = 4) -> None:
    """Tick labels of the ``x`` or ``y`` axis in the number format of the language."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value, language, digits)))


def year_axis(axes: Axes, language: str) -> None:
    """Label the x axis as years, with ticks at whole years only."""
    axes.set_xlabel(label(language, "Year", "Tahun"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def reference_line(axes: Axes, value: float, text: str, vertical: bool = True) -> None:
    """A dashed line with its meaning written at its end."""
    if vertical:
        axes.axvline(value, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)))
        axes.annotate(
            text,
            (value, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, -2),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=GREY,
        )
    else:
        axes.axhline(value, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)))
        axes.annotate(
            text,
            (1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=GREY,
        )


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
