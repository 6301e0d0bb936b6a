"""Text in the two languages of the readers, and numbers as each of them writes numbers.

Long texts stand in ``text.yaml`` beside the modules that say them; a subject with many texts has a file of its own.
"""

import re
from dataclasses import dataclass
from functools import cache
from math import floor, isfinite
from pathlib import Path
from typing import Any

from pipeline.kit import yaml_text

LANGUAGES = ("en", "id")
# Units that are words, and how an Indonesian reader writes them; all others are the same in both languages.
INDONESIAN_UNITS = {
    "million Rp/ha": "juta Rp/ha",
    "million Rp": "juta Rp",
    "thousand Rp/kg": "ribu Rp/kg",
    "yr": "tahun",
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
    "reports": "laporan",
    "simulated effects": "pengaruh simulasi",
    "pooled effects": "pengaruh yang digabung",
    "studies": "penelitian",
    "results": "hasil",
    "draws": "simulasi",
    "raw rows": "baris data mentah",
    "effects": "pengaruh",
    "trials": "percobaan",
    "months": "bulan",
    "years": "tahun",
    "simulations": "simulasi",
    "variants": "varian",
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

    def fill(self, **values: object) -> "Text":
        """The text with each ``{name}`` filled in: a ``Text`` in its own language, all else as ``str`` shows it.

        The key of an estimate, which has a dot or a form, stays. Raises ``TextError`` for a name without value.
        """

        def said(language: str) -> str:
            known = {n: v.in_language(language) if isinstance(v, Text) else str(v) for n, v in values.items()}
            try:
                return re.sub(r"\{(\w+)\}", lambda name: known[name[1]], self.in_language(language))
            except KeyError as error:
                raise TextError(f"nothing fills {error} in {self.in_language(language)!r}") from error

        return Text(said("en"), said("id"))


class TextError(ValueError):
    """A text that is missing, is not said in every language, or is not filled in."""


@dataclass(frozen=True)
class Texts:
    """The texts of one file by their keys; the file is read when the first is asked for.

    Where a text is asked for that is not there, ``TextError`` names file and key; where a text lacks a language, has
    another one or is empty, also the language.
    """

    file: Path

    def text(self, key: str) -> Text:
        """The text with this key."""
        found = self._find(key)
        if not isinstance(found, Text):
            raise TextError(f"{self.file}: {key} is a group of texts, not one text")
        return found

    def group(self, key: str) -> dict[str, Text]:
        """The texts of a group by their names, in the order of the file."""
        found = self._find(key)
        if isinstance(found, Text) or not all(isinstance(text, Text) for text in found.values()):
            raise TextError(f"{self.file}: {key} is not a group of texts")
        return dict(found)

    def groups(self, key: str) -> dict[str, dict[str, Text]]:
        """The groups of a group by their names, in the order of the file."""
        return {name: self.group(f"{key}.{name}") for name in self._find(key)}

    def _find(self, name: str) -> Any:
        found: Any = _read(self.file)
        for part in name.split("."):
            if not isinstance(found, dict) or part not in found:
                raise TextError(f"{self.file}: there is no text {name}")
            found = found[part]
        return found


def texts_file(module: str | Path, subject: str = "text") -> Path:
    """The file that ``read_texts`` reads for a module."""
    return Path(module).with_name(f"{subject}.yaml")


def read_texts(module: str, subject: str = "text") -> Texts:
    """The texts in ``SUBJECT.yaml`` beside a module, which gives its ``__file__``."""
    return Texts(texts_file(module, subject))


@cache
def _read(file: Path) -> dict[str, Any]:
    found = yaml_text.read(file)
    if not isinstance(found, dict):
        raise TextError(f"{file} holds no texts")
    return {key: _checked(each, f"{file}: {key}") for key, each in found.items()}


def _checked(found: Any, where: str) -> Any:
    """A text, or a group of texts and groups, out of what YAML gives."""
    if not isinstance(found, dict):
        raise TextError(f"{where} is neither a text in {' and '.join(LANGUAGES)} nor a group of texts")
    if not found.keys() & set(LANGUAGES):
        return {name: _checked(each, f"{where}.{name}") for name, each in found.items()}
    if unknown := sorted(map(str, found.keys() - set(LANGUAGES))):
        raise TextError(f"{where} has {', '.join(unknown)} beside its languages")
    for language in LANGUAGES:
        if not isinstance(found.get(language), str) or not found[language].strip():
            raise TextError(f"{where} has no text in {language!r}")
    return Text(**found)


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
