"""The choice that information can improve: any combination of the measures, what each pays, and what is not known."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.compute import each
from pipeline.model.draws import stream
from pipeline.model.evidence_rows import variation_between_farms
from pipeline.model.information import information_by_plots, partial_information, perfect_information, plots_for_share
from pipeline.model.measures import Inputs, fertilizer, other_measures
from pipeline.model.options import Option, mean_income

# Inputs that plots can show, and the spread of what one plot shows as a multiple of how much farms differ: a mean
# over plots, or the log ratio of two groups of half the plots each.
SHOWN_BY_PLOTS = {
    "present_yield": 1.0,
    "fertilizer_effect": 2.0,
    "sleeving_effect": 2.0,
    "training_effect": 2.0,
}
SHARES = {"half": 0.5, "nine_tenths": 0.9}
# Below this share of the value of knowing everything, an input does not change the choice, and nobody need measure it.
LEAST_SHARE = 0.01


def combined_options(inputs: Inputs, fertilizer_price: float) -> list[Option]:
    """Every combination of fertilizer, sleeving and training; ``fertilizer_price`` in Rp/kg.

    Pruning takes no part: no study compares pruned with unpruned cacao as it is recommended, so what it pays is prior
    knowledge alone, and that would decide what to find out first.
    """
    others = other_measures(inputs)
    measures = {"fertilizer": fertilizer(inputs, fertilizer_price)}
    measures |= {name: others[name] for name in ("pod_sleeving", "training")}
    chosen = [names for size in range(1, len(measures) + 1) for names in combinations(measures, size)]
    return [Option("+".join(names), tuple(measures[name] for name in names)) for names in chosen]


def payoffs(options: list[Option], inputs: Inputs, bean_price: float, with_borer: np.ndarray) -> np.ndarray:
    """Draws of net income in Rp per hectare that takes part, shape (draws, 1 + options); doing nothing comes first."""
    incomes = [mean_income(option, inputs.yields, bean_price, inputs.ceiling, with_borer) for option in options]
    return np.column_stack([np.zeros_like(with_borer), *incomes])


def unknowns(mean_yield: np.ndarray, inputs: Inputs, pests: pd.DataFrame) -> dict[str, np.ndarray]:
    """Draws of everything that is not known and that ``combined_options`` hang on, by name.

    ``mean_yield`` is the present yield over all hectares, ``pests`` are the draws of the pest model.
    """
    return {
        "present_yield": mean_yield,
        "fertilizer_effect": inputs.effects["mineral_fertilizer"],
        "sleeving_effect": inputs.pest_gains["pod_sleeving"],
        "training_effect": inputs.effects["training"],
        "pods_attacked": pests["attacked"].to_numpy(),
        "area_with_borer": pests["attacked_area"].to_numpy(),
        "damage_reading": pests["is_sabah"].to_numpy(dtype=float),
        "sleeving_labour": inputs.labour["sleeving"],
        "sleeve_price": inputs.sleeves,
        "spreading_labour": inputs.labour["spreading"],
        "training_cost": inputs.training,
    }


def value_by_price(
    options: list[Option],
    inputs: Inputs,
    net_prices: dict[str, float],
    with_borer: np.ndarray,
    known: dict[str, np.ndarray],
) -> pd.DataFrame:
    """Value in Rp/ha of knowing each input, and everything, at each price of beans.

    One row per input, ``everything`` first; one column per price, named as in ``net_prices`` (Rp/kg, harvested).
    """
    columns = {}
    for name, price in net_prices.items():
        paid = payoffs(options, inputs, price, with_borer)
        values = value_by_input(paid, known).set_index("name")["value"]
        columns[name] = pd.concat([pd.Series({"everything": perfect_information(paid)}), values])
    return pd.DataFrame(columns).loc[["everything", *known]].rename_axis("name").reset_index()


def value_by_input(paid: np.ndarray, known: dict[str, np.ndarray]) -> pd.DataFrame:
    """Value of knowing each input, in the unit of ``paid``: ``name``, ``value``; the most valuable first."""
    rows = [(name, partial_information(paid, draws)) for name, draws in known.items()]
    frame = pd.DataFrame(rows, columns=["name", "value"])
    return frame.sort_values("value", ascending=False, kind="stable", ignore_index=True)


def variation_interval(effects: pd.DataFrame, level: float) -> tuple[float, float, float]:
    """Lower bound, best guess and upper bound of how much farms differ, from how much published surveys do.

    ``effects`` is the clean table; a coefficient of variation.
    """
    middle, spread, _ = variation_between_farms(effects)
    reach = np.exp(spread * ndtri((1 + level) / 2))
    return float(middle / reach), middle, float(middle * reach)


def worth_measuring(by_input: pd.DataFrame, everything: float) -> list[str]:
    """Inputs that plots can show and that change the choice, the most valuable first.

    ``everything`` is the value of knowing everything, in the unit of the column ``value``.
    """
    rows = by_input[by_input["name"].isin(list(SHOWN_BY_PLOTS)) & (by_input["value"] > LEAST_SHARE * everything)]
    return list(rows["name"])


def value_by_plots(
    paid: np.ndarray, known: dict[str, np.ndarray], variation: tuple[float, float, float], seed: int
) -> pd.DataFrame:
    """Value of plots that measure each input in ``known``, in the unit of ``paid``.

    ``variation`` is the coefficient of variation between farms: lower bound, best guess, upper bound. Columns:
    ``name``, ``variation`` (``lower``, ``value`` or ``upper``), ``plots``, ``value``.
    """
    items = [
        (name, which, paid, draws, SHOWN_BY_PLOTS[name] * between, int(stream(seed, f"plots {name}").integers(2**31)))
        for name, draws in known.items()
        for which, between in zip(("lower", "value", "upper"), variation, strict=True)
    ]
    none = pd.DataFrame(columns=["plots", "value", "name", "variation"])
    return pd.concat(each(_by_plots, items), ignore_index=True) if items else none


def _by_plots(item: tuple[str, str, np.ndarray, np.ndarray, float, int]) -> pd.DataFrame:
    name, which, paid, known, spread, seed = item
    return information_by_plots(paid, known, spread, seed).assign(name=name, variation=which)


def plots_needed(by_plots: pd.DataFrame, by_input: pd.DataFrame) -> pd.DataFrame:
    """Smallest number of plots for half and nine tenths of the value of knowing an input.

    Columns: ``name``, ``share`` (a key of ``SHARES``), ``lower``, ``value``, ``upper``: by how much farms differ.
    Missing where no number of plots that was compared is enough.
    """
    whole = by_input.set_index("name")["value"]
    rows = []
    for name in by_plots["name"].unique():
        curves = dict(list(by_plots[by_plots["name"] == name].groupby("variation")))
        for share, part in SHARES.items():
            found = {which: plots_for_share(curve, whole[name], part) for which, curve in curves.items()}
            rows.append({"name": name, "share": share, **found})
    return pd.DataFrame(rows, columns=["name", "share", "lower", "value", "upper"])
