"""The site as readers meet it: in a real browser, from a folder and from a host, in both languages, with and without
scripts, by keyboard, on paper; and what data cannot do to it."""

import json
import random
import re
import secrets
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Page

from pipeline.kit.language import LANGUAGES
from pipeline.site import THEME, __main__, build, notebooks
from pipeline.site.catalogue import WORDS

# Words that no Indonesian sentence has; sources and their titles stand in their own language.
ENGLISH = re.compile(r"\b(the|of|and|with|from|which|are|is|by|per year|yield|price|rows|source)\b")
# Of a long register some rows, or sources, stand for all.
SHORTENED = """for (const part of document.querySelectorAll("tbody, main"))
    [...part.children].slice(12).forEach((one) => one.remove())"""
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def site(fresh: Path) -> Path:
    """The site as the pipeline built it."""
    return fresh / "results" / "site"


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[str]:
    """Address of a plain web host that serves the site."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def main_pages(site: Path) -> list[str]:
    """All pages but those of single numbers, without their language."""
    return sorted(path.name for path in (site / "en").glob("*.html"))


def some_numbers(site: Path, count: int) -> list[str]:
    """Pages of numbers, others at each run."""
    seed = secrets.randbits(32)
    print(f"pages of numbers drawn with seed {seed}")
    return [
        f"numbers/{path.name}" for path in random.Random(seed).sample(sorted((site / "en/numbers").iterdir()), count)
    ]


class Watched:
    """A page that notes what a reader should never meet: errors in the console, and requests to elsewhere."""

    def __init__(self, browser: Browser, own: str, **options: object) -> None:
        self.page: Page = browser.new_page(**options)  # type: ignore[arg-type]
        self.errors: list[str] = []
        self.page.on(
            "console", lambda message: message.type in ("error", "warning") and self.errors.append(message.text)
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        # What is still loading when a reader goes on is given up, which is no fault.
        self.page.on(
            "requestfailed",
            lambda request: "ERR_ABORTED" in request.failure or self.errors.append(f"failed: {request.url}"),
        )
        self.page.on(
            "request", lambda request: request.url.startswith(own) or self.errors.append(f"off: {request.url}")
        )

    def open(self, address: str) -> Page:
        """The page at this address, opened without an error."""
        self.page.goto(address)
        assert not self.errors, f"{address}: {self.errors}"
        return self.page


@pytest.mark.parametrize(("way", "language"), [("folder", "en"), ("folder", "id"), ("host", "id")])
def test_every_page_opens_without_an_error_and_asks_for_nothing_from_elsewhere(browser, site, host, language, way):
    root = site.as_uri() if way == "folder" else host
    watched = Watched(browser, root, viewport=PHONE)
    for name in [*main_pages(site), *some_numbers(site, 10)]:
        page = watched.open(f"{root}/{language}/{name}")
        assert page.locator("h1").count() == 1, name
        assert page.title().strip()
        assert page.locator("html").get_attribute("lang") == language
        # A phone never scrolls sideways: what is wide scrolls in its own region.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{language}/{name} is too wide"
    watched.page.close()


def test_both_languages_have_the_same_pages(site):
    names = [{path.relative_to(site / code).as_posix() for path in (site / code).rglob("*.html")} for code in LANGUAGES]
    assert names[0] == names[1]
    assert len(names[0]) > 500


def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


class Links(HTMLParser):
    """What a page links to, each link once with its tag, and the places in it that others may link to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[tuple[str, str]] = set()
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links and the place of a tag."""
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.add((tag, value or ""))
            elif name == "id":
                self.places.add(value or "")


def test_every_link_leads_to_a_page_and_a_place_that_are_there(site):
    pages = {path: Links(path) for path in site.rglob("*.html") if path.parent.name != "numbers"}
    pages |= {site / "id" / name: Links(site / "id" / name) for name in some_numbers(site, 30)}
    broken = []
    for path, page in pages.items():
        for tag, written in sorted(page.links):
            address = urlsplit(written)
            if written == "data:,":  # No icon, so that no browser asks the host for one.
                continue
            if address.scheme:
                # Only the address of a source leads away, and only when a reader follows it.
                assert (address.scheme in ("http", "https"), tag) == (True, "a"), f"{path}: {written}"
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            known = pages[target].places if target in pages else {address.fragment}
            if not target.is_file() or (address.fragment and address.fragment not in known):
                broken.append(f"{path.relative_to(site)}: {written}")
    assert not broken


def test_every_number_in_an_answer_leads_to_its_origin(site):
    for name in ("index.html", "brief.html", "06_model_fertilizer.html"):
        soup = parsed(site / "en" / name)
        for answer in soup.select(".answer"):
            # In the text of an answer what is left without the links holds no number but dates and levels.
            links = answer.select("a.n")
            assert links, name
            for link in links:
                key = Path(str(link["href"])).stem
                shown = parsed(site / "en" / str(link["href"]))
                assert key in shown.get_text()
                link.decompose()
            left = re.sub(r"\b(\d{1,2} [A-Z][a-z]+ )?(19|20)\d\d\b", "", answer.get_text())
            assert not re.search(r"\d{2,}", left), f"{name}: {left}"


def test_the_page_of_a_number_tells_the_chain(site):
    page = parsed(site / "en" / "numbers" / "cause.pod_borer.html").get_text(" ")
    for said in (
        "results/09_attribution/estimates.csv",
        "notebooks/09_attribution.ipynb",
        "md5",
        "data/raw/",
        "sha256",
    ):
        assert said in page
    assert "data/clean/pest_reports.csv" in page
    for language, words in (("en", "Computed in"), ("id", "Dihitung di")):
        shown = parsed(site / language / "numbers" / "cause.pod_borer.html").get_text(" ", strip=True)
        assert f"{words} pipeline/study/causes/estimates.py" in shown
        assert "cause_estimates" in shown


@pytest.mark.parametrize(("language", "words"), [("en", "in a copy at"), ("id", "dalam salinan di")])
def test_a_copy_that_was_read_is_told_from_the_address(site, language, words):
    commit = "0bf9716047815eba8198e8f0f9cdbd2d2526935e"
    copy = f"https://github.com/klaus0005/ClaudiuP-SIA2026/blob/{commit}/data/CMO-Historical-Data-Monthly.xlsx"
    card = parsed(site / language / "sources.html").find(id="wb_pink_sheet_monthly_2026_06")
    # A version is no number of the language.
    assert "CC BY 4.0 (" in card.get_text(" ", strip=True)
    assert words in card.get_text(" ", strip=True)
    linked = [link["href"] for link in card.find_all("a")]
    assert copy in linked
    assert any("worldbank.org" in address for address in linked)
    number = parsed(site / language / "numbers" / "fertilizer_cocoa_ratio.2022.html")
    assert f"{words} github.com" in number.get_text(" ", strip=True)
    assert copy in [link["href"] for link in number.find_all("a")]


def test_the_language_is_switched_in_place_and_remembered(browser, host):
    watched = Watched(browser, host, viewport=DESK)
    page = watched.open(f"{host}/en/sources.html#antara_2006_05")
    page.click("a[data-language=id]")
    page.wait_for_url("**/id/sources.html#antara_2006_05")
    page.goto(f"{host}/index.html")
    page.wait_for_url("**/id/index.html")
    page.click("a[data-language=en]")
    page.goto(f"{host}/")
    page.wait_for_url("**/en/index.html")
    assert not watched.errors
    page.context.close()


def visible_words(soup: BeautifulSoup) -> str:
    """What a reader of the page reads, without code, names in code, and texts in the language of their source."""
    for tag in soup.select("script, style, code, pre, [lang=en], .original, table a, summary + p a"):
        tag.decompose()
    alts = " ".join(str(tag["alt"]) for tag in soup.find_all("img"))
    # The title of the page of a number is its key.
    return re.sub(r"\w+(\.\w+)+", "", soup.get_text(" ")) + " " + alts


def test_indonesian_pages_hold_no_english_sentence(site):
    left = {}
    for name in [*main_pages(site), *some_numbers(site, 25)]:
        if name != "sources.html":
            text = visible_words(parsed(site / "id" / name))
            if found := sorted({text[max(0, m.start() - 40) : m.end() + 40].strip() for m in ENGLISH.finditer(text)}):
                left[name] = found[:5]
    assert not left, json.dumps(left, indent=1, ensure_ascii=False)


def test_numbers_stand_in_the_format_of_the_language(site):
    texts = {code: parsed(site / code / "numbers.html").get_text(" ") for code in LANGUAGES}
    assert "1,161 ha" in texts["en"]
    assert "1.161 ha" in texts["id"]
    assert "1.161 ha" not in texts["en"]
    assert "1,161 ha" not in texts["id"]


@pytest.mark.parametrize(
    "name", ["index.html", "brief.html", "06_model_fertilizer.html", "explore.html", "sources.html"]
)
def test_pages_say_the_same_without_scripts(browser, site, name):
    page = browser.new_page(java_script_enabled=False)
    page.goto((site / "id" / name).as_uri())
    assert page.locator("h1").is_visible()
    assert len(page.locator("main").inner_text()) > 800
    assert page.locator(".menu a").first.is_visible()
    page.close()


@pytest.mark.parametrize(("language", "size"), [("id", PHONE), ("en", DESK)], ids=["id-phone", "en-desk"])
def test_axe_finds_no_serious_violation(browser, site, language, size):
    page = browser.new_page(viewport=size)
    found = []
    for name in [*main_pages(site), "numbers/cause.pod_borer.html"]:
        page.goto((site / language / name).as_uri())
        page.evaluate(SHORTENED)
        # What passes and what cannot be told is not looked at here, and need not be written down.
        for violation in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                where = [node["target"] for node in violation["nodes"][:3]]
                found.append(f"{name}: {violation['id']} {where}")
    page.close()
    assert not found


def test_no_colour_depends_on_language_or_width():
    styles = "".join(path.read_text(encoding="utf-8") for path in sorted(THEME.rglob("*.css")))
    blocks = re.findall(r"@media([^{]*)\{((?:[^{}]*\{[^{}]*\})*)", styles)
    assert len(blocks) > 5
    assert not [rules for where, rules in blocks if "print" not in where and re.search("color|background", rules)]
    assert not re.search(r":lang\(|\[lang|opacity", styles)


def test_tables_are_sorted_and_filtered_by_keyboard(browser, site):
    page = browser.new_page(viewport=DESK)
    page.goto((site / "id" / "numbers.html").as_uri())
    rows = page.locator("table tbody tr:not([hidden])")
    every = rows.count()
    page.locator("input[type=search]").focus()
    page.keyboard.type("kutai_timur.area")
    assert 0 < rows.count() < every
    assert all("kutai_timur.area" in text for text in rows.all_inner_texts())
    head = page.locator("th").nth(1)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    values = [
        float(re.match(r"[\d.,]+", text.split("\t")[1])[0].replace(".", "").replace(",", "."))
        for text in rows.all_inner_texts()
    ]
    assert values == sorted(values)
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    page.close()


def test_the_first_tab_leads_past_the_frame(browser, site):
    page = browser.new_page(viewport=DESK)
    page.goto((site / "en" / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.close()


@pytest.mark.parametrize("way", ["folder", "host"])
def test_a_series_is_read_by_pointer_and_by_arrow_keys(browser, site, host, way):
    root = site.as_uri() if way == "folder" else host
    watched = Watched(browser, root, viewport=DESK)
    page = watched.open(f"{root}/id/explore.html")
    lines = page.locator("#chart .mark-line path[d]")
    lines.first.wait_for()
    series = json.loads(page.locator("#data").text_content() or "")
    chosen = series[int(page.locator("#first").input_value())]
    assert "Indonesia" in chosen["name"]
    page.locator("#chart").focus()
    last = page.locator("#reading").inner_text()
    assert str(chosen["points"][-1][0]) in last
    page.keyboard.press("ArrowLeft")
    year, value, warnings = chosen["points"][-2]
    read = page.locator("#reading").inner_text()
    assert str(year) in read
    assert warnings in read
    assert f"{value:,.5g}".translate(str.maketrans(",.", ".,")) in read
    # The axis writes thousands as the reader does.
    assert "1.000" in page.locator("#chart .role-axis-label text").all_text_contents()
    box = page.locator("#chart").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.wait_for_function("old => document.getElementById('reading').textContent !== old", arg=read)
    # A series in another unit, of other years, and without warnings has an axis of its own.
    other = next(place for place, one in enumerate(series) if one["unit"] == "USD/t")
    page.select_option("#second", value=str(other))
    page.locator("#chart .role-axis-title text", has_text="USD/t").wait_for()
    assert {"kg/ha", "USD/t"} == set(page.locator("#chart .role-axis-title text").all_text_contents())
    assert not watched.errors
    page.close()


def test_tables_and_readings_are_there_before_the_chart_library_comes(browser, site, host):
    page = browser.new_page(viewport=PHONE)
    asked = []
    # The library never comes.
    page.route("**/vega.js", lambda route: asked.append(route))
    page.goto(f"{host}/id/explore.html")
    assert page.locator("#reading").inner_text()
    page.locator("input[type=search]").first.fill("Kutai Timur")
    assert "Kutai Timur" in page.locator("table tbody tr:not([hidden])").first.inner_text()
    page.locator("#chart").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert len(asked) == 1
    page.close()


@pytest.mark.parametrize("name", ["index.html", "brief.html"])
def test_a_phone_shows_every_figure_of_the_scenarios_with_its_head(browser, site, name):
    page = browser.new_page(viewport=PHONE)
    page.goto((site / "id" / name).as_uri())
    cells = page.locator("table.figures tbody td")
    assert cells.count() >= 20
    for box in (cell.bounding_box() for cell in cells.all()):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    heads = page.locator("table.figures thead th").all_text_contents()[1:]
    shown = "cell => getComputedStyle(cell, '::before').content"
    assert [cells.nth(place + 1).evaluate(shown).strip('"') for place in range(4)] == [f"{head}: " for head in heads]
    page.close()


def test_no_line_ends_between_a_number_and_its_percent_sign(site):
    for name in ("index.html", "brief.html", "11_validation.html"):
        text = " ".join(tag.get_text() for tag in parsed(site / "id" / name).select(".answer, main > ul"))
        assert "\N{NO-BREAK SPACE}%" in text
        assert not re.search(r"\d %", text), name


def test_the_notebook_of_the_brief_leads_to_its_pages(site):
    links = {str(tag["href"]) for tag in parsed(site / "id" / "12_brief.html").select("main a")}
    assert {"brief.html", "../files/12_brief/brief.id.pdf"} <= links
    assert "../files/12_brief/brief.en.pdf" not in links


@pytest.mark.parametrize("gaps", [0, 2])
def test_a_missing_year_is_a_gap_in_the_line(browser, site, host, gaps):
    text = (site / "en" / "explore.html").read_text(encoding="utf-8")
    points = [[year, 5.0 + year % 3, ""] for year in range(1990, 2010)]
    for place in (12, 5)[:gaps]:
        del points[place]
    series = [{"name": "Indonesia", "unit": "t", "table": "x", "points": points}]
    whole = re.sub(r'(id="data">).*?(</script>)', lambda found: found[1] + json.dumps(series) + found[2], text)
    page = browser.new_page(viewport=DESK)
    page.route("**/explore.html", lambda route: route.fulfill(body=whole, content_type="text/html"))
    page.goto(f"{host}/en/explore.html")
    page.locator("#chart .mark-line path[d]").first.wait_for()
    assert page.locator("#chart .mark-line path[d]").count() == 1 + gaps
    page.close()


def test_only_the_page_for_exploring_loads_the_chart_library_and_its_licence_is_beside_it(site):
    users = {path.relative_to(site).as_posix() for path in site.rglob("*.html") if "vega.js" in path.read_text("utf-8")}
    assert users == {"en/explore.html", "id/explore.html"}
    assert "BSD-3-Clause" in (site / "library" / "LICENSE-vega.txt").read_text(encoding="utf-8")


def test_the_chart_library_has_the_same_bytes_at_every_build(site, tmp_path):
    __main__.write_library(tmp_path / "again")
    assert (tmp_path / "again" / "vega.js").read_bytes() == (site / "library" / "vega.js").read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_brief_prints_on_two_sheets_without_the_frame(browser, site, language, tmp_path):
    page = browser.new_page()
    page.goto((site / language / "brief.html").as_uri())
    content = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 2
    page.emulate_media(media="print")
    assert not page.locator(".menu, header.top, footer.bottom").first.is_visible()
    page.close()


def test_the_start_page_is_light_and_every_page_keeps_the_policy(site):
    start = site / "id" / "index.html"
    soup = parsed(start)
    linked = [
        start,
        *(
            start.parent / str(tag.get("href") or tag["src"])
            for tag in soup.select("link[rel=stylesheet], script[src]")
        ),
    ]
    assert sum(path.stat().st_size for path in linked) < 300_000
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
        assert policy, path
        assert ("default-src 'none'" in policy[1], "unsafe" in policy[1]) == (True, False), path
    for path in (path for path in site.glob("*/*.html")):
        for tag in parsed(path).find_all(True):
            assert not [name for name in tag.attrs if name == "style" or name.startswith("on")], f"{path}: {tag.name}"
            assert tag.name != "script" or tag.has_attr("src") or tag["type"] == "application/json"


def test_figures_have_their_files_words_and_citation(site):
    for name in notebooks.stages():
        for figure in parsed(site / "id" / f"{name}.html").select("figure.figure"):
            image = figure.find("img")
            assert isinstance(image, Tag)
            assert len(str(image["alt"])) > 40
            ends = {Path(str(link["href"])).suffix for link in figure.select("a[download]")}
            assert len(figure.select('a[href*="/rows/results/"], a[href*="dictionary.html#"]')) == 2
            assert ends == {".svg", ".png", ".pdf", ".csv"}
            assert WORDS["cite"].id in figure.get_text()


def test_figures_and_result_tables_lead_to_the_meaning_of_their_columns_and_to_raw_rows(site):
    figure = parsed(site / "id" / "10_scenarios.html").select_one("#export")
    assert figure is not None
    links = {str(link["href"]) for link in figure.select("a[href]")}
    assert "dictionary.html#10_scenarios.figures.export" in links
    assert "../files/rows/results/10_scenarios.figures.export.html" in links
    told = parsed(site / "id" / "dictionary.html").find(id="11_validation.tables.alarms")
    assert isinstance(told, Tag)
    assert "menyimpang dari petugas lain" in told.get_text()
    assert (site / "files" / "11_validation" / "tables" / "alarms.csv").exists()
    listed = parsed(site / "en" / "07_model_pests.html").find(string="chances")
    assert listed is not None
    rows = parsed(site / "files" / "rows" / "results" / "10_scenarios.figures.export.html")
    raw = {str(link["href"]) for link in rows.select('[id="2"] a')}
    assert any(link.startswith("../raw/kaltim_statistics.html#") for link in raw)
    # A table whose rows do not say so says once what all of it rests on.
    whole = parsed(site / "files" / "rows" / "results" / "07_model_pests.tables.chances.html")
    assert whole.select('p a[href^="../raw/effects.html#"]')
    assert whole.select('p a[href="../../../en/parameters.html#scenarios.assumed_factor"]')


# What data cannot do.
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_a_title_with_a_script_stays_text(site, monkeypatch):
    told = dict.fromkeys(("title", "caption", "alt"), HOSTILE + '"')
    monkeypatch.setattr(notebooks, "words", lambda *_: {"en": told, "sources": [HOSTILE], "warnings": []})
    monkeypatch.setattr(notebooks, "height", lambda *_: 300)
    soup = BeautifulSoup(notebooks.block("09_attribution", "waterfall", "en"), "html.parser")
    assert not soup.find("script")
    assert [tag["src"] for tag in soup.find_all("img")] == ["../files/09_attribution/waterfall.en.svg"]
    assert HOSTILE in soup.get_text()


def test_an_answer_with_a_script_stays_text():
    soup = BeautifulSoup(notebooks.answer(f"{HOSTILE} [3](number:a.b) [x](javascript:alert(1))", "en"), "html.parser")
    assert not soup.find("script")
    assert not soup.find("img")
    assert [tag["href"] for tag in soup.find_all("a")] == ["numbers/a.b.html"]


@pytest.mark.parametrize("cell", ["=1+1", "+A1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_stands_behind_an_apostrophe(cell):
    assert __main__.harmless(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-3.5", "-1e-05", "+2", "kakao", "", "a=b", "2-3"])
def test_numbers_and_other_texts_are_left_as_they_are(cell):
    assert __main__.harmless(cell) == cell


def test_a_table_is_handed_out_with_the_same_cells(tmp_path):
    table, copied = tmp_path / "a.csv", tmp_path / "b.csv"
    table.write_text(
        'name,value\n"=HYPERLINK(""http://x"",""y"")",-3.5\n"two\nlines, and ""quotes""",\n', encoding="utf-8"
    )
    __main__.copy_csv(table, copied)
    assert copied.read_text(encoding="utf-8") == table.read_text(encoding="utf-8").replace('"=HYP', "\"'=HYP")


def test_what_sphinx_warns_of_stops_the_build(tmp_path, reproduced, monkeypatch):
    monkeypatch.setattr(build, "other_pages", lambda _: iter(()))
    source = tmp_path / "en"
    source.mkdir()
    for stage in notebooks.stages():
        cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# T\n\n[gone](nowhere.md)"}
        page = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (source / f"{stage}.ipynb").write_text(json.dumps(page), encoding="utf-8")
    with pytest.raises(build.SiteError, match="nowhere"):
        build.build(source, tmp_path / "out", "en")
