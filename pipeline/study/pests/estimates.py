"""Published estimates of 07_model_pests: how much of each pest there is, and what it takes with and without control."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.language import Text
from pipeline.kit.publish.estimates import (
    MEDIAN,
    MEDIAN_OF_POSTERIOR,
    QUANTILE,
    SHARE,
    SMALLEST,
    WEIGHT,
    Estimate,
    Quantity,
    cited,
    from_draws,
)
from pipeline.kit.publish.keys import Key
from pipeline.study.fertilizer.response_curves import extra_yield
from pipeline.study.pests.cites import PestCites
from pipeline.study.pests.pest_control import (
    FALL_PRIORS,
    KINDS,
    Control,
    break_even_price,
    highest_cost,
    loss_with,
    share_left,
)
from pipeline.study.pests.pest_losses import DamageCurve
from pipeline.study.prices.scope import Dated
from pipeline.study.synthesis.pooling import Synthesis

# Loss at a share of pods attacked, and at the present one.
SHARES, THERE_NOW = {"loss_at_45": 0.45, "loss_at_70": 0.70, "loss_at_96": 0.96}, "loss_there"
WITHOUT = "of the yield without pod borer, mature hectare (TM) of Kutai Timur that has it"
CURVE = "damage curve"
READINGS = {
    "sabah": "damage curve of Sabah",
    "aceh": "damage curve of Aceh Timur",
    "mixture": "damage curve of Sabah or of Aceh Timur, by their weights",
}
AVERAGE = "of the yield without this, average mature hectare (TM) of Kutai Timur"
PESTS = {
    "pod_borer": "pod borer",
    "black_pod": "black pod",
    "dieback": "dieback",
    "all": "pod borer, black pod and dieback",
}


def curve_estimates(
    curves: dict[str, DamageCurve], attacked: np.ndarray, cites: PestCites, level: float, seed: int
) -> list[Estimate]:
    """Loss in per cent by reading of the damage, at three shares of pods attacked and where the borer is today.

    ``attacked`` holds draws of the present share of pods attacked.
    """
    found, own = [], cited(cites.losses["pod_borer"], seed)
    for reading, curve in curves.items():
        common = {**own, "level": level, "unit": "%", "method": CURVE}
        cases: dict[str, np.ndarray | float] = {**SHARES, THERE_NOW: attacked}
        found += [
            from_draws(
                Key("pod_borer", (), quantity, (reading,)),
                curve.loss(share) * 100,
                **common,
                basis=f"{WITHOUT}; {READINGS[reading]}; {_attacked(share)}",
                headline=quantity == THERE_NOW,
            )
            for quantity, share in cases.items()
        ]
    return found


def _attacked(share: np.ndarray | float) -> str:
    return (
        "the present share of pods attacked"
        if isinstance(share, np.ndarray)
        else f"{share * 100:.0f} % of pods attacked"
    )


def loss_estimates(draws: pd.DataFrame, cites: PestCites, level: float, seed: int) -> list[Estimate]:
    """Attack, and loss to each pest and to all on an average hectare, in per cent."""
    attack = {
        "attacked_area": (
            "of the mature area of Kutai Timur; only draws whose yield without pests is possible",
            "evenly from the lowest share reported to all",
        ),
        "attacked": ("of pods, where the borer is in Kutai Timur", "evenly between sleeved and unsleeved plots"),
    }
    found = [
        from_draws(
            Key("incidence", (), name),
            draws[name].to_numpy() * 100,
            level,
            unit="%",
            basis=basis,
            method=method,
            **cited(cites.losses["pod_borer"], seed),
        )
        for name, (basis, method) in attack.items()
    ]
    method = "share of the area x loss there; what each pest leaves is multiplied"
    for pest in ("pod_borer", "black_pod", "dieback", "all"):
        common = {**cited(cites.losses[pest], seed), "level": level, "unit": "%", "method": method}
        values = draws[f"loss_{pest}"].to_numpy() * 100
        found.append(
            from_draws(Key("loss", (pest,)), values, **common, basis=f"{AVERAGE}: {PESTS[pest]}", headline=True)
        )
    return found


def losses_with_and_without(controls: list[Control], losses: dict[str, np.ndarray], level: float) -> pd.DataFrame:
    """Median and interval of the loss in per cent where each pest is, without control and with each control.

    ``losses`` holds the draws without control by pest. Columns: ``pest``, ``name`` (of the control, or ``none``),
    ``lower``, ``value``, ``upper``.
    """
    rows = []
    for pest, before in losses.items():
        cases = {"none": before} | {c.name: loss_with(c, before) for c in controls if c.pest == pest}
        ends = [(1 - level) / 2, 0.5, (1 + level) / 2]
        rows += [(pest, name, *np.quantile(draws * 100, ends)) for name, draws in cases.items()]
    return pd.DataFrame(rows, columns=["pest", "name", "lower", "value", "upper"])


def loss_with_estimates(
    rows: pd.DataFrame, controls: list[Control], cites: PestCites, level: float, seed: int
) -> list[Estimate]:
    """The rows of ``losses_with_and_without`` as estimates."""
    return [
        Estimate(
            key=Key("loss_there", (row.pest, row.name)),
            value=row.value,
            unit="%",
            basis=f"of the yield without {PESTS[row.pest]}, mature hectare (TM) of Kutai Timur that has it",
            method="without control" if row.name == "none" else "with control",
            lower=row.lower,
            upper=row.upper,
            level=level,
            value_is=MEDIAN,
            **cited(cites.loss_with(row.pest, row.name, controls), seed),
        )
        for row in rows.itertuples(index=False)
    ]


# What is published of each control: what it leaves of the attack, and what that is worth where its pest is.
LEFT = Quantity(
    "left", "", "%", "Bayesian synthesis of attack with and without, integrated over fixed points", (
        "left.pod_sleeving", "left.borer_sanitation", "left.black_ants", "left.pod_removal", "left.fungicide",
        "left.trichoderma", "left.resistant_clones",
    ),
    basis="in a regency of Indonesia not yet studied; what would be more than all counts as all",
)  # fmt: skip
LEFT_MEAN = Quantity(
    "left", "mean", "%", LEFT.method, (
        "left.pod_sleeving.mean", "left.borer_sanitation.mean", "left.black_ants.mean", "left.pod_removal.mean",
        "left.fungicide.mean", "left.trichoderma.mean", "left.resistant_clones.mean",
    ),
    basis="mean over places in Indonesia; what would be more than all counts as all",
)  # fmt: skip
PRIOR_SHARE = Quantity(
    "left", "prior_share", "%", LEFT.method, (
        "left.pod_sleeving.prior_share", "left.borer_sanitation.prior_share", "left.black_ants.prior_share",
        "left.pod_removal.prior_share", "left.fungicide.prior_share", "left.trichoderma.prior_share",
        "left.resistant_clones.prior_share",
    ),
    basis="share of the mean fall that no study moves", value_is=WEIGHT,
)  # fmt: skip
EXTRA_KG = Quantity(
    "control", "extra_kg", "kg/ha", "loss avoided x present yield there", (
        "control.pod_sleeving.extra_kg", "control.borer_sanitation.extra_kg", "control.black_ants.extra_kg",
        "control.pod_removal.extra_kg", "control.fungicide.extra_kg", "control.trichoderma.extra_kg",
        "control.resistant_clones.extra_kg",
    ),
)  # fmt: skip
COST = Quantity(
    "control", "cost", "million Rp/ha",
    "assumed days, within an assumed factor either way, at the minimum wage of Kutai Timur; "
    "sleeves with their assumed price", (
        "control.pod_sleeving.cost", "control.borer_sanitation.cost", "control.pod_removal.cost",
    ),
)  # fmt: skip
BREAK_EVEN = Quantity(
    "control", "break_even_price", "Rp/kg",
    "bean price at which extra beans pay the control and their harvest; at most 1 million Rp/kg", (
        "control.pod_sleeving.break_even_price", "control.borer_sanitation.break_even_price",
        "control.pod_removal.break_even_price",
    ),
)  # fmt: skip
CHANCE = Quantity(
    "control", "chance", "1", "share of draws", (
        "control.pod_sleeving.chance.low", "control.pod_sleeving.chance.present", "control.pod_sleeving.chance.high",
        "control.pod_sleeving.chance.berau", "control.pod_sleeving.chance.peak", "control.borer_sanitation.chance.low",
        "control.borer_sanitation.chance.present", "control.borer_sanitation.chance.high",
        "control.borer_sanitation.chance.berau", "control.borer_sanitation.chance.peak",
        "control.pod_removal.chance.low", "control.pod_removal.chance.present", "control.pod_removal.chance.high",
        "control.pod_removal.chance.berau", "control.pod_removal.chance.peak",
    ),
)  # fmt: skip
# By the chance in per cent with which the cost is paid.
HIGHEST_COST = {
    50: Quantity(
        "control", "highest_cost_50", "million Rp/ha", "cost that extra beans pay with a chance of 50 %", (
            "control.pod_sleeving.highest_cost_50.low", "control.pod_sleeving.highest_cost_50.present",
            "control.pod_sleeving.highest_cost_50.high", "control.pod_sleeving.highest_cost_50.berau",
            "control.pod_sleeving.highest_cost_50.peak", "control.borer_sanitation.highest_cost_50.low",
            "control.borer_sanitation.highest_cost_50.present", "control.borer_sanitation.highest_cost_50.high",
            "control.borer_sanitation.highest_cost_50.berau", "control.borer_sanitation.highest_cost_50.peak",
            "control.black_ants.highest_cost_50.low", "control.black_ants.highest_cost_50.present",
            "control.black_ants.highest_cost_50.high", "control.black_ants.highest_cost_50.berau",
            "control.black_ants.highest_cost_50.peak", "control.pod_removal.highest_cost_50.low",
            "control.pod_removal.highest_cost_50.present", "control.pod_removal.highest_cost_50.high",
            "control.pod_removal.highest_cost_50.berau", "control.pod_removal.highest_cost_50.peak",
            "control.fungicide.highest_cost_50.low", "control.fungicide.highest_cost_50.present",
            "control.fungicide.highest_cost_50.high", "control.fungicide.highest_cost_50.berau",
            "control.fungicide.highest_cost_50.peak", "control.trichoderma.highest_cost_50.low",
            "control.trichoderma.highest_cost_50.present", "control.trichoderma.highest_cost_50.high",
            "control.trichoderma.highest_cost_50.berau", "control.trichoderma.highest_cost_50.peak",
            "control.resistant_clones.highest_cost_50.low", "control.resistant_clones.highest_cost_50.present",
            "control.resistant_clones.highest_cost_50.high", "control.resistant_clones.highest_cost_50.berau",
            "control.resistant_clones.highest_cost_50.peak",
        ), value_is=QUANTILE,
    ),
    90: Quantity(
        "control", "highest_cost_90", "million Rp/ha", "cost that extra beans pay with a chance of 90 %", (
            "control.pod_sleeving.highest_cost_90.low", "control.pod_sleeving.highest_cost_90.present",
            "control.pod_sleeving.highest_cost_90.high", "control.pod_sleeving.highest_cost_90.berau",
            "control.pod_sleeving.highest_cost_90.peak", "control.borer_sanitation.highest_cost_90.low",
            "control.borer_sanitation.highest_cost_90.present", "control.borer_sanitation.highest_cost_90.high",
            "control.borer_sanitation.highest_cost_90.berau", "control.borer_sanitation.highest_cost_90.peak",
            "control.black_ants.highest_cost_90.low", "control.black_ants.highest_cost_90.present",
            "control.black_ants.highest_cost_90.high", "control.black_ants.highest_cost_90.berau",
            "control.black_ants.highest_cost_90.peak", "control.pod_removal.highest_cost_90.low",
            "control.pod_removal.highest_cost_90.present", "control.pod_removal.highest_cost_90.high",
            "control.pod_removal.highest_cost_90.berau", "control.pod_removal.highest_cost_90.peak",
            "control.fungicide.highest_cost_90.low", "control.fungicide.highest_cost_90.present",
            "control.fungicide.highest_cost_90.high", "control.fungicide.highest_cost_90.berau",
            "control.fungicide.highest_cost_90.peak", "control.trichoderma.highest_cost_90.low",
            "control.trichoderma.highest_cost_90.present", "control.trichoderma.highest_cost_90.high",
            "control.trichoderma.highest_cost_90.berau", "control.trichoderma.highest_cost_90.peak",
            "control.resistant_clones.highest_cost_90.low", "control.resistant_clones.highest_cost_90.present",
            "control.resistant_clones.highest_cost_90.high", "control.resistant_clones.highest_cost_90.berau",
            "control.resistant_clones.highest_cost_90.peak",
        ), value_is=QUANTILE,
    ),
}  # fmt: skip
# Each control is judged where its pests are.
THERE = {
    "pod_borer": "mature hectare (TM) of Kutai Timur with pod borer, per year",
    "black_pod": "mature hectare (TM) of Kutai Timur with black pod, per year",
    "dieback": "mature hectare (TM) of Kutai Timur with dieback, per year",
}


# What attack is, by pest: the control's share of it is what is left.
ATTACKED = {
    "pod_borer": "of the pods that the pod borer attacks without it",
    "black_pod": "of the pods that black pod rots without it",
    "dieback": "of the intensity of dieback (VSD) without it",
}


def left_estimates(falls: Synthesis, studies: pd.DataFrame, level: float) -> list[Estimate]:
    """Share of the attack that each control leaves, and how much of its mean fall is prior, in per cent.

    ``studies`` comes from ``robustness.contributions``. A control without a study has what the prior says.
    """
    found = []
    weights = studies.groupby("measure")["weight"].sum()
    for name in KINDS:
        own, attacked = studies[studies["measure"] == name], ATTACKED[KINDS[name][0]]
        # Without a study of its own the mean is the prior; a new place also hears of the spread of all controls.
        counted = {"n": len(own), "n_of": "studies"}
        of_new: dict[str, Any] = {"sources": falls.cites, **counted}
        of_mean = of_new if len(own) else {"sources": FALL_PRIORS}
        for quantity, mixture, about in (
            (LEFT, falls.new_place(name), of_new),
            (LEFT_MEAN, falls.mean_effect(name), of_mean),
        ):
            upper, value, lower = share_left(np.array(mixture.interval(level))) * 100
            basis = "; ".join([attacked, quantity.basis, *([] if len(own) else ["prior only"])])
            ends = {"lower": lower, "upper": upper, "level": level, "basis": basis, "value_is": MEDIAN_OF_POSTERIOR}
            found.append(quantity.estimate(quantity.key(name), value, **ends, **about))
        prior = (1 - float(weights.get(name, 0.0))) * 100
        basis = f"{attacked}; {PRIOR_SHARE.basis}"
        found.append(PRIOR_SHARE.estimate(PRIOR_SHARE.key(name), prior, basis=basis, **of_mean))
    return found


def control_estimates(
    controls: list[Control],
    there: dict[str, np.ndarray],
    prices: dict[str, float],
    harvest_cost: float,
    potential: float,
    cites: PestCites,
    dated: Dated,
    level: float,
    seed: int,
) -> list[Estimate]:
    """Extra yield, cost, chance to pay, break-even price and highest cost that pays, of every control.

    ``there`` holds the present yield of a hectare that has each pest; ``prices`` are bean prices in Rp/kg by name; a
    control of unknown cost has only its extra yield and highest cost.
    """
    found = []
    for control in controls:
        extra = extra_yield(there[control.pest], control.log_gain, potential)
        where, cites_extra = THERE[control.pest], cites.extra(control)
        own = cited(cites_extra, seed)
        found.append(EXTRA_KG.drawn(EXTRA_KG.key(control.name), extra, level, basis=where, **own))
        found += [
            quantity.estimate(
                quantity.key(control.name, at=(name,)),
                highest_cost(extra, price - harvest_cost, chance / 100) / 1e6,
                **_priced(f"{where}; 0 where no cost pays", (*cites_extra, *cites.net_price(name)), dated, seed, name),
            )
            for name, price in prices.items()
            for chance, quantity in HIGHEST_COST.items()
        ]
        if (cost := control.cost_idr_per_ha) is not None:
            found += _cost_estimates(control, cost, extra, prices, harvest_cost, level, where, cites, dated, seed)
    return found


def _priced(basis: str, cites: tuple[str, ...], dated: Dated, seed: int, beans: str = "present") -> dict[str, Any]:
    """What an estimate cites, and its basis with the prices among that."""
    return {**cited(cites, seed), "basis": dated.at(basis, cites, beans)}


def _cost_estimates(
    control: Control,
    cost: np.ndarray,
    extra: np.ndarray,
    prices: dict[str, float],
    harvest_cost: float,
    level: float,
    where: str,
    cites: PestCites,
    dated: Dated,
    seed: int,
) -> list[Estimate]:
    """Cost, break-even bean price and chance to pay of a control whose cost is known, ``where`` its pest is."""
    even = break_even_price(extra, cost, harvest_cost)
    name, pays = control.name, f"{where}; extra beans pay the control and their harvest"
    headline = name == "pod_sleeving"
    own, to_break_even = (_priced(where, found, dated, seed) for found in (cites.cost(control), cites.pays(control)))
    return [
        COST.drawn(COST.key(name), cost / 1e6, level, **own),
        BREAK_EVEN.drawn(BREAK_EVEN.key(name), even, level, headline=headline, **to_break_even),
    ] + [
        CHANCE.estimate(
            CHANCE.key(name, at=(bean_price,)),
            float((even < price).mean()),
            headline=headline,
            value_is=SHARE,
            **_priced(pays, cites.pays(control, bean_price), dated, seed, bean_price),
        )
        for bean_price, price in prices.items()
    ]


def threshold_estimates(
    chances: pd.DataFrame, sleeving: Control, cites: PestCites, dated: Dated, seed: int
) -> list[Estimate]:
    """Share of pods attacked from which sleeving pays more likely than not, in per cent, where there is one.

    ``chances`` is the table of ``control_pays.chance_by_attack``.
    """
    compared = f"of pods attacked, smallest of the shares compared; {THERE[sleeving.pest]}"
    paying = chances[chances["chance"] >= 50].groupby(["price", "reading"])["attacked_percent"].min()
    return [
        Estimate(
            Key("sleeving", (), "pays_from", (price, reading)),
            float(share),
            "%",
            method="smallest attack at which half of the draws pay",
            value_is=SMALLEST,
            headline=price == "present",
            **_priced(f"{compared}; {READINGS[reading]}", cites.pays(sleeving, price), dated, seed, price),
        )
        for (price, reading), share in paying.items()
    ]


def from_which_attack(estimates: list[Estimate], price: str, reading: str) -> Text:
    """Words for the threshold of one price and reading, with the key of its number; in words if there is none."""
    key = Key("sleeving", (), "pays_from", (price, reading))
    if any(estimate.key == key for estimate in estimates):
        return Text(f"from {{{key}}} of pods attacked", f"mulai dari {{{key}}} buah terserang")
    return Text("at no share of pods attacked", "pada bagian buah terserang berapa pun tidak")


def highest_cost_table(estimates: list[Estimate]) -> pd.DataFrame:
    """Highest cost that pays, in million Rp/ha: one row per control, one column per bean price and chance."""
    chances = {quantity.name: chance for chance, quantity in HIGHEST_COST.items()}
    rows = [
        (*estimate.key.case, *estimate.key.at, chances[estimate.key.quantity], estimate.value)
        for estimate in estimates
        if estimate.key.quantity in chances
    ]
    frame = pd.DataFrame(rows, columns=["control", "price", "chance_percent", "million_idr_per_ha"])
    return frame.pivot(index="control", columns=["price", "chance_percent"], values="million_idr_per_ha")
