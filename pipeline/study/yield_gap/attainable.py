"""How low the yield of Kutai Timur is, on each definition, from figures that contradict each other."""

import numpy as np
import pandas as pd

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
                "source_ids": ";".join(sorted({production["source_id"], area["source_id"]})),
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
    wide = usable.pivot_table(
        index=["region", "level", "year", "source_id"], columns="quantity", values="value", aggfunc="first"
    ).reset_index()
    # A yield on mature area with its production tells the mature area; one on total area would not.
    on_mature = usable[(usable["quantity"] == "yield") & (usable["basis"] == "mature")]
    keys = pd.MultiIndex.from_frame(on_mature[["region", "year", "source_id"]])
    known = pd.MultiIndex.from_frame(wide[["region", "year", "source_id"]]).isin(keys)
    implied = wide["production"] * 1000 / wide["yield"].where(known)
    share = wide["area_mature"].fillna(implied) / wide["area_total"]
    found = wide.assign(share=share.fillna(wide.get("share_mature")))
    found = found[found["share"].between(0, 1, inclusive="neither") & ~(found["area_total"] < SMALLEST_AREA_HA)]
    found = found.sort_values(["region", "year"])
    latest = found.groupby("region").tail(1).rename(columns={"source_id": "source_ids"})
    return latest[["region", "level", "year", "share", "source_ids"]].reset_index(drop=True)


def reporting_error(conflicts: pd.DataFrame, quantity: str) -> tuple[float, int]:
    """Standard deviation of the log of one published figure, and the number of conflicts it rests on.

    Where two sources give one quantity for one region and year, the log of their ratio is the difference of
    two such errors. The median is used, so that the few wild ones do not set it.
    """
    ratios = np.log(conflicts[(conflicts["quantity"] == quantity) & (conflicts["ratio"] > 1)]["ratio"])
    if len(ratios) < 3:
        raise ValueError(f"{len(ratios)} conflicts in {quantity} do not tell its error; at least 3 are needed")
    return float(ratios.median() / (0.6745 * np.sqrt(2))), len(ratios)


def attainable_yields(baselines: pd.DataFrame, chosen: float) -> pd.DataFrame:
    """Attainable yields to measure the gap against: the chosen one and two from the literature.

    Columns: ``name``, ``yield_kg_per_ha``, ``source_id``. Raises ``KeyError`` when a baseline is not in the table.
    """
    known = baselines.set_index("baseline_id")
    rows = [("chosen", chosen, "parameter")]
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
