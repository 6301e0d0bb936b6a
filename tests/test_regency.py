"""The regency model: contradictory official figures become a distribution, and what is known comes back."""

import numpy as np
import pandas as pd
import pytest

from pipeline.kit.bayes import mixture
from pipeline.study import known_rows
from pipeline.study.statistics.clean import conflicts, regional_yields
from pipeline.study.yield_gap import attainable, official_figures, regency

PRIORS = regency.RegencyPriors(650.0, 0.5, 0.6, 0.3, 0.4, 0.2, 0.4, 0.15)
TRUTH = {"Kutai Timur": (3000.0, 0.6, 700.0), "Berau": (1200.0, 0.65, 800.0), "Mahakam Ulu": (1500.0, 0.55, 500.0)}


@pytest.fixture(scope="module")
def figures(regions) -> pd.DataFrame:
    table = conflicts(regions, 1.005)
    errors = {name: attainable.reporting_error(table, name)[0] for name in ("production", "area_total")}
    shares = attainable.mature_shares(regions)
    return official_figures.published_figures(regions, regional_yields(regions), shares, errors, 2.0, 0.05)


@pytest.fixture(scope="module")
def fitted(figures) -> regency.Regency:
    return regency.fit_regency(figures, PRIORS)


def simulated(kutai_2025: float, error: float = 0.05, seed: int = 1) -> pd.DataFrame:
    """Simulated figures of three regencies from known truths; ``kutai_2025`` is what the 1,161 ha stand for."""
    rng = np.random.default_rng(seed)
    rows = []
    for region, (area, share, per_ha) in TRUTH.items():
        for year in (2019, 2020, 2021, 2022):
            rows.append((f"A {region} {year}", region, year, "area", area))
            rows.append((f"P {region} {year}", region, year, "production", area * share * per_ha))
        rows.append((f"S {region}", region, 2020, "share", share))
    rows.append((known_rows.KUTAI_TIMUR_AREA_2025, "Kutai Timur", 2025, "area", kutai_2025))
    rows.append(("P25", "Kutai Timur", 2025, "production", 3000.0 * 0.6 * 700.0))
    frame = pd.DataFrame(rows, columns=["figure", "region", "year", "quantity", "value"])
    frame["value"] *= np.exp(rng.normal(0, error, len(frame)))
    return frame.assign(error=error, source_id="simulated")


# The figures.


def test_figures_are_those_of_the_sources(figures):
    rows = figures.set_index("figure")
    assert rows.loc["K038", ["region", "year", "quantity"]].tolist() == ["Kutai Timur", 2020, "area"]
    assert rows.at["K038", "value"] == pytest.approx(3440)
    # 1,410 t are 1,410,000 kg.
    assert rows.at["K039", "value"] == pytest.approx(1_410_000)
    assert rows.at["K043", "value"] == pytest.approx(1161)
    # Only the press has the 1,161 ha: twice the error of the final figure of 2020.
    assert rows.at["K043", "error"] == pytest.approx(2 * rows.at["K038", "error"])
    assert np.isfinite(figures[["value", "error"]]).all(axis=None)
    assert (figures["error"] > 0).all()


def test_screened_misattributed_and_tiny_figures_stay_out(figures):
    listed = ";".join(figures["figure"]).split(";")
    assert "K110" not in listed  # the area of the province, printed for Kutai Barat
    assert "K074" not in listed or figures.loc[figures["figure"].str.contains("K074"), "value"].iloc[0] > 1000
    assert "Balikpapan" not in set(figures["region"])


def test_sources_that_report_the_same_year_count_once(figures):
    own = figures[figures["quantity"].isin(["area", "production"])]
    assert not own.duplicated(["region", "year", "quantity"]).any()
    both = own[own["figure"] == "K078;K079"].iloc[0]
    assert both["value"] == pytest.approx(np.sqrt(788 * 787.66) * 1000)
    # Berau 2021 is given as 1,600 and as 3,200 ha: half of the log of two is added to its error.
    differ = own[own["figure"] == "K073;K083"].iloc[0]
    assert differ["value"] == pytest.approx(np.sqrt(1600 * 3200))
    assert differ["error"] > np.log(2) / 2


