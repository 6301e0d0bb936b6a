"""The sampler of the benchmark finds the posterior of the exact synthesis, and bad chains do not pass."""

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from bench import inputs, sampler
from bench.comparison import OTHER_PYTHON, apart, has_samplers
from bench.measure import measure
from pipeline.kit import paths
from pipeline.study.evidence import clean
from pipeline.study.synthesis import comparisons
from pipeline.study.synthesis.pooling import Priors


@pytest.fixture
def given(effects, tmp_path) -> Path:
    """A folder with the inputs of two measures."""
    farms = comparisons.variation_between_farms(effects, 0.4, 0.8)
    rows = comparisons.pooled_rows(effects, clean.shade_trial(), farms, comparisons.FullDose(56.0, "a@b:1"))
    rows[rows["measure"].isin(["mineral_fertilizer", "shade"])].to_csv(tmp_path / inputs.ROWS, index=False)
    settings = {"priors": asdict(Priors()), "seed": 3, "level": 0.9}
    (tmp_path / inputs.SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_chains_agree_with_the_exact_synthesis(given, tmp_path):
    if not has_samplers():
        pytest.skip("no samplers here: make .venv-bench/installed brings them")
    tree = tmp_path / "tree"
    for name in ("bench", "pipeline", "pyproject.toml"):
        copy = shutil.copytree if (paths.ROOT / name).is_dir() else shutil.copy
        copy(paths.ROOT / name, tree / name)
    for way, python in (("exact", sys.executable), ("numpyro", OTHER_PYTHON)):
        measure([str(python), "-m", "bench.models", way, str(given)], tree)
    exact, sampled = (json.loads((given / f"{way}.json").read_text()) for way in ("exact", "numpyro"))
    assert set(sampled["quantiles"]) == {"mineral_fertilizer", "shade"}
    assert apart(exact["quantiles"], sampled["quantiles"]) < 4
    assert sampled["divergent"] == 0
    assert sampled["r_hat"] < 1.01
    assert sampled["effective"] > 400


@pytest.mark.parametrize(
    ("r_hat", "effective", "divergent", "message"),
    [
        (1.02, 1000, 0, "R-hat is 1.020"),
        (float("nan"), 1000, 0, "R-hat is nan"),
        (1.0, 100, 0, "effective sample size is 100"),
        (1.0, 1000, 1, "1 steps diverged"),
    ],
)
def test_chains_that_must_not_be_used_stop_the_comparison(r_hat, effective, divergent, message):
    with pytest.raises(sampler.ConvergenceError, match=message):
        sampler.check(r_hat, effective, divergent)


def test_good_chains_pass_the_gate():
    sampler.check(1.005, 500, 0)
