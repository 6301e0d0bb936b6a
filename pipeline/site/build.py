"""One language of the site, built by Sphinx: notebooks through MyST-NB, all other pages from templates."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from pipeline.kit import paths
from pipeline.kit.data.contracts import read_table
from pipeline.kit.language import LANGUAGES, Text, date_words
from pipeline.kit.publish.estimates import Prose, linked
from pipeline.site import THEME, notebooks, numbers, registers
from pipeline.site.calculator import calculator_page, write_calculator_data
from pipeline.site.catalogue import TEXTS, on_page, say
from pipeline.site.notebooks import as_html
from pipeline.site.numbers import Page, published
from pipeline.study import brief
from pipeline.study.brief import UNKNOWN, first_steps
from pipeline.study.causes.estimates import order_words
from pipeline.study.names import UNKNOWNS
from pipeline.study.plots import estimates as plots_estimates
from pipeline.study.plots.estimates import what_is_in
from pipeline.study.prices.scope import day_of, month_of
from pipeline.study.scenarios import estimates

STAGE = "12_brief"


def context(language: str) -> dict[str, Any]:
    """What the page shows: the blocks of each sheet, their texts as HTML."""
    words = (paths.RESULTS / STAGE / f"brief.{language}.json").read_text(encoding="utf-8")
    pages = json.loads(words)
    for block in (block for page in pages for block in page):
        block["texts"] = [as_html(text) for text in block["texts"]]
        block["rows"] = [[as_html(cell) for cell in row] for row in block["rows"]]
    return {"pages": pages}


def sentences() -> tuple[Text, ...]:
    """The answer in five sentences; which causes, options and unknown they name follows from the results."""
    first, second, *_ = most_worth_knowing()
    leading = estimates.choice_words(read_table("10_scenarios", "choice"))
    within = Text(*(said[0].lower() + said[1:] for said in (leading.en, leading.id)))
    present = plots_estimates.key_now(published(), "present_yield", "kutai_timur.yield_mature")
    said = TEXTS.group("start")
    return (
        said["yield"].fill(present=f"{{{present}}}"),
        said["causes"].fill(order=order_words(list(published().values()))),
        said["fertilizer"].fill(month=month()),
        said["choice"].fill(day=day(), leading=within, newest=newest_month()),
        said["unknown"].fill(
            unknown=UNKNOWNS[first],
            worth=f"{{information.{first}}}",
            after=UNKNOWNS[second],
            worth_after=f"{{information.{second}}}",
        ),
    )


def day() -> Text:
    """The day of the bean price."""
    return day_of(published()["price.cocoa"].basis)


def newest_month() -> Text:
    """The last month that a bean price is reckoned for."""
    return date_words(published()["bean_price.last.unfermented"].basis[-7:])


def month() -> Text:
    """The month of all prices but that of beans."""
    return month_of(published()["fertilizer.net_income.ceiling"].basis)


def most_worth_knowing() -> list[str]:
    """The unknowns, the one first whose knowledge is worth most."""
    worth = {key: published()[f"information.{key}"].value for key in UNKNOWNS if f"information.{key}" in published()}
    return sorted(worth, key=lambda key: -worth[key])


def sentence(text: Text, language: str) -> str:
    """A sentence as HTML, each number a link to its origin."""
    return as_html(Prose(published().values()).fill(text, language, linked))


def start_context(language: str) -> dict[str, Any]:
    """What the start page shows in one language."""
    summary: pd.DataFrame = read_table("10_scenarios", "summary")
    return {
        "sentences": [sentence(text, language) for text in sentences()],
        "survey": sentence(what_is_in(read_table("13_survey", "learned")), language),
        "waterfall": notebooks.block("09_attribution", "waterfall", language),
        "scenarios": [[as_html(cell) for cell in row] for row in brief.scenario_table(summary, language).rows],
        "first_steps": [sentence(text, language) for text in first_steps(day(), month())],
        "unknown": [sentence(text, language) for text in UNKNOWN],
    }


class SiteError(RuntimeError):
    """A page that must not be published as it is; says which and why."""


def write_sources(folder: Path, language: str) -> None:
    """Write what Sphinx renders: every executed notebook in one language."""
    folder.mkdir(parents=True)
    for stage in notebooks.stages():
        with on_page(f"{language}/{stage}.html"):
            text = json.dumps(notebooks.page(stage, language), ensure_ascii=False)
        (folder / f"{stage}.ipynb").write_text(text, encoding="utf-8")


def other_pages(language: str) -> Iterator[Page]:
    """Pages that are no notebooks: name, what the template needs, template."""
    words = say(language)
    yield "index", {"title": words["title"], **start_context(language)}, "start.html"
    yield "brief", {"title": words["brief"], **context(language)}, "brief.html"
    yield "parameters", {"title": words["parameters"], "rows": registers.parameters(language)}, "parameters.html"
    yield (
        "sources",
        {"title": words["sources"], "rows": registers.source_rows(language), "weighty": registers.weighty(language)},
        "sources.html",
    )
    yield "conflicts", {"title": words["conflicts"], "body": registers.conflicts(language)}, "page.html"
    tables = {
        "tables": registers.dictionary(language),
        "warned": registers.warned(language),
        "results": registers.results(language),
    }
    yield "dictionary", {"title": words["dictionary"], **tables}, "dictionary.html"
    yield "quality", {"title": words["quality"], "rows": registers.quality(language)}, "quality.html"
    yield "numbers", {"title": words["numbers"], "rows": numbers.table(language)}, "numbers.html"
    yield "changes", {"title": words["changes"], **registers.changes(language)}, "changes.html"
    yield "calculator", calculator_page(language), "calculator.html"
    yield "glossary", {"title": words["glossary"], "terms": registers.glossary(language)}, "glossary.html"
    yield "explore", {"title": words["explore"], **registers.context(language)}, "explore.html"
    yield from numbers.pages(language)


def build(sources: Path, target: Path, language: str) -> None:
    """Render one language into ``target``. Raises ``SiteError`` with what Sphinx warns of: nothing is let pass."""
    warnings = io.StringIO()
    rendered = sources.with_name(f"{language}.html")
    # Sphinx registers its nodes for the whole process: the second language begins afresh.
    with docutils_namespace():
        app = Sphinx(
            srcdir=sources,
            confdir=None,
            outdir=rendered,
            doctreedir=sources.with_name(f"{language}.doctrees"),
            buildername="html",
            confoverrides=settings(language),
            status=None,
            warning=warnings,
            freshenv=True,
        )
        builder: Any = app.builder
        builder.search = False
        builder.templates.environment.autoescape = True
        app.connect("html-collect-pages", lambda _: named(other_pages(language), language))
        stages = notebooks.stages()
        app.connect(
            "html-page-context", lambda _a, page, _t, context, _d: context.update(frame(page, language, stages))
        )
        app.build(force_all=True)
    if text := warnings.getvalue():
        raise SiteError(f"the pages in {language!r} have problems:\n{text}")
    # Beside the pages stand files that only Sphinx itself reads.
    for file in (*rendered.glob(".buildinfo*"), rendered / "objects.inv"):
        file.unlink()
    shutil.rmtree(rendered / "_sources", ignore_errors=True)
    rendered.rename(target)
    write_calculator_data(target / "_static")


def named(pages: Iterator[Page], language: str) -> Iterator[Page]:
    """The same pages; what is missing on one is told with its name."""
    with on_page(f"{language}/"):
        yield from pages


def settings(language: str) -> dict[str, Any]:
    """What Sphinx is told: our theme, nothing executed, nothing from the network."""
    words = say(language)
    return {
        "project": words["title"],
        "language": language,
        "extensions": ["myst_nb"],
        "root_doc": notebooks.stages()[0],
        "html_theme": "theme",
        "html_theme_path": [str(THEME.parent)],
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_use_index": False,
        "html_permalinks": False,
        "html_domain_indices": False,
        "nb_execution_mode": "off",
        "nb_code_prompt_show": words["show_code"],
        "nb_code_prompt_hide": words["hide_code"],
        # The menu is ours, not a table of contents; docutils has no Indonesian for words that no page uses.
        "suppress_warnings": ["toc.not_included", "docutils"],
    }


def frame(page: str, language: str, stages: list[str]) -> dict[str, Any]:
    """What the frame around every page shows: words, the list of notebooks, the same page in the other language."""
    root = "../" * page.count("/")
    (other,) = (code for code in LANGUAGES if code != language)
    return {
        "say": say(language),
        "language": language,
        "other": other,
        "root": root,
        "switch": f"{root}../{other}/{page}.html",
        "here": page,
        "chapters": [(stage, notebooks.title(stage).in_language(language)) for stage in stages],
        "is_notebook": page in stages,
        "kept": paths.shown(paths.executed_notebook(page)) if page in stages else "",
    }
