"""The benchmark: agreement of the ways, tables, goals, and what is left out where a program is missing."""

import csv
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bench import answers, growth, opened, page, small, stock, survey, tree, ways
from bench.__main__ import PARTS, main
from bench.comparison import apart, commands, rows
from bench.measure import BenchError, Measured, middle
from pipeline.params import load_params

EXACT = {"shade": [-1.0, 0.0, 1.0], "training": [0.0, 0.1, 0.2]}


def fitted(quantiles: dict[str, list[float]], seconds: float = 1.0, **diagnostics: float) -> dict[str, Any]:
    return {"seconds": seconds, "process": seconds + 1, "quantiles": quantiles, **diagnostics}


def all_ways() -> dict[str, dict[str, Any]]:
    chains, shifted = {"r_hat": 1.0012, "effective": 812.4, "divergent": 0}, {"shade": [-1.0, 0.02, 1.0]}
    return {
        "exact": fitted(EXACT, 0.5),
        "numpyro": fitted(shifted, 20.0, **chains),
        "pymc": fitted(shifted, 60.0, **chains),
        "nutpie": fitted(shifted, 55.0, **chains),
    }


def test_apart_is_the_largest_distance_in_percent_of_the_exact_interval() -> None:
    assert apart(EXACT, {"shade": [-1.0, 0.0, 1.1], "training": [0.0, 0.1, 0.19]}) == pytest.approx(5.0)
    assert apart(EXACT, {"shade": [-1.0, 0.0, 1.1]}) == pytest.approx(5.0)


@given(st.floats(-10, 10), st.floats(0.01, 10))
def test_apart_does_not_depend_on_place_and_scale(shift: float, scale: float) -> None:
    other = {"shade": [-1.1, 0.05, 1.0], "training": [0.0, 0.1, 0.2]}
    moved = [
        {name: [shift + scale * point for point in points] for name, points in quantiles.items()}
        for quantiles in (EXACT, other)
    ]
    assert apart(*moved) == pytest.approx(apart(EXACT, other), abs=1e-6)


@pytest.mark.parametrize("wrong", [1.2, -1.0, math.nan, math.inf])
def test_a_way_that_draws_another_posterior_is_refused(wrong: float) -> None:
    found = all_ways() | {"pymc": fitted({"training": [0.0, 0.1, 0.2], "shade": [-1.0, 0.0, wrong]})}
    with pytest.raises(BenchError, match=r"pymc is .* do not fit the same model"):
        rows(found)


def test_rows_compare_with_the_exact_way_and_leave_empty_what_there_is_not() -> None:
    exact, numpyro, *_ = rows(all_ways())
    assert (exact["ratio_to_exact"], exact["apart"]) == ("1.0", "0.0")
    assert [exact[name] for name in ("effective", "effective_per_second", "r_hat", "divergent")] == [""] * 4
    assert (numpyro["ratio_to_exact"], numpyro["process"], numpyro["apart"]) == ("40.0", "21.00", "1.0")
    assert [numpyro[name] for name in ("effective", "effective_per_second", "r_hat")] == ["812", "41", "1.001"]
    assert numpyro["measures"] == "1"


