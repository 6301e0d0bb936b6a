"""Every parameter is checked by name before anything runs, and the file, the model and the notebooks agree."""

import ast
import functools
import json
import math
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from pipeline.kit import paths
from pipeline.params import (
    SECTIONS,
    ParameterError,
    Params,
    describe,
    load_params,
    parameter_page,
    render_params,
    select,
)

# The file as the model writes it, so that values changed by hand in params.yaml do not disturb these tests.
TEXT = render_params(Params())


def write(tmp_path, text: str):
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def edited(tmp_path, old: str, new: str):
    assert TEXT.count(old) == 1
    return write(tmp_path, TEXT.replace(old, new))


def message(path) -> str:
    with pytest.raises(ParameterError) as raised:
        load_params(path)
    return str(raised.value)


# The model and the file.


def test_file_is_what_the_model_writes():
    text = paths.PARAMS.read_text(encoding="utf-8")
    assert render_params(load_params()) == text, "params.yaml and pipeline/params.py have drifted apart"


def test_defaults_written_and_read_back_are_the_defaults(tmp_path):
    assert load_params(write(tmp_path, render_params(Params()))) == Params()


def test_changed_values_survive_writing_and_reading(tmp_path):
    path = edited(tmp_path, "  draws: 20000\n", "  draws: 1000\n")
    params = load_params(path)
    assert params.uncertainty.draws == 1000
    assert load_params(write(tmp_path, render_params(params))) == params


NUMBERS = [name for name, info in describe().items() if info["type"] in ("number", "whole number")]


def test_texts_are_described_in_both_languages_with_what_is_allowed():
    texts = {name: info for name, info in describe().items() if name not in NUMBERS}
    assert set(texts) == {"compute.backend", "compute.scheduler", "compute.warm_kernels", "prices.as_of"}
    for name, info in texts.items():
        assert info["en"] != info["id"]
        assert f"[{info['allowed']}]" in TEXT
        assert f"`{name}`" in parameter_page()


@pytest.mark.parametrize("name", NUMBERS)
def test_parameter_is_described_in_both_languages_with_unit_and_bounds(name):
    info = describe()[name]
    assert info["en"].strip().endswith(".")
    assert info["id"].strip().endswith(".")
    assert info["en"] != info["id"]
    assert isinstance(info["unit"], str)
    assert info["unit"] or name == "uncertainty.seed"
    assert info["low"] < info["high"]
    assert info["low"] <= info["default"] <= info["high"]
    assert isinstance(info["default"], int if info["type"] == "whole number" else float)
    assert f"`{name}`" in parameter_page()


def test_leaf_names_are_unique_across_sections():
    leaves = [name.split(".")[1] for name in describe()]
    assert len(set(leaves)) == len(leaves)


def test_every_section_says_what_it_is():
    assert all(model.__doc__ and "\n" not in model.__doc__ for model in SECTIONS.values())


# Parameters that cannot be used.


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('"0.5"', "valid number"),
        ("half", "valid number"),
        ("true", "valid number"),
        ("", "valid number"),
        ("[0.5]", "valid number"),
        (".nan", "finite number"),
        (".inf", "finite number"),
        ("-.inf", "finite number"),
        ("1.0001", "less than or equal to 1"),
        ("-0.0001", "greater than or equal to 0"),
    ],
)
def test_value_that_cannot_be_used_is_named_with_its_bounds(tmp_path, value, reason):
    text = message(edited(tmp_path, "  adoption: 0.5\n", f"  adoption: {value}\n"))
    assert "1 parameter(s) cannot be used" in text
    assert "scenarios.adoption = " in text
    assert reason in text
    assert "(allowed: number from 0 to 1 share)" in text


@pytest.mark.parametrize("value", ["20000.5", "20000.0", "true", '"20000"', "1e4", ".nan", "999", "1000001"])
def test_whole_number_that_cannot_be_used_is_named(tmp_path, value):
    text = message(edited(tmp_path, "  draws: 20000\n", f"  draws: {value}\n"))
    assert "uncertainty.draws = " in text
    assert "(allowed: whole number from 1000 to 1000000 draws)" in text


