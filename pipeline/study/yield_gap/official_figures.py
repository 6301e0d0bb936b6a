"""The official figures of area, production, yield and mature share that the regency model is fitted to."""

import numpy as np
import pandas as pd

from pipeline.study import known_rows

HERE = "Kutai Timur"
PROVINCE = "East Kalimantan"
FIRST_YEAR = 2018
# Regencies and provinces by the province they lie in; a province lies in itself.
PARENTS = {"Kutai Timur": PROVINCE, "Berau": PROVINCE, "Mahakam Ulu": PROVINCE, "Kutai Barat": PROVINCE}
PARENTS |= {PROVINCE: PROVINCE, "Kolaka": "Sulawesi Tenggara"}
# Figures are printed in whole hectares and tonnes: of the five hectares of Balikpapan they tell nothing.
TOO_SMALL = ("Balikpapan",)
# A figure that its publisher calls a potential or an estimate, or that only the press has, errs more.
DOUBTFUL = ("press", "potential", "estimate")


def published_figures(
    statistics: pd.DataFrame,
    yields: pd.DataFrame,
    shares: pd.DataFrame,
    errors: dict[str, float],
    doubtful_factor: float,
    single_error: float,
) -> pd.DataFrame:
    """Figures that the model is fitted to, one per row, from the clean tables and ``yield_gap.mature_shares``.

    Areas and productions of the regencies that grow cacao and of the province since 2018, and the latest yield on
    mature area and the latest mature share of every region where they are known. ``errors`` gives the error of the log
    of one figure of area or production by quantity, ``doubtful_factor`` by how much larger that of a doubtful figure
    is, and ``single_error`` that of a yield or mature share. Columns: ``figure``, ``region``, ``year``, ``quantity``,
    ``source_id``.
    """
    usable = statistics[~statistics["is_screened"] & (statistics["year"] >= FIRST_YEAR)]
    usable = usable[~usable["warnings"].fillna("").str.contains("misattributed")]
    usable = usable.assign(
        region=usable["region"].mask(usable["figure_id"] == known_rows.PRODUCTION_OF_THE_REGENT_2025, HERE)
    )
    usable = usable[usable["region"].isin([*PARENTS]) & usable["quantity"].isin(["area_total", "production"])]
    doubt = np.where(usable["status"].isin(DOUBTFUL), doubtful_factor, 1.0)
    own = pd.DataFrame(
        {
            "figure": usable["figure_id"],
            "region": usable["region"],
            "year": usable["year"].astype(int),
            "quantity": usable["quantity"].str.replace("area_total", "area"),
            # Tonnes become kilograms, so that a production is area times share times yield.
            "value": usable["value"] * np.where(usable["quantity"] == "production", 1000, 1),
            "error": usable["quantity"].map(errors).astype(float) * doubt,
            "source_id": usable["source_id"],
        }
    )
    return pd.concat(
        [_one_a_year(own), _yields(yields, single_error), _shares(shares, single_error)], ignore_index=True
    )


def _one_a_year(figures: pd.DataFrame) -> pd.DataFrame:
    """One figure per region, year and quantity: those who report the same year copy each other.

    It stands at the mean of their logs and errs as much as the best of them and as they differ.
    """
    rows = []
    for (region, year, quantity), same in figures.groupby(["region", "year", "quantity"], sort=True):
        logs = np.log(same["value"])
        figure, source = (";".join(sorted(set(same[name]))) for name in ("figure", "source_id"))
        error = np.hypot(same["error"].min(), logs.std(ddof=0))
        rows.append((figure, region, year, quantity, float(np.exp(logs.mean())), float(error), source))
    return pd.DataFrame(rows, columns=list(figures.columns))


def _yields(yields: pd.DataFrame, error: float) -> pd.DataFrame:
    """Latest yield on mature area of every province and regency, and of the nation."""
    rows = yields[(yields["basis"] == "mature") & yields["level"].isin(["regency", "province", "nation"])]
    rows = (
        rows[(rows["year"] >= FIRST_YEAR) & ~rows["region"].isin(TOO_SMALL)]
        .sort_values(["year", "derivation"])
        .groupby("region")
        .tail(1)
    )
    return pd.DataFrame(
        {
            "figure": rows["yield_id"],
            "region": rows["region"],
            "year": rows["year"].astype(int),
            "quantity": "yield",
            "value": rows["yield_kg_per_ha"],
            "error": error,
            "source_id": rows["source_id"],
        }
    )


def _shares(shares: pd.DataFrame, error: float) -> pd.DataFrame:
    # The share of Mahakam Ulu is its own production, yield and area over again.
    rows = shares[shares["region"] != "Mahakam Ulu"]
    return pd.DataFrame(
        {
            "figure": "share of " + rows["region"],
            "region": rows["region"],
            "year": rows["year"].astype(int),
            "quantity": "share",
            "value": rows["share"],
            "error": error,
            "source_id": rows["source_ids"],
        }
    )
