"""The brief: the same words on screen and on paper, exactly two sheets, readable by a screen reader, same each time."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from pipeline.kit.data import usage
from pipeline.kit.language import LANGUAGES, Text
from pipeline.kit.publish.estimates import Estimate, EstimateError, Prose, keys_in, unlinked
from pipeline.kit.publish.keys import Key
from pipeline.kit.stages.dependencies import files_read
from pipeline.study import brief
from pipeline.study.brief import Block, BriefError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
MEASURES = ("training", "pod_sleeving")
COLUMNS = ("extra_kg", "cost", "net_income", "probability_loss")
PROSE = Prose(
    [
        Estimate(Key("yield"), 700.0, "kg/ha", "mature area", "made up", ("parameter",), 1, value_is="mean"),
        Estimate(Key("unsaid"), 1.0, "1", "", "made up", ("unsaid",), 1, value_is="mean"),
        *(
            Estimate(Key("scenario", (name,), column), 1.0, "1", "", "made up", (f"source_{name}",), 1, value_is="mean")
            for name in MEASURES
            for column in COLUMNS
        ),
    ]
)
SUMMARY = pd.DataFrame(
    [
        {
            "name": name,
            "net_income_idr_per_ha": income,
            **{f"net_income_idr_per_ha_{end}": income for end in ("lower", "upper")},
            **{f"{column}{end}": 2e6 for column in ("cost_idr_per_ha", "extra_kg_per_ha") for end in ENDS},
            "probability_loss": 0.125,
        }
        for ENDS in [("", "_lower", "_upper")]
        for name, income in zip(MEASURES, (-1e6, 3e6), strict=True)
    ]
)
HOSTILE = 'a < b & c, #set text(0pt), *bold*, $x$, \\ and "quotes" @here'


@pytest.fixture(scope="module")
def pages() -> Iterator[list[list[Block]]]:
    """Two pages with a block of every kind."""
    words = {"caption": "A box.", "alt": 'A black "box" & more.'}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(brief, "load_figure", lambda *_: (f"<?xml version='1.0'?>\n{SVG}", words, ("series_break",)))
        yield both_pages()


def both_pages() -> list[list[Block]]:
    one = [
        brief.heading(Text("Cacao", "Kakao"), "id"),
        brief.answer(PROSE, Text("About {yield}.", "Sekitar {yield}."), "id"),
        brief.section(PROSE, Text("Why", "Mengapa"), Text(HOSTILE, HOSTILE), "id"),
        brief.picture("04_yield_gap", "yields", "id", "50mm"),
    ]
    two = [
        brief.scenario_table(SUMMARY, "id"),
        brief.listing(PROSE, Text("First", "Dulu"), [Text("one", "satu"), Text("two", "dua")], "id"),
    ]
    return [one, [*two, brief.footer(Text("small print.", "catatan."), PROSE, [*one, *two], "id")]]


@pytest.fixture(scope="module")
def pdf(pages: list[list[Block]]) -> bytes:
    """Those pages as PDF."""
    return brief.pdf_document("Kakao", pages, "id")


def sheets(content: bytes) -> int:
    """Pages of a PDF that Typst wrote: its page objects are not compressed."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", content))


# Words and numbers.


def test_numbers_come_from_estimates_by_key(pages: list[list[Block]]) -> None:
    assert pages[0][1].texts == ("Sekitar [700 kg/ha](number:yield).",)
    with pytest.raises(EstimateError, match="other"):
        brief.answer(PROSE, Text("{other}", "{other}"), "en")


def test_measures_stand_with_the_best_income_first(pages: list[list[Block]]) -> None:
    rows = pages[1][0].rows
    assert [unlinked(row[3]).split(" ")[0] for row in rows[1:]] == ["3", "−1"]
    assert {len(row) for row in rows} == {len(brief.COLUMNS)}
    shown = ("2.000.000 (2.000.000 sampai 2.000.000)", "2 (2 sampai 2)", "3 (3 sampai 3)", "13 %")
    assert tuple(map(unlinked, rows[1][1:])) == shown
    assert keys_in(rows[1]) == tuple(sorted(f"scenario.pod_sleeving.{column}" for column in COLUMNS))


