"""Keys are typed, come back from disk as they were, are never taken apart, and mostly stand whole in the code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.publish.estimates import Estimate, EstimateError, Prose, Quantity, load_estimates, save_estimates
from pipeline.kit.publish.keys import Key, KeyPartError

PART = st.from_regex(r"[a-z0-9]{1,6}(_[a-z0-9]{1,3}){0,2}", fullmatch=True)
PARTS = st.lists(PART, max_size=3).map(tuple)


@st.composite
def keys(draw: st.DrawFn) -> Key:
    quantity = draw(st.one_of(st.just(""), PART))
    return Key(draw(PART), draw(PARTS), quantity, draw(PARTS) if quantity else ())


def estimate(key: Key) -> Estimate:
    return Estimate(key, 1.0, "t", "", "made up", ("a",), 1, value_is="mean")


# The parts.


@given(keys())
def test_the_text_of_a_key_is_its_parts_with_dots_between(key):
    said = [key.topic, *key.case, *([key.quantity] if key.quantity else []), *key.at]
    assert str(key) == ".".join(said)
    assert key.within_topic == ".".join(said[1:])


@pytest.mark.parametrize("part", ["", "a.b", "A", "a b", "a;b", "_a", "a_", "a__b", "a-b", "é"])
def test_a_part_with_any_other_character_is_refused(part):
    for make in (lambda: Key(part), lambda: Key("a", (part,)), lambda: Key("a", (), "b", (part,))):
        with pytest.raises(KeyPartError):
            make()


def test_what_is_no_part_in_its_place_is_refused():
    for make in (lambda: Key("a", (), "", ("b",)), lambda: Key("a", "b"), lambda: Key("a", (), "b", "c")):  # type: ignore[arg-type]
        with pytest.raises(KeyPartError):
            make()
    with pytest.raises(EstimateError, match="needs its parts"):
        estimate("scenario.training.net_income")  # type: ignore[arg-type]


@given(st.lists(keys(), min_size=1, max_size=6, unique_by=str))
def test_keys_come_back_from_the_table_with_their_parts(project, drawn):
    save_estimates([estimate(key) for key in drawn])
    loaded = load_estimates("98_test")
    assert {text: found.key for text, found in loaded.items()} == {str(key): key for key in drawn}


def test_the_parts_are_read_from_their_columns_and_not_from_the_text(project):
    save_estimates([estimate(Key("a", ("b", "c"), "d", ("e",)))])
    path = project / "results" / "98_test" / "estimates.csv"
    path.write_text(path.read_text().replace("a.b.c.d.e", "anything"))
    assert load_estimates("98_test")["anything"].key == Key("a", ("b", "c"), "d", ("e",))


@pytest.mark.parametrize("other", [Key("a", ("b",), "c"), Key("a", ("b", "c")), Key("a", (), "b", ("c",))])
def test_a_key_that_only_its_parts_tell_from_another_is_refused(project, other):
    same = next(key for key in (Key("a", ("b",), "c"), Key("a", ("b", "c"))) if key != other)
    with pytest.raises(EstimateError, match=r"a\.b\.c"):
        save_estimates([estimate(same), estimate(other)])
    with pytest.raises(EstimateError, match=r"a\.b\.c: two keys"):
        Prose([estimate(same), estimate(other)])


def test_a_case_that_is_not_declared_cannot_be_published():
    quantity = Quantity("yield", "now", "kg/ha", "weighed", ("yield.berau.now",), value_is="mean")
    assert quantity.estimate(quantity.key("berau"), 1.0, ("a",)).unit == "kg/ha"
    for make in (lambda: quantity.key("mars"), lambda: quantity.drawn(Key("yield", ("berau", "now")), [1.0], 0.9)):
        with pytest.raises(KeyPartError, match="is not among the keys of yield, now"):
            make()


# Who made an estimate.


def _hand(key: Key) -> Estimate:
    return next(estimate for estimate in [Estimate(key, 1.0, "t", "", "made up", ("a",), 1, value_is="mean")])


def test_an_estimate_notes_the_function_that_built_it_and_not_its_hand():
    made = [_hand(Key("a")), *(_hand(Key("b")) for _ in range(1))]
    name = test_an_estimate_notes_the_function_that_built_it_and_not_its_hand.__name__
    assert [one.made_by for one in made] == [f"{__name__}:{name}"] * 2


def test_the_maker_comes_back_from_disk(project):
    saved = estimate(Key("a"))
    save_estimates([saved])
    assert load_estimates("98_test")["a"].made_by == saved.made_by == f"{__name__}:estimate"
