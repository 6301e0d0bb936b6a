"""Another processor than that of this machine: one without newer instructions."""

import platform
import subprocess
import sys

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


def bits(**variables: str) -> list[str]:
    """Digests of a product, of exponentials and of logarithms, computed in a process of its own."""
    done = subprocess.run([sys.executable, "-c", BITS], env=variables, capture_output=True, text=True, check=True)
    return done.stdout.split()


def can_be_older() -> bool:
    """Whether there are newer instructions here to leave out; the names are those of glibc on x86-64."""
    is_known = platform.machine() == "x86_64" and sys.platform == "linux"
    return is_known and all(here != there for here, there in zip(bits(), bits(**OLDER), strict=True))