# The model.


@pytest.mark.parametrize(("given", "reading"), [(3000.0, "total"), (1800.0, "mature")])
def test_the_reading_that_fits_the_other_figures_gets_the_weight(given, reading):
    found = regency.fit_regency(simulated(given), PRIORS).chance
    assert sum(found.values()) == pytest.approx(1)
    assert found[reading] > 0.7


def test_known_truths_come_back_inside_their_intervals():
    own, growers = regency.fit_regency(simulated(1800.0), PRIORS).draw(1, 4000)
    inside = 0
    for region, (area, share, per_ha) in TRUTH.items():
        key = region.lower().replace(" ", "_")
        truth = {"mature_ha": area * share, "yield_kg_per_ha": per_ha, "production_t": area * share * per_ha / 1000}
        for quantity, value in truth.items():
            low, high = growers[f"{key}_{quantity}"].quantile([0.025, 0.975])
            inside += low <= value <= high
            assert growers[f"{key}_{quantity}"].median() == pytest.approx(value, rel=0.2)
    assert inside >= 8
    assert own["yield_kg_per_ha"].median() == pytest.approx(700, rel=0.15)


def test_worse_figures_give_wider_answers():
    widths = []
    for error in (0.03, 0.1, 0.3):
        own, _ = regency.fit_regency(simulated(1800.0, error), PRIORS).draw(1, 4000)
        widths.append(np.log(own["yield_kg_per_ha"]).std())
    assert widths == sorted(widths)


def test_draws_keep_production_equal_to_area_times_share_times_yield(fitted):
    own, growers = fitted.draw(1, 5000)
    assert ((own["mature_share"] > 0) & (own["mature_share"] < 1)).all()
    mature = own["area_total_ha"] * own["mature_share"]
    assert growers["kutai_timur_mature_ha"].to_numpy() == pytest.approx(mature.to_numpy())
    tonnes = mature * own["yield_kg_per_ha"] / 1000
    assert growers["kutai_timur_production_t"].to_numpy() == pytest.approx(tonnes.to_numpy())
    is_mature = own["mature_share_2025"] == 1
    assert is_mature.mean() == pytest.approx(fitted.chance["mature"], abs=0.03)
    assert (own.loc[~is_mature, "mature_share_2025"] == own.loc[~is_mature, "mature_share"]).all()
    assert (growers > 0).all(axis=None)


def test_productions_lie_near_the_published_ones(fitted):
    _, growers = fitted.draw(1, 5000)
    for region, (low, high) in {"kutai_timur": (765, 1414), "berau": (709, 800), "mahakam_ulu": (250, 300)}.items():
        drawn = growers[f"{region}_production_t"]
        assert drawn.quantile(0.05) < high
        assert drawn.quantile(0.95) > low


def test_same_seed_gives_the_same_draws(fitted):
    first, second = fitted.draw(3, 500)[0], fitted.draw(3, 500)[0]
    assert first.equals(second)
    assert not first.equals(fitted.draw(4, 500)[0])


@pytest.mark.parametrize("value", [0.0, -5.0, np.nan])
def test_a_figure_that_is_no_positive_number_is_named(figures, value):
    damaged = figures.assign(value=figures["value"].mask(figures["figure"] == "K038", value))
    with pytest.raises(ValueError, match=rf"above zero: K038 \(Kutai Timur 2020\) = {value}"):
        regency.fit_regency(damaged, PRIORS)


@pytest.mark.slow
def test_a_finer_grid_gives_nearly_the_same_yield(figures, fitted, monkeypatch):
    coarse = mixture.half_normal_even
    monkeypatch.setattr(mixture, "half_normal_even", lambda name, scale, nodes: coarse(name, scale, round(1.5 * nodes)))
    fine = regency.fit_regency(figures, PRIORS)
    assert fine.chance["mature"] == pytest.approx(fitted.chance["mature"], abs=0.02)
    for part in ("yield", "share", "area"):
        found, expected = (
            model.posteriors["mature"].combination(model.state("Kutai Timur", part)).interval(0.9)
            for model in (fitted, fine)
        )
        assert found == pytest.approx(expected, abs=0.02)
