"""What fertilizer and every measure bring at the settings of a reader, from all draws of the project."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline import tables
from pipeline.contracts import read_clean
from pipeline.model import damage, incidence, measures, options, pest_control, response, scenarios
from pipeline.model import fertilizer as fertilizer_model
from pipeline.model.damage import DamageCurve
from pipeline.model.draws import stream
from pipeline.publish.site.calculator_settings import Field, Settings, defaults, fields, notes, problems
from pipeline.results import read_table

Result = dict[str, Any]


@dataclass(frozen=True)
class Base:
    """All that stays the same when the reader moves a setting; arrays are draws of shape (draws,).

    ``inputs`` are those of the scenarios with labour in days (a wage of one), ``attacked`` shares of pods, ``left``
    the share of the attack that sleeving leaves, ``ranked`` the names of options with enough evidence.
    """

    params: Any
    fields: dict[str, Field]
    inputs: measures.Inputs
    attacked: np.ndarray
    curve: DamageCurve
    left: float
    ranked: frozenset[str]


def collect(params: Any) -> Base:
    """Read the draws that the stages wrote, and draw again from the same streams what they did not write."""
    costs, baselines, effects, reports, prices = (
        read_clean(t)
        for t in (tables.COSTS, tables.BASELINES, tables.EFFECTS, tables.PEST_REPORTS, tables.LOCAL_PRICES)
    )
    seed, predicted, pests = params.uncertainty.seed, *_posterior()
    present = read_table("04_yield_gap", "draws")["yield_kg_per_ha"].to_numpy()
    size = len(present)
    before, after = incidence.attack_figures(baselines, effects)
    curves, _ = damage.draw_readings(
        effects, reports, params.pests.sabah_curve_weight, stream(seed, "damage curve"), size
    )
    exchange = read_clean(tables.EXCHANGE_CPI).dropna(subset="idr_per_usd").iloc[-1]
    training, _ = scenarios.training_cost(
        costs,
        exchange["idr_per_usd"],
        params.scenarios.area_per_farmer_ha,
        params.scenarios.training_years,
        stream(seed, "training cost"),
        size,
    )
    transport = params.fertilizer.transport_idr_per_kg
    compost, _ = measures.compost_cost(
        prices,
        (costs, baselines),
        transport,
        params.prices.fertilizer_multiplier,
        stream(seed, "compost"),
        size,
    )
    days = {
        "spreading": params.fertilizer.labour_days_per_ha,
        "sleeving": params.scenarios.sleeving_days_per_ha,
        "pruning": params.scenarios.pruning_days_per_ha,
    }
    inputs = measures.Inputs(
        yield_now=present,
        effects={name: predicted[name].to_numpy() for name in predicted},
        pest_gains={n: pests[f"log_gain_{n}_there"].to_numpy() for n in ("pod_sleeving", "borer_sanitation")},
        responses={},
        is_plateau=fertilizer_model.draw_family(seed, size),
        labour=scenarios.draw_labour(days, 1.0, seed, size),
        training=training,
        compost=compost,
        full_dose=params.fertilizer.dose_kg_per_ha,
        transport=transport,
        ceiling=params.yield_gap.ceiling_kg_per_ha,
    )
    inputs = respond(inputs, seed)
    ranked = measures.is_ranked(
        measures.build_options(inputs, {"ceiling": 1.0, "market": 1.0}), read_table("05_model_evidence", "studies")
    )
    return Base(
        params,
        fields(params),
        inputs,
        pests["attacked"].to_numpy(),
        curves["mixture"],
        after / before,
        frozenset(name for name, enough in ranked.items() if enough),
    )


def _posterior() -> tuple[Any, Any]:
    return read_table("05_model_evidence", "draws"), read_table("07_model_pests", "draws")


def respond(inputs: measures.Inputs, seed: int) -> measures.Inputs:
    """The inputs with the response curves of their yield."""
    gain = response.extra_yield(inputs.yield_now, inputs.effects["mineral_fertilizer"], inputs.ceiling)
    return replace(inputs, responses=fertilizer_model.draw_responses(inputs.full_dose, gain, seed))


def inputs_at(base: Base, settings: Settings) -> measures.Inputs:
    """The inputs with the yield, the attack and the wage of the reader in place of the spread of the district."""
    inputs = replace(base.inputs, labour={task: days * settings.wage for task, days in base.inputs.labour.items()})
    if settings.yield_now is not None:
        inputs = respond(
            replace(inputs, yield_now=np.full_like(inputs.yield_now, settings.yield_now)), base.params.uncertainty.seed
        )
    if settings.attacked is not None:
        gain = pest_control.borer_gain(base.curve, np.full_like(base.attacked, settings.attacked / 100), base.left)
        inputs = replace(inputs, pest_gains={**inputs.pest_gains, "pod_sleeving": gain})
    return inputs


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

    Keys: ``problems`` and ``notes`` (codes by setting); ``dose`` (``lower``, ``value``, ``upper`` of the best dose in
    kg/ha for who knows the response), ``mean_dose`` (the one dose that is best in the mean) and ``mean_income`` (what
    it brings in the mean, Rp/ha); ``options`` (``name``,
    ``value``, ``lower``, ``upper`` of net income in Rp/ha, ``loss`` its chance, ``extra`` the median of extra beans in
    kg/ha; the best median first); ``left_out`` (options with sleeving where there is no borer); ``first`` and
    ``single``, the best option and the best single measure, ``None`` when no median is above zero; ``chance``, the
    share of draws in which ``first`` beats all others and doing nothing.
    """
    found = problems(settings, base.fields, base.params.prices.harvest_days_per_kg)
    said = notes(settings, base.fields) if not found else {}
    if found:
        return {"problems": found, "notes": said}
    inputs, has_borer = inputs_at(base, settings), settings.attacked is None or settings.attacked > 0
    net = scenarios.net_bean_price(settings.cocoa, base.params.prices.harvest_days_per_kg, settings.wage)
    offered = options_at(base, inputs, settings.fertilizer)
    left_out = [name for name, option in offered.items() if option.done(has_borer) != option.measures]
    mean_dose, best = measures.best_fertilizer(inputs, settings.fertilizer, net)
    at_best = options.Option("fertilizer_best", (best,))
    mean_income = options.assess(at_best, inputs.yield_now, net, inputs.ceiling)["net_income_idr_per_ha"].mean()
    if mean_dose < inputs.full_dose:
        offered[at_best.name] = at_best
    outcomes = {
        name: options.assess(option, inputs.yield_now, net, inputs.ceiling)
        for name, option in offered.items()
        if name not in left_out
    }
    return {
        "problems": found,
        "notes": said,
        "dose": _interval(best_doses(base, inputs, settings, net), base.params.uncertainty.interval_level),
        "mean_dose": float(mean_dose),
        "mean_income": float(mean_income),
        "left_out": left_out,
        **_ranking(outcomes, base.params.uncertainty.interval_level, offered),
    }


