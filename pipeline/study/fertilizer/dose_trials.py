"""Fits of response curves to dose trials, and predictive weights of the two families."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import t as student

from pipeline.kit.data.citations import join
from pipeline.kit.data.sources import load_raw
from pipeline.study.fertilizer.response_curves import FAMILIES, QUADRATIC_PLATEAU, Family, Number, Response

PARAMETERS = 3  # Yield without fertilizer, gain of the greatest dose, shape.
LEAST_DOSES = PARAMETERS + 1
# A fit that leaves this share of the squares more is as good: of shapes that fit equally well the greatest is taken.
FLAT = 1e-10
TRIAL = ["trial", "site", "year"]


@dataclass(frozen=True)
class Fit:
    """A fitted curve: yield without fertilizer, response up to the greatest dose, residual spread, and its errors.

    ``covariance`` is that of base, gain and shape in units of the squared residual spread.
    """

    base: float
    response: Response
    spread: float
    degrees: int
    covariance: np.ndarray

    def predict(self, dose: np.ndarray) -> np.ndarray:
        """Yield at each dose in kg/ha, in the unit of the trial."""
        return self.base + self.response.extra_yield(dose)

    def log_density(self, dose: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Log predictive density of yields that the fit has not seen: Student t, errors of the curve counted."""
        slopes = _slopes(self.response.family, dose / self.response.full_dose, self.response.gain, self.response.shape)
        scale = self.spread * np.sqrt(1 + np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes))
        return student.logpdf(found, self.degrees, self.predict(dose), scale)


def fit(family: Family, dose: np.ndarray, found: np.ndarray) -> Fit:
    """Least-squares fit of a curve of ``family`` to yields ``found`` at ``dose`` kg/ha, both of shape (plots,).

    Raises ``ValueError`` for doses below zero, values that are missing, fewer than four different doses, or yields
    that the curve meets without any residual. A plateau that lies anywhere between two doses is set at the greater.
    """
    _check(dose, found)
    full = float(dose.max())
    relative = dose / full
    low, high = family.shape_bounds(float(relative[relative > 0].min()))
    # For a given shape the curve is a straight line in the other two, so only the shape is looked for.
    shapes = np.geomspace(low, high, 60)
    left = np.array([(_line(family.share(relative, shape), found)[0] ** 2).sum() for shape in shapes])
    flat = FLAT * float(((found - found.mean()) ** 2).sum())
    best = int(np.flatnonzero(left <= left.min() + flat)[-1])

    def slope(shape: float) -> float:
        """Of half the squares, in the log of the shape."""
        rest, _, gain = _line(family.share(relative, shape), found)
        return float(shape * rest @ _slopes(family, relative, gain, shape)[:, 2]) - flat

    shape = _least(slope, shapes[max(best - 1, 0)], shapes[min(best + 1, len(shapes) - 1)])
    rest, base, gain = _line(family.share(relative, shape), found)
    degrees = len(dose) - PARAMETERS
    spread = float(np.sqrt(rest @ rest / degrees))
    if spread <= 1e-9 * float(np.abs(found).max()):
        raise ValueError("the curve meets every yield, so their spread about it is unknown")
    response = Response(family, full, np.asarray(gain), np.asarray(shape))
    slopes = _slopes(family, relative, gain, shape)
    return Fit(base, response, spread, degrees, np.linalg.pinv(slopes.T @ slopes))


def _check(dose: np.ndarray, found: np.ndarray) -> None:
    if len(dose) != len(found):
        raise ValueError(f"{len(dose)} doses do not go with {len(found)} yields")
    for name, values in (("dose", dose), ("yield", found)):
        if not np.isfinite(values).all():
            raise ValueError(f"{name} in row {int(np.flatnonzero(~np.isfinite(values))[0])} is not a number")
    if dose.min() < 0:
        raise ValueError(f"dose in row {int(np.argmin(dose))} is {dose.min():g} kg/ha, below zero")
    if (different := len(np.unique(dose))) < LEAST_DOSES:
        raise ValueError(f"{different} different doses do not tell a curve; at least {LEAST_DOSES} are needed")


def _line(share: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, float, float]:
    """What the best line through yields against the share of the gain leaves of them, its base and its gain."""
    columns = np.column_stack([np.ones_like(share), share])
    base, gain = np.linalg.lstsq(columns, found, rcond=None)[0]
    return base + gain * share - found, float(base), float(gain)


def _least(slope: Callable[[float], float], low: float, high: float) -> float:
    """Where a function is least between two bounds, by its slope, which rises.

    A function is flat where it is least: a search for its least value knows half the digits of this one, and the
    others depend on the processor.
    """
    if slope(low) >= 0:
        return low
    return high if slope(high) <= 0 else float(brentq(slope, low, high, xtol=1e-14))


def _slopes(family: Family, relative: np.ndarray, gain: Number, shape: Number) -> np.ndarray:
    """Slopes of the fitted yield in base, gain and shape, one row per dose."""
    step = 1e-5 * shape
    bend = (family.share(relative, shape + step) - family.share(relative, shape - step)) / (2 * step)
    return np.column_stack([np.ones_like(relative), family.share(relative, shape), gain * bend])


