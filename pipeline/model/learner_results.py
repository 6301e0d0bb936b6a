"""Both learners on the panel of countries: skill by test, what they live on, and how wide predictions must be."""

from functools import partial

import pandas as pd

from pipeline.model import panel_features as features
from pipeline.model.learner_checks import conformal, coverage, importance, partial_dependence, r2_over_groups, suspect
from pipeline.model.learners import (
    Learner,
    Sample,
    as_sample,
    boosted,
    forward_in_time,
    leave_groups_out,
    linear,
    out_of_fold,
)
from pipeline.model.panel_checks import COVERAGE

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
