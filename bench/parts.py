"""The parts of the benchmark: each is measured in one go and gives rows of a table and words of the page."""

import sys
from collections.abc import Callable
from pathlib import Path

from bench import growth, models_report, opened, pages, plan, report, small, stages, survey
from bench.comparison import compare_models
from bench.measure import measure
from bench.page import Row
from bench.tree import copy_tree, ends, read_pipeline
from bench.ways import measure_ways

Part = tuple[list[Row], str]
# Parts share the copy in which everything has run; what else they make stands apart, under names of their own.
OWN = "own"


def reproduced(top: Path, *targets: str) -> Path:
    """A copy in which everything has run, or ``targets`` and what they need; made by the first part that asks."""
    tree = top / OWN
    if not tree.exists():
        copy_tree(tree)
    measure([sys.executable, "-m", "pipeline.cli", "repro", *targets], tree)
    return tree


def ways_part(top: Path) -> Part:
    """Ten ways to run the notebooks."""
    table = report.rows(measure_ways(top / "ways"))
    return table, report.section(table)


def stages_part(top: Path) -> Part:
    """The model stages, one by one."""
    measured = stages.measure_stages(reproduced(top), list(read_pipeline()))
    return stages.rows(measured), stages.section(measured)


def models_part(top: Path) -> Part:
    """The evidence model in several libraries; their quantiles are a table of its own."""
    models = compare_models(reproduced(top))
    report.write_table("quantiles", models_report.quantile_rows(models))
    return models_report.rows(models), models_report.section(models)


def pages_part(top: Path) -> Part:
    """The site and answers for an auditor."""
    # All but the site, which is what is measured.
    measured = pages.measure_pages(reproduced(top, *ends(read_pipeline())))
    return pages.rows(measured), pages.section(measured)


def opened_part(top: Path) -> Part:
    """Opening every kind of page."""
    table = opened.measure_opened(reproduced(top) / "results" / "site")
    return table, opened.section(table)


def small_part(top: Path) -> Part:
    """Ten small notebooks."""
    measured = small.measure_small(top / "small")
    return small.rows(measured), small.section(measured)


def growth_part(top: Path) -> Part:
    """Generated stages by number."""
    table = [growth.measure_number(top / "growth", number) for number in growth.NUMBERS]
    return table, growth.section(table)


def plan_part(top: Path) -> Part:
    """The units of a plan for many places; what a stage costs comes from the part on growth."""
    units = plan.measure_plan(reproduced(top))
    return plan.unit_rows(units), plan.section(units, growth.seconds_a_stage(report.read_table("growth")))


def survey_part(top: Path) -> Part:
    """A large survey; it leaves its plots in the copy, so it comes last."""
    measured = survey.measure_survey(reproduced(top), top)
    return survey.rows(measured), survey.section(measured)


# By the name of their table, in the order in which they are measured.
PARTS: dict[str, Callable[[Path], Part]] = {
    "latest": ways_part,
    "stages": stages_part,
    "models": models_part,
    "pages": pages_part,
    "opened": opened_part,
    "small": small_part,
    "growth": growth_part,
    "plan": plan_part,
    "survey": survey_part,
}
