"""Published estimates of what the options return, at present prices and at others, and what an extra kg costs."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.estimates import Estimate, from_draws
from pipeline.study.causes.estimates import Named, named
from pipeline.study.names import PACKAGES, UNKNOWNS
from pipeline.study.prices.scope import BORER_HECTARE, NOT_MOVED, Dated
from pipeline.study.scenarios.options import BAD_CASE, choose, extra_tonnes

# Prices of cocoa beside the present one, and what leading options are chosen by.
OTHER_PRICES = ("low", "high", "berau", "peak")
CHOSEN_BY = ("net_income_idr_per_ha", "cost_idr_per_ha")
METHOD = "effect x present yield there, priced"
# The two areas that the agency gave for Kutai Timur, the draws of their mature share, and where they were given.
AREAS_HA = {
    "1161": (1161.0, "mature_share_2025", "bait_2025_06"),
    "3440": (3440.0, "mature_share", "teraskaltim_2022_02"),
}
# What each option is called in the grid of prices, and the price of fertilizer it stands at.
IN_GRID = {
    "fertilizer_ceiling": ("fertilizer", "ceiling"),
    "fertilizer_market": ("fertilizer", "market"),
    "training_fertilizer": ("training_fertilizer", "ceiling"),
    "package": ("package", "ceiling"),
    "full_package": ("full_package", "ceiling"),
}


def mature_hectares(base: pd.DataFrame) -> dict[str, np.ndarray]:
    """Draws of mature hectares of Kutai Timur if an area as published is right, and with the area as drawn.

    ``base`` holds the draws of the present state. Keys: those of ``AREAS_HA``, and ``drawn``.
    """
    given = {name: hectares * base[share].to_numpy() for name, (hectares, share, _) in AREAS_HA.items()}
    return {**given, "drawn": (base["area_total_ha"] * base["mature_share"]).to_numpy()}


def scenario_estimates(
    outcomes: dict[str, dict[str, np.ndarray]],
    extra_kg: dict[str, np.ndarray],
    base: pd.DataFrame,
    adoption: float,
    dated: Dated,
    sources: list[str],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Cost, extra beans, net income, value-cost ratio, chance of a loss and extra tonnes of every option.

    ``outcomes`` are per hectare that has the pod borer; ``extra_kg`` are means over the hectares that take part.
    """
    found = [Estimate("scenario.adoption", adoption, "1", "share of the mature area", "parameter", ("parameter",), 1)]
    found += [
        Estimate(f"scenario.area_{area}", hectares, "ha", "as published", "published figure", (source,), 1)
        for area, (hectares, _, source) in AREAS_HA.items()
    ]
    common: dict[str, Any] = {"level": level, "sources": sources, "n": len(sources), "seed": seed, "method": METHOD}
    hectares = mature_hectares(base)
    for name, outcome in outcomes.items():
        found += _per_hectare(f"scenario.{name}", outcome, dated, common)
        for area, mature in hectares.items():
            tonnes = extra_tonnes(extra_kg[name], mature, adoption)
            basis = f"area {area}, mature share drawn, adoption {adoption:g}; sleeves only where the borer is"
            found.append(from_draws(f"scenario.{name}.extra_t_{area}", tonnes, **common, unit="t/yr", basis=basis))
    return found


def _per_hectare(key: str, outcome: dict[str, np.ndarray], dated: Dated, common: dict[str, Any]) -> list[Estimate]:
    income, here = outcome["net_income_idr_per_ha"], {**common, "basis": dated.at(BORER_HECTARE)}
    money = {"net_income": income / 1e6, "cost": outcome["cost_idr_per_ha"] / 1e6}
    found = [
        from_draws(f"{key}.{name}", draws, **here, unit="million Rp/ha", headline=name == "net_income")
        for name, draws in money.items()
    ]
    bad = float(np.quantile(income, BAD_CASE)) / 1e6
    method = "net income that one draw in ten does not reach"
    return [
        *found,
        from_draws(f"{key}.value_cost_ratio", outcome["value_cost_ratio"], **here, unit="1"),
        from_draws(f"{key}.extra_kg", outcome["extra_kg_per_ha"], **{**common, "basis": BORER_HECTARE}, unit="kg/ha"),
        _share(f"{key}.bad_case", bad, "million Rp/ha", here["basis"], method, common),
        _share(
            f"{key}.probability_loss",
            float((income < 0).mean()),
            "1",
            here["basis"],
            "share of draws with a net income below zero",
            common,
        ),
    ]


