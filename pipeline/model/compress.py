"""Many rows made few without losing anything: what a linear model with even noise needs to know of its data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.model.linear_normal import Block


@dataclass(frozen=True)
class LeftOver:
    """What the compressed rows no longer hold: ``rows`` and their weighted ``squares``, all noise.

    ``log_errors`` is the sum of the logs of the errors of all rows; ``noise`` names the spread that scales them.
    """

    rows: int
    squares: float
    log_errors: float
    noise: str


def compress(
    values: np.ndarray, errors: np.ndarray, blocks: Sequence[Block], noise: str
) -> tuple[np.ndarray, np.ndarray, list[Block], LeftOver]:
    """Values, errors and blocks with as many rows as coefficients, and what is left over for ``fit``.

    For models whose errors are all multiplied by one spread, ``noise``. The posterior and the evidence stay the same:
    the rows are turned (QR), and what no coefficient can move is kept as a sum of squares. Raises ``ValueError``
    when there are fewer rows than coefficients.
    """
    design = np.concatenate([block.design for block in blocks], axis=1) / errors[:, None]
    if len(values) < design.shape[1]:
        raise ValueError(f"{len(values)} rows cannot be compressed to {design.shape[1]} coefficients")
    turn, triangle = np.linalg.qr(design)
    weighted = values / errors
    turned = turn.T @ weighted
    squares = max(0.0, float(weighted @ weighted - turned @ turned))
    ends = np.cumsum([len(block.names) for block in blocks])[:-1]
    parts = np.split(triangle, ends, axis=1)
    smaller = [replace(block, design=part) for block, part in zip(blocks, parts, strict=True)]
    left = LeftOver(len(values) - len(turned), squares, float(np.log(errors).sum()), noise)
    return turned, np.ones(len(turned)), smaller, left
