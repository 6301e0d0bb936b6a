"""The plot form as a survey server reads it: the XLSForm workbook, with nothing of the importer."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

WORKBOOK = Path(__file__).parents[1] / "survey" / "plot_visit.xlsx"
LABELS = ("label::English (en)", "label::Bahasa Indonesia (id)")
# Rows of a form that answer nothing, so that an export has no column for them.
SILENT = ("note",)


@dataclass(frozen=True)
class Asked:
    """A question of the form: the ``groups`` around it, the repeat it is in (or ""), labels in English, Indonesian."""

    name: str
    groups: tuple[str, ...]
    repeat: str
    labels: tuple[str, ...]
    choices: dict[str, tuple[str, ...]]
    is_multiple: bool


@cache
def form() -> dict[str, Asked]:
    """Every question that an export has a column for, by name and in the order of the form."""
    book = openpyxl.load_workbook(WORKBOOK, read_only=True)
    lists: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in _rows(book["choices"]):
        lists.setdefault(row["list_name"], {})[str(row["name"])] = tuple(str(row[label] or "") for label in LABELS)
    found: dict[str, Asked] = {}
    around: list[tuple[str, bool]] = []
    for row in _rows(book["survey"]):
        kind, _, list_name = str(row["type"]).partition(" ")
        if kind.startswith("begin"):
            around.append((row["name"], kind == "begin_repeat" or list_name == "repeat"))
        elif kind.startswith("end_") or (kind == "end" and list_name):
            around.pop()
        elif kind not in SILENT:
            labels = tuple(str(row[label] or "") for label in LABELS)
            repeat = next((name for name, is_repeat in around if is_repeat), "")
            groups = tuple(name for name, _ in around)
            choices = lists.get(list_name, {})
            found[row["name"]] = Asked(row["name"], groups, repeat, labels, choices, kind == "select_multiple")
    return found


def _rows(sheet: Any) -> list[dict[str, Any]]:
    head, *rows = sheet.iter_rows(values_only=True)
    named = (dict(zip(head, row, strict=True)) for row in rows)
    return [row for row in named if row.get("name") or str(row.get("type") or "").startswith("end")]
