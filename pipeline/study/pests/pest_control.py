"""Controls of pod borer, black pod and dieback: what each brings where its pest is, and what it costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.kit.bayes.mixture import stream
from pipeline.kit.data.citations import cite_parameters
from pipeline.kit.data.contracts import ends, row, sources_of_rows
from pipeline.study import known_rows
from pipeline.study.fertilizer.response_curves import extra_yield
from pipeline.study.pests.pest_losses import DamageCurve, combined_loss, log_gain, yield_where, yield_without


@dataclass(frozen=True)
class Control:
    """A control where its pest is: draws of its log yield gain, and of its yearly cost in Rp/ha if that is known.

    ``pests`` names the losses it works on. Raises ``ValueError`` when there is no draw or a gain is below zero.
    """

    name: str
    pests: tuple[str, ...]
    log_gain: np.ndarray
    sources: tuple[str, ...]
    cost_idr_per_ha: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not len(self.log_gain) or not np.all(self.log_gain >= 0):
            raise ValueError(f"control {self.name}: gains must be given, and none may be below zero")


def yields_there(draws: pd.DataFrame, mean_yield: np.ndarray) -> dict[str, np.ndarray]:
    """Draws of the present yield in kg/ha of a hectare that has each pest, by pest; ``draws`` are those of the pests.

    Black pod is reported for whole districts, so it is on every hectare.
    """
    columns = {name: draws[name].to_numpy() for name in draws}
    return {
        "pod_borer": yield_where(mean_yield, columns["attacked_area"], columns["loss_pod_borer_there"]),
        "black_pod": mean_yield,
        "dieback": yield_where(mean_yield, columns["dieback_area"], columns["loss_dieback_there"]),
    }


def borer_gain(curve: DamageCurve, attacked: np.ndarray, left: np.ndarray | float) -> np.ndarray:
    """Log gain of a control that leaves the share ``left`` of the pods attacked: through the damage curve."""
    return log_gain(curve.loss(attacked), curve.loss(attacked * left))


def disease_gain(loss: np.ndarray, left: np.ndarray | float) -> np.ndarray:
    """Log gain of a control that leaves the share ``left`` of a disease; loss is taken to follow it in proportion."""
    return log_gain(loss, loss * np.minimum(left, 1.0))


def capped_gain(extra: np.ndarray, yield_now: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Log gain of ``extra`` kg/ha, no more than the share ``loss`` that was lost."""
    return np.minimum(np.log1p(extra / yield_now), -np.log1p(-loss))


