"""What things cost in the month to which the answers bring prices: newest reports, and older prices carried to it.

A month is written as 2026-01. Prices that meet in one sum are of that month: the newest farm-gate report of beans, the
ceiling in force, the wage of the year, and the last shop price of fertilizer, moved with world prices and the rupiah.
"""

import pandas as pd

from pipeline.kit.data.citations import cite_parameters, join
from pipeline.kit.data.contracts import row
from pipeline.study import known_rows
from pipeline.study.names import PLAIN_BEANS
from pipeline.study.prices.ratios import date_to_decimal

# Farm-gate reports count when they are no older than this at the end of the month, in years.
NEAR = 1 / 6
# What sets fertilizer prices.
MULTIPLIER = cite_parameters("prices.fertilizer_multiplier")
HOME = ("kutai_timur", "east_kalimantan")


def year_of(month: str) -> int:
    """Year of a month."""
    return int(month[:4])


def exchange_rates(exchange: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Rupiah per dollar by year: annual means, and for the years after them the newest market rate.

    Index: ``year``; columns: ``idr_per_usd``, ``source_id``. The tables are the clean ones.
    """
    means = exchange.dropna(subset="idr_per_usd").set_index("year")[["idr_per_usd", "source_id"]]
    newest = row(costs, known_rows.EXCHANGE_RATE_2026_01)
    now = pd.DataFrame({"idr_per_usd": newest["value"], "source_id": newest["source_id"]}, index=[int(newest["year"])])
    return pd.concat([means, now])


def rate_of(rates: pd.DataFrame, month: str) -> pd.Series:
    """Exchange rate of the year of a month, with its source. Raises ``ValueError`` when none is known."""
    if year_of(month) not in rates.index:
        raise ValueError(f"no exchange rate of {year_of(month)} is known; the last is of {rates.index.max()}")
    return rates.loc[year_of(month)]


def nutrient_cost(world: pd.DataFrame, rates: pd.DataFrame, month: str) -> float:
    """World price in Rp of the nutrients of a kg of cocoa NPK in a month. Raises ``ValueError`` when it is unknown."""
    return float(_world_prices(world, month)["cocoa_npk_usd_per_kg"]) * float(rate_of(rates, month)["idr_per_usd"])


def _world_prices(world: pd.DataFrame, month: str) -> pd.Series:
    found = world[(world["year"] == year_of(month)) & (world["month"] == int(month[5:7]))]
    if len(found) != 1:
        raise ValueError(f"no world price of fertilizer is known for {month}")
    return found.iloc[0]


def carried(price: float, reported: str, as_of: str, world: pd.DataFrame, rates: pd.DataFrame) -> float:
    """A shop price of NPK in Rp/kg, reported in one month, in the prices of another.

    All of the change of world prices and the rupiah is taken to be passed on (an assumption).
    """
    return price * nutrient_cost(world, rates, as_of) / nutrient_cost(world, rates, reported)


def cited_by_carried(report: str, reported: str, as_of: str, world: pd.DataFrame, rates: pd.DataFrame) -> str:
    """What a ``carried`` price cites: its own ``report``, and world prices and exchange rates of both months."""
    months = (reported, as_of)
    moved = [cited["source_id"] for month in months for cited in (_world_prices(world, month), rate_of(rates, month))]
    return join(report, *moved, *cite_parameters("prices.as_of"))


def as_set(price: float, multiplier: float) -> float:
    """A fertilizer price in Rp/kg as ``prices.fertilizer_multiplier`` sets it: nowhere else is a price multiplied."""
    return price * multiplier


def bean_reports(prices: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Farm-gate prices of ``PLAIN_BEANS`` near a month: of East and North Kalimantan, and for Indonesia.

    ``prices`` is the clean table; reports of that month and of the month before count. Newest last.
    """
    kinds = prices["region_group"].isin([*HOME, "north_kalimantan", "indonesia"])
    beans = prices[prices["item"].isin(PLAIN_BEANS) & (prices["market"] == "farm_gate") & kinds]
    age = date_to_decimal(as_of) + 1 / 24 - beans["year_decimal"]
    return beans[age.between(0, NEAR)].sort_values(["year_decimal", "price_id"])


def newest_at_home(prices: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """The rows of the newest report of the province or the regency at a month: one price, or the ends of a range.

    Raises ``ValueError`` when no report is near enough.
    """
    reports = bean_reports(prices, as_of)
    reports = reports[reports["region_group"].isin(HOME)]
    if reports.empty:
        raise ValueError(f"no farm-gate price of beans from East Kalimantan is reported near {as_of}")
    return reports[reports["year_decimal"] == reports["year_decimal"].max()]
