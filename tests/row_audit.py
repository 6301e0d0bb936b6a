"""Do numbers move only with the raw rows that they cite, and with each of them?

``python tests/row_audit.py [KEY ...]``: each round keeps the rows that one published number cites (``all``: those that
any number does), moves every other figure of ``data/raw`` by one to three per cent, and runs the pipeline in a copy. A
number that cites none of the moved rows must stay as it was.

``python tests/row_audit.py --listed [ROUNDS]``: each round moves, of every number that is made of few rows, one row
that it cites, and no other. A number that stays as it was lists a row that does not move it.

``python tests/row_audit.py --parameters [NAME ...]``: each round moves one parameter (all of them, one after the other)
by three per cent, thirteen months back or by one. A number that does not name it must stay as it was.

Which rows are moved, and how far, is reckoned here from the files alone.
"""

import csv
import hashlib
import random
import re
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import pandas as pd
from reproduction import cacao_repro, copy_project

from pipeline.kit import paths
from pipeline.params import describe

# What is no figure but says which one: moved, a row would be another row.
NAMES = {
    "year", "month", "center_month", "year_from", "year_to", "release", "dose_kg_per_ha", "moderator", "cluster",
    "trial", "treated_cases", "treated_healthy", "control_cases", "control_healthy", "fao_area_code", "is_aggregate",
}  # fmt: skip
# What is no figure but weighs one: a design is moved to one that is weighed otherwise. Of studies that no number cites
# only a design that was pooled already is moved: else another study would be.
WITHOUT_LOT = {"randomized_trial": "before_after", "trial": "before_after"}
OTHER_WEIGHT = WITHOUT_LOT | dict.fromkeys(("before_after", "unadjusted_survey", "matched_survey"), "trial")
# Outlines, lists and standards: no published number is made of them, or they say what is right.
LEFT = {"boundaries_regencies", "boundaries_provinces", "villages_kutai_timur", "reference_results"}
# FAO marks copied years by equal figures: a country moves as a whole, or not at all.
BY_COUNTRY = {
    "faostat_cocoa_2022", "faostat_cocoa_latest", "faostat_producer_prices", "faostat_fertilizer_use",
    "faostat_pesticide_use", "climate_country_year",
}  # fmt: skip
# Figures of one region, year and quantity agree or contradict each other: they move together, over both tables.
BY_REGION = {"kaltim_statistics", "province_statistics"}
# Arms of a study are compared with each other more than once.
BY_SOURCE = {"effects"}
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
    groups = _groups(folder, BY_REGION | BY_COUNTRY | BY_SOURCE, kept)
    return _move(folder, lambda row, group: row not in kept and group not in groups, WITHOUT_LOT, seed)


def move_only(folder: Path, chosen: Collection[Row], seed: str) -> set[Row]:
    """Move the figures of the rows ``chosen`` of the project in ``folder``; returns the rows that were moved."""
    groups = _groups(folder, BY_SOURCE, chosen)
    return _move(folder, lambda row, group: row in chosen or group in groups, OTHER_WEIGHT, seed)


def _groups(folder: Path, tables: Iterable[str], rows: Collection[Row]) -> set[tuple[str, ...]]:
    return {_group(table, row) for table, line, row in _rows(folder, tables) if (table, line) in rows}


def _move(folder: Path, moves: Callable[[Row, tuple[str, ...]], bool], designs: dict[str, str], seed: str) -> set[Row]:
    register, moved = (folder / "data/raw/sources.yaml").read_text(encoding="utf-8"), set()
    for path in sorted((folder / "data/raw").glob("*.csv")):
        if path.stem in LEFT:
            continue
        before, (head, *rows) = path.read_bytes(), _read(path)
        columns = [place for place, name in enumerate(head) if _is_figure(name, [row[place] for row in rows])]
        for line, row in enumerate(rows, 2):
            named = dict(zip(head, row, strict=True))
            group = _group(path.stem, named) or (path.stem, str(line))
            if not moves((path.stem, line), group):
                continue
            for place in columns:
                if _is_number(row[place]) and float(row[place]) != 0:
                    together = f"{seed} {path.stem if path.stem in BY_COUNTRY else group}{_apart(head[place], named)}"
                    part = random.Random(together).uniform(0.97, 0.99)
                    row[place] = f"{float(row[place]) * part:.10g}"
                    moved.add((path.stem, line))
            if named.get("design") in designs:
                row[head.index("design")] = designs[named["design"]]
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
    if table in BY_SOURCE:
        return (table, row["source_id"])
    if table in BY_COUNTRY:
        return (table, row["iso3"])
    if table in BY_REGION:
        return (SPELLINGS.get(row["region"], row["region"]), row["year_to"], row["quantity"])
    return ()


def _apart(column: str, row: dict[str, str]) -> str:
    """What moves a figure apart from the others of its row: prices of a month are compared, and arms of a trial."""
    if column.endswith(("_usd_per_t", "_usd_per_kg")):
        return column
    arms = {"control": "comparator_arm_id", "treatment": "arm_id"}
    return row[arms[column.partition("_")[0]]] if "arm_id" in row and column.partition("_")[0] in arms else ""


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


