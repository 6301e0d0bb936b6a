"""What fertilizer and every measure bring at the settings of a reader, from all draws of the project."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.bayes.mixture import stream
from pipeline.kit.data.contracts import read_clean, read_table
from pipeline.site.calculator_settings import Field, Settings, defaults, fields, notes, outside, problems
from pipeline.study.evidence.tables import BASELINES, COSTS
from pipeline.study.fertilizer import best_dose, response_curves
from pipeline.study.pests import pest_control, pest_losses
from pipeline.study.pests.pest_losses import DamageCurve
from pipeline.study.prices import prices_now
from pipeline.study.prices.tables import EXCHANGE_CPI, LOCAL_PRICES
from pipeline.study.scenarios import farm, measures, options
from pipeline.study.scenarios.options import BAD_CASE


@dataclass(frozen=True)
class Base:
    """All that stays the same when the reader moves a setting; arrays are draws of shape (draws,).

    ``inputs`` are those of the scenarios with labour in days (a wage of one), ``clean`` the yield in kg/ha of a hectare
    without the pod borer, ``attacked`` shares of pods, ``left`` the share of the attack that sleeving leaves,
    ``ranked`` the names of options with enough evidence.
    """

    params: Any
    fields: dict[str, Field]
    inputs: measures.Inputs
    clean: np.ndarray
    attacked: np.ndarray
    curve: DamageCurve
    left: np.ndarray
    ranked: frozenset[str]


def collect(params: Any) -> Base:
    """Everything that the calculator rests on, from the clean tables and the results of the stages."""
    pests, seed = read_table("13_survey", "pests"), params.uncertainty.seed
    inputs = respond(_inputs(params, pests), seed)
    drawn = read_table("13_survey", "damage_curve")
    curve = DamageCurve(drawn["at_all"].to_numpy(), drawn["power"].to_numpy())
    any_price = {"ceiling": 1.0, "market": 1.0}
    certainties = pd.concat([read_table("05_model_evidence", "certainty"), read_table("07_model_pests", "certainty")])
    ranked = measures.is_ranked(measures.build_options(inputs, any_price), certainties)
    names = frozenset(name for name, enough in ranked.items() if enough)
    attacked, left = (pests[name].to_numpy() for name in ("attacked", "left_pod_sleeving"))
    clean = inputs.yields.without_borer
    return Base(params, fields(params), inputs, clean, attacked, curve, left, names)


def _inputs(params: Any, pests: pd.DataFrame) -> measures.Inputs:
    """The inputs of the scenarios, without response curves and with labour in days."""
    predicted, seed = read_table("13_survey", "effects"), params.uncertainty.seed
    training, compost = _bought(params, len(pests))
    days = {
        "spreading": params.fertilizer.labour_days_per_ha,
        "sleeving": params.scenarios.sleeving_days_per_ha,
        "pruning": params.scenarios.pruning_days_per_ha,
    }
    present = read_table("13_survey", "present")["yield_kg_per_ha"].to_numpy()
    return measures.Inputs(
        yields=options.yields_of(present, pests),
        effects={name: predicted[name].to_numpy() for name in predicted},
        pest_gains={name: pests[f"log_gain_{name}_there"].to_numpy() for name in ("pod_sleeving", "borer_sanitation")},
        responses={},
        is_plateau=best_dose.draw_family(seed, len(pests)),
        labour=farm.draw_labour(days, 1.0, params.scenarios.assumed_factor, seed, len(pests)),
        sleeves=farm.draw_assumed(
            params.scenarios.sleeves_idr_per_ha, params.scenarios.assumed_factor, seed, "sleeves", len(pests)
        ),
        training=training,
        compost=compost,
        full_dose=params.fertilizer.dose_kg_per_ha,
        transport=params.fertilizer.transport_idr_per_kg,
        potential=params.yield_gap.potential_kg_per_ha,
    )


def _bought(params: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the yearly cost of training and of compost in Rp/ha."""
    costs, baselines = read_clean(COSTS), read_clean(BASELINES)
    prices = read_clean(LOCAL_PRICES)
    rates = prices_now.exchange_rates(read_clean(EXCHANGE_CPI), costs)
    rate = prices_now.rate_of(rates, params.prices.as_of)["idr_per_usd"]
    area, years, seed = params.scenarios.area_per_farmer_ha, params.scenarios.training_years, params.uncertainty.seed
    training, _ = farm.training_cost(costs, rate, area, years, stream(seed, "training cost"), size)
    transport, factor = params.fertilizer.transport_idr_per_kg, params.prices.fertilizer_multiplier
    rng = stream(seed, "compost")
    compost, _ = measures.compost_cost(prices, (costs, baselines), transport, factor, rng, size)
    return training, compost


