"""Every figure is saved here: SVG, PNG and PDF in both languages, the data drawn as CSV, and its words.

A figure is a function that draws on one axes from one table, in one language. The style is set here and
nowhere else; colours start from Okabe and Ito (2008), darkened until text in them is readable on white
and until every pair of them stays apart for colour-blind readers too.
"""

import base64
import html
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from fontTools.subset import Options
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from pipeline.kit import paths
from pipeline.kit.data import citations, usage
from pipeline.kit.digits import rounded_table
from pipeline.kit.language import LANGUAGES, Text, TextError, Texts, format_number
from pipeline.kit.publish import FIGURE, accessibility

BLUE, ORANGE, GREEN, PURPLE, BLACK, GREY = "#0072B2", "#B35900", "#005C2E", "#99337A", "#000000", "#595959"
STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#D9D9D9",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "figure",
    # TrueType letters: text in the PDF can be searched and copied, and journals accept it.
    "pdf.fonttype": 42,
}
# Tables of a font for typesetting: no text that is drawn needs them, and to cut them down takes half the time of a PDF.
TYPESETTING = ("GDEF", "GPOS", "GSUB", "MATH", "kern")
WIDTH, DPI = 6.7, 200
# Neither a date nor the version of the library, so that a figure published again has the same bytes.
UNDATED = {"CreationDate": None, "Creator": None, "Producer": None}


class FigureError(ValueError):
    """A figure that must not be published as it is."""


@dataclass(frozen=True)
class Caption:
    """What stands with a figure: title, caption, alternative text and sources.

    The words say what is drawn, not what came out: they are fixed, and results follow the parameters.
    """

    title: Text
    caption: Text
    alt: Text
    sources: tuple[str, ...] = ()

    @classmethod
    def read(cls, texts: Texts, key: str, **filled: object) -> "Caption":
        """The words of the figure ``key``: ``title``, ``caption`` and ``alt``; ``filled`` goes into the caption.

        Raises ``TextError`` when one of them is missing, or there are others.
        """
        words = texts.group(key)
        if set(words) != {"title", "caption", "alt"}:
            raise TextError(f"{texts.file}: {key} has {', '.join(words)}; a figure has title, caption and alt")
        return cls(words["title"], words["caption"].fill(**filled) if filled else words["caption"], words["alt"])

    def dated(self, day: Text, month: Text) -> "Caption":
        """The same words with the ``{day}`` of the present bean price and the ``{month}`` of all other prices."""
        return self.fill(day=day, month=month)

    def fill(self, **words: Text) -> "Caption":
        """The same words with what stands in braces filled in."""
        return replace(self, caption=self.caption.fill(**words))

    def cite(self, sources: Iterable[str]) -> "Caption":
        """The same words with what the data drawn cite; an entry may list several citations between semicolons."""
        return replace(self, sources=tuple(sorted(citations.split_lists(sources))))


