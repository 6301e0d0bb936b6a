"""What the villages could ship: tonnes now and under a package, their value, containers, and what fermentation adds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters, join
from pipeline.kit.data.contracts import row, sources_of_rows
from pipeline.kit.publish.estimates import FROM_FIGURES, Estimate, cited, from_draws, restated
from pipeline.kit.publish.keys import Key
from pipeline.study import known_rows
from pipeline.study.names import PACKAGES
from pipeline.study.prices.scope import BEAN_PRICES, PRICE_CITES, Dated
from pipeline.study.scenarios.measures import dose
from pipeline.study.scenarios.options import Option, extra_tonnes, mean_extra, yields_of

REGENCIES = ("kutai_timur", "berau", "mahakam_ulu")
NOW = "now"
WORKING_DAYS = cite_parameters("prices.working_days_per_month")
FARM = cite_parameters("scenarios.area_per_farmer_ha")
_LISTED = ("source_id", lambda cited: join(*cited))


def regency_state(draws: pd.DataFrame, regency: str) -> pd.DataFrame:
    """Draws of one regency: ``yield_kg_per_ha``, ``mature_ha`` and ``production_t``.

    Raises ``ValueError`` that names the regency and the column when one is missing or not above zero.
    """
    names = ("yield_kg_per_ha", "mature_ha", "production_t")
    if missing := [name for name in names if f"{regency}_{name}" not in draws]:
        raise ValueError(f"the draws of the regencies hold no {', '.join(missing)} for {regency}")
    state = pd.DataFrame({name: draws[f"{regency}_{name}"] for name in names})
    if wrong := [name for name in names if not (state[name] > 0).all()]:
        raise ValueError(f"{regency}: draws of {', '.join(wrong)} are missing or not above zero")
    return state


def tonnes_by_regency(
    draws: pd.DataFrame,
    options: list[Option],
    pests: pd.DataFrame,
    with_borer: np.ndarray,
    adoption: float,
    potential: float,
) -> dict[tuple[str, str], np.ndarray]:
    """Draws of tonnes of dry beans a year by regency and state: now, and with each option on the adopted area.

    Effects, ``pests`` and the share ``with_borer`` are the same everywhere; yields and areas are those of the regency.
    """
    found = {}
    for regency in REGENCIES:
        state = regency_state(draws, regency)
        now, mature = state["production_t"].to_numpy(), state["mature_ha"].to_numpy()
        found[regency, NOW] = now
        yields = yields_of(state["yield_kg_per_ha"].to_numpy(), pests)
        for option in options:
            extra = mean_extra(option, yields, potential, with_borer)
            found[regency, option.name] = now + extra_tonnes(extra, mature, adoption)
    return found


def crop_value(tonnes: np.ndarray, price: float, idr_per_usd: float) -> tuple[np.ndarray, np.ndarray]:
    """Value of dry beans at a price in Rp/kg: in Rp and in USD. Raises ``ValueError`` for a price or rate of zero."""
    for name, value in (("the price of dry beans", price), ("the exchange rate", idr_per_usd)):
        if not value > 0:
            raise ValueError(f"{name} is {value:g}; it must be above zero")
    rupiah = tonnes * 1000 * price
    return rupiah, rupiah / idr_per_usd


def to_fill(
    container_t: float, yield_kg_per_ha: np.ndarray, mature_share: np.ndarray, ha_per_farmer: float
) -> dict[str, np.ndarray]:
    """What fills one container: ``mature_ha``, and ``farmers`` with so many hectares each, a share of them mature."""
    hectares = container_t * 1000 / yield_kg_per_ha
    return {"mature_ha": hectares, "farmers": hectares / (mature_share * ha_per_farmer)}


def fermentation_pairs(prices: pd.DataFrame, wages: pd.DataFrame) -> pd.DataFrame:
    """Prices of fermented and unfermented dry beans in the same place and period, and where the premium ends.

    Columns: ``place``, ``date_from``, ``unfermented_idr_per_kg``, ``fermented_idr_per_kg``, ``premium_idr_per_kg``,
    ``weight_loss`` (share of weight whose loss eats up the premium when labour is free), ``wage_idr_per_day``,
    ``days_per_t`` (days of labour that eat it up when no weight is lost), ``price_cites`` (what the prices cite) and
    ``source_id`` (what all of the row does). A range counts with its
    middle. ``prices`` is the clean table, ``wages`` holds ``idr_per_day`` and ``source_id`` by year: labour is paid in
    the money of the premium. Raises ``ValueError`` when there is no pair, no wage of its year, a price is not above
    zero, or fermented beans fetch no more.
    """
    keys, sides = ["place", "date_from"], []
    for item in ("unfermented", "fermented"):
        rows = prices[(prices["item"] == f"cocoa_dry_{item}") & (prices["market"] == "farm_gate")]
        ends = rows.groupby(keys, sort=False).agg(
            price_id=("price_id", " and ".join), price_idr_per_kg=("price_idr_per_kg", "mean"), source_id=_LISTED
        )
        sides.append(ends.reset_index())
    pairs = sides[0].merge(sides[1], on=keys, suffixes=("_u", "_f"))
    if pairs.empty:
        raise ValueError("no place and period has a price of fermented and of unfermented beans")
    low, high = pairs["price_idr_per_kg_u"], pairs["price_idr_per_kg_f"]
    if len(wrong := pairs[~((low > 0) & (high > low))]):
        ids = ", ".join(wrong["price_id_u"] + " and " + wrong["price_id_f"])
        raise ValueError(f"prices must be above zero, and fermented beans dearer: {ids}")
    price_cites = [join(*both) for both in zip(pairs["source_id_u"], pairs["source_id_f"], strict=True)]
    years = pairs["date_from"].str[:4].astype(int)
    if missing := sorted(set(years) - set(wages.index)):
        raise ValueError(f"no wage is known for the premium of {', '.join(map(str, missing))}")
    wage = wages.loc[years].reset_index(drop=True)
    return pairs[keys].assign(
        unfermented_idr_per_kg=low,
        fermented_idr_per_kg=high,
        premium_idr_per_kg=high - low,
        weight_loss=1 - low / high,
        wage_idr_per_day=wage["idr_per_day"],
        days_per_t=(high - low) * 1000 / wage["idr_per_day"],
        price_cites=price_cites,
        source_id=[join(*both) for both in zip(price_cites, wage["source_id"], strict=True)],
    )


def labour_left(pairs: pd.DataFrame, losses: np.ndarray) -> pd.DataFrame:
    """Days of labour per tonne of unfermented beans that the premium pays, by pair and share of weight lost.

    Columns: ``place``, ``date_from``, ``weight_loss_percent``, ``days_per_t``; below zero the beans fetch less
    than before.
    """

    def days(pair: Any, loss: float) -> float:
        left = (1 - loss) * pair.fermented_idr_per_kg - pair.unfermented_idr_per_kg
        return float(left * 1000 / pair.wage_idr_per_day)

    rows = [
        (pair.place, pair.date_from, loss * 100, days(pair, loss))
        for pair in pairs.itertuples(index=False)
        for loss in losses
    ]
    return pd.DataFrame(rows, columns=["place", "date_from", "weight_loss_percent", "days_per_t"])


STATE = "whole crop of the regency at its present area and yield; the share that can be exported is not known"


def crop_estimates(
    tonnes: dict[tuple[str, str], np.ndarray],
    prices: dict[str, float],
    idr_per_usd: float,
    container: pd.Series,
    adoption: float,
    dated: Dated,
    cites: Callable[[str, str], tuple[str, ...]],
    rate_cites: tuple[str, ...],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Tonnes, containers and value by regency and state; ``prices`` are farm-gate prices in Rp/kg by name.

    ``container`` is the row of the shipment, ``adoption`` the share of the mature area on which an option is taken up;
    ``cites`` says what the tonnes of a regency and state cite, ``rate_cites``
    what the exchange rate does.
    """
    found = []
    for (regency, state), crop in tonnes.items():
        own = cites(regency, state)
        option = "" if state == NOW else f"{PACKAGES[state].en}{dose(state)}; on {adoption:g} of the mature area; "
        said = option + STATE
        common: dict[str, Any] = {
            "level": level,
            "method": "production drawn by the regency model, plus the effect of the option",
        }
        filled, with_container = crop / float(container["value"]), (*own, str(container["source_id"]))
        found += [
            from_draws(
                _of(regency, state, "tonnes"), crop, **common, **cited(own, seed),
                basis=said, unit="t/yr", headline=True,
            ),
            from_draws(
                _of(regency, state, "containers"), filled, **common, **cited(with_container, seed),
                basis=f"{_assumed(container)}; {said}", unit="containers/yr",
            ),
        ]  # fmt: skip
        for name, price in prices.items():
            rupiah, dollars = crop_value(crop, price, idr_per_usd)
            method = "tonnes at a farm-gate price"
            in_rupiah = (*own, *PRICE_CITES[name])
            in_dollars = cited((*in_rupiah, *rate_cites), seed)
            basis = dated.at(said, in_rupiah, name)
            found += [
                from_draws(
                    _of(regency, state, f"value_idr_{name}"), rupiah / 1e9, level, **cited(in_rupiah, seed),
                    unit="billion Rp/yr", basis=basis, method=method,
                ),
                from_draws(
                    _of(regency, state, f"value_usd_{name}"), dollars / 1e6, level, **in_dollars,
                    unit="million USD/yr", basis=f"{basis}; {dated.rate}", method=f"{method}, in dollars",
                ),
            ]  # fmt: skip
    return found


