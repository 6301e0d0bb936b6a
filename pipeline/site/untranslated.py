"""What the catalogue lacks: every text of the notebooks, clean tables and executed tables goes through it once."""

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pandas as pd
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from pipeline.kit import paths
from pipeline.site import registers
from pipeline.site.catalogue import (
    Message,
    MissingTranslation,
    gathering,
    messages,
    on_page,
    translate,
    translate_markdown,
)
from pipeline.site.tables import translate_table

# Words in tables follow parameters and results: one that no table shows today may be there tomorrow.
COMPLETE_CONTEXTS = ("", "dictionary")


def notebooks() -> list[Path]:
    """The notebooks as they are written, in order."""
    return sorted(paths.NOTEBOOKS.glob("*.ipynb"))


def executed_notebooks() -> list[Path]:
    """The notebooks as they ran, in order; none before the pipeline has run."""
    return sorted(paths.RESULTS.glob("*/*.ipynb"))


def markdown_cells(notebook: Path) -> Iterator[str]:
    """The markdown cells of a notebook."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            yield "".join(cell["source"])


def shown_tables(notebook: Path) -> Iterator[str]:
    """The tables that an executed notebook shows, as HTML."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            if 'class="dataframe"' in html:
                yield html


def translate_all() -> None:
    """Translate all there is; raises ``MissingTranslation`` unless called inside ``gathering``."""
    for notebook in notebooks():
        with on_page(notebook.stem):
            for cell in markdown_cells(notebook):
                translate_markdown(cell, "id")
    for notebook in executed_notebooks():
        with on_page(notebook.stem):
            for html in shown_tables(notebook):
                translate_table(html, "id")
    with on_page("sources"):
        registers.source_rows("id")
    with on_page("dictionary"):
        registers.dictionary("id")
    if executed_notebooks():
        with on_page("explore"):
            for words in (registers.series, registers.statistics, registers.effects):
                words("id")
        for path in sorted(paths.RESULTS.glob("*/estimates.csv")):
            with on_page(path.parent.name):
                estimates = pd.read_csv(path, usecols=["basis", "method"])
                for sentence in estimates.stack().unique():
                    translate(str(sentence), "id", "value")


def obsolete(used: set[Message]) -> list[Message]:
    """Entries for markdown and clean tables that nothing uses any more."""
    return sorted(m for m in messages() if m.context in COMPLETE_CONTEXTS and m not in used)


def as_po(missing: dict[Message, str]) -> str:
    """The missing messages as entries of a PO file, with the page of each."""
    catalog = Catalog(locale="id")
    for message, page in missing.items():
        catalog.add(message.text, context=message.context or None, auto_comments=[page])
    file = BytesIO()
    write_po(file, catalog, omit_header=True, width=0)
    return file.getvalue().decode()


def main() -> int:
    """Print what is missing as PO text and what is obsolete as comments; 1 if anything is missing."""
    try:
        with gathering() as gathered:
            translate_all()
    except MissingTranslation:
        print(as_po(gathered.missing))
    for message in obsolete(gathered.used):
        print(f"# Nothing uses any more: [{message.context or 'text'}] {message.text}")
    return 1 if gathered.missing else 0


if __name__ == "__main__":
    sys.exit(main())
