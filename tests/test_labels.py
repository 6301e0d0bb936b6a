"""What labels of published numbers say: the prices that enter and no others, and what the value is."""

from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

from pipeline.kit.data.citations import from_columns, split_lists
from pipeline.kit.publish.estimates import VALUE_IS
from pipeline.site.catalogue import WORDS
from pipeline.study import result_tables

PARAMETER = "parameter@params:"
# Words of a basis that name a price, and parameters of which one is cited where that price enters.
NAMED = {
    r"bean price|peak price": (
        "prices.cocoa_idr_per_kg", "prices.low_cocoa_idr_per_kg", "prices.high_cocoa_idr_per_kg",
        "prices.berau_cocoa_idr_per_kg", "prices.peak_cocoa_idr_per_kg",
    ),
    r"\bwage\b": ("prices.working_days_per_month",),
    r"fertilizer price of|price of fertilizer": ("prices.fertilizer_multiplier",),
    r"freight as": ("fertilizer.transport_idr_per_kg",),
    r"training cost|freight and training": ("scenarios.training_years",),
}  # fmt: skip
# Numbers that rest on a choice or a plan that prices enter, and are none of money.
NOT_PRICED = r"(plots|survey\.(plots|villages)_needed)\."


def published(fresh: Path) -> pd.DataFrame:
    """All published numbers by key, with what they cite."""
    found = pd.concat(pd.read_csv(path) for path in sorted(fresh.glob("results/*/estimates.csv"))).set_index("key")
    columns = zip(found["sources"], found["raw_rows"].fillna(""), strict=True)
    return found.fillna({"basis": ""}).assign(cites=[split_lists([from_columns(*pair)]) for pair in columns])


@pytest.mark.parametrize("words", NAMED)
def test_a_basis_names_a_price_only_where_it_enters(fresh: Path, words: str) -> None:
    numbers = published(fresh)
    enters = numbers["cites"].map(lambda cites: bool({f"{PARAMETER}{name}" for name in NAMED[words]} & cites))
    named = numbers["basis"].str.contains(words)
    assert named.any()
    assert list(numbers.index[named & ~enters]) == []


@pytest.mark.parametrize("words", NAMED)
def test_a_priced_number_names_every_price_that_enters(fresh: Path, words: str) -> None:
    numbers = published(fresh)
    enters = numbers["cites"].map(lambda cites: bool({f"{PARAMETER}{name}" for name in NAMED[words]} & cites))
    money = numbers["unit"].str.contains("Rp|USD") & ~numbers.index.str.startswith(("price.", "fermentation."))
    assert list(numbers.index[money & enters & ~numbers["basis"].str.contains(words)]) == []


def test_only_dollars_and_training_name_an_exchange_rate(fresh: Path) -> None:
    numbers = published(fresh)
    turned = numbers["unit"].str.contains("USD") & (numbers["method"] != "published figure")
    named = numbers["basis"].str.contains("exchange rate")
    assert list(numbers.index[turned & ~named]) == []
    assert numbers.loc[named & ~turned, "basis"].str.contains("training cost").all()


def test_no_label_holds_an_identifier(fresh: Path) -> None:
    numbers = published(fresh)
    said = numbers["basis"] + " " + numbers["method"]
    assert list(numbers.index[said.str.contains(r"[a-z]_[a-z]")]) == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("fertilizer.probability_no_gain", "full dose of cocoa NPK"),
        ("fertilizer.half_dose.probability_loss.ceiling", "half of the full dose of cocoa NPK"),
        ("fertilizer.half_dose.probability_loss.ceiling", "ceiling price of fertilizer (HET) since 2025-10"),
        ("fertilizer.probability_loss.ceiling_before", "ceiling price of fertilizer (HET) before 2025-10"),
        ("fertilizer.quadratic_plateau.optimal_dose.market", "shop price of fertilizer of 2023-10, carried to 2026-01"),
        ("control.pod_sleeving.chance.low", "extra beans pay the control and their harvest"),
        ("survey.value.best_two", "choice between the two best packages; the best is; Fertilizer at ceiling price"),
        ("survey.value.best_two", "; a survey of plots without end; "),
        ("harm.mineral_fertilizer", "in a regency of Indonesia not yet studied; full dose of cocoa NPK"),
        ("harm.grafting", "in a regency of Indonesia not yet studied"),
        ("pod_borer.loss_at_96.sabah", "damage curve of Sabah; 96 % of pods attacked"),
        ("price_response.all", "price of cocoa over that of fertilizer; summed over the year of the change and the 4"),
        ("area_response.all", "summed over the year of the change and the 6 after it"),
        ("area_response.lag_0", "in the year of the change alone"),
        ("grower.kutai_timur.production_t", "Kutai Timur at present"),
        ("scenario.fertilizer_market.extra_kg", "full dose of cocoa NPK"),
        ("coverage.countries.95", "yearly changes of yield"),
        ("coverage.simulated_new.50", "one of each measure in each simulated set of studies"),
        ("information.training_cost", "not told from none"),
    ],
)  # fmt: skip
def test_a_label_says_what_the_number_is(fresh: Path, key: str, words: str) -> None:
    assert words in published(fresh).at[key, "basis"]


