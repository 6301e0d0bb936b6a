"""What a published number speaks of, in words that every label carries: which hectare, which pest, which prices."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.language import Text, date_words
from pipeline.model.prices_now import newest_at_home

# The mean over all mature hectares of the regency, with and without the pod borer.
HECTARE = "average mature hectare (TM), per year"
# A hectare on which an option is judged.
BORER_HECTARE = "mature hectare (TM) with pod borer that does not do it yet, per year"
# Prices of beans beside the present one, each a parameter of that meaning.
BEAN_PRICES = {
    "low": "low bean price, Mahakam Ulu 2016-2022",
    "high": "high bean price, Indonesia 2026-01",
    "berau": "bean price of Berau 2025-11",
    "peak": "peak price, fermented beans, Berau 2024-2025",
}
AS_SET = "bean price as set"


@dataclass(frozen=True)
class Dated:
    """The prices that numbers rest on: words for the present price of ``beans``, and the month of all ``others``."""

    beans: str
    others: str

    def at(self, basis: str, beans: str = "present") -> str:
        """A basis with its bean price (``present`` or a key of ``BEAN_PRICES``) and the month of the other prices."""
        return f"{basis}; {BEAN_PRICES.get(beans, self.beans)}, other prices of {self.others}"


def dated(prices: pd.DataFrame, bean_price: float, as_of: str, fertilizer_multiplier: float) -> Dated:
    """The prices of a run: a bean price that is not the newest report, and moved fertilizer prices, are said to be set.

    ``prices`` is the clean table of local prices, ``bean_price`` in Rp/kg.
    """
    newest = newest_at_home(prices, as_of)
    is_reported = np.isclose(bean_price, newest["price_idr_per_kg"].mean())
    place, day = newest["place"].iloc[0], newest["date_from"].iloc[0]
    moved = "" if fertilizer_multiplier == 1 else f", fertilizer times {fertilizer_multiplier:g}"
    return Dated(f"present bean price, {place} {day}" if is_reported else AS_SET, f"{as_of}{moved}")


def day_of(basis: str) -> Text:
    """The day of the present bean price in a basis, as it stands in a sentence; ``as set`` where there is none."""
    day = re.search(r"\d{4}-\d\d-\d\d", basis)
    return date_words(day[0]) if day else Text("as set", "seperti diisi")


def month_of(basis: str) -> Text:
    """The month of the other prices in a basis, as it stands in a sentence."""
    return date_words(basis.split("other prices of ")[1][:7])
