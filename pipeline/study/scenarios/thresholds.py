"""From which price of beans an option pays, and up to which price of fertilizer."""

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters
from pipeline.kit.publish.estimates import QUANTILE, Estimate, cited
from pipeline.kit.publish.keys import Key
from pipeline.study.pests.cites import FACTOR, WAGE
from pipeline.study.prices.scope import BORER_HECTARE, Dated
from pipeline.study.scenarios.cites import ScenarioCites
from pipeline.study.scenarios.measures import dose

# Chance that the option earns more than it costs.
CHANCES = {"quarter": 0.25, "even": 0.5, "three_quarters": 0.75}
SAID = {"quarter": "one draw in four", "even": "half of the draws", "three_quarters": "three draws in four"}
FERTILIZER = ("fertilizer_ceiling",)
METHOD = "price at which an option earns as much as it costs, over draws"


def bean_prices(outcomes: dict[str, dict[str, np.ndarray]], harvest_idr_per_kg: float) -> pd.DataFrame:
    """Price of dry beans from which each option pays: ``name`` and, in Rp/kg, each of ``CHANCES``.

    ``outcomes`` are draws of ``options.assess``. A draw that brings no extra kg pays at no price; a chance that no
    price brings is missing.
    """
    rows = []
    for name, outcome in outcomes.items():
        extra, cost = outcome["extra_kg_per_ha"], outcome["cost_idr_per_ha"]
        with np.errstate(divide="ignore"):
            threshold = np.where(extra > 0, cost / np.maximum(extra, 0.0), np.inf) + harvest_idr_per_kg
        ends = np.quantile(threshold, list(CHANCES.values()), method="inverted_cdf")
        rows.append((name, *np.where(np.isfinite(ends), ends, np.nan)))
    return pd.DataFrame(rows, columns=["name", *CHANCES])


def fertilizer_prices(
    outcome: dict[str, np.ndarray], net_bean_price: float, dose_kg_per_ha: float, price_idr_per_kg: float
) -> dict[str, float]:
    """Price in the shop up to which the full dose pays, in Rp/kg, by ``CHANCES``; missing where none is low enough.

    ``outcome`` is that of a dose bought at ``price_idr_per_kg``; what is left of its cost is freight and labour, which
    stay. ``net_bean_price`` is what a kg of beans leaves after the harvest.
    """
    other = outcome["cost_idr_per_ha"] - dose_kg_per_ha * price_idr_per_kg
    threshold = (outcome["extra_kg_per_ha"] * net_bean_price - other) / dose_kg_per_ha
    ends = {name: float(np.quantile(threshold, 1 - chance)) for name, chance in CHANCES.items()}
    return {name: end if end > 0 else float("nan") for name, end in ends.items()}


def threshold_estimates(
    beans: pd.DataFrame, fertilizer: dict[str, float], dated: Dated, cites: ScenarioCites, seed: int
) -> list[Estimate]:
    """Every price that some chance needs; those that no price brings are not published.

    ``beans`` is that of ``bean_prices``, ``fertilizer`` that of ``fertilizer_prices``.
    """
    found = []
    for name, *ends in beans.itertuples(index=False):
        own = cited((*cites.gain(name), *cites.cost(name), *cites.net_price()), seed)
        for chance, end in zip(CHANCES, ends, strict=True):
            if np.isfinite(end):
                said = f"dry beans at the farm gate, price from which {SAID[chance]} gain; {BORER_HECTARE}{dose(name)}"
                at = dated.at(said, own["sources"])
                found.append(_estimate(Key("threshold", (name,), "beans", (chance,)), end, at, own))
    gained = (*cites.gain(FERTILIZER[0]), cites.wage, *WAGE, *FACTOR, *_SPREADING, *cites.net_price("present"))
    own = cited(gained, seed)
    for chance, end in fertilizer.items():
        if np.isfinite(end):
            said = f"cocoa NPK in the shop, price up to which {SAID[chance]} gain; {BORER_HECTARE}{dose(FERTILIZER[0])}"
            at = dated.at(said, own["sources"])
            found.append(_estimate(Key("threshold", ("fertilizer",), "npk", (chance,)), end, at, own))
    return found


_SPREADING = cite_parameters(
    "fertilizer.dose_kg_per_ha", "fertilizer.transport_idr_per_kg", "fertilizer.labour_days_per_ha"
)


def _estimate(key: Key, value: float, basis: str, own: dict[str, object]) -> Estimate:
    return Estimate(key, float(value), "Rp/kg", basis, METHOD, value_is=QUANTILE, **own)  # type: ignore[arg-type]
