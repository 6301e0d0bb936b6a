"""What a fetched file says that the snapshot does not, and the other way round."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

SHOWN = 12  # lines of each kind on the screen; all of them stand in differences.csv
COLUMNS = ["kind", "row", "column", "snapshot", "fetched"]


@dataclass(frozen=True)
class Differences:
    """Keys of ``added`` and ``vanished`` rows, revised cells, and columns that only one side has."""

    added: list[str]
    vanished: list[str]
    revised: list[tuple[str, str, str, str]]
    columns: list[str]
    new_years: list[int]

    def __bool__(self) -> bool:
        return bool(self.added or self.vanished or self.revised or self.columns)

    def table(self) -> pd.DataFrame:
        """All differences, one per row: ``kind``, ``row``, ``column``, ``snapshot``, ``fetched``."""
        rows = [("column", "", column, "", "") for column in self.columns]
        rows += [("new", row, "", "", "") for row in self.added]
        rows += [("vanished", row, "", "", "") for row in self.vanished]
        rows += [("revised", *cell) for cell in self.revised]
        return pd.DataFrame(rows, columns=COLUMNS)

    def summary(self, left_out: Sequence[str] = ()) -> str:
        """What changed, for the screen; long lists are cut and say so."""
        notes = [f"  {note}" for note in left_out]
        if not self:
            return "\n".join([*notes, "  no differences"])
        years = f", new years {', '.join(map(str, self.new_years))}" if self.new_years else ""
        revised = [f"{row}, {column}: {before} -> {after}" for row, column, before, after in self.revised]
        lines = [f"  columns: {', '.join(self.columns)}"] if self.columns else []
        lines += _listed(f"new rows: {len(self.added)}{years}", self.added)
        lines += _listed(f"revised values: {len(revised)}", revised)
        lines += _listed(f"vanished rows: {len(self.vanished)}", self.vanished)
        return "\n".join([*notes, *lines])


def compare(before: pd.DataFrame, after: pd.DataFrame, key: Sequence[str], numbers: Sequence[str]) -> Differences:
    """Differences between rows of one source, both as text, matched by ``key``; ``numbers`` compare as numbers."""
    columns = [f"{name} is missing in the fetched file" for name in before.columns if name not in after]
    columns += [f"{name} is new in the fetched file" for name in after.columns if name not in before]
    old, new = before.set_index(list(key)), after.set_index(list(key))
    both = old.index.intersection(new.index)
    revised = []
    for column in [name for name in old.columns if name in new]:
        left, right = old.loc[both, column], new.loc[both, column]
        same = _same_numbers(left, right) if column in numbers else left.fillna("").eq(right.fillna(""))
        for place in both[~same.to_numpy()]:
            revised.append((_row(key, place), column, _cell(left.at[place]), _cell(right.at[place])))
    years = sorted(set(after["year"].astype(int)) - set(before["year"].astype(int)))
    added, vanished = (_rows_in(key, one.index, other.index) for one, other in ((new, old), (old, new)))
    return Differences(added, vanished, revised, columns, years)


def _same_numbers(left: pd.Series, right: pd.Series) -> pd.Series:
    one, other = (pd.to_numeric(side.astype(object), errors="coerce").astype(float) for side in (left, right))
    return pd.Series(np.isclose(one, other, rtol=0, atol=1e-9, equal_nan=True), index=left.index)


def _rows_in(key: Sequence[str], index: pd.Index, other: pd.Index) -> list[str]:
    return [_row(key, place) for place in index[~index.isin(other)]]


def _row(key: Sequence[str], place: tuple[str, ...]) -> str:
    return " ".join(f"{name} {value}" for name, value in zip(key, place, strict=True))


def _cell(value: object) -> str:
    return "missing" if pd.isna(value) else str(value)


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    more = [f"    ... and {len(lines) - SHOWN} more, all in differences.csv"] if len(lines) > SHOWN else []
    return [f"  {title}", *(f"    {line}" for line in lines[:SHOWN]), *more]
