"""Another processor gives the same bytes: the run that tests share leaves out newer instructions where it can.

What it is compared with was made with all instructions of the machine on which the results were recorded.
"""

from pathlib import Path

import pytest
import yaml
from older_processor import can_be_older

from pipeline.kit import paths


def test_a_new_run_gives_the_bytes_on_record_also_on_an_older_processor(fresh: Path) -> None:
    """The copy began without results: where this fails after a change, ``cacao repro`` and a commit are due."""
    made, recorded = (yaml.safe_load((root / "dvc.lock").read_text())["stages"] for root in (fresh, paths.ROOT))
    assert {name: stage.get("outs") for name, stage in made.items()} == {
        name: stage.get("outs") for name, stage in recorded.items()
    }
    if not can_be_older():
        pytest.skip("the bytes are the same; no newer instructions could be left out on this machine")
