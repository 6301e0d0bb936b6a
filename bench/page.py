"""Tables of the benchmark: as CSV for programs, as Markdown for readers."""

import csv
from pathlib import Path

Row = dict[str, str]


def write_csv(path: Path, rows: list[Row]) -> None:
    """Write rows that all have the same columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def markdown_table(rows: list[Row]) -> str:
    """A table whose first column is a name in code and whose other columns are numbers, aligned right."""
    columns = list(rows[0])
    lines = [
        "| " + " | ".join(column.replace("_", " ") for column in columns) + " |",
        "|---|" + "---:|" * (len(columns) - 1),
        *("| " + " | ".join([f"`{row[columns[0]]}`", *list(row.values())[1:]]) + " |" for row in rows),
    ]
    return "\n".join(lines)


def holds(found: float, goal: float) -> str:
    """The word for a measured number and its goal."""
    return "within" if found <= goal else "above"
