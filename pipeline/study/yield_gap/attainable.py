"""How low the yield of Kutai Timur is, on each definition, from figures that contradict each other."""

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters, join, source_of
from pipeline.study import known_rows
from pipeline.study.statistics.rules import require_one_basis

REGENCY = "Kutai Timur"
# Which production figure meets which area figure (keys of the clean table of regional statistics).
READINGS = {
    "2007": (known_rows.KUTAI_TIMUR_PRODUCTION_2007, known_rows.KUTAI_TIMUR_AREA_2007),
    "2020": (known_rows.KUTAI_TIMUR_PRODUCTION_2020, known_rows.KUTAI_TIMUR_AREA_2020),
    "2025 potential": (known_rows.KUTAI_TIMUR_POTENTIAL_2025, known_rows.KUTAI_TIMUR_AREA_2025),
    "2025 regent, small area": (known_rows.PRODUCTION_OF_THE_REGENT_2025, known_rows.KUTAI_TIMUR_AREA_2025),
    "2025 regent, old area": (known_rows.PRODUCTION_OF_THE_REGENT_2025, known_rows.KUTAI_TIMUR_AREA_2020),
}
NEIGHBOURS = ("Berau", "Mahakam Ulu", "East Kalimantan", "Sulawesi Tengah", "Sulawesi Selatan", "Indonesia")
# Figures are printed in whole hectares: of five hectares they tell no share.
SMALLEST_AREA_HA = 50.0


def kutai_timur_readings(statistics: pd.DataFrame) -> pd.DataFrame:
    """Every way to put a production over an area for Kutai Timur: one row per reading, yield per total hectare.

    Columns: ``reading``, ``year``, ``production_t``, ``area_ha``, ``yield_kg_per_ha``, ``status``,
    ``source_ids``. Raises ``KeyError`` when a figure is not in the table.
    """
    figures = statistics.set_index("figure_id")
    rows = []
    for reading, pair in READINGS.items():
        production, area = (figures.loc[key] for key in pair)
        rows.append(
            {
                "reading": reading,
                "year": production["year"],
                "production_t": production["value"],
                "area_ha": area["value"],
                "yield_kg_per_ha": production["value"] * 1000 / area["value"],
                "status": production["status"],
                "source_ids": join(production["source_id"], area["source_id"]),
            }
        )
    return pd.DataFrame(rows)


def latest_yields(yields: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Latest yield on one basis of every neighbour, the province and the nation; a printed one before a computed."""
    chosen = yields[(yields["basis"] == basis) & yields["region"].isin(NEIGHBOURS)]
    ordered = chosen.sort_values(["year", "derivation"])
    return ordered.groupby("region").tail(1)[["region", "year", "basis", "yield_kg_per_ha", "status"]]


def compare(own: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Yields of other regions with the yield of Kutai Timur over each of them.

    ``own`` is one row with ``region``, ``basis`` and ``yield_kg_per_ha``. Raises ``BasisError`` when any two
    yields stand on different bases.
    """
    require_one_basis(pd.concat([own, others]))
    return others.assign(kutai_timur_over=float(own["yield_kg_per_ha"].iloc[0]) / others["yield_kg_per_ha"])


def mature_shares(statistics: pd.DataFrame) -> pd.DataFrame:
    """Share of the cacao area that is mature (TM), for every region where both are known; latest year each.

    Columns: ``region``, ``level``, ``year``, ``share``, ``source_ids``. Villages are left out: those that are
    reported on are the good ones.
    """
    usable = statistics[~statistics["is_screened"] & statistics["level"].isin(["regency", "province", "nation"])]
    usable = usable.dropna(subset="value").assign(source=usable["source_id"].map(source_of))
    rows = []
    # Figures of one source for one year are counted on the same ground.
    for (region, level, year, _), own in usable.groupby(["region", "level", "year", "source"]):
        share, used = _mature_share(own)
        area = own.loc[own["quantity"] == "area_total", "value"]
        if 0 < share < 1 and not (area < SMALLEST_AREA_HA).any():
            rows.append((region, level, year, share, used))
    found = pd.DataFrame(rows, columns=["region", "level", "year", "share", "source_ids"])
    return found.groupby("region").tail(1).reset_index(drop=True)


def _mature_share(figures: pd.DataFrame) -> tuple[float, str]:
    """The share from the figures of one source and year, and what it cites; not a number when they do not tell it."""
    first = figures.drop_duplicates("quantity").set_index("quantity")
    value, has = first["value"], set(first.index)
    # A yield on mature area with its production tells the mature area; one on total area would not.
    is_on_mature = ((figures["quantity"] == "yield") & (figures["basis"] == "mature")).any()
    if {"area_mature", "area_total"} <= has:
        share, used = value["area_mature"] / value["area_total"], ["area_mature", "area_total"]
    elif {"production", "yield", "area_total"} <= has and is_on_mature:
        mature = value["production"] * 1000 / value["yield"]
        share, used = mature / value["area_total"], ["production", "yield", "area_total"]
    elif "share_mature" in has:
        share, used = value["share_mature"], ["share_mature"]
    else:
        return np.nan, ""
    return float(share), join(*first.loc[used, "source_id"])


def reporting_error(conflicts: pd.DataFrame, quantity: str) -> tuple[float, pd.DataFrame]:
    """Standard deviation of the log of one published figure, and the conflicts it rests on.

    Where two sources give one quantity for one region and year, the log of their ratio is the difference of
    two such errors. The median is used, so that the few wild ones do not set it.
    """
    used = conflicts[(conflicts["quantity"] == quantity) & (conflicts["ratio"] > 1)]
    if len(used) < 3:
        raise ValueError(f"{len(used)} conflicts in {quantity} do not tell its error; at least 3 are needed")
    return float(np.log(used["ratio"]).median() / (0.6745 * np.sqrt(2))), used


def attainable_yields(baselines: pd.DataFrame, chosen: float) -> pd.DataFrame:
    """Attainable yields to measure the gap against: the chosen one and two from the literature.

    Columns: ``name``, ``yield_kg_per_ha``, ``source_id``. Raises ``KeyError`` when a baseline is not in the table.
    """
    known = baselines.set_index("baseline_id")
    rows = [("chosen", chosen, *cite_parameters("yield_gap.attainable_kg_per_ha"))]
    for name, key in (
        ("cocoasoils", known_rows.ATTAINABLE_YIELD_WEST_AFRICA),
        ("potential_sulawesi", known_rows.POTENTIAL_YIELD_CENTRAL_SULAWESI),
    ):
        rows.append((name, float(known.at[key, "value"]), str(known.at[key, "source_id"])))
    return pd.DataFrame(rows, columns=["name", "yield_kg_per_ha", "source_id"])


def gap_by_attainable(present: np.ndarray, attainable: pd.DataFrame, level: float) -> pd.DataFrame:
    """The gap for every choice of attainable yield: median, interval, and probability that there is a gap."""
    rows = []
    for item in attainable.itertuples():
        gap = float(item.yield_kg_per_ha) - present
        lower, value, upper = np.quantile(gap, [(1 - level) / 2, 0.5, (1 + level) / 2])
        rows.append((item.name, item.yield_kg_per_ha, value, lower, upper, float((gap > 0).mean())))
    columns = ["attainable", "attainable_kg_per_ha", "gap_kg_per_ha", "lower", "upper", "probability_of_gap"]
    return pd.DataFrame(rows, columns=columns)
