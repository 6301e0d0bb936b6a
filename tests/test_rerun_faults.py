"""After a kill at a random moment the next run ends as if nothing had happened; ``rerun_faults`` runs more rounds."""

from pathlib import Path

import pytest
import rerun_faults
from rerun_faults import Start

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def starts(tmp_path_factory) -> list[Start]:
    return rerun_faults.starts(tmp_path_factory.mktemp("starts"))


def run_round(start: Start, folder: Path, seed: int) -> None:
    _, process = rerun_faults.disturb(start, folder, seed)
    rerun_faults.check(start, folder, process)


@pytest.mark.parametrize("seed", range(9))
def test_a_kill_at_a_random_moment_leaves_nothing_that_needs_a_hand(starts, tmp_path, seed) -> None:
    run_round(starts[seed % len(starts)], tmp_path / "round", seed)


def test_what_is_half_written_or_left_running_would_be_seen(starts, tmp_path, monkeypatch) -> None:
    def tear(folder: Path) -> list:
        (folder / "results" / "a").mkdir(parents=True, exist_ok=True)
        (folder / "results" / "a" / "a.txt").write_text("half")
        return []

    monkeypatch.setattr(rerun_faults.toy, "left_over", tear)
    with pytest.raises(AssertionError, match=r"neither as before nor as after: .*results/a/a\.txt"):
        run_round(starts[0], tmp_path / "torn", 1)
    monkeypatch.setattr(rerun_faults.toy, "left_over", lambda _: ["a process"])
    monkeypatch.setattr(rerun_faults, "GRACE_S", 0.2)
    with pytest.raises(AssertionError, match=r"left behind: .*a process"):
        run_round(starts[0], tmp_path / "left", 1)
