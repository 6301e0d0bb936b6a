"""The options a farmer or the agency can choose: single measures and packages, what each adds and costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.study.fertilizer.response_curves import extra_yield
from pipeline.study.pests.pest_losses import yield_where, yield_without

# Training works through these three, an equal part through each, as in the attribution.
PRACTICES = ("fertilizer", "pests", "technique")
# A bad case: one draw in ten is worse. It is what is not known that makes it bad; good and bad seasons are not in it.
BAD_CASE = 0.1
# Two options are told apart when one earns more than the other with at least this probability.
TOLD_APART = 0.9


@dataclass(frozen=True)
class Measure:
    """One measure: the practice it puts right, draws of its log yield gain and of its yearly cost in Rp/ha.

    ``practice`` is one of ``PRACTICES`` or ``knowledge``. ``needs_borer``: it is done only where the pod borer is.
    """

    practice: str
    log_gain: np.ndarray
    cost_idr_per_ha: np.ndarray
    needs_borer: bool = False


@dataclass(frozen=True)
class Option:
    """One measure or a package of several, by name; gains multiply and costs add.

    Training teaches the practices, so the part of its gain that goes through a practice of the package is not
    counted again.
    """

    name: str
    measures: tuple[Measure, ...]

    def done(self, has_borer: bool) -> tuple[Measure, ...]:
        """The measures that are done on a hectare with or without the pod borer."""
        return tuple(measure for measure in self.measures if has_borer or not measure.needs_borer)

    def log_gain(self, has_borer: bool = True) -> np.ndarray:
        """Draws of the log yield gain of a hectare, shape (draws,)."""
        done = self.done(has_borer)
        taught = 1 - len({m.practice for m in done} & set(PRACTICES)) / len(PRACTICES)
        parts = [m.log_gain * (taught if m.practice == "knowledge" else 1.0) for m in done]
        return np.sum([np.zeros_like(self.measures[0].log_gain), *parts], axis=0)

    def cost(self, has_borer: bool = True) -> np.ndarray:
        """Draws of the yearly cost in Rp/ha, shape (draws,)."""
        parts = [measure.cost_idr_per_ha for measure in self.done(has_borer)]
        return np.sum([np.zeros_like(self.measures[0].cost_idr_per_ha), *parts], axis=0)


@dataclass(frozen=True)
class Yields:
    """Draws of the present yield in kg per mature hectare: of one that has the pod borer, and of one that has not."""

    with_borer: np.ndarray
    without_borer: np.ndarray

    def of(self, has_borer: bool) -> np.ndarray:
        """Those of a hectare with or without the pod borer."""
        return self.with_borer if has_borer else self.without_borer


def yields_of(mean_yield: np.ndarray, pests: pd.DataFrame) -> Yields:
    """The two yields whose mean over all hectares is ``mean_yield``; ``pests`` are the draws of the pests."""
    area, lost = pests["attacked_area"].to_numpy(), pests["loss_pod_borer_there"].to_numpy()
    return Yields(yield_where(mean_yield, area, lost), yield_without(mean_yield, area, lost))


def assess(option: Option, yield_now: np.ndarray, bean_price: float, potential: float) -> dict[str, np.ndarray]:
    """Draws of what an option brings per mature hectare and year, on one that has the pod borer.

    ``yield_now`` is the present yield of such a hectare in kg/ha. Keys: ``extra_kg_per_ha``, ``cost_idr_per_ha``,
    ``net_income_idr_per_ha``, ``value_cost_ratio``. ``bean_price`` is net of the harvest, in Rp/kg. Raises
    ``ValueError`` for a cost that is not above zero.
    """
    extra, cost = extra_yield(yield_now, option.log_gain(), potential), option.cost()
    if not np.all(cost > 0):
        raise ValueError(f"option {option.name} costs {np.min(cost):g} Rp/ha; without a cost there is no ratio to it")
    return {
        "extra_kg_per_ha": extra,
        "cost_idr_per_ha": cost,
        "net_income_idr_per_ha": extra * bean_price - cost,
        "value_cost_ratio": extra * bean_price / cost,
    }


def share_with_borer(attacked_area: np.ndarray, adoption: float) -> np.ndarray:
    """Share of the hectares that take part which have the pod borer; farmers who have it take part first."""
    return np.minimum(attacked_area / adoption, 1.0) if adoption > 0 else np.ones_like(attacked_area)


def over_area(there: np.ndarray, elsewhere: np.ndarray, with_borer: np.ndarray) -> np.ndarray:
    """Mean over the hectares that take part: with the pod borer, and without it."""
    return with_borer * there + (1 - with_borer) * elsewhere


def mean_extra(option: Option, yields: Yields, potential: float, with_borer: np.ndarray) -> np.ndarray:
    """Draws of extra kg per mature hectare that takes part, over hectares with and without the pod borer."""
    there, elsewhere = (extra_yield(yields.of(has), option.log_gain(has), potential) for has in (True, False))
    return over_area(there, elsewhere, with_borer)


def mean_income(
    option: Option, yields: Yields, bean_price: float, potential: float, with_borer: np.ndarray
) -> np.ndarray:
    """Draws of net income in Rp per mature hectare that takes part, over hectares with and without the pod borer."""
    cost = over_area(option.cost(True), option.cost(False), with_borer)
    return mean_extra(option, yields, potential, with_borer) * bean_price - cost


def extra_tonnes(extra_kg_per_ha: np.ndarray, mature_ha: np.ndarray | float, adoption: float) -> np.ndarray:
    """Draws of extra tonnes a year from ``mature_ha`` hectares of which the share ``adoption`` takes part.

    Raises ``ValueError`` for an adoption that is no share.
    """
    if not 0 <= adoption <= 1:
        raise ValueError(f"an adoption of {adoption:g} is no share of the area")
    return np.asarray(extra_kg_per_ha * mature_ha * adoption / 1000)


def summarise(outcome: dict[str, np.ndarray], level: float) -> dict[str, float]:
    """Median, interval (``_lower``, ``_upper``), net income in a bad case and chances of one option, in a flat
    mapping."""
    summary: dict[str, float] = {}
    for name, draws in outcome.items():
        lower, value, upper = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
        summary |= {name: value, f"{name}_lower": lower, f"{name}_upper": upper}
    summary["bad_case_idr_per_ha"] = float(np.quantile(outcome["net_income_idr_per_ha"], BAD_CASE))
    summary["probability_loss"] = float((outcome["net_income_idr_per_ha"] < 0).mean())
    summary["probability_ratio_above_2"] = float((outcome["value_cost_ratio"] > 2).mean())
    return summary


def summary_table(outcomes: dict[str, dict[str, np.ndarray]], level: float) -> pd.DataFrame:
    """One row per option: its name and its summary."""
    return pd.DataFrame([{"name": name, **summarise(outcome, level)} for name, outcome in outcomes.items()])


@dataclass(frozen=True)
class Choice:
    """Which options lead: ``first`` has the highest median, ``tied`` are those it is not told apart from, itself first.

    ``safest`` of these has the least chance of a loss, ``cheapest`` the lowest median cost. Without an option whose
    median is above zero all are empty.
    """

    first: str = ""
    tied: tuple[str, ...] = ()
    safest: str = ""
    cheapest: str = ""


def choose(incomes: dict[str, np.ndarray], costs: dict[str, np.ndarray]) -> Choice:
    """The leading options by draws of net income and of cost, both in Rp/ha, by name."""
    medians = {name: float(np.median(income)) for name, income in incomes.items()}
    paying = sorted((name for name in incomes if medians[name] > 0), key=lambda name: -medians[name])
    if not paying:
        return Choice()
    first = incomes[paying[0]]
    tied = tuple(name for name in paying if (first > incomes[name]).mean() < TOLD_APART)
    return Choice(
        paying[0],
        tied,
        min(tied, key=lambda name: float((incomes[name] < 0).mean())),
        min(tied, key=lambda name: float(np.median(costs[name]))),
    )
