"""Options, prices and costs obey their laws, and bad input is refused by name."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit.data.citations import sources_in
from pipeline.study.evidence import clean as evidence_clean
from pipeline.study.fertilizer import best_dose
from pipeline.study.names import PACKAGES
from pipeline.study.prices import clean
from pipeline.study.prices.scope import Dated
from pipeline.study.scenarios import charts, estimates, farm, measures, options
from pipeline.study.scenarios.cites import ScenarioCites
from pipeline.study.scenarios.options import Measure, Option, Yields

DATED = Dated({name: f"{name} bean price" for name in ("present", "low", "high", "berau", "peak")}, "2026-01")

NO_LIMIT = 1e9
SIZE = 500
GAIN = st.floats(-0.5, 1)
SHARE = st.floats(0, 1)
PRICES = {"ceiling": 2640.0, "ceiling_before": 3300.0, "market": 17000.0}


def one(practice: str, gain: float, cost: float, needs_borer: bool = False) -> Measure:
    return Measure(practice, np.array([gain, gain / 2]), np.array([cost, cost * 2]), needs_borer)


@pytest.fixture(scope="module")
def inputs() -> measures.Inputs:
    """Simulated draws in the range of the real ones."""
    rng = np.random.default_rng(1)
    effects = {
        kind: rng.normal(mean, 0.3, SIZE)
        for kind, mean in {
            "mineral_fertilizer": 0.3,
            "organic_fertilizer": 0.6,
            "pruning": 0.0,
            "training": 0.3,
        }.items()
    }
    now = rng.uniform(400, 1100, SIZE)
    gain = now * np.expm1(effects["mineral_fertilizer"])
    return measures.Inputs(
        yields=Yields(now, now * 1.4),
        effects=effects,
        pest_gains={name: rng.uniform(0, 1, SIZE) for name in ("pod_sleeving", "borer_sanitation")},
        responses=best_dose.draw_responses(400.0, gain, 1),
        is_plateau=best_dose.draw_family(1, SIZE),
        labour={name: rng.uniform(1e6, 8e6, SIZE) for name in ("spreading", "sleeving", "pruning")},
        sleeves=rng.uniform(1e6, 4e6, SIZE),
        training=rng.uniform(2e5, 6e5, SIZE),
        compost=rng.uniform(7e6, 9e6, SIZE),
        full_dose=400.0,
        transport=200.0,
        potential=2750.0,
    )


# Options.


@given(st.lists(st.tuples(GAIN, st.floats(0, 1e7)), min_size=1, max_size=3))
def test_package_adds_costs_and_multiplies_gains(parts):
    package = Option(
        "all", tuple(one(practice, *part) for practice, part in zip(options.PRACTICES, parts, strict=False))
    )
    assert np.exp(package.log_gain()[0]) == pytest.approx(np.prod([np.exp(gain) for gain, _ in parts]))
    assert package.cost() == pytest.approx(np.array([1, 2]) * sum(cost for _, cost in parts))


@given(GAIN, st.lists(GAIN, max_size=3))
def test_training_is_not_counted_again_through_practices_of_the_package(taught, gains):
    training = one("knowledge", taught, 1e5)
    others = [one(practice, gain, 1e6) for practice, gain in zip(options.PRACTICES, gains, strict=False)]
    package = Option("p", (training, *others))
    assert package.log_gain()[0] == pytest.approx(sum(gains) + taught * (1 - len(gains) / 3), abs=1e-12)
    assert package.cost()[0] == pytest.approx(1e5 + 1e6 * len(gains))


def test_without_the_borer_nobody_sleeves_but_the_rest_is_done():
    mineral, sleeves = one("fertilizer", 0.3, 2e6), one("pests", 0.5, 6e6, needs_borer=True)
    package, alone = Option("package", (sleeves, mineral)), Option("sleeving", (sleeves,))
    assert package.log_gain(False).tolist() == mineral.log_gain.tolist()
    assert package.cost(False).tolist() == mineral.cost_idr_per_ha.tolist()
    assert alone.log_gain(False).tolist() == alone.cost(False).tolist() == [0, 0]


@given(st.floats(0.01, 1), SHARE)
def test_sleeving_never_covers_more_than_the_area_with_the_borer(adoption, attacked):
    sleeving = Option("s", (one("pests", 0.5, 6e6, needs_borer=True),))
    now = np.array([400.0, 400.0])
    with_borer = options.share_with_borer(np.full(2, attacked), adoption)
    extra = options.mean_extra(sleeving, Yields(now, 2 * now), NO_LIMIT, with_borer)
    tonnes = options.extra_tonnes(extra, 1000.0, adoption)
    covered = min(adoption, attacked)
    assert tonnes[0] == pytest.approx(400 * np.expm1(0.5) * 1000 * covered / 1000, rel=1e-9, abs=1e-9)


def test_nobody_takes_part_and_nothing_is_added():
    with_borer = options.share_with_borer(np.array([0.3, 0.9]), 0.0)
    assert np.isfinite(with_borer).all()
    assert options.extra_tonnes(np.array([100.0, 200.0]), 1000.0, 0.0).tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"adoption of 1\.5"):
        options.extra_tonnes(np.array([100.0]), 1000.0, 1.5)


@given(st.floats(0, 500), st.floats(1, 5000), SHARE, SHARE)
def test_extra_tonnes_are_linear_in_area_and_adoption(extra, hectares, adoption, factor):
    base = options.extra_tonnes(np.array([extra]), hectares, adoption)
    for more in (
        options.extra_tonnes(np.array([extra]), hectares * factor, adoption),
        options.extra_tonnes(np.array([extra]), hectares, adoption * factor),
    ):
        assert more == pytest.approx(base * factor)


def assess(gain: float, cost: float) -> dict[str, float]:
    option = Option("m", (Measure("technique", np.array([gain]), np.array([cost])),))
    found = options.assess(option, np.array([400.0]), 70000, NO_LIMIT)
    return {name: float(values[0]) for name, values in found.items()}


def test_option_is_assessed_as_by_hand():
    assert assess(np.log(1.5), 4e6) == pytest.approx(
        {"extra_kg_per_ha": 200, "cost_idr_per_ha": 4e6, "net_income_idr_per_ha": 1e7, "value_cost_ratio": 3.5}
    )


@given(st.floats(1e5, 1e7), GAIN)
def test_income_is_positive_exactly_when_value_exceeds_cost(cost, gain):
    found = assess(gain, cost)
    income, ratio = found["net_income_idr_per_ha"], found["value_cost_ratio"]
    assert income == pytest.approx((ratio - 1) * cost, rel=1e-9, abs=1e-3)


def test_option_that_costs_nothing_has_no_ratio():
    with pytest.raises(ValueError, match="option m costs 0 Rp/ha"):
        assess(0.1, 0.0)


@given(SHARE)
def test_income_over_the_area_lies_between_that_with_and_without_the_borer(share):
    package = Option("p", (one("fertilizer", 0.3, 2e6), one("pests", 0.5, 6e6, needs_borer=True)))
    now, ends = np.array([400.0, 900.0]), []
    for with_borer in (0.0, 1.0, share):
        ends.append(options.mean_income(package, Yields(now, 2 * now), 64000.0, NO_LIMIT, np.full(2, with_borer)))
    without, there, between = ends
    assert between == pytest.approx(share * there + (1 - share) * without)


# The measures that are compared.


def test_options_have_names_in_both_languages_and_are_as_dear_as_their_parts(inputs):
    found = measures.build_options(inputs, PRICES)
    assert set(found) == set(PACKAGES)
    cost = {name: option.cost() for name, option in found.items()}
    assert cost["package"] == pytest.approx(cost["fertilizer_ceiling"] + cost["pod_sleeving"])
    assert cost["full_package"] == pytest.approx(cost["package"] + cost["training"])
    dearer = cost["fertilizer_market"] - cost["fertilizer_ceiling"]
    assert dearer == pytest.approx(400 * (17000 - 2640))


@given(st.floats(500, 60000), st.floats(15000, 120000))
def test_best_dose_is_no_worse_than_the_full_one_and_falls_with_the_price(inputs, price, bean_price):
    dose, best = measures.best_fertilizer(inputs, price, bean_price)
    full = measures.fertilizer(inputs, price)
    assert 0 < dose <= inputs.full_dose

    def income(measure: Measure) -> float:
        extra = inputs.yields.with_borer * np.expm1(measure.log_gain)
        return float((extra * bean_price - measure.cost_idr_per_ha).mean())

    assert income(best) >= income(full) - 1e-6 * abs(income(full))
    assert measures.best_fertilizer(inputs, price * 2, bean_price)[0] <= dose


def test_only_what_has_more_than_very_low_evidence_is_ranked(inputs):
    kinds = ["mineral_fertilizer", "training", "organic_fertilizer", "pruning", "pod_sleeving", "borer_sanitation"]
    certainties = pd.DataFrame({"measure": kinds, "steps": [2, 3, 1, 0, 2, 0]})
    found = measures.is_ranked(measures.build_options(inputs, PRICES), certainties)
    assert {name for name, ranked in found.items() if not ranked} == {
        "borer_sanitation",
        "pruning",
        "organic_fertilizer",
    }
    steps = [1, 2, 1, 0, 1, 3]
    without = measures.is_ranked(measures.build_options(inputs, PRICES), certainties.assign(steps=steps))
    assert [name for name, ranked in without.items() if ranked] == ["borer_sanitation", "training"]


def compost(prices: pd.DataFrame, multiplier: float = 1.0) -> tuple[np.ndarray, tuple[str, ...]]:
    given_tables = (evidence_clean.costs(), evidence_clean.baselines())
    return measures.compost_cost(prices, given_tables, 200.0, multiplier, np.random.default_rng(1), 200)


def test_compost_costs_what_ten_kg_a_tree_cost():
    cost, cited = compost(clean.local_prices(1.6))
    # 900 to 1,100 trees, 10 kg each, at Rp 640 and Rp 200 of freight.
    assert cost.min() >= 900 * 10 * 840
    assert cost.max() <= 1100 * 10 * 840
    assert "timesjatim_2025_10" in sources_in(cited)
    assert compost(clean.local_prices(1.6), 2.0)[0] == pytest.approx(cost / 840 * 1480)


def test_compost_without_a_price_or_at_a_price_of_zero_is_refused():
    prices = clean.local_prices(1.6)
    with pytest.raises(ValueError, match="no ceiling price of organic fertilizer"):
        compost(prices[prices["item"] != "organic"])
    free = prices.assign(price_idr_per_kg=prices["price_idr_per_kg"].where(prices["price_id"] != "F077", 0.0))
    with pytest.raises(ValueError, match="F077 of organic fertilizer is 0 Rp/kg"):
        compost(free)


# Prices.


@pytest.fixture(scope="module")
def grid(inputs) -> pd.DataFrame:
    return measures.price_grid(inputs, {"low": 19000.0, "present": 64000.0, "peak": 114000.0}, PRICES, 0.9)


def test_grid_has_every_option_at_every_price_once(grid):
    keys = ["name", "cocoa", "fertilizer"]
    assert not grid.duplicated(keys).any()
    with_fertilizer = {"fertilizer", "fertilizer_best", "training_fertilizer", "package", "full_package"}
    assert len(grid) == 3 * (5 + 3 * len(with_fertilizer))
    assert set(grid.loc[grid["fertilizer"] != "none", "name"]) == with_fertilizer


def test_at_present_prices_the_grid_says_what_the_options_say(grid, inputs):
    built = measures.build_options(inputs, PRICES)
    rows = grid[grid["cocoa"] == "present"].set_index(["name", "fertilizer"])
    for name, option in built.items():
        summary = options.summarise(options.assess(option, inputs.yields.with_borer, 64000.0, inputs.potential), 0.9)
        key = estimates.IN_GRID.get(name, (name, "none"))
        assert rows.loc[key, list(summary)].to_dict() == pytest.approx(summary)


def test_dearer_beans_and_cheaper_fertilizer_never_raise_the_chance_of_a_loss(grid):
    losses = grid.pivot(index=["name", "fertilizer"], columns="cocoa", values="probability_loss")
    assert (losses["peak"] <= losses["present"]).all()
    assert (losses["present"] <= losses["low"]).all()
    full = grid[grid["name"] == "package"].pivot(index="cocoa", columns="fertilizer", values="probability_loss")
    assert (full["ceiling"] <= full["ceiling_before"]).all()
    assert (full["ceiling_before"] <= full["market"]).all()


def test_price_of_zero_is_named(inputs):
    with pytest.raises(ValueError, match=r"cocoa low is 0 Rp/kg, fertilizer market is -1 Rp/kg"):
        measures.price_grid(inputs, {"low": 0.0}, {"market": -1.0}, 0.9)
    with pytest.raises(ValueError, match="peak price of cocoa: the price of dry beans is 0"):
        farm.net_bean_prices({"low": 25000.0, "peak": 0.0}, 0.04, 150000)


@pytest.mark.parametrize("price", [0.0, -5.0, float("nan")])
def test_bean_price_that_is_none_is_refused(price):
    with pytest.raises(ValueError, match="must be above zero"):
        farm.net_bean_price(price, 0.04, 150000)


def test_bean_price_that_does_not_pay_its_harvest_is_refused():
    assert farm.net_bean_price(70000, 0.04, 150000) == 64000
    with pytest.raises(ValueError, match="does not pay its own harvest"):
        farm.net_bean_price(6000, 0.04, 150000)


def test_rows_of_the_price_figure_follow_the_order_asked_for(grid):
    names = ["training", "fertilizer", "pod_sleeving"]
    rows = charts.price_rows(grid, names, {"low": 25_000, "present": 36_500, "peak": 120_000})
    assert list(dict.fromkeys(rows["name"])) == names
    assert rows["cocoa"].tolist()[:3] == ["low", "present", "peak"]
    assert rows["cocoa_idr_per_kg"].tolist()[:3] == [25_000, 36_500, 120_000]
    assert len(rows) == 3 * (1 + 2 + 1)


# Labour.


@given(st.floats(0.5, 50), st.floats(5e4, 3e5), st.floats(1, 2), st.integers(0, 100))
def test_assumed_labour_costs_up_to_the_factor_below_and_above(days, wage, factor, seed):
    cost = farm.draw_labour({"task": days}, wage, factor, seed, 200)["task"]
    assert (cost >= days * wage / factor * (1 - 1e-12)).all()
    assert (cost <= days * wage * factor * (1 + 1e-12)).all()
    assert np.exp(np.log(cost).mean()) == pytest.approx(days * wage, rel=0.15)


@pytest.mark.parametrize(("month", "monthly"), [("2026-01", 4067436), ("2025-06", 3743820), ("2024-07", 3515324)])
def test_wage_is_that_of_the_year_of_the_prices(month, monthly):
    wage, source = farm.day_wage(evidence_clean.costs(), 25, month)
    assert wage * 25 == pytest.approx(monthly)
    assert source


def test_training_cites_the_least_and_the_most_reported():
    costs = evidence_clean.costs()
    _, cited = farm.training_cost(costs, 16000.0, 1.5, 5.0, np.random.default_rng(1), 10)
    reported = costs[costs["item"].isin(["training_cost", "programme_cost"])]
    ends = reported[["value", "value_low", "value_high"]]
    assert set(cited) == set(
        reported.loc[ends.isin([ends.min(axis=None), ends.max(axis=None)]).any(axis=1), "source_id"]
    )
    assert len(cited) < len(reported)


def test_a_year_without_a_wage_is_named():
    costs = evidence_clean.costs()
    with pytest.raises(ValueError, match="no minimum wage of 2031 for Kutai Timur; it has 2018 to 2026"):
        farm.day_wage(costs, 25, "2031-01")
    with pytest.raises(ValueError, match="no minimum wage of 2026 for Kutai Timur; it has none"):
        farm.day_wage(costs[costs["place"] != "Kutai Timur"], 25, "2026-01")


# The cost curve.


def test_cost_of_a_kg_that_is_sure_is_cost_over_kg():
    assert measures.cost_per_kg(np.full(10, 200.0), np.full(10, 4e6), 0.9) == pytest.approx((2e4, 2e4, 2e4))


@given(st.floats(0, 1), st.integers(0, 50))
def test_draws_that_bring_nothing_are_the_dearest(share, seed):
    rng = np.random.default_rng(seed)
    extra = np.where(rng.random(400) < share, rng.uniform(-50, 0, 400), rng.uniform(1, 300, 400))
    lower, value, upper = measures.cost_per_kg(extra, np.full(400, 3e6), 0.9)
    assert 0 < lower <= value <= upper
    assert np.isinf(value) == (np.quantile(extra, 0.5) <= 0)
    assert np.isinf(upper) == (np.quantile(extra, 0.05) <= 0)


MEASURES = ("training", "pod_sleeving", "pruning", "organic_fertilizer")
CITES = ScenarioCites(
    yields=("yields@kaltim_statistics:2",),
    effects={name: (f"effect_{name}@effects:3",) for name in MEASURES},
    costs={name: (f"cost_{name}@costs:4",) for name in MEASURES},
    wage="wage@costs:5",
)


def test_a_row_of_the_grid_cites_the_prices_of_its_row_and_no_others():
    grid = pd.DataFrame(
        {
            "name": ["fertilizer", "package", "pod_sleeving"],
            "cocoa": ["present", "berau", "low"],
            "fertilizer": ["ceiling", "ceiling_before", "none"],
        }
    )
    full = replace(CITES, effects=CITES.effects | {"fertilizer_ceiling": ("effect_f@effects:9",)})
    prices = {"ceiling": ("now@local_prices:7",), "ceiling_before": ("before@local_prices:9",)}
    rows = [set(cited.split(";")) for cited in full.of_grid(grid, prices)["source_id"]]
    asked = {"now@local_prices:7", "before@local_prices:9"}
    assert [row & asked for row in rows] == [{"now@local_prices:7"}, {"before@local_prices:9"}, set()]
    beans = {f"parameter@params:prices.{name}cocoa_idr_per_kg" for name in ("", "berau_", "low_")}
    assert [sorted(row & beans) for row in rows] == [
        ["parameter@params:prices.cocoa_idr_per_kg"],
        ["parameter@params:prices.berau_cocoa_idr_per_kg"],
        ["parameter@params:prices.low_cocoa_idr_per_kg"],
    ]
    assert ["cost_pod_sleeving@costs:4" in row for row in rows] == [False, True, True]


def test_curve_rises_and_measures_that_bring_nothing_are_not_drawn():
    extra = {"training": np.full(9, 100.0), "pod_sleeving": np.full(9, 300.0), "pruning": np.full(9, -5.0)}
    costs = {"training": np.full(9, 1e6), "pod_sleeving": np.full(9, 6e6), "pruning": np.full(9, 3e6)}
    tonnes = {name: kg * 2 for name, kg in extra.items()}
    curve = measures.cost_curve(extra, costs, tonnes, dict.fromkeys(extra, True), 0.9)
    assert curve["name"].tolist() == ["training", "pod_sleeving", "pruning"]
    blocks = charts.curve_rows(curve, 64000.0)
    assert blocks["name"].tolist() == ["training", "pod_sleeving"]
    assert blocks[["start", "end"]].to_numpy().tolist() == [[0, 200], [200, 800]]
    published = estimates.cost_estimates(curve, DATED, CITES, 0.9, 1)
    assert set(sources_in(published[0].sources)) == {"yields", "effect_training", "cost_training", "parameter"}
    assert published[0].n == 3
    assert [str(estimate.key) for estimate in published] == ["cost_per_kg.training", "cost_per_kg.pod_sleeving"]
    with pytest.raises(ValueError, match="must be above zero"):
        measures.cost_per_kg(np.ones(3), np.array([1.0, 0.0, 1.0]), 0.9)


def test_measures_without_direct_evidence_stand_behind_all_others_and_say_so():
    extra = {"organic_fertilizer": np.full(9, 500.0), "training": np.full(9, 100.0), "pod_sleeving": np.full(9, 300.0)}
    costs = {"organic_fertilizer": np.full(9, 1e6), "training": np.full(9, 1e6), "pod_sleeving": np.full(9, 1e6)}
    ranked = {"organic_fertilizer": False, "training": True, "pod_sleeving": True}
    # Compost is the cheapest by far, on prior knowledge alone.
    curve = measures.cost_curve(extra, costs, extra, ranked, 0.9)
    assert curve["name"].tolist() == ["pod_sleeving", "training", "organic_fertilizer"]
    told = {
        str(e.key): e.basis.endswith("without direct evidence, not ranked")
        for e in estimates.cost_estimates(curve, DATED, CITES, 0.9, 1)
    }
    assert told == {
        "cost_per_kg.pod_sleeving": False,
        "cost_per_kg.training": False,
        "cost_per_kg.organic_fertilizer": True,
    }


# Which option leads.


def test_options_that_are_told_apart_by_fewer_than_nine_draws_of_ten_tie():
    draws = np.arange(10.0)
    incomes = {"best": draws + 1, "near": np.where(draws < 2, draws + 2, draws), "far": draws - 3, "loser": draws - 20}
    costs = {"best": np.full(10, 9.0), "near": np.full(10, 1.0), "far": np.full(10, 0.5), "loser": np.full(10, 0.1)}
    found = options.choose(incomes, costs)
    # By hand: best beats near in 8 of 10 draws, far in all; neither of the tied ever loses, so the first is safest.
    assert (found.first, found.tied) == ("best", ("best", "near"))
    assert (found.safest, found.cheapest) == ("best", "near")


def test_the_safest_of_the_tied_is_the_one_that_loses_least_often():
    draws = np.linspace(-1, 3, 101)
    found = options.choose({"high": draws * 3, "safe": draws * 0.5 + 0.9}, {"high": draws + 9, "safe": draws + 5})
    assert found.tied == ("high", "safe")
    assert (found.first, found.safest, found.cheapest) == ("high", "safe", "safe")


def test_where_no_option_pays_in_the_middle_none_leads():
    assert options.choose({"a": np.array([-1.0, -2.0])}, {"a": np.ones(2)}) == options.Choice()


def outcome(incomes: list[float], cost: float) -> dict[str, np.ndarray]:
    return {"net_income_idr_per_ha": np.array(incomes), "cost_idr_per_ha": np.full(len(incomes), cost)}


def test_words_say_tie_and_name_cost_risk_and_a_bad_case():
    tied = {"package": outcome([-2, 1, 6, 7], 9.0), "training": outcome([0.5, 1.5, 2, 3], 1.0)}
    said = estimates.choice_words(estimates.choice_table(tied))
    assert "cannot be told apart" in said.en
    assert "tidak dapat dibedakan" in said.id
    for words in (said.en, said.id):
        for part in ("net_income", "cost", "probability_loss", "bad_case"):
            assert f"{{scenario.package.{part}" in words
        assert "{scenario.training.cost}" in words
    alone = estimates.choice_words(estimates.choice_table({"package": outcome([5, 6, 7, 8], 9.0)}))
    assert "told apart" not in alone.en
    assert "ahead" in alone.en
    none = estimates.choice_words(estimates.choice_table({"package": outcome([-5, -6], 9.0)}))
    assert "doing nothing" in none.en


def test_summary_holds_the_income_that_one_draw_in_ten_does_not_reach():
    drawn = outcome([float(n) for n in range(11)], 1.0) | {"value_cost_ratio": np.ones(11)}
    assert options.summarise(drawn, 0.9)["bad_case_idr_per_ha"] == pytest.approx(1.0)


def test_a_wage_is_cited_by_costs_with_labour_in_them_and_by_no_other():
    cites = ScenarioCites((), {}, {}, "umk@costs:6")
    with_wage = {name for name in ("training", "pod_sleeving", "fertilizer_ceiling", "organic_fertilizer", "package")
                 if "umk@costs:6" in cites.cost(name)}  # fmt: skip
    assert with_wage == {"pod_sleeving", "fertilizer_ceiling", "package"}
    assert "parameter@params:scenarios.assumed_factor" in cites.cost("pod_sleeving")