def _assumed(container: pd.Series) -> str:
    return f"a container is assumed to hold {container['value']:g} t"


def _of(regency: str, state: str, quantity: str) -> Key:
    return Key("export", (regency, state), quantity)


def container_estimates(
    container: pd.Series,
    growers: pd.DataFrame,
    mature_share: np.ndarray,
    ha_per_farmer: float,
    village: pd.Series,
    yield_cites: tuple[str, ...],
    level: float,
    seed: int,
) -> list[Estimate]:
    """One container: its tonnes, the hectares and farmers of Kutai Timur that fill it, and how many a village fills.

    ``container`` is the row of the shipment, ``village`` that of the mature area of a village, in ha.
    """
    yields = regency_state(growers, "kutai_timur")["yield_kg_per_ha"].to_numpy()
    tonnes = float(container["value"])
    needed = to_fill(tonnes, yields, mature_share, ha_per_farmer)
    needed["per_village"] = village["value"] * yields / 1000 / tonnes
    units = {"mature_ha": "ha", "farmers": "farmers", "per_village": "containers/yr"}
    rests_on = {"mature_ha": (), "farmers": FARM, "per_village": (str(village["source_id"]),)}
    cites = (*yield_cites, str(container["source_id"]))
    basis = f"{_assumed(container)}, at the present yield; a village as large as {village['region']}"
    # No source of what a container holds was read: a cooperative sent as much in a year, to four countries.
    assumed = "assumed for one container; as much as a cooperative in Bali exported in 2021"
    found = [
        Estimate(Key("container", (), "tonnes"), tonnes, "t", assumed, "assumed", **cited([container["source_id"]]))
    ]
    return found + [
        from_draws(
            Key("container", (), name),
            draws,
            level,
            unit=units[name],
            basis=basis,
            method="tonnes of a container over the present yield",
            **cited((*cites, *rests_on[name]), seed),
        )
        for name, draws in needed.items()
    ]


