"""The statistics of the region come out as a hand calculation from the raw figures does, and none is lost."""

import pandas as pd
import pytest

from pipeline.kit.data.sources import load_raw
from pipeline.study.statistics.clean import boundaries, conflicts, regional_yields


@pytest.fixture(scope="module")
def yields(regions):
    return regional_yields(regions)


@pytest.fixture(scope="module")
def disagreements(regions):
    return conflicts(regions, 1.005)


def one(yields: pd.DataFrame, region: str, year: int, basis: str, derivation: str) -> float:
    found = yields.query("region == @region and year == @year and basis == @basis and derivation == @derivation")
    return found["yield_kg_per_ha"].item()


# Conservation.


def test_every_raw_figure_is_in_the_clean_table_exactly_once(regions):
    raw = pd.concat([load_raw("kaltim_statistics", ("value",)), load_raw("province_statistics", ("value",))])
    assert sorted(regions["figure_id"]) == sorted(raw["figure_id"])
    assert regions["figure_id"].is_unique
    printed = regions.set_index("figure_id")["value_printed"]
    assert printed.to_dict() == raw.set_index("figure_id")["value"].to_dict()


def test_every_faostat_figure_is_in_the_clean_table_exactly_once(countries):
    assert not countries.duplicated(["iso3", "year", "release"]).any()
    old = load_raw("faostat_cocoa_2022", ("year", "area_harvested_ha", "production_t", "yield_kg_per_ha"))
    new = load_raw("faostat_cocoa_latest", ("year", "value"))
    columns = ["area_harvested_ha", "production_t", "yield_kg_per_ha"]
    clean = countries.set_index("release")[columns]
    assert clean.loc["2022"].notna().sum().to_dict() == old[columns].notna().sum().to_dict()
    assert clean.loc["2022"].sum().to_dict() == pytest.approx(old[columns].sum().to_dict())
    by_quantity = new.groupby("quantity")["value"].agg(["count", "sum"])
    for quantity, column in zip(["area_harvested", "production", "yield"], columns, strict=True):
        assert clean.loc["latest", column].notna().sum() == by_quantity.loc[quantity, "count"]
        assert clean.loc["latest", column].sum() == pytest.approx(by_quantity.loc[quantity, "sum"])


def test_every_vertex_of_the_boundaries_is_kept():
    raw = len(load_raw("boundaries_regencies")) + len(load_raw("boundaries_provinces"))
    outlines = boundaries()
    assert len(outlines) == raw
    assert (outlines.loc[outlines["layer"] == "province", "warnings"] == "old_boundary").all()
    assert "Kutai Timur" in set(outlines["region"])


def test_every_ring_of_the_boundaries_is_closed():
    for name, ring in boundaries().groupby(["layer", "region_code", "part", "ring"]):
        ordered = ring.sort_values("vertex")[["lon", "lat"]]
        assert len(ordered) >= 4, name
        assert ordered.iloc[0].tolist() == ordered.iloc[-1].tolist(), name


def test_names_of_provinces_are_the_same_in_both_raw_tables(regions):
    assert not set(regions["region"]) & {"Kalimantan Timur", "Kalimantan Utara"}
    assert {"East Kalimantan", "North Kalimantan"} <= set(regions["region"])


# Yields.


def test_yields_of_kutai_timur_are_those_computed_by_hand(yields):
    # 1,410 t over 3,440 ha in 2020; a potential of 765 t over 1,161 ha in 2025.
    assert one(yields, "Kutai Timur", 2020, "total", "computed") == pytest.approx(409.9, rel=0.01)
    assert one(yields, "Kutai Timur", 2025, "total", "computed") == pytest.approx(658.9, rel=0.01)
    potential = yields.query("region == 'Kutai Timur' and year == 2025")
    assert potential["status"].tolist() == ["potential"]
    assert "potential" in potential["warnings"].item()


def test_printed_yield_of_east_kalimantan_2013_is_the_computed_one(yields):
    printed = one(yields, "East Kalimantan", 2013, "mature", "printed")
    assert printed == 904
    assert one(yields, "East Kalimantan", 2013, "mature", "computed") == pytest.approx(printed, rel=0.001)