def at_draws(inputs: measures.Inputs, rows: np.ndarray) -> measures.Inputs:
    """The inputs in some draws only: ``rows`` is true where a draw stays, shape (draws,)."""

    def kept(held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: draws[rows] for name, draws in held.items()}

    curves = inputs.responses.items()
    return replace(
        inputs,
        yields=options.Yields(inputs.yields.with_borer[rows], inputs.yields.without_borer[rows]),
        effects=kept(inputs.effects),
        pest_gains=kept(inputs.pest_gains),
        responses={name: replace(curve, gain=curve.gain[rows], shape=curve.shape[rows]) for name, curve in curves},
        is_plateau=inputs.is_plateau[rows],
        labour=kept(inputs.labour),
        sleeves=inputs.sleeves[rows],
        training=inputs.training[rows],
        compost=inputs.compost[rows],
    )


def respond(inputs: measures.Inputs, seed: int) -> measures.Inputs:
    """The inputs with the response curves of their yield where the borer is."""
    gain = response_curves.extra_yield(inputs.yields.with_borer, inputs.effects["mineral_fertilizer"], inputs.potential)
    return replace(inputs, responses=best_dose.draw_responses(inputs.full_dose, gain, seed))


Result = dict[str, Any]

# Share of the draws that a yield and an attack must leave possible. With a tenth of 20,000 draws each end of a 90 %
# interval rests on a hundred; with fewer it jumps, and the two numbers hardly occur together anyway.
LEAST_POSSIBLE = 0.1


def inputs_at(base: Base, settings: Settings) -> measures.Inputs:
    """The inputs with the yield, the attack and the wage of the reader in place of the spread of the district.

    A yield that is not known is that of a hectare with the attack of the reader: clean trees less what the borer takes.
    """
    attacked = _attacked(base, settings)
    known = None if settings.yield_now is None else np.full(len(attacked), settings.yield_now)
    yields = options.Yields(
        base.clean * (1 - base.curve.loss(attacked)) if known is None else known,
        base.clean if known is None else known,
    )
    gain = pest_control.borer_gain(base.curve, attacked, base.left)
    inputs = replace(
        base.inputs,
        yields=yields,
        labour={task: days * settings.wage for task, days in base.inputs.labour.items()},
        pest_gains={**base.inputs.pest_gains, "pod_sleeving": gain},
    )
    return respond(inputs, base.params.uncertainty.seed)


def _attacked(base: Base, settings: Settings) -> np.ndarray:
    """The share of pods attacked, shape (draws,): that of the reader, or the spread of the district."""
    return base.attacked if settings.attacked is None else np.full(len(base.attacked), settings.attacked / 100)


def possible_draws(base: Base, settings: Settings) -> np.ndarray:
    """In which draws trees can bear the yield of the reader at the attack, shape (draws,).

    Without the borer they would bear more; a draw in which that passes the potential of the clones is not possible. A
    yield that is not known comes with its draw of the pest, and the regency has only possible pairs.
    """
    if settings.yield_now is None:
        return np.ones(len(base.clean), dtype=bool)
    clean = pest_losses.yield_without(np.array(settings.yield_now), 1.0, base.curve.loss(_attacked(base, settings)))
    return clean <= base.inputs.potential


def options_at(base: Base, inputs: measures.Inputs, price: float) -> dict[str, options.Option]:
    """The ranked options by name, with one price of fertilizer in Rp/kg: single measures, then packages."""
    others, mineral = measures.other_measures(inputs), measures.fertilizer(inputs, price)
    found = [
        *(options.Option(name, (measure,)) for name, measure in others.items()),
        *measures.packages(mineral, others),
    ]
    kept = {option.name: option for option in found if option.name in base.ranked}
    return {"fertilizer": options.Option("fertilizer", (mineral,)), **kept}


