"""Text in the two languages of the readers, and numbers as each of them writes numbers."""

from dataclasses import dataclass

LANGUAGES = ("en", "id")


@dataclass(frozen=True)
class Text:
    """The same text in English and in Indonesian."""

    en: str
    id: str

    def in_language(self, language: str) -> str:
        """The text in ``en`` or ``id``."""
        return {"en": self.en, "id": self.id}[language]


def format_number(value: float, language: str, digits: int = 3) -> str:
    """A number with ``digits`` significant digits: ``1,161`` in English, ``1.161`` in Indonesian.

    Digits before the decimal mark are never cut off in print: 1161 with three digits stays 1,160.
    """
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    # Decimals that remain after rounding to the significant digits: 0.0456 to 3 digits has 4.
    exponent = int(f"{rounded:e}".split("e")[1])
    text = f"{rounded:,.{max(0, digits - 1 - exponent)}f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))
