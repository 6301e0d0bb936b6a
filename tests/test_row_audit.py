"""The audit of rows: published numbers move with the raw rows that they cite, and with no others."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import row_audit
import yaml
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


def test_one_row_of_each_number_is_chosen_and_no_two_of_one() -> None:
    cites = {"a": {("t", 2), ("t", 3)}, "b": {("t", 3), ("t", 4)}, "c": {("u", 2)}}
    assert row_audit.one_of_each(cites, ()) == {("t", 2), ("t", 4), ("u", 2)}
    # The third row of the table is of two numbers: it moves both.
    assert row_audit.one_of_each(cites, {("t", 2), ("t", 4), ("u", 2)}) == {("t", 3)}


def test_a_number_that_stays_although_a_row_that_it_lists_moved_is_found() -> None:
    before = pd.DataFrame(
        {
            "value": [1.0, 2.0, 3.0, 4.0], "lower": float("nan"), "upper": float("nan"), "raw_rows": "a:2",
            "method": ["price", "price", "count", "price"],
        },
        index=["stays", "moves", "counts", "many"],
    )  # fmt: skip
    before.loc["many", "raw_rows"] = "a:2-99"
    after = before.assign(value=[1.0, 2.1, 3.0, 4.0])
    assert row_audit.listed_without_moving(before, after, {("a", 2)}) == [("stays", ("a", 2))]


def test_only_chosen_rows_move_and_of_a_study_all(tmp_path: Path) -> None:
    folder, chosen = copy_of_raw(tmp_path), {("costs", 5), ("effects", 2), ("worldbank_prices_monthly", 700)}
    moved = row_audit.move_only(folder, chosen, "seed")
    assert chosen <= moved
    effects = pd.read_csv(paths.RAW / "effects.csv")["source_id"]
    assert moved - chosen <= {("effects", line + 2) for line in effects.index[effects == effects[0]]}
    before, after = (
        pd.read_csv(root / "worldbank_prices_monthly.csv").loc[698] for root in (paths.RAW, folder / "data/raw")
    )
    cocoa, urea = (after[name] / before[name] for name in ("cocoa_usd_per_kg", "urea_usd_per_t"))
    assert cocoa != pytest.approx(urea, abs=1e-6)


def test_a_parameter_is_moved_and_a_number_that_moves_without_naming_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(
        "a:\n  # of b\n  x: 2\n\nb:\n  x: 0.5\n  as_of: '2026-01'\n", encoding="utf-8"
    )
    for name in ("b.x", "b.as_of", "a.x"):
        row_audit.move_parameter(tmp_path, name)
    moved = (tmp_path / "params.yaml").read_text(encoding="utf-8")
    assert moved == "a:\n  # of b\n  x: 1\n\nb:\n  x: 0.485\n  as_of: '2024-12'\n"
    with pytest.raises(ValueError, match="0 times"):
        row_audit.move_parameter(tmp_path, "a.y")
    before = pd.DataFrame(
        {"value": [1.0, 2.0, 3.0], "lower": 0.0, "upper": 5.0, "raw_rows": ["t:2 params:b.x", "params:b.xx", "t:2"]},
        index=["names", "names_another", "stays"],
    )
    after = before.assign(value=[1.1, 2.1, 3.0])
    assert row_audit.moved_without_naming(before, after, "b.x") == ["names_another"]


@pytest.mark.slow
def test_a_number_made_of_few_rows_moves_with_a_row_that_it_lists(fresh: Path, copy: Path) -> None:
    before = row_audit.estimates(fresh)
    made = row_audit.made_by_row(before)
    moved = row_audit.move_only(copy, row_audit.one_of_each(made, ()), "listed")
    assert len(moved) > 20
    cacao_repro(copy, *row_audit.ENDS)
    # Every stage that publishes a number made by row has run again.
    first, second = (yaml.safe_load((root / "dvc.lock").read_text())["stages"] for root in (fresh, copy))
    published = {path.parent.name: set(pd.read_csv(path)["key"]) for path in fresh.glob("results/*/estimates.csv")}
    assert {stage for stage, keys in published.items() if keys & set(made)} <= {
        stage for stage in second if second[stage] != first[stage]
    }
    assert row_audit.listed_without_moving(before, row_audit.estimates(copy), moved) == []
