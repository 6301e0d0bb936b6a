"""From the workbook of a server to what plots teach: sign and size of every effect against a district made elsewhere.

``survey_truth`` shares no code with the import or the model. The literature here is vague and knows no direction, so
that the plots speak; only the shapes of the damage curve are those of the project.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from survey_folder import Folder
from survey_truth import GRADUAL, NOTHING_WORKS, STEEP, Truth, farms, workbook

from pipeline.kit import paths
from pipeline.study.evidence import clean
from pipeline.study.pests import pest_losses
from pipeline.study.plots import model, plot_table, posterior, survey_signs
from pipeline.study.plots.plot_table import EFFECTS
from pipeline.survey import privacy

LEVEL, BIAS, ODDS = 0.9, 0.15, {"sabah": 0.5, "aceh": 0.5}
READ = {"gradual": ("aceh", Truth()), "steep": ("sabah", Truth(loss=STEEP)), "nothing": ("", NOTHING_WORKS)}
PLOTS = 456
Learn = Callable[[str], posterior.Learned]


@cache
def curves() -> dict[str, pest_losses.DamageCurve]:
    """The damage curves of the project."""
    assumed = pest_losses.CurvePriors(0.5, 0.25, 0.01)
    drawn, _ = pest_losses.draw_readings(
        clean.effects(LEVEL), clean.pest_reports(), assumed, np.random.default_rng(1), 2000
    )
    return drawn


def learned(plots: pd.DataFrame, bias: float = BIAS) -> posterior.Learned:
    """What plots teach, as in 13, where the literature says next to nothing."""
    rng = np.random.default_rng(2)
    vague = {name: rng.normal(0, 0.7, 2000) for name in EFFECTS}
    levels = {"present_yield": rng.normal(np.log(700), 0.7, 2000), "pods_attacked": rng.normal(0, 1.5, 2000)}
    wide = {name: model.Normal(0.0, 1.0) for name in EFFECTS}
    priors = {name: model.level_prior(name, draws, 0.5, bias) for name, draws in levels.items()}
    priors["effects"] = model.Prior(dict.fromkeys(ODDS, wide), wide, ODDS, 0.5, bias)
    middle = model.middle_curves({reading: curves()[reading] for reading in ODDS})
    return posterior.learn(plots, vague | levels, priors, 400.0, middle, LEVEL, 5)


def imported(root: Path, data: bytes) -> pd.DataFrame:
    """What the model reads after ``cacao survey import`` of a workbook into a folder of its own."""
    root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(privacy, "ROOT", root)
        patch.setattr(paths, "SURVEY", root / "data" / "survey")
        assert Folder(root).take_in(("export.xlsx", data)) == 0
        return plot_table.read_survey()


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Learn:
    """What a survey of each district teaches; each is imported once."""

    @cache
    def of(name: str) -> posterior.Learned:
        data = workbook(farms(READ[name][1], PLOTS, 3))
        return learned(imported(tmp_path_factory.mktemp(name) / "project", data))

    return of


def true_changes(truth: Truth) -> dict[str, float]:
    """What is true of each quantity, in the unit of the table."""
    return {
        "present_yield": truth.mean_yield(),
        "fertilizer": (truth.fertilizer - 1) * 100,
        "pod_borer": -float(np.interp(0.7, list(truth.loss), list(truth.loss.values()))) * 100,
        "technique": (truth.pruning * truth.sanitation - 1) * 100,
        "training": (truth.training - 1) * 100,
        "pods_attacked": 50.0,
    }


# How far the middle may be from the truth: a tenth of the yield in kg/ha, else per cent that chance allows.
OFF = {"present_yield": 70.0, "fertilizer": 8.0, "pod_borer": 6.0, "technique": 8.0, "training": 8.0}


@pytest.mark.parametrize("name", READ)
def test_every_quantity_has_the_sign_and_the_size_of_the_truth(taught: Learn, name: str) -> None:
    table = taught(name).table.set_index("name")
    for quantity, truth in true_changes(READ[name][1]).items():
        for series in ("survey", "together"):
            lower, value, upper = (table.loc[quantity, f"{series}_{end}"] for end in ("lower", "value", "upper"))
            assert lower <= truth <= upper, (quantity, series)
            assert value == pytest.approx(truth, abs=OFF.get(quantity, 4.0)), (quantity, series)


@pytest.mark.parametrize("name", ["gradual", "steep"])
def test_what_works_is_told_with_its_sign_and_the_borer_takes_yield(taught: Learn, name: str) -> None:
    reading, _ = READ[name]
    found = taught(name)
    table = found.table.set_index("name")
    assert (table.loc[["fertilizer", "training"], "survey_value"] > 10).all()
    assert table.loc["technique", "survey_value"] > 5
    assert found.readings[reading] > 0.9
    assert found.taught[f"pod_borer:{reading}"].interval(LEVEL)[1] < 0


def test_a_borer_that_takes_45_per_cent_at_70_per_cent_of_pods_teaches_that_loss(taught: Learn) -> None:
    assert GRADUAL[0.7] == 0.45
    row = taught("gradual").table.set_index("name").loc["pod_borer"]
    assert row["together_value"] == pytest.approx(-45, abs=5)
    # Half of that loss is told from none.
    assert row["together_upper"] < -45 / 2


def test_where_nothing_works_no_effect_is_told_from_none(taught: Learn) -> None:
    table = taught("nothing").table.set_index("name").loc[list(EFFECTS)]
    assert ((table["survey_lower"] < 0) & (table["survey_upper"] > 0)).all()


def widths(plots: pd.DataFrame) -> pd.Series:
    """Width of what plots alone say of each quantity, no bias allowed for, so that only their number is in it."""
    table = learned(plots, bias=0.0).table.set_index("name")
    return table["survey_upper"] - table["survey_lower"]


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same farms visited once, and three times."""
    few = farms(Truth(), 114, 9)
    root = tmp_path_factory.mktemp("visited")
    return imported(root / "once", workbook(few)), imported(root / "thrice", workbook(few, 3))


def test_farms_that_are_visited_three_times_teach_as_farms_and_not_as_three_times_as_many(
    visited: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    once, thrice = visited
    assert len(thrice) == 3 * len(once) == 3 * thrice["farm_id"].nunique()
    ratio = widths(thrice) / widths(once)
    # Taken for independent plots they would narrow to 0.58.
    assert ratio.between(0.85, 1.1).all(), ratio
    assert (learned(thrice).table["plots"] == len(once)).all()


def test_visits_to_one_farm_are_no_copies_of_each_other(visited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    assert survey_signs.checked(visited[1]).empty
