"""The audit of rows: published numbers move with the raw rows that they cite, and with no others."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import row_audit
from reproduction import cacao_repro

from pipeline.kit import paths


def copy_of_raw(folder: Path) -> Path:
    shutil.copytree(paths.RAW, folder / "data" / "raw")
    return folder


def test_rows_are_read_from_what_a_file_says() -> None:
    text = "effects:3-5,9;params:scenarios.adoption;costs:2 prices:7;"
    assert row_audit.rows_cited(text) == {
        *(("effects", line) for line in (3, 4, 5, 9)),
        ("costs", 2),
        ("prices", 7),
    }
    assert row_audit.rows_cited(float("nan")) == set()


def test_all_figures_move_but_those_that_are_kept(tmp_path: Path) -> None:
    folder, kept = copy_of_raw(tmp_path), {("effects", 2), ("effects", 3), ("costs", 5)}
    moved = row_audit.move(folder, kept, "seed")
    assert not moved & kept
    assert len(moved) > 20_000
    for table in ("effects", "costs", "local_prices", "worldbank_prices_monthly"):
        before, after = (pd.read_csv(root / f"{table}.csv") for root in (paths.RAW, folder / "data" / "raw"))
        changed = {(table, line + 2) for line in before.index if not before.loc[line].equals(after.loc[line])}
        assert changed == {row for row in moved if row[0] == table}


def test_a_number_that_moves_although_it_cites_nothing_that_moved_is_found() -> None:
    before = pd.DataFrame(
        {"value": [1.0, 2.0, 3.0], "lower": float("nan"), "upper": 5.0, "raw_rows": ["a:2-4", "a:9", "b:2"]},
        index=["cites", "does_not", "stays"],
    )
    after = before.assign(value=[1.1, 2.1, 3.0])
    assert row_audit.moved_without_citing(before, after, {("a", 3), ("b", 2)}) == ["does_not"]


@pytest.mark.slow
def test_no_number_moves_when_all_rows_move_that_no_number_cites(fresh: Path, copy: Path) -> None:
    before = row_audit.estimates(fresh)
    kept = set().union(*map(row_audit.rows_cited, before["raw_rows"]))
    moved = row_audit.move(copy, kept, "nobody cites")
    assert len(moved) > 10_000
    cacao_repro(copy, "06_model_fertilizer", "08_model_price_response")
    assert row_audit.moved_without_citing(before, row_audit.estimates(copy), moved) == []
