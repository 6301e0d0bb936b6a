"""A figure on a page: the drawing, its caption, warnings and sources, the files to download and how to cite it."""

import json
import re
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline import paths, usage
from pipeline.publish.records.run import citation
from pipeline.publish.site import THEME
from pipeline.publish.site.words import say

WIDTH = 643
FILES = {"SVG": "{language}.svg", "PNG": "{language}.png", "PDF": "{language}.pdf", "CSV": "csv"}


@cache
def fragments() -> Environment:
    """Templates of parts of a page; everything put into them is escaped."""
    return Environment(loader=FileSystemLoader(THEME / "fragments"), autoescape=True, undefined=StrictUndefined)


def words(stage: str, name: str) -> dict[str, Any]:
    """Title, caption and alternative text of a figure in each language, its sources and warnings."""
    found: dict[str, Any] = json.loads((paths.figures(stage) / f"{name}.json").read_text(encoding="utf-8"))
    return found


def cite(stage: str, name: str, language: str) -> str:
    """How to cite a figure: the authors, the figure, the project, its version and the stage."""
    about = citation()
    title, year = words(stage, name)[language]["title"], about.released[:4]
    return f"{', '.join(about.authors)} ({year}). {title}. {about.title}, {about.version}, {stage}/{name}."


def height(stage: str, name: str, language: str) -> int:
    """Height of a figure that is 643 pixels wide, as its SVG tells: space is kept for it while it loads."""
    head = (paths.figures(stage) / f"{name}.{language}.svg").read_text(encoding="utf-8")[:2000]
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
    if not found:
        raise ValueError(f"{stage}/{name}.{language}.svg has no viewBox")
    return round(WIDTH * float(found[2]) / float(found[1]))


def block(stage: str, name: str, language: str, root: str = "") -> str:
    """The figure as HTML. ``root`` leads from the page to the folder of the language."""
    found = words(stage, name)
    return (
        fragments()
        .get_template("figure.html")
        .render(
            say=say(language),
            name=name,
            root=root,
            height=height(stage, name, language),
            **found[language],
            files={
                kind: f"{root}../files/{stage}/{name}.{end.format(language=language)}" for kind, end in FILES.items()
            },
            sources=found["sources"],
            warnings=usage.in_words(found["warnings"])[language],
            cite=cite(stage, name, language),
        )
    )
