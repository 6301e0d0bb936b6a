"""What fertilizer and every measure bring at the settings of a reader, from all draws of the project."""

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.model import fertilizer, measures, options, pest_control, scenarios
from pipeline.publish.site.calculator_draws import Base, respond
from pipeline.publish.site.calculator_settings import Settings, defaults, notes, problems

Result = dict[str, Any]


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
    it brings in the mean, Rp/ha); ``options`` (``name``, ``value``, ``lower``, ``upper`` of net income in Rp/ha,
    ``loss`` the chance of one; the best median first); ``left_out`` (options with sleeving where there is no borer);
    ``first`` and ``single``, the best option and the best single measure, ``None`` when no median is above zero;
    ``chance``, the share of draws in which ``first`` beats all others and doing nothing.
    """
    found = problems(settings, base.fields, base.params.prices.harvest_days_per_kg)
    if found:
        return {"problems": found, "notes": {}}
    inputs, has_borer = inputs_at(base, settings), settings.attacked is None or settings.attacked > 0
    net = scenarios.net_bean_price(settings.cocoa, base.params.prices.harvest_days_per_kg, settings.wage)
    offered = options_at(base, inputs, settings.fertilizer)
    left_out = [name for name, option in offered.items() if len(option.done(has_borer)) < len(option.measures)]
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
        "notes": notes(settings, base.fields),
        "dose": _interval(best_doses(base, inputs, settings, net), base.params.uncertainty.interval_level),
        "mean_dose": float(mean_dose),
        "mean_income": float(mean_income),
        "left_out": left_out,
        **_ranking(outcomes, base.params.uncertainty.interval_level, offered),
    }


def best_doses(base: Base, inputs: measures.Inputs, settings: Settings, net: float) -> np.ndarray:
    """Draws of the best dose in kg/ha, as in the fertilizer stage."""
    spreading = base.params.fertilizer.labour_days_per_ha * settings.wage / inputs.full_dose
    costs = fertilizer.Costs(settings.cocoa, net, inputs.transport, spreading)
    ratio = costs.full_ratio(costs.price_ratio(settings.fertilizer))
    return fertilizer.average(
        {name: curve.optimal_dose(ratio) for name, curve in inputs.responses.items()}, inputs.is_plateau
    )


def _interval(draws: np.ndarray, level: float) -> dict[str, float]:
    lower, value, upper = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return {"lower": float(lower), "value": float(value), "upper": float(upper)}


def _ranking(
    outcomes: dict[str, dict[str, np.ndarray]], level: float, offered: dict[str, options.Option]
) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            **_interval(outcome["net_income_idr_per_ha"], level),
            "loss": float((outcome["net_income_idr_per_ha"] < 0).mean()),
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
