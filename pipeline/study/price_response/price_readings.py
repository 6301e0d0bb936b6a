"""Checks of the lag model: leaving out whole years, and predicting countries that the model has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtrit

from pipeline.kit.bayes.linear_normal import Block, GridPosterior, fixed_effects, groups
from pipeline.kit.bayes.mixture import Mixture, Spread, half_normal_even, log_uniform
from pipeline.kit.bayes.nuisance import fit_asked
from pipeline.kit.data.citations import cite_parameters, join, split_lists
from pipeline.kit.publish.keys import Key
from pipeline.study.price_response.panel import AREA, ENSO, PRODUCTION, RAINFALL, YIELD, Equation, Reach, reach

# What a figure that is not official counts for is assumed.
# Which countries are used to test predictions.
TESTED = cite_parameters("panel.least_years")
# The weight of years that are not official, and which yields are credible at all.
UNOFFICIAL = cite_parameters("panel.unofficial_weight")
CREDIBLE = cite_parameters("cleaning.lowest_credible_yield", "cleaning.highest_credible_yield")
LEAST_YEARS = 10
# Prior standard deviations, in log yield or area per unit of each: wide beside what the data tell.
FIRST_LAG_SD, OTHER_SD, TREND_SD, COUNTRY_TREND_SD = 0.2, 0.2, 0.1, 0.03
# Scales of the half-normal priors of the spreads, and the points of the grid of each, even up to three scales.
STEP_SCALE, YEAR_SCALE, COUNTRY_RESPONSE_SCALE = 0.05, 0.03, 0.03
STEP_POINTS, YEAR_POINTS, COUNTRY_RESPONSE_POINTS, NOISE_POINTS = 7, 10, 8, 6


@dataclass(frozen=True)
class LagFit:
    """Posterior of a lag model, the rows, countries and years behind it, what the rows cite and which years of prices
    and of El Nino they reach."""

    posterior: GridPosterior
    equation: Equation
    rows: int
    countries: int
    years: int
    cites: frozenset[str]
    reach: Reach

    def response(self, lags: Sequence[int], country: str | None = None, new: bool = False) -> Mixture:
        """Sum of the weights of ``lags``: change in the log per unit of change in the log price ratio.

        Of all countries, of one (``country``, where countries differ), or of one not yet seen (``new``).
        """
        steps = {f"step:{k}": float(sum(lag >= k for lag in lags)) for k in range(self.equation.lags)}
        own = {} if country is None else {f"response:{country}": float(len(lags))}
        mixture = self.posterior.combination({**steps, **own})
        if not new:
            return mixture
        apart = len(lags) * self.posterior.spreads["country response"]
        return Mixture(mixture.weight, mixture.mean, np.hypot(mixture.sd, apart))

    def total(self, country: str | None = None, new: bool = False) -> Mixture:
        """Response summed over all lags."""
        return self.response(range(self.equation.lags), country, new)

    def effect(self, name: str) -> Mixture:
        """Effect of one of the other columns that explain a change."""
        return self.posterior.combination({name: 1.0})

    def predict(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the expected change of rows of a country not yet seen, of shape (rows,).

        Known are the price changes, El Nino and the common trend; not the year's own effect, nor the noise.
        """
        design = _common(rows, self.equation)
        mean, covariance = self.posterior.moments([{name: 1.0} for name in _common_names(self.equation)])
        return design @ mean, np.sqrt(((design @ covariance) * design).sum(axis=1) + COUNTRY_TREND_SD**2)


def cited(rows: pd.DataFrame) -> frozenset[str]:
    """What the rows of a panel cite."""
    return frozenset(split_lists(rows["source_id"]))


