"""Published estimates of what the villages could ship, what it is worth, and what fermentation adds."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.model.export import crop_value, regency_state, to_fill
from pipeline.model.printed import row
from pipeline.publish.estimates import Estimate, from_draws
from pipeline.publish.scope import Dated

STATE = "whole crop of the regency; the share that can be exported is not known"


def crop_estimates(
    tonnes: dict[tuple[str, str], np.ndarray],
    prices: dict[str, float],
    idr_per_usd: float,
    container_t: float,
    dated: Dated,
    sources: list[str],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Tonnes, containers and value by regency and state; ``prices`` are farm-gate prices in Rp/kg by name."""
    common: dict[str, Any] = {"level": level, "sources": sources, "n": len(sources), "seed": seed, "basis": STATE}
    method = "production drawn by the regency model, plus the effect of the option"
    found = []
    for (regency, state), crop in tonnes.items():
        key = f"export.{regency}.{state}"
        found += [
            from_draws(f"{key}.tonnes", crop, **common, unit="t/yr", method=method, headline=True),
            from_draws(f"{key}.containers", crop / container_t, **common, unit="containers/yr", method=method),
        ]
        for name, price in prices.items():
            rupiah, dollars = crop_value(crop, price, idr_per_usd)
            method = "tonnes at a farm-gate price; dollars at the rate of the month"
            priced = {**common, "method": method, "basis": dated.at(STATE, name)}
            found += [
                from_draws(f"{key}.value_idr_{name}", rupiah / 1e9, **priced, unit="billion Rp/yr"),
                from_draws(f"{key}.value_usd_{name}", dollars / 1e6, **priced, unit="million USD/yr"),
            ]
    return found


def container_estimates(
    container: pd.Series,
    growers: pd.DataFrame,
    mature_share: np.ndarray,
    ha_per_farmer: float,
    village: pd.Series,
    sources: list[str],
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
    basis = f"one container at the present yield; a village as large as {village['region']}"
    found = [_restated("container.tonnes", container, "t")]
    return found + [
        from_draws(
            f"container.{name}",
            draws,
            level,
            unit=units[name],
            basis=basis,
            method="tonnes of a container over the present yield",
            sources=[*sources, str(container["source_id"]), str(village["source_id"])],
            n=1,
            seed=seed,
        )
        for name, draws in needed.items()
    ]


def fermentation_estimates(pairs: pd.DataFrame, container_t: float) -> list[Estimate]:
    """Premium of fermented beans, and the loss of weight or the labour that would eat it up, per pair of prices."""
    found = []
    for pair in pairs.itertuples(index=False):
        key = f"fermentation.{str(pair.date_from)[:7].replace('-', '_')}"
        cited = tuple(sorted(set(pair.source_id.split(";"))))
        basis = f"{pair.place}, {pair.date_from}"
        parts = (
            ("premium", pair.premium_idr_per_kg, "Rp/kg", "price of fermented less unfermented dry beans"),
            ("weight_loss", pair.weight_loss, "1", "share of weight whose loss eats up the premium, labour free"),
            ("days_per_t", pair.days_per_t, "days/t", "labour that eats up the premium, no weight lost"),
            ("per_container", pair.premium_idr_per_kg * container_t / 1e3, "million Rp", "premium on one container"),
        )
        found += [
            Estimate(f"{key}.{name}", float(value), unit, basis, how, cited, 2) for name, value, unit, how in parts
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
    labour, yields = row(baselines, "B054"), [row(baselines, key)["value"] for key in ("B050a", "B051a")]
    per_tonne = labour["value"] / np.mean(yields) * 1000
    farm_gate = price * 1000 / idr_per_usd
    return [
        _restated("export.reference_price", row(context, "X061"), "USD/t"),
        Estimate(
            "export.farm_gate",
            farm_gate,
            "USD/t",
            f"{dated.beans['present']}, rate of {dated.others}",
            "price of dry beans in dollars",
            price_sources,
            len(price_sources),
        ),
        _restated("export.berau_2025", row(context, "X050"), "t"),
        _restated("fermentation.dry_year", row(context, "X062"), "t"),
        _restated("fermentation.wet_year", row(context, "X063"), "t"),
        Estimate(
            "fermentation.all_labour",
            float(per_tonne),
            "days/t",
            "all labour on cacao in Tabanan, Bali, 2012, per tonne of dry beans",
            "labour per ha over the mean yield of those who ferment and those who do not",
            (str(labour["source_id"]),),
            3,
        ),
    ]


def _restated(key: str, figure: pd.Series, unit: str) -> Estimate:
    basis = f"{figure['region']}, {figure['year']}"
    return Estimate(key, float(figure["value"]), unit, basis, "published figure", (str(figure["source_id"]),), 1)


def value_table(estimates: list[Estimate]) -> pd.DataFrame:
    """Value of the crop with its interval, in billion Rp and million USD: one row per regency, state and price."""
    rows = []
    for estimate in estimates:
        regency, state, last = estimate.key.split(".")[1:] if estimate.key.count(".") == 3 else ("", "", "")
        if last.startswith("value_"):
            _, currency, price = last.split("_")
            unit = {"idr": "billion_idr", "usd": "million_usd"}[currency]
            rows.append((regency, state, price, unit, estimate.lower, estimate.value, estimate.upper))
    frame = pd.DataFrame(rows, columns=["regency", "state", "price", "unit", "lower", "value", "upper"])
    keys = ["regency", "state", "price"]
    wide = frame.pivot(index=keys, columns="unit", values=["lower", "value", "upper"]).swaplevel(axis=1)
    parts = [(unit, part) for unit in ("billion_idr", "million_usd") for part in ("lower", "value", "upper")]
    return wide.loc[pd.MultiIndex.from_frame(frame[keys].drop_duplicates()), parts]