def fermentation_estimates(pairs: pd.DataFrame, container: pd.Series) -> list[Estimate]:
    """Premium of fermented beans, and the loss of weight or the labour that would eat it up, per pair of prices."""
    found = []
    for pair in pairs.itertuples(index=False):
        month = str(pair.date_from)[:7].replace("-", "_")
        basis, prices = f"{pair.place}, {pair.date_from}", (pair.price_cites,)
        one, wage, shipped = (
            pair.premium_idr_per_kg * float(container["value"]) / 1e3,
            (pair.source_id, *WORKING_DAYS),
            (pair.price_cites, str(container["source_id"])),
        )
        at_home = f"{basis}; wage of Kutai Timur of {month[:4]}"
        parts = (
            ("premium", pair.premium_idr_per_kg, "Rp/kg", "price of fermented less unfermented dry beans", prices),
            (
                "weight_loss",
                pair.weight_loss,
                "1",
                "share of weight whose loss eats up the premium, labour free",
                prices,
            ),
            ("days_per_t", pair.days_per_t, "days/t", "labour that eats up the premium, no weight lost", wage),
            ("per_container", one, "million Rp", f"premium on a container; {_assumed(container)}", shipped),
        )
        found += [
            Estimate(
                Key("fermentation", (month,), name),
                float(value),
                unit,
                at_home if name == "days_per_t" else basis,
                how,
                **cited(cites),
                value_is=FROM_FIGURES,
            )
            for name, value, unit, how, cites in parts
        ]
    return found