def best_doses(base: Base, inputs: measures.Inputs, settings: Settings, net: float) -> np.ndarray:
    """Draws of the best dose in kg/ha, as in the fertilizer stage."""
    spreading = base.params.fertilizer.labour_days_per_ha * settings.wage / inputs.full_dose
    costs = fertilizer_model.Costs(settings.cocoa, net, inputs.transport, spreading)
    ratio = costs.full_ratio(costs.price_ratio(settings.fertilizer))
    return fertilizer_model.average(
        {name: curve.optimal_dose(ratio) for name, curve in inputs.responses.items()}, inputs.is_plateau
    )


def _interval(draws: np.ndarray, level: float) -> dict[str, float]:
    lower, value, upper = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return {"lower": float(lower), "value": float(value), "upper": float(upper)}


def _ranking(
    outcomes: dict[str, dict[str, np.ndarray]], level: float, offered: dict[str, options.Option]
) -> dict[str, Any]:
    rows = [
        {
            "name": name,
            **_interval(outcome["net_income_idr_per_ha"], level),
            "loss": float((outcome["net_income_idr_per_ha"] < 0).mean()),
            "extra": float(np.median(outcome["extra_kg_per_ha"])),
        }
        for name, outcome in outcomes.items()
    ]
    rows.sort(key=lambda row: -row["value"])
    paying = [row["name"] for row in rows if row["value"] > 0]
    single = [name for name in paying if len(offered[name].measures) == 1]
    first = paying[0] if paying else None
    incomes = {name: outcome["net_income_idr_per_ha"] for name, outcome in outcomes.items()}
    rivals = np.max(
        [np.zeros(len(next(iter(incomes.values())))), *(d for n, d in incomes.items() if n != first)], axis=0
    )
    return {
        "options": rows,
        "first": first,
        "single": single[0] if single else None,
        "chance": float((incomes[first] > rivals).mean()) if first else None,
    }


def default_result(base: Base) -> Result:
    """The result at the settings at which the published numbers stand."""
    return evaluate(base, defaults(base.fields))
