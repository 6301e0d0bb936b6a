"""The report of the benchmark: agreement of the ways, tables, what is said of ways that were not measured."""

import csv
import math
import shlex
from pathlib import Path

import matplotlib
import nbformat
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bench import (
    figure,
    growth,
    models_report,
    opened,
    pages,
    parts,
    plan,
    plan_units,
    report,
    small,
    stages,
    stock,
    survey,
    tree,
)
from bench.__main__ import main
from bench.comparison import Fitted, apart, check_agreement, commands
from bench.measure import BenchError, Measured
from bench.page import markdown_table, write_csv
from bench.tree import read_pipeline

EXACT = {"shade": [-1.0, 0.0, 1.0], "training": [0.0, 0.1, 0.2]}


def fitted(quantiles: dict[str, list[float]], seconds: float = 1.0, **diagnostics: float) -> Fitted:
    return Fitted(seconds, Measured(seconds + 1, 100.0), quantiles, **diagnostics)


def all_ways() -> dict[str, Fitted]:
    chains = {"r_hat": 1.0012, "effective": 812.4, "divergent": 0}
    shifted = {"shade": [-1.0, 0.02, 1.0]}
    return {
        "exact": fitted(EXACT, 0.5),
        "numpyro": fitted(shifted, 20.0, **chains),
        "pymc": fitted(shifted, 60.0, **chains),
        "pymc_again": fitted(shifted, 30.0, **chains),
        "nutpie": fitted(shifted, 55.0, **chains),
        "nutpie_again": fitted(shifted, 10.0, **chains),
        "metafor": fitted({"shade": [-9.0, 0.0, 9.0]}, 0.3),
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
        check_agreement(found)


def test_small_notebooks_are_compared_with_the_floor_and_with_snakemake_where_it_was_measured() -> None:
    measured = {"plain": Measured(2.0, 1.0), "cacao_warm_j2": Measured(3.0, 1.0), "snakemake_j2": Measured(30.0, 1.0)}
    (_, warm, _) = small.rows(measured)
    assert (warm["ratio_to_plain"], warm["ratio_to_snakemake_j2"]) == ("1.50", "0.10")
    del measured["snakemake_j2"]
    assert small.rows(measured)[1]["ratio_to_snakemake_j2"] == ""
    assert "| `cacao_warm_j2` | 3.00 | 1.50 |  |" in small.section(measured)
    assert "Snakemake with" not in small.section(measured)


@pytest.mark.parametrize(("seconds", "words"), [(4.0, "within within"), (5.1, "above above"), (4.5, "above within")])
def test_small_notebooks_are_held_against_their_goals(seconds: float, words: str) -> None:
    times = {"plain": 2.0, "cacao_warm_j2": seconds, "snakemake_j2": 30.0}
    said = small.verdict({way: Measured(time, 1.0) for way, time in times.items()})
    floor, snakemake = words.split()
    assert f"times the floor, {floor} its goal of 2.0" in said
    assert f"two jobs, {snakemake} its goal of a sixth" in said


def test_nothing_to_do_is_held_against_its_goal_at_the_greatest_number() -> None:
    few, many = {"stages": "10", "cacao_cold": "2.0", "cacao_noop": "0.1"}, {"stages": "1000", "cacao_cold": "90.0"}
    assert "3.1 s at 1000 stages, above its goal" in growth.section([few, many | {"cacao_noop": "3.1"}])
    assert "0.2 s at 1000 stages, within its goal" in growth.section([few, many | {"cacao_noop": "0.2"}])
    assert growth.seconds_a_stage([few, many]) == pytest.approx(0.09)


UNITS = {
    "countries": 86,
    "regencies": [{"number": 12, "seconds": 18.0}, {"number": 24, "seconds": 72.0}],
    "scenarios": [{"number": 100, "seconds": 1.0, "bytes": 1000.0}, {"number": 400, "seconds": 4.0, "bytes": 1000.0}],
    "scenario_mib": 300.0,
    "fit_mib": 900.0,
    "workers": [
        {"workers": 1, "seconds": 20.0, "task": 0.01},
        {"workers": 1, "seconds": 5.0, "task": 0.001},
        {"workers": 2, "seconds": 3.125, "task": 0.001},
    ],
}


def test_a_plan_adds_up_from_its_units() -> None:
    # 43 groups of 18 s; 600 places with 10,000 scenarios of a hundredth of a second; 600 stages of 6 s.
    fits, runs, sending, books = plan.plan_rows(UNITS, 6.0)
    assert (fits["units"], fits["core_hours"]) == ("43", "0.21")
    assert (runs["units"], runs["core_hours"]) == ("6,000,000", "16.67")
    assert (sending["units"], sending["core_hours"]) == ("60,000", "0.02")
    assert (books["units"], books["core_hours"]) == ("600", "1.00")
    assert plan.exponent(UNITS["regencies"]) == pytest.approx(2.0)
    assert plan.efficiency(UNITS) == pytest.approx(0.8)
    # Shared out among workers at the measured efficiency; bookkeeping is not shared.
    assert plan.hours(UNITS, plan.plan_rows(UNITS, 6.0), 16) == pytest.approx((16.67 + 0.21) / 16 / 0.8 + 1.0)
    # 72 s times (514 / 24) squared.
    assert "would take about 9 h" in plan.section(UNITS, 6.0)


def test_regencies_of_the_plan_are_copies_under_other_names(monkeypatch) -> None:
    monkeypatch.setattr(plan_units.regency, "PARENTS", dict(plan_units.regency.PARENTS))
    columns = {"region": [*plan_units.regency.GROWERS, "Indonesia"], "figure": ["a", "b", "c", "d"]}
    made = plan_units.copies(pd.DataFrame(columns), 9)
    assert made["region"].nunique() == 10
    assert made["figure"].is_unique
    assert {plan_units.regency.PARENTS[name] for name in made["region"][:-1] if name != "Indonesia"} == {
        "East Kalimantan"
    }


def test_each_small_notebook_stands_after_the_one_it_needs() -> None:
    needs = small.names()
    assert len(needs) == 10
    order = list(needs)
    assert all(order.index(other) < order.index(name) for name, others in needs.items() for other in others)


TIMES = {"plain": 200.0, "cacao_repro_j2": 240.0, "cacao_noop": 0.07, "dvc_repro": 300.0}


@pytest.mark.parametrize(("seconds", "noop", "words"), [(260.0, 1.0, "within within"), (263.0, 1.01, "above above")])
def test_reruns_are_held_against_their_goals(seconds: float, noop: float, words: str) -> None:
    times = TIMES | {"cacao_repro_j2": seconds, "cacao_noop": noop}
    said = report.verdict(report.rows({way: Measured(time, 1.0) for way, time in times.items()}))
    first, second = words.split()
    assert f"times the floor, {first} its goal of 1.3" in said
    assert f"{noop} s, {second} its goal of 1.0 s" in said


def test_the_figure_shows_every_way_but_those_that_do_nothing(tmp_path) -> None:
    table = report.rows({way: Measured(time, 1.0) for way, time in TIMES.items()})
    many = [{"stages": "10", "dvc_cold": "5", "dvc_noop": "1", "cacao_cold": "2", "cacao_noop": "0.1"}]
    many.append({"stages": "1000", "dvc_cold": "", "dvc_noop": "", "cacao_cold": "90", "cacao_noop": "0.2"})
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.draw(tmp_path / "ways.svg", {"Stages": table}, many)
    drawn = (tmp_path / "ways.svg").read_text(encoding="utf-8")
    assert all(f">{word}<" in drawn for word in ("plain", "cacao repro j2", "dvc repro", "200.00 s", "cacao cold"))
    assert "0.07 s" not in drawn


def test_parts_measured_at_different_times_make_one_page(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(report, "TABLES", tmp_path / "results")
    monkeypatch.setattr(report, "PAGE", tmp_path / "docs" / "benchmark.md")
    report.keep("second", [{"way": "b", "seconds": "2"}], "## Second\n")
    report.keep("first", [{"way": "a", "seconds": "1"}], "## First\n")
    report.keep("second", [{"way": "b", "seconds": "3"}], "## Second, anew\n")
    report.write_page(["first", "missing", "second"])
    page = report.PAGE.read_text(encoding="utf-8")
    assert page.index("## First") < page.index("## Second, anew")
    assert page.count("Measured with cores") == 2
    assert "benchmark.svg" not in page, "there is no figure yet"
    assert report.read_table("second") == [{"way": "b", "seconds": "3"}]
    assert report.read_table("missing") == []
    assert "## First" in capsys.readouterr().out


def test_parts_measured_in_one_go_do_not_meet_in_one_folder(tmp_path, monkeypatch) -> None:
    asked: list[Path] = []

    def measured(folder: Path, *_: object) -> dict[str, Measured]:
        asked.append(folder)
        return {}

    for module, name in ((parts, "measure_ways"), (small, "measure_small"), (growth, "measure_number")):
        monkeypatch.setattr(module, name, measured)
    for module in (report, small, growth):
        monkeypatch.setattr(module, "rows", lambda table: [], raising=False)
        monkeypatch.setattr(module, "section", lambda table: "")
    for part in (parts.ways_part, parts.small_part, parts.growth_part):
        part(tmp_path)
    assert len({*asked, tmp_path / parts.OWN}) == 4
    assert tmp_path not in asked


def test_a_part_that_is_not_there_is_named(capsys) -> None:
    assert main(["small", "pods"]) == 2
    assert "there is no part pods; there are: latest, stages" in capsys.readouterr().err


def test_the_plan_needs_to_know_what_a_stage_costs() -> None:
    with pytest.raises(BenchError, match="measure the part growth first"):
        growth.seconds_a_stage([])


def test_stock_tools_run_every_stage_with_the_parameters(tmp_path) -> None:
    found, names = tree.read_pipeline(), tree.in_order(tree.read_pipeline())
    stock.use_snakemake(tmp_path, found, names)
    rules = (tmp_path / "Snakefile").read_text(encoding="utf-8")
    assert all(f"rule s_{name}:" in rules for name in names)
    assert "output: directory('results/04_yield_gap'), 'results/metrics/04_yield_gap.json'" in rules
    script = (tmp_path / stock.SCRIPTS / "04_yield_gap.sh").read_text(encoding="utf-8")
    assert "papermill notebooks/04_yield_gap.ipynb" in script
    assert "-p seed " in script


def test_nbconvert_gets_the_parameters_in_a_cell_after_the_defaults(tmp_path) -> None:
    script = stock.nbconvert("04_yield_gap", ".staging/a/b.ipynb", {"seed": 7, "sources": ["a 'b'"]})
    adding, converting = script.split("\njupyter ")
    copy, code = shlex.split(adding)[4:]
    stock.with_values("04_yield_gap", str(tmp_path / "copy.ipynb"), code)
    cells = nbformat.read(tmp_path / "copy.ipynb", as_version=4).cells
    place = next(number for number, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
    values: dict[str, object] = {}
    exec(cells[place + 1].source, values)
    assert (values["seed"], values["sources"]) == (7, ["a 'b'"])
    assert converting.endswith(f"--output b.ipynb {copy}")


def test_a_generated_project_has_its_number_of_stages_in_chains(tmp_path) -> None:
    tree = growth.generate(tmp_path / "made", 12)
    stages = yaml.safe_load((tree / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert len(stages) == 12
    assert stages["s11"]["deps"] == ["out/1.txt"]
    assert stages["s9"]["deps"] == ["in/9.txt"]


def test_a_part_of_the_model_may_differ() -> None:
    check_agreement(all_ways())


def test_rows_compare_with_the_exact_way_and_leave_empty_what_there_is_not() -> None:
    exact, numpyro, *_, metafor = models_report.rows(all_ways())
    assert exact["ratio_to_exact"] == "1.0"
    assert (exact["effective"], exact["effective_per_second"], exact["divergent"], exact["apart"]) == (
        "",
        "",
        "",
        "0.0",
    )
    assert (numpyro["ratio_to_exact"], numpyro["process"], numpyro["apart"]) == ("40.0", "21.00", "1.0")
    assert (numpyro["effective"], numpyro["r_hat"], numpyro["divergent"]) == ("812", "1.001", "0")
    assert (metafor["measures"], metafor["apart"]) == ("1", "400.0")


def test_choice_follows_what_was_measured() -> None:
    found = all_ways()
    # 812.4 effective draws in 10, 20, 30, 55 and 60 seconds.
    order = "`nutpie_again` 81, `numpyro` 41, `pymc_again` 27, `nutpie` 15, `pymc` 14."
    assert order in models_report.choice(found)
    assert "PyMC took 60.0 s at first and 30.0 s once compiled" in models_report.choice(found)
    words = models_report.choice({way: found[way] for way in ("exact", "numpyro")})
    assert "most first: `numpyro` 41." in words
    assert "PyMC could not be installed" in words
    assert "R with metafor was not there" in words


def test_ways_without_their_program_are_left_out_and_named(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("bench.comparison.OTHER_PYTHON", tmp_path / "no" / "python")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(commands(tmp_path)) == ["exact"]
    printed = capsys.readouterr().out
    assert "NumPyro and PyMC are not installed" in printed
    assert "metafor is left out" in printed


def test_model_stages_are_those_from_the_yield_gap_to_the_validation() -> None:
    names = stages.model_stages(["12_brief", "11_validation", "tables", "03_clean_evidence", "04_yield_gap"])
    assert names == ["04_yield_gap", "11_validation"]
    assert len(stages.model_stages(list(read_pipeline()))) == 8


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


@pytest.mark.parametrize(("seconds", "verdict"), [(59.9, "within"), (60.1, "above")])
def test_the_site_is_held_against_its_goal(seconds: float, verdict: str) -> None:
    measured = {"nbconvert": Measured(20.0, 1.0), "site": Measured(seconds, 1.0)}
    assert f"The site is {verdict} its goal" in pages.section(measured)
    assert pages.rows(measured)[1]["ratio_to_nbconvert"] == f"{seconds / 20:.2f}"


def test_a_survey_is_held_against_its_goals_and_against_reading_its_files() -> None:
    times = {"read_zip": 4.0, "import_zip": 29.0, "read_xlsx": 20.0, "import_xlsx": 31.0, "learn": 200.0}
    measured = {way: Measured(seconds, 1.0) for way, seconds in times.items()}
    assert [row["ratio_to_reading"] for row in survey.rows(measured)] == ["1.00", "7.25", "1.00", "1.55", ""]
    said = survey.section(measured)
    assert "`import_zip` is within its goal of 30 s; `import_xlsx` is above its goal of 30 s; `learn` is within" in said


def test_pages_are_held_against_the_time_in_which_they_can_be_used() -> None:
    rows = [opened.row("index", [(90.0, 40.0), (400.0, 50.0), (100.0, 60.0)]), opened.row("explore", [(999.0, 700.0)])]
    rows = [row | {"load": "0.5"} for row in rows]
    assert (rows[0]["cold_ms"], rows[0]["warm_ms"]) == ("100", "50")
    assert "All are within 1000 ms" in opened.section(rows)
    slow = opened.section([*rows, opened.row("calculator", [(1001.0, 9.0)]) | {"load": "0.5"}])
    assert "Above the goal of 1000 ms: calculator." in slow


def test_a_page_cannot_be_used_while_a_task_holds_it_up(browser, tmp_path) -> None:
    for name, delay in (("free", 0), ("held", 400)):
        script = f"const end = performance.now() + {delay}; while (performance.now() < end);"
        (tmp_path / f"{name}.js").write_text(f"setTimeout(() => {{ {script} }}, 50);", encoding="utf-8")
        (tmp_path / f"{name}.html").write_text(f'<!doctype html><script src="{name}.js"></script>', encoding="utf-8")
    with opened.host(tmp_path) as root:
        free, held = (opened.opened(browser, f"{root}/{name}.html") for name in ("free", "held"))
    assert min(held) >= 400
    assert max(free) < min(held)


@pytest.mark.parametrize(("seconds", "verdict"), [(89.9, "within"), (90.1, "above")])
def test_stages_are_held_against_the_goal(seconds: float, verdict: str) -> None:
    words = stages.section(dict.fromkeys(("04_yield_gap", "05_model_evidence"), Measured(seconds, 1.0)))
    assert f"Together 180 s, {verdict} the goal of 180 s" in words


def test_tables_say_the_same_in_both_forms(tmp_path) -> None:
    rows = models_report.quantile_rows({"exact": fitted(EXACT)})
    write_csv(tmp_path / "new" / "table.csv", rows)
    with (tmp_path / "new" / "table.csv").open(encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == rows
    head, rule, *body = markdown_table(rows).splitlines()
    assert head == "| way | measure | lower | value | upper |"
    assert rule == "|---|---:|---:|---:|---:|"
    assert body[0] == "| `exact` | shade | -1.0000 | 0.0000 | 1.0000 |"
