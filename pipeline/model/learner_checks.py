"""How good a learner is out of sample, which features it lives on, and how wide its predictions must be."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from pipeline.model.draws import stream
from pipeline.model.learners import Learner, Sample, Split, fitted

# Where farm surveys were tried, causes explained almost nothing: more than this is suspected of leakage.
SUSPECT_R2 = 0.3
RESAMPLES, REPEATS = 1000, 5


def suspect(r2: float) -> bool:
    """True when a share explained is too good to be believed without a search for leakage."""
    return bool(r2 > SUSPECT_R2)


def r2_over_groups(
    target: np.ndarray,
    predicted: np.ndarray,
    group: np.ndarray,
    level: float,
    seed: int,
    naive: np.ndarray | float = 0.0,
) -> tuple[float, float, float]:
    """Lower end, value and upper end of the share of the naive forecast's squared errors that a prediction saves.

    Below zero when it is worse. Rows without prediction do not count. The interval resamples whole groups, since
    rows of a group hang together. Raises ``ValueError`` with fewer than two groups predicted.
    """
    errors = pd.DataFrame({"model": (target - predicted) ** 2, "naive": (target - naive) ** 2})
    known = np.isfinite(predicted)
    sums = errors[known].groupby(group[known]).sum().to_numpy()
    return _resampled(sums, lambda total: 1 - total[..., 0] / total[..., 1], level, seed)


def _resampled(sums: np.ndarray, statistic: Any, level: float, seed: int) -> tuple[float, float, float]:
    """Statistic of the summed rows of groups, with its interval from resampling groups."""
    if len(sums) < 2:
        raise ValueError(f"{len(sums)} groups do not tell how much groups differ")
    picked = stream(seed, "groups resampled").integers(len(sums), size=(RESAMPLES, len(sums)))
    lower, upper = np.quantile(statistic(sums[picked].sum(axis=1)), [(1 - level) / 2, (1 + level) / 2])
    value = float(statistic(sums.sum(axis=0)))
    return float(min(lower, value)), value, float(max(upper, value))


def importance(sample: Sample, learner: Learner, splits: Sequence[Split], seed: int) -> pd.DataFrame:
    """How much of the share explained is lost in each test half when one feature is shuffled there.

    One row per feature: ``feature``, mean over folds as ``value``, and the least and greatest fold as ``lower`` and
    ``upper``. Below zero when the feature does harm.
    """
    lost = []
    for train, test in splits:
        held_out = sample.take(test)
        found = permutation_importance(
            fitted(sample.take(train), learner),
            held_out.features,
            held_out.target,
            scoring="neg_mean_squared_error",
            n_repeats=REPEATS,
            random_state=seed,
            n_jobs=1,
        )
        lost.append(found.importances_mean / np.mean(held_out.target**2))
    table = np.array(lost)
    return pd.DataFrame(
        {
            "feature": sample.features.columns,
            "lower": table.min(axis=0),
            "value": table.mean(axis=0),
            "upper": table.max(axis=0),
        }
    ).sort_values("value", ascending=False, ignore_index=True)


def partial_dependence(
    sample: Sample, learner: Learner, feature: str, level: float, seed: int, resamples: int = 30, points: int = 13
) -> pd.DataFrame:
    """Mean prediction when ``feature`` is set to a value in all rows, less that at its median.

    Columns ``x``, ``lower``, ``value``, ``upper``; the interval comes from learners trained on resampled groups. It
    shows what a learner believes, not what is so.
    """
    values = np.quantile(sample.features[feature].dropna(), np.linspace(0.05, 0.95, points))
    names = np.unique(sample.group)
    rows_of = {name: np.flatnonzero(sample.group == name) for name in names}
    rng = stream(seed, f"partial dependence {feature}")
    curves = [_curve(fitted(sample, learner), sample, feature, values)]
    for _ in range(resamples):
        rows = np.concatenate([rows_of[name] for name in rng.choice(names, len(names))])
        curves.append(_curve(fitted(sample.take(rows), learner), sample, feature, values))
    lower, upper = np.quantile(curves[1:], [(1 - level) / 2, (1 + level) / 2], axis=0)
    value = curves[0]
    return pd.DataFrame(
        {"x": values, "lower": np.minimum(lower, value), "value": value, "upper": np.maximum(upper, value)}
    )


def _curve(model: Any, sample: Sample, feature: str, values: np.ndarray) -> np.ndarray:
    means = [model.predict(sample.features.assign(**{feature: value})).mean() for value in values]
    return np.array(means) - means[len(values) // 2]


def conformal(
    sample: Sample, learner: Learner, splits: Sequence[Split], levels: Sequence[float], seed: int
) -> pd.DataFrame:
    """Prediction of every row with the half width of its interval at each level, as ``half_80`` for 0.8.

    Half of the training groups train, the other half calibrate: the interval is as wide as holds the share ``level``
    of their errors, each group counting the same and one more, of unbounded error, standing for the group to come
    (hierarchical conformal prediction, Lee, Barber and Willett 2023, arXiv:2306.06342). Raises ``ValueError`` when the
    groups are too few for a level.
    """
    rng = stream(seed, "calibration groups")
    found = pd.DataFrame({"prediction": np.full(len(sample.target), np.nan)})
    for train, test in splits:
        names = rng.permutation(np.unique(sample.group[train]))
        is_training = np.isin(sample.group[train], names[: len(names) // 2])
        model = fitted(sample.take(train[is_training]), learner)
        held = sample.take(train[~is_training])
        errors = np.abs(held.target - model.predict(held.features))
        found.loc[test, "prediction"] = model.predict(sample.features.iloc[test])
        for level in levels:
            found.loc[test, f"half_{round(level * 100)}"] = grouped_quantile(errors, held.group, level)
    return found


def grouped_quantile(errors: np.ndarray, group: np.ndarray, level: float) -> float:
    """Smallest error that holds ``level`` of the errors of a new group, every known group counting the same."""
    names, member, size = np.unique(group, return_inverse=True, return_counts=True)
    order = np.argsort(errors)
    held = np.cumsum(1 / size[member][order]) / (len(names) + 1)
    above = np.flatnonzero(held >= level - 1e-12)
    if not len(above):
        raise ValueError(f"{len(names)} groups to calibrate with are too few for an interval of {level:.0%}")
    return float(errors[order][above[0]])


def coverage(
    sample: Sample, intervals: pd.DataFrame, interval_level: float, level: float, seed: int
) -> tuple[float, float, float]:
    """Share of the targets inside the intervals of ``interval_level``, every group counting the same.

    Lower end, value and upper end; the interval resamples groups.
    """
    inside = np.abs(sample.target - intervals["prediction"]) <= intervals[f"half_{round(interval_level * 100)}"]
    tested = intervals["prediction"].notna().to_numpy()
    by_group = inside[tested].groupby(sample.group[tested]).mean().to_numpy()
    sums = np.column_stack([by_group, np.ones(len(by_group))])
    return _resampled(sums, lambda total: total[..., 0] / total[..., 1], level, seed)
