"""The panel of national yields and areas: yearly changes by country, what may explain them, and what is left out.

World prices and El Nino are the same for all countries of a year; rainfall is known for few countries. Every
country-year that is not used is counted under the first reason that holds.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import join, split_lists
from pipeline.study.statistics.rules import annual_change, join_lists

OFFICIAL = "A"
# The raw table that nitrogen is read from.
FERTILIZER_USE = "faostat_fertilizer_use"
ENSO = ("enso_0", "enso_1")
RAINFALL = ("rain_0", "rain_1")


# Years of prices, and of El Nino.
Reach = tuple[frozenset[int], frozenset[int]]


@dataclass(frozen=True)
class Equation:
    """What changes (``quantity`` of FAOSTAT), the lags of the price change (0 to ``lags`` - 1), and what else acts."""

    quantity: str
    flags: tuple[str, ...]
    lags: int
    others: tuple[str, ...] = ENSO

    @property
    def price(self) -> list[str]:
        """Columns of the lagged price changes, the same year first."""
        return [f"price_{lag}" for lag in range(self.lags)]

    @property
    def explaining(self) -> list[str]:
        """All columns that explain a change."""
        return [*self.price, *self.others]


YIELD = Equation("yield_kg_per_ha", ("area_flag", "production_flag"), 5)
# A tree planted after a good price is harvested after about three years, so area may answer later than yield.
AREA = Equation("area_harvested_ha", ("area_flag",), 7)
PRODUCTION = Equation("production_t", ("production_flag",), 7)


def price_changes(prices: pd.DataFrame, lags: int = YIELD.lags) -> pd.DataFrame:
    """Change in the log of the cocoa-to-fertilizer price ratio by year, with its lags as ``price_0``, ``price_1`` ...

    ``prices`` is the clean table of monthly world prices; a year without all its months is left out.
    """
    whole = prices.groupby("year").filter(lambda months: len(months) == 12)
    ratio = -np.log(whole.groupby("year")["fertilizer_cocoa_ratio"].mean())
    change = ratio.diff()
    return pd.DataFrame({f"price_{lag}": change.shift(lag) for lag in range(lags)}).dropna().reset_index()


def enso_by_year(enso: pd.DataFrame) -> pd.DataFrame:
    """Mean anomaly of the year and of the year before, from one release: the two are never mixed."""
    one = enso[enso["release"] == "2025"]
    mean = one.groupby("year")["anomaly_c"].mean()[one.groupby("year").size() == 12]
    return pd.DataFrame({"enso_0": mean, "enso_1": mean.shift()}).dropna().reset_index()


# Of the two releases of FAOSTAT that are kept, the one with flags.
RELEASE = "2022"


def build_panel(
    countries: pd.DataFrame, prices: pd.DataFrame, enso: pd.DataFrame, unofficial_weight: float, equation: Equation
) -> tuple[pd.DataFrame, dict[str, int]]:
    """One row per country and year with ``change`` of the log of the quantity, its ``weight`` and what explains it.

    A row cites the figures of its year and of the year before; ``cited_drivers`` are cited by all rows. The second
    value counts what was left out and why. A row whose figures are not official weighs
    ``unofficial_weight``; a weight of zero leaves it out.
    """
    rows = countries[(countries["release"] == RELEASE) & (countries["iso3"] != "WLD")].sort_values(["country", "year"])
    official = (rows[list(equation.flags)] == OFFICIAL).all(axis=1)
    rows = rows.assign(
        change=annual_change(rows, equation.quantity, "country"),
        is_official=official,
        weight=np.where(official, 1.0, unofficial_weight),
        source_id=join_lists(rows["source_id"], rows["source_id"].shift()),
    )
    known = price_changes(prices, equation.lags).merge(enso_by_year(enso), on="year")
    reasons = {**_gaps(rows, equation.quantity), "not official, and weighs nothing": rows["weight"] == 0}
    reasons["before prices or El Nino are known"] = ~rows["year"].isin(known["year"])
    is_used, left_out = count_left_out(reasons)
    columns = ["iso3", "country", "year", "change", "is_official", "weight", *equation.price, *ENSO, "source_id"]
    return rows[is_used].merge(known, on="year")[columns].reset_index(drop=True), left_out


def reach(rows: pd.DataFrame, equation: Equation) -> Reach:
    """The years of prices and of El Nino that the changes of these rows are explained by."""
    years = set(map(int, rows["year"]))
    prices, el_nino = (
        frozenset(year - lag for year in years for lag in range(last + 1)) for last in (equation.lags, 1)
    )
    return prices, el_nino


def cited_drivers(reached: Reach, prices: pd.DataFrame, enso: pd.DataFrame) -> set[str]:
    """What prices and El Nino of the years that are reached cite, by month; all rows of a panel share them."""
    of_prices = prices.loc[prices["year"].isin(reached[0]), "source_id"]
    one = enso[enso["release"] == "2025"]
    return split_lists([*of_prices, *one.loc[one["year"].isin(reached[1]), "source_id"]])


def cited_features(rows: pd.DataFrame, climate: pd.DataFrame, input_use: pd.DataFrame) -> list[str]:
    """What the climate and the nitrogen of ``panel_features`` cite: of countries and years that a row reaches."""
    first, last = rows["year"].min(), rows["year"].max()
    weather, use = (
        table.loc[table["year"].between(first - before, last) & table["iso3"].isin(rows["iso3"]), "source_id"]
        for table, before in ((climate, NORMAL_YEARS), (input_use, 1))
    )
    # Rows of input use cite pesticides too, which explain nothing here.
    return [*weather, *(cited for cited in split_lists(use) if f"@{FERTILIZER_USE}:" in cited)]


def _gaps(rows: pd.DataFrame, quantity: str) -> dict[str, pd.Series]:
    """Why a country-year has no change to explain, by reason, the first that holds first."""
    by_country = rows.groupby("country")
    value = rows[quantity].where(rows[quantity] > 0)
    earlier = value.groupby(rows["country"]).shift()
    consecutive = by_country["year"].diff() == 1
    doubtful = rows["is_implausible"] | by_country["is_implausible"].shift(fill_value=False)
    copied = rows["is_copied"] | by_country["is_copied"].shift(fill_value=False)
    return {
        "country without area": ~rows["area_harvested_ha"].gt(0).groupby(rows["country"]).transform("any"),
        "figure missing or zero": value.isna(),
        "no figure of the year before": earlier.isna() | ~consecutive,
        "break of the series": rows["is_break"],
        "copied from the year before, or the year after": copied,
        "yield not credible, in the year or the year before": doubtful,
    }


def rainfall_anomalies(climate: pd.DataFrame) -> pd.DataFrame:
    """``rain_0`` and ``rain_1`` by ``iso3`` and ``year``: log of rainfall over its mean, and of the year before.

    Infilled years are not observations; what is not known is missing.
    """
    observed = climate[climate["rainfall_mm"].notna() & ~climate["is_infilled"]]
    rain = np.log(observed.pivot(index="year", columns="iso3", values="rainfall_mm"))
    anomaly = rain - rain.mean()
    both = {"rain_0": anomaly, "rain_1": anomaly.shift().where(anomaly.index.to_series().diff().eq(1), axis=0)}
    return pd.concat({name: table.unstack() for name, table in both.items()}, axis=1).reset_index()


def with_rainfall(rows: pd.DataFrame, climate: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Rows whose rainfall was observed in the year and the year before, and what was left out and why.

    ``rain_source_id`` cites all rainfall of their country, whose mean the anomalies are of.
    """
    known = climate.loc[climate["rainfall_mm"].notna(), ["iso3", "year", "is_infilled"]]
    before = known.assign(year=known["year"] + 1)
    infilled = pd.concat([known, before]).groupby(["iso3", "year"])["is_infilled"].any().rename("infilled")
    joined = rows.merge(rainfall_anomalies(climate), on=["iso3", "year"], how="left")
    joined = joined.merge(infilled.reset_index(), on=["iso3", "year"], how="left")
    is_used, left_out = count_left_out(
        {
            "country without rainfall": ~joined["iso3"].isin(known["iso3"]),
            "rainfall filled in by its makers": joined["infilled"].eq(True),
            "rainfall of the year or the year before not known": joined[list(RAINFALL)].isna().any(axis=1),
        }
    )
    used = joined[is_used].drop(columns="infilled").reset_index(drop=True)
    observed = climate[climate["rainfall_mm"].notna() & ~climate["is_infilled"]]
    rain = used["iso3"].map(observed.groupby("iso3")["source_id"].agg(lambda cited: join(*cited)))
    return used.assign(rain_source_id=rain), left_out


