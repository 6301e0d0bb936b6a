"""Controls of pod borer, black pod and dieback: what each brings where its pest is, and what it costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.kit.bayes.mixture import stream
from pipeline.kit.data.citations import OWN, cite_parameters, join
from pipeline.study.fertilizer.response_curves import extra_yield
from pipeline.study.names import PEST_OF_CONTROL
from pipeline.study.pests.pest_losses import DamageCurve, log_gain, yield_where, yield_without
from pipeline.study.synthesis.comparisons import with_studies
from pipeline.study.synthesis.pooling import Priors, Synthesis


@dataclass(frozen=True)
class Control:
    """A control where its ``pest`` is: draws of its log yield gain, and of its yearly cost in Rp/ha if that is known.

    Raises ``ValueError`` when there is no draw or a gain is below zero.
    """

    name: str
    pest: str
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
    return log_gain(loss, loss * left)


# What each control is: the pest that it works on, and the kinds of contrast that say what it leaves of the attack.
KINDS = {
    "pod_sleeving": (PEST_OF_CONTROL["pod_sleeving"], ("sleeving",)),
    "borer_sanitation": (PEST_OF_CONTROL["borer_sanitation"], ("frequent_picking",)),
    "black_ants": (PEST_OF_CONTROL["black_ants"], ("borer_biological",)),
    "pod_removal": (PEST_OF_CONTROL["pod_removal"], ("sanitation",)),
    "fungicide": (PEST_OF_CONTROL["fungicide"], ("black_pod_fungicide",)),
    "trichoderma": (PEST_OF_CONTROL["trichoderma"], ("disease_biological",)),
    "resistant_clones": (PEST_OF_CONTROL["resistant_clones"], ("planting_material",)),
}
OF_KIND = {kind: name for name, (_, kinds) in KINDS.items() for kind in kinds}
# The attack that trials of them count, by pest.
ATTACK = {"pod_borer": "pods_attacked_borer", "black_pod": "pods_rotten_black_pod", "dieback": "dieback_intensity"}
# The parameters behind what controls leave.
FALL_PRIORS = cite_parameters(
    "pests.fall_prior_mean",
    "pests.fall_prior_sd",
    "pests.fall_bias_sd",
    "pests.share_error",
    "evidence.spread_prior_scale",
    "evidence.near_weight",
)
# A loss that cannot be told from none is taken to be this, where its logarithm is asked for.
LEAST_LOSS = 1e-9
# How well the error of a share of pods is known that is not printed (of its log).
SHARE_ERROR_LOG_SD = 0.4


def fall_priors(mean: float, sd: float, bias_sd: float, spread_scale: float, near_weight: float) -> Priors:
    """Priors of the synthesis of attack: of the mean fall, and of the bias of designs without a drawn control."""
    return Priors(
        other=(mean, sd),
        spread_scale=spread_scale,
        bias_sd=bias_sd,
        near_weight=near_weight,
        variation_log_sd=SHARE_ERROR_LOG_SD,
        cites=FALL_PRIORS,
    )


def fall_rows(effects: pd.DataFrame, share_error: float) -> pd.DataFrame:
    """Contrasts that count attack, as rows of the synthesis: ``measure`` is the control, ``log_ratio`` the fall.

    The fall is minus the log of the attack with the control over that without: above zero is less attack. Contrasts
    with one comparator in one season share what chance did to it: they are one row, their mean. An error that is not
    printed is ``share_error``. ``effects`` is the clean table.
    """
    own = _of_controls(effects)
    rows = with_studies(own[own["outcome"] == own["pest"].map(ATTACK)])
    compared = rows.groupby(["measure", "comparison"], sort=False, dropna=False)
    joined = compared.agg({"effect_id": lambda ids: ";".join(ids), "source_id": lambda cited: join(*cited)})
    means = compared[["log_ratio", "log_ratio_se"]].mean()
    rows = compared.first().assign(**joined, **means).reset_index()
    return rows.assign(
        log_ratio=-rows["log_ratio"],
        se=rows["log_ratio_se"].fillna(share_error).astype(float),
        is_se_imputed=rows["log_ratio_se"].isna(),
        doublings=np.nan,
        **{OWN: rows["source_id"]},
    )


def _of_controls(effects: pd.DataFrame) -> pd.DataFrame:
    """Effects of the controls that nothing speaks against, with ``measure`` (the control) and ``pest``."""
    own = effects[effects["kind"].isin(OF_KIND) & effects["doubt"].isna()]
    control = own["kind"].map(OF_KIND)
    return own.assign(measure=control, pest=control.map({name: pest for name, (pest, _) in KINDS.items()}))


def share_left(fall: np.ndarray | float) -> np.ndarray:
    """Share of the attack that is left; a control does not raise the attack."""
    return np.minimum(np.exp(-np.asarray(fall)), 1.0)


def draw_left(falls: Synthesis, seed: int, size: int) -> pd.DataFrame:
    """Draws of the share of the attack that each control leaves in a new place: columns ``left_`` and its name."""
    drawn = {name: falls.new_place(name).draw(stream(seed, f"fall {name}"), size) for name in KINDS}
    return pd.DataFrame({f"left_{name}": share_left(fall) for name, fall in drawn.items()})


def all_controls(
    draws: pd.DataFrame, curve: DamageCurve, cites: tuple[str, ...], costs: dict[str, np.ndarray]
) -> list[Control]:
    """Controls of all pests: what each leaves of the attack, and what that brings where its pest is.

    ``draws`` are those of the pests, with what each control leaves; ``cites`` is what that rests on, and ``costs`` are
    draws in Rp/ha by control, where known.
    """
    lost = {"black_pod": draws["loss_black_pod"].to_numpy(), "dieback": draws["loss_dieback_there"].to_numpy()}
    found = []
    for name, (pest, _) in KINDS.items():
        left = draws[f"left_{name}"].to_numpy()
        is_borer = pest == "pod_borer"
        gain = borer_gain(curve, draws["attacked"].to_numpy(), left) if is_borer else disease_gain(lost[pest], left)
        found.append(Control(name, pest, gain, cites, costs.get(name)))
    return found


def against_trials(
    effects: pd.DataFrame,
    controls: list[Control],
    losses: dict[str, np.ndarray],
    there: dict[str, tuple[str, ...]],
    share_error: float,
    level: float,
    seed: int,
) -> pd.DataFrame:
    """Trials that print the yield with a control, or the loss itself, against what attack and damage foretell.

    These figures are in neither, though two are of trials that also count attack. Results without a number cannot be
    held against a forecast. ``losses`` are draws without control where each pest is, which cite what ``there`` has
    of it. Columns: ``effect_id``, ``name`` (of the control), ``outcome``, ``seen``, ``lower``, ``value`` and ``upper``
    of the forecast with the error of the trial, all log ratios, ``is_inside`` (of the interval), ``source_id`` and,
    of what was seen, ``own_sources``.
    """
    own = _of_controls(effects)
    # Another clone differs in more than its dieback, so its yield says nothing of that.
    own = own[own["kind"] != "planting_material"]
    rows = own[own["outcome"].isin(["yield", "yield_loss"]) & own["log_ratio"].notna()]
    by_name, found = {control.name: control for control in controls}, []
    for row in rows.itertuples():
        control, loss = by_name[row.measure], losses[row.pest]
        lost = np.maximum(loss_with(control, loss), LEAST_LOSS)
        change = control.log_gain if row.outcome == "yield" else np.log(lost / loss)
        error = share_error if np.isnan(row.log_ratio_se) else row.log_ratio_se
        told = change + error * stream(seed, f"trial {row.effect_id}").standard_normal(len(change))
        lower, value, upper = np.quantile(told, [(1 - level) / 2, 0.5, (1 + level) / 2])
        ends = (row.log_ratio, lower, value, upper, bool(lower <= row.log_ratio <= upper))
        cited = join(row.source_id, *control.sources, *there[row.pest])
        found.append((row.effect_id, row.measure, row.outcome, *ends, cited, row.source_id))
    columns = ["effect_id", "name", "outcome", "seen", "lower", "value", "upper", "is_inside", "source_id", OWN]
    return pd.DataFrame(found, columns=columns)


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
            extra = extra_yield(there[control.pest], control.log_gain, potential)
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
