"""How yields and areas answer a price change over the years: a Bayesian distributed-lag model, integrated exactly.

    change = trend + trend of the country + sum over lags of weight x price change + El Nino (+ rain) + year + noise

Neighbouring lags are alike: their weights walk in random steps, whose size is learned. World prices are the same for
all countries of a year, so what else happened in a year to all of them is an effect of that year, normal with a
spread that is learned too: without it a year would count as many times as it has countries, and intervals would be
too short. Where countries differ, each has a constant of its own added to all lag weights. A row of weight one counts
as one observation, and a row whose figures are not official as a part of one: its error is not known to be larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.model.compress import compress
from pipeline.model.linear_normal import Block, Posterior, fit, fixed_effects, groups
from pipeline.model.mixture import Mixture
from pipeline.model.panel import Equation
from pipeline.model.spreads import Spread, log_uniform

LEAST_YEARS = 10
# Prior standard deviations, in log yield or area per unit of each: wide beside what the data tell.
FIRST_LAG_SD, OTHER_SD, TREND_SD, COUNTRY_TREND_SD = 0.2, 0.2, 0.1, 0.03
# Scales of the half-normal priors of the spreads, and the points of the grid of each, even up to three scales.
STEP_SCALE, YEAR_SCALE, COUNTRY_RESPONSE_SCALE = 0.05, 0.03, 0.03
STEP_POINTS, YEAR_POINTS, COUNTRY_RESPONSE_POINTS, NOISE_POINTS = 7, 10, 8, 6


@dataclass(frozen=True)
class LagFit:
    """Posterior of a lag model, and the rows, countries and years behind it."""

    posterior: Posterior
    equation: Equation
    rows: int
    countries: int
    years: int

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
    spreads = [_half_normal("step", STEP_SCALE, STEP_POINTS), _noise(rows, equation)]
    if countries > 1:
        spreads.append(_half_normal("year", YEAR_SCALE, YEAR_POINTS))
    if countries_differ:
        spreads.append(_half_normal("country response", COUNTRY_RESPONSE_SCALE, COUNTRY_RESPONSE_POINTS))
    blocks = _blocks(rows, equation, countries_differ)
    values, errors, blocks, left = compress(values, errors, blocks, "noise")
    # Noise is learned from as many observations as the weights add up to, not from as many as there are rows.
    left = replace(left, rows=left.rows - len(rows) + round(used[:, 1].sum()))
    posterior = fit(values, errors, blocks, spreads, {"noise": np.ones(len(values), dtype=bool)}, left)
    return LagFit(posterior, equation, len(rows), countries, years)


def _blocks(rows: pd.DataFrame, equation: Equation, countries_differ: bool) -> list[Block]:
    names, design = _common_names(equation), _common(rows, equation)
    first = len(names) - equation.lags + 1
    sd = [TREND_SD, *[OTHER_SD] * len(equation.others), FIRST_LAG_SD]
    steps = equation.lags - 1
    blocks = [
        fixed_effects(names[:first], design[:, :first], [0.0] * first, sd),
        Block(tuple(names[first:]), design[:, first:], np.zeros(steps), np.ones(steps), "step"),
    ]
    if rows["iso3"].nunique() > 1:
        trends = groups("trend", list(rows["iso3"]), "")
        blocks += [
            Block(trends.names, trends.design, trends.mean, trends.sd * COUNTRY_TREND_SD),
            groups("year", [str(year) for year in rows["year"]], "year"),
        ]
    if countries_differ:
        own = groups("response", list(rows["iso3"]), "country response")
        summed = rows[equation.price].sum(axis=1).to_numpy()[:, None]
        blocks.append(Block(own.names, own.design * summed, own.mean, own.sd, own.spread))
    return blocks


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


def _half_normal(name: str, scale: float, points: int) -> Spread:
    """A spread with a half-normal prior on even steps: the data tell these well, so Gauss points lie too far apart."""
    values = 3 * scale * (np.arange(points) + 0.5) / points
    density = np.exp(-0.5 * (values / scale) ** 2)
    return Spread(name, values, density / density.sum())
