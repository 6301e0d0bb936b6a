"""Pages in Indonesian: nothing is left in English, nothing is lost, and what is missing is named all at once."""

import re
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from pipeline.site import catalogue, registers, text_checks
from pipeline.site.catalogue import WORDS as FRAME
from pipeline.site.catalogue import (
    Message,
    MissingTranslation,
    blocks,
    gathering,
    messages,
    on_page,
    translate,
    translate_markdown,
)
from pipeline.site.notebook_tables import in_english, is_word, translate_cell, translate_table, unit
from pipeline.site.numbers import link_keys, name
from pipeline.study.tables import TABLES

ENTRIES = sorted(messages().items())
WORDS = st.text("abc xyz", min_size=1).filter(str.strip)


def italic_paragraphs(markdown):
    return [part for part in re.split(r"\n\s*\n", markdown) if catalogue.ITALIC_LINE.fullmatch(part.strip())]


def numbers(text):
    """Every number of a text without its marks, so that 1,161.5 and 1.161,5 are the same."""
    return [re.sub(r"[.,]", "", found) for found in re.findall(r"(?<!\w)\d(?:[\d.,]*\d)?", text)]


def cells(html):
    return BeautifulSoup(html, "html.parser").find_all(["td", "th"])


def value(text):
    """The value of an Indonesian number."""
    return float(text.replace("−", "-").replace(".", "").replace(",", "."))


# --- completeness


def test_everything_in_the_repository_is_translated(monkeypatch):
    monkeypatch.setattr(text_checks, "executed_notebooks", list)
    with gathering() as gathered:
        text_checks.translate_all()
    for table in TABLES:
        assert {Message("dictionary", text) for text in (table.title, *(c.title for c in table.columns))} <= (
            gathered.used
        )
    assert text_checks.obsolete(gathered.used) == []
    assert text_checks.main() == 0


@pytest.mark.parametrize("notebook", text_checks.notebooks(), ids=lambda path: path.stem)
def test_a_notebook_says_its_title_twice_and_all_else_in_english(notebook):
    title, *others = text_checks.markdown_cells(notebook)
    assert len(italic_paragraphs(title)) == 1
    assert title.startswith("# ")
    assert [cell for cell in others if italic_paragraphs(cell)] == []


def test_the_title_of_a_page_is_the_line_of_its_language():
    cell = "# How much pays?\n\n*Berapa yang menguntungkan?*"
    assert translate_markdown(cell, "en") == "# How much pays?"
    assert translate_markdown(cell, "id") == "# Berapa yang menguntungkan?"


def test_executed_notebooks_show_no_word_without_translation(reproduced):
    executed = text_checks.executed_notebooks()
    assert len(executed) == len(text_checks.notebooks())
    with gathering() as gathered:
        text_checks.translate_all()
    assert {message.context for message in gathered.used} == {"", "column", "value", "dictionary", "key", "licence"}


def test_code_placeholders_and_numbers_survive_translation():
    lost = []
    for message, string in ENTRIES:
        code = re.findall(r"`[^`]+`|\{\d+\}", message.text)
        lost += [(message.text, part) for part in code if part not in string]
        # The Indonesian may say a number besides, never leave one out.
        lost += [(message.text, number) for number in numbers(message.text) if number not in numbers(string)]
    assert len(ENTRIES) > 700
    assert lost == []


# --- what is missing


def build():
    with gathering():
        with on_page("06_model_fertilizer"):
            assert translate_markdown("## Never said\n\nNor this.", "id") == "## Never said\n\nNor this."
        with on_page("regional_statistics"):
            translate("Nor that", "id", "dictionary")


def test_missing_texts_are_named_together_with_their_pages():
    with pytest.raises(MissingTranslation) as caught:
        build()
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("3 text(s)")
    assert lines[1:] == [
        "  06_model_fertilizer: [text] Never said",
        "  06_model_fertilizer: [text] Nor this.",
        "  regional_statistics: [dictionary] Nor that",
    ]


def test_a_missing_text_outside_a_build_stops_at_once():
    with pytest.raises(MissingTranslation, match="Never said"):
        translate("Never said", "id")


def break_down():
    with gathering():
        translate("Never said", "id")
        raise ZeroDivisionError


def test_another_error_is_not_hidden_by_missing_texts():
    with pytest.raises(ZeroDivisionError):
        break_down()


