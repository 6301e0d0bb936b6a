"""What an entry of the register of conflicts is made of, and the words that several entries share."""

from dataclasses import dataclass

from pipeline.language import Text

EFFECTS = {
    "changes": Text(en="changes the answer", id="mengubah jawaban"),
    "inside": Text(
        en="both sides enter the model and widen its interval", id="kedua pihak masuk model dan melebarkan selangnya"
    ),
    "error": Text(
        en="only through the error given to every published figure",
        id="hanya lewat galat yang diberikan pada setiap angka",
    ),
    "not_used": Text(en="not used in any answer", id="tidak dipakai dalam jawaban mana pun"),
    "unknown": Text(en="not computed", id="tidak dihitung"),
}


@dataclass(frozen=True)
class Figure:
    """One figure of a table: ``where`` gives the columns and values that single out its row."""

    table: str
    column: str
    where: tuple[tuple[str, str | int], ...]


@dataclass(frozen=True)
class Widest:
    """The two figures of a table, alike but for ``side``, that lie furthest apart; ``keys`` tell which are alike.

    ``by`` is ``ratio`` or ``difference``.
    """

    table: str
    column: str
    keys: tuple[str, ...]
    side: str = "release"
    by: str = "ratio"
    where: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class Quotient:
    """An answer by plain division of two figures of the conflict (by position), times ``factor``."""

    above: int
    below: int
    factor: float
    unit: str


@dataclass(frozen=True)
class Conflict:
    """One conflict. ``answers`` holds the answer on each side: keys of published estimates, or quotients.

    ``touches`` names the estimates that rest on the figures; ``beside`` figures that only quotients need. The page
    says which figures lie outside the interval of the estimate ``interval``, of the same quantity.
    """

    name: str
    title: Text
    figures: tuple[Figure, ...] | Widest
    cause: Text
    rule: Text
    effect: str
    note: Text
    answers: tuple[str | Quotient, ...] = ()
    touches: tuple[str, ...] = ()
    beside: tuple[Figure, ...] = ()
    interval: str = ""


def regional(*ids: str) -> tuple[Figure, ...]:
    """Figures of the clean table of regional statistics."""
    return tuple(Figure("regional_statistics", "value", (("figure_id", name),)) for name in ids)


def prices(*ids: str) -> tuple[Figure, ...]:
    """Figures of the clean table of local prices."""
    return tuple(Figure("local_prices", "price_idr_per_kg", (("price_id", name),)) for name in ids)


def effects(*ids: str) -> tuple[Figure, ...]:
    """Log ratios of the clean table of published effects."""
    return tuple(Figure("effects", "log_ratio", (("effect_id", name),)) for name in ids)


def fao_area(*years: int) -> tuple[Figure, ...]:
    """Cocoa area of Indonesia in the 2022 release of FAOSTAT."""
    alike = (("iso3", "IDN"), ("release", "2022"))
    return tuple(Figure("country_cocoa", "area_harvested_ha", (*alike, ("year", year))) for year in years)


BOTH_HEARD = Text(
    en="The regency model hears every figure since 2018; figures of one region and year enter once, at the mean of "
    "their logs, with their disagreement added to the error. Press figures, potentials and estimates "
    "err twice as much.",
    id="Model kabupaten memakai semua angka sejak 2018. Angka untuk wilayah dan tahun yang sama "
    "digabung menjadi satu "
    "(rata-rata log), dan selisihnya menambah galat. Angka pers, potensi dan taksiran "
    "dianggap dua kali lebih meleset.",
)
BEFORE_2018 = Text(
    en="All figures are kept; the regency model takes none from before 2018.",
    id="Semua angka disimpan; model kabupaten tidak memakai angka sebelum 2018.",
)
NOT_USED = Text(en="No published answer rests on it.", id="Tidak ada jawaban yang bertumpu pada angka ini.")
UNKNOWN = Text(en="Not known.", id="Tidak diketahui.")
REGENCY = ("kutai_timur.yield_mature", "kutai_timur.area_total")