def test_samplers_are_left_out_where_they_are_not_installed(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("bench.comparison.OTHER_PYTHON", tmp_path / "no" / "python")
    assert list(commands(tmp_path)) == ["exact"]
    assert "NumPyro and PyMC are not installed" in capsys.readouterr().out


def test_times_are_relative_to_other_ways_where_these_were_measured() -> None:
    measured = {"plain": Measured(2.0, 1.0), "cacao_repro_j2": Measured(3.0, 9.6), "snakemake_j2": Measured(30.0, 1.0)}
    own = page.times(measured, *ways.REFERENCES)[1]
    assert own == {
        "way": "cacao_repro_j2",
        "seconds": "3.00",
        "ratio_to_plain": "1.50",
        "ratio_to_papermill_dvc": "",
        "ratio_to_snakemake_j2": "0.10",
    }
    assert page.with_memory(page.times(measured), measured)[1]["peak_mib"] == "10"
    assert middle([Measured(9.0, 1.0), Measured(2.0, 1.0), Measured(3.0, 1.0)]).seconds == 3.0


@pytest.mark.parametrize(("found", "word"), [("1.30", "within"), ("1.31", "above")])
def test_what_was_measured_is_held_against_its_goal(found: str, word: str) -> None:
    table = [{"way": "plain", "ratio_to_plain": "1.00"}, {"way": "own", "ratio_to_plain": found}]
    assert (
        page.held(table, (("own", "ratio_to_plain", 1.3),)) == f"`own`: ratio to plain {found}, {word} the goal of 1.3."
    )


def test_goals_of_what_was_not_measured_are_left_out() -> None:
    table = [{"way": "own", "ratio_to_snakemake_j2": ""}]
    assert page.held(table, (("own", "ratio_to_snakemake_j2", 0.2), ("other", "seconds", 1.0))) == ""


@pytest.mark.parametrize("name", PARTS)
def test_goals_name_rows_and_columns_of_what_was_last_measured(name: str) -> None:
    with (page.TABLES / f"{name}.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert PARTS[name].text(table).count(" the goal of ") == len(PARTS[name].goals)
    for row, column, _ in PARTS[name].goals:
        assert any(row in one.values() and one[column] for one in table)


def test_parts_measured_at_different_times_make_one_page(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(page, "TABLES", tmp_path / "results")
    monkeypatch.setattr(page, "PAGE", tmp_path / "docs" / "benchmark.md")
    first, second = (page.Part(f"## {name}\n", lambda top: []) for name in ("First", "Second"))
    page.keep("second", second, [{"way": "b", "seconds": "2"}])
    page.keep("first", first, [{"way": "a", "seconds": "1"}])
    page.keep("second", second, [{"way": "b", "seconds": "3"}])
    page.write_page(["first", "missing", "second"])
    text = page.PAGE.read_text(encoding="utf-8")
    assert text.index("## First") < text.index("| `a` | 1 |") < text.index("## Second") < text.index("| `b` | 3 |")
    assert text.count("Measured with") == 2
    assert (tmp_path / "results" / "second.csv").read_text(encoding="utf-8") == "way,seconds\nb,3\n"
    assert "## First" in capsys.readouterr().out


def test_tables_have_numbers_on_the_right() -> None:
    head, rule, body = page.markdown_table([{"way": "own_way", "peak_mib": "3"}]).splitlines()
    assert (head, rule, body) == ("| way | peak mib |", "|---|---:|", "| `own_way` | 3 |")


def test_the_page_is_made_of_the_parts_that_were_measured() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert [(page.TABLES / f"{name}.md").read_text(encoding="utf-8") in text for name in PARTS] == [True] * len(PARTS)


def test_a_part_that_is_not_there_is_named(capsys) -> None:
    assert main(["small", "pods"]) == 2
    assert "there is no part pods; there are: latest, stages" in capsys.readouterr().err


def test_each_small_notebook_stands_after_the_one_it_needs() -> None:
    needs = small.names()
    assert len(needs) == 10
    order = list(needs)
    assert all(order.index(other) < order.index(name) for name, others in needs.items() for other in others)


def test_small_notebooks_use_what_the_project_has() -> None:
    """Their code is text here: names that it imports must be there."""
    for name, needs in small.names().items():
        compiled = compile(small.CODE.format(name=name, needs=needs), name, "exec")
        lines = [line for line in small.CODE.splitlines() if line.startswith(("import", "from"))]
        exec("\n".join([*lines, "paths.RESULTS, paths.output"]), {})
        assert "paths" in compiled.co_names


def test_generated_projects_run_the_code_of_the_project() -> None:
    exec("\n".join(line for line in growth.OWN.splitlines() if line.startswith(("import", "from"))), {})


def test_stock_tools_run_every_stage_with_the_parameters() -> None:
    rules = stock.snakefile(tree.read_pipeline())
    assert all(f"rule s_{name}:" in rules for name in tree.read_pipeline())
    assert "output: directory('results/04_yield_gap'), 'results/metrics/04_yield_gap.json'" in rules
    script = stock.script("04_yield_gap", load_params())
    assert "papermill notebooks/04_yield_gap.ipynb" in script
    assert "-p seed " in script


def test_a_generated_project_has_its_number_of_stages_in_chains(tmp_path) -> None:
    made = growth.generate(tmp_path / "made", 12)
    stages = yaml.safe_load((made / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert len(stages) == 12
    assert stages["s11"]["deps"] == ["out/1.txt"]
    assert stages["s9"]["deps"] == ["in/9.txt"]


def test_model_stages_are_those_from_the_yield_gap_to_the_validation() -> None:
    names = answers.model_stages(["12_brief", "11_validation", "tables", "03_clean_evidence", "04_yield_gap"])
    assert names == ["04_yield_gap", "11_validation"]
    assert len(answers.model_stages(list(tree.read_pipeline()))) == 8


def test_the_ends_of_the_pipeline_need_every_other_stage() -> None:
    stages = tree.read_pipeline()
    reached, waiting = set(), tree.ends(stages)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += tree.needed(stages, name)
    assert reached == set(stages)
    assert "site" not in reached


def test_files_of_the_large_survey_are_written(tmp_path) -> None:
    survey.write(tmp_path, 3)
    assert all((tmp_path / f"survey.{kind}").read_bytes().startswith(b"PK") for kind in survey.READ)


def test_pages_that_take_too_long_are_named() -> None:
    table = [opened.row("index", [(90.0, 40.0), (400.0, 50.0), (100.0, 60.0)]), opened.row("explore", [(999.0, 700.0)])]
    assert (table[0]["cold_ms"], table[0]["warm_ms"]) == ("100", "50")
    assert opened.slow(table) == "All are within the goal."
    assert opened.slow([*table, opened.row("calculator", [(1001.0, 9.0)])]) == "Above the goal: calculator."


@pytest.mark.slow
def test_a_page_cannot_be_used_while_a_task_holds_it_up(browser, tmp_path) -> None:
    for name, delay in (("free", 0), ("held", 400)):
        script = f"const end = performance.now() + {delay}; while (performance.now() < end);"
        (tmp_path / f"{name}.js").write_text(f"setTimeout(() => {{ {script} }}, 50);", encoding="utf-8")
        (tmp_path / f"{name}.html").write_text(f'<!doctype html><script src="{name}.js"></script>', encoding="utf-8")
    with opened.host(tmp_path) as root:
        free, held = (opened.opened(browser, f"{root}/{name}.html") for name in ("free", "held"))
    assert min(held) >= 400
    assert max(free) < min(held)


def test_pages_that_are_opened_are_pages_of_the_site(fresh: Path) -> None:
    assert not [kind for kind in opened.KINDS if not (fresh / "results" / "site" / "id" / f"{kind}.html").exists()]
