"""Learners: no leakage between halves, signals found, signs kept, intervals that hold, the same digits again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.inspection import permutation_importance

from pipeline.study.price_response import learners


def table(seed: int = 1, groups: int = 40, times: int = 25, effect: float = 0.0, level: float = 0.0) -> pd.DataFrame:
    """Rows of groups over time: ``x`` moves the target, ``noise`` does not, ``mark`` tells the group and no more.

    Groups differ in level, with standard deviation ``level``.
    """
    rng = np.random.default_rng(seed)
    rows = groups * times
    frame = pd.DataFrame({"group": np.repeat(np.arange(groups), times), "time": np.tile(np.arange(times), groups)})
    frame = frame.assign(x=rng.normal(size=rows), noise=rng.normal(size=rows))
    own = rng.normal(0, level, groups)
    frame["mark"] = rng.permutation(groups)[frame["group"]].astype(float)
    frame["y"] = effect * frame["x"] + own[frame["group"]] + rng.normal(size=rows)
    return frame


def sample(frame: pd.DataFrame, *features: str) -> learners.Sample:
    return learners.as_sample(frame, features, "y", "group", "time")


def trees(*features: str, rising: tuple[str, ...] = ()) -> learners.Learner:
    return lambda: learners.boosted(features, rising)


def r2(data: learners.Sample, learner: learners.Learner, splits: list[learners.Split]) -> float:
    predicted = learners.out_of_fold(data, learner, splits)
    return learners.r2_over_groups(data.target, predicted, data.group, 0.9, 1)[1]


# Leakage.


def test_a_feature_that_tells_the_group_has_skill_only_when_groups_leak():
    data = sample(table(level=1.5), "mark")
    known = [(np.flatnonzero(data.time % 2 == 0), np.flatnonzero(data.time % 2 == 1))]
    assert r2(data, trees("mark"), known) > 0.3
    assert r2(data, trees("mark"), learners.leave_groups_out(data, 10)) < 0.05
    assert learners.suspect(r2(data, trees("mark"), known))


def test_a_group_in_both_halves_is_named():
    data = sample(table(), "x")
    with pytest.raises(ValueError, match="groups in both halves of a split: 0, 1"):
        learners.check_groups(data, [(np.arange(30), np.arange(20, 60))])


def test_every_group_is_tested_once():
    data = sample(table(groups=23), "x")
    splits = learners.leave_groups_out(data, 10)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(len(data.target)))
    learners.check_groups(data, splits)


@given(st.integers(2, 8), st.integers(0, 100))
def test_forward_chaining_never_trains_on_the_future(folds: int, seed: int):
    frame = table(groups=4, times=12).sample(frac=0.8, random_state=seed)
    data = sample(frame, "x")
    for train, test in learners.forward_in_time(data, folds):
        assert data.time[train].max() < data.time[test].min()


def test_a_split_that_looks_ahead_is_refused():
    data = sample(table(), "x")
    with pytest.raises(ValueError, match="training reaches time 24, the test begins at 0"):
        learners.check_times(data, [(np.arange(500, 600), np.arange(25))])


def test_too_many_folds_are_refused():
    with pytest.raises(ValueError, match="number of splits"):
        learners.leave_groups_out(sample(table(groups=3), "x"), 10)
    with pytest.raises(ValueError, match="folds"):
        learners.forward_in_time(sample(table(times=3), "x"), 5)


# Signals and signs.


@pytest.mark.parametrize("learner", [learners.linear, trees("x", "noise")])
def test_a_signal_is_found_by_both_tests_and_is_the_important_feature(learner):
    data = sample(table(effect=1.0), "x", "noise")
    splits = learners.leave_groups_out(data, 5)
    assert 0.35 < r2(data, learner, splits) < 0.55  # the signal is half of the variance
    assert 0.35 < r2(data, learner, learners.forward_in_time(data, 4)) < 0.55
    found = learners.importance(data, learner, splits, 1)
    assert list(found["feature"]) == ["x", "noise"]
    assert found["value"].iloc[0] > 0.5
    assert abs(found["value"].iloc[1]) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("learner", [learners.linear, trees("x", "noise")])
def test_noise_has_no_skill(learner):
    data = sample(table(), "x", "noise")
    assert -0.1 < r2(data, learner, learners.leave_groups_out(data, 5)) < 0.02


def test_trees_keep_the_sign_that_agronomy_gives_even_against_the_data():
    data = sample(table(effect=-1.0), "x", "noise")
    free, bound = (learners.fitted(data, trees("x", "noise", rising=rising)) for rising in ((), ("x",)))
    grid = pd.DataFrame({"x": np.linspace(-3, 3, 60), "noise": 0.0})
    assert np.all(np.diff(bound.predict(grid)) >= 0)
    assert free.predict(grid)[0] > free.predict(grid)[-1] + 1
    with pytest.raises(ValueError, match="no feature is called rain"):
        learners.boosted(["x"], ["rain"])


def test_partial_dependence_follows_the_signal_within_its_interval():
    data = sample(table(effect=1.0), "x", "noise")
    found = learners.partial_dependence(data, learners.linear, "x", 0.9, 1, resamples=20)
    middle = found["x"].iloc[len(found) // 2]
    assert np.allclose(found["value"], found["x"] - middle, atol=0.15)
    assert (found["lower"] <= found["value"]).all()
    assert (found["value"] <= found["upper"]).all()
    assert found["value"].iloc[6] == 0


# What is computed at once is what scikit-learn computes step by step.


@pytest.mark.parametrize("known", [20, 32, 33, 1000])
def test_trees_on_bins_of_our_own_are_the_trees_of_scikit_learn(known):
    rng = np.random.default_rng(known)
    frame = table(effect=1.0).assign(weight=rng.choice([0.25, 1.0], 1000))
    frame["few"] = rng.integers(known, size=1000).astype(float)
    frame["gaps"] = frame["noise"].where(rng.random(1000) < 0.7)
    frame["y"] += 0.1 * np.sqrt(frame["few"])
    names = ["x", "few", "gaps"]
    data = learners.as_sample(frame, names, "y", "group", "time", "weight")
    whole = HistGradientBoostingRegressor(
        learning_rate=0.05, max_iter=60, max_leaf_nodes=8, max_bins=32, min_samples_leaf=40, l2_regularization=10.0,
        early_stopping=False, monotonic_cst=[1, 0, 0], random_state=0,
    ).fit(data.features.to_numpy(), data.target, data.weight)  # fmt: skip
    elsewhere = pd.DataFrame(rng.uniform(-5, 40, (2000, 3)), columns=names)
    elsewhere["gaps"] = elsewhere["gaps"].where(rng.random(2000) < 0.7)
    found = learners.fitted(data, trees(*names, rising=("x",)))
    for features in (data.features, elsewhere, elsewhere.round()):
        assert np.array_equal(found.predict(features), whole.predict(features.to_numpy()))


def test_cuts_hold_equal_weight():
    values = np.array([4.0, 1.0, np.nan, 3.0, 2.0, 5.0])
    weight = np.array([1.0, 1.0, 9.0, 1.0, 1.0, 4.0])
    # Eight in weight: 1, 2, 3 and 4 weigh half of it, so that the middle lies between 4 and 5.
    assert list(learners.cuts(values, weight, 2)) == [4.5]
    assert list(learners.cuts(values, weight, 4)) == [2.5, 4.5]
    assert list(learners.cuts(values, weight, 5)) == [1.5, 2.5, 3.5, 4.5]
    assert list(learners.cuts(np.zeros(3), np.ones(3), 2)) == []


@pytest.mark.parametrize("learner", [learners.linear, trees("x", "noise")])
def test_importance_is_the_permutation_importance_of_scikit_learn(learner):
    data = sample(table(effect=1.0), "x", "noise")
    (train, test), *_ = learners.leave_groups_out(data, 5)
    model, held_out = learners.fitted(data.take(train), learner), data.take(test)
    expected = permutation_importance(
        model, held_out.features, held_out.target, random_state=7, n_repeats=learners.REPEATS,
        scoring=lambda asked, features, target: -np.mean((asked.predict(features) - target) ** 2),
    )  # fmt: skip
    found = learners.importance(data, learner, [(train, test)], 7).set_index("feature")["value"]
    expected = expected.importances_mean / np.mean(held_out.target**2)
    assert found[["x", "noise"]].to_numpy() == pytest.approx(expected)


# Intervals.


def test_conformal_intervals_hold_in_new_groups_whose_levels_differ():
    data = sample(table(groups=120, times=10, effect=1.0, level=1.0), "x")
    found = learners.conformal(data, learners.linear, learners.leave_groups_out(data, 4), (0.8, 0.95), 1)
    for level in (0.8, 0.95):
        lower, value, upper = learners.coverage(data, found, level, 0.9, 1)
        assert lower < value < upper
        assert value == pytest.approx(level, abs=0.05)
    assert (found["half_95"] > found["half_80"]).all()


def test_quantile_of_groups_counts_every_group_the_same_and_leaves_room_for_one_more():
    errors, group = np.array([1.0, 1.0, 1.0, 1.0, 5.0]), np.array([0, 0, 0, 0, 1])
    assert learners.grouped_quantile(errors, group, 1 / 3) == 1.0
    assert learners.grouped_quantile(errors, group, 0.5) == 5.0
    with pytest.raises(ValueError, match="2 groups to calibrate with are too few for an interval of 80%"):
        learners.grouped_quantile(errors, group, 0.8)


def test_share_explained_has_closed_forms():
    target, group = np.array([1.0, -1.0, 2.0, -2.0]), np.array([0, 0, 1, 1])
    assert learners.r2_over_groups(target, target, group, 0.9, 1) == (1, 1, 1)
    assert learners.r2_over_groups(target, np.zeros(4), group, 0.9, 1) == (0, 0, 0)
    assert learners.r2_over_groups(target, -target, group, 0.9, 1)[1] == -3
    assert learners.r2_over_groups(target, np.array([1.0, -1.0, np.nan, 0.0]), group, 0.9, 1)[1] == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="1 groups"):
        learners.r2_over_groups(target, target, np.zeros(4), 0.9, 1)


def test_suspicion_starts_above_a_third_or_so():
    assert not learners.suspect(0.3)
    assert learners.suspect(0.31)


# Digits and hostile tables.


@pytest.mark.slow
def test_the_same_digits_come_out_again_for_every_learner_test_and_set_of_features(monkeypatch):
    monkeypatch.setattr(learners, "GROUP_FOLDS", 3)
    monkeypatch.setattr(learners, "TIME_FOLDS", 2)
    frame = table(groups=20, times=8, effect=0.5)
    names = list(learners.features.ALL)
    wide = frame.assign(**{name: np.random.default_rng(i).normal(size=len(frame)) for i, name in enumerate(names)})
    data = learners.as_sample(wide, names, "y", "group", "time")
    first, second = (learners.skill_table(data, 0.9, 1) for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert set(first["test"]) == {"countries", "years"}
    assert not first["is_suspect"].any()


def test_missing_features_are_allowed_even_where_training_has_never_seen_one():
    frame = table(effect=1.0)
    frame["late"] = frame["noise"].where(frame["time"] > 15)
    data = sample(frame, "x", "late")
    for learner in (learners.linear, trees("x", "late")):
        assert r2(data, learner, learners.forward_in_time(data, 4)) > 0.3


def test_weights_count():
    frame = pd.concat([table(seed=1, effect=1.0), table(seed=2, effect=-1.0)], ignore_index=True)
    frame["weight"] = np.repeat([1.0, 1e-6], len(frame) // 2)
    data = learners.as_sample(frame, ["x"], "y", "group", "time", "weight")
    for learner in (learners.linear, trees("x")):
        low, high = learners.fitted(data, learner).predict(pd.DataFrame({"x": [-1.0, 1.0]}))
        assert high - low > 1.5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="x"), "no column x"),
        (lambda f: f.assign(x="much"), "column x must hold finite numbers"),
        (lambda f: f.assign(x=np.inf), "column x must hold finite numbers"),
        (lambda f: f.assign(y=f["y"].where(f["time"] > 0)), "column y is missing in 40 rows"),
        (lambda f: f.assign(group=f["group"].where(f["group"] > 0)), "column group is missing in 25 rows"),
        (lambda f: f.iloc[:0], "at least one feature and one row"),
    ],
)
def test_hostile_tables_are_refused_with_the_column_named(change, words):
    with pytest.raises(ValueError, match=words):
        sample(change(table()), "x")


def test_weights_must_be_above_zero():
    with pytest.raises(ValueError, match="every weight"):
        learners.as_sample(table().assign(weight=0.0), ["x"], "y", "group", "time", "weight")
