"""Heavy loops give the same numbers on one core, on the cores of this machine and on a Dask cluster."""

import os

import numpy as np
import psutil
import pytest
import yaml

from pipeline.kit import compute, paths
from pipeline.kit.bayes.mixture import stream
from pipeline.params import ParameterError, load_params


def one(seed: int) -> float:
    """Simulated work that depends on its seed alone."""
    return float(np.linalg.norm(stream(seed, "simulated").normal(size=100)))


def test_loop_on_the_cores_keeps_the_order_and_leaves_no_process_behind():
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    assert compute.each(one, range(6)) == [one(seed) for seed in range(6)]
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    # The tracker of shared memory belongs to joblib and ends with this process.
    assert not [child for child in left if "resource_tracker" not in " ".join(child.cmdline())]


def test_one_item_starts_no_process():
    assert compute.each(process, [0]) == [os.getpid()]


def process(_: int) -> int:
    """The process that computes an item."""
    return os.getpid()


def test_two_dask_workers_in_processes_of_their_own_give_the_same_numbers(monkeypatch):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        monkeypatch.setenv(compute.BACKEND_VARIABLE, "dask")
        monkeypatch.setenv(compute.SCHEDULER_VARIABLE, cluster.scheduler_address)
        assert compute.each(one, range(6)) == [one(seed) for seed in range(6)]


@pytest.mark.parametrize(("address", "message"), [("", "names no address"), ("tcp://127.0.0.1:9", "does not answer")])
def test_a_cluster_that_is_not_there_is_a_clear_error(monkeypatch, address, message):
    monkeypatch.setattr(compute, "PATIENCE_S", 1)
    monkeypatch.setenv(compute.BACKEND_VARIABLE, "dask")
    monkeypatch.setenv(compute.SCHEDULER_VARIABLE, address)
    with pytest.raises(compute.ComputeError, match=message):
        compute.each(one, [1])


def test_an_error_in_one_item_is_raised():
    with pytest.raises(ValueError, match="at least 3 are needed"):
        compute.each(failing, [1, 2])


def failing(item: int) -> None:
    raise ValueError(f"{item} values do not tell their spread; at least 3 are needed")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("compute:\n  backend: dask\n  scheduler: tcp://host:8786\n", ("dask", "tcp://host:8786")),
        ("other: 1\n", ("loky", "")),
        ("compute: 3\n", ("loky", "")),
        ("[]\n", ("loky", "")),
    ],
)
def test_settings_travel_to_the_kernel_by_its_environment(tmp_path, monkeypatch, text, expected):
    monkeypatch.setattr("pipeline.kit.paths.PARAMS", tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text(text)
    found = compute.environment()
    assert (found[compute.BACKEND_VARIABLE], found[compute.SCHEDULER_VARIABLE]) == expected


@pytest.mark.parametrize(("name", "value"), [("backend", "threads"), ("backend", 3), ("scheduler", "host 8786")])
def test_settings_that_name_no_backend_or_address_are_refused(tmp_path, name, value):
    values = yaml.safe_load(paths.PARAMS.read_text())
    values["compute"][name] = value
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(ParameterError, match=f"compute.{name} = "):
        load_params(tmp_path / "params.yaml")
