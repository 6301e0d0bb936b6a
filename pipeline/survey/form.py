"""Write the form from its tables: the XLSForm workbook, and the paper version in both languages."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline import paths
from pipeline.language import LANGUAGES
from pipeline.survey import paper
from pipeline.survey.questions import FormError
from pipeline.survey.workbook import workbook

FOLDER = paths.ROOT / "survey"


def files() -> dict[str, bytes]:
    """Content of every file made from the tables, by its name."""
    printed = {f"plot_visit.{language}.pdf": paper.document(language) for language in LANGUAGES}
    return {"plot_visit.xlsx": workbook(), **printed}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write ``plot_visit.xlsx`` and the PDFs to ``survey/`` or to a folder; returns the exit code."""
    parser = argparse.ArgumentParser(prog="cacao survey form", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="folder to write to, survey/ if left out")
    folder = parser.parse_args(arguments).folder
    try:
        made = files()
    except FormError as error:
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (folder / name).write_bytes(content)
        print(f"{paths.shown(folder / name)} written")
    return 0
