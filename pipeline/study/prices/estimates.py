"""Published prices: fertilizer in cocoa at world and at rupiah prices (02), and what things cost now (06)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters
from pipeline.kit.data.contracts import row
from pipeline.kit.publish.estimates import FROM_FIGURES, MEAN, PUBLISHED, Estimate, cited, restated, split_sources
from pipeline.kit.publish.keys import Key
from pipeline.study import known_rows
from pipeline.study.prices.prices_now import bean_reports, newest_at_home, year_of
from pipeline.study.prices.scope import AS_OF, PRICE_CITES

ITEMS = {"npk": "NPK", "npk_cocoa": "cocoa NPK", "npk_mutiara": "NPK Mutiara"}
WORKING_DAYS = cite_parameters("prices.working_days_per_month")
# Keys of the clean table of local prices.
RUPIAH = {
    "ceiling_2023": known_rows.NPK_CEILING_KUTAI_TIMUR_2023,
    "market_2023": known_rows.NPK_SHOP_KUTAI_TIMUR_2023_10,
}


def price_estimates(periods: pd.DataFrame, rupiah: pd.DataFrame) -> list[Estimate]:
    """Price ratios by period (with the range of single months) and two ratios in rupiah.

    Takes the summary of periods and the ratios in rupiah.
    """
    found = [
        Estimate(
            Key("fertilizer_cocoa_ratio", (str(period),)),
            row["mean"],
            "kg beans per kg fertilizer",
            f"nutrients of cocoa NPK 14-12-16 in urea, TSP and KCl over cocoa; world prices of {row['first_month']} to "
            f"{row['last_month']}; interval is the range of months",
            "mean of the ratios of months",
            split_sources([row["source_id"]]),
            int(row["months"]),
            "months",
            row["lowest"],
            row["highest"],
            level=1.0,
            value_is=MEAN,
            headline=period in ("2022", "last_12_months"),
        )
        for period, row in periods.iterrows()
    ]
    reported = rupiah.set_index("price_id")
    return found + [_rupiah_estimate(name, reported.loc[key]) for name, key in RUPIAH.items()]


def subsidy_estimates(rules: pd.DataFrame) -> list[Estimate]:
    """Greatest area of a farm that may buy subsidised fertilizer, from the clean table of subsidy rules."""
    rule = rules.set_index("rule_id").loc[known_rows.SUBSIDY_AREA_LIMIT]
    basis = f"area farmed, rule of {rule['date_from']}"
    return [restated(Key("subsidy", (), "area_limit"), rule["value"], rule["unit"], basis, rule["source_id"])]


def _rupiah_estimate(name: str, row: pd.Series) -> Estimate:
    return Estimate(
        Key("rupiah_ratio", (name,)),
        row["ratio"],
        "kg beans per kg fertilizer",
        f"{ITEMS[row['item']]}, {row['place']}, {row['date']}, without freight; over beans at the farm gate, "
        f"dry or called raw, {row['beans_place']}, {row['beans_date']}",
        "fertilizer price over the bean price reported nearest to it in time",
        **cited([row["source_id"]]),
        headline=True,
        value_is=FROM_FIGURES,
    )


def present_estimates(
    prices: pd.DataFrame,
    world: pd.DataFrame,
    cases: pd.DataFrame,
    bean_price: float,
    wage: tuple[float, str],
    as_of: str,
) -> list[Estimate]:
    """What things cost in the month ``as_of``, each with the day or month of its report.

    ``prices`` and ``world`` are the clean tables, ``cases`` the prices of NPK, ``wage`` that of a day and its source.
    """
    return [
        *_beans(prices, bean_price, as_of),
        *_fertilizers(prices, cases, as_of),
        Estimate(
            Key("price", ("day_wage",)),
            wage[0],
            "Rp/day",
            f"minimum wage of Kutai Timur, {year_of(as_of)}, per working day",
            "monthly wage over assumed working days",
            **cited((wage[1], *WORKING_DAYS, *AS_OF)),
            value_is=FROM_FIGURES,
        ),
        *_world_since(world, as_of),
    ]


def _beans(prices: pd.DataFrame, bean_price: float, as_of: str) -> list[Estimate]:
    """The present price of beans, and the least and the most that was reported near that month."""
    newest, reports = newest_at_home(prices, as_of), bean_reports(prices, as_of)
    day, place = newest["date_from"].iloc[0], newest["place"].iloc[0]
    is_reported = bool(np.isclose(bean_price, newest["price_idr_per_kg"].mean()))
    basis = f"dry beans at the farm gate, {place}, {day}" if is_reported else "dry beans at the farm gate; as set"
    sources = (*split_sources(newest["source_id"]), *PRICE_CITES["present"]) if is_reported else PRICE_CITES["present"]
    told: dict[str, Any] = {"method": "parameter"}
    if is_reported:
        told = {"method": "middle of the newest report", "value_is": FROM_FIGURES}
    own = cited(sources) | told
    found = [Estimate(Key("price", ("cocoa",)), bean_price, "Rp/kg", basis, headline=True, **own)]
    span = f"reports of {reports['date_from'].min()} to {reports['date_from'].max()}"
    prices_reported = reports["price_idr_per_kg"]
    for name, place in (("least", prices_reported.idxmin()), ("most", prices_reported.idxmax())):
        report = reports.loc[place]
        where = f"dry beans at the farm gate, {report['place']}; {span}"
        key, source = Key("price", (f"cocoa_{name}",)), str(report["source_id"])
        # Which reports are near is told by the month.
        found.append(
            replace(restated(key, report["price_idr_per_kg"], "Rp/kg", where, source), sources=(source, *AS_OF))
        )
    return found


WORLD = {"cocoa": "cocoa", "npk": "nutrients of cocoa NPK 14-12-16 in urea, TSP and KCl"}


def _fertilizers(prices: pd.DataFrame, cases: pd.DataFrame, as_of: str) -> list[Estimate]:
    """The ceiling of cocoa NPK, and its price on the market as reported and carried to the month."""
    by_name = cases.set_index("name")
    ceiling, market = by_name.loc["ceiling"], by_name.loc["market"]
    reported = f"NPK in shops of Kutai Timur, {market['date']}"
    moved = "report moved with world prices of its nutrients and the rupiah"
    return [
        Estimate(
            Key("price", ("npk_ceiling",)),
            float(ceiling["price_idr_per_kg"]),
            "Rp/kg",
            f"subsidised cocoa NPK (HET), from {ceiling['date']}",
            PUBLISHED,
            headline=True,
            **cited([ceiling["source_id"]]),
        ),
        restated(
            Key("price", ("npk_market_reported",)), market["reported_idr_per_kg"], "Rp/kg", reported,
            str(row(prices, market["price_id"])["source_id"]),
        ),
        Estimate(
            Key("price", ("npk_market",)),
            float(market["price_idr_per_kg"]),
            "Rp/kg",
            f"{reported}, carried to {as_of}",
            moved,
            headline=True,
            **cited([market["source_id"]]),
            value_is=FROM_FIGURES,
        ),
    ]  # fmt: skip


def _world_since(world: pd.DataFrame, as_of: str) -> list[Estimate]:
    """How far world prices of cocoa and of the nutrients of cocoa NPK have moved since, in per cent."""
    months = world.assign(
        name=[f"{year}-{month:02d}" for year, month in zip(world["year"], world["month"], strict=True)]
    )
    by_month = months.set_index("name").sort_index()
    last = str(by_month.index[-1])
    # What fertilizers hold moves the price of their nutrients, and not that of cocoa.
    columns = {"cocoa": ("cocoa_usd_per_kg", "worldbank_prices_monthly:"), "npk": ("cocoa_npk_usd_per_kg", "")}
    return [
        Estimate(
            Key("price", (f"world_{name}_since",)),
            float(by_month.at[last, column] / by_month.at[as_of, column] - 1) * 100,
            "%",
            f"{WORLD[name]}, world price of {last} against {as_of}",
            "change of the monthly price in dollars",
            **cited((*_of_table(by_month.loc[[as_of, last], "source_id"], table), *AS_OF)),
            value_is=FROM_FIGURES,
        )
        for name, (column, table) in columns.items()
    ]


def _of_table(cited_rows: pd.Series, table: str) -> list[str]:
    """What rows cite of one raw table, or of all where none is named."""
    return [citation for citation in split_sources(cited_rows) if f"@{table}" in citation]