def count_left_out(reasons: dict[str, pd.Series]) -> tuple[pd.Series, dict[str, int]]:
    """True for rows that no reason holds for, and how many rows each reason is the first for."""
    table = pd.DataFrame(reasons)
    first = table.idxmax(axis=1).where(table.any(axis=1))
    counts = {reason: int((first == reason).sum()) for reason in reasons}
    return first.isna(), counts


PRICES_AND_CLIMATE = ("price_recent", "price_earlier", "enso_0", "enso_1", *RAINFALL, "temperature", "nitrogen")
# Statistics: a year above the years before is likely to be followed by a fall, by errors of measurement alone.
PAST = ("past_yield", "official")
ALL = (*PRICES_AND_CLIMATE, *PAST)
# A better price of cocoa against fertilizer buys more fertilizer and care, and tired trees of the same stand do not
# yield less for it. After three years or more the sign is open: new trees then bear, and young ones bear little.
RISING = ("price_recent",)
NORMAL_YEARS, PAST_YEARS = 30, 5


def panel_features(rows: pd.DataFrame, climate: pd.DataFrame, input_use: pd.DataFrame) -> pd.DataFrame:
    """Rows of the yield panel with the features of ``ALL``; what is not known of a country or year is missing.

    ``price_recent`` is the change of the log price ratio over the three years to this one (lags 0 to 2),
    ``price_earlier`` that over the two years before; ``temperature`` is in degrees above the thirty years before,
    ``nitrogen`` the change in the log of nitrogen on all cropland, ``past_yield`` the log of last year's yield over
    its mean of five years, ``official`` one for official figures.
    """
    return (
        rows.assign(
            price_recent=rows[["price_0", "price_1", "price_2"]].sum(axis=1),
            price_earlier=rows[["price_3", "price_4"]].sum(axis=1),
            official=rows["is_official"].astype(float),
        )
        .merge(rainfall_anomalies(climate), on=["iso3", "year"], how="left")
        .merge(_temperature(climate), on=["iso3", "year"], how="left")
        .merge(_nitrogen(input_use), on=["iso3", "year"], how="left")
        .merge(_past_yield(rows), on=["iso3", "year"], how="left")
    )


