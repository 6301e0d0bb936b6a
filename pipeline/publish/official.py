"""Published estimates of 01_clean_statistics: what the official figures say, and how far they disagree."""

import pandas as pd

from pipeline.publish.estimates import Estimate, split_sources

# Keys of the clean table of regional statistics: figure, name of the estimate, basis.
RESTATED = (
    ("K038", "kutai_timur.area_2020", "total area"),
    ("K043", "kutai_timur.area_2025", "not stated"),
    ("K044", "kutai_timur.production_2025", "potential, per year"),
)


def official_estimates(regional: pd.DataFrame, conflicts: pd.DataFrame) -> list[Estimate]:
    """The figures of Kutai Timur as published, the number of figures, conflicts and slips, and the usual ratio.

    Takes the clean tables of regional statistics and of conflicts.
    """
    figures = regional.set_index("figure_id")
    found = [
        Estimate(
            name,
            figures.at[key, "value"],
            figures.at[key, "unit"],
            basis,
            "published figure",
            (figures.at[key, "source_id"],),
            n=1,
            headline=key != "K038",
        )
        for key, name, basis in RESTATED
    ]
    slips = regional[regional["correction"].fillna("").str.startswith("slip")]
    counts = {"figures": (regional, "source_id"), "conflicts": (conflicts, "source_ids"), "slips": (slips, "source_id")}
    found += [
        Estimate(
            f"statistics.{name}", len(rows), name, "regions of Indonesia", "count", split_sources(rows[ids]), len(rows)
        )
        for name, (rows, ids) in counts.items()
    ]
    found.append(
        Estimate(
            "statistics.conflict_ratio_median",
            conflicts["ratio"].median(),
            "times",
            "highest over lowest",
            "median over conflicts",
            split_sources(conflicts["source_ids"]),
            len(conflicts),
            headline=True,
        )
    )
    return found
