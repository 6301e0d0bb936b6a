"""The runner in parts, without a run: where a stage may write, which words of an output stay, what values mean."""

import json
import re
import time
from pathlib import Path

import pytest
import yaml
from dvc.utils.serialize import parse_yaml

from pipeline.kit import yaml_text
from pipeline.kit.stages.in_kernel import Fence
from pipeline.kit.stages.outputs import stable


def test_where_a_stage_may_write(tmp_path) -> None:
    root = tmp_path / "home" / "project"
    fence = Fence(root, [root / ".staging-a-1"])
    fence.free = [str(tmp_path / "temporary")]
    allowed = [".staging-a-1/results/a.csv", "scratch/a.csv", ".cache/a", "pipeline/__pycache__/a.pyc"]
    refused = [
        "results/b/b.csv",
        "data/raw/a.csv",
        "params.yaml",
        ".git/index",
        ".dvc/cache/a",
        ".staging-b-1/x",
        "new.csv",
    ]
    assert all(fence.allows(str(root / path)) for path in allowed)
    assert not any(fence.allows(str(root / path)) for path in refused)
    assert fence.allows(str(tmp_path / "temporary" / "a"))
    assert fence.allows(str(tmp_path / "home" / ".cache" / "fonts"))
    assert not fence.allows(str(tmp_path / "home" / "table.csv"))
    assert fence.allows("/usr/lib/python3/__pycache__/a.pyc")
    assert not fence.allows(str(root))
    # Temporary files may stand in the project, and a project among temporary files.
    inside = Fence(root, [])
    assert not inside.allows(str(root / "results" / "a.csv"))
    # By another name it is the same place.
    (root / "scratch").mkdir(parents=True)
    (root / "results").mkdir()
    (root / "scratch" / "link").symlink_to(root / "results")
    assert not fence.allows(str(root / "scratch" / "link" / "b.csv"))


def test_stable_text_keeps_what_is_no_address() -> None:
    line = "0x12 and <Line at 0x7f3b2c4d5e60>, /tmp/ipykernel_812/302.py:2: FutureWarning"
    assert stable(line, "/p/.staging-a") == "0x12 and <Line at 0x0>, cell 302.py:2: FutureWarning"


def test_pictures_are_long_words_and_take_no_time() -> None:
    picture = "iVBORw0KGgoAAA0x" * 60_000
    began = time.process_time()
    assert stable(f'<img src="{picture}"> /tmp/ipykernel_8/3.py:2', "/p") == f'<img src="{picture}"> cell 3.py:2'
    # Read from each of its letters it would take an hour.
    assert time.process_time() - began < 5


def test_every_notebook_assigns_what_it_is_passed() -> None:
    root = Path(__file__).parents[1]
    stages = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        tagged = [
            cell for cell in json.loads(path.read_text())["cells"] if "parameters" in cell["metadata"].get("tags", [])
        ]
        names = {name.split(".")[-1] for name in stages[path.stem].get("params", [])}
        assigned = set(re.findall(r"^(\w+) *=", "".join(tagged[0]["source"]) if tagged else "", re.MULTILINE))
        assert len(tagged) == 1 or not names, path.stem
        assert assigned == names, path.stem


SCALARS = (
    *("020000", "0o17", "1:30:00", "1e-05", "1e5", "1.e3", "12e03", ".5", "-0", "+.inf", "0x1F", "0b11", "1_000"),
    *("yes", "on", "off", "true", "NULL", "~", "2025-01-01", "'020'", "1.2.3"),
)


@pytest.mark.parametrize("scalar", SCALARS)
def test_a_value_means_to_notebooks_what_dvc_records(scalar) -> None:
    text = f"section:\n  value: {scalar}\n"
    expected = parse_yaml(text, "params.yaml")["section"]["value"]
    found = yaml_text.load(text)["section"]["value"]
    assert (type(found), repr(found)) == (type(expected), repr(expected))
