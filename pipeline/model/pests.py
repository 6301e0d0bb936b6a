"""What pod borer, black pod and dieback take, and when sleeving pods against the borer pays."""

import numpy as np
import pandas as pd

from pipeline.model.response import extra_yield

# Two points of the Sabah damage relation: little loss below 60 % of pods attacked, about 40 % at 90 %.
LOW_POINT, HIGH_POINT = (0.60, 0.05), (0.90, 0.40)
LARGEST_LOSS = 0.99


def pod_borer_loss(
    attacked: np.ndarray | float, low_loss: np.ndarray | float, high_loss: np.ndarray | float
) -> np.ndarray:
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
    """Share of pods attacked without and with sleeving in the one trial of East Kalimantan.

    The third value names the sources of the trial and of the damage curve.
    """
    untreated, figures = baselines.set_index("baseline_id").loc["B059"], effects.set_index("effect_id")
    before = float(untreated["value"]) / 100
    sources = (untreated["source_id"], *figures.loc[["E126", "E047", "E048"], "source_id"])
    return before, before * float(np.exp(figures.at["E126", "log_ratio"])), sources


def draw_loss_curve(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the two losses that fix the curve, shape (size,) each.

    The low point is printed as an upper bound ("minor"), so it is drawn from 1 % up to it; the high point is
    printed as "about", so it is drawn a quarter of itself to either side.
    """
    low = rng.uniform(0.01, LOW_POINT[1], size)
    high = rng.uniform(0.75 * HIGH_POINT[1], 1.25 * HIGH_POINT[1], size)
    return low, high


def curve_through_report(reports: pd.DataFrame) -> tuple[float, float, str]:
    """Losses at the two points of the curve if loss grows in proportion to attack as Aceh Timur reports it.

    There 50 % of the yield was lost at an intensity of 62 %: far above the damage curve, if the intensity is a
    share of pods. The third value is the source.
    """
    figures = reports.set_index("report_id")
    loss, intensity = (float(figures.at[key, "value_high"]) for key in ("R022", "R023"))
    return loss / intensity * LOW_POINT[0], loss / intensity * HIGH_POINT[0], str(figures.at["R022", "source_id"])


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
    return loss_before, loss_after, log_gain(loss_before, loss_after)


def log_gain(loss_before: np.ndarray, loss_after: np.ndarray) -> np.ndarray:
    """Log of the ratio of the yields after and before control; a plot that yields at all has not lost everything."""
    before, after = (np.minimum(loss, LARGEST_LOSS) for loss in (loss_before, loss_after))
    return np.log1p(-after) - np.log1p(-before)


def draw_printed_loss(effects: pd.DataFrame, effect_id: str, rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws of a share of yield lost that was printed as a range: normal on the log scale, never below zero."""
    row = effects.set_index("effect_id").loc[effect_id]
    return np.maximum(0.0, -np.expm1(rng.normal(row["log_ratio"], row["log_ratio_se"], size)))


def dieback_area_share(baselines: pd.DataFrame, countries: pd.DataFrame) -> float:
    """Share of Indonesia's cacao that dieback had reached in 2007: the only count there is."""
    reached = float(baselines.set_index("baseline_id").at["B061a", "value"])
    rows = countries[(countries["iso3"] == "IDN") & (countries["year"] == 2007) & (countries["release"] == "2022")]
    return reached / float(rows["area_harvested_ha"].iloc[0])


def combined_loss(*losses: np.ndarray) -> np.ndarray:
    """Share of yield lost to several causes that strike independently: what is left of each is multiplied."""
    return 1 - np.prod([1 - loss for loss in losses], axis=0)


def loss_curve(attacked: np.ndarray, curve: tuple[np.ndarray, np.ndarray], level: float) -> pd.DataFrame:
    """Median and interval of the loss in per cent at every share of pods ``attacked``, also given in per cent."""
    rows = [
        (share * 100, *np.quantile(pod_borer_loss(share, *curve) * 100, [(1 - level) / 2, 0.5, (1 + level) / 2]))
        for share in attacked
    ]
    return pd.DataFrame(rows, columns=["attacked", "lower", "value", "upper"])


def sleeving_gain(
    attacked: float,
    reduction: float,
    curve: tuple[np.ndarray | float, np.ndarray | float],
    yield_now: np.ndarray,
    ceiling: float,
) -> np.ndarray:
    """Draws of the extra kg/ha from sleeving where the share ``attacked`` of pods carries pod borer today.

    Sleeving leaves the share ``reduction`` of the attack; ``yield_now`` is the yield under the present attack.
    """
    before, after = (pod_borer_loss(share, *curve) for share in (attacked, attacked * reduction))
    return extra_yield(yield_now, log_gain(before, after), ceiling)


def chance_that_sleeving_pays(
    attacked: np.ndarray,
    net_prices: dict[str, float],
    reduction: float,
    curve: tuple[np.ndarray | float, np.ndarray | float],
    yield_now: np.ndarray,
    cost: np.ndarray,
    ceiling: float,
) -> pd.DataFrame:
    """Chance in per cent that sleeving pays, for every share of pods attacked and every net price of a kg of beans.

    Columns: ``attacked`` (per cent), ``price`` (the key of ``net_prices``), ``chance``.
    """
    rows = []
    for share in attacked:
        extra = sleeving_gain(share, reduction, curve, yield_now, ceiling)
        rows += [(share * 100, key, float((extra * net > cost).mean()) * 100) for key, net in net_prices.items()]
    return pd.DataFrame(rows, columns=["attacked", "price", "chance"])
