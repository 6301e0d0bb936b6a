"""How firm the figures of a regency are follows by rule from what was published; the map draws just that."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from pipeline.kit.language import LANGUAGES
from pipeline.study.statistics import charts
from pipeline.study.statistics.clean import boundaries, conflicts, regional_yields
from pipeline.study.statistics.estimates import GRADE_OF, GRADES, REASONS, objections, regency_reliability

CREDIBLE, JUMP = (100.0, 2000.0), 1.3
PAIR = {
    "region": "X", "year": 2020, "basis": "total", "derivation": "computed", "status": "final", "warnings": np.nan,
    "area_ha": 1000.0, "production_t": 500.0, "yield_kg_per_ha": 500.0, "figure_ids": "b;a", "source_id": "s",
}  # fmt: skip
OTHER = {
    "region": "X",
    "year": 2022,
    "quantity": "area_total",
    "value": 1000.0,
    "status": "final",
    "is_screened": False,
}
NONE = pd.DataFrame(columns=["region", "year", "quantity"])


def against(other: dict | None = None, found: pd.DataFrame = NONE, **changed: object) -> list[str]:
    """What speaks against the pair when it, or another figure, is changed."""
    statistics = pd.DataFrame([OTHER | (other or {})])
    return objections(pd.Series(PAIR | changed), statistics, found, CREDIBLE, JUMP)


@pytest.fixture(scope="module")
def outlines() -> pd.DataFrame:
    return boundaries()


@pytest.fixture(scope="module")
def firmness(regions: pd.DataFrame, outlines: pd.DataFrame) -> pd.DataFrame:
    found = conflicts(regions, 1.005)
    names = charts.regencies(outlines)
    return regency_reliability(names, regions, regional_yields(regions), found, CREDIBLE, JUMP)


# The rule.


def test_nothing_speaks_against_a_final_pair_that_others_confirm():
    assert against() == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"warnings": "rounded;implausible"}, "implausible"),
        ({"status": "potential"}, "implausible"),
        ({"production_t": 9.0, "area_ha": 1000.0}, "few_units"),
        ({"yield_kg_per_ha": 99.9}, "yield_not_credible"),
        ({"yield_kg_per_ha": 2000.1}, "yield_not_credible"),
        ({"status": "press"}, "press"),
        ({"status": "estimate"}, "press"),
        ({"warnings": "secondary"}, "second_hand"),
        ({"warnings": "year_inferred;rounded"}, "second_hand"),
    ],
)
def test_each_defect_of_the_pair_speaks_against_it(changed, reason):
    assert against(**changed) == [reason]


@pytest.mark.parametrize(
    ("other", "contradicts"),
    [
        ({"value": 1301.0}, True),
        ({"value": 1299.0}, False),
        ({"value": 768.0}, True),
        ({"value": 770.0}, False),
        ({"value": 5000.0, "year": 2025}, True),
        ({"value": 5000.0, "year": 2026}, False),
        ({"value": 5000.0, "year": 2014}, False),
        ({"value": 5000.0, "region": "Y"}, False),
        ({"value": 5000.0, "is_screened": True}, False),
        ({"value": 5000.0, "status": "potential"}, False),
        ({"value": 5000.0, "quantity": "production"}, True),
        ({"value": 5000.0, "quantity": "area_mature"}, False),
        ({"value": 0.0}, False),
    ],
)
def test_only_a_usable_figure_near_in_time_contradicts(other, contradicts):
    assert against(other) == (["contradicted"] if contradicts else [])


def test_two_figures_for_the_same_year_are_a_conflict():
    same = pd.DataFrame([{"region": "X", "year": 2020, "quantity": "production"}])
    assert against(found=same) == ["conflict"]
    assert against(found=same.assign(year=2019)) == []
    assert against(found=same.assign(quantity="farmers")) == []


def test_the_gravest_reason_comes_first_and_makes_the_grade():
    assert against({"value": 9000.0}, warnings="secondary", yield_kg_per_ha=1.0) == [
        "yield_not_credible",
        "contradicted",
        "second_hand",
    ]
    assert set(GRADE_OF) == set(REASONS)
    assert {*GRADE_OF.values(), "firm", "no_figure"} == set(GRADES)


@given(st.floats(1.01, 5.0), st.floats(1.01, 5.0), st.floats(10.0, 1e5))
def test_a_stricter_factor_never_lifts_an_objection(one, two, value):
    strict, lax = sorted((one, two))
    statistics = pd.DataFrame([OTHER | {"value": value}])
    found = [objections(pd.Series(PAIR), statistics, NONE, CREDIBLE, jump) for jump in (strict, lax)]
    assert set(found[1]) <= set(found[0])


def test_firmest_pair_is_shown_and_of_these_the_latest():
    pairs = [
        PAIR | {"year": 2019, "area_ha": 1.0},
        PAIR | {"year": 2020},
        PAIR | {"year": 2024, "status": "press"},
        PAIR | {"year": 2025, "status": "potential"},
        PAIR | {"year": 2026, "basis": "mature"},
    ]
    found = regency_reliability(["X", "Y"], pd.DataFrame([OTHER]), pd.DataFrame(pairs), NONE, CREDIBLE, JUMP)
    assert found["year"].tolist() == [2020, pd.NA]
    assert found["grade"].tolist() == ["firm", "no_figure"]
    old = pd.DataFrame([PAIR | {"year": 2017}])
    assert regency_reliability(["X"], pd.DataFrame([OTHER]), old, NONE, CREDIBLE, JUMP)["grade"].item() == "no_figure"


# The regencies.


def test_regencies_of_east_kalimantan_have_the_grade_that_their_figures_earn(firmness):
    by_name = firmness.set_index("region")
    assert len(by_name) == 10
    here = by_name.loc["Kutai Timur"]
    # 3,440 ha and 1,410 t in 2020; 1,161 ha were given in 2025.
    assert (here["year"], here["area_ha"], here["production_t"], here["grade"]) == (2020, 3440, 1410, "contradicted")
    assert by_name.loc["Kutai Barat", "reasons"] == "yield_not_credible"
    assert by_name.loc["Balikpapan", "reasons"] == "few_units"
    assert set(by_name.index[by_name["grade"] == "no_figure"]) == {
        "Bontang", "Kutai Kartanegara", "Paser", "Penajam Paser Utara", "Samarinda",
    }  # fmt: skip


def test_yield_is_production_over_area(firmness):
    known = firmness.dropna(subset="year")
    assert known["yield_kg_per_ha"].to_numpy() == pytest.approx(1000 * known["production_t"] / known["area_ha"])
    assert firmness.loc[firmness["year"].isna(), ["area_ha", "production_t", "source_id"]].isna().all(axis=None)


# The map.


@pytest.mark.parametrize("language", LANGUAGES)
def test_map_shows_every_regency_with_its_figures(firmness, outlines, language):
    axes = Figure().subplots()
    charts.draw_regency_map(axes, firmness, language, outlines)
    shapes = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    words = [text.get_text() for text in axes.texts]
    assert len(shapes) == len(words) == len(firmness)
    hatches = [shape.get_hatch() or "" for shape in shapes]
    assert hatches == [charts.HATCHES.get(grade, "") for grade in firmness["grade"]]
    here = words[firmness["region"].tolist().index("Kutai Timur")]
    assert (
        here == {"en": "Kutai Timur\n3,440 ha\n1,410 t (2020)", "id": "Kutai Timur\n3.440 ha\n1.410 t (2020)"}[language]
    )
    assert {"en": "no figure", "id": "tidak ada\nangka"}[language] in words[firmness["region"].tolist().index("Paser")]


def test_shade_follows_the_class_of_yield():
    lightest, *_, darkest = charts.CLASSES.values()
    assert charts.shade(0.0) == charts.shade(199.9) == lightest
    assert charts.shade(200.0) != lightest
    assert charts.shade(9999.0) == darkest
    assert charts.shade(float("nan")) == charts.NO_FIGURE


def test_thinned_outlines_keep_their_area_and_place(outlines):
    shapes = outlines[outlines["layer"] == "regency"]
    for _, shape in shapes.groupby("region"):
        ring = max((part for _, part in shape.groupby(["part", "ring"])), key=len)[["lon", "lat"]].to_numpy()
        thinned = charts._thinned(ring)
        assert (thinned[0] == thinned[-1]).all()
        assert area(thinned) == pytest.approx(area(ring), rel=0.02)
        lon, lat = charts._middle(ring)
        assert ring[:, 0].min() < lon < ring[:, 0].max()
        assert ring[:, 1].min() < lat < ring[:, 1].max()


def area(ring: np.ndarray) -> float:
    x, y = (ring - ring[0]).T
    return abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())) / 2


def test_centre_of_a_square_is_its_middle():
    square = np.array([[110.0, -1.0], [112.0, -1.0], [112.0, 1.0], [110.0, 1.0], [110.0, -1.0]])
    assert charts._middle(square) == pytest.approx((111.0, 0.0))