@pytest.fixture
def locale(tmp_path, monkeypatch):
    """A catalogue that a test may write, for a project that has not run yet."""
    monkeypatch.setattr(text_checks, "executed_notebooks", list)
    monkeypatch.setattr(catalogue, "LOCALE", tmp_path)
    (tmp_path / "id.po").write_text((Path(text_checks.__file__).parent / "locale" / "id.po").read_text("utf-8"))
    messages.cache_clear()
    yield tmp_path / "id.po"
    messages.cache_clear()


@pytest.mark.parametrize("change", ["emptied", "fuzzy", "gone"])
def test_translators_get_what_is_missing_ready_to_paste(locale, capsys, change):
    entry = 'msgid "Answer"\nmsgstr "Jawaban"\n'
    changed = {"emptied": 'msgid "Answer"\nmsgstr ""\n', "fuzzy": "#, fuzzy\n" + entry, "gone": ""}[change]
    text = locale.read_text("utf-8")
    assert text.count(entry) == 1
    locale.write_text(text.replace(entry, changed), "utf-8")
    assert text_checks.main() == 1
    printed = capsys.readouterr().out
    assert 'msgid "Answer"\nmsgstr ""\n' in printed
    assert "01_clean_statistics" in printed
    # Pasted and filled in, nothing is missing.
    filled = printed.replace('msgstr ""', 'msgstr "Jawaban"')
    locale.write_text(text.replace(entry, "") + "\n" + filled, "utf-8")
    messages.cache_clear()
    assert text_checks.main() == 0


def test_entries_that_nothing_uses_are_named(locale, capsys):
    with locale.open("a", encoding="utf-8") as file:
        file.write('\nmsgid "Said long ago"\nmsgstr "Dulu"\n')
    assert text_checks.main() == 0
    assert "Nothing uses any more: [text] Said long ago" in capsys.readouterr().out


# --- blocks of markdown


def test_items_rows_and_headings_are_blocks_of_their_own():
    markdown = "## Why\nOne\ntwo.\n\n- first\n  goes on\n- second\n\n| a | b |\n| --- | --- |\n| 1 | c |"
    found = blocks(markdown)
    assert [text for _, _, text in found] == [
        "Why",
        "One two.",
        "first goes on",
        "second",
        "| a | b |",
        "| --- | --- |",
        "| 1 | c |",
    ]
    assert translate_markdown(markdown, "en") == markdown.replace("One\ntwo", "One two").replace("\n  goes", " goes")


@given(st.lists(st.lists(WORDS.map(str.split), min_size=1, max_size=4), min_size=1, max_size=4))
def test_wrapping_changes_no_message(paragraphs):
    flat = [[word for line in lines for word in line] for lines in paragraphs]
    wide = "\n\n".join(" ".join(words) for words in flat)
    narrow = "\n \n".join("\n  ".join(words) for words in flat)
    assert blocks(wide) == blocks(narrow)
    assert translate_markdown(narrow, "en") == wide


def test_every_notebook_cell_is_rebuilt_from_its_blocks():
    for notebook in text_checks.notebooks():
        for cell in list(text_checks.markdown_cells(notebook))[1:]:
            assert translate_markdown(cell, "en").split() == cell.split()


# --- tables


def frame_html(frame):
    return frame._repr_html_()


@pytest.mark.parametrize(
    ("text", "heading", "expected"),
    [
        ("mineral_fertilizer", "measure", True),
        ("of the yield without pests", "basis", True),
        ("share of Aceh", "figure", True),
        ("none", "", True),
        ("farmers", "unit", True),
        ("kg/ha", "unit", False),
        ("1,161.5", "value", False),
        ("-2.5e-05", "value", False),
        ("NaN", "value", False),
        ("<NA>", "seed", False),
        ("inf", "upper", False),
        ("True", "passed", False),
        ("...", "basis", False),
        ("", "", False),
        ("kutai_timur.gap", "key", False),
        ("attainable", "key", False),
        ("bait_2025_06", "source_id", False),
        ("value_cost_ratio.ceiling", "", False),
        ("K091;K094", "figure", False),
        ("2024-11", "date_from", False),
        ("Southeast Sulawesi", "region", False),
        ("low_confidence", "warnings", False),
    ],
)
def test_words_are_told_from_what_is_the_same_in_both_languages(text, heading, expected):
    assert is_word(text, heading) is expected