def test_computed_yield_is_production_over_area(yields):
    computed = yields[yields["derivation"] == "computed"]
    expected = computed["production_t"] * 1000 / computed["area_ha"]
    assert computed["yield_kg_per_ha"].tolist() == pytest.approx(expected.tolist())
    assert not computed.duplicated(["region", "year", "basis"]).any()
    assert yields["yield_id"].is_unique


def test_printed_yields_are_all_kept_as_printed(yields, regions):
    printed = yields[yields["derivation"] == "printed"]
    source = regions[(regions["quantity"] == "yield") & ~regions["is_screened"]]
    assert printed.set_index("figure_ids")["yield_kg_per_ha"].to_dict() == (
        source.set_index("figure_id")["value_printed"].to_dict()
    )


def test_yield_names_the_sources_of_both_its_figures(yields, regions):
    source_of = regions.set_index("figure_id")["source_id"]
    for ids, sources in zip(yields["figure_ids"], yields["source_id"], strict=True):
        assert sources.split(";") == sorted({source_of[name] for name in ids.split(";")})


def test_yield_has_the_weaker_status_of_its_figures(yields):
    # 709 t are final, 3,200 ha are from the press.
    assert yields.set_index("yield_id").loc["K085-K073", "status"] == "press"


def test_yield_prefers_figures_of_one_source(yields):
    # 2013: the agency gives 9,527 t with 22,455 ha; the village table 6,193 t with 10,999 ha.
    pair = yields.query("region == 'East Kalimantan' and year == 2013 and basis == 'total'")
    assert pair["figure_ids"].item() == "K142;K141"


# Conflicts.


def test_production_of_east_kalimantan_2020_is_a_conflict_that_the_final_figure_wins(disagreements):
    row = disagreements.query("region == 'East Kalimantan' and year == 2020 and quantity == 'production'").iloc[0]
    assert (row["lowest"], row["highest"], row["preferred"]) == (2259, 2537, 2537)
    assert row["ratio"] == pytest.approx(2537 / 2259)
    assert set(row["figure_ids"].split(";")) == {"K014", "K016"}
    assert row["n_figures"] == 2


def test_area_of_east_kalimantan_2020_has_three_figures(disagreements):
    row = disagreements.query("region == 'East Kalimantan' and year == 2020 and quantity == 'area_total'").iloc[0]
    assert (row["n_figures"], row["lowest"], row["highest"], row["preferred"]) == (3, 6883, 7508, 6883)


def test_conflicts_hold_together(disagreements, regions):
    value = regions.set_index("figure_id")["value"]
    for row in disagreements.itertuples():
        figures = value[row.figure_ids.split(";")]
        assert len(figures) == row.n_figures
        assert (row.lowest, row.highest) == (figures.min(), figures.max())
        assert row.preferred in set(figures)
        assert row.highest > row.lowest * 1.005


def test_fewer_conflicts_are_found_with_a_wider_tolerance(regions, disagreements):
    counts = [len(conflicts(regions, ratio)) for ratio in (1.0, 1.005, 1.1, 2.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[1] == len(disagreements)


def test_yields_on_different_bases_are_no_conflict(regions):
    assert not conflicts(regions, 1.0)["quantity"].isin(["yield"]).any()


# Countries.


def test_yields_that_are_not_credible_are_flagged_and_kept(countries):
    wild = countries[countries["is_implausible"]]
    assert ((wild["yield_kg_per_ha"] < 100) | (wild["yield_kg_per_ha"] > 2000)).all()
    rest = countries[~countries["is_implausible"]]["yield_kg_per_ha"].dropna()
    assert rest.between(100, 2000).all()
    for iso3 in ("MYS", "GTM"):
        assert (wild["iso3"] == iso3).any()


def test_figures_of_the_latest_release_say_that_releases_are_mixed_there(countries):
    mixed = countries["warnings"].str.contains("mixed_release")
    assert mixed.equals(countries["release"] == "latest")
