"""The response to a price change in all its readings: headline, checks, Indonesia apart, with rainfall, area."""

from dataclasses import dataclass, replace

import pandas as pd

from pipeline.model.lags import LagFit, fit_lags
from pipeline.model.panel import AREA, ENSO, PRODUCTION, RAINFALL, YIELD, Equation
from pipeline.model.panel_checks import jackknife_years

HERE = "IDN"
# A change of the log by more than this, a factor of 1.6, in one year is more likely a revision than a harvest.
JUMP = 0.5
BAYES, JACKKNIFE = "Bayesian distributed lags with year effects", "least squares, jackknife over years"

Interval = tuple[float, float, float]


@dataclass(frozen=True)
class Reading:
    """One reading: lower end, value and upper end of a response (log per log), and the rows and years behind it."""

    key: str
    interval: Interval
    rows: int
    years: int
    method: str = BAYES


def yield_readings(rows: pd.DataFrame, rain: pd.DataFrame, level: float) -> list[Reading]:
    """Readings of the response of yields: ``rows`` from ``build_panel``, ``rain`` from ``with_rainfall``."""
    everyone, apart = fit_lags(rows, YIELD), fit_lags(rows, YIELD, countries_differ=True)
    official = rows[rows["is_official"]].assign(weight=1.0)
    wet = replace(YIELD, others=(*ENSO, *RAINFALL))
    found = [
        *_with_lags("price_response", everyone, level),
        _jackknife("price_response.all_jackknife", rows, YIELD, level),
        *_indonesia("price_response", rows, apart, level),
        _total("price_response.new_country", apart, level, new=True),
        _total("price_response.even_weights", fit_lags(rows.assign(weight=1.0), YIELD), level),
        _total("price_response.official_only", fit_lags(official, YIELD), level),
        _total("price_response.no_jumps", fit_lags(rows[rows["change"].abs() < JUMP], YIELD), level),
        _total("price_response.rainfall_rows", fit_lags(rain, YIELD), level),
    ]
    with_rain = fit_lags(rain, wet)
    found.append(_total("price_response.with_rainfall", with_rain, level))
    for lag, name in enumerate(RAINFALL):
        found.append(_effect(f"rainfall_response.lag_{lag}", with_rain, name, level))
    return found


def area_readings(areas: pd.DataFrame, production: pd.DataFrame, level: float) -> list[Reading]:
    """Readings of the response of area harvested and of production, rows from ``build_panel``."""
    return [
        *_with_lags("area_response", fit_lags(areas, AREA), level),
        _jackknife("area_response.all_jackknife", areas, AREA, level),
        *_indonesia("area_response", areas, fit_lags(areas, AREA, countries_differ=True), level),
        _total("area_response.no_jumps", fit_lags(areas[areas["change"].abs() < JUMP], AREA), level),
        _total("production_response.all", fit_lags(production, PRODUCTION), level),
    ]


def dilution(rows: pd.DataFrame, areas: pd.DataFrame, level: float) -> Reading:
    """How much yield per hectare changes in a year in which the area does, log per log, prices and El Nino held.

    Minus one when production stays as it is: because new area bears little, or because the area is an error.
    """
    both = rows.merge(areas[["iso3", "year", "change"]].rename(columns={"change": "area"}), on=["iso3", "year"])
    found = fit_lags(both, replace(YIELD, others=(*ENSO, "area")))
    return _effect("area_dilution.same_year", found, "area", level)


def _with_lags(prefix: str, found: LagFit, level: float) -> list[Reading]:
    by_lag = [
        Reading(f"{prefix}.lag_{lag}", found.response([lag]).interval(level), found.rows, found.years)
        for lag in range(found.equation.lags)
    ]
    return [_total(f"{prefix}.all", found, level), *by_lag]


def _total(key: str, found: LagFit, level: float, country: str | None = None, new: bool = False) -> Reading:
    return Reading(key, found.total(country, new).interval(level), found.rows, found.years)


def _effect(key: str, found: LagFit, name: str, level: float) -> Reading:
    return Reading(key, found.effect(name).interval(level), found.rows, found.years)


def _jackknife(key: str, rows: pd.DataFrame, equation: Equation, level: float) -> Reading:
    found = jackknife_years(rows, equation)
    return Reading(key, found.interval(range(equation.lags), level), len(rows), found.years, JACKKNIFE)


def _indonesia(prefix: str, rows: pd.DataFrame, apart: LagFit, level: float) -> list[Reading]:
    """Indonesia among all countries, each with a response of its own, by lag and in sum; and Indonesia alone."""
    own = rows[rows["iso3"] == HERE]
    alone = fit_lags(own, apart.equation)
    by_lag = [
        Reading(f"{prefix}_indonesia.lag_{lag}", apart.response([lag], HERE).interval(level), len(own), alone.years)
        for lag in range(apart.equation.lags)
    ]
    together = Reading(f"{prefix}.indonesia", apart.total(HERE).interval(level), len(own), alone.years)
    return [together, _total(f"{prefix}.indonesia_alone", alone, level), *by_lag]
