"""Random draws that come out the same again: one independent stream per seed and name."""

import zlib

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """Generator for the quantity ``name``: adding another quantity does not move this one's draws."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def student_t(rng: np.random.Generator, values: np.ndarray, size: int) -> np.ndarray:
    """Predictive draws for one more value of a normal sample whose mean and spread are both unknown.

    ``values`` holds at least three observations; the draws follow a Student t with n - 1 degrees of freedom.
    """
    n = len(values)
    if n < 3:
        raise ValueError(f"{n} values do not tell their spread; at least 3 are needed")
    return values.mean() + values.std(ddof=1) * np.sqrt(1 + 1 / n) * rng.standard_t(n - 1, size)
