"""The choice that information can improve: any combination of the measures, what each pays, and what is not known."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.preprocessing import SplineTransformer

from pipeline.kit.bayes.mixture import stream
from pipeline.study.scenarios.measures import Inputs, fertilizer, other_measures
from pipeline.study.scenarios.options import Option, mean_income

# Cubic splines with this many knots over the ranks of an input: enough to bend, too few to follow noise.
KNOTS = 6
ROUNDING = 1e-9
# A direction of the basis below this share of the largest is one that it lacks: far above rounding, far below the rest.
RANK = 1e-10
# Numbers of plots that are compared; even, because half of them are the comparison.
PLOTS = (2, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512)


def perfect_information(payoffs: np.ndarray) -> float:
    """Expected gain from knowing everything before choosing; ``payoffs`` has shape (draws, options)."""
    return float(payoffs.max(axis=1).mean() - payoffs.mean(axis=0).max())


def expected_payoffs(payoffs: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean payoff of each option given what is known, shape (draws, options); ``known`` has shape (draws,).

    Only the order of the known values counts, so a heavy tail does not steer the curve. The mean over all draws is
    that of ``payoffs``.
    """
    ranks = (rankdata(known) / len(known)).reshape(-1, 1)
    basis = SplineTransformer(n_knots=KNOTS).fit_transform(ranks)
    # Least squares by the normal equations: the basis is small and well scaled, and an input with two values only
    # leaves it short of rank, which lstsq bears.
    weights = np.linalg.lstsq(basis.T @ basis, basis.T @ payoffs, rcond=RANK)[0]
    return np.asarray(basis @ weights)


def partial_information(payoffs: np.ndarray, known: np.ndarray) -> float:
    """Expected gain from knowing one input before choosing, in the unit of ``payoffs``; zero if no choice changes."""
    value = perfect_information(expected_payoffs(payoffs, known))
    # What rounding leaves of nothing is nothing.
    return value if value > ROUNDING * float(np.abs(payoffs).max()) else 0.0


def sample_information(
    payoffs: np.ndarray, known: np.ndarray, spread: float, plots: int, rng: np.random.Generator
) -> float:
    """Expected gain from measuring an input on a number of plots before choosing.

    What ``plots`` show is the input with a normal error of ``spread / sqrt(plots)``. Raises ``ValueError`` when there
    is no plot.
    """
    if plots < 1:
        raise ValueError(f"{plots} plots measure nothing; at least one is needed")
    seen = known + rng.normal(0, spread / np.sqrt(plots), len(known))
    return partial_information(payoffs, seen)


def information_by_plots(payoffs: np.ndarray, known: np.ndarray, spread: float, seed: int) -> pd.DataFrame:
    """``plots`` and the ``value`` of measuring on so many; more plots are never worth less.

    The same errors, scaled, are used for every number of plots, so that the steps between them are not noise.
    """
    values = [sample_information(payoffs, known, spread, plots, np.random.default_rng(seed)) for plots in PLOTS]
    return pd.DataFrame({"plots": PLOTS, "value": np.maximum.accumulate(values)})


def plots_for_share(by_plots: pd.DataFrame, whole: float, share: float) -> float:
    """Smallest number of plots that gives a share of the ``whole`` value; missing if none of those compared does."""
    enough = by_plots.loc[by_plots["value"] >= share * whole, "plots"]
    return float(enough.min()) if len(enough) and whole > 0 else float("nan")


# Inputs that plots can show, and the spread of what one plot shows as a multiple of how much farms differ: a mean
# over plots, or the log ratio of two groups of half the plots each.
SHOWN_BY_PLOTS = {
    "present_yield": 1.0,
    "fertilizer_effect": 2.0,
    "sleeving_effect": 2.0,
    "training_effect": 2.0,
}


def as_shown(name: str, draws: np.ndarray) -> np.ndarray:
    """An unknown on the scale on which plots err: the log, as effects and gains are already."""
    return np.log(draws) if name == "present_yield" else draws


SHARES = {"half": 0.5, "nine_tenths": 0.9}
# Below this share of the value of knowing everything, an input does not change the choice, and nobody need measure it.
LEAST_SHARE = 0.01


def combined_options(inputs: Inputs, fertilizer_price: float) -> list[Option]:
    """Every combination of fertilizer, sleeving and training; ``fertilizer_price`` in Rp/kg.

    Pruning takes no part: one study, of one year in West Africa, compares pruned with unpruned cacao as it is
    recommended, so what it pays is mostly prior knowledge, and that would decide what to find out first.
    """
    others = other_measures(inputs)
    measures = {"fertilizer": fertilizer(inputs, fertilizer_price)}
    measures |= {name: others[name] for name in ("pod_sleeving", "training")}
    chosen = [names for size in range(1, len(measures) + 1) for names in combinations(measures, size)]
    return [Option("+".join(names), tuple(measures[name] for name in names)) for names in chosen]


def payoffs(options: list[Option], inputs: Inputs, bean_price: float, with_borer: np.ndarray) -> np.ndarray:
    """Draws of net income in Rp per hectare that takes part, shape (draws, 1 + options); doing nothing comes first."""
    incomes = [mean_income(option, inputs.yields, bean_price, inputs.potential, with_borer) for option in options]
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
    found = [
        information_by_plots(paid, as_shown(name, draws), SHOWN_BY_PLOTS[name] * between, _errors(seed, name)).assign(
            name=name, variation=which
        )
        for name, draws in known.items()
        for which, between in zip(("lower", "value", "upper"), variation, strict=True)
    ]
    none = pd.DataFrame(columns=["plots", "value", "name", "variation"])
    return pd.concat(found, ignore_index=True) if found else none


def _errors(seed: int, name: str) -> int:
    """Seed of the errors of the plots that measure one input: the same however much farms differ."""
    return int(stream(seed, f"plots {name}").integers(2**31))


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
