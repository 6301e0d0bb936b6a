"""Published estimates of what the options return, at present prices and at others, and what an extra kg costs."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.contracts import row
from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.estimates import (
    EXPECTED,
    MEDIAN,
    QUANTILE,
    SHARE,
    SMALLEST,
    Estimate,
    Quantity,
    cited,
    from_draws,
    restated,
)
from pipeline.kit.publish.keys import Key
from pipeline.study import known_rows
from pipeline.study.causes.estimates import Named, named
from pipeline.study.names import PACKAGES, UNKNOWNS
from pipeline.study.prices.scope import BORER_HECTARE, CHOICE, MEAN_INCOME, Dated
from pipeline.study.scenarios.cites import ADOPTION, ScenarioCites
from pipeline.study.scenarios.measures import dose
from pipeline.study.scenarios.options import BAD_CASE, choose, extra_tonnes

# Prices of cocoa beside the present one, and what leading options are chosen by.
OTHER_PRICES = ("low", "high", "berau", "peak")
CHOSEN_BY = ("net_income_idr_per_ha", "cost_idr_per_ha")
METHOD = "effect x present yield there, priced"
GAIN_METHOD = "effect x present yield there"
COST_METHOD = "labour and materials at the prices of the month; assumed amounts within an assumed factor either way"
# The two areas that the agency gave for Kutai Timur (rows of the regional statistics), and draws of their mature share.
AREAS = {
    "1161": (known_rows.KUTAI_TIMUR_AREA_2025, "mature_share_2025"),
    "3440": (known_rows.KUTAI_TIMUR_AREA_2020, "mature_share"),
}
# What each option is called in the grid of prices, and the price of fertilizer it stands at.
IN_GRID = {
    "fertilizer_ceiling": ("fertilizer", "ceiling"),
    "fertilizer_market": ("fertilizer", "market"),
    "training_fertilizer": ("training_fertilizer", "ceiling"),
    "package": ("package", "ceiling"),
    "full_package": ("full_package", "ceiling"),
}
# What is published of each option, per hectare that has the pod borer; the income at other prices of cocoa, too.
COST = Quantity(
    "scenario", "cost", "million Rp/ha", COST_METHOD, (
        "scenario.fertilizer_ceiling.cost", "scenario.fertilizer_market.cost", "scenario.pod_sleeving.cost",
        "scenario.training.cost", "scenario.training_fertilizer.cost", "scenario.package.cost",
        "scenario.full_package.cost", "scenario.borer_sanitation.cost", "scenario.pruning.cost",
        "scenario.organic_fertilizer.cost",
    ), BORER_HECTARE,
)  # fmt: skip
EXTRA_KG = Quantity(
    "scenario", "extra_kg", "kg/ha", GAIN_METHOD, (
        "scenario.fertilizer_ceiling.extra_kg", "scenario.fertilizer_market.extra_kg", "scenario.pod_sleeving.extra_kg",
        "scenario.training.extra_kg", "scenario.training_fertilizer.extra_kg", "scenario.package.extra_kg",
        "scenario.full_package.extra_kg", "scenario.borer_sanitation.extra_kg", "scenario.pruning.extra_kg",
        "scenario.organic_fertilizer.extra_kg",
    ), BORER_HECTARE,
)  # fmt: skip
VALUE_COST_RATIO = Quantity(
    "scenario", "value_cost_ratio", "1", METHOD, (
        "scenario.fertilizer_ceiling.value_cost_ratio", "scenario.fertilizer_market.value_cost_ratio",
        "scenario.pod_sleeving.value_cost_ratio", "scenario.training.value_cost_ratio",
        "scenario.training_fertilizer.value_cost_ratio", "scenario.package.value_cost_ratio",
        "scenario.full_package.value_cost_ratio", "scenario.borer_sanitation.value_cost_ratio",
        "scenario.pruning.value_cost_ratio", "scenario.organic_fertilizer.value_cost_ratio",
    ), BORER_HECTARE,
)  # fmt: skip
BAD = Quantity(
    "scenario", "bad_case", "million Rp/ha", "net income that one draw in ten does not reach", (
        "scenario.fertilizer_ceiling.bad_case", "scenario.fertilizer_market.bad_case", "scenario.pod_sleeving.bad_case",
        "scenario.training.bad_case", "scenario.training_fertilizer.bad_case", "scenario.package.bad_case",
        "scenario.full_package.bad_case", "scenario.borer_sanitation.bad_case", "scenario.pruning.bad_case",
        "scenario.organic_fertilizer.bad_case",
    ), BORER_HECTARE, QUANTILE,
)  # fmt: skip
NET_INCOME = {
    "present": Quantity(
        "scenario", "net_income", "million Rp/ha", METHOD, (
            "scenario.fertilizer_ceiling.net_income", "scenario.fertilizer_market.net_income",
            "scenario.pod_sleeving.net_income", "scenario.training.net_income",
            "scenario.training_fertilizer.net_income", "scenario.package.net_income",
            "scenario.full_package.net_income", "scenario.borer_sanitation.net_income",
            "scenario.pruning.net_income", "scenario.organic_fertilizer.net_income",
        ), BORER_HECTARE,
    ),
    "low": Quantity(
        "scenario", "net_income_low", "million Rp/ha", METHOD, (
            "scenario.fertilizer_ceiling.net_income_low", "scenario.fertilizer_market.net_income_low",
            "scenario.pod_sleeving.net_income_low", "scenario.training.net_income_low",
            "scenario.training_fertilizer.net_income_low", "scenario.package.net_income_low",
            "scenario.full_package.net_income_low", "scenario.borer_sanitation.net_income_low",
            "scenario.pruning.net_income_low", "scenario.organic_fertilizer.net_income_low",
        ), BORER_HECTARE,
    ),
    "high": Quantity(
        "scenario", "net_income_high", "million Rp/ha", METHOD, (
            "scenario.fertilizer_ceiling.net_income_high", "scenario.fertilizer_market.net_income_high",
            "scenario.pod_sleeving.net_income_high", "scenario.training.net_income_high",
            "scenario.training_fertilizer.net_income_high", "scenario.package.net_income_high",
            "scenario.full_package.net_income_high", "scenario.borer_sanitation.net_income_high",
            "scenario.pruning.net_income_high", "scenario.organic_fertilizer.net_income_high",
        ), BORER_HECTARE,
    ),
    "berau": Quantity(
        "scenario", "net_income_berau", "million Rp/ha", METHOD, (
            "scenario.fertilizer_ceiling.net_income_berau", "scenario.fertilizer_market.net_income_berau",
            "scenario.pod_sleeving.net_income_berau", "scenario.training.net_income_berau",
            "scenario.training_fertilizer.net_income_berau", "scenario.package.net_income_berau",
            "scenario.full_package.net_income_berau", "scenario.borer_sanitation.net_income_berau",
            "scenario.pruning.net_income_berau", "scenario.organic_fertilizer.net_income_berau",
        ), BORER_HECTARE,
    ),
    "peak": Quantity(
        "scenario", "net_income_peak", "million Rp/ha", METHOD, (
            "scenario.fertilizer_ceiling.net_income_peak", "scenario.fertilizer_market.net_income_peak",
            "scenario.pod_sleeving.net_income_peak", "scenario.training.net_income_peak",
            "scenario.training_fertilizer.net_income_peak", "scenario.package.net_income_peak",
            "scenario.full_package.net_income_peak", "scenario.borer_sanitation.net_income_peak",
            "scenario.pruning.net_income_peak", "scenario.organic_fertilizer.net_income_peak",
        ), BORER_HECTARE,
    ),
}  # fmt: skip
LOSS_METHOD = "share of draws with a net income below zero"
LOSS = {
    "present": Quantity(
        "scenario", "probability_loss", "1", LOSS_METHOD, (
            "scenario.fertilizer_ceiling.probability_loss", "scenario.fertilizer_market.probability_loss",
            "scenario.pod_sleeving.probability_loss", "scenario.training.probability_loss",
            "scenario.training_fertilizer.probability_loss", "scenario.package.probability_loss",
            "scenario.full_package.probability_loss", "scenario.borer_sanitation.probability_loss",
            "scenario.pruning.probability_loss", "scenario.organic_fertilizer.probability_loss",
        ), BORER_HECTARE,
    ),
    "low": Quantity(
        "scenario", "probability_loss_low", "1", LOSS_METHOD, (
            "scenario.fertilizer_ceiling.probability_loss_low", "scenario.fertilizer_market.probability_loss_low",
            "scenario.pod_sleeving.probability_loss_low", "scenario.training.probability_loss_low",
            "scenario.training_fertilizer.probability_loss_low", "scenario.package.probability_loss_low",
            "scenario.full_package.probability_loss_low", "scenario.borer_sanitation.probability_loss_low",
            "scenario.pruning.probability_loss_low", "scenario.organic_fertilizer.probability_loss_low",
        ), BORER_HECTARE,
    ),
    "high": Quantity(
        "scenario", "probability_loss_high", "1", LOSS_METHOD, (
            "scenario.fertilizer_ceiling.probability_loss_high", "scenario.fertilizer_market.probability_loss_high",
            "scenario.pod_sleeving.probability_loss_high", "scenario.training.probability_loss_high",
            "scenario.training_fertilizer.probability_loss_high", "scenario.package.probability_loss_high",
            "scenario.full_package.probability_loss_high", "scenario.borer_sanitation.probability_loss_high",
            "scenario.pruning.probability_loss_high", "scenario.organic_fertilizer.probability_loss_high",
        ), BORER_HECTARE,
    ),
    "berau": Quantity(
        "scenario", "probability_loss_berau", "1", LOSS_METHOD, (
            "scenario.fertilizer_ceiling.probability_loss_berau", "scenario.fertilizer_market.probability_loss_berau",
            "scenario.pod_sleeving.probability_loss_berau", "scenario.training.probability_loss_berau",
            "scenario.training_fertilizer.probability_loss_berau", "scenario.package.probability_loss_berau",
            "scenario.full_package.probability_loss_berau", "scenario.borer_sanitation.probability_loss_berau",
            "scenario.pruning.probability_loss_berau", "scenario.organic_fertilizer.probability_loss_berau",
        ), BORER_HECTARE,
    ),
    "peak": Quantity(
        "scenario", "probability_loss_peak", "1", LOSS_METHOD, (
            "scenario.fertilizer_ceiling.probability_loss_peak", "scenario.fertilizer_market.probability_loss_peak",
            "scenario.pod_sleeving.probability_loss_peak", "scenario.training.probability_loss_peak",
            "scenario.training_fertilizer.probability_loss_peak", "scenario.package.probability_loss_peak",
            "scenario.full_package.probability_loss_peak", "scenario.borer_sanitation.probability_loss_peak",
            "scenario.pruning.probability_loss_peak", "scenario.organic_fertilizer.probability_loss_peak",
        ), BORER_HECTARE,
    ),
}  # fmt: skip
# Extra tonnes a year by the area that is taken to be right.
EXTRA_T = {
    "1161": Quantity(
        "scenario", "extra_t_1161", "t/yr", GAIN_METHOD, (
            "scenario.fertilizer_ceiling.extra_t_1161", "scenario.fertilizer_market.extra_t_1161",
            "scenario.pod_sleeving.extra_t_1161", "scenario.training.extra_t_1161",
            "scenario.training_fertilizer.extra_t_1161", "scenario.package.extra_t_1161",
            "scenario.full_package.extra_t_1161", "scenario.borer_sanitation.extra_t_1161",
            "scenario.pruning.extra_t_1161", "scenario.organic_fertilizer.extra_t_1161",
        ),
    ),
    "3440": Quantity(
        "scenario", "extra_t_3440", "t/yr", GAIN_METHOD, (
            "scenario.fertilizer_ceiling.extra_t_3440", "scenario.fertilizer_market.extra_t_3440",
            "scenario.pod_sleeving.extra_t_3440", "scenario.training.extra_t_3440",
            "scenario.training_fertilizer.extra_t_3440", "scenario.package.extra_t_3440",
            "scenario.full_package.extra_t_3440", "scenario.borer_sanitation.extra_t_3440",
            "scenario.pruning.extra_t_3440", "scenario.organic_fertilizer.extra_t_3440",
        ),
    ),
    "drawn": Quantity(
        "scenario", "extra_t_drawn", "t/yr", GAIN_METHOD, (
            "scenario.fertilizer_ceiling.extra_t_drawn", "scenario.fertilizer_market.extra_t_drawn",
            "scenario.pod_sleeving.extra_t_drawn", "scenario.training.extra_t_drawn",
            "scenario.training_fertilizer.extra_t_drawn", "scenario.package.extra_t_drawn",
            "scenario.full_package.extra_t_drawn", "scenario.borer_sanitation.extra_t_drawn",
            "scenario.pruning.extra_t_drawn", "scenario.organic_fertilizer.extra_t_drawn",
        ),
    ),
}  # fmt: skip


def mature_hectares(base: pd.DataFrame, regions: pd.DataFrame) -> dict[str, np.ndarray]:
    """Draws of mature hectares of Kutai Timur if an area as published is right, and with the area as drawn.

    ``base`` holds the draws of the present state, ``regions`` is the clean table of regional statistics. Keys: those of
    ``AREAS``, and ``drawn``.
    """
    given = {
        name: float(row(regions, figure)["value"]) * base[share].to_numpy() for name, (figure, share) in AREAS.items()
    }
    return {**given, "drawn": (base["area_total_ha"] * base["mature_share"]).to_numpy()}


def scenario_estimates(
    outcomes: dict[str, dict[str, np.ndarray]],
    extra_kg: dict[str, np.ndarray],
    base: pd.DataFrame,
    regions: pd.DataFrame,
    adoption: float,
    dated: Dated,
    cites: ScenarioCites,
    level: float,
    seed: int,
) -> list[Estimate]:
    """Cost, extra beans, net income, value-cost ratio, chance of a loss and extra tonnes of every option.

    ``outcomes`` are per hectare that has the pod borer; ``extra_kg`` are means over the hectares that take part.
    """
    found = [
        Estimate(Key("scenario", (), "adoption"), adoption, "1", "share of the mature area", "parameter", ADOPTION)
    ]
    figures = {area: row(regions, figure) for area, (figure, _) in AREAS.items()}
    found += [
        restated(Key("scenario", (), f"area_{area}"), figure["value"], "ha", "as published", str(figure["source_id"]))
        for area, figure in figures.items()
    ]
    hectares = mature_hectares(base, regions)
    given = {area: str(figure["source_id"]) for area, figure in figures.items()}
    for name, outcome in outcomes.items():
        found += _per_hectare(name, outcome, dated, cites, level, seed)
        for area, mature in hectares.items():
            tonnes = extra_tonnes(extra_kg[name], mature, adoption)
            basis = (
                f"area {area}, mature share drawn, adoption {adoption:g}; sleeves only where the borer is{dose(name)}"
            )
            own = cited((*cites.gain(name), *ADOPTION, *([given[area]] if area in given else [])), seed)
            found.append(EXTRA_T[area].drawn(EXTRA_T[area].key(name), tonnes, level, basis=basis, **own))
    return found


def _price(option: str) -> str:
    """Which price of fertilizer an option pays; the ceiling where it is not said to be another."""
    return IN_GRID[option][1] if option in IN_GRID else ""


def _per_hectare(
    name: str, outcome: dict[str, np.ndarray], dated: Dated, cites: ScenarioCites, level: float, seed: int
) -> list[Estimate]:
    income, hectare = outcome["net_income_idr_per_ha"], f"{BORER_HECTARE}{dose(name)}"
    paid, spent, gained = (
        cited(own, seed) | {"basis": dated.at(hectare, own, fertilizer=_price(name))}
        for own in (cites.income(name, "present"), cites.cost(name), cites.gain(name))
    )
    drawn = [
        (NET_INCOME["present"], income / 1e6, paid),
        (COST, outcome["cost_idr_per_ha"] / 1e6, spent),
        (VALUE_COST_RATIO, outcome["value_cost_ratio"], paid),
    ]
    bad, loss = float(np.quantile(income, BAD_CASE)) / 1e6, float((income < 0).mean())
    return [
        *(
            quantity.drawn(quantity.key(name), draws, level, headline=quantity is NET_INCOME["present"], **own)
            for quantity, draws, own in drawn
        ),
        EXTRA_KG.drawn(EXTRA_KG.key(name), outcome["extra_kg_per_ha"], level, **gained),
        BAD.estimate(BAD.key(name), bad, **paid),
        LOSS["present"].estimate(LOSS["present"].key(name), loss, value_is=SHARE, **paid),
    ]


def price_estimates(
    grid: pd.DataFrame, names: list[str], dated: Dated, cites: ScenarioCites, level: float, seed: int
) -> list[Estimate]:
    """Net income and chance of a loss of the options ``names`` at the other prices of cocoa."""
    rows = grid.set_index(["name", "fertilizer", "cocoa"])
    found = []
    for name in names:
        for cocoa in OTHER_PRICES:
            at, paid = rows.loc[(*IN_GRID.get(name, (name, "none")), cocoa)], cites.income(name, cocoa)
            own = cited(paid, seed) | {"basis": dated.at(f"{BORER_HECTARE}{dose(name)}", paid, cocoa, _price(name))}
            value, lower, upper = (at[f"net_income_idr_per_ha{part}"] / 1e6 for part in ("", "_lower", "_upper"))
            income, loss = NET_INCOME[cocoa], LOSS[cocoa]
            interval = {"lower": lower, "upper": upper, "level": level, "value_is": MEDIAN}
            found += [
                income.estimate(income.key(name), value, **interval, **own),
                loss.estimate(loss.key(name), float(at["probability_loss"]), value_is=SHARE, **own),
            ]
    return found


def cost_estimates(curve: pd.DataFrame, dated: Dated, cites: ScenarioCites, level: float, seed: int) -> list[Estimate]:
    """Cost of an extra kg by measure where it is finite: with its interval, or the value alone if that has no end."""
    found = []
    for measure in curve[np.isfinite(curve["value"])].itertuples(index=False):
        interval = (
            {"lower": measure.lower, "upper": measure.upper, "level": level} if np.isfinite(measure.upper) else {}
        )
        own = cited((*cites.gain(measure.name), *cites.cost(measure.name)), seed)
        said = f"{BORER_HECTARE}{dose(measure.name)}; the beans not counted"
        method = "kg that one rupiah brings, median, turned over"
        evidence = "" if measure.is_ranked else "; without direct evidence, not ranked"
        found.append(
            Estimate(
                Key("cost_per_kg", (measure.name,)),
                measure.value,
                "Rp/kg",
                dated.at(said, own["sources"], fertilizer=_price(measure.name)) + evidence,
                method,
                **interval,
                **own,
                value_is=MEDIAN,
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
        safe_loss=f"{{{LOSS['present'].key(safe.key)}:percent}}",
        safe_cost=f"{{{COST.key(safe.key)}}}",
        cheap=cheap,
        cheap_cost=f"{{{COST.key(cheap.key)}}}",
        cheap_loss=f"{{{LOSS['present'].key(cheap.key)}:percent}}",
    )


def _told(key: str) -> Text:
    """Income, cost, chance of a loss and a bad case of one option."""
    told = {"income": NET_INCOME["present"], "cost": COST, "loss": LOSS["present"], "bad": BAD}
    shown = {name: f"{{{quantity.key(key)}{':percent' if name == 'loss' else ''}}}" for name, quantity in told.items()}
    return TEXTS.text("told").fill(**shown)


def _joined(names: list[str], last: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


# A smooth curve through draws finds a little where there is nothing.
NOISE = "a value near zero is not told from none"
PERFECT = "expected value of perfect information"
PARTIAL = "expected value of perfect information on one input, by regression on the draws"
SAMPLE = "expected value of sample information; interval over how much farms differ"


def information_estimates(
    everything: float,
    by_input: pd.DataFrame,
    hectares: np.ndarray,
    dated: Dated,
    cites: tuple[str, ...],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Value of knowing everything, per hectare and for the regency, and of each input; all from Rp/ha.

    ``hectares`` are draws of the mature hectares that take part.
    """
    own, basis = cited(cites, seed), dated.at(f"{MEAN_INCOME}; {CHOICE}", cites, fertilizer="ceiling")
    worth: dict[str, Any] = {"unit": "million Rp/ha", "value_is": EXPECTED, **own}
    found = [
        Estimate(Key("information", (), "everything"), everything / 1e6, basis=basis, method=PERFECT, **worth),
        from_draws(
            Key("information", (), "everything_regency"),
            everything * hectares / 1e9,
            level,
            unit="billion Rp/yr",
            basis=dated.at(f"all mature hectares of Kutai Timur that take part; {CHOICE}", cites, fertilizer="ceiling"),
            method=f"{PERFECT}, times hectares",
            **own,
        ),
    ]
    for known in by_input.itertuples(index=False):
        key, value = Key("information", (known.name,)), float(known.value) / 1e6
        found.append(Estimate(key, value, basis=f"{basis}; {NOISE}", method=PARTIAL, **worth))
    return found


