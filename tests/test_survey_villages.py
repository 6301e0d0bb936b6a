"""Villages to visit: those that sources name, by the longest name that fits, and the rest by lot from known places."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.data.citations import sources_in
from pipeline.kit.data.contracts import read_clean
from pipeline.kit.data.sources import load_raw
from pipeline.study.evidence.tables import PEST_REPORTS
from pipeline.study.plots.survey_size import DRAWN, NAMED, places_with_cacao, to_visit
from pipeline.study.prices.tables import LOCAL_PRICES
from pipeline.study.statistics.tables import REGIONAL_STATISTICS

LIST = load_raw("villages_kutai_timur")


@pytest.fixture(scope="module")
def places(reproduced_module) -> pd.DataFrame:
    """Places of the real tables."""
    return places_with_cacao(*map(read_clean, (REGIONAL_STATISTICS, PEST_REPORTS, LOCAL_PRICES)))


def made(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["place", "source_id"])


def test_villages_that_sources_name_are_found_under_the_spelling_of_the_list(places: pd.DataFrame) -> None:
    found = to_visit(LIST, places, float("nan"), 1).set_index("village")
    assert set(found.index) == {
        *("Long Bentuq", "Long Lees", "Long Nyelong", "Rantau Sentosa"),
        *("Karangan Hilir", "Mukti Lestari", "Pengadan Baru"),
    }
    assert set(found["why"]) == {NAMED}
    assert "teropongmedia_2019_03" in sources_in([found.loc["Karangan Hilir", "sources"]])
    # The source that says "Pengadan Baru" says nothing of the village Pengadan in another subdistrict.
    assert found.loc["Pengadan Baru", "subdistrict"] == "Kaubun"
    assert "Pengadan" not in found.index


def test_a_potential_and_a_price_of_fertilizer_name_no_village(places: pd.DataFrame) -> None:
    assert not places["place"].str.contains("Wahau|Teluk Pandan|Sandaran").any()
    statistics = pd.DataFrame(
        [("Sandaran", "Kutai Timur", "area_potential", "one"), ("Busang", "Berau", "area_total", "two")],
        columns=["region", "parent", "quantity", "source_id"],
    )
    pests = pd.DataFrame(columns=["region", "parent", "source_id"])
    prices = pd.DataFrame(
        [
            ("Karangan, Kutai Timur", "npk", "three"),
            ("Busang, Kutai Timur", "cocoa_wet", "four"),
            (None, "cocoa_wet", ""),
        ],
        columns=["place", "item", "source_id"],
    )
    assert list(places_with_cacao(statistics, pests, prices)["source_id"]) == ["four"]


def test_part_of_a_word_is_no_name() -> None:
    assert to_visit(LIST, made(("Long Leesan and Mukti Lestarindo", "one")), 3.0, 1).empty


@given(number=st.one_of(st.just(float("nan")), st.integers(0, 60).map(float)), seed=st.integers(0, 2**31))
def test_lot_fills_up_from_the_subdistricts_named_and_from_no_other(number: float, seed: int) -> None:
    places = made(("Busang (Long Bentuk, Long Lees)", "one"), ("Karangan, Kutai Timur", "two"))
    found = to_visit(LIST, places, number, seed)
    within = LIST[LIST["subdistrict"].isin({"Busang", "Karangan"})]
    wanted = 2 if number != number else min(len(within), max(2, int(number)))
    assert len(found) == wanted
    assert found["village"].is_unique
    assert set(found["village"]) <= set(within["village"])
    assert set(found.loc[found["why"] == NAMED, "village"]) == {"Long Bentuq", "Long Lees"}
    # A village drawn by lot is known from the list alone.
    listed = LIST.set_index("village")["source_id"]
    assert (found["why"].eq(DRAWN) == found["sources"].eq(found["village"].map(listed))).all()
    pd.testing.assert_frame_equal(found, to_visit(LIST, places, number, seed))


def test_another_seed_draws_other_villages() -> None:
    places = made(("Busang, Karangan, Kaubun", "one"))
    drawn = {tuple(to_visit(LIST, places, 4.0, seed)["village"]) for seed in range(20)}
    assert len(drawn) > 10
