"""What growers are paid for beans, and how well that was foretold (15)."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.publish.estimates import MEAN, MEDIAN_OF_POSTERIOR, PROBABILITY, SHARE_OF_CASES, Estimate, cited
from pipeline.kit.publish.keys import Key
from pipeline.study.bean_price.nowcast import FERMENTED, HOME, LEVEL, LEVELS, UNFERMENTED, WET, Nowcast
from pipeline.study.prices.scope import AS_OF, PRICE_CITES

PASSED_ON = "world prices passed on, learned from reports; integrated exactly"
BEANS = {"unfermented": UNFERMENTED, "fermented": FERMENTED, "wet": WET}
SAID = {
    "unfermented": "dry beans not fermented",
    "fermented": "dry fermented beans",
    "wet": "wet beans",
}
VILLAGES = "at the farm gate, mean over villages of East Kalimantan"
# Over the same beans at the farm gate that are not fermented: the coefficient, and what it is the price of.
OVER = {
    "fermented_over": (FERMENTED, "fermented over unfermented dry beans, Indonesia"),
    "collector_over": ("collector", "what collectors are paid over the farm gate, Indonesia"),
    "trader_over": ("trader", "what traders between islands are paid over the farm gate, Indonesia"),
}


def bean_estimates(
    nowcast: Nowcast, months: dict[str, str], price_set: float, cites: tuple[str, ...], level: float
) -> list[Estimate]:
    """What growers are paid in ``months`` (by the case of their keys), and what is passed on, all from one fit.

    ``price_set`` is the bean price in Rp/kg that the answers are reckoned with; ``cites`` is what the model rests on.
    """
    own: dict[str, Any] = {**cited(cites), "level": level}
    median = own | {"value_is": MEDIAN_OF_POSTERIOR}
    found = []
    for when, month in months.items():
        dated = cited((*cites, *AS_OF)) if when == "as_of" else cited(cites)
        for name, product in BEANS.items():
            lower, value, upper = np.exp(nowcast.price(month, product).interval(level))
            found.append(
                Estimate(
                    Key("bean_price", (when,), name), value, "Rp/kg", f"{SAID[name]}, {VILLAGES}, {month}", PASSED_ON,
                    lower=lower, upper=upper, headline=name == "unfermented", **(median | dated),
                )
            )  # fmt: skip
        lower, value, upper = np.exp(nowcast.report(_report_of(month)).interval(level))
        found += [
            Estimate(
                Key("bean_price", (when,), "one_report"), value, "Rp/kg",
                f"dry beans not fermented, at the farm gate, what one report from East Kalimantan would say, {month}",
                PASSED_ON, lower=lower, upper=upper, **(median | dated),
            ),
            Estimate(
                Key("bean_price", (when,), "below_set"),
                float(nowcast.price(month).below(np.log(price_set))),
                "1",
                f"chance that villages of East Kalimantan were paid less than {price_set:.0f} Rp/kg in the mean, "
                f"{month}",
                PASSED_ON,
                value_is=PROBABILITY,
                **(dated | cited((*dated["sources"], *PRICE_CITES["present"][:2]))),
            ),
        ]  # fmt: skip
    return [*found, *_passed_on(nowcast, own, level)]


def _report_of(month: str) -> pd.Series:
    return pd.Series({"month": month, "product": UNFERMENTED, "level": LEVELS[0], "island": HOME})


def _passed_on(nowcast: Nowcast, own: dict[str, Any], level: float) -> list[Estimate]:
    """The share of the world price, what is passed on of its changes, and what other beans and buyers pay over it."""
    asked = {
        "share": (
            "share",
            "price of dry beans at the farm gate, mean over islands of Indonesia, over a world price of 50,000 Rp/kg",
        ),
        "wet_share": (WET, "price of a kg of wet beans over that of a kg of dry ones not fermented, Indonesia"),
        "pass_through": (
            "pass-through",
            "per cent that the price at the farm gate in Indonesia changes when the world price changes by one "
            "per cent",
        ),
        **OVER,
    }
    found = []
    for name, (coefficient, basis) in asked.items():
        ends = np.array(nowcast.coefficient(coefficient).interval(level))
        is_over = name in OVER
        lower, value, upper = ends if name == "pass_through" else (np.exp(ends) - is_over) * 100
        found.append(
            Estimate(
                Key("bean_price", (), name), value, "1" if name == "pass_through" else "%", basis, PASSED_ON,
                lower=lower, upper=upper, value_is=MEDIAN_OF_POSTERIOR, **own,
            )
        )  # fmt: skip
    return found


LEFT_OUT = {
    "page": "reports of one page foretold from all others",
    "island": "reports of one island foretold from the others",
    "forward": "reports since 2023 foretold from those of earlier months",
}
BY = {"value": "the model", "by_share": "the mean share of the world price", "by_last": "the last report before"}


def forecast_estimates(scores: pd.DataFrame, cites: dict[str, tuple[str, ...]]) -> list[Estimate]:
    """How many reports lie in their intervals, and the mean error of the model and of two naive rules.

    ``scores`` is that of ``nowcast.scores``; ``cites`` is what each of its rules rests on.
    """
    found = []
    for score in scores.itertuples():
        told = LEFT_OUT[str(score.test)]
        found.append(
            Estimate(
                Key("bean_forecast", (str(score.test),), "inside"), float(score.inside) * 100, "%",
                f"{told}, inside their {LEVEL * 100:g} % intervals", PASSED_ON, cites["value"], int(score.reports),
                "reports", value_is=SHARE_OF_CASES, headline=True,
            )
        )  # fmt: skip
        found += [
            Estimate(
                Key("bean_forecast", (str(score.test),), f"error_{rule}" if rule != "value" else "error"),
                float(getattr(score, rule)),
                "log ratio",
                f"{told}, mean absolute error of the log by {by}; beans at the farm gate not said to be fermented",
                PASSED_ON if rule == "value" else "naive rule",
                cites[rule],
                int(score.compared),
                "reports",
                value_is=MEAN,
            )
            for rule, by in BY.items()
        ]
    return found
