"""Numbers are rounded one way, whatever the last bits of a processor are."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.digits import rounded, rounded_table

FINITE = st.floats(-1e12, 1e12, allow_subnormal=False)


@pytest.mark.parametrize(
    ("value", "digits", "expected"), [(1234567.8, 6, 1234570), (1 / 3, 10, 0.3333333333), (7, 6, 7)]
)
def test_a_number_keeps_its_significant_digits(value, digits, expected):
    assert rounded(value, digits) == expected


@given(FINITE)
def test_rounding_moves_by_half_a_sixth_digit_at_most_and_once(value):
    found = rounded(value)
    assert math.isclose(found, value, rel_tol=5.001e-6)
    assert rounded(found) == found


@given(st.integers(100_000, 999_999), st.integers(-8, 3))
def test_what_lies_half_way_goes_one_way_on_all_machines(digits, power):
    half = (digits + 0.5) * 10.0**power
    sums = [half, np.nextafter(half, np.inf), np.nextafter(half, -np.inf), half * (1 + 1e-14), half * (1 - 1e-14)]
    assert len({rounded(value) for value in sums}) == 1


def test_nothing_has_no_sign_and_what_is_missing_stays_so():
    assert math.copysign(1, rounded(-0.0)) == 1
    assert math.isnan(rounded(math.nan))
    assert rounded(-math.inf) == -math.inf


def test_a_table_keeps_whole_numbers_flags_and_text():
    table = pd.DataFrame(
        {
            "share": [1 / 3, np.nan],
            "rupiah": pd.array([12_345_678, None], dtype="Int64"),
            "count": [12_345_678, 1],
            "flag": [True, False],
            "mixed": ["1.23456789", 1.23456789],
        },
        index=[5, 6],
    )
    expected = table.assign(share=[0.333333, np.nan], mixed=["1.23456789", 1.23457])
    pd.testing.assert_frame_equal(rounded_table(table), expected, check_exact=True)
    assert table["share"].iloc[0] == 1 / 3
