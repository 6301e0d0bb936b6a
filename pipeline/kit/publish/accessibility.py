"""What would keep a reader from reading a figure: colours that look alike, faint marks and words, words cut off.

Every figure is checked before it is saved. Series that differ in colour only must differ enough for every kind of
sight; a marker, a dash, a hatch, a hollow mark or a name on the axis tells them apart
as well. Faint fills and grids that carry no series of their own need no contrast.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgba
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text as Words

Colour = tuple[float, float, float]
SIGHTS = {
    "full sight": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE: Colour = (1.0, 1.0, 1.0)


def on_ground(colour: object, alpha: float | None = None, ground: Colour = WHITE) -> Colour:
    """The colour as it is seen when it lets the ground shine through."""
    red, green, blue, own = to_rgba(colour)  # type: ignore[arg-type]
    share = own if alpha is None else alpha
    mixed = (share * part + (1 - share) * under for part, under in zip((red, green, blue), ground, strict=True))
    return tuple(mixed)  # type: ignore[return-value]


def contrast(first: Colour, second: Colour = WHITE) -> float:
    """Contrast ratio of WCAG 2.1: 1 for the same colour, 21 for black on white."""
    low, high = sorted(float(TO_XYZ[1] @ _linear(colour)) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def difference(first: Colour, second: Colour, sight: str = "full sight") -> float:
    """CIEDE2000 difference of two colours for a reader of one of ``SIGHTS``; 1 to 2 is just noticeable."""
    return ciede2000(*(_lab(SIGHTS[sight] @ _linear(colour)) for colour in (first, second)))


def smallest_difference(first: Colour, second: Colour) -> tuple[float, str]:
    """The difference for the reader who sees the least of it, and what that reader's sight is."""
    return min((difference(first, second, sight), sight) for sight in SIGHTS)


def _linear(colour: Colour) -> np.ndarray:
    """sRGB without its gamma."""
    channels = np.asarray(colour, dtype=float)
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* under D65."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(first: np.ndarray, second: np.ndarray) -> float:
    """Difference of two colours in CIE L*a*b*, with all weights one."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = 1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63)
    s_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_chroma, s_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    spin = 60 * np.exp(-(((hue - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(spin))
    parts = ((l2 - l1) / s_light, (c2 - c1) / s_chroma, d_hue / s_hue)
    return float(np.sqrt(sum(part**2 for part in parts) + rotation * parts[1] * parts[2]))


def _cos(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


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
        if is_outside(words):
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
    yield from (words for words in [*found, *tick_names(axes)] if words.get_visible() and words.get_text().strip())


def tick_names(axes: Axes) -> list[Words]:
    """Names of the ticks that are drawn: those within the view."""
    found: list[Words] = []
    for axis, place in ((axes.xaxis, 0), (axes.yaxis, 1)):
        low, high = sorted(axis.get_view_interval())
        found += [name for name in axis.get_ticklabels() if low <= name.get_position()[place] <= high]
    return found


def is_outside(words: Words) -> bool:
    """Whether words leave the picture by more than a dot."""
    figure = words.get_figure(root=True)
    assert figure is not None
    box = words.get_window_extent()
    return bool(box.x0 < -1 or box.x1 > figure.bbox.x1 + 1 or box.y0 < -1 or box.y1 > figure.bbox.y1 + 1)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02X}" for part in colour)
