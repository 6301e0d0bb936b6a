"""From pods attacked to yield lost: the damage curve of the cocoa pod borer."""

import numpy as np
import pandas as pd

# Two points of the Sabah damage relation: little loss below 60 % of pods attacked, about 40 % at 90 %.
LOW_POINT, HIGH_POINT = (0.60, 0.05), (0.90, 0.40)


def pod_borer_loss(attacked: np.ndarray, low_loss: np.ndarray | float, high_loss: np.ndarray | float) -> np.ndarray:
    """Share of yield lost when the share ``attacked`` of pods carries pod borer.

    A convex power curve through zero and the losses ``low_loss`` at 60 % and ``high_loss`` at 90 % of pods
    attacked; never more than everything. Shapes broadcast. Raises ``ValueError`` for shares outside 0 to 1
    or a high loss that is not above the low one.
    """
    attacked = np.asarray(attacked, dtype=float)
    if np.any((attacked < 0) | (attacked > 1)):
        raise ValueError("the share of pods attacked lies between 0 and 1")
    if np.any(np.asarray(high_loss) <= np.asarray(low_loss)) or np.any(np.asarray(low_loss) <= 0):
        raise ValueError("the loss at 90 % attack must be above the loss at 60 %, and both above zero")
    power = np.log(np.asarray(high_loss) / low_loss) / np.log(HIGH_POINT[0] / LOW_POINT[0])
    return np.minimum(1.0, high_loss * (attacked / HIGH_POINT[0]) ** power)


def attack_figures(baselines: pd.DataFrame, effects: pd.DataFrame) -> tuple[float, float, tuple[str, ...]]:
    """Share of pods attacked without and with sleeving in the one trial of East Kalimantan, and its sources."""
    untreated = baselines.set_index("baseline_id").loc["B059"]
    sleeving = effects.set_index("effect_id").loc["E126"]
    before = float(untreated["value"]) / 100
    return before, before * float(np.exp(sleeving["log_ratio"])), (untreated["source_id"], sleeving["source_id"])


def draw_loss_curve(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the two losses that fix the curve, shape (size,) each.

    The low point is printed as an upper bound ("minor"), so it is drawn from 1 % up to it; the high point is
    printed as "about", so it is drawn a quarter of itself to either side.
    """
    low = rng.uniform(0.01, LOW_POINT[1], size)
    high = rng.uniform(0.75 * HIGH_POINT[1], 1.25 * HIGH_POINT[1], size)
    return low, high


def draw_control(
    rng: np.random.Generator, attacked_before: float, attacked_after: float, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws of yield lost without and with control of the pod borer, and of the log ratio of the yields.

    The share of pods attacked in Kutai Timur today is not known: it is drawn evenly between the controlled
    and the uncontrolled plots of the one trial in East Kalimantan. Control lowers it by the ratio seen there.
    """
    low, high = draw_loss_curve(rng, size)
    before = rng.uniform(attacked_after, attacked_before, size)
    loss_before = pod_borer_loss(before, low, high)
    loss_after = pod_borer_loss(before * attacked_after / attacked_before, low, high)
    return loss_before, loss_after, np.log1p(-loss_after) - np.log1p(-loss_before)