def left_out_densities(dose: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Log density that each family, fitted to all other doses, gives to the yields at one dose.

    Shape (plots, families), in the order of ``FAMILIES``. Raises ``ValueError`` with fewer than five doses.
    """
    densities = np.empty((len(dose), len(FAMILIES)))
    for level in np.unique(dose):
        out = dose == level
        for column, family in enumerate(FAMILIES):
            densities[out, column] = fit(family, dose[~out], found[~out]).log_density(dose[out], found[out])
    return densities


def predictive_weight(densities: np.ndarray) -> float:
    """Weight of the second family whose average with the first predicts left-out yields best (stacking).

    ``densities`` are log densities of shape (plots, 2). Yao et al. (2018), Bayesian Analysis 13, 917-1007.
    """
    first, second = densities.T
    top = np.maximum(first, second)
    parts = np.exp(first - top), np.exp(second - top)

    def slope(weight: float) -> float:
        """Of the negative log score."""
        with np.errstate(divide="ignore"):  # A yield that the whole weight deems impossible: the slope is infinite.
            return float(((parts[0] - parts[1]) / ((1 - weight) * parts[0] + weight * parts[1])).sum())

    return _least(slope, 0.0, 1.0)


def weigh_trials(trials: pd.DataFrame) -> tuple[float, pd.DataFrame]:
    """Predictive weight of the quadratic plateau over all trials, and what each family gained in each of them.

    ``trials`` has ``trial``, ``site``, ``year``, ``dose_kg_per_ha`` and ``yield_value``. The table has one row per
    trial, site and year: ``doses``, ``plots``, and the summed log density of each family.
    """
    rows, densities = [], []
    for key, group in trials.groupby(TRIAL):
        dose, found = group["dose_kg_per_ha"].to_numpy(), group["yield_value"].to_numpy()
        try:
            densities.append(left_out_densities(dose, found))
        except ValueError as error:
            raise ValueError(f"trial {' '.join(map(str, key))}: {error}") from error
        sums = dict(zip((family.name for family in FAMILIES), densities[-1].sum(axis=0), strict=True))
        rows.append(dict(zip(TRIAL, key, strict=True)) | {"doses": len(np.unique(dose)), "plots": len(dose)} | sums)
    return predictive_weight(np.concatenate(densities)), pd.DataFrame(rows)


@dataclass(frozen=True)
class Published:
    """A published number that the fit must find again; no price ratio means the dose of the plateau.

    ``quantity`` is what it is called among the published results of the trial's data set.
    """

    name: str
    trial: tuple[str, str, int]
    quantity: str
    tolerance: float
    price_ratio: float | None = None


# Yields in quintals and in Mg: the ratios are price per kg of nitrogen over price per quintal or Mg of grain. The
# source prints 140 for 140.8: it cuts the decimals. Its 191.7 is the top of a parabola that lies beyond all doses,
# where a quadratic plateau and a parabola are the same curve.
PUBLISHED = (
    Published(
        "plateau of maize at Jackson 1962, kg N/ha", ("engelstad.nitro", "Jackson", 1962), "jackson_1962_plateau", 0.5
    ),
    Published(
        "economic optimum of maize at Jackson 1962, kg N/ha",
        ("engelstad.nitro", "Jackson", 1962),
        "jackson_1962_optimum",
        1.0,
        0.11 / 1.15,
    ),
    Published(
        "economic optimum of maize at Olmstead 2006, kg N/ha",
        ("hernandez.nitrogen", "Olmstead", 2006),
        "olmstead_2006_optimum",
        0.001,
        0.6615 / 118.1,
    ),
)


def published_results() -> pd.DataFrame:
    """Published results that an engine must find again: ``dataset``, ``method``, ``quantity``, ``value``, ``source_id``
    among columns."""
    return load_raw("reference_results", ("value",))


def printed(results: pd.DataFrame, dataset: str, quantity: str) -> pd.Series:
    """The one published result of this data set and quantity. Raises ``KeyError`` where there is not one."""
    found = results[(results["dataset"] == dataset) & (results["quantity"] == quantity)]
    if len(found) != 1:
        raise KeyError(f"{len(found)} published results are {quantity} of {dataset}")
    return found.iloc[0]


def reference_checks(trials: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Published optima beside those that this module computes from the same yields.

    Columns: ``name``, ``published``, ``computed``, ``tolerance``, ``passed``, ``source_id``. Raises ``KeyError`` when
    a trial is not in ``trials``, or what was published not in ``results``, which comes from ``published_results``.
    """
    by_trial = trials.set_index(TRIAL)
    rows = []
    for case in PUBLISHED:
        data, result = by_trial.loc[[case.trial]], printed(results, case.trial[0], case.quantity)
        fitted = fit(QUADRATIC_PLATEAU, data["dose_kg_per_ha"].to_numpy(), data["yield_value"].to_numpy())
        ratio = 0.0 if case.price_ratio is None else case.price_ratio
        rows.append(
            {
                "name": case.name,
                "published": float(result["value"]),
                "computed": float(fitted.response.optimal_dose(ratio)),
                "tolerance": case.tolerance,
                "source_id": join(*data["source_id"], result["source_id"]),
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(passed=(table["computed"] - table["published"]).abs() <= table["tolerance"])


def maize_trials() -> pd.DataFrame:
    """Yields of maize by dose of nitrogen, in the unit printed; one row per plot or mean, as published."""
    frame = load_raw("reference_dose_trials", ("year", "dose_kg_per_ha", "yield_value"))
    return frame.astype({"year": "int64"})