def _share(key: str, value: float, unit: str, basis: str, method: str, common: dict[str, Any]) -> Estimate:
    sources = tuple(common["sources"])
    return Estimate(key, value, unit, basis, method, sources, len(sources), seed=common["seed"])


def price_estimates(
    grid: pd.DataFrame, names: list[str], dated: Dated, sources: list[str], level: float, seed: int
) -> list[Estimate]:
    """Net income and chance of a loss of the options ``names`` at the other prices of cocoa."""
    rows = grid.set_index(["name", "fertilizer", "cocoa"])
    common: dict[str, Any] = {"sources": sources, "seed": seed}
    found = []
    for name in names:
        for cocoa in OTHER_PRICES:
            row, basis = rows.loc[(*IN_GRID.get(name, (name, "none")), cocoa)], dated.at(BORER_HECTARE, cocoa)
            bounds = [row[f"net_income_idr_per_ha{part}"] / 1e6 for part in ("", "_lower", "_upper")]
            found += [
                Estimate(
                    f"scenario.{name}.net_income_{cocoa}",
                    bounds[0],
                    "million Rp/ha",
                    basis,
                    METHOD,
                    tuple(sources),
                    len(sources),
                    bounds[1],
                    bounds[2],
                    level,
                    seed,
                ),
                _share(
                    f"scenario.{name}.probability_loss_{cocoa}",
                    float(row["probability_loss"]),
                    "1",
                    basis,
                    "share of draws with a net income below zero",
                    common,
                ),
            ]
    return found


def cost_estimates(curve: pd.DataFrame, dated: Dated, sources: list[str], level: float, seed: int) -> list[Estimate]:
    """Cost of an extra kg by measure where it is finite: with its interval, or the value alone if that has no end."""
    found = []
    for row in curve[np.isfinite(curve["value"])].itertuples(index=False):
        interval = {"lower": row.lower, "upper": row.upper, "level": level} if np.isfinite(row.upper) else {}
        method = "kg that one rupiah brings, median, turned over"
        evidence = "" if row.is_ranked else "; without direct evidence, not ranked"
        found.append(
            Estimate(
                f"cost_per_kg.{row.name}",
                row.value,
                "Rp/kg",
                f"{BORER_HECTARE}; the beans not counted, prices of {dated.others}; {NOT_MOVED}{evidence}",
                method,
                tuple(sources),
                len(sources),
                **interval,
                seed=seed,
            )
        )
    return found


def best_options(outcomes: dict[str, dict[str, np.ndarray]]) -> list[Named]:
    """The options by median net income, the best first."""
    medians = {name: float(np.median(outcome["net_income_idr_per_ha"])) for name, outcome in outcomes.items()}
    return [named(name, PACKAGES[name]) for name in sorted(medians, key=lambda name: -medians[name])]


def choice_table(outcomes: dict[str, dict[str, np.ndarray]]) -> pd.DataFrame:
    """The options that lead, one row each, the highest median first: ``name``, ``is_safest``, ``is_cheapest``."""
    choice = choose(*({name: o[part] for name, o in outcomes.items()} for part in CHOSEN_BY))
    return pd.DataFrame(
        [(name, name == choice.safest, name == choice.cheapest) for name in choice.tied],
        columns=["name", "is_safest", "is_cheapest"],
    )


TEXTS = read_texts(__file__, "answers")


