"""What national yields have done after the price of cocoa moved against that of fertilizer.

Change in the log of yield by country and year on lags of the change in the log price ratio and on El Nino, with
a trend of its own for every country. World prices are the same for all countries, so a year counts as one
observation of them however many countries it has: uncertainty comes from leaving out whole years.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from pipeline.clean.rules import annual_change

LAGS = range(5)
OFFICIAL = "A"


@dataclass(frozen=True)
class Fit:
    """Coefficients by name, their covariance from leaving out years, rows and years behind them."""

    names: tuple[str, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    rows: int
    years: int

    def interval(self, names: list[str], level: float) -> tuple[float, float, float]:
        """Lower end, value and upper end of the sum of the named coefficients."""
        pick = np.array([float(name in names) for name in self.names])
        value = float(pick @ self.coefficients)
        half = float(stdtrit(self.years - 1, (1 + level) / 2) * np.sqrt(pick @ self.covariance @ pick))
        return value - half, value, value + half


def price_changes(prices: pd.DataFrame) -> pd.DataFrame:
    """Change in the log of the cocoa-to-fertilizer price ratio by year, with its lags as ``price_0`` to ``price_4``.

    ``prices`` is the clean table of monthly world prices; a year without all its months is left out.
    """
    whole = prices.groupby("year").filter(lambda months: len(months) == 12)
    ratio = -np.log(whole.groupby("year")["fertilizer_cocoa_ratio"].mean())
    change = ratio.diff()
    return pd.DataFrame({f"price_{lag}": change.shift(lag) for lag in LAGS}).dropna().reset_index()


def enso_by_year(enso: pd.DataFrame) -> pd.DataFrame:
    """Mean anomaly of the year and of the year before, from one release: the two are never mixed."""
    one = enso[enso["release"] == "2025"]
    mean = one.groupby("year")["anomaly_c"].mean()[one.groupby("year").size() == 12]
    return pd.DataFrame({"enso_0": mean, "enso_1": mean.shift()}).dropna().reset_index()


def build_panel(
    countries: pd.DataFrame, prices: pd.DataFrame, enso: pd.DataFrame, unofficial_weight: float
) -> tuple[pd.DataFrame, dict[str, int]]:
    """One row per country and year with ``change`` of the log yield, its ``weight`` and what explains it.

    Rows across a break, copied years and years whose yield is not credible (in the year or the one before) are
    left out; the second value counts what was left out and why. A row whose area or production is not an
    official figure weighs ``unofficial_weight``.
    """
    rows = countries[(countries["release"] == "2022") & (countries["iso3"] != "WLD")].sort_values(["country", "year"])
    rows = rows.assign(change=annual_change(rows, "yield_kg_per_ha", "country"))
    doubtful = rows["is_implausible"] | rows.groupby("country")["is_implausible"].shift(fill_value=False)
    official = (rows["area_flag"] == OFFICIAL) & (rows["production_flag"] == OFFICIAL)
    rows = rows.assign(weight=np.where(official, 1.0, unofficial_weight))
    known = rows[rows["change"].notna() & ~doubtful]
    panel = known.merge(price_changes(prices), on="year").merge(enso_by_year(enso), on="year")
    left_out = {
        "no change from a year before": int(rows["change"].isna().sum()),
        "yield not credible": int((rows["change"].notna() & doubtful).sum()),
        "before prices or El Nino are known": len(known) - len(panel),
    }
    columns = ["iso3", "country", "year", "change", "weight", *explaining()]
    return panel[columns].reset_index(drop=True), left_out


def explaining() -> list[str]:
    """Names of the columns that explain a change."""
    return [*(f"price_{lag}" for lag in LAGS), "enso_0", "enso_1"]


def fit_panel(panel: pd.DataFrame) -> Fit:
    """Weighted least squares within countries; the covariance is the jackknife over years.

    With some fifty years and regressors that vary by year only, the usual sandwich makes intervals too short; leaving
    out one year at a time does not. Raises ``ValueError`` for fewer than ten years.
    """
    years = panel["year"].unique()
    if len(years) < 10:
        raise ValueError(f"{len(years)} years do not tell errors that are clustered by year; at least 10 are needed")
    found = coefficients(panel)
    off = np.stack([coefficients(panel[panel["year"] != year]) for year in years]) - found
    covariance = (len(years) - 1) / len(years) * off.T @ off
    return Fit(tuple(explaining()), found, covariance, len(panel), len(years))


def coefficients(panel: pd.DataFrame) -> np.ndarray:
    """Coefficients of the weighted least squares within countries, in the order of ``explaining()``."""
    x, y = within(panel, explaining()), within(panel, ["change"])[:, 0]
    weighted = x * panel["weight"].to_numpy()[:, None]
    return np.linalg.solve(weighted.T @ x, weighted.T @ y)


def within(panel: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """Columns less their weighted mean in each country, shape (rows, columns)."""
    weight = panel["weight"].to_numpy()[:, None]
    values = panel[columns].to_numpy(dtype=float)
    sums = (
        pd.DataFrame(np.hstack([values * weight, weight])).groupby(panel["iso3"].to_numpy()).transform("sum").to_numpy()
    )
    return values - sums[:, :-1] / sums[:, -1:]


def leave_one_country_out(panel: pd.DataFrame, least_rows: int) -> pd.DataFrame:
    """How well the other countries predict a country's changes, against the forecast that nothing changes.

    For every country with at least ``least_rows`` rows. Columns: ``country``, ``n``, ``r2`` (share of the squared
    changes that the prediction explains; below zero when it is worse than no forecast).
    """
    rows = []
    for country, own in panel.groupby("country"):
        if len(own) >= least_rows:
            predicted = own[explaining()].to_numpy() @ coefficients(panel[panel["country"] != country])
            actual = own["change"].to_numpy()
            rows.append((country, len(own), 1 - ((actual - predicted) ** 2).sum() / (actual**2).sum()))
    return pd.DataFrame(rows, columns=["country", "n", "r2"])
