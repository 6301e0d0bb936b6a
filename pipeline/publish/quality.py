"""The data-quality page: gaps, flags, warnings, conflicts and breaks of every clean table; the register of conflicts.

Stage ``data_quality``: ``python -m pipeline.publish.quality``.
"""

import sys
from collections import Counter

import pandas as pd

from pipeline import paths
from pipeline.contracts import Table, read_clean
from pipeline.publish.conflicts import register
from pipeline.tables import CONFLICTS, TABLES

FOLDER = paths.RESULTS / "data_quality"
HEAD = """# Mutu data / Data quality

Setiap tabel bersih: sel kosong yang diizinkan, tanda, dan peringatan. Tidak ada yang diisi atau dibuang diam-diam.
Every clean table: gaps that its contract allows, flags and warnings. Nothing is filled in or dropped silently.

"""


def count(table: Table, frame: pd.DataFrame) -> list[tuple[str, str, str, int]]:
    """Counts of one table as rows (table, kind, name, number): rows, gaps per column, flags, warnings."""
    found = [("rows", "", len(frame))]
    found += [("gap", column.name, int(frame[column.name].isna().sum())) for column in table.columns]
    found += [("flag", column.name, int(frame[column.name].sum())) for column in table.columns if column.kind == "flag"]
    if "warnings" in frame:
        words = Counter(word for text in frame["warnings"].dropna() for word in text.split(";") if word)
        found += [("warning", word, number) for word, number in sorted(words.items())]
    if table == CONFLICTS:
        found.append(("conflict", "figures involved", int(frame["n_figures"].sum())))
    return [(table.name, kind, name, number) for kind, name, number in found if kind == "rows" or number]


def page(counts: pd.DataFrame) -> str:
    """The counts as a Markdown page, one section per table."""
    sections = []
    for name, rows in counts.groupby("table", sort=False):
        lines = [f"## {name}", "", "| | | n |", "|---|---|---|"]
        lines += [f"| {row.kind} | {row.name} | {row.number} |" for row in rows.itertuples(index=False)]
        sections.append("\n".join(lines))
    return HEAD + "\n\n".join(sections) + "\n"


def main() -> int:
    """Count and write the table and the page."""
    rows = [row for table in TABLES for row in count(table, read_clean(table))]
    counts = pd.DataFrame(rows, columns=["table", "kind", "name", "number"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    counts.to_csv(FOLDER / "data_quality.csv", index=False, lineterminator="\n")
    (FOLDER / "data_quality.md").write_text(page(counts), encoding="utf-8")
    conflicts, pages = register()
    conflicts.to_csv(FOLDER / "conflicts.csv", index=False, lineterminator="\n", float_format="%.10g")
    for language, text in pages.items():
        (FOLDER / f"conflicts.{language}.md").write_text(text, encoding="utf-8")
    print(f"data_quality: {len(TABLES)} tables, {len(counts)} counts, {len(conflicts)} conflicts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