def choice_words(choice: pd.DataFrame) -> Text:
    """Words for the options that lead, with the keys of their numbers; ``choice`` is the ``choice_table``."""
    if choice.empty:
        return TEXTS.text("nothing")
    names = [named(name, PACKAGES[name]) for name in choice["name"]]
    first = names[0]
    if len(names) == 1:
        return TEXTS.text("ahead").fill(first=first, told=_told(first.key))
    safe, cheap = (
        next(each for each in names if each.key == choice.loc[choice[column], "name"].iloc[0])
        for column in ("is_safest", "is_cheapest")
    )
    return TEXTS.text("tie").fill(
        names=Text(_joined([n.en for n in names], "and"), _joined([n.id for n in names], "dan")),
        first=first,
        told=_told(first.key),
        safe=safe,
        safe_loss=f"{{scenario.{safe.key}.probability_loss:percent}}",
        safe_cost=f"{{scenario.{safe.key}.cost}}",
        cheap=cheap,
        cheap_cost=f"{{scenario.{cheap.key}.cost}}",
        cheap_loss=f"{{scenario.{cheap.key}.probability_loss:percent}}",
    )


def _told(key: str) -> Text:
    """Income, cost, chance of a loss and a bad case of one option."""
    parts = {"income": "net_income", "cost": "cost", "loss": "probability_loss:percent", "bad": "bad_case"}
    return TEXTS.text("told").fill(**{name: f"{{scenario.{key}.{part}}}" for name, part in parts.items()})


def _joined(names: list[str], last: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


BASIS = "mean net income per mature hectare (TM) that takes part, per year"
PERFECT = "expected value of perfect information"
PARTIAL = "expected value of perfect information on one input, by regression on the draws"
SAMPLE = "expected value of sample information; interval over how much farms differ"


def information_estimates(
    everything: float,
    by_input: pd.DataFrame,
    hectares: np.ndarray,
    dated: Dated,
    sources: list[str],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Value of knowing everything, per hectare and for the regency, and of each input; all from Rp/ha.

    ``hectares`` are draws of the mature hectares that take part.
    """
    cited, n = tuple(sources), len(sources)
    basis = dated.at(BASIS)
    found = [
        Estimate("information.everything", everything / 1e6, "million Rp/ha", basis, PERFECT, cited, n, seed=seed),
        from_draws(
            "information.everything_regency",
            everything * hectares / 1e9,
            level,
            unit="billion Rp/yr",
            basis=dated.at("all mature hectares of Kutai Timur that take part"),
            method=f"{PERFECT}, times hectares",
            sources=sources,
            n=n,
            seed=seed,
        ),
    ]
    for row in by_input.itertuples(index=False):
        key, value = f"information.{row.name}", float(row.value) / 1e6
        found.append(Estimate(key, value, "million Rp/ha", basis, PARTIAL, cited, n, seed=seed))
    return found


def plot_estimates(needed: pd.DataFrame, sources: list[str], level: float, seed: int) -> list[Estimate]:
    """Number of plots for half and nine tenths of the value of an input, where a number that was compared is enough."""
    found = []
    for row in needed[needed["value"].notna()].itertuples(index=False):
        interval = {"lower": row.lower, "upper": row.upper, "level": level} if np.isfinite(row.upper) else {}
        key, basis = f"plots.{row.name}.{row.share}", "smallest number compared that gives this share of the value"
        found.append(
            Estimate(key, row.value, "plots", basis, SAMPLE, tuple(sources), len(sources), **interval, seed=seed)
        )
    return found


def next_measurement(estimates: list[Estimate], names: list[str]) -> Text:
    """Words for the measurement that plots should make next, with the keys of its numbers.

    ``names`` are the inputs worth measuring, the most valuable first; there may be none.
    """
    if not names:
        return TEXTS.text("measure_nothing")
    chosen = named(names[0], UNKNOWNS[names[0]])
    half, most = (_so_many(estimates, f"plots.{chosen.key}.{share}") for share in ("half", "nine_tenths"))
    worth = f"{{information.{chosen.key}}}"
    return TEXTS.text("measure_next").fill(unknown=chosen, worth=worth, half=half, most=most)


def _so_many(estimates: list[Estimate], key: str) -> Text:
    if any(estimate.key == key for estimate in estimates):
        return Text(f"{{{key}}}", f"{{{key}}}")
    return TEXTS.text("more_plots")
