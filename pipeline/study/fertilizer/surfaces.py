"""Fits with a published answer that are no response curve of the project: a parabola's optimum with its intervals, and
a surface of two nutrients. They show what the least squares of this project can express.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from pipeline.kit.data.citations import join
from pipeline.kit.data.sources import load_raw
from pipeline.study.fertilizer.dose_trials import printed


@dataclass(frozen=True)
class Polynomial:
    """Least-squares coefficients of columns, their covariance, and the degrees of freedom that are left."""

    coefficients: np.ndarray
    covariance: np.ndarray
    degrees: int

    @classmethod
    def fit(cls, columns: np.ndarray, found: np.ndarray) -> "Polynomial":
        """Of ``columns`` (plots, coefficients) to yields ``found`` (plots,)."""
        _, triangle = np.linalg.qr(columns)
        coefficients = np.linalg.lstsq(columns, found, rcond=None)[0]
        rest, degrees = found - columns @ coefficients, len(found) - columns.shape[1]
        inverse = np.linalg.inv(triangle)
        return cls(coefficients, inverse @ inverse.T * (rest @ rest) / degrees, degrees)

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def square_root_surface(first: np.ndarray, second: np.ndarray, found: np.ndarray) -> Polynomial:
    """Yield by doses of two nutrients: constant, both doses, both square roots, and the root of their product."""
    roots = [np.sqrt(first), np.sqrt(second), np.sqrt(first * second)]
    return Polynomial.fit(np.column_stack([np.ones_like(found), first, second, *roots]), found)


@dataclass(frozen=True)
class Optimum:
    """The dose at which a parabola has a given slope, and its intervals after Wald and after Fieller."""

    dose: float
    wald: tuple[float, float]
    fieller: tuple[float, float]


def quadratic_optimum(dose: np.ndarray, found: np.ndarray, price_ratio: float, level: float) -> Optimum:
    """The dose at which one more kg brings what it costs, on a parabola through the yields ``found``.

    ``price_ratio`` is the price of a kg of the nutrient over that of a unit of yield. The dose is a ratio of two
    coefficients: Wald takes it to be normal, Fieller keeps every dose at which the slope cannot be told from the ratio.
    Raises ``ValueError`` where the curve cannot be told from a straight line: then no dose is excluded.
    """
    fitted = Polynomial.fit(np.column_stack([np.ones_like(dose), dose, dose**2]), found)
    (_, rise, bend), cov = fitted.coefficients, fitted.covariance[1:, 1:]
    reach = float(student.ppf((1 + level) / 2, fitted.degrees))
    best = (price_ratio - rise) / (2 * bend)
    gradient = np.array([-1 / (2 * bend), -best / bend])
    error = reach * float(np.sqrt(gradient @ cov @ gradient))
    # Where the slope less the ratio, squared, is within reach of its error: a parabola in the dose, below zero.
    square = 4 * (bend**2 - reach**2 * cov[1, 1])
    linear = 4 * (bend * (rise - price_ratio) - reach**2 * cov[0, 1])
    constant = (rise - price_ratio) ** 2 - reach**2 * cov[0, 0]
    if square <= 0:
        raise ValueError(
            f"at a level of {level:g} the response cannot be told from a straight line: any dose may be best"
        )
    root = np.sqrt(linear**2 - 4 * square * constant)
    return Optimum(
        float(best),
        (float(best - error), float(best + error)),
        (float((-linear - root) / (2 * square)), float((-linear + root) / (2 * square))),
    )


# Intervals of an optimum: of maize at Olmstead after Wald; of wheat in a zone of low yield after Fieller, whole kg.
OLMSTEAD, WHEAT = (0.6615 / 118.1, 0.9), (0.60 / 110, 0.95)
# By method: what its interval is called among the published results of a data set, and how far the answer may be off.
PUBLISHED_INTERVALS = {
    "Wald": ("hernandez.nitrogen", "olmstead_2006_optimum", 0.0001),
    "Fieller": ("bachmaier.nitrogen", "low_zone_optimum", 0.5),
}
LAST_DIGIT = 5.1e-8
# Terms of the square-root surface of alfalfa after Heady, Pesek and Brown (1955).
SURFACE_TERMS = (
    "constant", "potassium", "phosphorus", "root of potassium", "root of phosphorus", "root of both",
)  # fmt: skip


def surface_checks(trials: pd.DataFrame, surfaces: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Published intervals of an optimum and a published response surface beside those computed from the same yields.

    Columns as in ``reference_checks``. ``trials`` are those of maize, ``surfaces`` those with another design,
    ``results`` come from ``dose_trials.published_results``.
    """
    maize = trials[trials["trial"] == "hernandez.nitrogen"]
    wheat, alfalfa = (surfaces[surfaces["dataset"] == name] for name in ("bachmaier.nitrogen", "heady.fertilizer"))
    at_olmstead = quadratic_optimum(_column(maize, "dose_kg_per_ha"), _column(maize, "yield_value"), *OLMSTEAD)
    of_wheat = quadratic_optimum(_column(wheat, "n_dose"), _column(wheat, "yield_value"), *WHEAT)
    computed = {"Wald": (at_olmstead.wald, maize), "Fieller": (of_wheat.fieller, wheat)}
    rows = []
    for method, (dataset, quantity, tolerance) in PUBLISHED_INTERVALS.items():
        own, trial = computed[method]
        for side, found in zip(("lower", "upper"), own, strict=True):
            label = f"interval of an optimum after {method}, {side} end, kg N/ha"
            result = printed(results, dataset, f"{quantity}_{side}")
            rows.append((label, result["value"], found, tolerance, join(*trial["source_id"], result["source_id"])))
    fitted = square_root_surface(*(_column(alfalfa, name) for name in ("k_dose", "p_dose", "yield_value")))
    parts = {"coefficient": fitted.coefficients, "se": fitted.errors}
    for part, values in parts.items():
        for term, value in zip(SURFACE_TERMS, values, strict=True):
            result = printed(results, "heady.fertilizer", f"alfalfa_{term.replace(' ', '_')}_{part}")
            label = f"square-root surface of alfalfa, {term}, {'coefficient' if part != 'se' else 'standard error'}"
            cited = join(*alfalfa["source_id"], result["source_id"])
            rows.append((label, result["value"], float(value), LAST_DIGIT, cited))
    table = pd.DataFrame(rows, columns=["name", "published", "computed", "tolerance", "source_id"])
    return table.assign(passed=(table["computed"] - table["published"]).abs() <= table["tolerance"])


def _column(table: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(table[name], dtype=float)


def reference_surfaces() -> pd.DataFrame:
    """Yields of wheat by nitrogen and of alfalfa by two nutrients, doses and yields in the units printed."""
    return load_raw("reference_surfaces", ("n_dose", "p_dose", "k_dose", "yield_value"))
