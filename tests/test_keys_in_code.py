"""What the code says of keys and rows: keys are whole and never taken apart, rows have names."""

import ast
import csv
import json
import re
from collections.abc import Iterator
from importlib import import_module

import pytest
import yaml

from pipeline.kit import paths
from pipeline.kit.provenance import reference
from pipeline.kit.publish.estimates import Quantity
from pipeline.kit.publish.keys import Key
from pipeline.kit.publish.makers import lines, place
from pipeline.study import known_rows

# The code.


def codes() -> dict[str, str]:
    """All code of the project by place: modules, and notebooks with all their cells."""
    found = {paths.shown(path): path.read_text(encoding="utf-8") for path in (paths.ROOT / "pipeline").rglob("*.py")}
    for path in paths.NOTEBOOKS.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found[path.name] = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return found


TAKE_APART = {
    "split", "rsplit", "partition", "rpartition", "removeprefix", "removesuffix", "startswith", "endswith", "count",
}  # fmt: skip


def taken_apart(code: str) -> Iterator[str]:
    """Expressions that take the text of a key apart, or look for a piece in it."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKE_APART:
            looked_at = ast.unparse(node.func.value)
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In) and isinstance(node.left, ast.Constant):
            looked_at = ast.unparse(node.comparators[0])
        else:
            continue
        if re.fullmatch(r"(str\()?(\w+\.)*key\)?", looked_at):
            yield ast.unparse(node)


@pytest.mark.parametrize(
    "code",
    [
        "key.split('.')[0]",
        "e.key.split('.lag_')",
        "str(estimate.key).rpartition('.')",
        "[e for e in found if e.key.startswith('cause.')]",
        "[e for e in found if '.highest_cost_' in e.key]",
    ],
)
def test_taking_a_key_apart_is_found(code):
    assert list(taken_apart(code))


def test_no_code_takes_the_text_of_a_key_apart():
    assert {place: found for place, code in codes().items() if (found := list(taken_apart(code)))} == {}


def published() -> set[str]:
    """Every published key, from the record in git."""
    return set(reference.load("numbers")["key"])


def test_at_least_half_of_the_published_keys_stand_whole_in_the_code():
    everything = "\n".join(codes().values())
    found = [key for key in published() if key in everything]
    assert len(found) >= len(published()) / 2


def declared(topic: str) -> list[Quantity]:
    """Quantities that modules of estimates declare for a topic."""
    modules = {"scenario": "scenarios", "control": "pests", "fertilizer": "fertilizer"}
    held = vars(import_module(f"pipeline.study.{modules[topic]}.estimates")).values()
    grouped = [value.values() if isinstance(value, dict) else [value] for value in held]
    found = [one for group in grouped for one in group if isinstance(one, Quantity)]
    return [one for one in found if one.topic == topic]


# Options of the scenarios whose evidence is very low.
UNRANKED = r"scenario\.(borer_sanitation|pruning|organic_fertilizer|training|training_fertilizer|full_package)\."


@pytest.mark.parametrize("topic", ["control", "fertilizer", "scenario"])
def test_what_is_published_of_a_topic_is_what_is_declared(topic):
    listed = [key for quantity in declared(topic) for key in quantity.keys]
    assert len(listed) == len(set(listed))
    own = {key for key in published() if re.match(rf"{topic}\.", key)}
    apart = {"scenario.adoption", "scenario.area_1161", "scenario.area_3440"}
    apart |= {"fertilizer.maize_weight_quadratic_plateau"}
    assert own - apart <= set(listed)
    # Options without direct evidence are declared, and published once there is some.
    waiting = {key for key in set(listed) - own if re.match(UNRANKED, key)}
    assert set(listed) - own == waiting


def test_lines_are_those_of_the_function_and_of_the_key():
    built_by = place("pipeline.study.statistics.estimates:official_estimates")
    found = lines(built_by, Key("kutai_timur", (), "area_2025"))
    source = (paths.ROOT / built_by["path"]).read_text(encoding="utf-8").splitlines()
    assert source[found["line"] - 1].startswith("def official_estimates(")
    assert '"area_2025"' in source[found["key_line"] - 1]
    listed = lines(place("pipeline.study.scenarios.estimates:price_estimates"), Key("scenario", ("training",), "cost"))
    text = (paths.ROOT / "pipeline/study/scenarios/estimates.py").read_text(encoding="utf-8").splitlines()
    assert '"scenario.training.cost"' in text[listed["key_line"] - 1]


def test_a_function_that_is_gone_has_no_line_and_a_notebook_has_a_cell():
    assert lines(place("pipeline.study.statistics.estimates:gone"), Key("nothing")) == {}
    assert lines(place("pipeline.study.gone:gone"), Key("nothing")) == {}
    assert place("notebooks/12_brief.ipynb#12-03") == {"path": "notebooks/12_brief.ipynb", "cell": "12-03"}


# Rows of the raw tables.


def raw_ids() -> dict[str, str]:
    """The table of every row of the raw tables that has an identifier such as E045."""
    found = {}
    for path in sorted(paths.RAW.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found |= {row[0]: path.name for row in csv.reader(file) if row and re.fullmatch(r"[A-Z]\d+[a-z]?", row[0])}
    return found


def named_rows() -> list[str]:
    """Identifiers that the constants hold; a computed yield is named by the two figures that it is computed from."""
    values = [value for name, value in vars(known_rows).items() if name.isupper()]
    listed = [name for value in values for name in (value if isinstance(value, tuple) else (value,))]
    return [part for name in listed for part in name.split("-")]


def test_every_named_row_exists():
    groups = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))
    pairs = ((group, name) for group, values in groups.items() if isinstance(values, dict) for name in values)
    parameters = {f"parameter@params:{group}.{name}" for group, name in pairs}
    assert set(named_rows()) <= set(raw_ids()) | parameters


def test_a_row_has_one_name():
    single = [value for name, value in vars(known_rows).items() if name.isupper() and isinstance(value, str)]
    assert len(single) == len(set(single))


def test_no_row_is_known_by_its_identifier_anywhere_else():
    known, found = raw_ids(), []
    for where, code in codes().items():
        words = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
        found += [(where, word) for word in words if isinstance(word, str) and word.split("-")[0] in known]
    assert {where for where, _ in found} == {"pipeline/study/known_rows.py"}