@pytest.mark.parametrize(
    ("text", "heading", "expected"),
    [
        ("1,161.5", "value", "1.161,5"),
        ("-428272.25", "value", "−428.272"),
        ("1e-05", "value", "0,00001"),
        ("2.5e-09", "value", "2,5e-09"),
        ("2.480434e-08", "value", "2,48e-08"),
        ("-6.918297e-06", "value", "−6,918e-06"),
        ("37.960120", "value", "37,96"),
        ("-0.000", "value", "0"),
        ("0.000", "value", "0"),
        ("1e+06", "value", "1.000.000"),
        ("4,143,100.000", "value", "4.143.100"),
        ("0.123456", "value", "0,1235"),
        ("2016.500", "year", "2016,5"),
        ("2016.0", "year", "2016"),
        ("2025", "year", "2025"),
        ("2025", "low", "2025"),
        ("3988", "production_t", "3.988"),
        ("-3195.1", "lower", "−3.195,1"),
        ("1", "unit", "–"),
        ("20250625", "seed", "20250625"),
        (
            "means of studies left out inside 80 % intervals",
            "basis",
            "rerata penelitian yang disisihkan, di dalam selang 80 %",
        ),
        ("million Rp/ha", "unit", "juta Rp/ha"),
        ("USD/tree", "unit", "USD/pohon"),
        ("East Kalimantan", "region", "Kalimantan Timur"),
        ("Atlantis", "region", "Atlantis"),
        ("Ghana; Cote d'Ivoire", "country", "Ghana; Pantai Gading"),
        ("press_figure;potential", "warnings", "angka pers; potensi, bukan panen"),
        ("", "warnings", ""),
        ("press;second_hand", "reasons", "pers; dari tangan kedua, atau tahun disimpulkan"),
        ("<NA>", "seed", "–"),
        ("False", "passed", "tidak"),
    ],
)
def test_cells_in_indonesian(text, heading, expected):
    assert translate_cell(text, heading, "id") == expected


def test_names_in_the_data_are_words_in_english_too():
    assert translate_cell("fertilizer_best", "name", "en") == "fertilizer best"
    assert translate_cell("press;second_hand", "reasons", "en") == "press; second hand"
    assert translate_cell("of all P_2 draws", "basis", "en") == "of all P_2 draws"
    assert translate_cell("some_study_2020", "study_id", "en") == "some_study_2020"


@pytest.mark.parametrize(
    ("column", "heading"),
    [
        ("net_income_idr_per_ha", "net income (Rp/ha)"),
        ("price_idr_per_kg", "price (Rp/kg)"),
        ("yield_kg_per_ha", "yield (kg/ha)"),
        ("area_ha", "area (ha)"),
        ("production_t", "production (t)"),
        ("chance_percent", "chance (%)"),
        ("unfermented_idr_per_kg", "unfermented (Rp/kg)"),
        ("million_idr", "million Rp"),
        ("is_screened", "screened"),
        ("value_cost_ratio", "value cost ratio"),
        ("r2_own_mean", "R2 own mean"),
    ],
)
def test_an_english_heading_is_words_and_the_unit(column, heading):
    assert in_english(column) == heading


def test_every_indonesian_heading_has_the_unit_of_its_column():
    columns = {message.text: said for message, said in messages().items() if message.context == "column"}
    assert {name: said for name, said in columns.items() if unit(name) and f"({unit(name)})" not in said} == {}
    assert sum(bool(unit(name)) for name in columns) > 15


def test_a_heading_stands_over_its_numbers():
    frame = pd.DataFrame({"name": ["package"], "value": [1.5], "upper": [None], "passed": [True]})
    soup = BeautifulSoup(translate_table(frame_html(frame), "en"), "html.parser")
    assert [cell.get_text() for cell in soup.select("th.number")] == ["value", "upper"]
    assert [cell.get_text() for cell in soup.select("td.number")] == ["1.5", "–"]


def test_a_table_without_rows_says_so():
    frame = pd.DataFrame({"value": [], "unit": []})
    for language, said in (("en", "No rows"), ("id", "Tidak ada baris")):
        [cell] = BeautifulSoup(translate_table(frame_html(frame), language), "html.parser").select("tbody td")
        assert (cell.get_text(), cell["colspan"]) == (said, "2")


def test_numbers_in_cells_are_no_part_of_the_message():
    said = "yearly changes of yield inside 12.5 % intervals"
    assert translate(said, "id", "value") == "perubahan hasil dari tahun ke tahun, di dalam selang 12,5 %"
    assert translate(said, "en", "value") == said
    with pytest.raises(MissingTranslation, match=r"above \{0\} kg of \{1\} P2O5 in rain_0"):
        translate("above 12,500 kg of 0.5 P2O5 in rain_0", "id", "value")


