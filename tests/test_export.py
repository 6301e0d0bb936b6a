"""What could be shipped: tonnes are hectares times yield, premiums break even exactly, bad input is named."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.data.citations import count_rows, sources_in
from pipeline.study.evidence import clean as evidence_clean
from pipeline.study.names import REGENCIES
from pipeline.study.prices import clean
from pipeline.study.prices.scope import Dated
from pipeline.study.scenarios import charts, export
from pipeline.study.scenarios.options import Measure, Option

DATED = Dated({name: f"{name} bean price" for name in ("present", "low", "high", "berau", "peak")}, "2026-01")

SIZE = 200
NO_LIMIT = 1e9


@pytest.fixture(scope="module")
def growers() -> pd.DataFrame:
    """Simulated draws of the three regencies; production is hectares times yield."""
    rng = np.random.default_rng(1)
    columns = {}
    for regency in export.REGENCIES:
        columns[f"{regency}_yield_kg_per_ha"] = rng.uniform(300, 1200, SIZE)
        columns[f"{regency}_mature_ha"] = rng.uniform(500, 3000, SIZE)
        product = columns[f"{regency}_yield_kg_per_ha"] * columns[f"{regency}_mature_ha"]
        columns[f"{regency}_production_t"] = product / 1000
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    return clean.local_prices(1.6)


def doubling(needs_borer: bool = False) -> Option:
    return Option("double", (Measure("pests", np.full(SIZE, np.log(2)), np.ones(SIZE), needs_borer),))


def no_borer() -> pd.DataFrame:
    """Draws of pests of which none takes anything."""
    return pd.DataFrame({"attacked_area": np.full(SIZE, 0.5), "loss_pod_borer_there": np.zeros(SIZE)})


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.9))
def test_all_hectares_that_take_part_together_double_the_crop(growers, area, lost):
    # Where everybody takes part, hectares with and without the borer add up to the regency: doubling each doubles it.
    pests = pd.DataFrame({"attacked_area": np.full(SIZE, area), "loss_pod_borer_there": np.full(SIZE, lost)})
    found = export.tonnes_by_regency(growers, [doubling()], pests, np.full(SIZE, area), 1.0, NO_LIMIT)
    for regency in export.REGENCIES:
        assert found[regency, "double"] == pytest.approx(2 * found[regency, export.NOW])


@given(st.floats(0, 1), st.floats(0, 1))
def test_tonnes_are_hectares_times_yield_now_and_with_an_option(growers, adoption, borer):
    with_borer = np.full(SIZE, borer)
    options = [doubling(), doubling(True)]
    found = export.tonnes_by_regency(growers, options, no_borer(), with_borer, adoption, NO_LIMIT)
    assert {regency for regency, _ in found} == set(export.REGENCIES) == set(REGENCIES)
    for regency in export.REGENCIES:
        now = growers[f"{regency}_mature_ha"] * growers[f"{regency}_yield_kg_per_ha"] / 1000
        assert found[regency, export.NOW] == pytest.approx(now)
        # The second option has the name of the first and replaces it: it doubles only where the borer is.
        assert found[regency, "double"] == pytest.approx(now * (1 + adoption * borer))


def test_no_option_lifts_a_yield_above_the_ceiling(growers):
    found = export.tonnes_by_regency(growers, [doubling()], no_borer(), np.ones(SIZE), 1.0, 1300.0)
    for regency in export.REGENCIES:
        most = growers[f"{regency}_mature_ha"] * 1300.0 / 1000
        assert (found[regency, "double"] <= most + 1e-9).all()


def test_missing_regency_or_yield_is_named(growers):
    without = growers.drop(columns=["berau_production_t", "berau_mature_ha"])
    with pytest.raises(ValueError, match="no mature_ha, production_t for berau"):
        export.tonnes_by_regency(without, [], no_borer(), np.ones(SIZE), 0.5, NO_LIMIT)
    bad = growers.assign(mahakam_ulu_yield_kg_per_ha=np.nan)
    with pytest.raises(ValueError, match="mahakam_ulu: draws of yield_kg_per_ha"):
        export.regency_state(bad, "mahakam_ulu")


@given(st.floats(1, 5000), st.floats(1000, 2e5), st.floats(1000, 20000))
def test_value_in_dollars_is_value_in_rupiah_at_the_rate(tonnes, price, rate):
    rupiah, dollars = export.crop_value(np.array([tonnes]), price, rate)
    assert rupiah == pytest.approx(tonnes * 1000 * price)
    assert dollars * rate == pytest.approx(rupiah)


@pytest.mark.parametrize(
    ("price", "rate", "named"), [(0.0, 15000.0, "price of dry beans is 0"), (70000.0, 0.0, "exchange rate is 0")]
)
def test_price_or_rate_of_zero_is_named(price, rate, named):
    with pytest.raises(ValueError, match=named):
        export.crop_value(np.ones(3), price, rate)


@given(st.floats(100, 2000), st.floats(0.2, 1), st.floats(0.5, 5))
def test_hectares_and_farmers_that_fill_a_container_grow_just_that(yield_now, share, size):
    needed = export.to_fill(12.5, np.array([yield_now]), np.array([share]), size)
    assert needed["mature_ha"] * yield_now / 1000 == pytest.approx(12.5)
    assert needed["farmers"] * size * share * yield_now / 1000 == pytest.approx(12.5)


# Fermentation.


def wages(idr_per_day: float, *years: int) -> pd.DataFrame:
    return pd.DataFrame({"idr_per_day": idr_per_day, "source_id": "w"}, index=list(years or (2024, 2025, 2026)))


def test_pairs_are_those_printed_for_berau_bulungan_and_aceh(prices):
    # Bulungan prints 65,000 to 80,000 for fermented beans: the middle. Labour is paid in the wage of the year.
    paid = wages(150000.0)
    paid.loc[2026, "idr_per_day"] = 160000.0
    pairs = export.fermentation_pairs(prices, paid)
    assert pairs[["place", "unfermented_idr_per_kg", "fermented_idr_per_kg"]].to_numpy().tolist() == [
        ["Berau", 80000, 117000],
        ["Bulungan", 40000, 72500],
        ["Aceh Tamiang, Aceh", 42300, 43000],
        ["Pidie, Aceh", 72500, 95000],
    ]
    assert pairs["weight_loss"].tolist() == pytest.approx([37 / 117, 32.5 / 72.5, 0.7 / 43, 22.5 / 95])
    assert pairs["days_per_t"].tolist() == pytest.approx(
        [37e6 / 150000, 32.5e6 / 160000, 0.7e6 / 150000, 22.5e6 / 150000]
    )
    assert [len(sources_in([cited])) for cited in pairs["source_id"]] == [3, 2, 2, 2]
    # Berau; the range that is printed for Bulungan, and its price of unfermented beans; Aceh.
    assert [count_rows([cited]) for cited in pairs["price_cites"]] == [2, 3, 2, 4]


def test_a_premium_of_a_year_without_a_wage_is_named(prices):
    with pytest.raises(ValueError, match="premium of 2026"):
        export.fermentation_pairs(prices, wages(150000.0, 2024, 2025))


@given(st.floats(50000, 500000))
def test_premium_is_gone_exactly_at_its_break_even(prices, wage):
    pairs = export.fermentation_pairs(prices, wages(wage))
    for pair in pairs.itertuples(index=False):
        left = export.labour_left(pairs, np.array([0.0, pair.weight_loss]))
        left = left[left["date_from"] == pair.date_from].set_index("weight_loss_percent")["days_per_t"]
        assert left[0.0] == pytest.approx(pair.days_per_t)
        assert left[pair.weight_loss * 100] == pytest.approx(0, abs=1e-9)
        # With that labour and no loss, a tonne leaves what it left before.
        assert 1000 * pair.fermented_idr_per_kg - pair.days_per_t * wage == pytest.approx(
            1000 * pair.unfermented_idr_per_kg
        )


@pytest.mark.parametrize(("price_id", "value"), [("F033", 0.0), ("F031", 0.0), ("F033", 70000.0), ("F031", np.nan)])
def test_pair_with_a_price_of_zero_or_without_a_premium_is_named(prices, price_id, value):
    column = prices["price_idr_per_kg"].astype(float).where(prices["price_id"] != price_id, value)
    with pytest.raises(ValueError, match="F031 and F033"):
        export.fermentation_pairs(prices.assign(price_idr_per_kg=column), wages(150000.0))


def test_prices_of_other_places_or_days_make_no_pair(prices):
    moved = prices.assign(place=prices["place"].where(prices["item"] != "cocoa_dry_fermented", "Kutai Timur"))
    with pytest.raises(ValueError, match="no place and period"):
        export.fermentation_pairs(moved, wages(150000.0))


# What is published.


def test_published_values_follow_the_tonnes(growers):
    drawn = export.tonnes_by_regency(growers, [doubling()], no_borer(), np.ones(SIZE), 0.5, NO_LIMIT)
    tonnes = {(regency, state.replace("double", "full_package")): crop for (regency, state), crop in drawn.items()}
    container = pd.Series({"value": 12.5, "source_id": "c@context:2"})
    found = export.crop_estimates(
        tonnes, {"present": 70000.0}, 16000.0, container, 0.5, DATED, lambda *_: ("x@prices:2",), ("r@rates:3",), 0.9, 1
    )
    by_key = {str(estimate.key): estimate for estimate in found}
    crop = by_key["export.berau.now.tonnes"]
    assert by_key["export.berau.full_package.tonnes"].basis.startswith(
        "Training + sleeving + fertilizer at ceiling; full dose of cocoa NPK; on 0.5 of the mature area; whole crop"
    )
    assert "assumed to hold 12.5 t" in by_key["export.berau.now.containers"].basis
    assert crop.basis.startswith("whole crop")
    assert by_key["export.berau.now.containers"].upper == pytest.approx(crop.upper / 12.5, rel=1e-5)
    assert by_key["export.berau.now.value_idr_present"].value == pytest.approx(crop.value * 0.07, rel=1e-5)
    assert by_key["export.berau.now.value_usd_present"].value == pytest.approx(crop.value * 70 / 16000, rel=1e-5)
    rests_on = {name: set(by_key[f"export.berau.now.{name}"].sources) for name in ("tonnes", "containers")}
    assert rests_on == {"tonnes": {"x@prices:2"}, "containers": {"x@prices:2", "c@context:2"}}
    in_dollars = by_key["export.berau.now.value_usd_present"]
    assert {"r@rates:3", "parameter@params:prices.cocoa_idr_per_kg"} <= set(in_dollars.sources)
    assert in_dollars.n == 2
    table = export.value_table(found)
    assert table.loc[("berau", "full_package", "present"), ("billion_idr", "value")] == pytest.approx(
        by_key["export.berau.full_package.value_idr_present"].value
    )
    assert len(table) == 2 * len(export.REGENCIES)
    rows = charts.export_rows(tonnes, 12.5, 0.9)
    assert (rows["lower"] <= rows["value"]).all()


def test_restated_figures_are_those_of_the_sources():
    found = {
        str(estimate.key): estimate
        for estimate in export.restated_estimates(
            evidence_clean.programme_context(), evidence_clean.baselines(), 70000.0, 16000.0, DATED, ("x",)
        )
    }
    assert found["export.reference_price"].value == 5662.38
    assert (found["fermentation.dry_year"].value, found["fermentation.wet_year"].value) == (48, 24)
    # 26.5 days per ha over the mean of 325.55 and 301.13 kg/ha.
    assert found["fermentation.all_labour"].value == pytest.approx(84.57, abs=0.01)


def test_one_container_in_hectares_farmers_and_villages(growers, regions):
    context = evidence_clean.programme_context().set_index("context_id", drop=False)
    village = regions[regions["figure_id"] == "K053"].iloc[0]
    found = export.container_estimates(context.loc["X003"], growers, np.full(SIZE, 0.6), 1.85, village, ["x"], 0.9, 1)
    by_key = {str(estimate.key): estimate.value for estimate in found}
    assert by_key["container.tonnes"] == 12.5
    yields = growers["kutai_timur_yield_kg_per_ha"]
    assert by_key["container.per_village"] == pytest.approx(100 * np.median(yields) / 1000 / 12.5, rel=1e-5)
    assert by_key["container.farmers"] == pytest.approx(by_key["container.mature_ha"] / 0.6 / 1.85, rel=1e-5)
