"""Published numbers are complete, survive the disk, and read the same in both languages."""

import json
import math
import re
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.language import LANGUAGES, Text, format_number, format_unit
from pipeline.kit.publish.estimates import (
    COUNTED,
    Estimate,
    EstimateError,
    Prose,
    cited,
    estimate_table,
    from_draws,
    load_estimates,
    restated,
    save_estimates,
)
from pipeline.kit.publish.keys import Key

NAN = float("nan")
# Keys of several parts by their text.
KEYS = {"yield.now": ("yield", (), "now")}


def estimate(key: str | Key = "yield.now", value: float = 410.0, **changes) -> Estimate:
    given_values = {
        "unit": "kg/ha",
        "basis": "mature",
        "method": "production over area",
        "sources": ("a", "b"),
        "n": 2,
        "n_of": "studies",
        "lower": 350.0,
        "upper": 1480.0,
        "level": 0.9,
        "seed": 1,
        "value_is": "median of draws",
    }
    named = key if isinstance(key, Key) else Key(*KEYS.get(key, (key,)))
    return Estimate(named, value, **(given_values | changes))


# What must not be published.


@pytest.mark.parametrize("value", [NAN, math.inf, -math.inf])
def test_value_that_is_no_number_is_refused(value):
    with pytest.raises(EstimateError, match=r"yield\.now: value is"):
        estimate(value=value)


@pytest.mark.parametrize(("lower", "upper"), [(420.0, 500.0), (300.0, 400.0), (500.0, 300.0)])
def test_value_outside_its_interval_is_refused(lower, upper):
    with pytest.raises(EstimateError, match=r"yield\.now: 410\.0 is not between"):
        estimate(lower=lower, upper=upper)


@pytest.mark.parametrize("missing", [{"sources": ()}, {"unit": ""}, {"method": ""}])
def test_estimate_without_sources_unit_or_method_is_refused(missing):
    with pytest.raises(EstimateError, match=r"yield\.now: unit, method and sources must be given"):
        estimate(**missing)


def test_restated_figure_needs_no_interval():
    assert estimate(lower=NAN, upper=NAN, level=NAN, seed=None).value == 410


def test_a_value_says_what_it_is_by_itself_or_by_its_method():
    assert estimate(method="count", value_is="").value_is == "count"
    assert estimate(value_is="mean").value_is == "mean"
    drawn = from_draws(Key("x"), np.arange(9.0), 0.9, unit="t", basis="", method="count", sources=("a",), seed=1)
    assert drawn.value_is == "median of draws"
    assert restated(Key("x"), 3.0, "t", "", "a@effects:2").value_is == "published figure"


@pytest.mark.parametrize("said", ["middling", ""])
def test_a_value_that_is_something_else_or_not_said_is_refused(said):
    with pytest.raises(EstimateError, match=rf"yield\.now: a value is one of median of draws, .*, not '{said}'"):
        estimate(value_is=said)


@pytest.mark.parametrize(("n", "n_of"), [(2, "things"), (None, "studies")])
def test_n_with_another_word_for_what_it_counts_is_refused(n, n_of):
    with pytest.raises(EstimateError, match=r"yield\.now: n is .*; it counts raw rows, effects, figures"):
        estimate(n=n, n_of=n_of)


def test_n_raw_rows_are_those_that_are_cited():
    cites = ("a@costs:3;a@costs:4", "parameter@params:x.y")
    assert estimate(sources=cites, n=2, n_of="raw rows").n == 2
    with pytest.raises(EstimateError, match="n is 3 raw rows, but 2 are cited"):
        estimate(sources=cites, n=3, n_of="raw rows")
    assert cited(cites) == {"sources": (*cites[0].split(";"), cites[1]), "n": 2, "n_of": "raw rows", "seed": None}


def test_number_made_of_parameters_alone_has_no_n():
    assert cited(cites := ("parameter@params:x.y",)) == {"sources": cites, "seed": None}


