"""Literature, survey and both together, as one table in units that people read."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from pipeline.model.mixture import Mixture
from pipeline.model.survey_levels import share_likelihood, yield_likelihood
from pipeline.model.survey_likelihood import Likelihood, effects_likelihood
from pipeline.model.survey_plots import EFFECTS, REASONS, large_enough, reasons_left_out
from pipeline.model.survey_posterior import Parts, before, conflict, survey_alone, together
from pipeline.model.survey_prior import Prior
from pipeline.model.survey_statistics import attack_sums, summed

YIELD, ATTACKED, BORER = "present_yield", "pods_attacked", "pod_borer"
QUANTITIES = (YIELD, *EFFECTS, ATTACKED)
# Literature and survey conflict when less than even odds are left that the quantity is as the literature has it.
EVEN_ODDS = 0.5
SERIES = ("prior", "survey", "together")


def shown(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """From the scale of the model to that of the table: kg/ha, per cent of pods, or change of yield in per cent."""
    if name == YIELD:
        return np.exp
    if name == ATTACKED:
        return lambda logit: expit(logit) * 100
    return lambda log_ratio: np.expm1(log_ratio) * 100


@dataclass(frozen=True)
class Learned:
    """What a survey has taught: ``table`` (a row per quantity of ``QUANTITIES``), ``left_out`` (``reason``, ``plots``),
    the likelihood of the present yield, the odds of the readings of the damage curve, and what is ``taught``: the
    posterior of each quantity that plots say something of, for the borer one for each reading (``pod_borer:READING``).

    ``table`` has ``name``, ``plots`` (a farm counts once, however often visited), ``prior``, ``survey`` and
    ``together`` each with ``_lower``, ``_value`` and ``_upper``, ``pinned`` (width together over width of the model's
    prior; 1 is nothing learned), ``literature_weight``, ``p_value`` and ``is_conflict``. Parts about a survey are
    missing where it says nothing.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame
    present: Likelihood
    readings: dict[str, float]
    taught: dict[str, Mixture]


def learn(
    plots: pd.DataFrame,
    draws: dict[str, np.ndarray],
    priors: dict[str, Prior],
    full_dose: float,
    curves: dict[str, tuple[float, float]],
    level: float,
    smallest: int,
) -> Learned:
    """Update the literature with the plots, where they belong to ``smallest`` farms or more.

    ``draws`` are the literature's own, on the scale of the model, by quantity; ``priors`` made from them are called
    ``present_yield``, ``effects`` and ``pods_attacked``. ``curves`` as in ``practices``.
    """
    reasons = reasons_left_out(plots)
    sums = summed(large_enough(plots[reasons == ""], smallest), full_dose, curves)
    attacked = attack_sums(large_enough(plots[plots["share_pods_borer"].notna()], smallest))
    present = yield_likelihood(sums)
    seen = {
        YIELD: ({"": present}, sums.rows),
        "effects": (effects_likelihood(sums, tuple(curves)), sums.rows),
        ATTACKED: ({"": share_likelihood(attacked)}, attacked.rows),
    }
    rows: list[dict[str, object]] = []
    readings: dict[str, float] = {}
    taught: dict[str, Mixture] = {}
    for group, (likelihoods, number) in seen.items():
        prior = priors[group]
        start, after = before(prior), together(likelihoods, prior)
        alone = survey_alone(likelihoods, prior)
        rows += [_row(name, number, draws[name], prior, start, after, alone[name], level) for name in prior.names]
        readings |= {reading: after.reading_weight(reading) for reading in prior.reading_weight if reading}
        taught |= _taught(after, [name for name in prior.names if number and alone[name]])
    table = pd.DataFrame(rows).set_index("name").loc[list(QUANTITIES)].reset_index()
    counts = [(words, int((reasons == words).sum())) for words in REASONS]
    left_out = pd.DataFrame(counts, columns=["reason", "plots"])
    return Learned(table, left_out, present, readings, taught)


def _taught(after: Parts, names: list[str]) -> dict[str, Mixture]:
    """Posteriors of some quantities; that of the borer apart for each reading that has some weight."""
    found = {name: after.quantity(name) for name in names if name != BORER}
    readings = sorted(set(after.reading)) if BORER in names else []
    return found | {f"{BORER}:{reading}": after.given(reading).quantity(BORER) for reading in readings}


def _row(
    name: str,
    plots: int,
    draws: np.ndarray,
    prior: Prior,
    start: Parts,
    after: Parts,
    alone: Mixture | None,
    level: float,
) -> dict[str, object]:
    """One row of the table of ``Learned``."""
    literature = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    low, middle, high = after.quantity(name).interval(level)
    first, _, last = start.quantity(name).interval(level)
    nothing = (np.nan, np.nan, np.nan)
    ends = {
        "prior": literature,
        "survey": alone.interval(level) if alone and plots else nothing,
        "together": (low, middle, high) if alone and plots else nothing,
    }
    weight = after.literature_weight(name)
    return {
        "name": name,
        "plots": plots,
        **{
            f"{series}_{end}": float(shown(name)(np.asarray(value)))
            for series, values in ends.items()
            for end, value in zip(("lower", "value", "upper"), values, strict=True)
        },
        "pinned": (high - low) / (last - first) if plots else 1.0,
        "literature_weight": weight,
        "p_value": conflict(prior, alone if plots else None, name),
        "is_conflict": bool(plots) and weight < EVEN_ODDS <= prior.literature_weight,
    }
