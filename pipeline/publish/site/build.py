"""One language of the site, built by Sphinx: notebooks through MyST-NB, all other pages from templates."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from pipeline import paths
from pipeline.language import LANGUAGES
from pipeline.publish.site import THEME, brief_page, explore, notebooks, numbers, registers, start
from pipeline.publish.site.calculator import calculator_page, write_calculator_data
from pipeline.publish.site.catalogue import on_page
from pipeline.publish.site.numbers import Page
from pipeline.publish.site.words import say


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
    yield "index", {"title": words["title"], **start.context(language)}, "start.html"
    yield "brief", {"title": words["brief"], **brief_page.context(language)}, "brief.html"
    yield "parameters", {"title": words["parameters"], "rows": registers.parameters(language)}, "parameters.html"
    yield "sources", {"title": words["sources"], "rows": registers.source_rows(language)}, "sources.html"
    yield "conflicts", {"title": words["conflicts"], "body": registers.conflicts(language)}, "page.html"
    tables = {"tables": registers.dictionary(language), "warned": registers.warned(language)}
    yield "dictionary", {"title": words["dictionary"], **tables}, "dictionary.html"
    yield "quality", {"title": words["quality"], "rows": registers.quality(language)}, "quality.html"
    yield "numbers", {"title": words["numbers"], "rows": numbers.table(language)}, "numbers.html"
    yield "calculator", calculator_page(language), "calculator.html"
    yield "glossary", {"title": words["glossary"], "terms": registers.glossary(language)}, "glossary.html"
    yield "explore", {"title": words["explore"], **explore.context(language)}, "explore.html"
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
        app.connect(
            "html-page-context", lambda _app, page, _template, context, _tree: context.update(frame(page, language))
        )
        app.build(force_all=True)
    if text := warnings.getvalue():
        raise SiteError(f"the pages in {language!r} have problems:\n{text}")
    # Beside the pages stand files that only Sphinx itself reads.
    shutil.copytree(rendered, target, ignore=shutil.ignore_patterns("_sources", ".buildinfo*", "objects.inv"))
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


def frame(page: str, language: str) -> dict[str, Any]:
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
        "chapters": [(stage, notebooks.title(stage).in_language(language)) for stage in notebooks.stages()],
        "is_notebook": page in notebooks.stages(),
        "kept": paths.shown(paths.executed_notebook(page)) if page in notebooks.stages() else "",
    }
