"""The page of the calculator: its words, its start result for browsers without scripts, and its data."""

import base64
import inspect
import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.kit import paths
from pipeline.kit.data.contracts import read_clean
from pipeline.kit.digits import SOURCE_DIGITS, rounded
from pipeline.kit.language import Text, date_words, format_number, read_texts
from pipeline.params import load_params
from pipeline.site.calculator_model import LEAST_POSSIBLE, Base, Result, collect, default_result, options_at
from pipeline.site.calculator_settings import BEARING_YEARS, TRIAL_YEARS, Field, npk_prices
from pipeline.study.fertilizer.response_curves import MITSCHERLICH, QUADRATIC_PLATEAU, Response
from pipeline.study.names import PACKAGES, POOLED_MEASURES
from pipeline.study.prices.scope import AS_SET, dated, day_of
from pipeline.study.prices.tables import LOCAL_PRICES
from pipeline.study.scenarios import measures, options

GLOBAL = "CACAO_CALCULATOR"
TEXTS = read_texts(__file__, "calculator")
RESULT, NOTES = TEXTS.group("result"), TEXTS.groups("notes")
OPTIONS = PACKAGES | TEXTS.group("options")
# Pages that the last section links to, by the placeholder of the link.
PAGES = {"fertilizer": "06_model_fertilizer.html", "scenarios": "10_scenarios.html"}
# Columns of two bytes, beside the log gains.
WIDE = ("clean", "shape", "attacked", "at_all", "power", "left", "sleeving")
# What each measure costs, by its column of log gains: columns, and what each counts.
COSTS = {
    "mineral_fertilizer": [("spreading", "dose")],
    "borer": [("sleeving", "day"), ("sleeves", "ha")],
    "pruning": [("pruning", "day")],
    "training": [("training_cost", "ha")],
    "organic_fertilizer": [("compost", "ha")],
}


def quantise(values: np.ndarray, width: int) -> tuple[float, float, np.ndarray]:
    """Lowest value, step and codes of ``width`` bytes: each value is ``low + step * code``, to half a step."""
    low, most = rounded(float(values.min()), SOURCE_DIGITS), 2 ** (8 * width) - 1
    step = rounded((float(values.max()) - low) / most, 8)
    codes = np.rint((values - low) / step) if step else np.zeros(values.shape)
    return low, step, np.clip(codes, 0, most).astype(f"<u{width}")


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
        "potential": base.inputs.potential,
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
    packed = {name: _pack(values[order], _width(name)) for name, values in columns.items()}
    return {
        "draws": int(order.size),
        "plateau_from": int((~base.inputs.is_plateau).sum()),
        "constants": constants(base),
        "fields": {name: {k: _plain(v) for k, v in asdict(field).items()} for name, field in base.fields.items()},
        "options": found,
        "columns": packed,
    }


def as_packed(base: Base) -> Base:
    """The model with the draws as the page gets them, so that the result says the same with and without scripts."""
    inputs = base.inputs
    return replace(
        base,
        clean=_unpacked("clean", base.clean),
        attacked=_unpacked("attacked", base.attacked),
        left=_unpacked("left", base.left),
        curve=replace(
            base.curve, at_all=_unpacked("at_all", base.curve.at_all), power=_unpacked("power", base.curve.power)
        ),
        inputs=replace(
            inputs,
            effects={name: _unpacked(name, draws) for name, draws in inputs.effects.items()},
            labour={name: _unpacked(name, draws) for name, draws in inputs.labour.items()},
            sleeves=_unpacked("sleeves", inputs.sleeves),
            training=_unpacked("training_cost", inputs.training),
            compost=_unpacked("compost", inputs.compost),
        ),
    )


def _unpacked(name: str, values: np.ndarray) -> np.ndarray:
    low, step, codes = quantise(values, _width(name))
    return low + step * codes


def _width(name: str) -> int:
    """Bytes that a column takes in the page."""
    return 2 if name in WIDE or name in POOLED_MEASURES else 1


def _pack(values: np.ndarray, width: int) -> dict[str, float | str]:
    low, step, codes = quantise(values, width)
    return {"width": width, "low": low, "step": step, "codes": base64.b64encode(codes.tobytes()).decode("ascii")}


def _plain(value: float | None) -> float | None:
    return None if value is None else float(value)


def calculator_script(base: Base) -> str:
    """The data as a script: one assignment to a global, because a page opened from a folder can fetch nothing."""
    return f"window.{GLOBAL} = {json.dumps(calculator_data(base), separators=(',', ':'), allow_nan=False)};\n"


