"""Figures are complete in both languages and come out the same twice."""

import csv
import json
from xml.etree import ElementTree

import matplotlib.image
import pandas as pd
import pytest
from matplotlib.layout_engine import ConstrainedLayoutEngine

from pipeline.kit import paths
from pipeline.kit.language import Text
from pipeline.kit.publish import figures
from pipeline.kit.publish.figures import Caption, FigureError, publish_figure
from pipeline.study.names import COUNTRIES

CAPTION = Caption(
    Text("Yields of plots", "Hasil petak"),
    Text("Made up for this test.", "Dibuat untuk uji ini."),
    Text("A line that rises.", "Garis yang naik."),
    ("b", "a", "b"),
)
DATA = pd.DataFrame({"year": [2020, 2021, 2022], "yield_kg_per_ha": [400.0, 410.123456789, 1 / 3]})


def draw(axes, data, language):
    axes.plot(data["year"], data["yield_kg_per_ha"], color=figures.BLUE)
    axes.set_xlabel({"en": "Year", "id": "Tahun"}[language])
    axes.set_ylabel({"en": "Yield (kg/ha)", "id": "Hasil (kg/ha)"}[language])


@pytest.fixture(scope="module")
def published(project):
    """The same figure published twice: what it left each time, by file name."""
    folder = paths.figures(paths.stage())
    contents = []
    for _ in range(2):
        publish_figure("yields", DATA, draw, CAPTION)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("yields")})
    return contents


def test_figure_is_saved_in_both_languages_with_data_and_words(published):
    assert set(published[0]) == {
        *(f"yields.{language}.{kind}" for language in ("en", "id") for kind in ("svg", "png", "pdf")),
        *("yields.csv", "yields.json"),
    }


def test_what_is_drawn_is_what_the_data_beside_it_hold(published):
    drawn = []

    def note(axes, data, language):
        drawn.append(data)
        draw(axes, data, language)

    publish_figure("rounded", DATA, note, CAPTION)
    held = pd.read_csv(paths.output(paths.figures(paths.stage()) / "rounded.csv"))
    for data in drawn:
        pd.testing.assert_frame_equal(data, held, check_exact=True)


def test_figure_published_again_has_the_same_bytes(published):
    assert published[0] == published[1]


def test_the_two_languages_differ(published):
    assert published[0]["yields.en.svg"] != published[0]["yields.id.svg"]
    assert published[0]["yields.en.png"] != published[0]["yields.id.png"]
    assert published[0]["yields.en.pdf"] != published[0]["yields.id.pdf"]


def test_svg_is_well_formed_and_carries_no_date(published):
    for language in ("en", "id"):
        text = published[0][f"yields.{language}.svg"].decode("utf-8")
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert "<dc:date>" not in text


def test_pdf_is_one_page_with_its_letters_and_carries_no_date(published):
    for language in ("en", "id"):
        content = published[0][f"yields.{language}.pdf"]
        assert content.startswith(b"%PDF-")
        assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") == 1
        assert b"/FontFile2" in content
        assert b"/Subtype /Type3" not in content
        for word in (b"/CreationDate", b"/ModDate", b"/Producer", b"/Creator"):
            assert word not in content
    assert b"/Title (Hasil petak)" in published[0]["yields.id.pdf"]


def test_png_is_a_picture_on_white(published, tmp_path):
    path = tmp_path / "figure.png"
    path.write_bytes(published[0]["yields.en.png"])
    pixels = matplotlib.image.imread(path)
    assert pixels.shape[1] == pytest.approx(figures.WIDTH * 200, abs=1)
    assert (pixels[0, 0, :3] == 1).all()
    assert pixels[..., :3].min() < 0.3


def test_data_of_the_figure_are_those_drawn(published):
    rows = list(csv.reader(published[0]["yields.csv"].decode("utf-8").splitlines()))
    assert rows[0] == list(DATA)
    assert [row[0] for row in rows[1:]] == ["2020", "2021", "2022"]
    assert [float(row[1]) for row in rows[1:]] == [400.0, 410.123, 0.333333]


def test_words_of_the_figure_are_complete_in_both_languages(published):
    words = json.loads(published[0]["yields.json"])
    assert words["sources"] == ["a", "b"]
    assert words["id"] == {"title": "Hasil petak", "caption": "Dibuat untuk uji ini.", "alt": "Garis yang naik."}
    assert words["en"] == {
        "title": "Yields of plots",
        "caption": "Made up for this test.",
        "alt": "A line that rises.",
    }


def test_notebook_shows_picture_and_alternative_text(project):
    shown = publish_figure("shown", DATA, draw, CAPTION)
    assert repr(shown) == "A line that rises."
    page = shown._repr_html_()
    for words in ('alt="A line that rises."', "base64,iVBORw0KGgo", "Dibuat untuk uji ini.", "Made up for this test."):
        assert words in page


def test_style_set_elsewhere_does_not_reach_a_figure(published, project):
    with figures.mpl.rc_context({"font.size": 30, "axes.grid": False, "svg.hashsalt": "other"}):
        publish_figure("yields", DATA, draw, CAPTION)
    folder = paths.figures(paths.stage())
    assert (folder / "yields.en.svg").read_bytes() == published[0]["yields.en.svg"]


# What must not be published.


@pytest.mark.parametrize("axis", ["xlabel", "ylabel"])
@pytest.mark.parametrize("language", ["en", "id"])
def test_axis_without_label_in_one_language_is_refused(project, axis, language):
    def unlabelled(axes, data, now):
        draw(axes, data, now)
        if now == language:
            axes.set(**{axis: ""})

    with pytest.raises(FigureError, match=f"figure bare: an axis has no label in '{language}'"):
        publish_figure("bare", DATA, unlabelled, CAPTION)


def test_figure_without_data_is_refused_and_leaves_nothing(project):
    with pytest.raises(FigureError, match="figure empty: no data"):
        publish_figure("empty", DATA.iloc[:0], draw, CAPTION)
    assert not list(project.rglob("empty*"))


@pytest.mark.parametrize("part", ["title", "caption", "alt"])
@pytest.mark.parametrize("language", ["en", "id"])
def test_text_that_is_missing_in_one_language_is_refused(project, part, language):
    words = {"title": CAPTION.title, "caption": CAPTION.caption, "alt": CAPTION.alt, "sources": ("a",)}
    words[part] = Text(**({"en": "x", "id": "x"} | {language: "  "}))
    with pytest.raises(FigureError, match=f"figure mute: a text is missing in '{language}'"):
        publish_figure("mute", DATA, draw, Caption(**words))


def test_every_country_has_a_name_in_both_languages(countries):
    assert set(countries["country"]) <= set(COUNTRIES)


class OneTickMore(ConstrainedLayoutEngine):
    """A layout after which an axis has a tick at its end that it had not before."""

    def execute(self, fig):
        """Lay out; the first time the tick appears."""
        super().execute(fig)
        if not fig.get_label():
            fig.set_label("laid out")
            fig.axes[0].set_xticks([2020, 2022], ["", "a name of two dozen letters"])


def test_a_tick_that_the_layout_has_brought_stays_in_the_picture(project, monkeypatch):
    monkeypatch.setattr(figures, "ConstrainedLayoutEngine", OneTickMore)

    def draw_to_the_end(axes, data, language):
        draw(axes, data, language)
        axes.set_xlim(2020, 2022)

    publish_figure("one_tick_more", DATA, draw_to_the_end, CAPTION)