@pytest.mark.parametrize("name", NUMBERS)
def test_every_parameter_is_refused_just_outside_its_bounds(tmp_path, name):
    info = describe()[name]
    section, leaf = name.split(".")
    step = 1 if info["type"] == "whole number" else max(abs(info["high"]), 1) * 1e-6
    for value in (info["low"] - step, info["high"] + step):
        values = yaml.safe_load(TEXT)
        values[section][leaf] = value if info["type"] == "whole number" else float(value)
        assert f"{name} = " in message(write(tmp_path, yaml.safe_dump(values)))


@pytest.mark.parametrize("name", describe())
def test_every_parameter_that_is_left_out_is_named(tmp_path, name):
    section, leaf = name.split(".")
    values = yaml.safe_load(TEXT)
    default = describe()[name]["default"]
    del values[section][leaf]
    assert f"{name} is missing (default {default})" in message(write(tmp_path, yaml.safe_dump(values)))


@pytest.mark.parametrize("value", [1, 0, "0.25"])
def test_whole_number_is_accepted_for_a_number(tmp_path, value):
    params = load_params(edited(tmp_path, "  adoption: 0.5\n", f"  adoption: {value}\n"))
    assert params.scenarios.adoption == float(value)


def test_misspelled_name_is_named_as_unknown_and_as_missing(tmp_path):
    text = message(edited(tmp_path, "  adoption: 0.5\n", "  adoptoin: 0.5\n"))
    assert "scenarios.adoptoin is not a parameter of this project" in text
    assert "scenarios.adoption is missing" in text


def test_misspelled_section_is_named(tmp_path):
    text = message(edited(tmp_path, "\nscenarios:\n", "\nscenarioss:\n"))
    assert "scenarioss is not a parameter of this project" in text
    assert "scenarios.adoption is missing" in text


def test_several_problems_are_listed_at_once(tmp_path):
    values = yaml.safe_load(TEXT)
    values["scenarios"]["adoption"] = 7
    values["uncertainty"]["draws"] = "many"
    values["fertilizer"]["dose"] = 100
    del values["prices"]["cocoa_multiplier"]
    text = message(write(tmp_path, yaml.safe_dump(values)))
    assert "4 parameter(s) cannot be used" in text
    for part in (
        "scenarios.adoption = 7",
        "uncertainty.draws = 'many'",
        "fertilizer.dose is not",
        "cocoa_multiplier is",
    ):
        assert part in text


@pytest.mark.parametrize("text", ["", "- 1\n", "adoption\n"])
def test_file_that_holds_no_parameters_is_refused(tmp_path, text):
    assert "holds no parameters" in message(write(tmp_path, text))


