"""Every reader can read every figure: colour-blind readers, those with weak sight, and those who hear its words."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from pipeline.kit.language import LANGUAGES, Text
from pipeline.kit.publish import accessibility, figures
from pipeline.kit.publish.figures import Caption, FigureError, publish_figure
from pipeline.study.statistics import charts

LARGEST_SVG = 150_000
PALETTE = {
    name: to_rgb(value)
    for name, value in vars(figures).items()
    if name.isupper() and isinstance(value, str) and value.startswith("#")
}
CHANNELS = st.tuples(*[st.floats(0, 1)] * 3)


# Colour arithmetic.


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [  # Sharma, Wu and Dalal (2005), table 1: pairs 1, 3, 7, 9, 11, 13, 17 to 20, 25, 33 and 34.
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.8361, -74.0200), (50.0, 0.0, -82.7485), 3.4412),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
        ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
        ((50.0, -0.0010, 2.4900), (50.0, 0.0009, -2.4900), 4.8045),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
        ((50.0, 2.5, 0.0), (56.0, -27.0, -3.0), 31.9030),
        ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_difference_is_that_of_the_published_pairs(first, second, expected):
    assert accessibility.ciede2000(np.array(first), np.array(second)) == pytest.approx(expected, abs=5e-5)
    assert accessibility.ciede2000(np.array(second), np.array(first)) == pytest.approx(expected, abs=5e-5)


def test_contrast_is_that_of_wcag():
    assert accessibility.contrast(to_rgb("#000000")) == pytest.approx(21)
    assert accessibility.contrast(to_rgb("#FFFFFF")) == pytest.approx(1, abs=1e-6)
    assert accessibility.contrast(to_rgb("#767676")) == pytest.approx(4.54, abs=0.01)
    assert accessibility.on_ground("#000000", 0.25) == pytest.approx((0.75, 0.75, 0.75))


@given(CHANNELS, CHANNELS)
def test_least_difference_is_never_more_than_that_of_full_sight(first, second):
    least, sight = accessibility.smallest_difference(first, second)
    assert 0 <= least <= accessibility.difference(first, second) + 1e-9
    assert sight in accessibility.SIGHTS
    assert accessibility.smallest_difference(first, first)[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("sight", accessibility.SIGHTS)
def test_grey_stays_grey_for_every_sight(sight):
    assert accessibility.SIGHTS[sight].sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)


@pytest.mark.parametrize(
    ("first", "second", "sight"),
    [
        ("#C04000", "#608000", "deuteranopia"),
        ("#B03040", "#604040", "protanopia"),
        ("#0072B2", "#00765A", "tritanopia"),
    ],
)
def test_colours_known_to_be_confused_come_close(first, second, sight):
    full, without = (accessibility.difference(to_rgb(first), to_rgb(second), seen) for seen in ("full sight", sight))
    assert without < full / 2


# The colours of this project.


@pytest.mark.parametrize(("first", "second"), [*combinations(PALETTE, 2)])
def test_every_pair_of_colours_stays_apart_for_every_sight(first, second):
    distance, sight = accessibility.smallest_difference(PALETTE[first], PALETTE[second])
    assert distance >= accessibility.APART, sight


@pytest.mark.parametrize("name", PALETTE)
def test_words_in_every_colour_can_be_read_on_white(name):
    assert accessibility.contrast(PALETTE[name]) >= accessibility.WORDS_CONTRAST


def test_classes_of_the_map_go_from_light_to_dark_and_words_can_be_read_on_them():
    fills = [to_rgb(fill) for fill in charts.CLASSES.values()]
    contrasts = [accessibility.contrast(fill) for fill in fills]
    assert contrasts == sorted(contrasts)
    for fill in fills:
        assert accessibility.contrast(fill, to_rgb("black")) >= accessibility.WORDS_CONTRAST
        assert accessibility.contrast(fill, to_rgb(charts.LINES["edgecolor"])) >= accessibility.MARKS_CONTRAST
    for first, second in combinations([to_rgb(charts.NO_FIGURE), *fills], 2):
        assert accessibility.smallest_difference(first, second)[0] >= 5  # Areas that touch, with a line between.


# The check of a figure.


def checked(draw) -> list[str]:
    """Faults of a figure drawn by ``draw(axes)``."""
    figure = Figure(figsize=(4, 3), layout="constrained")
    axes = figure.subplots()
    draw(axes)
    figure.draw_without_rendering()
    return accessibility.faults(figure)


RED, OLIVE = "#C04000", "#608000"


def test_two_lines_that_a_colour_blind_reader_cannot_tell_apart_are_found():
    def draw(axes):
        axes.plot([0, 1], [0, 1], color=RED)
        axes.plot([0, 1], [1, 0], color=OLIVE)

    (fault,) = checked(draw)
    assert "#608000 and #C04000 (lines) look alike" in fault
    assert "deuteranopia" in fault or "protanopia" in fault


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"linestyle": "-"}, {"linestyle": "--"}),
        ({"marker": "o", "linestyle": ""}, {"marker": "s", "linestyle": ""}),
        ({"marker": "o", "linestyle": ""}, {"marker": "o", "linestyle": "", "markerfacecolor": "white"}),
    ],
)
def test_dash_shape_or_hollow_mark_tells_series_apart_as_well(one, other):
    def draw(axes):
        axes.plot([0, 1], [0, 1], color=RED, **one)
        axes.plot([0, 1], [1, 0], color=OLIVE, **other)

    assert checked(draw) == []


@pytest.mark.parametrize("kind", ["scatter", "hlines", "barh"])
def test_rows_with_names_need_no_colour_but_two_series_in_one_row_do(kind):
    def draw(axes, rows):
        for row, shade in zip(rows, (RED, OLIVE), strict=True):
            if kind == "barh":
                axes.barh([row], [1.0], height=0.2, color=shade)
            elif kind == "hlines":
                axes.hlines([row], [0], [1], colors=shade)
            else:
                axes.scatter([0.5], [row], c=shade)
        axes.set_yticks([0, 1], ["one", "two"])

    assert checked(lambda axes: draw(axes, (0, 1))) == []
    assert any("look alike" in fault for fault in checked(lambda axes: draw(axes, (0.9, 1.1))))


@pytest.mark.parametrize("named", [True, False])
def test_what_is_not_known_is_not_drawn_and_does_not_disturb(named):
    def draw(axes):
        axes.hlines([0, 1], [np.nan, 0.2], [np.nan, 0.8], colors=[RED, figures.BLUE])
        axes.plot([np.nan, 0.5], [0, 1], "o", color=figures.BLUE)
        axes.plot([], [], color=figures.BLUE)
        axes.scatter([np.nan], [0], c=figures.BLUE)
        axes.barh([0], [np.nan], color=figures.BLUE)
        if named:
            axes.set_yticks([0, 1], ["one", "two"])

    assert checked(draw) == []


def test_faint_marks_and_words_are_found():
    def draw(axes):
        axes.plot([0, 1], [0, 1], color="#BBBBBB", label="line")
        axes.text(0.5, 0.5, "faint", color="#8A8A8A")
        axes.text(0.5, 0.2, "boxed", color="white", bbox={"facecolor": "black"})

    found = checked(draw)
    assert [fault.split(":")[0] for fault in found] == [
        "lines in #BBBBBB are faint on white",
        "'faint' is faint on its ground",
    ]


def test_words_that_leave_the_picture_are_found():
    found = checked(lambda axes: axes.annotate("far away", (1.5, 0.5), xycoords="axes fraction").set_in_layout(False))
    assert found == ["'far away' does not fit into the picture"]


def test_faint_bands_reference_lines_and_grids_are_no_series():
    def draw(axes):
        axes.fill_between([0, 1], [0, 0], [1, 1], color="#E0E0E0")
        axes.axvline(0.5, color="#AAAAAA")
        axes.grid(color="#EEEEEE")

    assert checked(draw) == []


# What is published.

DATA = pd.DataFrame({"x": [0.0, 1.0]})
WORDS = Caption(
    Text("Yields", "Hasil"), Text("Made up.", "Dibuat."), Text("A line that rises.", "Garis yang naik."), ("a",)
)


def draw_alike(axes, data, language):
    axes.plot(data["x"], data["x"], color=RED)
    axes.plot(data["x"], 1 - data["x"], color=OLIVE)
    axes.set(xlabel={"en": "Time", "id": "Waktu"}[language], ylabel={"en": "Size", "id": "Ukuran"}[language])


def draw_rising(axes, data, language):
    axes.plot(data["x"], data["x"], color=figures.BLUE)
    axes.set(xlabel={"en": "Time", "id": "Waktu"}[language], ylabel={"en": "Size", "id": "Ukuran"}[language])


def test_figure_that_not_every_reader_can_read_is_refused(project):
    with pytest.raises(FigureError, match=r"figure alike in 'en' cannot be read by everyone: .*look alike"):
        publish_figure("alike", DATA, draw_alike, WORDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_alternative_text_that_repeats_the_title_is_refused(project, language):
    title = WORDS.title.in_language(language)
    alt = Text(**{"en": "A line.", "id": "Garis."} | {language: f"{title}."})
    with pytest.raises(FigureError, match=f"alternative text in '{language}' only repeats the title"):
        publish_figure("silent", DATA, draw_rising, Caption(WORDS.title, WORDS.caption, alt, ("a",)))


def published(root: Path) -> list[Path]:
    return sorted(root.glob("results/*/figures/*.json"))


def test_every_published_figure_says_in_both_languages_what_is_drawn(fresh: Path) -> None:
    assert published(fresh)
    for path in published(fresh):
        words = json.loads(path.read_text(encoding="utf-8"))
        for language in LANGUAGES:
            alt, title = (words[language][part].strip() for part in ("alt", "title"))
            assert len(alt.split()) >= 6, (path.name, language)
            assert title.casefold() not in alt.casefold() or len(alt) > 2 * len(title), (path.name, language)
            assert alt != words[language]["caption"], (path.name, language)
        assert words["en"]["alt"] != words["id"]["alt"]


def test_no_published_drawing_is_heavy(fresh: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in fresh.glob("results/*/figures/*.svg")}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > LARGEST_SVG} == {}
