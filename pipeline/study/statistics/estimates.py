"""Published estimates of 01_clean_statistics: what the official figures say, and how far they disagree."""

import pandas as pd

from pipeline.kit.data.contracts import STATUS
from pipeline.kit.language import Text
from pipeline.kit.publish.estimates import MEDIAN_OF_FIGURES, ROWS, Estimate, restated, split_sources
from pipeline.kit.publish.keys import Key
from pipeline.study import known_rows

# Keys of the clean table of regional statistics: figure, name of the estimate, basis.
RESTATED = (
    (known_rows.KUTAI_TIMUR_AREA_2020, Key("kutai_timur", (), "area_2020"), "total area"),
    (
        known_rows.KUTAI_TIMUR_AREA_2025,
        Key("kutai_timur", (), "area_2025"),
        "area, of which nothing says whether it is total or mature",
    ),
    (known_rows.KUTAI_TIMUR_POTENTIAL_2025, Key("kutai_timur", (), "production_2025"), "potential, per year"),
)


def official_estimates(regional: pd.DataFrame, conflicts: pd.DataFrame) -> list[Estimate]:
    """The figures of Kutai Timur as published, the number of figures, conflicts and slips, and the usual ratio.

    Takes the clean tables of regional statistics and of conflicts.
    """
    figures = regional.set_index("figure_id")
    found = [
        restated(
            name,
            figures.at[key, "value"],
            figures.at[key, "unit"],
            basis,
            figures.at[key, "source_id"],
            headline=key != known_rows.KUTAI_TIMUR_AREA_2020,
        )
        for key, name, basis in RESTATED
    ]
    slips = regional[regional["correction"].fillna("").str.startswith("slip")]
    counts = {
        "figures": (regional, "source_id", ROWS, "regions of Indonesia"),
        "conflicts": (conflicts, "source_ids", "conflicts", "regions of Indonesia"),
        "slips": (slips, "source_id", ROWS, "slips of unit that were undone, regions of Indonesia"),
    }
    found += [
        Estimate(
            Key("statistics", (), name),
            len(rows),
            name,
            basis,
            "count",
            split_sources(rows[ids]),
            len(rows),
            counted,
        )
        for name, (rows, ids, counted, basis) in counts.items()
    ]
    found.append(
        Estimate(
            Key("statistics", (), "conflict_ratio_median"),
            conflicts["ratio"].median(),
            "times",
            "highest over lowest",
            "median over conflicts",
            split_sources(conflicts["source_ids"]),
            len(conflicts),
            "conflicts",
            headline=True,
            value_is=MEDIAN_OF_FIGURES,
        )
    )
    return found


# What speaks against a figure, the gravest first.
REASONS = {
    "implausible": Text("marked as not plausible, or a potential", "ditandai tidak masuk akal, atau potensi"),
    "few_units": Text("fewer than ten hectares or tonnes", "kurang dari sepuluh hektare atau ton"),
    "yield_not_credible": Text("yield outside the credible range", "hasil di luar kisaran wajar"),
    "conflict": Text("other figure for the same year", "angka lain untuk tahun yang sama"),
    "contradicted": Text("other figure within five years differs", "angka lain dalam lima tahun berbeda"),
    "press": Text("press or estimate only", "hanya pers atau perkiraan"),
    "second_hand": Text("second hand, or year inferred", "dari tangan kedua, atau tahun disimpulkan"),
}
GRADES = {
    "firm": Text("nothing speaks against it", "tidak ada keberatan"),
    "weak": Text("press, or second hand", "pers, atau tangan kedua"),
    "contradicted": Text("contradicted by other figures", "bertentangan dengan angka lain"),
    "not_credible": Text("not credible, or too small to tell", "tidak wajar, atau terlalu kecil"),
    "no_figure": Text("no figure", "tidak ada angka"),
}
GRADE_OF = {
    **dict.fromkeys(("implausible", "few_units", "yield_not_credible"), "not_credible"),
    **dict.fromkeys(("conflict", "contradicted"), "contradicted"),
    **dict.fromkeys(("press", "second_hand"), "weak"),
}
SECOND_HAND = {"secondary", "mirror_page", "year_inferred", "low_confidence", "old_boundary"}
# Older pairs say little about the gardens of today; figures further apart may differ because the gardens did.
SINCE, NEAR_YEARS = 2018, 5
# Figures are printed in whole hectares and tonnes: below this many, rounding alone moves the yield by a tenth.
FEWEST_UNITS = 10


