"""Checks of the lag model: leaving out whole years, and predicting countries that the model has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from pipeline.model.lags import LEAST_YEARS, fit_lags
from pipeline.model.mixture import Mixture
from pipeline.model.panel import Equation

COVERAGE = (0.8, 0.95)
# Years that a mean change of the country itself needs before it is a forecast; until then nothing changes.
NAIVE_YEARS = 5


@dataclass(frozen=True)
class Jackknife:
    """Least-squares weights of the lags, and their covariance from leaving out one year at a time."""

    coefficients: np.ndarray
    covariance: np.ndarray
    years: int

    def interval(self, lags: Sequence[int], level: float) -> tuple[float, float, float]:
        """Lower end, value and upper end of the sum of the weights of ``lags``."""
        pick = np.zeros(len(self.coefficients))
        pick[list(lags)] = 1.0
        value = float(pick @ self.coefficients)
        half = float(stdtrit(self.years - 1, (1 + level) / 2) * np.sqrt(pick @ self.covariance @ pick))
        return value - half, value, value + half


def jackknife_years(rows: pd.DataFrame, equation: Equation) -> Jackknife:
    """Weighted least squares within countries, free weights for all lags; uncertainty from the jackknife over years.

    It assumes nothing of how years or countries of a year hang together, so it tells whether the interval of the
    Bayesian model is too short. The usual sandwich, clustered by year, is: with some fifty years and regressors that
    vary by year only. Raises ``ValueError`` for fewer than ten years.
    """
    years = rows["year"].unique()
    if len(years) < LEAST_YEARS:
        raise ValueError(f"{len(years)} years do not tell errors that years share; at least {LEAST_YEARS} do")
    found = _within_least_squares(rows, equation)
    off = np.stack([_within_least_squares(rows[rows["year"] != year], equation) for year in years]) - found
    covariance = (len(years) - 1) / len(years) * off.T @ off
    return Jackknife(found, covariance, len(years))


def _within_least_squares(rows: pd.DataFrame, equation: Equation) -> np.ndarray:
    """Coefficients after each country's weighted mean is taken off, in the order of ``equation.explaining``."""
    weight = rows["weight"].to_numpy()[:, None]
    values = rows[[*equation.explaining, "change"]].to_numpy(dtype=float)
    sums = pd.DataFrame(np.hstack([values * weight, weight])).groupby(rows["iso3"].to_numpy()).transform("sum")
    centred = values - sums.to_numpy()[:, :-1] / sums.to_numpy()[:, -1:]
    weighted = centred[:, :-1] * weight
    return np.linalg.solve(weighted.T @ centred[:, :-1], weighted.T @ centred[:, -1])


def leave_one_country_out(rows: pd.DataFrame, equation: Equation, least_rows: int) -> pd.DataFrame:
    """Forecast the changes of every country with at least ``least_rows`` rows from all other countries.

    One row per country and year: ``country``, ``year``, ``change``, ``forecast`` (mean), ``own_mean`` (the mean change
    of the country's own earlier years), ``probability`` (that the forecast gave to a change below the real one: even
    between 0 and 1 when intervals hold) and the CRPS of the forecast and of both naive ones (``crps``,
    ``crps_no_change``, ``crps_own_mean``). How jumpy the country is is not known either: as one of the others.
    """
    sizes = rows.groupby("country").size()
    tested = sizes[sizes >= least_rows].index
    if tested.empty:
        raise ValueError(f"no country has {least_rows} usable years; the most is {sizes.max()}")
    return pd.concat([_forecast(rows, equation, country) for country in tested], ignore_index=True)


def _forecast(rows: pd.DataFrame, equation: Equation, country: str) -> pd.DataFrame:
    own, others = rows[rows["country"] == country].sort_values("year"), rows[rows["country"] != country]
    mean, sd = fit_lags(others, equation).predict(own)
    change = own["change"].to_numpy()
    jumps = _spread_by_country(others)
    naive = own["change"].expanding(NAIVE_YEARS).mean().shift().fillna(0.0).to_numpy()
    forecasts = [_as_jumpy_as_others(m, s, jumps) for m, s in zip(mean, sd, strict=True)]
    no_change, own_mean = (
        [_as_jumpy_as_others(value, 0.0, jumps) for value in values] for values in (np.zeros(len(own)), naive)
    )
    return own[["country", "year", "change"]].assign(
        forecast=mean,
        own_mean=naive,
        probability=[float(f.below(value)) for f, value in zip(forecasts, change, strict=True)],
        crps=_crps(forecasts, change),
        crps_no_change=_crps(no_change, change),
        crps_own_mean=_crps(own_mean, change),
    )


def _spread_by_country(rows: pd.DataFrame) -> np.ndarray:
    """Root mean square of the changes of each country, of those with enough years to tell."""
    squares = (rows["change"] ** 2).groupby(rows["country"]).agg(["mean", "size"])
    return np.sqrt(squares.loc[squares["size"] >= LEAST_YEARS, "mean"].to_numpy())


def _as_jumpy_as_others(mean: float, sd: float, jumps: np.ndarray) -> Mixture:
    return Mixture(np.full(len(jumps), 1 / len(jumps)), np.full(len(jumps), mean), np.hypot(sd, jumps))


def _crps(forecasts: list[Mixture], values: np.ndarray) -> list[float]:
    return [forecast.crps(float(value)) for forecast, value in zip(forecasts, values, strict=True)]


def skill_by_country(forecasts: pd.DataFrame) -> pd.DataFrame:
    """How good forecasts from ``leave_one_country_out`` are, by country; the last row, ``all``, pools them.

    ``r2`` and ``r2_own_mean`` are the shares of the squared errors of the naive forecasts (no change; the own mean)
    that the model saves, below zero when it is worse; ``crps_gain`` the share of the CRPS of no change; ``coverage_80``
    and ``coverage_95`` the shares of changes inside the central intervals.
    """
    named = pd.concat([forecasts, forecasts.assign(country="all")])
    return pd.DataFrame([_skill(str(country), own) for country, own in named.groupby("country", sort=False)])


def _skill(country: str, own: pd.DataFrame) -> dict[str, object]:
    change = own["change"]
    squares = ((change - own["forecast"]) ** 2).sum()
    from_middle = (own["probability"] - 0.5).abs()
    return {
        "country": country,
        "n": len(own),
        "r2": 1 - squares / (change**2).sum(),
        "r2_own_mean": 1 - squares / ((change - own["own_mean"]) ** 2).sum(),
        "crps": own["crps"].mean(),
        "crps_gain": 1 - own["crps"].sum() / own["crps_no_change"].sum(),
        **{f"coverage_{round(level * 100)}": (from_middle <= level / 2).mean() for level in COVERAGE},
    }