def _temperature(climate: pd.DataFrame) -> pd.DataFrame:
    wide = climate.pivot(index="year", columns="iso3", values="temperature_mean_c")
    anomaly = wide - wide.rolling(NORMAL_YEARS).mean().shift()
    return anomaly.melt(ignore_index=False, value_name="temperature").reset_index()


def _nitrogen(input_use: pd.DataFrame) -> pd.DataFrame:
    wide = input_use.pivot(index="year", columns="iso3", values="n_kg_per_ha")
    change = np.log(wide.where(wide > 0)).diff()
    return change.melt(ignore_index=False, value_name="nitrogen").reset_index()


def _past_yield(rows: pd.DataFrame) -> pd.DataFrame:
    """Log of the yield of the year before over its mean of five years, from changes, so that no break enters.

    Missing where last year's change is; an older change that is missing counts as none.
    """
    changes = rows.pivot(index="year", columns="iso3", values="change")
    changes = changes.reindex(range(int(rows["year"].min()), int(rows["year"].max()) + 1))
    parts = [(PAST_YEARS - lag) / PAST_YEARS * changes.shift(lag).fillna(0.0) for lag in range(1, PAST_YEARS)]
    above = sum(parts[1:], parts[0]).where(changes.shift(1).notna())
    return above.melt(ignore_index=False, value_name="past_yield").reset_index()
