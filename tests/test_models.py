"""The models obey their laws: draws and the yield gap."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.bayes.mixture import stream
from pipeline.study.statistics.clean import conflicts
from pipeline.study.yield_gap import attainable

# Draws.


@given(st.integers(0, 2**31 - 1), st.text(max_size=20))
def test_same_seed_and_name_give_the_same_draws(seed, name):
    first, second = (stream(seed, name).random(5).tolist() for _ in range(2))
    assert first == second
    assert first != stream(seed, name + "x").random(5).tolist()
    assert first != stream(seed + 1, name).random(5).tolist()


def test_draws_of_one_name_do_not_move_those_of_another():
    alone = stream(1, "pests").random(5).tolist()
    stream(1, "prices").random(1000)
    assert stream(1, "pests").random(5).tolist() == alone


# The yield gap of Kutai Timur.


def test_readings_of_kutai_timur_are_those_of_the_sources(regions):
    readings = attainable.kutai_timur_readings(regions).set_index("reading")
    expected = {
        "2007": (3988.45, 4220.42),
        "2020": (1410, 3440),
        "2025 potential": (765, 1161),
        "2025 regent, small area": (1400, 1161),
        "2025 regent, old area": (1400, 3440),
    }
    for reading, (production, area) in expected.items():
        row = readings.loc[reading]
        assert (row["production_t"], row["area_ha"]) == (production, area)
        assert row["yield_kg_per_ha"] == pytest.approx(production * 1000 / area)
    assert readings.loc["2025 potential", "status"] == "potential"
    assert len(readings) == len(expected)


def test_reading_without_its_figure_is_an_error(regions):
    with pytest.raises(KeyError, match="K039"):
        attainable.kutai_timur_readings(regions[regions["figure_id"] != "K039"])


def test_mature_shares_are_shares_and_none_is_claimed_for_kutai_timur(regions):
    shares = attainable.mature_shares(regions).set_index("region")
    assert len(shares) >= 6
    assert shares.index.is_unique
    assert shares["share"].between(0, 1, inclusive="neither").all()
    assert not {"Kutai Timur", "Karangan Ilir", "Balikpapan"} & set(shares.index)
    # Berau 2012: 2,500 of 4,000 ha. Mahakam Ulu: 282 t at 440 kg/ha are 641 of 1,499 ha. Aceh 2019 is the latest.
    assert shares.loc["Berau", "share"] == pytest.approx(2500 / 4000)
    assert shares.loc["Mahakam Ulu", "share"] == pytest.approx(282 / 0.440 / 1499)
    assert shares.loc["Aceh", "year"] == 2019
    assert shares.loc["Aceh", "share"] == pytest.approx(57618 / 99267)


def test_reporting_error_is_the_robust_spread_of_log_ratios():
    table = pd.DataFrame({"quantity": "production", "ratio": [1.1, 1.2, 3.0, 1.0]})
    error, used = attainable.reporting_error(table, "production")
    assert used["ratio"].tolist() == [1.1, 1.2, 3.0]
    assert error == pytest.approx(np.log(1.2) / (0.6745 * np.sqrt(2)))


def test_reporting_error_recovers_the_spread_of_simulated_figures():
    rng = np.random.default_rng(1)
    ratios = np.exp(np.abs(rng.normal(0, 0.1, 4000) - rng.normal(0, 0.1, 4000)))
    error, _ = attainable.reporting_error(pd.DataFrame({"quantity": "production", "ratio": ratios}), "production")
    assert error == pytest.approx(0.1, rel=0.05)


def test_fewer_than_three_conflicts_tell_no_error(regions):
    found = conflicts(regions, 1.005)
    assert len(attainable.reporting_error(found, "production")[1]) >= 3
    with pytest.raises(ValueError, match="1 conflicts in farmers"):
        attainable.reporting_error(found, "farmers")
    with pytest.raises(ValueError, match="0 conflicts in trees"):
        attainable.reporting_error(found, "trees")