def test_a_share_of_draws_says_of_what(fresh: Path) -> None:
    numbers = published(fresh)
    bare = numbers[numbers["method"] == "share of draws"]
    assert set(bare["topic"]) == {"control"}
    assert bare["basis"].str.contains("extra beans pay").all()


def test_every_number_says_what_its_value_is(fresh: Path) -> None:
    numbers = published(fresh)
    assert set(numbers["value_is"]) <= set(VALUE_IS)
    said = numbers["value_is"]
    assert said["fertilizer.gain"] == "median of draws"
    assert said["effect.mineral_fertilizer"] == said["left.fungicide"] == "median of the posterior"
    assert said["export.reference_price"] == "published figure"
    assert said["forecast.crps"] == "mean"
    assert said["evidence.effects"] == said["engine.passed"] == "count"
    assert said["scenario.pod_sleeving.probability_loss"] == "share of draws"
    assert said["coverage.simulated_new.50"] == "share of cases"


def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize(("language", "words"), [("en", "median of draws"), ("id", "median simulasi")])
def test_the_page_of_a_number_says_what_the_value_is(fresh: Path, language: str, words: str) -> None:
    page = parsed(fresh / "results" / "site" / language / "numbers" / "fertilizer.gain.html")
    told = page.find("dt", string=WORDS["value_is"].in_language(language))
    assert isinstance(told, Tag)
    assert told.find_next_sibling("dd").get_text() == words  # type: ignore[union-attr]


@pytest.mark.parametrize("table", ["09_attribution.figures.causes", "10_scenarios.tables.cost_curve"])
def test_the_page_of_a_table_leads_to_the_cell_that_wrote_it_in_both_languages(fresh: Path, table: str) -> None:
    page, stage = fresh / f"results/site/files/rows/results/{table}.html", table.partition(".")[0]
    links = [str(link["href"]) for link in parsed(page).select(f'a[href*="/{stage}.html#cell-"]')]
    assert {link.split("/")[-2] for link in links} == {"en", "id"}
    for link in links:
        address, _, cell = link.partition("#")
        assert parsed((page.parent / address).resolve()).find(id=cell), link


def test_a_raw_row_whose_place_was_not_kept_says_so_in_both_languages(fresh: Path) -> None:
    rows = fresh / "results" / "site" / "files" / "rows" / "raw"
    both = ("place and words not kept", "tempat dan kata-katanya tidak dicatat")
    read = parsed(rows / "kaltim_statistics.html")
    column = [head.get_text() for head in read.select("thead th")].index("in the source")
    cells = [row.find_all(["th", "td"])[column].get_text() for row in read.select("tbody tr")]
    assert "" not in cells
    assert " / ".join(both) in cells
    # None of its rows has a reading: it is said once.
    assert "tidak dicatat" in parsed(rows / "tafo_shade_trial.html").get_text()


def test_a_cost_of_an_extra_kg_is_called_no_median() -> None:
    for table in ("10_scenarios/tables/cost_curve", "10_scenarios/figures/cost_curve"):
        told = result_tables.meaning(table, "value")
        assert told is not None
        assert told.en.startswith("Cost of an extra kg")
