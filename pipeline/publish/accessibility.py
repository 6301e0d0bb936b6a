"""What would keep a reader from reading a figure: colours that look alike, faint marks and words, words cut off.

Every figure is checked before it is saved. Series that differ in colour only must differ enough for every kind of
sight (``pipeline/publish/colour.py``); a marker, a dash, a hatch, a hollow mark or a name on the axis tells them apart
as well. Faint fills and grids that carry no series of their own need no contrast.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text as Words

from pipeline.publish.colour import Colour, contrast, on_ground, smallest_difference

# CIEDE2000: side by side 1 to 2 is just noticeable; thin lines and marks apart from each other need several times that.
APART = 10.0
# WCAG 2.1, success criteria 1.4.3 and 1.4.11.
WORDS_CONTRAST, MARKS_CONTRAST = 4.5, 3.0


@dataclass(frozen=True)
class Look:
    """How one series is drawn: its shape (marker, dash, hatch, hollow or full), and its colour as seen on white.

    ``rows`` are the named places of the axis at which it stands, where the axis has names instead of numbers.
    """

    shape: str
    colour: Colour
    rows: frozenset[int]


def faults(figure: Figure) -> list[str]:
    """What keeps readers from reading a drawn figure, one line each; it must have been drawn."""
    axes = figure.axes[0]
    series = list(looks(axes))
    found = [*_alike(series), *_faint_marks(series)]
    for words in _words(axes):
        found += _faint_words(words)
        box = words.get_window_extent()
        if box.x0 < -1 or box.x1 > figure.bbox.x1 + 1 or box.y0 < -1 or box.y1 > figure.bbox.y1 + 1:
            found.append(f"{words.get_text()!r} does not fit into the picture")
    return found


def looks(axes: Axes) -> Iterator[Look]:
    """The looks of the lines, marks and bars of a figure; reference lines and faint bands are none."""
    for line in axes.lines:
        yield from _line_looks(axes, line)
    for marks in axes.collections:
        if isinstance(marks, PathCollection):
            yield from _mark_looks(axes, marks)
        elif isinstance(marks, LineCollection):
            yield from _segment_looks(axes, marks)
    for bars in axes.containers:
        if isinstance(bars, BarContainer):
            for bar in bars.patches:
                face, edge = on_ground(bar.get_facecolor()), on_ground(bar.get_edgecolor())
                # What is seen of a faint bar is its outline.
                colour = max(face, edge, key=contrast) if contrast(face) < MARKS_CONTRAST else face
                yield Look(f"bar {bar.get_hatch() or ''}", colour, _rows(axes, [bar.get_center()]))


def _line_looks(axes: Axes, line: Line2D) -> Iterator[Look]:
    points = np.column_stack([np.atleast_1d(np.asarray(part, dtype=float)) for part in line.get_data()])
    if line.get_transform() != axes.transData or not len(points):
        return
    if line.get_marker() not in ("None", "", " ", None):
        full = contrast(on_ground(line.get_markerfacecolor())) >= MARKS_CONTRAST or line.get_fillstyle() != "none"
        hollow = line.get_fillstyle() == "none" or on_ground(line.get_markerfacecolor()) == (1, 1, 1)
        edge = on_ground(line.get_markeredgecolor() if hollow or not full else line.get_markerfacecolor())
        yield Look(f"mark {line.get_marker()} {'hollow' if hollow else 'full'}", edge, _rows(axes, points))
    # A faint line joins marks or stands behind a clear one: it is no series of its own.
    elif line.get_linestyle() != "None" and (line.get_alpha() or 1.0) == 1.0:
        dash = line._dash_pattern[1]  # type: ignore[attr-defined]
        yield Look(f"line {dash}", on_ground(line.get_color()), _rows(axes, points))


def _mark_looks(axes: Axes, marks: PathCollection) -> Iterator[Look]:
    shape = [np.round(np.asarray(path.vertices, dtype=float), 2).tolist() for path in marks.get_paths()[:1]]
    points = np.ma.getdata(marks.get_offsets())
    faces, edges = marks.get_facecolors(), marks.get_edgecolors()  # type: ignore[attr-defined]
    for place, point in enumerate(points):
        face = on_ground(faces[place % len(faces)]) if len(faces) else (1.0, 1.0, 1.0)
        hollow = face == (1.0, 1.0, 1.0)
        colour = on_ground(edges[place % len(edges)]) if hollow and len(edges) else face
        yield Look(f"mark {shape} {'hollow' if hollow else 'full'}", colour, _rows(axes, [point]))


def _segment_looks(axes: Axes, segments: LineCollection) -> Iterator[Look]:
    if (segments.get_alpha() or 1.0) < 1.0:
        return
    colours = segments.get_colors()
    for place, segment in enumerate(segments.get_segments()):
        # One with an end that is not known is not drawn.
        if len(segment):
            yield Look("line segment", on_ground(colours[place % len(colours)]), _rows(axes, segment))


def _rows(axes: Axes, points: object) -> frozenset[int]:
    """Named places of the axis at which points stand; none where both axes have numbers."""
    for number, axis in enumerate((axes.xaxis, axes.yaxis)):
        if any(letter.isalpha() for name in axis.get_ticklabels() for letter in name.get_text()):
            ticks = np.asarray(axis.get_majorticklocs(), dtype=float)
            values = np.asarray(points, dtype=float).reshape(-1, 2)[:, number]
            known = values[np.isfinite(values)]
            return frozenset(int(np.abs(ticks - value).argmin()) for value in known)
    return frozenset()


def _alike(series: list[Look]) -> Iterator[str]:
    told: set[tuple[Colour, Colour]] = set()
    for shape in sorted({look.shape for look in series}):
        rows: dict[Colour, set[int]] = {}
        for look in series:
            if look.shape == shape:
                rows.setdefault(look.colour, set()).update(look.rows)
        for first, second in combinations(sorted(rows), 2):
            named = bool(rows[first]) and bool(rows[second]) and not rows[first] & rows[second]
            distance, sight = smallest_difference(first, second)
            if distance < APART and not named and (first, second) not in told:
                told.add((first, second))
                yield f"{_hex(first)} and {_hex(second)} ({shape.split()[0]}s) look alike: {sight} {distance:.1f}"


def _faint_marks(series: list[Look]) -> Iterator[str]:
    for shape, colour in sorted({(look.shape.split()[0], look.colour) for look in series}):
        if contrast(colour) < MARKS_CONTRAST:
            yield f"{shape}s in {_hex(colour)} are faint on white: {contrast(colour):.1f} to 1"


def _faint_words(words: Words) -> Iterator[str]:
    box = words.get_bbox_patch()
    ground = on_ground(box.get_facecolor()) if box is not None and box.get_fill() else (1.0, 1.0, 1.0)
    ratio = contrast(on_ground(words.get_color(), words.get_alpha(), ground), ground)
    if ratio < WORDS_CONTRAST:
        yield f"{words.get_text()!r} is faint on its ground: {ratio:.1f} to 1"


def _words(axes: Axes) -> Iterator[Words]:
    """Everything written in the figure; names of ticks outside the view are not drawn."""
    found = [child for child in axes.get_children() if isinstance(child, Words)]
    found += [axes.xaxis.label, axes.yaxis.label]
    for legend in axes.findobj(Legend):
        assert isinstance(legend, Legend)
        found += [*legend.get_texts(), legend.get_title()]
    for axis, place in ((axes.xaxis, 0), (axes.yaxis, 1)):
        low, high = sorted(axis.get_view_interval())
        found += [name for name in axis.get_ticklabels() if low <= name.get_position()[place] <= high]
    yield from (words for words in found if words.get_visible() and words.get_text().strip())


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02X}" for part in colour)
