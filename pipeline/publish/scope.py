"""What a published number speaks of, in words that every label carries: which hectare, which pest, which prices."""

# The mean over all mature hectares of the regency, with and without the pod borer.
HECTARE = "average mature hectare (TM), per year"
# A hectare on which an option is judged.
BORER_HECTARE = "mature hectare (TM) with pod borer that does not do it yet, per year"
BEAN_PRICES = {
    "low": "low bean price, Mahakam Ulu 2016-2022",
    "present": "present bean price, East Kalimantan 2025-12",
    "high": "high bean price, Indonesia 2026-01",
    "berau": "bean price of Berau 2025-11",
    "peak": "peak price, fermented beans, Berau 2024-2025",
}


def at_prices(basis: str, as_of: str, beans: str = "present") -> str:
    """A basis with its bean price (a key of ``BEAN_PRICES``) and the month of all other prices, written as 2026-01."""
    return f"{basis}; {BEAN_PRICES[beans]}, other prices of {as_of}"
