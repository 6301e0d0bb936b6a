"""One name, one definition, one number: over all pages, the brief and the calculator, equal words have equal "
"numbers."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

LANGUAGES = ("en", "id")
NUMBER = re.compile(r"[−-]?\d[\d.,]*")
# What a number stands in: the parts of a page that say something.
BLOCKS = "p, li, figcaption, dd, caption"
# Pages that show tables of data, where many rows have the words of their head in common.
LISTS = ("sources", "numbers", "dictionary", "parameters", "quality", "glossary", "explore", "conflicts")


@pytest.fixture(scope="module")
def estimates(fresh: Path) -> pd.DataFrame:
    """All published numbers."""
    files = sorted((fresh / "results").glob("*/estimates.csv"))
    frame = pd.concat(
        [pd.read_csv(file, dtype={"unit": "str", "basis": "str"}).assign(stage=file.parent.name) for file in files]
    )
    return frame.fillna({"basis": ""}).set_index("key", drop=False)


@pytest.fixture(scope="module")
def pages(fresh: Path) -> dict[str, dict[str, BeautifulSoup]]:
    """Every page that tells something, by language and name; the brief and the calculator are among them."""
    found = {}
    for language in LANGUAGES:
        files = [f for f in (fresh / "results" / "site" / language).glob("*.html") if f.stem not in LISTS]
        found[language] = {file.stem: BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser") for file in files}
        assert {"index", "brief", "calculator", "10_scenarios"} <= set(found[language])
    return found


# What each number speaks of.


def test_no_price_without_a_date(estimates: pd.DataFrame) -> None:
    money = estimates[estimates["unit"].str.contains("Rp|USD|beans")]
    undated = money[~money["basis"].str.contains(r"\b(?:19|20)\d\d\b")]
    assert len(money) > 200
    assert undated["key"].tolist() == []


def test_no_amount_per_hectare_without_the_hectare(estimates: pd.DataFrame) -> None:
    amounts = estimates[estimates["unit"].str.contains("/ha")]
    assert len(amounts) > 100
    assert amounts.loc[~amounts["basis"].str.contains("TM|total area"), "key"].tolist() == []


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (r"^(?:loss|loss_there|pod_borer)\.", "pod borer|black pod|dieback"),
        (r"^control\.", "with (?:pod borer|black pod|dieback)"),
        (r"^scenario\..*(?:net_income|cost|extra_kg|ratio|loss)", "with pod borer"),
        (r"^(?:cause|first)\.pod_borer", "pod borer"),
        (r"^(?:cause|first)\.fertilizer", "no price is in it"),
        (r"^(?:cause)\.technique", "one study, in West Africa"),
        (r"^fertilizer\.(?!price_step|maize).*", "average mature hectare"),
    ],
)
def test_a_label_names_the_pest_and_the_hectare(estimates: pd.DataFrame, keys: str, words: str) -> None:
    chosen = estimates[estimates["key"].str.contains(keys)]
    assert len(chosen)
    assert chosen.loc[~chosen["basis"].str.contains(words), "key"].tolist() == []


def test_the_pests_stand_with_black_pod_beside_them(estimates: pd.DataFrame) -> None:
    alone, both = (estimates.loc[f"cause.{name}"] for name in ("pod_borer", "pod_borer_and_black_pod"))
    assert (both[["lower", "value", "upper"]] > alone[["lower", "value", "upper"]]).all()


def test_no_measure_of_very_low_certainty_is_ranked(fresh: Path, estimates: pd.DataFrame) -> None:
    results = fresh / "results"
    certainties = pd.read_csv(results / "05_model_evidence" / "tables" / "certainty.csv").set_index("measure")
    weak = set(certainties.index[certainties["steps"] < 2])
    assert weak == set(certainties.index) - {"mineral_fertilizer"}
    ranked = set(pd.read_csv(results / "10_scenarios" / "tables" / "summary.csv")["name"])
    assert not ranked & {*weak, "borer_sanitation", "training_fertilizer", "full_package"}
    assert not {"first.knowledge", "first.technique"} & set(estimates.index)
    worth = {key for key in estimates.index if key.startswith(("information.", "plots.", "first."))}
    assert not {key for key in worth if "pruning" in key or "technique" in key}


# One number for one thing.


def test_numbers_of_one_meaning_have_one_value(estimates: pd.DataFrame) -> None:
    """Two keys whose last word, basis, unit and method agree name one thing, unless what stands before tells them "
    "apart."""
    for loss, ratio in (("net_income", "probability_loss"),):
        for case in ("ceiling", "market"):
            income, chance = (estimates.loc[f"fertilizer.{name}.{case}"] for name in (loss, ratio))
            # A median above zero and a loss in more than half of the draws exclude each other.
            assert (income["value"] > 0) == (chance["value"] < 0.5)
    same = {
        "grower.kutai_timur.yield_kg_per_ha": "kutai_timur.yield_mature",
        "grower.kutai_timur.mature_ha": "kutai_timur.area_mature",
        "export.kutai_timur.now.tonnes": "kutai_timur.production",
        "survey.prior.present_yield": "kutai_timur.yield_mature",
        "cause.gap": "kutai_timur.gap",
    }
    for one, other in same.items():
        first, second = (estimates.loc[key, ["value", "lower", "upper"]].astype(float) for key in (one, other))
        assert first.tolist() == pytest.approx(second.tolist(), rel=1e-4, abs=0.01), (one, other)


