"""The price of fertilizer in beans since 1960, and the price steps whose worth is asked for."""

import pandas as pd

from pipeline.kit.data.citations import join
from pipeline.study import known_rows
from pipeline.study.fertilizer.best_dose import Costs
from pipeline.study.fertilizer.estimates import DELIVERED, FREIGHT
from pipeline.study.prices.ratios import of_last_months

# What the price ratio on each side of a step cites.
SIDES = ("cheap_cites", "dear_cites")
BASE_YEARS, SPIKE_YEARS = (2019, 2020), (2021, 2022)
COMPOUNDS = ("npk", "npk_cocoa", "npk_mutiara")


def world_spike(world: pd.DataFrame) -> dict[str, object]:
    """Mean world price ratio of 2019-2020, and of the dearest twelve months running within 2021-2022.

    ``world`` is the clean table of world prices. Keys: ``ratio_cheap``, ``ratio_dear``, ``first_month`` of the
    twelve (as 2021-11), and what the ratios cite (``SIDES``). Raises ``ValueError`` when months are missing.
    """
    ordered = world.sort_values(["year", "month"], ignore_index=True)
    base = ordered[ordered["year"].between(*BASE_YEARS)]
    spike = ordered[ordered["year"].between(*SPIKE_YEARS)].reset_index(drop=True)
    for years, months in ((BASE_YEARS, base), (SPIKE_YEARS, spike)):
        if len(months) != 24:
            raise ValueError(f"{len(months)} of 24 months of {years[0]}-{years[1]} have a world price")
    means = spike["fertilizer_cocoa_ratio"].rolling(12).mean()
    dearest = spike.loc[int(means.idxmax()) - 11 : int(means.idxmax())]
    first = dearest.iloc[0]
    return {
        "ratio_cheap": float(base["fertilizer_cocoa_ratio"].mean()),
        "ratio_dear": float(means.max()),
        "first_month": f"{first['year']:.0f}-{first['month']:02.0f}",
        **dict(zip(SIDES, (join(*base["source_id"]), join(*dearest["source_id"])), strict=True)),
    }


def price_steps(world: pd.DataFrame, rupiah: pd.DataFrame, cases: pd.DataFrame, costs: Costs) -> pd.DataFrame:
    """From a cheap to a dear price of fertilizer, as price ratios: kg of dry beans per kg of fertilizer.

    Rows: ``world_spike`` at world prices, without freight; ``market_spike`` in rupiah over the farm-gate price of
    beans at the time; ``ceiling_cut`` and ``access`` (ceiling against market) over the present one. ``rupiah`` holds
    ratios of compounds. Columns: ``name``, ``ratio_cheap``, ``ratio_dear``, what each cites (``SIDES``) and both do
    (``source_id``). Raises ``ValueError`` when
    a price or the bean price near it is missing.
    """
    spike = world_spike(world)
    by_id, by_case = rupiah.set_index("price_id"), cases.set_index("name")
    brands = [known_rows.NPK_BRAND_INDONESIA_2020_10, known_rows.NPK_BRAND_BANGKA_2022_05]
    if missing := sorted(set(brands) - set(by_id.index)):
        raise ValueError(f"price {', '.join(missing)}: no such price, or no farm-gate bean price within a year of it")
    market = with_freight(by_id.loc[brands], costs.transport)
    now = {name: float(costs.price_ratio(by_case.at[name, "price_idr_per_kg"])) for name in by_case.index}
    rows = [
        ("world_spike", spike["ratio_cheap"], spike["ratio_dear"], *(spike[side] for side in SIDES)),
        ("market_spike", *market, *(join(own, *FREIGHT) for own in by_id.loc[brands, "source_id"])),
        *(
            (name, now["ceiling"], now[dear], *(in_beans(by_case.at[case, "source_id"]) for case in ("ceiling", dear)))
            for name, dear in (("ceiling_cut", "ceiling_before"), ("access", "market"))
        ),
    ]
    steps = pd.DataFrame(rows, columns=["name", "ratio_cheap", "ratio_dear", *SIDES])
    steps["source_id"] = [join(*sides) for sides in zip(*(steps[side] for side in SIDES), strict=True)]
    turned = steps[~(steps["ratio_cheap"] < steps["ratio_dear"])]
    if len(turned):
        listed = ", ".join(f"{s.name}: {s.ratio_cheap:g} to {s.ratio_dear:g}" for s in turned.itertuples(False))
        raise ValueError(f"the second price of a step must be the dearer one: {listed}")
    return steps


def in_beans(cites: str) -> str:
    """What a price of fertilizer in kg of beans, delivered at the present, cites beside the price in rupiah."""
    return join(cites, *DELIVERED)


def with_freight(rupiah: pd.DataFrame, transport: float) -> pd.Series:
    """Price ratio of fertilizer delivered to the village: freight in Rp/kg added to the price at the shop."""
    return (rupiah["fertilizer_idr_per_kg"] + transport) / rupiah["cocoa_idr_per_kg"]


def price_history(world: pd.DataFrame, rupiah: pd.DataFrame, transport: float) -> pd.DataFrame:
    """World price ratio by month since 1960, and every price ratio in rupiah with freight.

    Columns: ``kind`` (world or a market), ``item``, ``date`` (year), ``price_ratio``, ``mean_12_months`` (world only),
    ``source_id``.
    """
    ordered = world.sort_values(["year", "month"], ignore_index=True)
    months = pd.DataFrame(
        {
            "kind": "world",
            "item": "cocoa_npk_nutrients",
            "date": (ordered["year"] + (ordered["month"] - 0.5) / 12).astype("float64"),
            "price_ratio": ordered["fertilizer_cocoa_ratio"],
            "mean_12_months": ordered["fertilizer_cocoa_ratio"].rolling(12).mean(),
            "source_id": of_last_months(ordered["source_id"]),
        }
    )
    marks = pd.DataFrame(
        {
            "kind": rupiah["market"],
            "item": rupiah["item"],
            "date": rupiah["year_decimal"],
            "price_ratio": with_freight(rupiah, transport),
            "source_id": [join(own, *FREIGHT) for own in rupiah["source_id"]],
        }
    )
    return pd.concat([months, marks], ignore_index=True)


def market_ranges(history: pd.DataFrame) -> pd.DataFrame:
    """Least, median and greatest price ratio by kind of price.

    Columns: ``kind``, ``lower``, ``value``, ``upper``, ``n``, ``source_id``.
    """
    grouped = history.groupby("kind")["price_ratio"]
    table = pd.DataFrame(
        {"lower": grouped.min(), "value": grouped.median(), "upper": grouped.max(), "n": grouped.size()}
    ).assign(source_id=history.groupby("kind")["source_id"].agg(lambda cited: join(*cited)))
    return table.reset_index()
