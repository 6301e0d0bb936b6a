"""What it is worth to know more before choosing: perfectly, of one input alone, or from a number of plots.

The expected value of partial information is found by regression on the draws, after Strong, Oakley and Brennan (2014,
Medical Decision Making 34: 311-326), that of a sample after Strong, Oakley, Brennan and Breeze (2015, Medical Decision
Making 35: 570-583).
"""

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.preprocessing import SplineTransformer

# Cubic splines with this many knots over the ranks of an input: enough to bend, too few to follow noise.
KNOTS = 6
ROUNDING = 1e-9
# Numbers of plots that are compared; even, because half of them are the comparison.
PLOTS = (2, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512)


def perfect_information(payoffs: np.ndarray) -> float:
    """Expected gain from knowing everything before choosing; ``payoffs`` has shape (draws, options)."""
    return float(payoffs.max(axis=1).mean() - payoffs.mean(axis=0).max())


def expected_payoffs(payoffs: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean payoff of each option given what is known, shape (draws, options); ``known`` has shape (draws,).

    Only the order of the known values counts, so a heavy tail does not steer the curve. The mean over all draws is
    that of ``payoffs``.
    """
    ranks = (rankdata(known) / len(known)).reshape(-1, 1)
    basis = SplineTransformer(n_knots=KNOTS).fit_transform(ranks)
    # Least squares by the normal equations: the basis is small and well scaled, and an input with two values only
    # leaves it short of rank, which lstsq bears.
    weights = np.linalg.lstsq(basis.T @ basis, basis.T @ payoffs, rcond=None)[0]
    return np.asarray(basis @ weights)


def partial_information(payoffs: np.ndarray, known: np.ndarray) -> float:
    """Expected gain from knowing one input before choosing, in the unit of ``payoffs``; zero if no choice changes."""
    value = perfect_information(expected_payoffs(payoffs, known))
    # What rounding leaves of nothing is nothing.
    return value if value > ROUNDING * float(np.abs(payoffs).max()) else 0.0


def sample_information(
    payoffs: np.ndarray, known: np.ndarray, spread: float, plots: int, rng: np.random.Generator
) -> float:
    """Expected gain from measuring an input on a number of plots before choosing.

    What ``plots`` show is the input with a normal error of ``spread / sqrt(plots)``. Raises ``ValueError`` when there
    is no plot.
    """
    if plots < 1:
        raise ValueError(f"{plots} plots measure nothing; at least one is needed")
    seen = known + rng.normal(0, spread / np.sqrt(plots), len(known))
    return partial_information(payoffs, seen)


def information_by_plots(payoffs: np.ndarray, known: np.ndarray, spread: float, seed: int) -> pd.DataFrame:
    """``plots`` and the ``value`` of measuring on so many; more plots are never worth less.

    The same errors, scaled, are used for every number of plots, so that the steps between them are not noise.
    """
    values = [sample_information(payoffs, known, spread, plots, np.random.default_rng(seed)) for plots in PLOTS]
    return pd.DataFrame({"plots": PLOTS, "value": np.maximum.accumulate(values)})


def plots_for_share(by_plots: pd.DataFrame, whole: float, share: float) -> float:
    """Smallest number of plots that gives a share of the ``whole`` value; missing if none of those compared does."""
    enough = by_plots.loc[by_plots["value"] >= share * whole, "plots"]
    return float(enough.min()) if len(enough) and whole > 0 else float("nan")
