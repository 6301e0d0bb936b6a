"""Learners beside a linear baseline, tested on groups and years that they have not seen.

For any table with features, a target, groups (countries; studies, households) and times. Trees find what a straight
line misses, and also what is not there: so the model counts for what it says of groups it has not seen and of years
that come after, against a forecast that knows nothing. Settings are conservative and fixed, not tuned: tuning on some
fifty groups would fit the test.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.kit.bayes.mixture import stream
from pipeline.study.price_response import panel as features
from pipeline.study.price_response.price_readings import COVERAGE

DECIMALS = 10
Split = tuple[np.ndarray, np.ndarray]


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

    Numbers keep ten decimals: trees would part rows between values that differ in the last bit only.

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
    table = table.round(DECIMALS)
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


BINS = 32


class Boosted:
    """Boosted trees, few and small, on features that are cut into bins of equal weight.

    They are those of ``HistGradientBoostingRegressor``, which would look for one cut after the other, and for them
    longer than for the trees.
    """

    def __init__(self, signs: Sequence[int]) -> None:
        self._cuts: list[np.ndarray] = []
        self._trees = HistGradientBoostingRegressor(
            learning_rate=0.05,
            max_iter=60,
            max_leaf_nodes=8,
            max_bins=BINS,
            min_samples_leaf=40,
            l2_regularization=10.0,
            early_stopping=False,
            monotonic_cst=list(signs),
            random_state=0,
        )

    def fit(self, features: pd.DataFrame, target: np.ndarray, sample_weight: np.ndarray) -> Self:
        """Cut the features, then grow the trees."""
        self._cuts = [cuts(values, sample_weight, BINS) for values in features.to_numpy().T]
        self._trees.fit(self._binned(features), target, sample_weight=sample_weight)
        return self

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Prediction of every row, shape (rows,)."""
        return self._trees.predict(self._binned(features))

    def _binned(self, features: pd.DataFrame) -> np.ndarray:
        values = features.to_numpy()
        bins = [np.searchsorted(cut, column) for cut, column in zip(self._cuts, values.T, strict=True)]
        return np.where(np.isnan(values), np.nan, np.column_stack(bins))


def cuts(values: np.ndarray, weight: np.ndarray, bins: int) -> np.ndarray:
    """Where to cut values into at most so many bins of equal weight, missing ones apart; a bin holds its upper end.

    Few different values are cut half-way between them.
    """
    known = ~np.isnan(values)
    order = np.argsort(values[known], kind="stable")
    values, below = values[known][order], np.cumsum(weight[known][order])
    different = np.unique(values)
    if len(different) <= bins:
        return (different[1:] + different[:-1]) / 2
    shares = np.arange(1, bins) / bins * below[-1]
    found = np.unique(values[np.searchsorted(below, shares)] + values[np.searchsorted(below, shares, side="right")]) / 2
    # Of cuts that part the same rows trees take the lowest.
    return found[np.unique(np.searchsorted(found, values))[:-1]]


Learner = Callable[[], Pipeline | Boosted]


def boosted(features: Sequence[str], rising: Iterable[str] = ()) -> Boosted:
    """Boosted trees whose target never falls with a feature in ``rising``, all else equal."""
    if unknown := sorted(set(rising) - set(features)):
        raise ValueError(f"no feature is called {', '.join(unknown)}")
    return Boosted([int(name in set(rising)) for name in features])


def fitted(sample: Sample, learner: Learner) -> Pipeline | Boosted:
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
        whole = held_out.features.to_numpy()
        tables = np.concatenate([whole[None], _shuffled(whole, seed)])
        predicted = _predict_each(fitted(sample.take(train), learner), held_out.features.columns, tables)
        errors = ((predicted - held_out.target) ** 2).mean(axis=1)
        more = errors[1:].reshape(-1, REPEATS).mean(axis=1) - errors[0]
        lost.append(more / np.mean(held_out.target**2))
    table = np.array(lost)
    return pd.DataFrame(
        {
            "feature": sample.features.columns,
            "lower": table.min(axis=0),
            "value": table.mean(axis=0),
            "upper": table.max(axis=0),
        }
    ).sort_values("value", ascending=False, kind="stable", ignore_index=True)


