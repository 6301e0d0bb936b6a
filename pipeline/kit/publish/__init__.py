"""Estimates, figures and texts in two languages."""

import json

from pipeline.kit import paths

# What a notebook holds for the site beside what it shows: an answer in each language alone, its numbers as links to
# their keys; the name of a figure, under which it is found in each language.
ANSWER = "application/vnd.notebook.answer+json"
FIGURE = "application/vnd.notebook.figure+json"


def load_figure(stage: str, name: str, language: str) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """A published figure of another stage: its SVG as text; title, caption and alternative text; usage warnings."""
    folder = paths.figures(stage)
    record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    drawing = (folder / f"{name}.{language}.svg").read_text(encoding="utf-8")
    return drawing, record[language], tuple(record["warnings"])