@dataclass(frozen=True)
class Published:
    """A published figure as a notebook shows it: the picture in English over both captions, sources and warnings."""

    png: Path
    caption: Caption
    warnings: tuple[str, ...]

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.png.read_bytes()).decode()
        words = [
            self.caption.caption.id,
            self.caption.caption.en,
            f"Sumber / Sources: {', '.join(citations.sources_in(self.caption.sources))}",
        ]
        if self.warnings:
            said = usage.in_words(self.warnings)
            words += [f"Peringatan pada sumber: {said['id']}.", f"Warnings on these sources: {said['en']}."]
        lines = "<br>".join(html.escape(line) for line in words)
        alt = html.escape(self.caption.alt.en)
        style = "max-width: 100%; height: auto"
        return (
            f'<figure><img alt="{alt}" style="{style}" width="800" src="data:image/png;base64,{picture}">'
            f"<figcaption>{lines}</figcaption></figure>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return {FIGURE: {"name": self.png.name.split(".")[0]}}

    def __repr__(self) -> str:
        return self.caption.alt.en


def publish_figure(
    name: str,
    data: pd.DataFrame,
    draw: Callable[[Axes, pd.DataFrame, str], None],
    caption: Caption,
    height: float = 3.6,
) -> Published:
    """Draw ``data`` once per language and save SVG, PNG, PDF, CSV and the words that go with them.

    What is drawn is what the CSV holds: the numbers are rounded first. Rows of ``data`` without citations of their own
    rest on all that the caption cites.

    ``draw(axes, data, language)`` must label both axes; ``height`` is in inches. Raises ``FigureError`` when
    an axis has no label, there is nothing to draw, a text is missing in a language or says nothing beyond the title,
    or not every reader can read what is drawn (``accessibility``).
    """
    if data.empty or not caption.sources:
        raise FigureError(f"figure {name}: no data, or no source to cite")
    folder, data = paths.figures(paths.stage()), rounded_table(data)
    path = paths.output(folder / f"{name}.csv")
    citations.to_stored(data).to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
    for language in LANGUAGES:
        settings: dict[Any, Any] = {**mpl.rcParamsDefault, **STYLE}
        with mpl.rc_context(settings):
            figure = _draw(name, data, draw, caption, language, height)
            figure.savefig(paths.output(folder / f"{name}.{language}.png"), dpi=DPI, pil_kwargs={"compress_level": 4})
            # Only now do legends know their place.
            if faults := accessibility.faults(figure):
                raise FigureError(f"figure {name} in {language!r} cannot be read by everyone: {'; '.join(faults)}")
            figure.savefig(paths.output(folder / f"{name}.{language}.svg"), metadata={"Date": None})
            about = {**UNDATED, "Title": caption.title.in_language(language)}
            with _fonts_for_drawing():
                figure.savefig(paths.output(folder / f"{name}.{language}.pdf"), metadata=about)
    words = {
        language: {part: getattr(caption, part).in_language(language) for part in ("title", "caption", "alt")}
        for language in LANGUAGES
    }
    warnings = usage.of(caption.sources)
    listed, raw_rows = citations.to_columns(citations.join(*caption.sources))
    record = {**words, "sources": listed.split(";"), "raw_rows": raw_rows.split(";"), "warnings": warnings}
    text = json.dumps(record, indent=1, ensure_ascii=False)
    paths.output(folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return Published(paths.output(folder / f"{name}.en.png"), caption, warnings)


@contextmanager
def _fonts_for_drawing() -> Iterator[None]:
    """Leave tables for typesetting out of fonts, which Matplotlib has no setting for."""
    usual = Options._drop_tables_default
    Options._drop_tables_default = [*usual, *TYPESETTING]
    try:
        yield
    finally:
        Options._drop_tables_default = usual


def _draw(
    name: str,
    data: pd.DataFrame,
    draw: Callable[[Axes, pd.DataFrame, str], None],
    caption: Caption,
    language: str,
    height: float,
) -> Figure:
    # Text is a little wider on a fine grid than on a coarse one: the layout is found on that of the PNG.
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    axes = figure.subplots()
    draw(axes, data, language)
    axes.set_title(caption.title.in_language(language), loc="left")
    texts = [caption.title, caption.caption, caption.alt]
    if not all(text.in_language(language).strip() for text in texts):
        raise FigureError(f"figure {name}: a text is missing in {language!r}")
    if caption.alt.in_language(language).casefold().strip(". ") == caption.title.in_language(language).casefold():
        raise FigureError(f"figure {name}: the alternative text in {language!r} only repeats the title")
    if not axes.get_xlabel() or not axes.get_ylabel():
        raise FigureError(f"figure {name}: an axis has no label in {language!r}")
    # The layout is found once for all files: left to savefig, it is found twice, at the price of four drawings.
    ConstrainedLayoutEngine().execute(figure)
    if not _ticks_fit(figure):
        ConstrainedLayoutEngine().execute(figure)
    _round_places(figure)
    _keep_title_inside(figure)
    return figure


def _ticks_fit(figure: Figure) -> bool:
    """Whether names of ticks lie in the picture: an axis that the layout has changed may have got one tick more."""
    names = (name for axes in figure.axes for name in accessibility.tick_names(axes) if name.get_text())
    return not any(map(accessibility.is_outside, names))


def _round_places(figure: Figure) -> None:
    """Set the axes on a millionth of the picture: the layout has last bits of its own, from which SVG names clips."""
    for axes in figure.axes:
        axes.set_position(Bbox(axes.get_position(original=True).get_points().round(6)))


def _keep_title_inside(figure: Figure) -> None:
    """Move a title that is longer than its axes to the left, as far as it would leave the picture."""
    axes = figure.axes[0]
    axes.apply_aspect()
    title = next(words for words in (axes._left_title, axes.title) if words.get_text())  # type: ignore[attr-defined]
    too_far = title.get_window_extent().x1 - (figure.bbox.x1 - 0.05 * DPI)
    if too_far > 0:
        title.set_x(-too_far / axes.bbox.width)


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
