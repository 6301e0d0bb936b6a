"""The price of fertilizer in beans, made from clean prices: in rupiah, and at world prices by period."""

import pandas as pd

from pipeline.kit.data.citations import cite_parameters, join
from pipeline.study.names import PLAIN_BEANS

# Which prices of beans a fertilizer meets at all.
OUTLIERS = cite_parameters("cleaning.price_outlier_factor")
FERTILIZERS = ("urea", "npk", "npk_cocoa")
RATIO_COLUMNS = [
    "price_id",
    "item",
    "market",
    "place",
    "date",
    "year_decimal",
    "fertilizer_idr_per_kg",
    "cocoa_idr_per_kg",
    "beans_place",
    "beans_date",
    "n_cocoa",
    "ratio",
    "source_id",
]


def date_to_decimal(date: str) -> float:
    """Middle of a date written as YYYY, YYYY-MM or YYYY-MM-DD, as a year with a fraction."""
    parts = [int(part) for part in date.split("-")]
    if len(parts) == 1:
        return parts[0] + 0.5
    if len(parts) == 2:
        return parts[0] + (parts[1] - 0.5) / 12
    day = pd.Timestamp(*parts)
    return day.year + (day.day_of_year - 0.5) / (366 if day.is_leap_year else 365)


def _span(first: str, last: str) -> str:
    """A time as it is told: its one day, month or year, or both ends."""
    return first if pd.isna(last) or last == first else f"{first} to {last}"


def rupiah_price_ratio(prices: pd.DataFrame, items: tuple[str, ...] = FERTILIZERS) -> pd.DataFrame:
    """kg of dry beans that buy one kg of fertilizer at farm-gate prices in East and North Kalimantan.

    ``prices`` is the clean table of local prices; ``items`` are the fertilizers wanted. Every fertilizer price
    meets the farm-gate price of ``PLAIN_BEANS`` reported there nearest to it in time, at most a year away (the median
    when one day has several; outliers left out); a fertilizer price with no such bean price has no ratio and is left
    out of the result. ``source_id`` names the sources of both. Columns: ``item``, ``market``, ``date`` (of the
    fertilizer price, as reported), ``year_decimal``, ``fertilizer_idr_per_kg``, ``cocoa_idr_per_kg``, ``beans_place``,
    ``beans_date``, ``n_cocoa`` (reports of beans), ``ratio``.
    """
    beans = prices[
        prices["item"].isin(PLAIN_BEANS)
        & (prices["market"] == "farm_gate")
        & ~prices["is_outlier"]
        & prices["region_group"].isin(["kutai_timur", "east_kalimantan", "north_kalimantan"])
    ]
    rows = []
    for row in _fertilizers(prices, items).itertuples():
        away = abs(beans["year_decimal"] - row.year_decimal)
        near = beans[(away <= 1.0) & (away == away.min())]
        if len(near):
            cocoa = float(near["price_idr_per_kg"].median())
            rows.append(
                {
                    "price_id": row.price_id,
                    "item": row.item,
                    "market": row.market,
                    "place": row.place,
                    "date": row.date_to if pd.isna(row.date_from) else row.date_from,
                    "year_decimal": row.year_decimal,
                    "fertilizer_idr_per_kg": row.price_idr_per_kg,
                    "cocoa_idr_per_kg": cocoa,
                    "beans_place": "; ".join(sorted(set(near["place"]))),
                    "beans_date": "; ".join(sorted(set(map(_span, near["date_from"], near["date_to"])))),
                    "n_cocoa": len(near),
                    "ratio": row.price_idr_per_kg / cocoa,
                    "source_id": join(row.source_id, *near["source_id"], *OUTLIERS),
                }
            )
    return pd.DataFrame(rows, columns=RATIO_COLUMNS).sort_values(["year_decimal", "price_id"], ignore_index=True)


def without_bean_price(prices: pd.DataFrame, items: tuple[str, ...] = FERTILIZERS) -> pd.DataFrame:
    """The fertilizer prices that have no ratio, because no farm-gate price of beans stands within a year of them."""
    wanted = _fertilizers(prices, items)
    return wanted[~wanted["price_id"].isin(rupiah_price_ratio(prices, items)["price_id"])]


def _fertilizers(prices: pd.DataFrame, items: tuple[str, ...]) -> pd.DataFrame:
    return prices[prices["item"].isin(items) & prices["market"].ne("transport")]


def ratio_by_period(prices: pd.DataFrame) -> pd.DataFrame:
    """Mean, least and greatest monthly fertilizer-to-cocoa price ratio in periods that the text speaks of.

    ``prices`` is the clean table of world prices. One row per period, columns ``mean``, ``lowest``, ``highest``,
    ``months`` (how many), ``first_month`` and ``last_month`` (2026-05), and ``source_id``.
    """
    ordered = prices.sort_values(["year", "month"])
    periods = {
        "1960_1999": ordered[ordered["year"] < 2000],
        "2000_2020": ordered[ordered["year"].between(2000, 2020)],
        "2022": ordered[ordered["year"] == 2022],
        "2024": ordered[ordered["year"] == 2024],
        "last_12_months": ordered.tail(12),
    }
    ratios = {name: rows["fertilizer_cocoa_ratio"] for name, rows in periods.items()}
    spans = {name: [_month(rows, place) for place in (0, -1)] for name, rows in periods.items()}
    cited = {name: join(*rows["source_id"]) for name, rows in periods.items()}
    summary = {name: (r.mean(), r.min(), r.max(), len(r), *spans[name], cited[name]) for name, r in ratios.items()}
    columns = ["mean", "lowest", "highest", "months", "first_month", "last_month", "source_id"]
    return pd.DataFrame.from_dict(summary, orient="index", columns=columns)


def of_last_months(cited: pd.Series, months: int = 12) -> list[str]:
    """What means over the ``months`` up to each month cite, of a column in the order of the months."""
    listed = list(cited)
    return [join(*listed[max(0, last - months) : last]) for last in range(1, len(listed) + 1)]


def _month(rows: pd.DataFrame, place: int) -> str:
    """The month of a row, written as 2026-05."""
    return f"{rows['year'].iloc[place]:.0f}-{rows['month'].iloc[place]:02.0f}"
