"""What is kept of each part, as CSV for programs and Markdown for readers, and the page that is made of them."""

import csv
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.measure import Measured
from pipeline.kit import paths

TABLES = paths.ROOT / "bench" / "results"
PAGE = paths.ROOT / "docs" / "benchmark.md"
HEAD = """\
# How fast it is

Written by `make bench`. Each part is measured in one go, on copies of the working tree; `make bench PARTS="small
growth"` measures some of them anew and keeps the others: {parts}.
"""
Row = dict[str, str]
# Row, column, and the most that is allowed there.
Goal = tuple[str, str, float]


@dataclass(frozen=True)
class Part:
    """A part of the page: words above its table, what measures it below a folder, goals, and words below the table."""

    head: str
    measure: Callable[[Path], list[Row]]
    goals: tuple[Goal, ...] = ()
    after: Callable[[list[Row]], str] = lambda table: ""

    def text(self, table: list[Row]) -> str:
        """This part of the page."""
        words = [markdown_table(table), held(table, self.goals), self.after(table)]
        return self.head + "\n" + "\n\n".join(filter(None, words)) + "\n"


def times(measured: dict[str, Measured], *references: str) -> list[Row]:
    """One row per way, with its time relative to others; a ratio to a way that was not measured stays empty."""
    return [
        {"way": way, "seconds": f"{result.seconds:.2f}"}
        | {f"ratio_to_{other}": ratio(result, measured.get(other)) for other in references}
        for way, result in measured.items()
    ]


def ratio(result: Measured, reference: Measured | None) -> str:
    """Time relative to a reference."""
    return f"{result.seconds / reference.seconds:.2f}" if reference else ""


def with_memory(table: list[Row], measured: dict[str, Measured]) -> list[Row]:
    """The rows with the peak memory of the largest process."""
    return [row | {"peak_mib": f"{result.peak_mib:.0f}"} for row, result in zip(table, measured.values(), strict=True)]


def markdown_table(rows: list[Row]) -> str:
    """A table whose first column is a name in code and whose other columns are numbers, aligned right."""
    columns = list(rows[0])
    lines = [
        "| " + " | ".join(column.replace("_", " ") for column in columns) + " |",
        "|---|" + "---:|" * (len(columns) - 1),
        *("| " + " | ".join([f"`{row[columns[0]]}`", *list(row.values())[1:]]) + " |" for row in rows),
    ]
    return "\n".join(lines)


def held(table: list[Row], goals: tuple[Goal, ...]) -> str:
    """What was measured against each goal; a goal of a way that was not measured is left out."""
    rows, words = {next(iter(row.values())): row for row in table}, []
    for name, column, goal in goals:
        if found := rows.get(name, {}).get(column):
            verdict = "within" if float(found) <= goal else "above"
            words.append(f"`{name}`: {column.replace('_', ' ')} {found}, {verdict} the goal of {goal:.3g}")
    return "; ".join(words) + "." if words else ""


def keep(name: str, part: Part, table: list[Row]) -> None:
    """Write rows and words of a part, with what it was measured with."""
    TABLES.mkdir(parents=True, exist_ok=True)
    with (TABLES / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    libraries = ", ".join(f"{library} {version(library)}" for library in ("dvc", "papermill", "pandas"))
    machine = f"Measured with {os.cpu_count()} cores, python {platform.python_version()}, {libraries}."
    text = f"{part.text(table)}\n{machine}\n"
    (TABLES / f"{name}.md").write_text(text, encoding="utf-8")
    print(f"\n{text}", flush=True)


def write_page(names: list[str]) -> None:
    """Put ``docs/benchmark.md`` together from the parts that have been measured."""
    texts = [TABLES / f"{name}.md" for name in names]
    words = [text.read_text(encoding="utf-8") for text in texts if text.exists()]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join([HEAD.format(parts=", ".join(names)), *words]), encoding="utf-8")
