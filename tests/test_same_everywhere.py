"""Another processor and cold kernels give the same bytes: stages run with other instructions of the processor here.

What they are compared with was made by ``cacao repro``, in warm kernels.

The longest stages are left to ``cacao verify`` in the checks before a release, which runs all of them like this.
"""

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

# What decides the last bits: BLAS kernels (the order of sums), NumPy's loops, and exp, log, pow and sin of glibc.
# OpenBLAS and glibc look for these when they are loaded, so a process has to start with them.
OLDER = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX,-FMA4",
}
BITS = """
import hashlib, numpy as np
values = np.random.default_rng(1).standard_normal((200, 200))
for found in (values @ values, np.exp(values), np.log(np.abs(values))):
    print(hashlib.md5(np.ascontiguousarray(found)).hexdigest())
"""
FOLDERS = ("data/clean", "results")
STAGES = (
    *(
        "01_clean_statistics",
        "02_clean_drivers",
        "04_yield_gap",
        "05_model_evidence",
        "06_model_fertilizer",
        "07_model_pests",
    ),
    *("09_attribution", "10_scenarios", "12_brief", "13_survey"),
)


def bits(**variables: str) -> list[str]:
    """Digests of a product, of exponentials and of logarithms, computed in a process of its own."""
    done = subprocess.run([sys.executable, "-c", BITS], env=variables, capture_output=True, text=True, check=True)
    return done.stdout.split()


def can_be_older() -> bool:
    """Whether there are newer instructions here to leave out; the names are those of glibc on x86-64."""
    is_known = platform.machine() == "x86_64" and sys.platform == "linux"
    return is_known and all(here != there for here, there in zip(bits(), bits(**OLDER), strict=True))


def digests(root: Path) -> dict[str, str]:
    """Digest of every published file, by its place."""
    files = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): hashlib.md5(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_cold_kernels_on_a_processor_without_newer_instructions_give_the_same_bytes(copy: Path) -> None:
    before, older = digests(copy), OLDER if can_be_older() else {}
    for stage in STAGES:
        command = [sys.executable, "-m", "pipeline.kit.stages.run", stage]
        environment = {**os.environ, **older, "PYTHONPATH": str(copy)}
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
    after = digests(copy)
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []
    if not older:
        pytest.skip(f"no newer instructions that could be left out: {np.show_config(mode='dicts')['SIMD']}")