def test_a_table_of_several_heads_keeps_its_shape():
    index = pd.MultiIndex.from_tuples([("package", "low"), ("package", "peak")], names=["name", "price"])
    columns = pd.MultiIndex.from_tuples([("billion_idr", "lower"), ("billion_idr", "upper")])
    html = translate_table(frame_html(pd.DataFrame([[1.5, 2.0], [3.0, None]], index, columns)), "id")
    texts = [cell.get_text() for cell in cells(html)]
    assert texts[:7] == ["", "", "miliar Rp", "", "", "batas bawah", "batas atas"]
    assert texts[7:11] == ["nama", "harga", "", ""]
    assert texts[11:] == ["penyarungan + pupuk HET", "rendah", "1,5", "2", "puncak", "3", "–"]
    soup = BeautifulSoup(html, "html.parser")
    assert soup.table["class"] == ["data"]
    assert [cell.get_text() for cell in soup.select("tbody .number")] == ["1,5", "2", "3", "–"]
    assert soup.find("th", string="penyarungan + pupuk HET")["rowspan"] == "2"


@pytest.mark.parametrize("language", ["en", "id"])
def test_nothing_of_pandas_style_remains(language):
    with pd.option_context("display.max_rows", 20):
        html = translate_table(frame_html(pd.DataFrame({"value": [1.0] * 80})), language)
    assert not re.search(r"<style|style=|border=|dataframe|align=", html)
    assert ("baris × 1 kolom" in html) == (language == "id")


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_script_in_a_cell_stays_text(language):
    evil = "<script>alert(1)</script>"
    html = translate_table(frame_html(pd.DataFrame({"effect_id": [evil, "<b onclick='x'>&amp;"]})), language)
    soup = BeautifulSoup(html, "html.parser")
    assert soup.find(["script", "b"]) is None
    assert evil in [cell.get_text() for cell in cells(html)]
    assert "<b onclick='x'>&amp;" in [cell.get_text() for cell in cells(html)]
    # Not even when the HTML that comes in did not escape it.
    raw = f"<table class='dataframe'><tbody><tr><td onclick='x()'>{evil}<b>bold</b></td></tr></tbody></table>"
    left = translate_table(raw, "en")
    assert "<script" not in left
    assert "onclick" not in left


@pytest.mark.parametrize("language", ["en", "id"])
def test_what_a_row_cites_is_shown_as_its_sources(language):
    frame = pd.DataFrame({"source_id": ["bps_2021@prices:4;bps_2021@prices:5;faostat@cocoa:9", "prior"]})
    shown = cells(translate_table(frame_html(frame), language))
    assert [cell.get_text() for cell in shown][-2:] == ["bps_2021; faostat", "prior"]


NUMBERS = st.floats(-1e9, 1e9) | st.just(float("nan"))


@given(st.lists(st.tuples(NUMBERS, st.integers(-(10**9), 10**9), st.booleans()), min_size=1, max_size=5))
def test_cells_and_values_are_kept(rows):
    frame = pd.DataFrame(rows, columns=["value", "year", "passed"], index=pd.RangeIndex(len(rows), name="year"))
    before, english, after = (
        [cell.get_text() for cell in cells(html)]
        for html in (frame_html(frame), *(translate_table(frame_html(frame), language) for language in ("en", "id")))
    )
    assert len(before) == len(english) == len(after)
    for old, same, new in zip(before, english, after, strict=True):
        if re.fullmatch(r"[-+\d.e]+", old):
            # Four significant digits at least.
            assert float(same.replace("−", "-").replace(",", "")) == value(new) == pytest.approx(float(old), rel=5.1e-4)


@given(st.text(min_size=1, max_size=30))
def test_any_text_of_an_identifier_comes_out_as_it_went_in(text):
    frame = pd.DataFrame({"effect_id": [text]})
    [cell] = BeautifulSoup(frame_html(frame), "html.parser").find_all("td")
    [shown] = BeautifulSoup(translate_table(frame_html(frame), "en"), "html.parser").find_all("td")
    # A sign that no page can hold is seen to be missing; a browser, too, reads every line end as the same.
    wanted = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", cell.get_text())
    wanted = wanted.replace("\r\n", "\n").replace("\r", "\n").strip()
    if wanted not in {"True", "False", "NaN", "None", "<NA>", "nan", "NaT", "inf", "-inf"}:
        assert shown.get_text() == wanted