def plot_estimates(
    needed: pd.DataFrame, dated: Dated, cites: tuple[str, ...], level: float, seed: int
) -> list[Estimate]:
    """Number of plots for half and nine tenths of the value of an input, where a number that was compared is enough."""
    found = []
    for asked in needed[needed["value"].notna()].itertuples(index=False):
        interval = {"lower": asked.lower, "upper": asked.upper, "level": level} if np.isfinite(asked.upper) else {}
        key = Key("plots", (asked.name, asked.share))
        share = {"half": "half", "nine_tenths": "nine tenths"}[asked.share]
        said = f"smallest number compared that gives {share} of the value of knowing it; {MEAN_INCOME}; {CHOICE}"
        basis = dated.at(said, cites, fertilizer="ceiling")
        own = cited(cites, seed) | {"value_is": SMALLEST}
        found.append(Estimate(key, asked.value, "plots", basis, SAMPLE, **interval, **own))
    return found


def next_measurement(estimates: list[Estimate], names: list[str]) -> Text:
    """Words for the measurement that plots should make next, with the keys of its numbers.

    ``names`` are the inputs worth measuring, the most valuable first; there may be none.
    """
    if not names:
        return TEXTS.text("measure_nothing")
    chosen = named(names[0], UNKNOWNS[names[0]])
    half, most = (_so_many(estimates, Key("plots", (chosen.key, share))) for share in ("half", "nine_tenths"))
    worth = f"{{information.{chosen.key}}}"
    return TEXTS.text("measure_next").fill(unknown=chosen, worth=worth, half=half, most=most)


def _so_many(estimates: list[Estimate], key: Key) -> Text:
    if any(estimate.key == key for estimate in estimates):
        return Text(f"{{{key}}}", f"{{{key}}}")
    return TEXTS.text("more_plots")
