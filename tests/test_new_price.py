"""A price is recorded in one line, with who said it; what cannot be is named, and then nothing is written."""

import datetime
import hashlib
from pathlib import Path

import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.kit.data import sources
from pipeline.kit.data.contracts import ContractError
from pipeline.study.prices import clean

LINE = ["prices", "add", "cocoa_dry_not_stated", "Karangan, Kutai Timur", "42000", "2026-11-20"]
TOLD = ["--said-by", "Amir, collector", "--words", "42 ribu per kilo"]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_price_that_was_said_becomes_a_row_with_its_words_and_its_source(raw: Path) -> None:
    before = pd.read_csv(raw / "local_prices.csv", dtype="str")
    assert main([*LINE, *TOLD]) == 0
    after = pd.read_csv(raw / "local_prices.csv", dtype="str")
    pd.testing.assert_frame_equal(after.iloc[:-1], before)
    row = after.iloc[-1]
    assert row["price_id"] not in set(before["price_id"])
    told = ["item", "place", "region_group", "market", "date_from", "value", "unit", "status"]
    assert row[told].tolist() == [
        "cocoa_dry_not_stated", "Karangan, Kutai Timur", "kutai_timur", "farm_gate", "2026-11-20", "42000", "idr/kg",
        "estimate",
    ]  # fmt: skip
    reading = pd.read_csv(raw / "readings.csv", dtype="str").iloc[-1]
    assert reading[["table", "row_id", "words"]].tolist() == ["local_prices", row["price_id"], "42 ribu per kilo"]
    assert reading["read_on"] == datetime.date.today().isoformat()
    record = sources.load_registry()["sources"][row["source_id"]]
    assert (record["publisher"], record["url"], record["redistribute"]) == ("Amir, collector", None, "facts_only")
    assert not record["licence"]["confirmed"]
    sources.verify()
    prices = clean.local_prices(1.6)
    assert prices.iloc[-1][["price_idr_per_kg", "price_id"]].tolist() == [42_000, row["price_id"]]


def test_a_price_of_a_quintal_that_a_page_prints_is_one_of_a_kg_from_the_press(raw: Path) -> None:
    page = ["--url", "https://example.org/harga", "--per", "quintal", "--group", "sulawesi", "--market", "collector"]
    line = ["prices", "add", "cocoa_wet", "Luwu", "1550000", "2026-11", "--said-by", "Harian X", "--words", "1,55 juta"]
    assert main([*line, *page]) == 0
    row = pd.read_csv(raw / "local_prices.csv", dtype="str").iloc[-1]
    assert row[["value", "region_group", "market", "status", "warnings"]].tolist() == [
        "15500", "sulawesi", "collector", "press", "press_figure",
    ]  # fmt: skip
    assert "1550000 Rp for 100 kg" in row["note"]
    record = sources.load_registry()["sources"][row["source_id"]]
    assert (record["url"], record["read_as"]) == ("https://example.org/harga", "press")
    sources.verify()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({2: "cocoa"}, "item: 'cocoa' is not one of cocoa_dry_fermented"),
        ({3: " "}, "place: ' ' is no line of text"),
        ({3: "a\nb"}, "place: 'a\\nb' is no line of text"),
        ({4: "4200000"}, "4.2e+06 Rp for a kg of cocoa_dry_not_stated is not between 1000 and 500000"),
        ({4: "-5"}, "-5 Rp for a kg of cocoa_dry_not_stated is not between"),
        ({4: "nan"}, "nan Rp for a kg"),
        ({5: "2099-01-01"}, "column date_from: '2099-01-01' is no year, month or day up to today"),
        ({5: "20-11-2026"}, "'20-11-2026' is no year, month or day up to today"),
        ({5: "2026-02-30"}, "'2026-02-30' is no year, month or day up to today"),
        ({7: "?!"}, "said_by: '?!' has no letter to make a name of"),
        ({9: "x" * 300}, "words: 300 letters are more than a figure, at most 200"),
        ({10: "--url", 11: "example.org"}, "url: 'example.org' is no address"),
        ({10: "--market", 11: "port of call"}, "market: 'port of call' is not one of farm_gate"),
        ({10: "--per", 11: "bag"}, "per: 'bag' is not one of kg, quintal, sack50"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_written(
    raw: Path, capsys: pytest.CaptureFixture[str], changed: dict[int, str], said: str
) -> None:
    before, line = files(raw), [*LINE, *TOLD, "--group", "kutai_timur"]
    for place, word in changed.items():
        line[place] = word
    assert main(line) == 1
    assert said in capsys.readouterr().err
    assert files(raw) == before


def test_the_same_person_on_the_same_day_is_told_apart_and_a_second_price_is_not_lost_silently(
    raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*LINE, *TOLD]) == 0
    before = files(raw)
    assert main([*LINE, *TOLD]) == 1
    assert "price_amir_collector_2026_11_20 is in sources.yaml already" in capsys.readouterr().err
    assert files(raw) == before


def changed(raw: Path, table: str, column: str, value: str) -> None:
    """Write a value into the 21st row of a raw table, and record the table as it then is."""
    path, register = raw / f"{table}.csv", raw / "sources.yaml"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    frame.loc[20, column] = value
    frame.to_csv(path, index=False)
    new = hashlib.sha256(path.read_bytes()).hexdigest()
    register.write_text(register.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    sources.load_registry.cache_clear()


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("unit", "idr/sack", "column unit: 'idr/sack' is not idr/kg"),
        ("unit", "", "column unit: nan is not idr/kg"),
        ("date_from", "2026-13", "column date_from: '2026-13' is no year, month or day"),
        ("date_from", "2099-01", "column date_from: '2099-01' is no year, month or day up to today"),
        ("value", "2500000", "2.5e+06 Rp for a kg of cocoa_dry_unfermented is not between"),
        ("value", "7.5", "7.5 Rp for a kg of cocoa_dry_unfermented is not between"),
    ],
)
def test_a_row_of_local_prices_that_cannot_be_is_named(raw: Path, column: str, value: str, said: str) -> None:
    changed(raw, "local_prices", column, value)
    with pytest.raises(ContractError) as error:
        clean.local_prices(1.6)
    assert f"line 22 (F021), {said}" in str(error.value).replace("F021), column value: ", "F021), ")


@pytest.mark.parametrize("value", ["2099-01", "2026", "2026-1", "", "2026-01-05"])
def test_a_reference_price_is_of_a_month_up_to_today(raw: Path, value: str) -> None:
    changed(raw, "cocoa_reference_prices", "month", value)
    with pytest.raises(ContractError, match=r"line 22, column month: .* is no month up to today"):
        clean.reference_prices()


def test_a_gap_in_the_months_of_world_prices_is_named(raw: Path) -> None:
    path, register = raw / "worldbank_prices_monthly.csv", raw / "sources.yaml"
    text = path.read_text(encoding="utf-8")
    kept = "\n".join(line for line in text.split("\n") if not line.startswith("2001,7,"))
    assert kept != text
    path.write_text(kept, encoding="utf-8")
    hashes = [hashlib.sha256(words.encode("utf-8")).hexdigest() for words in (text, kept)]
    register.write_text(
        register.read_text(encoding="utf-8").replace(*hashes).replace("rows: 797", "rows: 796"), encoding="utf-8"
    )
    sources.load_registry.cache_clear()
    with pytest.raises(ContractError, match="worldbank_prices_monthly: no row for 2001-07; months must follow"):
        clean.world_prices(46.0)