def evaluate(base: Base, settings: Settings) -> Result:
    """The result at any settings; only ``problems`` and ``notes`` when a setting allows none.

    Keys: ``problems`` and ``notes`` (codes by setting); ``outside`` (settings of which the evidence says nothing);
    ``dose`` (``lower``, ``value``, ``upper`` of the best dose in kg/ha for who knows the response), ``mean_dose`` (the
    one dose that is best in the mean) and ``mean_income`` (what it brings in the mean, Rp/ha); ``options`` (``name``,
    ``value``, ``lower``, ``upper`` of net income in Rp/ha, ``cost`` its median cost, ``bad`` the income that one draw
    in ten does not reach, ``loss`` the chance of one; the best median first); ``left_out`` (options with sleeving where
    there is no borer, or an attack outside the evidence); ``tied``, ``safest`` and ``cheapest`` (as in
    ``options.Choice``, the highest median first; empty when no median is above zero or a setting is outside), and
    ``chance``, the share of draws in which the first of them beats all others and doing nothing. All of these come
    from the draws that are possible at the yield and the attack; ``possible`` is their share. Below ``LEAST_POSSIBLE``
    there are no options, and no doses.
    """
    found = problems(settings, base.fields, base.params.prices.harvest_days_per_kg)
    if found:
        return {"problems": found, "notes": {}}
    noted = notes(settings, base.fields)
    unknown = outside(noted)
    rows = possible_draws(base, settings)
    known: Result = {"problems": found, "notes": noted, "outside": unknown, "possible": float(rows.mean())}
    if known["possible"] < LEAST_POSSIBLE:
        return {**known, "left_out": [], "options": [], **_leading({}, is_outside=True)}
    inputs = at_draws(inputs_at(base, settings), rows)
    sleeves_known = settings.attacked != 0 and "attacked" not in unknown
    net = farm.net_bean_price(settings.cocoa, base.params.prices.harvest_days_per_kg, settings.wage)
    offered = options_at(base, inputs, settings.fertilizer)
    left_out = [name for name, option in offered.items() if len(option.done(sleeves_known)) < len(option.measures)]
    mean_dose, best = measures.best_fertilizer(inputs, settings.fertilizer, net)
    at_best = options.Option("fertilizer_best", (best,))
    now = inputs.yields.with_borer
    mean_income = options.assess(at_best, now, net, inputs.potential)["net_income_idr_per_ha"].mean()
    if mean_dose < inputs.full_dose:
        offered[at_best.name] = at_best
    outcomes = {
        name: options.assess(option, now, net, inputs.potential)
        for name, option in offered.items()
        if name not in left_out
    }
    return {
        **known,
        "dose": _interval(best_doses(base, inputs, settings, net), base.params.uncertainty.interval_level),
        "mean_dose": float(mean_dose),
        "mean_income": float(mean_income),
        "left_out": left_out,
        "options": _rows(outcomes, base.params.uncertainty.interval_level),
        **_leading(outcomes, bool(unknown)),
    }


def best_doses(base: Base, inputs: measures.Inputs, settings: Settings, net: float) -> np.ndarray:
    """Draws of the best dose in kg/ha, as in the fertilizer stage."""
    spreading = inputs.labour["spreading"] / inputs.full_dose
    costs = best_dose.Costs(settings.cocoa, net, inputs.transport, spreading)
    ratio = costs.full_ratio(costs.price_ratio(settings.fertilizer))
    return best_dose.average(
        {name: curve.optimal_dose(ratio) for name, curve in inputs.responses.items()}, inputs.is_plateau
    )


def _interval(draws: np.ndarray, level: float) -> dict[str, float]:
    lower, value, upper = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return {"lower": float(lower), "value": float(value), "upper": float(upper)}


def _rows(outcomes: dict[str, dict[str, np.ndarray]], level: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, outcome in outcomes.items():
        income = outcome["net_income_idr_per_ha"]
        known = {"cost": float(np.median(outcome["cost_idr_per_ha"])), "loss": float((income < 0).mean())}
        rows.append({"name": name, **_interval(income, level), "bad": float(np.quantile(income, BAD_CASE)), **known})
    return sorted(rows, key=lambda row: -row["value"])


def _leading(outcomes: dict[str, dict[str, np.ndarray]], is_outside: bool) -> dict[str, Any]:
    """What leads, of the options that the scenarios compare: another dose of one of them is shown, not named."""
    incomes, costs = (
        {name: outcome[part] for name, outcome in outcomes.items() if name != "fertilizer_best"}
        for part in ("net_income_idr_per_ha", "cost_idr_per_ha")
    )
    choice = options.Choice() if is_outside else options.choose(incomes, costs)
    chance = None
    if choice.tied:
        others = [income for name, income in incomes.items() if name != choice.first]
        rivals = np.max([np.zeros(len(incomes[choice.first])), *others], axis=0)
        chance = float((incomes[choice.first] > rivals).mean())
    return {"tied": list(choice.tied), "safest": choice.safest, "cheapest": choice.cheapest, "chance": chance}


def default_result(base: Base) -> Result:
    """The result at the settings at which the published numbers stand."""
    return evaluate(base, defaults(base.fields))
