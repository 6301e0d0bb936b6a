"""Every trap met in the published figures is caught, on the real raw tables wherever the trap is in them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit import paths
from pipeline.kit.data.citations import source_of
from pipeline.study.prices import clean
from pipeline.study.statistics import rules
from pipeline.study.statistics.clean import STATUS_ORDER, rank, regional_yields
from pipeline.study.yield_gap.attainable import mature_shares


def figure(regions: pd.DataFrame, figure_id: str) -> pd.Series:
    return regions.set_index("figure_id").loc[figure_id]


# Basis.


def test_mahakam_ulu_yields_on_two_bases_must_not_be_compared(regions):
    yields = regional_yields(regions)
    here = yields[yields["region"] == "Mahakam Ulu"]
    assert here[here["basis"] == "mature"]["yield_kg_per_ha"].tolist() == [440.0]
    total = here[(here["basis"] == "total") & (here["year"] == 2020)]["yield_kg_per_ha"]
    assert total.item() == pytest.approx(188.1, abs=0.1)
    with pytest.raises(rules.BasisError, match=r"mature: Mahakam Ulu; total: Mahakam Ulu"):
        rules.require_one_basis(here)


@pytest.mark.parametrize("basis", ["mature", "total"])
def test_yields_on_one_basis_may_be_compared(regions, basis):
    yields = regional_yields(regions)
    one = yields[yields["basis"] == basis]
    assert rules.require_one_basis(one) is one


@pytest.mark.parametrize("basis", ["unknown", None])
def test_yields_on_an_unknown_basis_must_not_be_compared(basis):
    with pytest.raises(rules.BasisError, match="Berau"):
        rules.require_one_basis(pd.DataFrame({"region": ["Berau"], "basis": [basis]}))


def test_official_yield_is_production_over_mature_area(regions):
    yields = regional_yields(regions)
    for region in ("Aceh", "Lampung"):
        for year in (2018, 2019):
            here = yields[(yields["region"] == region) & (yields["year"] == year)]
            printed = here[here["derivation"] == "printed"]["yield_kg_per_ha"].item()
            computed = here[here["derivation"] == "computed"].set_index("basis")["yield_kg_per_ha"]
            assert printed == pytest.approx(computed["mature"], rel=0.002)
            assert printed > 1.15 * computed["total"]


def test_no_mature_area_of_kutai_timur_is_known_for_any_year(regions):
    here = regions[regions["region"] == "Kutai Timur"]
    assert not here["quantity"].isin(["area_mature", "share_mature"]).any()
    assert "Kutai Timur" not in set(mature_shares(regions)["region"])


# Breaks of series.


@pytest.mark.parametrize("year", [1999, 2006, 2008])
@pytest.mark.parametrize("release", ["2022", "latest"])
def test_breaks_of_indonesia_are_marked_and_give_no_change(countries, year, release):
    series = countries[(countries["release"] == release) & (countries["iso3"] == "IDN")]
    at = series["year"] == year
    assert series[at]["is_break"].all()
    assert "series_break" in series[at]["warnings"].item()
    change = rules.annual_change(series, "area_harvested_ha", "country")
    assert change[at].isna().all()
    assert change[series["year"] == 2004].notna().all()


def test_only_the_known_breaks_are_marked(countries, regions):
    assert set(countries[countries["is_break"]]["iso3"]) == {"IDN"}
    assert set(regions[regions["is_break"]]["region"]) == {"East Kalimantan", "Kutai Timur"}


@pytest.mark.parametrize(
    ("region", "quantity", "before", "after"),
    [
        ("East Kalimantan", "area_total", 2012, 2013),
        ("East Kalimantan", "production", 2012, 2013),
        ("Kutai Timur", "area_total", 2020, 2025),
    ],
)
def test_regional_break_is_marked_and_gives_no_change(regions, region, quantity, before, after):
    usable = regions[~regions["is_screened"] & (regions["region"] == region) & (regions["quantity"] == quantity)]
    series = rank(usable).drop_duplicates("year")
    years = set(series["year"])
    assert {before, after} <= years
    assert series[series["year"] == after]["is_break"].all()
    assert not series[series["year"] == before]["is_break"].any()
    assert rules.annual_change(series, "value")[series["year"] == after].isna().all()


def test_every_figure_of_the_year_after_a_break_is_marked(regions):
    here = regions[(regions["region"] == "East Kalimantan") & (regions["year"] == 2013)]
    marked = here[here["is_break"]]["figure_id"]
    assert set(marked) >= {"K001", "K002", "K140", "K141", "K142"}


YEARS = st.lists(st.integers(1990, 2026), min_size=1, max_size=20, unique=True)


@given(YEARS, st.randoms(use_true_random=False))
def test_a_break_is_marked_once_at_the_first_year_after_it_in_any_order(years, random):
    random.shuffle(years)
    frame = pd.DataFrame({"region": "East Kalimantan", "year": years}, index=[f"r{year}" for year in years])
    marked = set(frame[rules.mark_breaks(frame)]["year"])
    before, after = [y for y in years if y <= 2012], [y for y in years if y >= 2013]
    assert marked == ({min(after)} if before and after else set())


@given(YEARS)
def test_a_region_without_breaks_has_none_marked(years):
    frame = pd.DataFrame({"region": "Paser", "year": years})
    assert not rules.mark_breaks(frame).any()


# Copied years.


def test_indonesia_2022_repeats_2021_in_the_latest_release(countries):
    latest = countries[(countries["iso3"] == "IDN") & (countries["release"] == "latest")].set_index("year")
    for column in ("area_harvested_ha", "production_t", "yield_kg_per_ha"):
        assert latest.loc[2021, column] == latest.loc[2022, column]
    assert latest.loc[2022, "is_copied"]
    assert "copied_year" in latest.loc[2022, "warnings"]
    assert not latest.loc[2021, "is_copied"]
    series = latest.reset_index()
    change = rules.annual_change(series, "yield_kg_per_ha", "country")
    assert change[series["year"] == 2022].isna().all()


def test_production_of_sulawesi_tengah_2023_is_marked_as_copied(regions):
    here = regions[(regions["region"] == "Sulawesi Tengah") & (regions["quantity"] == "production")]
    assert here[here["year"] == 2023]["is_copied"].all()
    assert not here[here["year"] == 2022]["is_copied"].any()


VALUES = st.lists(st.sampled_from([0.0, 1.0, 2.0, np.nan]), min_size=1, max_size=12)


@given(VALUES, VALUES, st.integers(1, 2))
def test_first_year_of_a_region_is_never_marked_as_copied(first, second, step):
    frame = pd.DataFrame(
        {
            "region": ["a"] * len(first) + ["b"] * len(second),
            "year": [*range(2000, 2000 + step * len(first), step), *range(1990, 1990 + step * len(second), step)],
            "value": first + second,
        }
    )
    marked = rules.mark_copied_years(frame, ["value"])
    assert not marked[frame.groupby("region")["year"].idxmin()].any()
    assert not marked[frame["value"].isna() | (frame["value"] == 0)].any()
    assert step == 1 or not marked.any()


def test_zero_that_stays_zero_is_not_a_copied_year():
    frame = pd.DataFrame({"region": "a", "year": [2000, 2001], "value": [0.0, 0.0]})
    assert not rules.mark_copied_years(frame, ["value"]).any()


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=10))
def test_annual_changes_add_up_to_the_change_over_all_years(values):
    frame = pd.DataFrame({"region": "a", "year": range(2000, 2000 + len(values)), "value": values})
    frame = frame.assign(is_break=False, is_copied=False).sample(frac=1, random_state=1)
    change = rules.annual_change(frame, "value")
    assert change.isna().sum() == 1
    assert change.sum() == pytest.approx(np.log(values[-1] / values[0]), abs=1e-9)


# Units.


def test_yields_in_hg_per_ha_are_refused():
    frame = pd.DataFrame(
        {
            "iso3": ["IDN", "GHA"],
            "year": [2020, 2020],
            "production_t": [700.0, 800.0],
            "area_harvested_ha": [1000.0, 1000.0],
            "yield_kg_per_ha": [700.0, 8000.0],
        }
    )
    with pytest.raises(ValueError, match=r"1 yields are ten times .* hg/ha: GHA 2020: 8000"):
        rules.require_kg_per_ha(frame)


def test_faostat_as_stored_is_in_kg_per_ha(countries):
    stored = countries[countries["release"] == "2022"]
    assert rules.require_kg_per_ha(stored) is stored
    with pytest.raises(ValueError, match="hg/ha"):
        rules.require_kg_per_ha(stored.assign(yield_kg_per_ha=stored["yield_kg_per_ha"] * 10))


@pytest.mark.parametrize(
    ("figure_id", "value", "unit", "value_printed", "unit_printed"),
    [
        ("K058", 150.0, "t", 150.0, "juta ton"),
        ("K106", 414.31, "ha", 4143100.0, "ha"),
        ("K074", 2043.0, "ha", 2.043, "ha"),
        ("P358", 1528000.0, "ha", 1.528, "ha"),
        ("K062", 90.0, "t", 90.0, "t/month"),
    ],
)
def test_slip_of_the_press_is_undone_and_the_printed_value_kept(
    regions, figure_id, value, unit, value_printed, unit_printed
):
    row = figure(regions, figure_id)
    assert row["value"] == pytest.approx(value)
    assert row["unit"] == unit
    assert row["value_printed"] == value_printed
    assert row["unit_printed"] == unit_printed
    assert row["correction"].startswith("slip undone: ")
    assert not row["is_screened"]


def test_nothing_is_corrected_without_a_reason_and_nothing_else_is_changed(regions):
    factor = {unit: factor for unit, (_, factor) in rules.UNITS.items()}
    plain = regions[regions["correction"] == ""]
    assert plain["value"].tolist() == [
        value * factor[unit] for value, unit in zip(plain["value_printed"], plain["unit_printed"], strict=True)
    ]
    assert set(regions[regions["correction"] != ""]["figure_id"]) == {
        *("K028", "K058", "K062", "K074", "K106", "K110", "P358"),
    }


def test_square_metres_and_hectares_of_one_area_agree_after_correction(regions):
    assert figure(regions, "K105")["value"] == pytest.approx(figure(regions, "K106")["value"])


def test_impossible_figure_that_no_slip_explains_is_screened_and_kept():
    frame = one_region([400.0, 420.0, 41000.0], ["", "", "unit_slip"])
    result = rules.correct_unit_slips(frame)
    assert result["is_screened"].tolist() == [False, False, True]
    assert result["value"].tolist() == [400.0, 420.0, 41000.0]
    assert result.loc[2, "correction"].startswith("impossible as printed")


def test_impossible_figure_with_nothing_to_compare_is_screened():
    result = rules.correct_unit_slips(one_region([5e6], [""]))
    assert result["is_screened"].all()


def test_screened_figures_are_in_no_yield_and_no_conflict(regions):
    screened = set(regions[regions["is_screened"]]["figure_id"])
    used = {name for cell in regional_yields(regions)["figure_ids"] for name in cell.split(";")}
    assert screened
    assert not screened & used


def one_region(values: list[float], warnings: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "figure_id": [f"F{number}" for number in range(len(values))],
            "region": "Berau",
            "level": "regency",
            "quantity": "area_total",
            "unit": "ha",
            "value": values,
            "warnings": warnings,
        }
    )


# Every slip of a figure known from elsewhere, flagged by its reader.
SLIPPED = st.tuples(st.floats(0.6, 1.6), st.sampled_from([1.0, *rules.SLIPS.values()]))


@given(st.lists(st.floats(900, 1100), min_size=1, max_size=5), st.lists(SLIPPED, max_size=4))
def test_any_single_slip_is_undone_and_correcting_twice_changes_no_value(plain, slipped):
    values = plain + [1000 * near * factor for near, factor in slipped]
    frame = one_region(values, [""] * len(plain) + ["unit_slip"] * len(slipped))
    once = rules.correct_unit_slips(frame)
    assert once["value"].to_numpy() == pytest.approx([*plain, *(1000 * near for near, _ in slipped)])
    assert not once["is_screened"].any()
    twice = rules.correct_unit_slips(once.drop(columns=["correction", "is_screened"]))
    assert twice["value"].tolist() == once["value"].tolist()
    assert len(twice) == len(once) == len(frame)


@given(st.lists(st.tuples(st.floats(0, 1e12), st.sampled_from(["", "unit_slip"])), min_size=1, max_size=8))
def test_correction_never_changes_rows_only_values_and_says_so(rows):
    frame = one_region([value for value, _ in rows], [warning for _, warning in rows])
    result = rules.correct_unit_slips(frame)
    assert result["figure_id"].tolist() == frame["figure_id"].tolist()
    assert result["correction"].ne("").equals(result["value"].ne(frame["value"]) | result["is_screened"])
    assert not (result["is_screened"] & result["value"].ne(frame["value"])).any()


@given(st.lists(st.tuples(st.floats(0, 1e9), st.sampled_from(sorted(rules.UNITS))), min_size=1, max_size=8))
def test_standard_units_keep_what_was_printed(rows):
    frame = pd.DataFrame(rows, columns=["value", "unit"]).assign(figure_id="F")
    result = rules.to_standard_units(frame)
    assert result["value_printed"].tolist() == frame["value"].tolist()
    assert result["unit_printed"].tolist() == frame["unit"].tolist()
    assert set(result["unit"]) <= {unit for unit, _ in rules.UNITS.values()}


def test_unknown_unit_names_the_figure():
    with pytest.raises(ValueError, match="unknown units: K9: 'quintal'"):
        rules.to_standard_units(pd.DataFrame({"figure_id": ["K9"], "unit": ["quintal"], "value": [1.0]}))


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(10_000, "m2", (1, "ha")), (2, "t/month", (24, "t")), (1, "t/2 weeks", (26, "t")), (35, "%", (0.35, "share"))],
)
def test_unit_conversion(value, unit, expected):
    row = rules.to_standard_units(pd.DataFrame({"figure_id": ["F"], "unit": [unit], "value": [value]})).iloc[0]
    assert row["value"] == pytest.approx(expected[0])
    assert row["unit"] == expected[1]


# Figures under the wrong name, and old boundaries.


def test_provincial_area_printed_for_kutai_barat_is_screened(regions):
    row = figure(regions, "K110")
    assert row["value"] == row["value_printed"] == 7813
    assert row["is_screened"]
    assert "belongs to another region" in row["correction"]
    assert figure(regions, "K017")["value"] == 7813
    assert not figure(regions, "K108")["is_screened"]


def test_no_yield_pairs_the_undivided_with_the_divided_province(regions):
    is_old = regions.set_index("figure_id")["warnings"].fillna("").str.contains("old_boundary")
    computed = regional_yields(regions).query("derivation == 'computed'")
    assert len(computed) > 50
    for ids in computed["figure_ids"].str.split(";"):
        assert is_old[ids].nunique() == 1, ids


def test_undivided_production_never_meets_divided_area():
    rows = [
        ("A1", "production", 9527.0, "old_boundary"),
        ("A2", "area_total", 10999.0, ""),
    ]
    frame = pd.DataFrame(rows, columns=["figure_id", "quantity", "value", "warnings"]).assign(
        region="East Kalimantan", level="province", year_from=2013, year=2013, basis=None, status="final"
    )
    frame = frame.assign(source_id="s", is_screened=False)
    assert regional_yields(frame).empty


# Drivers.


def test_ecuador_prices_of_the_nineties_come_from_the_release_of_2025():
    prices = clean.producer_prices()
    ecuador = prices[(prices["iso3"] == "ECU") & prices["year"].between(1991, 1999)]
    assert len(ecuador) == 9
    assert (ecuador["release"] == "2025").all()
    assert (ecuador["release_ratio"] > 1.5).all()
    assert ecuador["price_usd_per_t"].between(500, 2000).all()
    assert ecuador["warnings"].str.contains("mixed_release").all()
    assert ecuador["release_ratio"].max() == pytest.approx(24, abs=1)


def test_releases_of_the_nino_index_are_never_mixed():
    enso = clean.enso()
    assert not enso.duplicated(["release", "year", "center_month"]).any()
    assert enso.duplicated(["year", "center_month"]).any()
    assert enso["source_id"].map(source_of).groupby(enso["release"]).nunique().eq(1).all()
    wide = enso.pivot(index=["year", "center_month"], columns="release", values="anomaly_c")
    assert (wide["2025"] - wide["2026"]).abs().max() == pytest.approx(0.26, abs=0.005)


def test_provincial_prices_twice_those_of_the_regencies_are_outliers_and_kept():
    prices = clean.local_prices(1.6).set_index("price_id")
    assert prices.loc[["F034", "F035"], "price_idr_per_kg"].tolist() == [175000, 200000]
    assert set(prices.index[prices["is_outlier"]]) == {"F034", "F035"}
    places = prices["place"].str.contains("Berau|Kutai Timur")
    assert places.sum() > 10
    assert not prices[places]["is_outlier"].any()
    assert len(prices) == len(pd.read_csv(paths.RAW / "local_prices.csv")), "none is dropped"


def test_no_price_is_an_outlier_when_the_factor_is_wide():
    assert not clean.local_prices(5.0)["is_outlier"].any()


def test_oxides_become_elements():
    use = clean.input_use()
    row = use[(use["iso3"] == "IDN") & (use["year"] == 2023)].iloc[0]
    # Indonesia 2023 in the raw table: N 67.65, P2O5 13.19, K2O 44.53 kg per ha of cropland.
    assert row["n_kg_per_ha"] == 67.65
    assert row["p_kg_per_ha"] == pytest.approx(13.19 * 2 * 30.974 / (2 * 30.974 + 5 * 15.999), rel=1e-4)
    assert row["k_kg_per_ha"] == pytest.approx(44.53 * 2 * 39.098 / (2 * 39.098 + 15.999), rel=1e-4)


def test_pesticide_level_of_indonesia_is_flagged_and_no_other():
    use = clean.input_use()
    flagged = use["warnings"].str.contains("implausible")
    here = (use["iso3"] == "IDN") & use["pesticide_kg_per_ha"].notna()
    assert here.sum() > 10
    assert flagged.equals(here)


def test_rainfall_of_papua_new_guinea_after_1995_is_marked_as_filled_in_and_no_other_country():
    climate = clean.climate()
    marked = climate[climate["is_infilled"]]
    assert set(marked["iso3"]) == {"PNG"}
    assert set(range(1997, 2024)) <= set(marked["year"])
    assert marked["year"].min() > 1994


def test_missing_years_are_not_taken_for_filled_in():
    frame = pd.DataFrame({"iso3": "a", "year": range(1990, 2010), "rain": [np.nan] * 12 + [100.0] * 8})
    assert not rules.mark_infilled(frame, "rain", "iso3").any()


# Lists of warnings and order of figures.

WARNING_LISTS = st.lists(st.sampled_from(["rounded", "secondary", "estimate"]), max_size=4).map(";".join)


@given(st.lists(st.tuples(WARNING_LISTS | st.none(), WARNING_LISTS), min_size=1, max_size=6))
def test_joined_warnings_are_sorted_unique_and_joining_again_changes_nothing(rows):
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype="object")
    joined = rules.join_lists(frame["a"], frame["b"])
    for cell, (a, b) in zip(joined, rows, strict=True):
        entries = [entry for entry in cell.split(";") if entry]
        assert entries == sorted(set(entries))
        assert set(entries) == {entry for entry in f"{a or ''};{b}".split(";") if entry}
    assert rules.join_lists(joined, joined).tolist() == joined.tolist()
    assert rules.join_lists(frame["b"], frame["a"]).tolist() == joined.tolist()


RANKED = st.lists(
    st.tuples(st.sampled_from(STATUS_ORDER), st.sampled_from([2019, 2020]), WARNING_LISTS), min_size=1, max_size=8
)


@given(RANKED)
def test_a_better_status_always_stands_first(rows):
    frame = pd.DataFrame(rows, columns=["status", "year_from", "warnings"]).assign(year=2020)
    frame["figure_id"] = [f"F{number:02}" for number in range(len(rows))]
    ranked = rank(frame)
    assert sorted(ranked["figure_id"]) == frame["figure_id"].tolist()
    places = ranked["status"].map(STATUS_ORDER.index)
    assert places.is_monotonic_increasing
    for _, group in ranked.groupby("status", sort=False):
        is_period = group["year_from"] != group["year"]
        assert is_period.is_monotonic_increasing


def test_a_final_figure_stands_before_a_press_figure_with_fewer_warnings():
    frame = pd.DataFrame(
        {
            "figure_id": ["A", "B"],
            "status": ["press", "final"],
            "year_from": 2020,
            "year": 2020,
            "warnings": ["", "secondary;rounded"],
        }
    )
    assert rank(frame)["figure_id"].tolist() == ["B", "A"]
