"""Usage warnings travel with sources: from rows to numbers, figures and later stages; none is lost, none made up."""

import json
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.data import usage
from pipeline.kit.language import LANGUAGES

SOURCES = st.sampled_from(["a@prices:2", "a@prices:3", "b@effects:2"])
WORDS = st.lists(st.sampled_from(list(usage.WARNINGS)), max_size=3, unique=True)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_by_rows", {})


@given(st.lists(st.tuples(SOURCES, WORDS), max_size=8))
def test_a_source_carries_exactly_the_warnings_of_its_rows(rows: list[tuple[str, list[str]]]) -> None:
    usage._by_rows.clear()
    frame = pd.DataFrame(
        [(source, ";".join(words) or None) for source, words in rows], columns=["source_id", "warnings"]
    )
    usage.remember(frame)
    for source in ("a@prices:2", "a@prices:3", "b@effects:2"):
        expected = {word for name, words in rows if name == source for word in words}
        assert set(usage.of([source])) == expected
    # What travels on says the same, however often it is recalled.
    before = usage.table()
    usage.remember_table(before)
    pd.testing.assert_frame_equal(usage.table(), before)


def test_a_row_with_two_sources_warns_whoever_rests_on_both_and_unknown_words_are_an_error() -> None:
    made = "a@areas:2;b@crops:3;parameter@params:cleaning.x"
    usage.remember(pd.DataFrame({"source_id": [made], "warnings": ["potential"]}))
    for _ in range(2):
        assert usage.of(["a@areas:2"]) == usage.of(["b@crops:3"]) == ()
        assert usage.of(["a@areas:2", "b@crops:3", "c@crops:4"]) == ("potential",)
        assert usage.on_sources() == {}
        # What travels on says the same.
        before = usage.table()
        usage._by_rows.clear()
        usage.remember_table(before)
    usage.remember(pd.DataFrame({"source_id": ["c"], "warnings": ["invented"]}))
    with pytest.raises(KeyError, match="invented"):
        usage.of(["a", "c"])


def test_every_warning_has_words_in_both_languages() -> None:
    for text in usage.WARNINGS.values():
        assert all(text.in_language(language).strip() for language in LANGUAGES)
        assert text.en != text.id


def lines_of(raw_rows: str, table: str) -> list[str]:
    """Each line of a raw table that a number rests on, as the clean table has it: ``effects:3``."""
    spans = [span.split("-") for part in re.findall(rf"\b{table}:([\d,-]+)", raw_rows) for span in part.split(",")]
    return [f"{table}:{line}" for span in spans for line in range(int(span[0]), int(span[-1]) + 1)]


def test_numbers_and_figures_carry_the_warnings_of_the_tables_behind_them(fresh: Path) -> None:
    effects = pd.read_csv(fresh / "data/clean/effects.csv").dropna(subset=["warnings"])
    for stage in ("05_model_evidence", "09_attribution"):
        for row in pd.read_csv(fresh / "results" / stage / "estimates.csv").itertuples():
            used = effects[effects["raw_rows"].isin(lines_of(row.raw_rows, "effects"))]
            needed = {word for words in used["warnings"] for word in words.split(";")}
            carried = set() if pd.isna(row.warnings) else set(row.warnings.split(";"))
            assert needed <= carried, (stage, row.key)
    words = json.loads((fresh / "results/05_model_evidence/figures/forest.json").read_text())
    assert {"abstract_only", "imputed"} <= set(words["warnings"])


def test_a_reader_of_the_notebook_sees_the_warnings_in_both_languages(fresh: Path) -> None:
    notebook = nbformat.read(fresh / "results/05_model_evidence/05_model_evidence.ipynb", as_version=4)
    shown = str([cell.get("outputs") for cell in notebook.cells])
    assert "read in an abstract only" in shown
    assert "hanya dibaca di abstrak" in shown
