"""Small things that several figures share."""

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipeline.language import format_number
from pipeline.publish.figures import GREY


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
