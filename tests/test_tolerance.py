"""When two numbers, places or pictures are the same, and that their digests agree with it."""

import io
import json
import math
import re

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from pipeline.kit.provenance import content
from pipeline.kit.provenance.content import Dots, Number, Place, Words

NUMBERS = st.floats(-1e9, 1e9).filter(lambda value: abs(value) > 1e-6)


def test_tolerances_are_small() -> None:
    assert content.RELATIVE <= 1e-5
    assert 10.0 ** (1 - content.DIGITS) <= 1e-3
    assert content.COORDINATE <= 1e-3
    assert content.SHADE <= 2


@given(NUMBERS, st.floats(1e-4, 10), st.sampled_from([1, -1]))
def test_a_number_that_moves_by_more_than_a_ten_thousandth_is_another(value: float, moved: float, way: int) -> None:
    other = value * (1 + way * moved)
    assert not content.same_number(value, other)
    assert not content.same_number(other, value)


@given(NUMBERS, st.floats(-9e-6, 9e-6))
def test_one_that_moves_in_its_sixth_digit_is_the_same(value: float, moved: float) -> None:
    assert content.same_number(value, value * (1 + moved))


@given(st.floats(1e-6, 1e9), st.floats(1e-6, 1e9), st.floats(0, 1e3))
def test_a_change_of_sign_is_never_the_same(one: float, other: float, scale: float) -> None:
    assert not content.same_number(one, -other, scale)
    assert not content.same_number(one, 0.0, scale)


@given(st.floats(1, 1e3), st.floats(1e-9, 1e-5), st.floats(1e-9, 1e-5))
def test_nor_is_it_where_both_are_small_beside_their_parts(scale: float, one: float, other: float) -> None:
    assert not content.same_number(scale * one, -scale * other, scale)
    assert not content.same_number(scale * one, 0.0, scale)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        (1.0, math.nan, False),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (math.inf, 1e300, False),
        (3e-17, -2e-16, True),
        (3e-17, 0.0, True),
        (3e-17, 1e-9, False),
        (0.0, -0.0, True),
        (0.99999, 1.0, True),
    ],
)
def test_numbers_at_the_edge(one: float, other: float, same: bool) -> None:
    assert content.same_number(one, other) == same
    assert content.same_number(other, one) == same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("38", "39", False),
        ("0.21", "0.22", False),
        ("0.21", "0.210", False),
        ("2024", "2025", False),
        ("1250000", "1250001", False),
        ("123456789", "123456788", False),
        ("12.345", "12.346", False),
        ("12.3456", "12.3457", True),
        ("12.3456", "12.3466", False),
        ("-12.3456", "12.3456", False),
        ("326", "326.001", True),
        ("326", "326.01", False),
        ("0.000123456", "0.000123457", True),
        ("0.00012", "0.00013", False),
        ("1.23456e-05", "1.23457e-05", True),
        ("1.23456e-05", "1.23456e-06", False),
    ],
)
def test_a_number_in_a_text_may_differ_only_in_digits_that_prose_does_not_print(one, other, same) -> None:
    assert Number(one).same(Number(other)) == same
    assert not Number(one).same(Words(one))


@given(st.floats(-1e6, 1e6).map(lambda value: f"{value:.6g}"), st.floats(-1e6, 1e6).map(lambda value: f"{value:.6g}"))
def test_two_numbers_with_one_digest_differ_by_no_more_than_their_fifth_digit(one: str, other: str) -> None:
    for text in (other, f"{float(one) * 1.00004:.6g}", f"{float(one) * 1.0004:.6g}"):
        if Number(one).rounded() == Number(text).rounded():
            assert float(text) == pytest.approx(float(one), rel=1e-4)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("120.075698", "120.075699", True),
        ("120.075698", "120.076698", False),
        ("1200.07", "1200.08", False),
        ("0.000001", "-0.000001", True),
        ("120", "121", False),
        ("-12.5", "12.5", False),
    ],
)
def test_a_place_may_move_by_what_nobody_sees(one: str, other: str, same: bool) -> None:
    assert Place(one).same(Place(other)) == same
    assert (Place(one).rounded() == Place(other).rounded()) == same


def test_dots_may_differ_by_two_steps_and_not_in_number() -> None:
    dots = np.full(400, 100, np.uint8)
    for step, same in ((-2, True), (2, True), (3, False), (-3, False), (155, False)):
        moved = dots.copy()
        moved[17] = 100 + step
        assert Dots(dots.tobytes()).same(Dots(moved.tobytes())) == same
    assert not Dots(dots.tobytes()).same(Dots(dots.tobytes() * 2))
    assert not Dots(dots.tobytes()).same(Words("picture"))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a,0.123456,-2.5", ["0.123456", "-2.5"]),
        ("2.5-3.5 ha", ["2.5", "3.5"]),
        ("version 1.2.3 of x1.5", []),
        ("{'a': 1e-05, 'b': -7}", ["1e-05", "-7"]),
        ("L 1.5 -0.25", ["1.5", "-0.25"]),
        ("#1f77b4 12pt 3.5%", ["3.5"]),
    ],
)
def test_numbers_are_found_in_texts(text: str, numbers: list[str]) -> None:
    pieces = content.read("a.txt", text.encode())
    assert [piece for piece in pieces if isinstance(piece, Number)] == numbers
    assert "".join(pieces) == text


