"""What a measure makes of a yield: a ratio, up to what the trees can bear."""

import numpy as np


def extra_yield(yield_now: np.ndarray, log_gain: np.ndarray, ceiling: float) -> np.ndarray:
    """Extra yield in kg/ha when a measure multiplies the present yield, shape as broadcast.

    No measure lifts a yield above ``ceiling`` kg/ha, the genetic potential of the clones; a present yield that
    already lies above it is not lowered for that reason.
    """
    after = yield_now * np.exp(log_gain)
    return np.minimum(after, np.maximum(ceiling, yield_now)) - yield_now