def test_small_print_names_warnings_on_sentences_rows_and_pictures_and_no_others(monkeypatch) -> None:
    words = {"caption": "A box.", "alt": "A box."}
    monkeypatch.setattr(brief, "load_figure", lambda *_: (SVG, words, ("series_break",)))
    told = {"parameter": "press_figure", "source_training": "imputed", "unsaid": "old_boundary"}
    warned = {frozenset([source]): {word} for source, word in told.items()}
    monkeypatch.setattr(usage, "_by_rows", warned)
    text = both_pages()[1][-1].texts[0]
    warnings = "angka pers; deret angka terputus; galat baku diperkirakan"
    assert text == f"catatan. Peringatan pada sumber di balik halaman ini: {warnings}."
    monkeypatch.setattr(usage, "_by_rows", {})
    blocks = [brief.answer(PROSE, Text("About {yield}.", "Sekitar {yield}."), "id")]
    assert brief.footer(Text("small print.", "catatan."), PROSE, blocks, "id").texts == ("catatan.",)


# Screen.


def test_html_is_well_formed_and_holds_every_word(pages: list[list[Block]]) -> None:
    text = brief.html_document("Kakao & co", pages, "id")
    tree = ElementTree.fromstring(re.sub(r"<meta[^>]*>|<!doctype html>", "", text))
    said = "".join(tree.itertext())
    for block in (block for page in pages for block in page):
        for words in (block.heading, *block.texts, *(cell for row in block.rows for cell in row)):
            assert unlinked(words) in said
    assert tree.get("lang") == "id"
    drawing = next(element for element in tree.iter() if element.get("role") == "img")
    assert drawing.get("aria-label") == 'A black "box" & more.'


# Paper.


def test_pdf_has_one_sheet_for_each_page(pdf: bytes, pages: list[list[Block]]) -> None:
    assert sheets(pdf) == 2
    assert len(brief.pictures("Kakao", pages, "id")) == 2
    assert b"595.27" in pdf  # A4 is 595.28 by 841.89 points.
    assert b"841.8" in pdf


def test_pdf_is_tagged_and_says_its_language(pdf: bytes) -> None:
    for word in (b"/StructTreeRoot", b"/Lang(id)", b"/Figure", b"/TH", b"/H1", b"/LBody", b"pdfuaid:part", b"/Alt"):
        assert word in pdf, word


def test_pdf_has_no_date_and_the_same_bytes_each_time(pdf: bytes, pages: list[list[Block]]) -> None:
    assert brief.pdf_document("Kakao", pages, "id") == pdf
    assert not re.search(rb"/(Creation|Mod)Date|xmp:(Create|Modify)Date", pdf)


def test_words_that_look_like_markup_stay_words(pages: list[list[Block]]) -> None:
    changed = [replace(block, texts=("short",)) if block.kind == "section" else block for block in pages[0]]
    assert brief.pdf_document("Kakao", [changed, pages[1]], "id") != brief.pdf_document("Kakao", pages, "id")


def test_page_that_does_not_fit_is_refused(pages: list[list[Block]]) -> None:
    long = Block("section", "Panjang", ("kata " * 3000,))
    with pytest.raises(BriefError, match=r"'id': 2 pages take [3-9] sheets"):
        brief.pdf_document("Kakao", [[*pages[0], long], pages[1]], "id")


def test_picture_without_words_is_refused(pages: list[list[Block]]) -> None:
    silent = [replace(block, alt="") if block.kind == "picture" else block for block in pages[0]]
    with pytest.raises(ValueError, match="picture without"):
        brief.pdf_document("Kakao", [silent, pages[1]], "id")


def test_brief_depends_on_its_template() -> None:
    code = Path(brief.__file__).read_text(encoding="utf-8")
    assert Path(brief.__file__).parent / "brief.typ" in set(files_read(code))


# The brief as published.


@pytest.mark.parametrize("language", LANGUAGES)
def test_published_brief_is_two_sheets_in_its_language(fresh: Path, language: str) -> None:
    content = (fresh / "results" / "12_brief" / f"brief.{language}.pdf").read_bytes()
    assert sheets(content) == 2
    assert f"/Lang({language})".encode() in content
    assert content.count(b"/Alt") >= 2