def borer_controls(
    draws: pd.DataFrame,
    curve: DamageCurve,
    tables: tuple[pd.DataFrame, pd.DataFrame],
    yield_there: np.ndarray,
    costs: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> list[Control]:
    """Controls of the pod borer; ``tables`` are effects and reports, ``costs`` draws in Rp/ha where known.

    ``yield_there`` is the present yield of a hectare that has it. The plots of Aceh Timur leave the share of attack
    that was printed. The fall in Papua New Guinea
    (E095) is the most that was claimed, so the fall is drawn evenly from none to that. Biological agents (E052) are
    drawn evenly from the range printed over agents, but bring back no more than borer and black pod take.
    """
    effects, reports = tables
    pods, size = draws["attacked"].to_numpy(), len(draws)
    least_left = float(np.exp(row(effects, known_rows.WEEKLY_HARVEST_NEW_BRITAIN)["log_ratio"]))
    plots_left = (
        row(reports, known_rows.ATTACK_ACEH_TIMUR_CONTROLLED)["value_high"]
        / row(reports, known_rows.ATTACK_ACEH_TIMUR)["value_high"]
    )
    agents = row(effects, known_rows.BIOLOGICAL_AGENTS_SOUTHEAST_SULAWESI)
    lost = combined_loss(draws["loss_pod_borer_there"].to_numpy(), draws["loss_black_pod"].to_numpy())
    avoided = rng.uniform(agents["printed_low"], agents["printed_high"], size)
    sanitation = borer_gain(curve, pods, rng.uniform(least_left, 1.0, size))
    return [
        Control(
            "pod_sleeving",
            ("pod_borer",),
            draws["log_gain_sleeving_there"].to_numpy(),
            (
                *sources_of_rows(effects, known_rows.SLEEVING_TRIAL_SAMARINDA, known_rows.SLEEVED_BLOCKS_PERAK),
                *cite_parameters("pests.sleeving_leaves_at_most"),
            ),
            costs.get("sleeving"),
        ),
        Control(
            "ipm_plots",
            ("pod_borer",),
            borer_gain(curve, pods, plots_left),
            sources_of_rows(reports, known_rows.ATTACK_ACEH_TIMUR_CONTROLLED, known_rows.ATTACK_ACEH_TIMUR),
        ),
        Control(
            "borer_sanitation",
            ("pod_borer",),
            sanitation,
            sources_of_rows(effects, known_rows.WEEKLY_HARVEST_NEW_BRITAIN),
            costs.get("pruning"),
        ),
        Control(
            "biological_agents",
            ("pod_borer", "black_pod"),
            capped_gain(avoided, yield_there, lost),
            sources_of_rows(effects, known_rows.BIOLOGICAL_AGENTS_SOUTHEAST_SULAWESI),
        ),
    ]


def disease_controls(
    draws: pd.DataFrame, effects: pd.DataFrame, costs: dict[str, np.ndarray], rng: np.random.Generator
) -> list[Control]:
    """Controls of black pod and dieback; ``costs`` holds draws in Rp/ha where known.

    Removing diseased pods leaves a share drawn evenly between its four comparisons (E082 to E085), fungicide one
    from the range printed (E087); both were tried in Africa against another species. The five clones share one
    control, so they are one comparison: the share left is drawn evenly between the best and the worst clone.
    """
    black_pod, size = draws["loss_black_pod"].to_numpy(), len(draws)
    pods_removed, cloned = (
        ends(effects[effects["effect_id"].isin(keys)], "log_ratio")
        for keys in (known_rows.POD_REMOVAL_CAMEROON, known_rows.RESISTANT_CLONES_SIGI)
    )
    removal, clones = (
        np.exp(rng.uniform(found["log_ratio"].min(), found["log_ratio"].max(), size))
        for found in (pods_removed, cloned)
    )
    sprays = row(effects, known_rows.FUNGICIDE_GHANA)
    sprayed = np.exp(rng.normal(sprays["log_ratio"], sprays["log_ratio_se"], size))
    return [
        Control(
            "pod_removal",
            ("black_pod",),
            disease_gain(black_pod, removal),
            tuple(pods_removed["source_id"]),
            costs.get("pruning"),
        ),
        Control(
            "fungicide",
            ("black_pod",),
            disease_gain(black_pod, sprayed),
            sources_of_rows(effects, known_rows.FUNGICIDE_GHANA),
        ),
        Control(
            "resistant_clones",
            ("dieback",),
            disease_gain(draws["loss_dieback_there"].to_numpy(), clones),
            tuple(cloned["source_id"]),
        ),
    ]


def all_controls(
    draws: pd.DataFrame,
    curve: DamageCurve,
    tables: tuple[pd.DataFrame, pd.DataFrame],
    mean_yield: np.ndarray,
    costs: dict[str, np.ndarray],
    seed: int,
) -> list[Control]:
    """Controls of all pests; arguments as in ``borer_controls``, ``mean_yield`` is that of all hectares."""
    borer, disease = stream(seed, "borer controls"), stream(seed, "disease controls")
    there = yields_there(draws, mean_yield)["pod_borer"]
    return [
        *borer_controls(draws, curve, tables, there, costs, borer),
        *disease_controls(draws, tables[0], costs, disease),
    ]


def with_gains(draws: pd.DataFrame, is_sabah: np.ndarray, controls: list[Control]) -> pd.DataFrame:
    """The draws of the pests with the reading of the damage that each follows, and the log gain of each control."""
    gains = {f"log_gain_{control.name}_there": control.log_gain for control in controls}
    return draws.assign(is_sabah=is_sabah, **gains)


def loss_with(control: Control, loss_before: np.ndarray) -> np.ndarray:
    """Share of yield still lost where the control is done and the pest takes ``loss_before`` without it."""
    return 1 - (1 - loss_before) * np.exp(control.log_gain)


# Above this price no bean was ever sold; a break-even price that is higher, or none, is shown as this.
HIGHEST_PRICE = 1_000_000.0


def break_even_price(extra: np.ndarray, cost: np.ndarray, harvest_cost: float) -> np.ndarray:
    """Draws of the bean price in Rp/kg at which ``extra`` kg/ha pay a ``cost`` in Rp/ha and their own harvest.

    ``harvest_cost`` is in Rp/kg. At most ``HIGHEST_PRICE``, which also stands for a control that brings nothing.
    """
    if not np.all(np.asarray(cost) >= 0):
        raise ValueError("the cost of a control must be given and cannot be below zero")
    price = np.divide(cost, extra, out=np.full(np.shape(extra), np.inf), where=np.asarray(extra) > 0) + harvest_cost
    return np.minimum(price, HIGHEST_PRICE)


def highest_cost(extra: np.ndarray, net_price: float, chance: float) -> float:
    """The most that a control may cost a year, in Rp/ha, to pay with this ``chance`` at a net bean price in Rp/kg."""
    if net_price <= 0:
        raise ValueError(f"beans must earn something to pay for a control, not {net_price:g} Rp/kg")
    return max(0.0, float(np.quantile(extra * net_price, 1 - chance)))


def chance_by_price(
    controls: list[Control], there: dict[str, np.ndarray], prices: np.ndarray, harvest_cost: float, potential: float
) -> pd.DataFrame:
    """Chance in per cent that each control of known cost pays, at every bean price in Rp/kg.

    ``there`` holds the present yield of a hectare that has each pest, in kg/ha.

    Columns: ``name``, ``price_idr_per_kg``, ``chance``. Raises ``ValueError`` when no control has a cost.
    """
    rows = []
    for control in controls:
        if control.cost_idr_per_ha is not None:
            extra = extra_yield(there[control.pests[0]], control.log_gain, potential)
            even = break_even_price(extra, control.cost_idr_per_ha, harvest_cost)
            rows += [(control.name, price, float((even < price).mean()) * 100) for price in prices]
    if not rows:
        raise ValueError("no control of known cost, or no price: nothing can be said about when it pays")
    return pd.DataFrame(rows, columns=["name", "price_idr_per_kg", "chance"])


def chance_by_attack(
    attacked: np.ndarray,
    net_prices: dict[str, float],
    left: np.ndarray,
    curves: dict[str, DamageCurve],
    attack: tuple[np.ndarray, np.ndarray],
    mean_yield: np.ndarray,
    cost: np.ndarray,
    potential: float,
) -> pd.DataFrame:
    """Chance in per cent that sleeving pays, for every reading of the damage, share of pods attacked and net price.

    Columns: ``reading``, ``attacked_percent``, ``price`` (the key of ``net_prices``), ``chance``. ``mean_yield`` is
    that of all hectares under the present ``attack`` (share of the area, share of pods there), from which follows what
    a hectare yields at another attack; a draw whose yield without the borer passes the ``potential`` has no weight.
    """
    rows = []
    for reading, curve in curves.items():
        clean = yield_without(mean_yield, attack[0], curve.loss(attack[1]))
        possible = clean <= potential
        for share in attacked:
            extra = extra_yield(clean * (1 - curve.loss(share)), borer_gain(curve, share, left), potential)
            pays = {key: (extra * net > cost)[possible].mean() for key, net in net_prices.items()}
            rows += [(reading, share * 100, key, float(chance) * 100) for key, chance in pays.items()]
    return pd.DataFrame(rows, columns=["reading", "attacked_percent", "price", "chance"])
