"""Numbers in results paragraphs come from estimates; the check finds those that do not, and lets names pass."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import cli
from pipeline.site import text_checks


def test_every_number_in_a_results_paragraph_comes_from_an_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["numerals"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Yield is {kutai_timur.yield_mature}, in 2025 as in 2019-2020.", []),
        ("Yield is 740 kg/ha.", ["740"]),
        ("Hasil 1.161 ha pada 2025", ["1.161"]),
        ("from -22 to 140 %", ["22", "140"]),
        ("their 80 % intervals, at 80 and 95 %", []),
        ("a chance of 81 %", ["81"]),
        ("as told there (11), or there (05, 11)", []),
        ("the 11 studies", ["11"]),
        ("1 kg of NPK 14-12-16 costs 3 kg", ["3"]),
        ("{a:percent} of 12 plots", ["12"]),
        ("in 20250 and 1850", ["20250", "1850"]),
    ],
)
def test_a_bare_numeral_is_told_from_a_name(text: str, found: list[str]) -> None:
    assert [words.split("'")[1] for words in text_checks.in_words(text)] == found


def test_answers_captions_and_prose_are_read_and_methods_are_not() -> None:
    def cell(kind: str, name: str, source: str) -> dict[str, object]:
        return {"cell_type": kind, "id": name, "source": [source]}

    cells = [
        cell("markdown", "a", "## Answer\nThe gap is 300 kg."),
        cell("code", "b", 'x = Text("gains 38 %", id=f"naik {n} dari 41")\nrange(12)'),
        cell("markdown", "c", "## How\nThe prior has a scale of 0.3."),
    ]
    told = list(text_checks.in_notebook(json.dumps({"cells": cells})))
    assert [(line.split(",")[0].split(":")[0], line.split("'")[1]) for line in told] == [
        ("cell a", "300"),
        ("cell b", "38"),
        ("cell b", "41"),
    ]


@given(st.integers(2101, 10**7))
def test_no_result_written_in_digits_gets_through(value: int) -> None:
    assert list(text_checks.in_words(f"adds {value:,} t and {value} kg"))
