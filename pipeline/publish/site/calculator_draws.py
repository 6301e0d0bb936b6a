"""The draws behind the calculator: those that 13 hands on, and from the same streams those no stage wrote."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline import tables
from pipeline.contracts import read_clean
from pipeline.model import fertilizer, measures, options, prices_now, response, scenarios
from pipeline.model.damage import DamageCurve
from pipeline.model.draws import stream
from pipeline.publish.site.calculator_settings import Field, fields
from pipeline.results import read_table


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
    ranked = measures.is_ranked(measures.build_options(inputs, any_price), read_table("05_model_evidence", "studies"))
    names = frozenset(name for name, enough in ranked.items() if enough)
    attacked, left = (pests[name].to_numpy() for name in ("attacked", "left_by_sleeving"))
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
        is_plateau=fertilizer.draw_family(seed, len(pests)),
        labour=scenarios.draw_labour(days, 1.0, seed, len(pests)),
        sleeves=scenarios.draw_assumed(params.scenarios.sleeves_idr_per_ha, seed, "sleeves", len(pests)),
        training=training,
        compost=compost,
        full_dose=params.fertilizer.dose_kg_per_ha,
        transport=params.fertilizer.transport_idr_per_kg,
        ceiling=params.yield_gap.ceiling_kg_per_ha,
    )


def _bought(params: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the yearly cost of training and of compost in Rp/ha."""
    costs, baselines = read_clean(tables.COSTS), read_clean(tables.BASELINES)
    prices = read_clean(tables.LOCAL_PRICES)
    rates = prices_now.exchange_rates(read_clean(tables.EXCHANGE_CPI), costs)
    rate = prices_now.rate_of(rates, params.prices.as_of)["idr_per_usd"]
    area, years, seed = params.scenarios.area_per_farmer_ha, params.scenarios.training_years, params.uncertainty.seed
    training, _ = scenarios.training_cost(costs, rate, area, years, stream(seed, "training cost"), size)
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
    gain = response.extra_yield(inputs.yields.with_borer, inputs.effects["mineral_fertilizer"], inputs.ceiling)
    return replace(inputs, responses=fertilizer.draw_responses(inputs.full_dose, gain, seed))
