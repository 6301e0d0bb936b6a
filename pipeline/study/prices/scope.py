"""What a published number speaks of, in words that every label carries: which hectare, which pest, which prices."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import cite_parameters, split_lists
from pipeline.kit.language import Text, date_words, format_number
from pipeline.study.prices.prices_now import newest_at_home

# The mean over all mature hectares of the regency, with and without the pod borer.
HECTARE = "average mature hectare (TM) of Kutai Timur, per year"
# A hectare on which an option is judged.
BORER_HECTARE = "mature hectare (TM) of Kutai Timur with pod borer that does not do it yet, per year"
# What a choice of options earns, and among what is chosen where information is valued.
MEAN_INCOME = "mean net income per mature hectare (TM) of Kutai Timur that takes part, per year"
CHOICE = "choice among all combinations of fertilizer at the ceiling price (HET), sleeving and training"
# Prices of beans beside the present one, each a parameter: its words hold for this price (Rp/kg) and no other.
BEAN_PRICES = {
    "low": (25_000, "low bean price, Mahakam Ulu 2016-2022"),
    "high": (50_000, "high bean price, Indonesia 2026-01"),
    "berau": (70_000, "bean price of Berau 2025-11"),
    "peak": (120_000, "peak price, fermented beans, Berau 2024-2025"),
}
PRICE_CITES = {name: cite_parameters(f"prices.{name}_cocoa_idr_per_kg") for name in BEAN_PRICES}
# The month that wages, rates and prices of fertilizer are of.
AS_OF = cite_parameters("prices.as_of")
PRICE_CITES["present"] = (*cite_parameters("prices.cocoa_idr_per_kg", "prices.cocoa_multiplier"), *AS_OF)
IN_LEGEND = {
    "low": Text("low: Mahakam Ulu 2016-2022", "rendah: Mahakam Ulu 2016-2022"),
    "present": Text("present", "sekarang"),
    "high": Text("high: Indonesia, Jan 2026", "tinggi: Indonesia, Jan 2026"),
    "berau": Text("Berau, Nov 2025", "Berau, Nov 2025"),
    "peak": Text("peak: Berau, fermented, 2024-2025", "puncak: Berau, fermentasi, 2024-2025"),
}
IN_SENTENCE = {
    "low": Text("the low price of cocoa", "harga kakao rendah"),
    "berau": Text("the price of Berau in November 2025", "harga Berau November 2025"),
}
AS_SET = "bean price set to"
# A number into which one of these prices enters cites this parameter of it.
(WAGE, FERTILIZER, FREIGHT, TRAINING) = cite_parameters(
    "prices.working_days_per_month",
    "prices.fertilizer_multiplier",
    "fertilizer.transport_idr_per_kg",
    "scenarios.training_years",
)


@dataclass(frozen=True)
class Dated:
    """The prices that numbers rest on: words for each bean price by its name, and the ``month`` of all others.

    ``fertilizers`` says of which day each price of fertilizer is, by its case, and ``multiplied`` that they were moved.
    Freight and training cost are the exception: one report and studies of 2012 to 2020, and nothing says what they
    cost now.
    """

    beans: dict[str, str]
    month: str
    multiplied: str = ""
    fertilizers: dict[str, str] = field(default_factory=dict)

    @property
    def rate(self) -> str:
        """The exchange rate of a number that is turned from rupiah into dollars."""
        return f"exchange rate of {self.month}"

    def at(self, basis: str, cites: Iterable[str], beans: str = "present", fertilizer: str = "") -> str:
        """A basis with the prices that enter its number: those of which ``cites`` has the parameter, and no others.

        ``beans`` is ``present`` or a key of ``BEAN_PRICES``. ``fertilizer`` says which of its prices enters, by its
        case or in words of its own.
        """
        price = self.fertilizers.get(fertilizer, fertilizer)
        words = {
            PRICE_CITES[beans][0]: self.beans[beans],
            WAGE: f"wage of {self.month}",
            FERTILIZER: (price or f"fertilizer price of {self.month}") + self.multiplied,
            FREIGHT: "freight as reported years before",
            TRAINING: f"training cost as reported years before, at the {self.rate}",
        }
        enters = split_lists(cites)
        return "; ".join([basis, *(said for cited, said in words.items() if cited in enters)])


def dated(
    prices: pd.DataFrame,
    bean_prices: dict[str, float],
    as_of: str,
    fertilizer_multiplier: float | None = None,
    cases: pd.DataFrame | None = None,
) -> Dated:
    """The prices of a run: a bean price that no report stands behind, and moved fertilizer prices, are said to be set.

    ``prices`` is the clean table of local prices, ``bean_prices`` are in Rp/kg by name, ``present`` among them;
    the multiplier and the ``cases``, which are the prices of fertilizer with their dates, are left out where none
    enters the sums.
    """
    newest = newest_at_home(prices, as_of)
    place, day = newest["place"].iloc[0], newest["date_from"].iloc[0]
    present = (newest["price_idr_per_kg"].mean(), f"present bean price, {place} {day}")
    reported = BEAN_PRICES | {"present": present}
    words = {
        name: reported[name][1] if np.isclose(price, reported[name][0]) else f"{AS_SET} {price:.0f} Rp/kg"
        for name, price in bean_prices.items()
    }
    moved = "" if fertilizer_multiplier in (None, 1) else f"; fertilizer times {fertilizer_multiplier:g}"
    return Dated(words, as_of, moved, {} if cases is None else _fertilizers(cases, as_of))


def _fertilizers(cases: pd.DataFrame, as_of: str) -> dict[str, str]:
    """Of which day each price of fertilizer is, by its case."""
    months = {case.name: case.date[:7] for case in cases.itertuples(index=False)}
    ceiling, before = (f"ceiling price of fertilizer (HET) {when} {months['ceiling']}" for when in ("since", "before"))
    market = f"shop price of fertilizer of {months['market']}, carried to {as_of}"
    return {"ceiling": ceiling, "ceiling_before": before, "market": market}


def _is_reported(name: str, price: float) -> bool:
    return bool(np.isclose(price, BEAN_PRICES[name][0]))


def in_legend(name: str, price: float) -> Text:
    """A bean price (Rp/kg) in the legend of a figure; the caption dates the present one."""
    if name == "present" or _is_reported(name, price):
        return IN_LEGEND[name]
    return Text(f"set to {_amount(price, 'en')}", f"diisi {_amount(price, 'id')}")


def in_sentence(name: str, price: float) -> Text:
    """A bean price of ``IN_SENTENCE`` (Rp/kg) with its amount, as it stands in a sentence."""
    said = IN_SENTENCE[name] if _is_reported(name, price) else Text("a price that was set", "harga yang diisi")
    return Text(f"{said.en}, {_amount(price, 'en')}", f"{said.id}, {_amount(price, 'id')}")


def _amount(price: float, language: str) -> str:
    return f"{format_number(price, language, 6)} Rp/kg"


def day_of(basis: str) -> Text:
    """The day of the present bean price in a basis, as it stands in a sentence; ``as set`` where there is none."""
    day = re.search(r"\d{4}-\d\d-\d\d", basis)
    return date_words(day[0]) if day else Text("as set", "seperti diisi")


def month_of(basis: str) -> Text:
    """The month of the wage in a basis, which is that of all prices but the bean price, as it stands in a sentence."""
    return date_words(basis.split("wage of ")[1][:7])