def test_what_is_counted_is_said_in_both_languages():
    assert [word for word in COUNTED if format_unit(word, "id") == word] == []


def test_published_figure_is_shown_with_the_digits_of_its_source():
    figure = restated(Key("price"), 5662.38, "USD/t", "Indonesia, 2026-01", "a@context:3")
    assert (figure.text("en"), figure.text("id")) == ("5,662.38 USD/t", "5.662,38 USD/t")
    assert (figure.n, figure.n_of, figure.method) == (1, "raw rows", "published figure")
    assert estimate(value=5662.38, lower=NAN, upper=NAN, level=NAN).text("en") == "5,660 kg/ha"


# From draws.


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=50), st.floats(0.5, 0.99), st.randoms(use_true_random=False))
def test_estimate_from_draws_is_median_and_central_interval_in_any_order(draws, level, random):
    def make(values):
        words = {"unit": "t", "basis": "", "method": "m", "sources": ["b", "a", "b"], "n": 3, "seed": 1}
        return from_draws(Key("k"), np.array(values), level, **words)

    found = make(draws)
    expected = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    assert (found.lower, found.value, found.upper) == pytest.approx(tuple(expected), rel=1e-5)
    assert found.level == level
    assert found.sources == ("a", "b")
    assert make(random.sample(draws, len(draws))) == found


def test_draws_that_hold_no_number_give_no_estimate():
    with pytest.raises(EstimateError, match="value is nan"):
        from_draws(Key("k"), np.array([1.0, NAN]), 0.9, unit="t", basis="", method="m", sources=["a"], n=1, seed=1)


# On disk.

NUMBERS = st.floats(-1e9, 1e9, allow_subnormal=False)


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3).map(sorted), min_size=1, max_size=5), st.booleans())
def test_estimates_come_back_to_six_digits(project, triples, is_restated):
    without = (
        {"lower": NAN, "upper": NAN, "level": NAN, "seed": None, "basis": "", "n": None, "n_of": ""}
        if is_restated
        else {}
    )
    saved = [
        estimate(f"k{n}", value, **({"lower": low, "upper": high} | without))
        for n, (low, value, high) in enumerate(triples)
    ]
    save_estimates(saved)
    loaded = load_estimates("98_test")
    assert list(loaded) == [str(e.key) for e in saved]
    for before in saved:
        after = asdict(loaded[str(before.key)])
        for name, value in asdict(before).items():
            if name == "headline":
                continue
            if isinstance(value, float) and math.isnan(value):
                assert math.isnan(after[name])
            elif isinstance(value, float):
                assert after[name] == pytest.approx(float(f"{value:.6g}"), rel=1e-14, abs=1e-300)
            else:
                assert after[name] == value


def test_text_that_looks_like_something_else_comes_back_as_text(project):
    save_estimates([estimate("na", basis="null", method='a, "b"; c', sources=("nan", "x"))])
    found = load_estimates("98_test")["na"]
    assert (found.basis, found.method, found.sources) == ("null", 'a, "b"; c', ("nan", "x"))


def test_headline_numbers_become_metrics_and_no_others(project):
    save_estimates(
        [
            estimate("a", headline=True),
            estimate("b"),
            estimate("c", 1 / 3, headline=True, lower=NAN, upper=NAN, level=NAN),
        ]
    )
    text = (project / "results" / "metrics" / "98_test.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": {"value": 410, "lower": 350, "upper": 1480}, "c": {"value": 0.333333}}
    assert "NaN" not in text


def test_key_that_stands_twice_is_refused_and_named(project):
    path = project / "results" / "98_test" / "estimates.csv"
    path.unlink(missing_ok=True)
    with pytest.raises(EstimateError, match="keys stand twice: a, c"):
        save_estimates([estimate(key) for key in "acbca"])
    assert not path.exists()