def fit_lags(rows: pd.DataFrame, equation: Equation, countries_differ: bool = False) -> LagFit:
    """Fit the lag model to rows from ``build_panel``; ``weight`` is the part of an observation that a row counts for.

    With one country the effect of a year cannot be told from its noise and is part of it. Raises ``ValueError``
    for fewer than ten years, and for values that are missing or infinite.
    """
    years, countries = rows["year"].nunique(), rows["iso3"].nunique()
    if years < LEAST_YEARS:
        raise ValueError(f"{years} years do not tell effects that are shared by a year; at least {LEAST_YEARS} do")
    used = rows[["change", "weight", *equation.explaining]].to_numpy(dtype=float)
    if not np.isfinite(used).all() or not (rows["weight"] > 0).all():
        raise ValueError("every change and what explains it must be finite, and every weight above zero")
    values, errors = used[:, 0], 1 / np.sqrt(used[:, 1])
    spreads = [half_normal_even("step", STEP_SCALE, STEP_POINTS), _noise(rows, equation)]
    if countries > 1:
        spreads.append(half_normal_even("year", YEAR_SCALE, YEAR_POINTS))
    if countries_differ:
        spreads.append(half_normal_even("country response", COUNTRY_RESPONSE_SCALE, COUNTRY_RESPONSE_POINTS))
    asked = _asked(rows, equation, countries_differ)
    # Noise is learned from as many observations as the weights add up to, not from as many as there are rows.
    observations = round(used[:, 1].sum())
    posterior = fit_asked(values, errors, asked, _not_asked(rows), spreads, "noise", observations)
    return LagFit(posterior, equation, len(rows), countries, years, cited(rows), reach(rows, equation))


def _asked(rows: pd.DataFrame, equation: Equation, countries_differ: bool) -> list[Block]:
    names, design = _common_names(equation), _common(rows, equation)
    first = len(names) - equation.lags + 1
    sd = [TREND_SD, *[OTHER_SD] * len(equation.others), FIRST_LAG_SD]
    steps = equation.lags - 1
    blocks = [
        fixed_effects(names[:first], design[:, :first], [0.0] * first, sd),
        Block(tuple(names[first:]), design[:, first:], np.zeros(steps), np.ones(steps), "step"),
    ]
    if countries_differ:
        own = groups("response", list(rows["iso3"]), "country response")
        summed = rows[equation.price].sum(axis=1).to_numpy()[:, None]
        blocks.append(Block(own.names, own.design * summed, own.mean, own.sd, own.spread))
    return blocks


def _not_asked(rows: pd.DataFrame) -> list[Block]:
    """Trends of countries and effects of years; one country alone tells neither from the common trend and noise."""
    if rows["iso3"].nunique() == 1:
        return []
    trends = groups("trend", list(rows["iso3"]), "")
    years = groups("year", [str(year) for year in rows["year"]], "year")
    return [Block(trends.names, trends.design, trends.mean, trends.sd * COUNTRY_TREND_SD), years]


def _common_names(equation: Equation) -> list[str]:
    return ["trend", *equation.others, *(f"step:{k}" for k in range(equation.lags))]


def _common(rows: pd.DataFrame, equation: Equation) -> np.ndarray:
    """Design of what all countries share; step k moves the weights of lag k and of all later ones."""
    prices = rows[equation.price].to_numpy(dtype=float)
    steps = prices @ np.tril(np.ones((equation.lags, equation.lags)))
    return np.column_stack([np.ones(len(rows)), rows[list(equation.others)].to_numpy(dtype=float), steps])


