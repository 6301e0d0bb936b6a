"""Learners beside a linear baseline, tested on groups and years that they have not seen.

For any table with features, a target, groups (countries; studies, households) and times. Trees find what a straight
line misses, and also what is not there: so the model counts for what it says of groups it has not seen and of years
that come after, against a forecast that knows nothing. Settings are conservative and fixed, not tuned: tuning on some
fifty groups would fit the test.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

Split = tuple[np.ndarray, np.ndarray]
Learner = Callable[[], RegressorMixin | Pipeline]


@dataclass(frozen=True)
class Sample:
    """What a learner is given: ``features`` (rows, features), and for each row target, group, time and weight."""

    features: pd.DataFrame
    target: np.ndarray
    group: np.ndarray
    time: np.ndarray
    weight: np.ndarray

    def take(self, rows: np.ndarray) -> "Sample":
        """The sample of these rows, by number."""
        return Sample(self.features.iloc[rows], self.target[rows], self.group[rows], self.time[rows], self.weight[rows])

    def choose(self, features: Sequence[str]) -> "Sample":
        """The sample with these features only."""
        return Sample(self.features[list(features)], self.target, self.group, self.time, self.weight)


def as_sample(
    table: pd.DataFrame, features: Sequence[str], target: str, group: str, time: str, weight: str | None = None
) -> Sample:
    """A sample from columns of a table. Features may be missing; nothing else may.

    Raises ``ValueError`` naming the column that is absent, not a number, infinite, or missing where it must not be.
    """
    if absent := [name for name in (*features, target, group, time, weight) if name and name not in table]:
        raise ValueError(f"the table has no column {', '.join(absent)}")
    weights = table[weight] if weight else pd.Series(1.0, index=table.index)
    if not features or table.empty:
        raise ValueError("a sample needs at least one feature and one row")
    for name in (*features, target, time):
        if not pd.api.types.is_numeric_dtype(table[name]) or np.isinf(table[name].astype(float)).any():
            raise ValueError(f"column {name} must hold finite numbers")
    for name in (target, group, time):
        if table[name].isna().any():
            raise ValueError(f"column {name} is missing in {int(table[name].isna().sum())} rows")
    if not (weights > 0).all():
        raise ValueError("every weight must be above zero")
    return Sample(
        table[list(features)].astype(float).reset_index(drop=True),
        table[target].to_numpy(dtype=float),
        table[group].to_numpy(),
        table[time].to_numpy(),
        weights.to_numpy(dtype=float),
    )


def linear() -> Pipeline:
    """Ridge regression on scaled features, a missing one at its mean and marked; the penalty is found in training."""
    impute = SimpleImputer(add_indicator=True, keep_empty_features=True)
    return make_pipeline(impute, StandardScaler(), RidgeCV(alphas=np.logspace(0, 5, 11)))


def boosted(features: Sequence[str], rising: Iterable[str] = ()) -> HistGradientBoostingRegressor:
    """Boosted trees, few and small; the target never falls with a feature in ``rising``, all else equal."""
    if unknown := sorted(set(rising) - set(features)):
        raise ValueError(f"no feature is called {', '.join(unknown)}")
    return HistGradientBoostingRegressor(
        learning_rate=0.05,
        max_iter=60,
        max_leaf_nodes=8,
        max_bins=32,
        min_samples_leaf=40,
        l2_regularization=10.0,
        early_stopping=False,
        monotonic_cst=[int(name in set(rising)) for name in features],
        random_state=0,
    )


def fitted(sample: Sample, learner: Learner) -> RegressorMixin | Pipeline:
    """A new learner, trained on the sample with its weights."""
    model = learner()
    # What was never known in training teaches nothing: as a constant, it is not used.
    never_known = [name for name in sample.features if sample.features[name].isna().all()]
    features = sample.features.fillna(dict.fromkeys(never_known, 0.0))
    if isinstance(model, Pipeline):
        return model.fit(features, sample.target, **{f"{model.steps[-1][0]}__sample_weight": sample.weight})
    return model.fit(features, sample.target, sample_weight=sample.weight)


def leave_groups_out(sample: Sample, folds: int) -> list[Split]:
    """Folds of rows (train, test) in which every group is tested once, by a learner that has never seen it."""
    splits = list(GroupKFold(folds).split(sample.features, groups=sample.group))
    check_groups(sample, splits)
    return splits


def forward_in_time(sample: Sample, folds: int) -> list[Split]:
    """Folds of rows (train, test) in which every test time comes after all times of training."""
    times = np.unique(sample.time)
    splits = [
        (np.flatnonzero(np.isin(sample.time, times[train])), np.flatnonzero(np.isin(sample.time, times[test])))
        for train, test in TimeSeriesSplit(folds).split(times)
    ]
    check_times(sample, splits)
    return splits


def check_groups(sample: Sample, splits: Iterable[Split]) -> None:
    """Raise ``ValueError`` when a group stands in both halves of a split: it would be tested on what it knows."""
    for train, test in splits:
        if both := sorted({str(name) for name in set(sample.group[train]) & set(sample.group[test])}):
            raise ValueError(f"groups in both halves of a split: {', '.join(both[:5])}")


def check_times(sample: Sample, splits: Iterable[Split]) -> None:
    """Raise ``ValueError`` when training holds a time that does not come before all times of the test."""
    for train, test in splits:
        if sample.time[train].max() >= sample.time[test].min():
            raise ValueError(
                f"training reaches time {sample.time[train].max()}, the test begins at {sample.time[test].min()}"
            )


def out_of_fold(sample: Sample, learner: Learner, splits: Iterable[Split]) -> np.ndarray:
    """Prediction of every row by a learner that was not trained on it, shape (rows,); missing where never tested."""
    predicted = np.full(len(sample.target), np.nan)
    for train, test in splits:
        predicted[test] = fitted(sample.take(train), learner).predict(sample.features.iloc[test])
    return predicted
