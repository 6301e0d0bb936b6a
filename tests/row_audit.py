"""Do numbers move only with the raw rows that they cite? ``python tests/row_audit.py [KEY ...]``.

Each round keeps the rows that one published number cites (``all``: those that any number does), moves every other
figure of ``data/raw`` by one to three per cent, and runs the pipeline in a copy. A number that cites none of the moved
rows must stay as it was. Which rows are moved, and how far, is reckoned here from the files alone.
"""

import csv
import hashlib
import random
import sys
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd
from reproduction import cacao_repro, copy_project

from pipeline.kit import paths

# What is no figure but says which one: moved, a row would be another row.
NAMES = {
    "year", "month", "center_month", "year_from", "year_to", "release", "n", "dose_kg_per_ha", "moderator", "cluster",
    "trial", "treated_cases", "treated_healthy", "control_cases", "control_healthy", "fao_area_code", "is_aggregate",
}  # fmt: skip
# Outlines, lists and standards: no published number is made of them, or they say what is right.
LEFT = {"boundaries_regencies", "boundaries_provinces", "conversions", "villages_kutai_timur", "reference_results"}
# FAO marks copied years by equal figures: a country moves as a whole, or not at all.
BY_COUNTRY = {
    "faostat_cocoa_2022", "faostat_cocoa_latest", "faostat_producer_prices", "faostat_fertilizer_use",
    "faostat_pesticide_use", "climate_country_year",
}  # fmt: skip
# Figures of one region, year and quantity agree or contradict each other: they move together, over both tables.
BY_REGION = {"kaltim_statistics", "province_statistics"}
SPELLINGS = {"Kalimantan Timur": "East Kalimantan", "Kalimantan Utara": "North Kalimantan"}
Row = tuple[str, int]


def estimates(root: Path) -> pd.DataFrame:
    """All published numbers of a project, by key."""
    tables = [pd.read_csv(path) for path in sorted((root / "results").glob("*/estimates.csv"))]
    return pd.concat(tables).set_index("key")


def rows_cited(text: object) -> set[Row]:
    """The rows in a cell of ``raw_rows``: ``effects:3-4 local_prices:7;costs:2`` are four."""
    found = set()
    for part in str(text if isinstance(text, str) else "").replace(";", " ").split():
        table, _, lines = part.rpartition(":")
        for span in lines.split(",") if table != "params" else ():
            first, _, last = span.partition("-")
            found |= {(table, line) for line in range(int(first), int(last or first) + 1)}
    return found


def move(folder: Path, kept: Collection[Row], seed: str) -> set[Row]:
    """Move all figures of the project in ``folder`` but those of the rows ``kept``; returns the rows that were."""
    register, moved = (folder / "data/raw/sources.yaml").read_text(encoding="utf-8"), set()
    groups = {_group(table, row) for table, line, row in _rows(folder, BY_REGION | BY_COUNTRY) if (table, line) in kept}
    for path in sorted((folder / "data/raw").glob("*.csv")):
        if path.stem in LEFT:
            continue
        before, (head, *rows) = path.read_bytes(), _read(path)
        columns = [place for place, name in enumerate(head) if _is_figure(name, [row[place] for row in rows])]
        for line, row in enumerate(rows, 2):
            group = _group(path.stem, dict(zip(head, row, strict=True))) or (path.stem, str(line))
            if (path.stem, line) in kept or group in groups:
                continue
            part = random.Random(f"{seed} {path.stem if path.stem in BY_COUNTRY else group}").uniform(0.97, 0.99)
            for place in columns:
                if _is_number(row[place]) and float(row[place]) != 0:
                    row[place] = f"{float(row[place]) * part:.10g}"
                    moved.add((path.stem, line))
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *rows])
        register = register.replace(_sha256(before), _sha256(path.read_bytes()))
    (folder / "data/raw/sources.yaml").write_text(register, encoding="utf-8")
    return moved


def _rows(folder: Path, tables: Iterable[str]) -> Iterable[tuple[str, int, dict[str, str]]]:
    for table in tables:
        head, *rows = _read(folder / f"data/raw/{table}.csv")
        yield from ((table, line, dict(zip(head, row, strict=True))) for line, row in enumerate(rows, 2))


def _group(table: str, row: dict[str, str]) -> tuple[str, ...]:
    """What moves together with a row; nothing where it moves alone."""
    if table in BY_COUNTRY:
        return (table, row["iso3"])
    if table in BY_REGION:
        return (SPELLINGS.get(row["region"], row["region"]), row["year_to"], row["quantity"])
    return ()


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _is_figure(name: str, cells: list[str]) -> bool:
    known = [cell for cell in cells if cell]
    return name not in NAMES and not name.endswith("_id") and sum(map(_is_number, known)) > len(known) / 2


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def moved_without_citing(before: pd.DataFrame, after: pd.DataFrame, moved: Collection[Row]) -> list[str]:
    """Keys of numbers that are not what they were, although they cite none of the rows that were moved."""
    ends = ["value", "lower", "upper"]
    same = before[ends].fillna(0.0).eq(after[ends].reindex(before.index).fillna(0.0)).all(axis=1)
    cites = before["raw_rows"].map(lambda text: bool(rows_cited(text) & set(moved)))
    shared = before.index.isin(after.index)
    return list(before.index[shared & ~same & ~cites])


def main(keys: list[str]) -> int:
    """Run a round for each key; returns how many numbers moved without citing what was moved."""
    before, wrong = estimates(paths.ROOT), 0
    for key in keys or ["all"]:
        chosen = before if key == "all" else before.loc[[key]]
        kept = set().union(*map(rows_cited, chosen["raw_rows"]))
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "project"
            folder.mkdir()
            copy_project(folder)
            moved = move(folder, kept, key)
            # Words about the numbers may no longer fit them: the pages are not made.
            cacao_repro(folder, "12_brief", "14_survey_design", "11_validation")
            found = moved_without_citing(before, estimates(folder), moved)
        print(f"{key}: {len(kept)} rows kept, {len(moved)} moved; moved without citing any: {found}", flush=True)
        wrong += len(found)
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