@given(st.lists(st.sampled_from(["gain ", "-", "0.21", "12.3456", ",", "7", "\n", "1e-05"]), max_size=8), st.data())
def test_a_text_without_one_of_its_parts_has_another_digest(parts: list[str], data: st.DataObject) -> None:
    whole = "".join(parts)
    for place in range(len(parts)):
        rest = "".join([*parts[:place], *parts[place + 1 :]])
        if rest != whole:
            old, new = content.read("a.md", whole.encode()), content.read("a.md", rest.encode())
            assert content.digest(old) != content.digest(new)
            assert content.difference(old, new)


LIKE_NUMBERS = st.text(alphabet="-.0123456789eE+ a\n(", max_size=40)


@given(st.one_of(LIKE_NUMBERS, st.lists(st.floats(allow_nan=False).map(repr), max_size=6).map(" ".join)))
def test_the_digest_of_a_file_is_that_of_what_is_read_in_it(text: str) -> None:
    assert content.digest_of("a.csv", text.encode()) == content.digest(content.read("a.csv", text.encode()))


@given(st.floats(1e-3, 1e6), st.floats(1e-9, 1e-8))
def test_a_long_number_may_differ_in_its_last_digits_and_nothing_else_may(value: float, part: float) -> None:
    printed = f"{value:.9f}", f"{value * (1 + part):.9f}"
    one, other = (f"gain {number} kg, 1234567 of 12.34" for number in printed)
    same = len({f"{float(number):.5g}" for number in printed}) == 1
    assert (content.digest_of("a.md", one.encode()) == content.digest_of("a.md", other.encode())) == same
    assert content.digest_of("a.md", one.encode()) != content.digest_of("a.md", one.replace("12.34", "12.35").encode())


def drawn(salt: str, label: str = "1234567890") -> str:
    """A figure with everything that Matplotlib names by a hash; another salt makes other names of the same things."""
    with mpl.rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}):
        figure = Figure(figsize=(3, 3))
        axes = figure.subplots()
        axes.plot([0, 1, 2], [1, 3, 2], marker="o", label=label)
        axes.bar([0, 1], [1, 2], hatch="//")
        axes.scatter(range(9), range(9), c=range(9))
        axes.fill_between([0, 1, 2], [0, 1, 0])
        axes.imshow(np.eye(3))
        axes.set_title(label)
        target = io.StringIO()
        figure.savefig(target, format="svg", metadata={"Date": None})
    return target.getvalue()


FILES = {
    "gain.svg": lambda drawing: drawing,
    "gain.html": lambda drawing: f'<p class="n">12</p><figure>{drawing}</figure>',
    "gain.ipynb": lambda drawing: json.dumps({"cells": [{"outputs": [{"data": {"image/svg+xml": drawing}}]}]}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_figure_whose_names_differ_is_the_same_and_one_whose_number_differs_is_not(name: str) -> None:
    one, renamed, edited = (
        content.read(name, FILES[name](drawing).encode())
        for drawing in (drawn("a"), drawn("b"), drawn("a", "9934567890"))
    )
    names = [set(re.findall(r'id="(\w*[0-9a-f]{10})"', drawn(salt))) for salt in "ab"]
    # Images are named by their dots and the salt too.
    assert {re.sub(r"[0-9a-f]{10}$", "", found)[:1] for found in names[0]} == {"h", "m", "p", "C", "i"}
    assert not names[0] & names[1]
    assert content.digest(one) == content.digest(renamed)
    assert not content.difference(one, renamed)
    assert content.digest(one) != content.digest(edited)
    assert content.difference(one, edited)


@pytest.mark.parametrize(
    "text",
    [
        '<td data-value="1234567890">',
        '<a href="#1234567890">',
        "<p>costs '(1234567890)'",
        '{"rupiah": "1234567890"}',
        '<i id="p1234567890">',
        "<svg><text x='1'>\"1234567890\"</text></svg>",
        '<svg><rect width="1234567890"/></svg>',
        '<svg><g id="farm1234567890"/></svg>',
        '<svg><a href="#1234567890"/></svg>',
    ],
)
@pytest.mark.parametrize("name", ["page.html", "gain.ipynb", "gain.svg"])
def test_a_quoted_number_is_no_name_of_a_drawing(name: str, text: str) -> None:
    page = f'<svg><path id="m0123456789"/></svg>{text}<svg><use href="#m0123456789"/></svg>'
    old, new = (content.read(name, one.encode()) for one in (page, page.replace("1234567890", "9934567890")))
    assert content.digest(old) != content.digest(new)
    assert content.difference(old, new)


def test_a_drawing_that_uses_another_of_its_parts_is_another() -> None:
    parts = '<svg><path id="m0000000001"/><path id="m0000000002"/><use href="#m000000000{}"/></svg>'
    one, other = (content.read("gain.svg", parts.format(part).encode()) for part in (1, 2))
    assert content.digest(one) != content.digest(other)


@pytest.mark.parametrize(
    ("printed", "is_long"),
    [
        ("0.00012", False),
        ("-0.0012345", False),
        ("0.00123456", True),
        ("10.5000", True),
        ("1.5e-10", False),
        ("-1.234567E-10", True),
        ("1234567", False),
    ],
)
def test_zeros_in_front_and_powers_of_ten_are_no_digits(printed: str, is_long: bool) -> None:
    assert Number(printed).is_long() == is_long