def links(page: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Keys of numbers in sentences, and the number as it is shown."""
    for link in page.select("a.n[href*='numbers/']"):
        key = re.search(r"numbers/(.+)\.html$", str(link["href"]))
        if key and NUMBER.search(link.get_text()):
            yield key[1], link.get_text(" ", strip=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_is_shown_in_one_way_on_all_pages(pages: dict, language: str) -> None:
    """Its value is written with the same digits wherever it stands, whether or not interval and unit are beside it."""
    shown: dict[str, dict[str, str]] = defaultdict(dict)
    for name, page in pages[language].items():
        for key, text in links(page):
            first = NUMBER.search(text)
            kind = "percent" if re.fullmatch(r"[\d.,]+\s*%", text) else "value"
            if first:
                shown[f"{key} {kind}"].setdefault(first[0].rstrip(".,"), name)
    assert len(shown) > 100
    assert {key: places for key, places in shown.items() if len(places) > 1} == {}


def sentences(page: BeautifulSoup) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Sentences with numbers: their words with # for each number, and the numbers."""
    for block in page.select(BLOCKS):
        text = " ".join(block.get_text(" ").split())
        for sentence in re.split(r"(?<=[.;:!?]) ", text):
            numbers = tuple(number.rstrip(".,") for number in NUMBER.findall(sentence))
            words = NUMBER.sub("#", sentence)
            if numbers and len(re.findall(r"[^\W\d_]{2,}", words)) >= 4:
                yield words, numbers


def unequal(pages: dict[str, BeautifulSoup]) -> dict[str, dict[tuple[str, ...], str]]:
    """Sentences that several pages have in common but for their numbers."""
    said: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for name, page in pages.items():
        for words, numbers in sentences(page):
            said[words].setdefault(numbers, name)
    return {words: places for words, places in said.items() if len(set(places.values())) > 1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_equal_words_have_equal_numbers_on_all_pages(pages: dict, language: str) -> None:
    assert sum(1 for page in pages[language].values() for _ in sentences(page)) > 300
    assert unequal(pages[language]) == {}


def test_unequal_numbers_for_equal_words_are_found() -> None:
    said = "<p>Subsidised fertilizer loses money with a chance of {} %.</p>"
    start, brief = (BeautifulSoup(said.format(chance), "html.parser") for chance in (17, 18))
    assert len(unequal({"index": start, "brief": brief})) == 1
    assert unequal({"index": start, "brief": start}) == {}


def rows(table: Tag) -> Iterator[tuple[str, str, str]]:
    """Name of the row, head of the column and number of every cell of a table that starts with a number."""
    heads = [head.get_text(" ", strip=True) for head in table.select("tr")[0].find_all("th")]
    for row in table.select("tr"):
        cells = row.find_all(["th", "td"])
        if len(cells) == len(heads) and row.find("td"):
            name = cells[0].get_text(" ", strip=True)
            for head, cell in zip(heads[1:], cells[1:], strict=True):
                number = NUMBER.match(cell.get_text(" ", strip=True))
                if number:
                    yield name, head, number[0].rstrip(".,")


@pytest.mark.parametrize("language", LANGUAGES)
def test_options_have_the_same_numbers_on_the_start_page_in_the_brief_and_in_the_calculator(
    pages: dict, language: str
) -> None:
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    kinds = {"loss": r"loss|rugi", "cost": r"^cost|^biaya", "income": r"income|pendapatan|million rp/ha|juta rp/ha"}
    for name in ("index", "brief", "calculator"):
        for table in pages[language][name].select("table"):
            for option, head, number in rows(table):
                kind = next((k for k, words in kinds.items() if re.search(words, head, re.IGNORECASE)), "")
                if kind:
                    found[option, kind][name] = number.replace("-", "−")
    shared = {key: numbers for key, numbers in found.items() if len(numbers) > 1}
    assert {key[1] for key in shared} >= {"loss", "cost"}
    assert {key for key, numbers in shared.items() if "calculator" in numbers}
    assert {key: numbers for key, numbers in shared.items() if len(set(numbers.values())) > 1} == {}
