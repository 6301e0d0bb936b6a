"""What a learner may know of a country-year, nothing of it from later than that year's harvest.

Countries only: no open set joins farm yields with what fertilizer, pests, technique and knowledge did to them.
"""

import numpy as np
import pandas as pd

from pipeline.model.panel import RAINFALL, rainfall_anomalies

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
