"""Text in the two languages of the readers, and numbers as each of them writes numbers."""

from dataclasses import dataclass
from math import floor, isfinite

LANGUAGES = ("en", "id")
# Units that are words, and how an Indonesian reader writes them; all others are the same in both languages.
INDONESIAN_UNITS = {
    "million Rp/ha": "juta Rp/ha",
    "million Rp": "juta Rp",
    "billion Rp/yr": "miliar Rp/th",
    "million USD/yr": "juta USD/th",
    "t/yr": "t/th",
    "containers/yr": "peti kemas/th",
    "days/t": "hari/t",
    "plots": "petak",
    "villages": "desa",
    "officers": "petugas",
    "farmers": "petani",
    "figures": "angka",
    "conflicts": "pertentangan",
    "times": "kali",
    "slips": "salah satuan",
    "log ratio": "log rasio",
    "published effects": "pengaruh terbitan",
    "effects with a ratio": "pengaruh dengan rasio",
    "effects with a standard error": "pengaruh dengan galat baku",
    "errors from a printed range": "galat dari kisaran tercetak",
    "countries": "negara",
    "country-years": "negara-tahun",
    "pooled effects": "pengaruh yang digabung",
    "studies": "penelitian",
    "results": "hasil",
    "draws": "simulasi",
    "steps": "langkah",
    "pooled studies": "penelitian yang digabung",
    "pooled studies in Indonesia": "penelitian Indonesia yang digabung",
    "effects read in an abstract": "pengaruh yang dibaca di abstrak",
    "kg beans per kg fertilizer": "kg biji per kg pupuk",
}


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

    Zeros that only fill the digits up are left out after the decimal mark; a minus is a true one. Raises
    ``ValueError`` for a value that is missing or infinite.
    """
    if not isfinite(value):
        raise ValueError(f"{value} cannot be shown as a number")
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    # Decimals that remain after rounding to the significant digits: 0.0456 to 3 digits has 4.
    exponent = int(f"{rounded:e}".split("e")[1])
    text = f"{rounded:,.{max(0, digits - 1 - exponent)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = text.replace("-", "−")
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def format_percent(share: float, language: str) -> str:
    """A share or probability in whole per cent, halves upwards: ``25 %`` for 0.245."""
    return f"{format_number(floor(share * 100 + 0.5), language)} %"


def format_unit(unit: str, language: str) -> str:
    """A unit as the reader writes it; a pure number (``1``) has none."""
    if unit == "1":
        return ""
    return unit if language == "en" else INDONESIAN_UNITS.get(unit, unit)


MONTHS = Text(
    "January February March April May June July August September October November December",
    "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
)


def date_words(date: str) -> Text:
    """A date written as 2026-01-19, 2026-01 or 2026 in words: ``19 January 2026``, ``19 Januari 2026``."""
    year, *rest = date.split("-")
    day = f"{int(rest[1])} " if len(rest) > 1 else ""

    def said(language: str) -> str:
        month = f"{MONTHS.in_language(language).split()[int(rest[0]) - 1]} " if rest else ""
        return f"{day}{month}{year}"

    return Text(said("en"), said("id"))
