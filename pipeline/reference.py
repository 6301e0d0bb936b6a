"""The record of what is published: the hash of every file, every number, and every column of data behind them.

It stands in git in ``results/reference`` while the results themselves do not, so that a fresh clone can be checked:
bit by bit through the hashes, and, where another processor changes a last digit, through values with a tolerance.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import lineage, paths

# Of the width of the interval, or of the value where there is none; columns: of their greatest absolute value.
EXACT, DRAWN, CHAINS = 1e-4, 0.05, 1.0
# A thousand pages made of what is recorded beside them: one hash for all.
SITE = "results/site"
# What is recorded of a column besides how many values it has.
EXTENT = ("least", "median", "greatest", "mean", "tilt")


def folder() -> Path:
    """Where the record stands."""
    return paths.RESULTS / "reference"


def load(name: str) -> pd.DataFrame:
    """One table of the record: ``files``, ``numbers`` or ``columns``."""
    return pd.read_csv(folder() / f"{name}.csv", keep_default_na=False, na_values=[""])


def write() -> dict[str, pd.DataFrame]:
    """Record the results that stand in the project now; returns the three tables by name."""
    folder().mkdir(parents=True, exist_ok=True)
    tables = {"files": files(paths.ROOT), "numbers": numbers(paths.ROOT), "columns": columns(paths.ROOT)}
    for name, table in tables.items():
        table.to_csv(folder() / f"{name}.csv", index=False, float_format="%.6g", lineterminator="\n")
    return tables


def published(root: Path) -> list[Path]:
    """Every file that a stage publishes below ``root``, sorted; the site stands as one folder."""
    outs = [root / out for stage in lineage.read_stages().values() for out in stage.outs]
    found = [path for out in outs for path in (out.rglob("*") if out.is_dir() and out != root / SITE else [out])]
    return sorted(path for path in found if path.is_file() or path == root / SITE)


def files(root: Path) -> pd.DataFrame:
    """MD5 of every published file: columns ``path`` and ``md5``."""
    rows = [(path.relative_to(root).as_posix(), lineage.md5(path)) for path in published(root)]
    return pd.DataFrame(rows, columns=["path", "md5"])


def numbers(root: Path) -> pd.DataFrame:
    """Every estimate with its tolerance: columns ``stage``, ``key``, ``value``, ``lower``, ``upper``, ``tolerance``."""
    parts = []
    for path in sorted(root.glob("results/*/estimates.csv")):
        frame = pd.read_csv(path)
        exact_or_drawn = frame["seed"].isna().map({True: EXACT, False: DRAWN})
        tolerance = exact_or_drawn.mask(frame["key"].str.startswith("chains."), CHAINS)
        parts.append(frame.assign(stage=path.parent.name, tolerance=tolerance))
    return pd.concat(parts)[["stage", "key", "value", "lower", "upper", "tolerance"]]


def columns(root: Path) -> pd.DataFrame:
    """Extent of every column of numbers in a published table or the data of a figure.

    Columns ``path``, ``column``, ``n``, ``least``, ``median``, ``greatest``, ``mean``, ``tilt`` and ``tolerance``.
    ``tilt`` is the mean of value times place, from -1 in the first row to 1 in the last: it moves when values change
    places. A value that is missing or infinite counts as 0 in it.
    """
    drawn = {
        part.parent.name for part in root.glob("results/*/estimates.csv") if pd.read_csv(part)["seed"].notna().any()
    }
    # Draws of 05 are drawn although its estimates are computed.
    drawn |= {path.parts[-3] for path in root.glob("results/*/tables/draws.csv")}
    rows = [row for path in published(root) if _holds_data(path) for row in extents(root, path)]
    frame = pd.DataFrame(rows, columns=["path", "column", "n", *EXTENT])
    stage = frame["path"].str.split("/").str[1]
    return frame.assign(tolerance=stage.isin(drawn).map({True: DRAWN, False: EXACT}))


def _holds_data(path: Path) -> bool:
    return path.suffix == ".csv" and path.name != "estimates.csv"


def extents(root: Path, path: Path) -> Iterator[tuple[str | int | float, ...]]:
    """Path, name, number of values and ``EXTENT`` of every column of numbers in a table; all 0 for an empty one."""
    for name, values in pd.read_csv(path).select_dtypes("number").items():
        known = values.dropna()
        extent = (0.0,) * len(EXTENT)
        if len(known):
            tilt = np.mean(np.where(np.isfinite(values), values, 0) * np.linspace(-1, 1, len(values)))
            extent = tuple(map(float, (known.min(), known.median(), known.max(), known.mean(), tilt)))
        yield path.relative_to(root).as_posix(), str(name), len(known), *extent