def regency_reliability(
    regions: list[str],
    statistics: pd.DataFrame,
    yields: pd.DataFrame,
    conflicts: pd.DataFrame,
    credible: tuple[float, float],
    jump: float,
) -> pd.DataFrame:
    """One row per region, in the order given: its pair of figures, what speaks against it, and its grade.

    ``credible`` are the lowest and highest credible yield in kg/ha; a figure within five years contradicts when it
    differs by more than the factor ``jump``. Columns: ``region``, ``year``, ``area_ha`` (total), ``production_t``,
    ``yield_kg_per_ha`` (per total hectare), ``grade``, ``reasons``, ``figure_ids``, ``source_id``; all but region,
    grade and reasons are missing without a pair.
    """
    pairs = yields[yields["basis"].eq("total") & yields["derivation"].eq("computed") & (yields["year"] >= SINCE)]
    columns = ["year", "area_ha", "production_t", "yield_kg_per_ha", "figure_ids", "source_id"]
    rows = []
    for region in regions:
        found = pairs[pairs["region"] == region]
        if found.empty:
            rows.append({"region": region, "grade": "no_figure", "reasons": ""})
            continue
        rank = found["status"].map(STATUS.index)
        pair = found.assign(rank=rank).sort_values(["rank", "year"], ascending=[True, False], kind="stable").iloc[0]
        against = objections(pair, statistics, conflicts, credible, jump)
        grade = GRADE_OF[against[0]] if against else "firm"
        rows.append({"region": region, **pair[columns], "grade": grade, "reasons": ";".join(against)})
    order = ["region", *columns[:4], "grade", "reasons", *columns[4:]]
    return pd.DataFrame(rows, columns=order).astype({"year": "Int64"})


def objections(
    pair: pd.Series, statistics: pd.DataFrame, conflicts: pd.DataFrame, credible: tuple[float, float], jump: float
) -> list[str]:
    """What speaks against a pair of total area and production, the gravest of ``REASONS`` first."""
    warnings = set(str(pair["warnings"]).split(";"))
    same_year = conflicts[(conflicts["region"] == pair["region"]) & (conflicts["year"] == pair["year"])]
    values = {"area_total": pair["area_ha"], "production": pair["production_t"]}
    holds = {
        "implausible": bool(warnings & {"implausible", "misattributed", "potential"}) or pair["status"] == "potential",
        "few_units": min(values.values()) < FEWEST_UNITS,
        "yield_not_credible": not credible[0] <= pair["yield_kg_per_ha"] <= credible[1],
        "conflict": bool(same_year["quantity"].isin(list(values)).any()),
        "contradicted": any(_differs(pair, name, value, statistics, jump) for name, value in values.items()),
        "press": pair["status"] in ("press", "estimate") or "press_figure" in warnings,
        "second_hand": bool(warnings & SECOND_HAND),
    }
    return [reason for reason in REASONS if holds[reason]]


def _differs(pair: pd.Series, quantity: str, value: float, statistics: pd.DataFrame, jump: float) -> bool:
    """Whether another usable figure of the quantity within ``NEAR_YEARS`` is more than ``jump`` times off."""
    near = (statistics["year"] - pair["year"]).abs() <= NEAR_YEARS
    usable = ~statistics["is_screened"] & statistics["status"].ne("potential")
    same = statistics["region"].eq(pair["region"]) & statistics["quantity"].eq(quantity)
    others = statistics.loc[same & near & usable, "value"]
    others = others[others > 0]
    return bool(((others > value * jump) | (others < value / jump)).any())
