"""Which villages a survey should visit: those that sources name with cacao, the rest drawn by lot beside them."""

import re

import numpy as np
import pandas as pd

from pipeline.model.draws import stream

# As sources spell villages of the list.
SPELLINGS = {"Karangan Ilir": "Karangan Hilir", "Long Bentuk": "Long Bentuq"}
REGENCY = "Kutai Timur"
NAMED, DRAWN = "named by a source", "drawn by lot"


def places_with_cacao(statistics: pd.DataFrame, pests: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """Places of the regency for which a clean table has a figure of cacao: columns ``place`` and ``source_id``."""
    own = statistics[(statistics["parent"] == REGENCY) & (statistics["quantity"] != "area_potential")]
    attacked = pests[pests["parent"] == REGENCY]
    sold = prices[prices["place"].str.contains(REGENCY, na=False) & prices["item"].str.startswith("cocoa")]
    parts = [(own, "region"), (attacked, "region"), (sold, "place")]
    return pd.concat([part[[column, "source_id"]].set_axis(["place", "source_id"], axis=1) for part, column in parts])


def to_visit(villages: pd.DataFrame, places: pd.DataFrame, number: float, seed: int) -> pd.DataFrame:
    """``number`` villages, or more where sources name more; columns ``subdistrict``, ``village``, ``why``, ``sources``.

    ``villages`` is the list of the regency, ``places`` is that of ``places_with_cacao``. Villages no source names are
    drawn by lot from the subdistricts that some source names, as many as there are at most; without a ``number`` none
    is drawn.
    """
    named = _named(villages["village"], places)
    within = set(villages.loc[villages["village"].isin(named), "subdistrict"]) | set(
        _named(villages["subdistrict"], places)
    )
    others = villages[villages["subdistrict"].isin(within) & ~villages["village"].isin(named)]
    missing = 0 if np.isnan(number) else min(len(others), max(0, int(number) - len(named)))
    lot = stream(seed, "villages to visit").permutation(len(others))[:missing]
    chosen = pd.concat([villages[villages["village"].isin(named)], others.iloc[sorted(lot)]])
    why = chosen["village"].isin(named).map({True: NAMED, False: DRAWN})
    sources = chosen["village"].map(lambda village: ";".join(sorted(named.get(village, set()))))
    return chosen[["subdistrict", "village"]].assign(why=why, sources=sources).reset_index(drop=True)


def _named(names: pd.Series, places: pd.DataFrame) -> dict[str, set[str]]:
    """Sources by name, for the names that stand in a place; the longer name counts where one is part of another."""
    spelled = {
        **{name: name for name in names},
        **{other: name for other, name in SPELLINGS.items() if name in set(names)},
    }
    pattern = re.compile(r"\b(" + "|".join(sorted(map(re.escape, spelled), key=len, reverse=True)) + r")\b")
    found: dict[str, set[str]] = {}
    for place, source in zip(places["place"], places["source_id"], strict=True):
        for name in pattern.findall(place):
            found.setdefault(spelled[name], set()).add(source)
    return found