DATA_FILE = "calculator-data.js"


def write_calculator_data(folder: Path) -> Path:
    """Write the draws as a script into ``folder``, the static files of a language; returns its path."""
    target = folder / DATA_FILE
    target.write_text(calculator_script(collect(load_params(paths.PARAMS))), encoding="utf-8")
    return target


def calculator_page(language: str) -> dict[str, Any]:
    """Context of the template ``calculator.html`` in ``en`` or ``id``.

    Keys: ``title``, ``page`` (fixed words), ``fields`` (``name``, ``label``, ``hint``, ``value`` as the reader writes
    it), ``result`` (words of the start result: ``status``, ``rate``, ``about_rate``, ``rows``, ``notes``), ``how``
    (HTML paragraphs) and ``words`` (JSON that the script reads).
    """
    base = collect(load_params(paths.PARAMS))
    numbers = _numbers(base, language)
    page = {name: _fill(text, language, numbers) for name, text in TEXTS.group("page").items()}
    return {
        "title": page["title"],
        "page": page,
        "fields": [_field(name, field, language, numbers) for name, field in base.fields.items()],
        "result": _result(default_result(as_packed(base)), language, numbers),
        "how": [_fill(text, language, numbers | _links(language)) for text in TEXTS.group("how").values()],
        "words": _words(base, language, numbers),
    }


def fixed(value: float, digits: int, language: str) -> str:
    """A number with a fixed number of decimals: ``1,161.5`` in English, ``1.161,5`` in Indonesian; a true minus."""
    shift = 10.0**digits
    rounded = math.floor(abs(value) * shift + 0.5) / shift
    text = ("−" if value < 0 and rounded else "") + f"{rounded:,.{digits}f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def plain(value: float, language: str) -> str:
    """A setting as the reader writes it, with the decimals that it has, at most two."""
    digits = next(d for d in (0, 1, 2) if d == 2 or math.isclose(value, round(value, d), rel_tol=0, abs_tol=1e-9))
    return fixed(value, digits, language)


def million(value: float, language: str) -> str:
    """Rupiah in millions, to two digits as everywhere else."""
    return format_number(value / 1e6, language, 2)


def two_digits(value: float, language: str) -> str:
    """A whole number of which two digits are given, as its wide interval deserves."""
    return fixed(float(f"{value:.2g}"), 0, language)


def _numbers(base: Base, language: str) -> dict[str, str]:
    """Numbers that any text may name."""
    cases, month = npk_prices(base.params), date_words(base.params.prices.as_of)
    return {
        "month": month.in_language(language),
        "when": _start_price(base).in_language(language),
        "level": plain(base.params.uncertainty.interval_level * 100, language),
        "full": plain(base.inputs.full_dose, language),
        "potential": plain(base.inputs.potential, language),
        "most": plain(2 * base.inputs.full_dose, language),
        "draws": plain(base.clean.size, language),
        "harvest_days": plain(base.params.prices.harvest_days_per_kg, language),
        "bearing": plain(BEARING_YEARS, language),
        "trial_low": plain(TRIAL_YEARS[0], language),
        "trial_high": plain(TRIAL_YEARS[1], language),
        "oldest": plain(base.fields["age"].evidence_high, language),
        "ceiling": fixed(cases["ceiling"], 0, language),
        "market": two_digits(cases["market"], language),
    }


def _start_price(base: Base) -> Text:
    """Where the start value of the bean price comes from."""
    price = base.params.prices.cocoa_idr_per_kg * base.params.prices.cocoa_multiplier
    beans = dated(read_clean(LOCAL_PRICES), {"present": price}, base.params.prices.as_of).beans["present"]
    day = day_of(beans)
    if beans.startswith(AS_SET):
        return day
    return Text(f"newest report for East Kalimantan, {day.en}", f"laporan terbaru Kalimantan Timur, {day.id}")


def _bounds(field: Field, language: str) -> dict[str, str]:
    names = ("low", "high", "evidence_low", "evidence_high")
    found = {name: plain(getattr(field, name), language) for name in names}
    # A bound such as a tenth of a wage is not a round number; whole rupiah are enough to read.
    found |= {name: fixed(getattr(field, name), 0, language) for name in names if getattr(field, name) >= 1000}
    return found | {"default": "" if field.default is None else _value(field.default, language)}