# A number of more rows is made by a model that hears all of them.
FEW = 40
# A count, a share or a middle holds still while one row moves a little; so does a number of the highest of steps.
STEADY = {"count", "share of draws", "median over conflicts", "median log ratio of conflicting figures"}
# It is a parameter; the rows say what that restates.
RESTATING = {"price.cocoa"}


def made_by_row(before: pd.DataFrame) -> dict[str, set[Row]]:
    """The rows of every number that is made of few of them, and moves with each: by key."""
    cites = before["raw_rows"].map(rows_cited)
    is_steady = before["method"].isin(STEADY) | before.index.isin(RESTATING)
    return dict(cites[cites.map(len).between(1, FEW) & ~is_steady])


def one_of_each(cites: dict[str, set[Row]], done: Collection[Row]) -> set[Row]:
    """Rows that were not ``done``, of as many numbers as there are, no two of one number."""
    chosen: set[Row] = set()
    for key in cites:
        for row in sorted(cites[key] - set(done)):
            if not any(row in own and own & chosen for own in cites.values()):
                chosen.add(row)
                break
    return chosen


def listed_without_moving(before: pd.DataFrame, after: pd.DataFrame, moved: Collection[Row]) -> list[tuple[str, Row]]:
    """Numbers made by row that are what they were although a row that they cite was moved, each with that row."""
    ends = ["value", "lower", "upper"]
    same = before[ends].fillna(0.0).eq(after[ends].reindex(before.index).fillna(0.0)).all(axis=1)
    cites = made_by_row(before)
    return [(key, row) for key, own in cites.items() if same[key] for row in sorted(own & set(moved))]


# The last of the stages that publish numbers made by row.
ENDS = ("06_model_fertilizer", "10_scenarios")


def rounds_of_listed(rounds: int) -> int:
    """Run so many rounds that move one row of each number; returns how many rows are listed without moving it."""
    before, done, wrong = estimates(paths.ROOT), set(), 0
    cites = made_by_row(before)
    for turn in range(rounds):
        if not (chosen := one_of_each(cites, done)):
            break
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "project"
            folder.mkdir()
            copy_project(folder)
            moved = move_only(folder, chosen, f"listed {turn}")
            cacao_repro(folder, *ENDS)
            found = listed_without_moving(before, estimates(folder), moved)
        done |= chosen
        print(f"round {turn}: {len(moved)} rows moved; listed without moving the number: {found}", flush=True)
        wrong += len(found)
    return wrong


# They say how results are reckoned and shown, and move every drawn number or none; no number names them.
OF_ALL = {"uncertainty.interval_level", "uncertainty.draws", "uncertainty.seed"}


def another(value: str) -> str:
    """A value near the one that is written: thirteen months before, one less, or three per cent less."""
    if month := re.fullmatch(r"'?\"?(\d{4})-(\d\d)'?\"?", value):
        year, number = int(month[1]), int(month[2])
        return f"'{year - 1 - (number == 1)}-{(number - 2) % 12 + 1:02d}'"
    return str(int(value) - 1) if re.fullmatch(r"\d+", value) else f"{float(value) * 0.97:.6g}"


def move_parameter(folder: Path, name: str) -> None:
    """Write another value of a parameter, given as ``section.name``, into the file of parameters."""
    path, (section, own) = folder / "params.yaml", name.split(".")
    pattern = rf"(?m)^({section}:\n(?:(?:  .*)?\n)*?  {own}: )(.*)$"
    text, count = re.subn(pattern, lambda found: found[1] + another(found[2]), path.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError(f"{name} stands in params.yaml {count} times")
    path.write_text(text, encoding="utf-8")


def moved_without_naming(before: pd.DataFrame, after: pd.DataFrame, parameter: str) -> list[str]:
    """Keys of numbers that are not what they were, although they do not name the parameter that was moved."""
    ends = ["value", "lower", "upper"]
    same = before[ends].fillna(0.0).eq(after[ends].reindex(before.index).fillna(0.0)).all(axis=1)
    names = before["raw_rows"].fillna("").str.contains(rf"\bparams:(?:[\w.,]+,)?{re.escape(parameter)}(?![\w.])")
    return list(before.index[before.index.isin(after.index) & ~same & ~names])


def rounds_of_parameters(names: list[str]) -> int:
    """Run a round for each parameter; returns how many numbers moved without naming what was moved."""
    before, wrong = estimates(paths.ROOT), 0
    changing_nothing = ("run.", "compute.", "survey.")
    for name in names or [name for name in describe() if not name.startswith(changing_nothing) and name not in OF_ALL]:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "project"
            folder.mkdir()
            copy_project(folder)
            move_parameter(folder, name)
            cacao_repro(folder, "12_brief", "14_survey_design", "11_validation")
            found = moved_without_naming(before, estimates(folder), name)
        print(f"{name}: moved without naming it: {found}", flush=True)
        wrong += len(found)
    return wrong


def main(keys: list[str]) -> int:
    """Run a round for each key; returns how many numbers moved without citing what was moved."""
    if keys[:1] == ["--parameters"]:
        return rounds_of_parameters(keys[1:])
    if keys[:1] == ["--listed"]:
        return rounds_of_listed(int(keys[1]) if len(keys) > 1 else sys.maxsize)
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