@pytest.mark.parametrize(
    ("index", "gone"),
    [
        (range(80), True),
        ([*range(0, 158, 2), 400], True),
        ([*range(79, -1, -1)], True),
        ([""] * 80, True),
        ([*range(79), 2], False),
        ([*range(79), 1.5], False),
        ([*range(79), "shade"], False),
    ],
)
def test_a_column_that_only_counts_rows_is_left_out(index, gone):
    frame = pd.DataFrame({"value": [1.5] * 80}, index=list(index))
    with pd.option_context("display.max_rows", 20):
        soup = BeautifulSoup(translate_table(frame_html(frame), "en"), "html.parser")
    assert {len(row.find_all(["th", "td"])) for row in soup.find_all("tr")} == {1 if gone else 2}


def test_the_name_of_columns_is_not_taken_for_that_of_rows():
    frame = pd.DataFrame({"value": [1.5] * 3}).rename_axis(columns="quantity")
    soup = BeautifulSoup(translate_table(frame_html(frame), "en"), "html.parser")
    assert [cell.get_text() for cell in soup.find_all("th")] == ["value"]


def test_an_index_with_a_name_stays():
    frame = pd.DataFrame({"value": [1.5] * 3}, index=pd.RangeIndex(3, name="year"))
    soup = BeautifulSoup(translate_table(frame_html(frame), "en"), "html.parser")
    assert [cell.get_text() for cell in soup.select("tbody th")] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("parts", "english", "indonesian"),
    [
        (("price_step", "access", "yield"), "price step · access · yield", "langkah harga · "),
        (
            ("fertilizer_cocoa_ratio", "1960_1999"),
            "fertilizer cocoa ratio · 1960–1999",
            "nisbah harga pupuk dan kakao · 1960–1999",
        ),
        (("kutai_timur", "area_total"), "Kutai Timur · area total", "Kutai Timur · luas"),
        (("grower", "berau", "mature_ha"), "grower · Berau · mature (ha)", "petani · Berau · ha TM"),
        (("fermentation", "2024_07", "premium"), "fermentation · 2024-07 · premium", "fermentasi · 2024-07 · selisih"),
    ],
)
def test_a_key_is_read_in_words(parts, english, indonesian):
    assert name(parts, "en") == english
    assert name(parts, "id").startswith(indonesian)


def test_a_key_without_words_stops_the_build():
    with pytest.raises(MissingTranslation, match="never said"):
        name(("cause", "never_said"), "id")


def test_a_piece_of_a_key_is_said_without_a_link_and_other_codes_stay(reproduced: Path):
    label = "<th><code>optimal_dose.market</code></th>"
    expected = '<th>optimal dose · market<code class="key">optimal_dose.market</code></th>'
    assert link_keys(label, "en") == expected
    shown = BeautifulSoup(link_keys(label, "id"), "html.parser")
    assert "optimal dose" not in shown.get_text()
    assert not shown.find("a")
    for code in ("engelstad.nitro", "K074", "2024-11", "optimal_dose.never_said"):
        assert link_keys(f"<td><code>{code}</code></td>", "id") == f"<td><code>{code}</code></td>"


def test_every_word_that_a_template_asks_for_exists():
    theme = Path(catalogue.__file__).parent / "theme"
    asked = {word for page in theme.rglob("*.html") for word in re.findall(r"\bsay\.(\w+)", page.read_text())}
    assert len(asked) > 20
    assert asked <= set(FRAME)


# --- glossary


@pytest.mark.parametrize("language", ["en", "id"])
def test_glossary_has_every_term_once_with_one_sentence(language):
    terms = registers.glossary(language)
    names = [term["name"] for term in terms]
    assert len(names) > 30
    assert len({name.casefold() for name in names}) == len(names)
    assert names == sorted(names, key=str.casefold)
    for term in terms:
        assert term["meaning"].endswith(".")
        # An abbreviated name of a species is the only other full stop; definitions hold no figure.
        assert term["meaning"].replace("P. palmivora", "").count(".") == 1
        assert not re.search(r"\d", term["meaning"])


def test_glossary_names_each_term_in_the_other_language_too():
    pairs = [{(term["name"], term["other"]) for term in registers.glossary(language)} for language in ("en", "id")]
    assert pairs[0] == {(other, name) for name, other in pairs[1]}
