"""Published estimates of 02_clean_drivers: fertilizer in cocoa, at world and at rupiah prices."""

import pandas as pd

from pipeline.publish.estimates import Estimate, split_sources

# Rule on who may buy subsidised fertilizer: no more than this area.
AREA_LIMIT = "S010"
# Keys of the clean table of local prices.
RUPIAH = {"ceiling_2023": "F068", "market_2023": "F086", "ceiling_2025": "F075"}


def price_estimates(periods: pd.DataFrame, rupiah: pd.DataFrame, world: pd.DataFrame) -> list[Estimate]:
    """Price ratios by period (with the range of single months) and three ratios in rupiah.

    Takes the summary of periods, the ratios in rupiah, and the clean table of world prices.
    """
    found = [
        Estimate(
            f"fertilizer_cocoa_ratio.{period}",
            row["mean"],
            "kg cocoa per kg cocoa NPK",
            "world prices; interval is the range of months",
            "mean of months",
            split_sources(world["source_id"]),
            int(row["months"]),
            row["lowest"],
            row["highest"],
            level=1.0,
            headline=period in ("2022", "last_12_months"),
        )
        for period, row in periods.iterrows()
    ]
    reported = rupiah.set_index("price_id")
    return found + [_rupiah_estimate(name, reported.loc[key]) for name, key in RUPIAH.items()]


def subsidy_estimates(rules: pd.DataFrame) -> list[Estimate]:
    """Greatest area of a farm that may buy subsidised fertilizer, from the clean table of subsidy rules."""
    rule = rules.set_index("rule_id").loc[AREA_LIMIT]
    basis = f"area farmed, rule of {rule['date_from']}"
    return [
        Estimate("subsidy.area_limit", rule["value"], rule["unit"], basis, "published figure", (rule["source_id"],), 1)
    ]


def _rupiah_estimate(name: str, row: pd.Series) -> Estimate:
    return Estimate(
        f"rupiah_ratio.{name}",
        row["ratio"],
        "kg beans per kg fertilizer",
        f"{row['item']}, {row['place']}, {row['year_decimal']:.0f}",
        "fertilizer price over median bean price within a year",
        (row["source_id"],),
        n=1 + int(row["n_cocoa"]),
        headline=True,
    )
