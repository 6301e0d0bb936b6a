"""The record of what is published: the hash of every file, every number, and every column of data behind them.

It stands in git in ``results/reference`` while most results do not, so that a fresh clone can be checked: bit by bit
through the hashes of files, and, where another processor changes a last digit, through hashes of their contents and
through values. How far a value may move stands in ``content.py``, not in the record.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.kit import paths
from pipeline.kit.provenance import content, lineage

# A thousand pages made of what is recorded beside them: their tables are copies.
SITE = "results/site"
# What stages publish in, what in there is no result, and the terms under which all of it goes out.
PUBLISHED, RECORD = ("data/clean", "results"), "results/reference"
TERMS = ("LICENSE", "LICENSE-DATA.md", "CITATION.cff")
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
    """Every file and link below the published folders of ``root``, and the terms, sorted.

    The record itself is none, nor are the listings of code: ``dvc.lock`` has them.
    """
    kept = {root / name for name in (RECORD, paths.CODE)}
    found = [path for folder in PUBLISHED for path in (root / folder).rglob("*") if not kept & {*path.parents}]
    return sorted(path for path in [*found, *(root / name for name in TERMS)] if path.is_symlink() or path.is_file())


def files(root: Path) -> pd.DataFrame:
    """Every published file: columns ``path``, ``md5`` of its bytes and ``content``, the digest of what it says.

    Raises ``ContentError`` for one that is damaged.
    """
    found = [(path, lineage.md5(path)) for path in published(root)]
    # The site holds copies of other results: each is read once.
    by_md5 = {md5: path for path, md5 in found}
    digests = {md5: content.digest_of(path.name, path.read_bytes()) for md5, path in by_md5.items()}
    rows = [(path.relative_to(root).as_posix(), md5, digests[md5]) for path, md5 in found]
    return pd.DataFrame(rows, columns=["path", "md5", "content"])


def numbers(root: Path) -> pd.DataFrame:
    """Every estimate: columns ``stage``, ``key``, ``value``, ``lower`` and ``upper``."""
    frames = [pd.read_csv(path).assign(stage=path.parent.name) for path in sorted(root.glob("results/*/estimates.csv"))]
    return pd.concat(frames)[["stage", "key", "value", "lower", "upper"]]


def columns(root: Path) -> pd.DataFrame:
    """Extent of every column of numbers in a published table or the data of a figure.

    Columns ``path``, ``column``, ``n``, ``least``, ``median``, ``greatest``, ``mean`` and ``tilt``. ``tilt`` is the
    mean of value times place, from -1 in the first row to 1 in the last: it moves when values change places. A value
    that is missing or infinite counts as 0 in it.
    """
    rows = [row for path in published(root) if _holds_data(root, path) for row in extents(root, path)]
    return pd.DataFrame(rows, columns=["path", "column", "n", *EXTENT])


def _holds_data(root: Path, path: Path) -> bool:
    return path.suffix == ".csv" and path.name != "estimates.csv" and root / SITE not in path.parents


def extents(root: Path, path: Path) -> Iterator[tuple[str | int | float, ...]]:
    """Path, name, number of values and ``EXTENT`` of every column of numbers in a table; all 0 for an empty one."""
    for name, values in pd.read_csv(path).select_dtypes("number").items():
        known = values.dropna()
        extent = (0.0,) * len(EXTENT)
        if len(known):
            tilt = np.mean(np.where(np.isfinite(values), values, 0) * np.linspace(-1, 1, len(values)))
            extent = tuple(map(float, (known.min(), known.median(), known.max(), known.mean(), tilt)))
        yield path.relative_to(root).as_posix(), str(name), len(known), *extent