def test_saving_again_gives_the_same_bytes(project):
    paths = [project / "results" / folder for folder in ("98_test/estimates.csv", "metrics/98_test.json")]
    contents = []
    for _ in range(2):
        save_estimates([estimate("a", headline=True), estimate("b", 1e-7, lower=0.0, upper=1.0)])
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]


def test_table_of_estimates_has_a_row_each_with_all_that_a_reader_needs():
    table = estimate_table([estimate("a"), estimate("b", seed=None)])
    assert table["key"].tolist() == ["a", "b"]
    assert {"value", "lower", "upper", "level", "unit", "basis", "method", "n", "n_of", "seed", "sources"} <= set(table)
    assert table["sources"].tolist() == ["a;b", "a;b"]


# In prose.


def test_number_in_prose_shows_interval_and_unit_in_both_languages():
    prose = Prose([estimate(value=1161.0)])
    text = Text("Yield is {yield.now}.", "Hasil {yield.now}.")
    assert prose.fill(text, "en") == "Yield is 1,200 (350 to 1,500) kg/ha."
    assert prose.fill(text, "id") == "Hasil 1.200 (350 sampai 1.500) kg/ha."


def test_restated_number_shows_its_digits_and_no_interval():
    restated = estimate(value=1161.0, lower=NAN, upper=NAN, level=NAN)
    assert restated.text("en") == "1,161 kg/ha"
    assert restated.text("id") == "1.161 kg/ha"


def test_pure_number_has_no_unit_in_prose():
    assert estimate(value=0.25, unit="1", lower=0.1, upper=0.5).text("en") == "0.25 (0.1 to 0.5)"


def test_value_alone_and_percent():
    prose = Prose([estimate("share", 0.256, unit="1", lower=0.1, upper=0.5)])
    assert prose.fill(Text("{share:value} {share:percent}", ""), "en") == "0.26 26 %"
    assert prose.fill(Text("", "{share:value} {share:percent}"), "id") == "0,26 26 %"


def test_unit_in_words_is_translated():
    assert estimate(unit="times").text("id").endswith(" kali")
    assert format_unit("1", "id") == ""
    assert format_unit("kg/ha", "id") == "kg/ha"


@pytest.mark.parametrize("text", ["{yield.then}", "{}x{ }", "{yield}"])
def test_unknown_key_in_prose_is_refused(text):
    with pytest.raises(EstimateError, match="no estimate has the key"):
        Prose([estimate()]).fill(Text(text, text), "en")


@pytest.mark.parametrize("language", ["fr", ""])
def test_unknown_language_is_refused(language):
    with pytest.raises(KeyError):
        Prose([estimate()]).fill(Text("a", "b"), language)


def test_answer_stands_in_indonesian_and_english():
    answer = Prose([estimate()]).answer(Text("{yield.now:value} now.", "{yield.now:value} kini."))
    shown = answer._repr_mimebundle_()
    assert shown["text/markdown"] == "**Jawaban.** 410 kini.\n\n**Answer.** 410 now."


# Numbers in two languages.

ANY_NUMBER = st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-9)


@given(ANY_NUMBER, st.integers(1, 6))
def test_indonesian_is_english_with_the_marks_swapped(value, digits):
    english, indonesian = (format_number(value, language, digits) for language in LANGUAGES)
    assert english.translate(str.maketrans(",.", ".,")) == indonesian


@given(ANY_NUMBER, st.integers(1, 6))
def test_printed_number_reads_back_as_the_rounded_value(value, digits):
    text = format_number(value, "en", digits)
    assert float(text.replace(",", "").replace("−", "-")) == float(f"{value:.{digits}g}")
    assert re.fullmatch(r"−?\d{1,3}(,\d{3})*(\.\d*[1-9])?", text)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(1161, 4, "1,161"), (1161, 2, "1,200"), (0, 3, "0"), (999.96, 4, "1,000"), (0.0456, 3, "0.0456"), (-5, 2, "−5")],
)
def test_examples_of_printed_numbers(value, digits, expected):
    assert format_number(value, "en", digits) == expected
