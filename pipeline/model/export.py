"""What the villages could ship: tonnes now and under a package, their value, containers, and what fermentation adds."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.model.options import Option, extra_tonnes, mean_extra, yields_of

REGENCIES = ("kutai_timur", "berau", "mahakam_ulu")
NOW = "now"
_LISTED = ("source_id", lambda ids: ";".join(sorted(set(ids))))


def regency_state(draws: pd.DataFrame, regency: str) -> pd.DataFrame:
    """Draws of one regency: ``yield_kg_per_ha``, ``mature_ha`` and ``production_t``.

    Raises ``ValueError`` that names the regency and the column when one is missing or not above zero.
    """
    names = ("yield_kg_per_ha", "mature_ha", "production_t")
    if missing := [name for name in names if f"{regency}_{name}" not in draws]:
        raise ValueError(f"the draws of the regencies hold no {', '.join(missing)} for {regency}")
    state = pd.DataFrame({name: draws[f"{regency}_{name}"] for name in names})
    if wrong := [name for name in names if not (state[name] > 0).all()]:
        raise ValueError(f"{regency}: draws of {', '.join(wrong)} are missing or not above zero")
    return state


def tonnes_by_regency(
    draws: pd.DataFrame,
    options: list[Option],
    pests: pd.DataFrame,
    with_borer: np.ndarray,
    adoption: float,
    ceiling: float,
) -> dict[tuple[str, str], np.ndarray]:
    """Draws of tonnes of dry beans a year by regency and state: now, and with each option on the adopted area.

    Effects, ``pests`` and the share ``with_borer`` are the same everywhere; yields and areas are those of the regency.
    """
    found = {}
    for regency in REGENCIES:
        state = regency_state(draws, regency)
        now, mature = state["production_t"].to_numpy(), state["mature_ha"].to_numpy()
        found[regency, NOW] = now
        yields = yields_of(state["yield_kg_per_ha"].to_numpy(), pests)
        for option in options:
            extra = mean_extra(option, yields, ceiling, with_borer)
            found[regency, option.name] = now + extra_tonnes(extra, mature, adoption)
    return found


def crop_value(tonnes: np.ndarray, price: float, idr_per_usd: float) -> tuple[np.ndarray, np.ndarray]:
    """Value of dry beans at a price in Rp/kg: in Rp and in USD. Raises ``ValueError`` for a price or rate of zero."""
    for name, value in (("the price of dry beans", price), ("the exchange rate", idr_per_usd)):
        if not value > 0:
            raise ValueError(f"{name} is {value:g}; it must be above zero")
    rupiah = tonnes * 1000 * price
    return rupiah, rupiah / idr_per_usd


def to_fill(
    container_t: float, yield_kg_per_ha: np.ndarray, mature_share: np.ndarray, ha_per_farmer: float
) -> dict[str, np.ndarray]:
    """What fills one container: ``mature_ha``, and ``farmers`` with so many hectares each, a share of them mature."""
    hectares = container_t * 1000 / yield_kg_per_ha
    return {"mature_ha": hectares, "farmers": hectares / (mature_share * ha_per_farmer)}


def fermentation_pairs(prices: pd.DataFrame, wages: pd.DataFrame) -> pd.DataFrame:
    """Prices of fermented and unfermented dry beans in the same place and period, and where the premium ends.

    Columns: ``place``, ``date_from``, ``unfermented_idr_per_kg``, ``fermented_idr_per_kg``, ``premium_idr_per_kg``,
    ``weight_loss`` (share of weight whose loss eats up the premium when labour is free), ``wage_idr_per_day``,
    ``days_per_t`` (days of labour that eat it up when no weight is lost), ``source_id``. A range counts with its
    middle. ``prices`` is the clean table, ``wages`` holds ``idr_per_day`` and ``source_id`` by year: labour is paid in
    the money of the premium. Raises ``ValueError`` when there is no pair, no wage of its year, a price is not above
    zero, or fermented beans fetch no more.
    """
    keys, sides = ["place", "date_from"], []
    for item in ("unfermented", "fermented"):
        rows = prices[(prices["item"] == f"cocoa_dry_{item}") & (prices["market"] == "farm_gate")]
        ends = rows.groupby(keys, sort=False).agg(
            price_id=("price_id", " and ".join), price_idr_per_kg=("price_idr_per_kg", "mean"), source_id=_LISTED
        )
        sides.append(ends.reset_index())
    pairs = sides[0].merge(sides[1], on=keys, suffixes=("_u", "_f"))
    if pairs.empty:
        raise ValueError("no place and period has a price of fermented and of unfermented beans")
    low, high = pairs["price_idr_per_kg_u"], pairs["price_idr_per_kg_f"]
    if len(wrong := pairs[~((low > 0) & (high > low))]):
        ids = ", ".join(wrong["price_id_u"] + " and " + wrong["price_id_f"])
        raise ValueError(f"prices must be above zero, and fermented beans dearer: {ids}")
    years = pairs["date_from"].str[:4].astype(int)
    if missing := sorted(set(years) - set(wages.index)):
        raise ValueError(f"no wage is known for the premium of {', '.join(map(str, missing))}")
    wage = wages.loc[years].reset_index(drop=True)
    return pairs[keys].assign(
        unfermented_idr_per_kg=low,
        fermented_idr_per_kg=high,
        premium_idr_per_kg=high - low,
        weight_loss=1 - low / high,
        wage_idr_per_day=wage["idr_per_day"],
        days_per_t=(high - low) * 1000 / wage["idr_per_day"],
        source_id=pairs["source_id_u"] + ";" + pairs["source_id_f"] + ";" + wage["source_id"],
    )


def labour_left(pairs: pd.DataFrame, losses: np.ndarray) -> pd.DataFrame:
    """Days of labour per tonne of unfermented beans that the premium pays, by pair and share of weight lost.

    Columns: ``place``, ``date_from``, ``weight_loss_percent``, ``days_per_t``; below zero the beans fetch less
    than before.
    """

    def days(pair: Any, loss: float) -> float:
        left = (1 - loss) * pair.fermented_idr_per_kg - pair.unfermented_idr_per_kg
        return float(left * 1000 / pair.wage_idr_per_day)

    rows = [
        (pair.place, pair.date_from, loss * 100, days(pair, loss))
        for pair in pairs.itertuples(index=False)
        for loss in losses
    ]
    return pd.DataFrame(rows, columns=["place", "date_from", "weight_loss_percent", "days_per_t"])