def _shuffled(table: np.ndarray, seed: int) -> np.ndarray:
    """Copies of a table, ``REPEATS`` for each column, which is shuffled there: shape (copies, rows, columns).

    The draws are those of ``permutation_importance`` of scikit-learn, which asks for each copy apart.
    """
    rng = np.random.RandomState(np.random.RandomState(seed).randint(2**31))
    picked, orders, order = np.arange(len(table)), [], np.arange(len(table))
    for _ in range(REPEATS):
        rng.shuffle(picked)
        order = order[picked]
        orders.append(order)
    copies = np.tile(table, (table.shape[1] * REPEATS, 1, 1))
    for column in range(table.shape[1]):
        copies[column * REPEATS : (column + 1) * REPEATS, :, column] = table[orders, column]
    return copies


def _predict_each(model: Pipeline | Boosted, names: pd.Index, tables: np.ndarray) -> np.ndarray:
    """Predictions for many tables at once, shape (tables, rows)."""
    rows = pd.DataFrame(tables.reshape(-1, tables.shape[2]), columns=names)
    return model.predict(rows).reshape(tables.shape[:2])


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
    tables = np.tile(sample.features.to_numpy(), (len(values), 1, 1))
    tables[:, :, sample.features.columns.get_loc(feature)] = values[:, None]
    means = _predict_each(model, sample.features.columns, tables).mean(axis=1)
    return means - means[len(values) // 2]


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
    order = np.argsort(errors, kind="stable")
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


GROUP_FOLDS, TIME_FOLDS = 10, 5
FEATURE_SETS = {"prices": features.PRICES_AND_CLIMATE, "past": features.ALL}


def panel_sample(table: pd.DataFrame) -> Sample:
    """The table of ``panel_features`` as a sample: countries are groups, years times."""
    return as_sample(table, features.ALL, "change", "iso3", "year", "weight")


def learners(names: tuple[str, ...]) -> dict[str, Learner]:
    """The linear baseline and the boosted trees, whose yield never falls with a better recent price."""
    return {"linear": linear, "boosted": partial(boosted, names, features.RISING)}


def skill_table(sample: Sample, level: float, seed: int) -> pd.DataFrame:
    """Share of squared changes explained out of sample against no change, by ``learner``, ``test`` and ``features``.

    ``test`` is ``countries`` (left out) or ``years`` (to come); ``is_suspect`` marks what looks like leakage.
    """
    tests = {"countries": leave_groups_out(sample, GROUP_FOLDS), "years": forward_in_time(sample, TIME_FOLDS)}
    rows = []
    for known, names in FEATURE_SETS.items():
        chosen = sample.choose(names)
        for learner, make in learners(names).items():
            for test, splits in tests.items():
                predicted = out_of_fold(chosen, make, splits)
                lower, value, upper = r2_over_groups(sample.target, predicted, sample.group, level, seed)
                rows.append((learner, test, known, lower, value, upper, suspect(value)))
    return pd.DataFrame(rows, columns=["learner", "test", "features", "lower", "value", "upper", "is_suspect"])


def importance_table(sample: Sample, seed: int) -> pd.DataFrame:
    """Permutation importance of every feature in countries left out, by ``learner``."""
    splits = leave_groups_out(sample, GROUP_FOLDS)
    parts = [
        importance(sample, make, splits, seed).assign(learner=name) for name, make in learners(features.ALL).items()
    ]
    return pd.concat(parts, ignore_index=True)


def dependence_table(sample: Sample, level: float, seed: int) -> pd.DataFrame:
    """Partial dependence of the change in log yield on the recent change of the log price ratio, by ``learner``."""
    parts = [
        partial_dependence(sample, make, "price_recent", level, seed).assign(learner=name)
        for name, make in learners(features.ALL).items()
    ]
    return pd.concat(parts, ignore_index=True)


def interval_table(sample: Sample, level: float, seed: int) -> pd.DataFrame:
    """Coverage of conformal intervals in countries left out and their median half width, by ``learner`` and level."""
    splits, rows = leave_groups_out(sample, GROUP_FOLDS), []
    for name, make in learners(features.ALL).items():
        found = conformal(sample, make, splits, COVERAGE, seed)
        for nominal in COVERAGE:
            half = float(found[f"half_{round(nominal * 100)}"].median())
            rows.append((name, nominal, *coverage(sample, found, nominal, level, seed), half))
    return pd.DataFrame(rows, columns=["learner", "nominal", "lower", "value", "upper", "half_width"])
