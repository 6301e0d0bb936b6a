"""At which bean price and at which attack a control pays, and what may be paid for it."""

import numpy as np
import pandas as pd

from pipeline.model.damage import DamageCurve
from pipeline.model.pest_control import Control, borer_gain
from pipeline.model.pests import yield_without
from pipeline.model.response import extra_yield

# Above this price no bean was ever sold; a break-even price that is higher, or none, is shown as this.
HIGHEST_PRICE = 1_000_000.0


def break_even_price(extra: np.ndarray, cost: np.ndarray, harvest_cost: float) -> np.ndarray:
    """Draws of the bean price in Rp/kg at which ``extra`` kg/ha pay a ``cost`` in Rp/ha and their own harvest.

    ``harvest_cost`` is in Rp/kg. At most ``HIGHEST_PRICE``, which also stands for a control that brings nothing.
    """
    if not np.all(np.asarray(cost) >= 0):
        raise ValueError("the cost of a control must be given and cannot be below zero")
    price = np.divide(cost, extra, out=np.full(np.shape(extra), np.inf), where=np.asarray(extra) > 0) + harvest_cost
    return np.minimum(price, HIGHEST_PRICE)


def highest_cost(extra: np.ndarray, net_price: float, chance: float) -> float:
    """The most that a control may cost a year, in Rp/ha, to pay with this ``chance`` at a net bean price in Rp/kg."""
    if net_price <= 0:
        raise ValueError(f"beans must earn something to pay for a control, not {net_price:g} Rp/kg")
    return max(0.0, float(np.quantile(extra * net_price, 1 - chance)))


def chance_by_price(
    controls: list[Control], there: dict[str, np.ndarray], prices: np.ndarray, harvest_cost: float, potential: float
) -> pd.DataFrame:
    """Chance in per cent that each control of known cost pays, at every bean price in Rp/kg.

    ``there`` holds the present yield of a hectare that has each pest, in kg/ha.

    Columns: ``name``, ``price_idr_per_kg``, ``chance``. Raises ``ValueError`` when no control has a cost.
    """
    rows = []
    for control in controls:
        if control.cost_idr_per_ha is not None:
            extra = extra_yield(there[control.pests[0]], control.log_gain, potential)
            even = break_even_price(extra, control.cost_idr_per_ha, harvest_cost)
            rows += [(control.name, price, float((even < price).mean()) * 100) for price in prices]
    if not rows:
        raise ValueError("no control of known cost, or no price: nothing can be said about when it pays")
    return pd.DataFrame(rows, columns=["name", "price_idr_per_kg", "chance"])


def chance_by_attack(
    attacked: np.ndarray,
    net_prices: dict[str, float],
    left: np.ndarray,
    curves: dict[str, DamageCurve],
    attack: tuple[np.ndarray, np.ndarray],
    mean_yield: np.ndarray,
    cost: np.ndarray,
    potential: float,
) -> pd.DataFrame:
    """Chance in per cent that sleeving pays, for every reading of the damage, share of pods attacked and net price.

    Columns: ``reading``, ``attacked_percent``, ``price`` (the key of ``net_prices``), ``chance``. ``mean_yield`` is
    that of all hectares under the present ``attack`` (share of the area, share of pods there), from which follows what
    a hectare yields at another attack; a draw whose yield without the borer passes the ``potential`` has no weight.
    """
    rows = []
    for reading, curve in curves.items():
        clean = yield_without(mean_yield, attack[0], curve.loss(attack[1]))
        possible = clean <= potential
        for share in attacked:
            extra = extra_yield(clean * (1 - curve.loss(share)), borer_gain(curve, share, left), potential)
            pays = {key: (extra * net > cost)[possible].mean() for key, net in net_prices.items()}
            rows += [(reading, share * 100, key, float(chance) * 100) for key, chance in pays.items()]
    return pd.DataFrame(rows, columns=["reading", "attacked_percent", "price", "chance"])