def restated_estimates(
    context: pd.DataFrame,
    baselines: pd.DataFrame,
    price: float,
    idr_per_usd: float,
    dated: Dated,
    price_sources: tuple[str, ...],
) -> list[Estimate]:
    """Figures of others that stand beside the export: reference price, output in a wet year, labour per tonne.

    ``context`` and ``baselines`` are the clean tables, ``price`` the present farm-gate price in Rp/kg, of which
    ``price_sources`` are the sources, those of the rate of the rupiah among them.
    """
    tabanan = (known_rows.LABOUR_TABANAN, known_rows.YIELD_TABANAN_UNFERMENTED, known_rows.YIELD_TABANAN_FERMENTED)
    labour, *yields = (row(baselines, key)["value"] for key in tabanan)
    per_tonne = labour / np.mean(yields) * 1000
    farm_gate = price * 1000 / idr_per_usd
    return [
        _restated(
            Key("export", (), "reference_price"),
            row(context, known_rows.EXPORT_REFERENCE_PRICE_2026_01),
            "USD/t",
            "reference price of cocoa beans (HR) as decreed, Indonesia, 2026-01",
        ),
        Estimate(
            Key("export", (), "farm_gate"),
            farm_gate,
            "USD/t",
            f"{dated.beans['present']}; {dated.rate}",
            "price of dry beans in dollars",
            **cited(price_sources),
            value_is=FROM_FIGURES,
        ),
        _restated(Key("export", ("berau_2025",)), row(context, known_rows.EXPORT_BERAU_2025), "t"),
        _restated(Key("fermentation", ("dry_year",)), row(context, known_rows.FERMENTED_JEMBRANA_2020), "t"),
        _restated(Key("fermentation", ("wet_year",)), row(context, known_rows.FERMENTED_JEMBRANA_2021_WET), "t"),
        Estimate(
            Key("fermentation", (), "all_labour"),
            float(per_tonne),
            "days/t",
            "all labour on cacao in Tabanan, Bali, 2012, per tonne of dry beans",
            "labour per ha over the mean yield of those who ferment and those who do not",
            **cited(sources_of_rows(baselines, *tabanan)),
            value_is=FROM_FIGURES,
        ),
    ]


def _restated(key: Key, figure: pd.Series, unit: str, basis: str = "") -> Estimate:
    basis = basis or f"{figure['region']}, {figure['year']}"
    return restated(key, figure["value"], unit, basis, str(figure["source_id"]))


def value_table(estimates: list[Estimate]) -> pd.DataFrame:
    """Value of the crop with its interval, in billion Rp and million USD: one row per regency, state and price."""
    values = {
        f"value_{currency}_{price}": (price, unit)
        for currency, unit in (("idr", "billion_idr"), ("usd", "million_usd"))
        for price in ("present", *BEAN_PRICES)
    }
    rows = [
        (*e.key.case, *values[e.key.quantity], e.lower, e.value, e.upper) for e in estimates if e.key.quantity in values
    ]
    frame = pd.DataFrame(rows, columns=["regency", "state", "price", "unit", "lower", "value", "upper"])
    keys = ["regency", "state", "price"]
    wide = frame.pivot(index=keys, columns="unit", values=["lower", "value", "upper"]).swaplevel(axis=1)
    parts = [(unit, part) for unit in ("billion_idr", "million_usd") for part in ("lower", "value", "upper")]
    return wide.loc[pd.MultiIndex.from_frame(frame[keys].drop_duplicates()), parts]
