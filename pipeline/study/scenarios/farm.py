"""What labour, training and the harvest cost in Kutai Timur: the wage, and what is left of the price of a bean."""

import numpy as np
import pandas as pd

from pipeline.kit.bayes.mixture import stream
from pipeline.study.prices.prices_now import year_of


def net_bean_price(price: float, harvest_days_per_kg: float, wage: float) -> float:
    """What is left of the price of a kg of beans after harvesting and drying it, in Rp/kg.

    Raises ``ValueError`` for a price that is not above zero, and when nothing is left.
    """
    if not price > 0:
        raise ValueError(f"the price of dry beans is {price:g} Rp/kg; it must be above zero")
    net = price - harvest_days_per_kg * wage
    if net <= 0:
        raise ValueError(f"a bean price of {price:g} Rp/kg does not pay its own harvest")
    return net


def net_bean_prices(prices: dict[str, float], harvest_days_per_kg: float, wage: float) -> dict[str, float]:
    """The same for several prices by name; an error names the price."""
    found = {}
    for name, price in prices.items():
        try:
            found[name] = net_bean_price(price, harvest_days_per_kg, wage)
        except ValueError as error:
            raise ValueError(f"{name} price of cocoa: {error}") from error
    return found


def day_wages(costs: pd.DataFrame, working_days: float) -> pd.DataFrame:
    """Minimum wage of Kutai Timur per working day by year: ``idr_per_day`` and ``source_id``.

    ``costs`` is the clean table of costs.
    """
    wages = costs[(costs["item"] == "minimum_wage") & (costs["place"] == "Kutai Timur")].set_index("year").sort_index()
    wages.index = wages.index.astype(int)
    return wages.assign(idr_per_day=wages["value"] / working_days)[["idr_per_day", "source_id"]]


def day_wage(costs: pd.DataFrame, working_days: float, as_of: str) -> tuple[float, str]:
    """Minimum wage of Kutai Timur per working day in Rp in the year of a month (2026-01), and its source.

    Raises ``ValueError`` when the table of costs holds no wage of that year for the regency.
    """
    wages = day_wages(costs, working_days)
    if year_of(as_of) not in wages.index:
        known = f"it has {wages.index.min()} to {wages.index.max()}" if len(wages) else "it has none"
        raise ValueError(f"the table of costs holds no minimum wage of {year_of(as_of)} for Kutai Timur; {known}")
    found = wages.loc[year_of(as_of)]
    return float(found["idr_per_day"]), str(found["source_id"])


def draw_assumed(amount: float, factor: float, seed: int, name: str, size: int) -> np.ndarray:
    """Draws of a cost in Rp/ha that is assumed: up to a ``factor`` below and above, even on the log scale.

    They come from the stream ``name``.
    """
    return amount * np.exp(stream(seed, name).uniform(-np.log(factor), np.log(factor), size))


def draw_labour(days: dict[str, float], wage: float, factor: float, seed: int, size: int) -> dict[str, np.ndarray]:
    """Draws of the labour cost of each task in Rp/ha, whose days are an assumption, each from a stream of its own."""
    return {task: draw_assumed(n * wage, factor, seed, f"labour {task}", size) for task, n in days.items()}


def training_cost(
    costs: pd.DataFrame, idr_per_usd: float, area_per_farmer: float, years: float, rng: np.random.Generator, size: int
) -> tuple[np.ndarray, list[str]]:
    """Draws of the yearly cost of training in Rp/ha, between the least and the most reported per farmer, and what
    these two cite.

    ``costs`` is the clean table; its training and programme costs are in USD per farmer.
    """
    found = costs[costs["item"].isin(["training_cost", "programme_cost"])]
    low = found[["value", "value_low"]].min(axis=None)
    high = found[["value", "value_high"]].max(axis=None)
    draws = rng.uniform(low, high, size) * idr_per_usd / area_per_farmer / years
    is_end = found[["value", "value_low"]].eq(low).any(axis=1) | found[["value", "value_high"]].eq(high).any(axis=1)
    return draws, list(found.loc[is_end, "source_id"])
