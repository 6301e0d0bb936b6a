"""What pod borer, black pod and dieback take together in Kutai Timur, as one table of draws for all later stages.

The mean yield of the regency is the mean over its hectares: one that has a pest yields less than the mean, one that
has not yields more.
"""

import numpy as np
import pandas as pd

from pipeline.model.damage import DamageCurve

# Draws of each pest on an average hectare, and where the pest is.
AVERAGE = ("loss_pod_borer", "loss_black_pod", "loss_dieback")


def combined_loss(*losses: np.ndarray) -> np.ndarray:
    """Share of yield lost to several causes that strike independently: what is left of each is multiplied."""
    return 1 - np.prod([1 - loss for loss in losses], axis=0)


def yield_without(mean_yield: np.ndarray, area: np.ndarray | float, loss_there: np.ndarray) -> np.ndarray:
    """Yield in kg/ha where a pest is not, which has the share ``area`` of the hectares and takes ``loss_there``
    there."""
    return np.asarray(mean_yield / (1 - area * loss_there))


def yield_where(mean_yield: np.ndarray, area: np.ndarray | float, loss_there: np.ndarray) -> np.ndarray:
    """Yield in kg/ha of a hectare that has the pest, so that the mean over all hectares is ``mean_yield``."""
    return yield_without(mean_yield, area, loss_there) * (1 - loss_there)


def possible_rows(
    mean_yield: np.ndarray, area: np.ndarray, loss_there: np.ndarray, potential: float, rng: np.random.Generator
) -> np.ndarray:
    """Which draw of a pest goes with each draw of the yield, shape (draws,): its own, where that is possible.

    Trees cannot bear more than ``potential`` kg/ha: a pair whose yield without the pest passes it gets no weight, and
    the yield, which statistics give, meets another draw of the pest, each possible one being as likely. A yield that
    is itself above the potential meets the draw that takes least.
    """
    lost = area * loss_there
    order = np.argsort(lost, kind="stable")
    # The most that the pest can take of the mean, and how many draws take no more.
    most = 1 - mean_yield / potential
    possible = np.searchsorted(lost[order], most, side="right")
    drawn = order[np.floor(rng.random(len(lost)) * possible).astype(int)]
    return np.where(lost <= most, np.arange(len(lost)), drawn)


def log_gain(loss_before: np.ndarray, loss_after: np.ndarray) -> np.ndarray:
    """Log of the ratio of the yields after and before control.

    Raises ``ValueError`` for a loss below zero or of everything: a plot that yields at all has not lost everything.
    """
    for name, loss in (("before", loss_before), ("after", loss_after)):
        if not np.all((np.asarray(loss) >= 0) & (np.asarray(loss) < 1)):
            raise ValueError(f"the loss {name} control lies between 0 and below 1")
    return np.log1p(-np.asarray(loss_after)) - np.log1p(-np.asarray(loss_before))


def draws_table(
    curve: DamageCurve,
    attack: tuple[np.ndarray, np.ndarray],
    sleeved_share: np.ndarray,
    black_pod: np.ndarray,
    dieback: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:
    """One row per draw: attack and losses, shares of one, and log gains of sleeving.

    ``attack`` holds the share of the area that has the borer and the share of pods attacked there, ``dieback`` the
    share of the area reached and the share of yield lost there. ``sleeved_share`` of the attack is left by sleeving,
    and kept. Columns that end in ``_there`` are for a hectare that has the pest; the others for an average hectare, on
    which sleeving is done only where the borer is.
    """
    (area, pods), (reached, lost) = attack, dieback
    there, sleeved = curve.loss(pods), curve.loss(pods * sleeved_share)
    frame = pd.DataFrame({"attacked_area": area, "attacked": pods, "loss_pod_borer_there": there})
    frame["left_by_sleeving"] = sleeved_share
    frame["loss_pod_borer"], frame["loss_black_pod"] = area * there, black_pod
    frame["dieback_area"], frame["loss_dieback_there"], frame["loss_dieback"] = reached, lost, reached * lost
    frame["loss_all"] = combined_loss(*(frame[name].to_numpy() for name in AVERAGE))
    frame["log_gain_sleeving_there"] = log_gain(there, sleeved)
    frame["log_gain_sleeving"] = log_gain(area * there, area * sleeved)
    return frame