def _noise(rows: pd.DataFrame, equation: Equation) -> Spread:
    """Spread of the noise on a grid around its least-squares value, wide enough for all that its error allows."""
    fixed = [_common(rows, equation), pd.get_dummies(rows["iso3"]).to_numpy(dtype=float)]
    if rows["iso3"].nunique() > 1:
        fixed.append(pd.get_dummies(rows["year"]).to_numpy(dtype=float))
    weight = rows["weight"].to_numpy()
    design, values = np.column_stack(fixed) * np.sqrt(weight)[:, None], rows["change"].to_numpy() * np.sqrt(weight)
    coefficients, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    free = weight.sum() * (1 - rank / len(rows))
    centre = np.sqrt(((values - design @ coefficients) ** 2).sum() / free) if free > 1 else 0.0
    if not centre > 0:
        raise ValueError(f"{len(rows)} rows leave nothing to tell the noise by")
    reach = np.exp(4 / np.sqrt(2 * free))
    return log_uniform("noise", centre / reach, centre * reach, NOISE_POINTS)


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
    own, others = rows[rows["country"] == country].sort_values("year", kind="stable"), rows[rows["country"] != country]
    mean, sd = fit_lags(others, equation).predict(own)
    change = own["change"].to_numpy()
    jumps = _spread_by_country(others)
    naive = own["change"].expanding(NAIVE_YEARS).mean().shift().fillna(0.0).to_numpy()
    expected = np.hypot(sd[:, None], jumps)
    return own[["country", "year", "change"]].assign(
        forecast=mean,
        own_mean=naive,
        probability=ndtr((change - mean)[:, None] / expected).mean(axis=1),
        crps=_crps(change - mean, expected),
        crps_no_change=_crps(change, jumps[None]),
        crps_own_mean=_crps(change - naive, jumps[None]),
    )


def _spread_by_country(rows: pd.DataFrame) -> np.ndarray:
    """Root mean square of the changes of each country, of those with enough years to tell."""
    squares = (rows["change"] ** 2).groupby(rows["country"]).agg(["mean", "size"])
    return np.sqrt(squares.loc[squares["size"] >= LEAST_YEARS, "mean"].to_numpy())


