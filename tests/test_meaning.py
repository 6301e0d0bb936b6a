"""The executed notebooks say what they should: key results and the data behind every figure, within tolerances.

The reference values stand in ``results/reference``, written by ``cacao record``. Every number must come out to five
digits, and with its sign.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import frictionless
import nbformat
import numpy as np
import pandas as pd
import pytest
import row_audit

from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.kit.language import LANGUAGES
from pipeline.kit.provenance import reference
from pipeline.kit.publish.estimates import COUNTED
from pipeline.study.tables import TABLES

NOTEBOOKS = sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))
ESTIMATES, COLUMNS = reference.load("numbers"), reference.load("columns")
NO_SOURCE = {"parameter", "prior", "plot_survey"}


def published(fresh: Path, stage: str) -> pd.DataFrame:
    return pd.read_csv(fresh / "results" / stage / "estimates.csv")


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_published_numbers_are_those_expected(fresh: Path, stage: str) -> None:
    expected = ESTIMATES[ESTIMATES["stage"] == stage].set_index("key")
    found = published(fresh, stage).set_index("key")
    assert set(found.index) == set(expected.index)
    for key, row in expected.iterrows():
        for part in ("value", "lower", "upper"):
            assert found.at[key, part] == pytest.approx(row[part], rel=1e-5, nan_ok=True), (key, part)


@pytest.mark.parametrize("path", COLUMNS["path"].unique())
def test_tables_and_the_data_behind_figures_are_those_expected(fresh: Path, path: str) -> None:
    frame = pd.read_csv(fresh / path)
    for row in COLUMNS[COLUMNS["path"] == path].itertuples():
        values = frame[row.column].dropna()
        assert len(values) == row.n, row.column
        found = (values.min(), values.median(), values.max()) if row.n else (0.0, 0.0, 0.0)
        assert found == pytest.approx((row.least, row.median, row.greatest), rel=1e-5, abs=1e-12), row.column


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_executed_notebooks_have_no_errors_no_warnings_and_an_answer_before_the_first_figure(
    fresh: Path, stage: str
) -> None:
    notebook = nbformat.read(fresh / "results" / stage / f"{stage}.ipynb", as_version=4)
    nbformat.validate(notebook)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    texts = ["".join(output.get("data", {}).get("text/markdown", "")) for output in outputs]
    kinds = [
        "answer"
        if "**Jawaban.**" in text
        else "figure"
        if "<figure>" in output.get("data", {}).get("text/html", "")
        else "other"
        for text, output in zip(texts, outputs, strict=True)
    ]
    if stage != "12_brief":
        assert kinds[0] == "answer", "the answer comes before any other output"
        answer = texts[0]
        assert "**Answer.**" in answer
        assert "nan" not in answer.split()
        assert "{" not in answer


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_every_number_names_registered_sources_unit_and_method(fresh: Path, stage: str) -> None:
    registered = set(sources.load_registry()["sources"]) | NO_SOURCE
    frame = published(fresh, stage)
    cited = {source for ids in frame["sources"] for source in ids.split(";")}
    assert cited <= registered
    assert frame[["key", "value", "unit", "method"]].notna().all(axis=None)


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_every_number_says_what_its_n_counts_unless_it_rests_on_parameters_alone(fresh: Path, stage: str) -> None:
    frame = published(fresh, stage)
    counted, rows = frame["n_of"].notna(), frame["raw_rows"].map(row_audit.rows_cited)
    assert set(frame.loc[counted, "n_of"]) <= set(COUNTED)
    assert (frame["n"].notna() == counted).all()
    assert counted[rows.map(bool)].all()
    only = frame["sources"].isin(["parameter", "prior"])
    assert not counted[only].any()
    of_rows = frame["n_of"] == "raw rows"
    assert (frame.loc[of_rows, "n"] == rows[of_rows].map(len)).all()


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_every_figure_has_words_in_both_languages_and_registered_sources(fresh: Path, stage: str) -> None:
    registered = set(sources.load_registry()["sources"]) | NO_SOURCE
    for path in (fresh / "results" / stage / "figures").glob("*.json"):
        words = json.loads(path.read_text(encoding="utf-8"))
        assert words["sources"]
        assert set(words["sources"]) <= registered, path
        assert words["en"]["caption"] != words["id"]["caption"]
        for language in LANGUAGES:
            assert all(words[language][part].strip() for part in ("title", "caption", "alt"))
            for kind in ("svg", "png", "pdf"):
                assert (path.with_suffix(f".{language}.{kind}")).stat().st_size > 1000


def test_the_clean_tables_are_a_valid_data_package(fresh: Path) -> None:
    package = frictionless.Package(str(fresh / "data" / "clean" / "datapackage.json"))
    assert {resource.name for resource in package.resources} == {table.name for table in TABLES}
    report = package.validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:10]


@pytest.mark.parametrize("stage", ["04_yield_gap", "12_brief"])
def test_an_executed_notebook_run_again_by_hand_shows_the_same(copy: Path, stage: str) -> None:
    notebook = copy / "results" / stage / f"{stage}.ipynb"
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        str(notebook),
    ]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


def test_the_brief_loads_nothing_and_has_two_pages_in_each_language(fresh: Path) -> None:
    for language in LANGUAGES:
        text = (fresh / "results" / "12_brief" / f"brief.{language}.html").read_text(encoding="utf-8")
        assert text.count('<section class="page">') == 2
        assert f'<html lang="{language}">' in text
        assert "src=" not in text
        assert "@import" not in text
        assert "{" not in text.split("<main>")[1].replace("{stroke", "").split("<style")[0]


def test_the_causes_and_what_is_not_explained_add_up_to_the_gap_in_every_draw(fresh: Path) -> None:
    frame = published(fresh, "09_attribution").set_index("key")["value"]
    # Medians do not add up, chances do.
    chances = frame[[key for key in frame.index if key.startswith("first.")]]
    assert chances.sum() == pytest.approx(1.0, abs=1e-6)


def test_draws_are_as_many_as_the_parameter_says(fresh: Path) -> None:
    draws = pd.read_csv(fresh / "results" / "04_yield_gap" / "tables" / "draws.csv")
    assert len(draws) == 20000
    assert np.isfinite(draws).all(axis=None)
    assert draws["mature_share"].between(0, 1).all()
