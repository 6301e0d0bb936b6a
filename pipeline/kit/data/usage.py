"""Usage warnings: what a reader must know of a figure before using it, from the closed list in ``WARNINGS``.

A warning stands with a row of a table and travels with the raw rows that this row cites: a number, table or figure that
rests on all of them carries it, in the tables its notebook read or the stages before it read. One that rests on some of
them alone does not: of a yield made of an area and a potential, the area is none.
"""

from collections.abc import Iterable

import pandas as pd

from pipeline.kit import paths
from pipeline.kit.data import citations
from pipeline.kit.language import LANGUAGES
from pipeline.kit.language import Text

WARNINGS = {
    "press_figure": Text("press figure", "angka pers"),
    "abstract_only": Text("read in an abstract only", "hanya dibaca di abstrak"),
    "secondary": Text("second hand", "dikutip dari tangan kedua"),
    "provisional": Text("provisional", "angka sementara"),
    "estimate": Text("an estimate of its publisher", "angka perkiraan penerbitnya"),
    "potential": Text("a potential, not a harvest", "potensi, bukan panen"),
    "period_mean": Text("mean of several years", "rata-rata beberapa tahun"),
    "year_inferred": Text("year inferred", "tahun disimpulkan"),
    "series_break": Text("break of series", "deret angka terputus"),
    "old_boundary": Text("old boundary", "batas wilayah lama"),
    "implausible": Text("not plausible", "tidak masuk akal"),
    "misattributed": Text("printed for the wrong place", "tercetak untuk wilayah yang salah"),
    "unit_slip": Text("slip of unit", "salah satuan"),
    "mirror_page": Text("read on a copy of the page", "dibaca di salinan halaman"),
    "licence_unclear": Text("licence unclear", "lisensi tidak jelas"),
    "mixed_release": Text("mixed releases", "campuran beberapa terbitan"),
    "low_confidence": Text("low confidence", "kurang dapat diandalkan"),
    "same_data": Text("another analysis of the same data", "analisis lain atas data yang sama"),
    "confounded": Text("confounded with something else", "bercampur dengan pengaruh lain"),
    "rounded": Text("rounded", "dibulatkan"),
    "copied_year": Text("copies the year before", "menyalin tahun sebelumnya"),
    "stale_figure": Text("an older figure repeated", "angka lama yang diulang"),
    "infilled": Text("filled in by its maker", "diisi oleh pembuatnya"),
    "imputed": Text("standard error imputed", "galat baku diperkirakan"),
}
_by_rows: dict[frozenset[str], set[str]] = {}
# Of raw rows that a later stage hears of: whether each of them is warned of, or only whoever rests on all.
JOINT = "is_joint"


def remember(frame: pd.DataFrame) -> None:
    """Note the warnings of a table that was read or written, by what its rows cite; one without both has none."""
    if {"source_id", "warnings"} <= set(frame):
        warned = frame.dropna(subset=["source_id", "warnings"])
        for cited, warnings in zip(warned["source_id"], warned["warnings"], strict=True):
            _note(cited.split(";"), warnings)


def _note(cited: Iterable[str], warnings: str) -> None:
    listed = set(cited)
    # A parameter is no figure that was read.
    rows = {citation for citation in listed if citations.source_of(citation) != citations.PARAMETER} or listed
    _by_rows.setdefault(frozenset(rows), set()).update(word for word in warnings.split(";") if word)


def of(cited: Iterable[str]) -> tuple[str, ...]:
    """Warnings on rows that rest on nothing but these citations, in the order of the list.

    Raises ``KeyError`` for one not in the list.
    """
    own = set(cited)
    alone = (_by_rows.get(frozenset([citation]), set()) for citation in own)
    joint = (words for rows, words in _by_rows.items() if len(rows) > 1 and rows <= own)
    return _in_order(set().union(*alone, *joint))


def on_sources() -> dict[str, tuple[str, ...]]:
    """Warnings on any row of each source that has any, in the order of the list; none on rows made of several."""
    found: dict[str, set[str]] = {}
    for rows, warnings in _by_rows.items():
        if len(named := set(map(citations.source_of, rows))) == 1:
            found.setdefault(named.pop(), set()).update(warnings)
    return {source: _in_order(warnings) for source, warnings in found.items() if warnings}


def _in_order(found: set[str]) -> tuple[str, ...]:
    if unknown := sorted(found - set(WARNINGS)):
        raise KeyError(f"usage warnings that are not in the closed list: {', '.join(unknown)}")
    return tuple(warning for warning in WARNINGS if warning in found)


def table() -> pd.DataFrame:
    """What is remembered, to travel on to later stages: ``source_id``, ``raw_rows``, ``warnings`` and ``is_joint``."""
    alone: dict[str, list[str]] = {}
    joint = []
    for rows, found in _by_rows.items():
        if found and len(rows) == 1:
            alone.setdefault(";".join(_in_order(found)), []).extend(rows)
        elif found:
            joint.append((citations.join(*rows), ";".join(_in_order(found)), True))
    listed = [(citations.join(*cited), warnings, False) for warnings, cited in sorted(alone.items())]
    frame = pd.DataFrame([*listed, *sorted(joint)], columns=["source_id", "warnings", JOINT])
    return citations.to_stored(frame)


def recall(stage: str) -> None:
    """Note what an earlier stage remembered."""
    path = paths.usage_warnings(stage)
    if path.exists():
        remember_table(pd.read_csv(path))


def remember_table(stored: pd.DataFrame) -> None:
    """Note what ``table`` has said."""
    frame = citations.from_stored(stored)
    for cited, warnings, is_joint in zip(frame["source_id"], frame["warnings"], frame[JOINT], strict=True):
        rows = cited.split(";")
        for each in [rows] if is_joint else [[row] for row in rows]:
            _note(each, warnings)


def in_words(warnings: Iterable[str]) -> dict[str, str]:
    """The warnings as a reader of each language says them."""
    listed = list(warnings)
    return {language: "; ".join(WARNINGS[word].in_language(language) for word in listed) for language in LANGUAGES}
