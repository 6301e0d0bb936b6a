"""The draws of the calculator as a script: all of them, each number in one or two bytes.

What moves the tails of the result takes two bytes; days and costs that are small beside them take one. No draw is
left out: half of them would move numbers by up to 2.5 % of their interval, so that the page would contradict what is
published; the codes move them by about a thousandth.
"""

import base64
import inspect
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.model import measures, options
from pipeline.model.response_curves import MITSCHERLICH, QUADRATIC_PLATEAU, Response
from pipeline.publish.site.calculator_draws import Base
from pipeline.publish.site.calculator_model import LEAST_POSSIBLE, options_at
from pipeline.publish.site.calculator_settings import TRIAL_YEARS

GLOBAL = "CACAO_CALCULATOR"
# Columns of two bytes, beside the log gains.
WIDE = ("clean", "shape", "attacked", "at_all", "power", "left", "sleeving")
# What each measure costs, by its column of log gains: columns, and what each counts.
COSTS = {
    "mineral_fertilizer": [("spreading", "dose")],
    "borer": [("sleeving", "day"), ("sleeves", "ha")],
    "pruning_sanitation": [("pruning", "day")],
    "training": [("training_cost", "ha")],
    "organic_fertilizer": [("compost", "ha")],
}


def quantise(values: np.ndarray, width: int) -> tuple[float, float, np.ndarray]:
    """Lowest value, step and codes of ``width`` bytes: each value is ``low + step * code``, to half a step."""
    low, most = float(values.min()), 2 ** (8 * width) - 1
    step = float(f"{(float(values.max()) - low) / most:.8g}")
    codes = np.rint((values - low) / step) if step else np.zeros(values.shape)
    return low, step, np.minimum(codes, most).astype(f"<u{width}")


def shapes(inputs: measures.Inputs) -> np.ndarray:
    """The shape of the curve that each draw follows, shape (draws,)."""
    return np.where(
        inputs.is_plateau,
        inputs.responses[QUADRATIC_PLATEAU.name].shape,
        inputs.responses[MITSCHERLICH.name].shape,
    )


def described(base: Base) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """The options as names of columns, and these columns.

    Each option has ``name`` and ``measures``: ``practice``, ``needs_borer``, ``gain`` (a column of log gains, or
    ``borer``: through the damage curve), ``costs`` (``column`` and ``per``: ``dose``, ``day`` or ``ha``).
    """
    inputs = base.inputs
    gains = {id(draws): name for name, draws in inputs.effects.items()}
    gains[id(inputs.pest_gains["pod_sleeving"])] = "borer"
    columns = {
        "clean": base.clean,
        "shape": shapes(inputs),
        "attacked": base.attacked,
        "at_all": base.curve.at_all,
        "power": base.curve.power,
        "left": base.left,
        "spreading": inputs.labour["spreading"],
    }
    draws_of = {**inputs.effects, **inputs.labour, "training_cost": inputs.training, "compost": inputs.compost}
    draws_of["sleeves"] = inputs.sleeves
    found = []
    for option in options_at(base, inputs, 1.0).values():
        parts = [_describe(measure, gains[id(measure.log_gain)]) for measure in option.measures]
        used = {part["gain"] for part in parts} | {cost["column"] for part in parts for cost in part["costs"]}
        columns |= {name: draws_of[name] for name in sorted(used & set(draws_of))}
        found.append({"name": option.name, "measures": parts})
    return found, columns


def _describe(measure: options.Measure, gain: str) -> dict[str, Any]:
    costs = [{"column": column, "per": per} for column, per in COSTS[gain]]
    return {"practice": measure.practice, "needs_borer": measure.needs_borer, "gain": gain, "costs": costs}


def constants(base: Base) -> dict[str, Any]:
    """The numbers of the model that the reader does not set."""
    return {
        "full_dose": base.inputs.full_dose,
        "transport": base.inputs.transport,
        "ceiling": base.inputs.ceiling,
        "harvest_days": base.params.prices.harvest_days_per_kg,
        "told_apart": options.TOLD_APART,
        "bad_case": options.BAD_CASE,
        "least_possible": LEAST_POSSIBLE,
        "most": inspect.signature(Response.optimal_dose).parameters["most"].default,
        "dose_shares": measures.DOSE_SHARES.tolist(),
        "trial_years": list(TRIAL_YEARS),
        "practices": list(options.PRACTICES),
        "level": base.params.uncertainty.interval_level,
    }


def calculator_data(base: Base) -> dict[str, Any]:
    """All that the page needs to compute, ready for JSON; draws of the first family of curves come first."""
    found, columns = described(base)
    order = np.argsort(base.inputs.is_plateau, kind="stable")
    wide = {*WIDE, *base.inputs.effects}
    packed = {name: _pack(values[order], 2 if name in wide else 1) for name, values in columns.items()}
    return {
        "draws": int(order.size),
        "plateau_from": int((~base.inputs.is_plateau).sum()),
        "constants": constants(base),
        "fields": {name: {k: _plain(v) for k, v in asdict(field).items()} for name, field in base.fields.items()},
        "options": found,
        "columns": packed,
    }


def _pack(values: np.ndarray, width: int) -> dict[str, float | str]:
    low, step, codes = quantise(values, width)
    return {"width": width, "low": low, "step": step, "codes": base64.b64encode(codes.tobytes()).decode("ascii")}


def _plain(value: float | None) -> float | None:
    return None if value is None else float(value)


def calculator_script(base: Base) -> str:
    """The data as a script: one assignment to a global, because a page opened from a folder can fetch nothing."""
    return f"window.{GLOBAL} = {json.dumps(calculator_data(base), separators=(',', ':'), allow_nan=False)};\n"