def _crps(off: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of forecasts that are as jumpy as one of the other countries, shape (rows,).

    ``off`` (rows,) is how far the truth lies from the mean, ``sd`` (rows, or one; countries). A mixture of normals has
    a closed form (Grimit et al. 2006, Q. J. R. Meteorol. Soc. 132).
    """
    off = off[:, None]
    away = off * (2 * ndtr(off / sd) - 1) + 2 * sd * np.exp(-0.5 * (off / sd) ** 2) / np.sqrt(2 * np.pi)
    apart = np.hypot(sd[:, :, None], sd[:, None, :]) / np.sqrt(2 * np.pi)
    return away.mean(axis=1) - apart.mean(axis=(1, 2))


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


HERE = "IDN"
# A change of the log by more than this, a factor of 1.6, in one year is more likely a revision than a harvest.
JUMP = 0.5
BAYES, JACKKNIFE = "Bayesian distributed lags with year effects", "least squares, jackknife over years"

Interval = tuple[float, float, float]


@dataclass(frozen=True)
class Reading:
    """One reading: lower end, value and upper end of a response (log per log), the rows and years behind it, what the
    rows cite and which years of prices and of El Nino they reach."""

    key: Key
    interval: Interval
    rows: int
    years: int
    cites: frozenset[str]
    reach: Reach
    method: str = BAYES


def lag_name(lag: int) -> str:
    """What the key of a response after so many years says of it."""
    return f"lag_{lag}"


def yield_readings(rows: pd.DataFrame, rain: pd.DataFrame, level: float) -> list[Reading]:
    """Readings of the response of yields: ``rows`` from ``build_panel``, ``rain`` from ``with_rainfall``."""
    everyone, apart = fit_lags(rows, YIELD), fit_lags(rows, YIELD, countries_differ=True)
    official = rows[rows["is_official"]].assign(weight=1.0)
    wet = replace(YIELD, others=(*ENSO, *RAINFALL))
    found = [
        *_with_lags("price_response", everyone, level),
        _jackknife(Key("price_response", ("all_jackknife",)), rows, YIELD, level),
        *_indonesia("price_response", rows, apart, level),
        _total(Key("price_response", ("new_country",)), apart, level, new=True),
        _total(Key("price_response", ("even_weights",)), fit_lags(rows.assign(weight=1.0), YIELD), level),
        _total(Key("price_response", ("official_only",)), fit_lags(official, YIELD), level),
        _total(Key("price_response", ("no_jumps",)), fit_lags(rows[rows["change"].abs() < JUMP], YIELD), level),
        _total(Key("price_response", ("rainfall_rows",)), fit_lags(rain, YIELD), level),
    ]
    # Elsewhere the rain only says which country-years are used.
    own_rain = [join(*both) for both in zip(rain["source_id"], rain["rain_source_id"], strict=True)]
    with_rain = fit_lags(rain.assign(source_id=own_rain), wet)
    found.append(_total(Key("price_response", ("with_rainfall",)), with_rain, level))
    for lag, name in enumerate(RAINFALL):
        found.append(_effect(Key("rainfall_response", (lag_name(lag),)), with_rain, name, level))
    return found


def area_readings(areas: pd.DataFrame, production: pd.DataFrame, level: float) -> list[Reading]:
    """Readings of the response of area harvested and of production, rows from ``build_panel``."""
    return [
        *_with_lags("area_response", fit_lags(areas, AREA), level),
        _jackknife(Key("area_response", ("all_jackknife",)), areas, AREA, level),
        *_indonesia("area_response", areas, fit_lags(areas, AREA, countries_differ=True), level),
        _total(Key("area_response", ("no_jumps",)), fit_lags(areas[areas["change"].abs() < JUMP], AREA), level),
        _total(Key("production_response", ("all",)), fit_lags(production, PRODUCTION), level),
    ]


def dilution(rows: pd.DataFrame, areas: pd.DataFrame, level: float) -> Reading:
    """How much yield per hectare changes in a year in which the area does, log per log, prices and El Nino held.

    Minus one when production stays as it is: because new area bears little, or because the area is an error.
    """
    grown = areas[["iso3", "year", "change"]].rename(columns={"change": "area"})
    # Yield and area are figures of the same rows.
    both = rows.merge(grown, on=["iso3", "year"])
    found = fit_lags(both, replace(YIELD, others=(*ENSO, "area")))
    return _effect(Key("area_dilution", ("same_year",)), found, "area", level)


def _with_lags(topic: str, found: LagFit, level: float) -> list[Reading]:
    by_lag = [
        _of(Key(topic, (lag_name(lag),)), found.response([lag]), found, level) for lag in range(found.equation.lags)
    ]
    return [_total(Key(topic, ("all",)), found, level), *by_lag]


def _total(key: Key, found: LagFit, level: float, country: str | None = None, new: bool = False) -> Reading:
    return _of(key, found.total(country, new), found, level)


def _effect(key: Key, found: LagFit, name: str, level: float) -> Reading:
    return _of(key, found.effect(name), found, level)


def _of(key: Key, response: Mixture, found: LagFit, level: float) -> Reading:
    return Reading(key, response.interval(level), found.rows, found.years, found.cites, found.reach)


def _jackknife(key: Key, rows: pd.DataFrame, equation: Equation, level: float) -> Reading:
    found = jackknife_years(rows, equation)
    interval = found.interval(range(equation.lags), level)
    return Reading(key, interval, len(rows), found.years, cited(rows), reach(rows, equation), JACKKNIFE)


def _indonesia(topic: str, rows: pd.DataFrame, apart: LagFit, level: float) -> list[Reading]:
    """Indonesia among all countries, each with a response of its own, by lag and in sum; and Indonesia alone."""
    own = rows[rows["iso3"] == HERE]
    alone = fit_lags(own, apart.equation)
    by_lag = [
        Reading(
            Key(f"{topic}_indonesia", (lag_name(lag),)),
            apart.response([lag], HERE).interval(level),
            len(own),
            alone.years,
            apart.cites,
            apart.reach,
        )
        for lag in range(apart.equation.lags)
    ]
    together = Reading(
        Key(topic, ("indonesia",)), apart.total(HERE).interval(level), len(own), alone.years, apart.cites, apart.reach
    )
    return [together, _total(Key(topic, ("indonesia_alone",)), alone, level), *by_lag]