@pytest.mark.parametrize("content", [b"{", b"a: \xe9\n", b"a: [1\n"])
def test_file_that_is_no_yaml_is_refused(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    assert "cannot be read" in message(path)


def test_yaml_that_runs_code_is_refused(tmp_path):
    marker = tmp_path / "ran"
    text = f"run: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{marker}']]\n"
    assert "cannot be read" in message(write(tmp_path, text))
    assert not marker.exists()


@pytest.mark.parametrize("section", [None, 5, "x", []])
def test_section_that_is_no_map_is_named(tmp_path, section):
    values = yaml.safe_load(TEXT) | {"scenarios": section}
    text = message(write(tmp_path, yaml.safe_dump(values)))
    assert "scenarios" in text
    assert "scenarios.adoption is missing" in text


# What a notebook receives.


def test_selected_parameters_come_by_leaf_name():
    params = Params()
    found = select(params, ["uncertainty.draws", "scenarios.adoption"])
    assert found == {"draws": params.uncertainty.draws, "adoption": params.scenarios.adoption}


@pytest.mark.parametrize("names", [["scenarios.adoptoin", "uncertainty.draws", "x"], ["adoption"], ["scenarios"], [""]])
def test_selecting_an_unknown_parameter_names_it(names):
    with pytest.raises(ParameterError, match="unknown parameter") as raised:
        select(Params(), names)
    assert names[0] in str(raised.value)


@functools.cache
def stages() -> dict:
    """Stages of ``dvc.yaml``, or none while there is no such file."""
    return yaml.safe_load(paths.PIPELINE.read_text(encoding="utf-8"))["stages"] if paths.PIPELINE.exists() else {}


def names_of(stage: dict) -> list[str]:
    return [entry for entry in stage.get("params", []) if isinstance(entry, str)]


NOTEBOOKS = sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb") if path.stem in stages())


def parameter_cell(notebook: str) -> dict:
    """Names and values that the cell tagged ``parameters`` assigns; there is at most one such cell."""
    cells = json.loads((paths.NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    tagged = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) <= 1
    body = ast.parse(tagged[0]).body if tagged else []
    return {line.targets[0].id: ast.literal_eval(line.value) for line in body if isinstance(line, ast.Assign)}


@pytest.mark.parametrize("stage", stages())
def test_stage_asks_only_for_parameters_that_exist(stage):
    assert set(names_of(stages()[stage])) <= set(describe())


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_notebook_declares_exactly_the_parameters_of_its_stage_with_their_defaults(notebook):
    expected = {name.split(".")[1]: describe()[name]["default"] for name in names_of(stages()[notebook])}
    assert parameter_cell(notebook) == expected


@pytest.mark.skipif(not NOTEBOOKS, reason="no notebook is a stage yet")
def test_every_notebook_is_a_stage():
    assert sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")) == NOTEBOOKS


def test_an_experiment_with_one_value_changes_one_line(tmp_path: Path) -> None:
    from dvc.utils.hydra import apply_overrides

    path = tmp_path / "params.yaml"
    for name, value in (
        ("prices.fertilizer_multiplier", "1.5"),
        ("prices.as_of", "2025-12"),
        ("compute.backend", "dask"),
    ):
        shutil.copy(paths.PARAMS, path)
        apply_overrides(path, [f"{name}={value}"])
        before, after = (file.read_text(encoding="utf-8").splitlines() for file in (paths.PARAMS, path))
        changed = [line for line, old in zip(after, before, strict=True) if line != old]
        assert changed == [f"  {name.split('.')[1]}: {value}"]


def raw_row(table: str, key: str) -> pd.Series:
    frame = pd.read_csv(paths.RAW / f"{table}.csv")
    [line] = frame.index[frame.iloc[:, 0] == key]
    return frame.loc[line]


# What each default is, in figures of the rows behind it.
RESTATED = {
    "prices.cocoa_idr_per_kg": lambda value: (value("F104") + value("F105")) / 2,
    "prices.high_cocoa_idr_per_kg": lambda value: value("F044"),
    "prices.berau_cocoa_idr_per_kg": lambda value: value("F042"),
    "prices.peak_cocoa_idr_per_kg": lambda value: value("F039"),
    "prices.harvest_days_per_kg": lambda value: round(value("B054") / (value("B050a") + value("B051a")), 2),
    "yield_gap.attainable_kg_per_ha": lambda value: value("K052") * 1000 / value("K051"),
    "yield_gap.potential_kg_per_ha": lambda value: value("B056b", "value_high") * 1000,
    "fertilizer.transport_idr_per_kg": lambda value: value("F095"),
    "scenarios.area_per_farmer_ha": lambda value: round(value("K038") / value("K040"), 2),
}
# A price near several, and a weight between readings.
NOT_RESTATED = {"prices.low_cocoa_idr_per_kg", "pests.sabah_curve_weight"}


def test_every_default_that_states_a_fact_is_what_its_raw_rows_say() -> None:
    stated = {name: about for name, about in describe().items() if about["rests_on"]}
    assert set(stated) == {*RESTATED, *NOT_RESTATED}
    for name, about in stated.items():
        rows = {key: raw_row(table, key) for table, key in (place.split(":") for place in about["rests_on"])}
        if name in RESTATED:
            assert RESTATED[name](lambda key, column="value", rows=rows: rows[key][column]) == about["default"], name


def test_the_low_price_lies_among_those_of_mahakam_ulu() -> None:
    about = describe()["prices.low_cocoa_idr_per_kg"]
    rows = [raw_row(*place.split(":")) for place in about["rests_on"]]
    assert all("Mahakam Ulu" in row["place"] for row in rows)
    assert min(row["value"] for row in rows) <= about["default"] <= max(row["value"] for row in rows)


def test_what_the_prior_of_a_control_leaves_is_reckoned_in_words() -> None:
    known = describe()
    mean, sd = (known[f"pests.fall_prior_{part}"]["default"] for part in ("mean", "sd"))
    least, most = (math.exp(-mean - way * 1.2816 * sd) * 100 for way in (1, -1))
    for language in ("en", "id"):
        assert f"{math.exp(-mean) * 100:.0f} %" in known["pests.fall_prior_mean"][language]
        said = known["pests.fall_prior_sd"][language]
        assert f"{math.floor(least + 0.5):d} " in said
        assert f"{math.floor(most + 0.5):d} %" in said
