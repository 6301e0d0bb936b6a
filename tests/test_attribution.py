"""Shapley values over the causes obey their laws, and hold up to other readings of the evidence."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.study.causes import attribution, estimates
from pipeline.study.fertilizer import response_curves

GAIN = st.floats(0, 1)

NO_LIMIT = 1e9
RANKED = ("fertilizer", "pod_borer", "knowledge")
GAINS = st.fixed_dictionaries(dict.fromkeys(attribution.CAUSES, GAIN))


def shares(yield_now: float, gains: dict[str, float], potential: float = NO_LIMIT) -> dict[str, float]:
    arrays = {cause: np.array([gain]) for cause, gain in gains.items()}
    return {cause: float(v[0]) for cause, v in attribution.shapley(np.array([yield_now]), arrays, potential).items()}


@given(st.floats(100, 1000), GAINS, st.floats(200, 4000))
def test_shares_add_up_to_the_gain_of_removing_all_causes(yield_now, gains, potential):
    everything = attribution.log_gain(frozenset(attribution.CAUSES), {c: np.array([g]) for c, g in gains.items()})
    total = response_curves.extra_yield(np.array([yield_now]), everything, potential)[0]
    assert sum(shares(yield_now, gains, potential).values()) == pytest.approx(total, abs=1e-6)


@given(st.floats(1, 3000), st.floats(-1, 2), st.floats(500, 3000))
def test_no_gain_lifts_a_yield_above_the_potential_and_none_is_taken_away(yield_now, gain, potential):
    extra = response_curves.extra_yield(yield_now, gain, potential)
    unbounded = yield_now * np.expm1(gain)
    assert extra <= unbounded + 1e-9
    assert yield_now + extra <= max(potential, yield_now) + 1e-9
    if yield_now + unbounded <= potential:
        assert extra == pytest.approx(unbounded, abs=1e-9)
    if gain >= 0:
        assert extra >= 0


def test_uptake_is_drawn_evenly_between_none_and_all():
    causes = ["fertilizer", "technique", "knowledge"]
    left = attribution.draw_uptake(causes, np.random.default_rng(1), 4000)
    assert list(left) == causes
    for share in left.values():
        assert 0 <= share.min() < share.max() <= 1
        assert share.mean() == pytest.approx(0.5, abs=0.02)
    assert abs(np.corrcoef(left["fertilizer"], left["technique"])[0, 1]) < 0.07


@given(GAINS, st.permutations(["fertilizer", "pod_borer", "technique"]))
def test_practices_are_treated_alike(gains, order):
    renamed = {"knowledge": gains["knowledge"]} | {
        new: gains[old] for old, new in zip(("fertilizer", "pod_borer", "technique"), order, strict=True)
    }
    first, second = shares(400, gains), shares(400, renamed)
    for old, new in zip(("fertilizer", "pod_borer", "technique"), order, strict=True):
        assert first[old] == pytest.approx(second[new], abs=1e-9)


@given(GAINS, st.sampled_from(["fertilizer", "pod_borer", "technique"]))
def test_practice_that_brings_nothing_gets_nothing_when_there_is_nothing_to_learn(gains, cause):
    assert shares(400, gains | {"knowledge": 0.0, cause: 0.0})[cause] == pytest.approx(0, abs=1e-9)


@given(GAINS)
def test_knowledge_that_brings_nothing_gets_nothing(gains):
    assert shares(400, gains | {"knowledge": 0.0})["knowledge"] == 0


@given(GAINS)
def test_knowledge_adds_nothing_when_all_practices_are_removed_already(gains):
    arrays = {cause: np.array([gain]) for cause, gain in gains.items()}
    practices = frozenset(attribution.CAUSES) - {"knowledge"}
    assert attribution.log_gain(practices | {"knowledge"}, arrays) == attribution.log_gain(practices, arrays)


@given(GAINS)
def test_shares_are_the_mean_over_all_orders_of_removal(gains):
    arrays = {cause: np.array([gain]) for cause, gain in gains.items()}
    expected = dict.fromkeys(attribution.CAUSES, 0.0)
    for order in permutations(attribution.CAUSES):
        for place, cause in enumerate(order):
            worth = [
                400 * np.expm1(attribution.log_gain(frozenset(order[:end]), arrays)[0]) for end in (place, place + 1)
            ]
            expected[cause] += (worth[1] - worth[0]) / 24
    found = shares(400, gains)
    assert {cause: found[cause] for cause in attribution.CAUSES} == pytest.approx(expected, abs=1e-6)


def test_two_practices_computed_by_hand():
    # Doubling each: alone either brings 400, together 1,200; each gets (400 + 800) / 2.
    gains = {"fertilizer": np.log(2), "pod_borer": np.log(2), "technique": 0.0, "knowledge": 0.0}
    assert shares(400, gains) == pytest.approx({"fertilizer": 600, "pod_borer": 600, "technique": 0, "knowledge": 0})


def test_draws_are_attributed_one_by_one():
    rng = np.random.default_rng(1)
    gains = {cause: rng.uniform(0, 0.5, 5) for cause in attribution.CAUSES}
    yields = rng.uniform(200, 600, 5)
    together = attribution.shapley(yields, gains, NO_LIMIT)
    for draw in range(5):
        alone = shares(yields[draw], {cause: gain[draw] for cause, gain in gains.items()})
        assert {cause: values[draw] for cause, values in together.items()} == pytest.approx(alone)


# Waterfall, attainable yields, variants.


def simulated_shares(size: int = 2000) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(5)
    gains = {cause: rng.normal(0.2, 0.3, size) for cause in attribution.CAUSES}
    present = rng.uniform(300, 900, size)
    return attribution.shapley(present, gains, NO_LIMIT), present


@pytest.mark.parametrize("attainable", [600.0, 1000.0, 2000.0])
def test_waterfall_leads_from_the_present_to_the_attainable_yield(attainable):
    shares_, present = simulated_shares()
    steps = attribution.waterfall(shares_, present, attainable, 0.9)
    assert steps["end"].iloc[-2] == pytest.approx(attainable)
    assert steps["end"].iloc[-1] == attainable
    middle = steps[steps["kind"] == "step"]
    assert middle["start"].tolist() == pytest.approx([present.mean(), *middle["end"].iloc[:-1]])
    assert set(middle["name"]) == {*attribution.CAUSES, "unexplained"}
    assert middle["name"].tolist()[:-1] == list(shares_)
    assert (steps["lower"] <= steps["upper"]).all()


def test_explained_and_unexplained_add_up_to_the_gap_for_every_attainable_yield():
    shares_, present = simulated_shares()
    choices = pd.DataFrame({"name": ["a", "b"], "yield_kg_per_ha": [1000.0, 2000.0], "source_id": "parameter"})
    found = attribution.explained_by_attainable(shares_, present, choices, ("a@prices:2",))
    assert found["source_id"].tolist() == ["a@prices:2;parameter"] * 2
    held = found[list(attribution.CAUSES)].sum(axis=1)
    assert (held + found["unexplained"]).tolist() == pytest.approx(found["gap"].tolist())
    assert found["explained_share"].tolist() == pytest.approx((held / found["gap"]).tolist())
    # What a cause holds back does not move with the attainable yield.
    assert found["pod_borer"].nunique() == 1
    assert found["gap"].diff().iloc[-1] == pytest.approx(1000)


def simulated_pests(size: int) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    is_sabah = np.arange(size) % 2 == 0
    gain = np.where(is_sabah, 0.05, 0.5)
    return pd.DataFrame(
        {"log_gain_sleeving": gain, "is_sabah": is_sabah, "log_gain_pod_removal_there": rng.uniform(0.1, 0.2, size)}
    )


def test_variants_move_the_causes_as_they_must():
    size = 400
    rng = np.random.default_rng(3)
    effects = {cause: rng.normal(0.3, 0.1, size) for cause in ("fertilizer", "technique", "knowledge")}
    left = attribution.draw_uptake(list(effects), rng, size)
    table = attribution.variants(np.full(size, 500.0), effects, left, simulated_pests(size), NO_LIMIT, RANKED, 0.9)
    wide = table.pivot(index="variant", columns="cause", values="value")
    assert len(table) == 6 * len(attribution.CAUSES)
    assert wide.at["damage curve of Sabah alone", "pod_borer"] < wide.at["as published", "pod_borer"]
    assert wide.at["as published", "pod_borer"] < wide.at["report of Aceh Timur alone", "pod_borer"]
    assert wide.at["black pod removed as well", "pod_borer"] > wide.at["as published", "pod_borer"]
    assert (
        wide.at["nobody has taken up a practice", "fertilizer"]
        > wide.at["half have taken up each practice", "fertilizer"]
    )
    assert table.loc[table["cause"] == "technique", "first"].isna().all()
    first = table.groupby("variant")["first"].sum()
    assert first.tolist() == pytest.approx([1.0] * len(first))
    aceh = simulated_pests(size).assign(is_sabah=False)
    left_over = attribution.variants(np.full(size, 500.0), effects, left, aceh, NO_LIMIT, RANKED, 0.9)
    assert set(table["variant"]) - set(left_over["variant"]) == {"damage curve of Sabah alone"}


def test_first_variant_is_what_is_published():
    size = 300
    rng = np.random.default_rng(3)
    effects = {cause: rng.normal(0.3, 0.1, size) for cause in ("fertilizer", "technique", "knowledge")}
    left = attribution.draw_uptake(list(effects), rng, size)
    pests = simulated_pests(size)
    table = attribution.variants(np.full(size, 500.0), effects, left, pests, NO_LIMIT, RANKED, 0.9)
    gains = {cause: draws * left[cause] for cause, draws in effects.items()}
    gains["pod_borer"] = pests["log_gain_sleeving"].to_numpy()
    expected = attribution.shapley(np.full(size, 500.0), gains, NO_LIMIT)
    for row in table[table["variant"] == "as published"].itertuples():
        assert row.value == pytest.approx(np.median(expected[row.cause]))


# Which comes first.


def test_a_tie_is_split_and_not_given_to_the_first_name():
    shares_ = {"fertilizer": np.array([5.0, 1.0, 0.0, 2.0]), "pod_borer": np.array([5.0, 3.0, 0.0, 1.0])}
    shares_["knowledge"] = np.array([1.0, 3.0, 0.0, 0.0])
    # By hand: 1/2 + 0 + 1/3 + 1, 1/2 + 1/2 + 1/3 + 0, 0 + 1/2 + 1/3 + 0, each over four draws.
    expected = {"fertilizer": 11 / 24, "pod_borer": 8 / 24, "knowledge": 5 / 24}
    assert attribution.chances_to_be_largest(shares_) == pytest.approx(expected)


def test_shares_that_differ_in_the_last_bit_of_their_sums_tie():
    shares_ = {"fertilizer": np.array([0.1 + 0.2]), "pod_borer": np.array([0.3]), "knowledge": np.array([0.3 - 1e-6])}
    assert attribution.chances_to_be_largest(shares_) == {"fertilizer": 0.5, "pod_borer": 0.5, "knowledge": 0.0}


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=30), st.permutations(range(3)))
def test_chances_add_up_and_do_not_depend_on_the_order_of_the_names(rows, order):
    names = ("a", "b", "c")
    columns = dict(zip(names, np.array(rows, dtype=float).T, strict=True))
    found = attribution.chances_to_be_largest(columns)
    turned = attribution.chances_to_be_largest({names[i]: columns[names[i]] for i in order})
    assert sum(found.values()) == pytest.approx(1)
    assert turned == pytest.approx(found)


def test_a_cause_is_ranked_only_with_evidence_that_is_more_than_very_low():
    measures = {"fertilizer": "mineral_fertilizer", "technique": "pruning", "knowledge": "training"}
    measures["pod_borer"] = "pod_sleeving"
    graded = ["mineral_fertilizer", "pruning", "training", "pod_sleeving"]
    certainties = pd.DataFrame({"measure": graded, "steps": [2, 1, 0, 2]})
    assert estimates.ranked_causes(certainties, measures) == ("fertilizer", "pod_borer")
    certainties["steps"] = [1, 2, 4, 1]
    assert estimates.ranked_causes(certainties, measures) == ("technique", "knowledge")
