"""Published estimates of 08_model_price_response: what yields did after price changes, and how well that predicts."""

import numpy as np
import pandas as pd

from pipeline.model.panel import LAGS, Fit
from pipeline.publish.estimates import Estimate

METHOD = "weighted least squares within countries, jackknife over years"


def response_estimates(fits: dict[str, Fit], sources: tuple[str, ...], level: float) -> list[Estimate]:
    """Per cent change of yield after a doubling of the cocoa-to-fertilizer price ratio: in sum, and by lag for all.

    ``fits`` maps the name of a group of countries to its fit.
    """
    lags = [f"price_{lag}" for lag in LAGS]
    found = [_doubling(f"price_response.{group}", fit, lags, sources, level) for group, fit in fits.items()]
    found += [_doubling(f"price_response.lag_{lag}", fits["all"], [f"price_{lag}"], sources, level) for lag in LAGS]
    return found


def _doubling(key: str, fit: Fit, names: list[str], sources: tuple[str, ...], level: float) -> Estimate:
    lower, value, upper = (np.expm1(np.log(2) * part) * 100 for part in fit.interval(names, level))
    return Estimate(
        key, value, "%", "yield per hectare harvested, after a doubling of the price ratio", METHOD, sources, fit.years,
        lower, upper, level, headline="lag" not in key,
    )  # fmt: skip


def skill_estimates(left_out: pd.DataFrame, panel: pd.DataFrame, sources: tuple[str, ...]) -> list[Estimate]:
    """Median share of squared changes explained in a country left out, countries better than no forecast, rows."""
    method = "leave one country out, against the forecast of no change"
    better = int((left_out["r2"] > 0).sum())
    return [
        Estimate("price_skill.median_r2", float(left_out["r2"].median()), "1", "share explained", method, sources,
                 len(left_out), headline=True),
        Estimate("price_skill.better", better, "countries", "better than no forecast", method, sources, len(left_out)),
        Estimate("price_skill.countries", len(left_out), "countries", "tested", method, sources, len(left_out)),
        Estimate("price_panel.rows", len(panel), "country-years", "used", "count", sources, len(panel)),
    ]  # fmt: skip