def _value(value: float, language: str) -> str:
    return fixed(value, 0, language) if value >= 1000 else plain(value, language)


def _fill(text: Text, language: str, numbers: dict[str, str]) -> str:
    """The text with the numbers that are known; the others stay in braces for the script."""
    found = text.in_language(language)
    for name, number in numbers.items():
        found = found.replace("{" + name + "}", number)
    # A number and its per cent sign stay on one line.
    return found.replace(" %", "\u00a0%")


def _field(name: str, field: Field, language: str, numbers: dict[str, str]) -> dict[str, str]:
    bounds = _bounds(field, language)
    return {
        "name": name,
        "label": TEXTS.text(f"labels.{name}").in_language(language),
        "hint": _fill(TEXTS.text(f"hints.{name}"), language, numbers | bounds),
        "value": bounds["default"],
    }


def _links(language: str) -> dict[str, str]:
    words = TEXTS.group("links")
    return {name: f'<a href="{page}">{words[name].in_language(language)}</a>' for name, page in PAGES.items()}


def _name(name: str, result: Result, language: str, numbers: dict[str, str]) -> str:
    return _fill(OPTIONS[name], language, numbers | {"dose": plain(result["mean_dose"], language)})


def _result(result: Result, language: str, numbers: dict[str, str]) -> dict[str, Any]:
    """The start result in words, as the script writes every other."""
    rows = [_row(row, result, language, numbers) for row in result["options"]]
    dose = {key: two_digits(value, language) for key, value in result["dose"].items()}
    about = RESULT["mean_dose" if result["mean_income"] > 0 else "no_mean_dose"]
    mean_dose = {"dose": plain(result["mean_dose"], language)}
    return {
        "status": _status(result, rows, language, numbers),
        "rate": _fill(RESULT["dose" if result["dose"]["value"] > 0 else "no_dose"], language, numbers | dose),
        "about_rate": _fill(about, language, numbers | mean_dose),
        "rows": rows,
        "notes": [_fill(NOTES[name][code], language, numbers) for name, code in result["notes"].items()],
    }


def _row(row: dict[str, Any], result: Result, language: str, numbers: dict[str, str]) -> dict[str, str]:
    """One option in words: its ``key``, its name, and its amounts in million rupiah."""
    amounts = {part: million(row[part], language) for part in ("value", "lower", "upper", "cost", "bad")}
    said = {"key": row["name"], "name": _name(row["name"], result, language, numbers), **amounts}
    said["loss"] = fixed(row["loss"] * 100, 0, language)
    return said | {"interval": _fill(RESULT["interval"], language, said)}


def _status(result: Result, rows: list[dict[str, str]], language: str, numbers: dict[str, str]) -> list[str]:
    """What leads, and by how much; the start values lie within the evidence."""
    if not result["tied"]:
        return [RESULT["nothing"].in_language(language)]
    by_key = {row["key"]: row for row in rows}
    first = by_key[result["tied"][0]] | {"chance": fixed(result["chance"] * 100, 0, language)}
    if len(result["tied"]) == 1:
        return [_fill(RESULT["first"], language, numbers | first)]
    names = RESULT["and"].in_language(language).join(by_key[name]["name"] for name in result["tied"])
    said = [_fill(RESULT["tie"], language, {"names": names}), _fill(RESULT["highest"], language, first)]
    return [*said, *(_fill(RESULT[role], language, by_key[result[role]]) for role in ("safest", "cheapest"))]


def _words(base: Base, language: str, numbers: dict[str, str]) -> str:
    """Everything that the script says, as JSON that is safe inside a page; only what it computes is left in braces."""
    bounds = {name: _bounds(field, language) for name, field in base.fields.items()}
    reasons = {name: {"reason": text.in_language(language)} for name, text in TEXTS.group("reasons").items()}
    said = TEXTS.group("problems").items()
    words = {
        "language": language,
        "labels": {name: text.in_language(language) for name, text in TEXTS.group("labels").items()},
        "options": {name: _fill(text, language, numbers) for name, text in OPTIONS.items()},
        "problems": {
            name: {code: _fill(text, language, numbers | bounds[name] | reasons[name]) for code, text in said}
            for name in base.fields
        },
        "notes": {
            f"{name}.{code}": _fill(text, language, numbers | bounds[name])
            for name, notes in NOTES.items()
            for code, text in notes.items()
        },
        "result": {name: _fill(text, language, numbers) for name, text in RESULT.items()},
    }
    return json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
