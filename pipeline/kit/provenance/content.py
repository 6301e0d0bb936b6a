"""What a file says, apart from the bytes it is packed in: words, numbers, places of a drawing and dots of a picture.

Two files have the same content when their words are equal and each number, place and dot is the same within
the tolerances below. Where only one of them is at hand its digest is held against that of the other: words as they
are, numbers rounded. Whole numbers, and those printed with fewer than six digits, are words: what prose prints is
compared as it is printed. A number that lies where rounding turns can change a digest by its last digit.
"""

import hashlib
import io
import math
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Any, Protocol

import numpy as np
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject, NumberObject, PdfObject, StreamObject

# Of the number itself: one unit in the sixth digit, the last that tables print, is never more than this.
RELATIVE = 1e-5
# Smaller than this, a number is what is left of a sum that is zero: its sign means nothing.
TINY = 1e-12
# Digits of a number that are compared as they are printed, and to which it is rounded where only a hash is at hand: two
# numbers with one rounding differ by less than 1e-4.
DIGITS = 5
# Places in a drawing, in points, and decimals of them in a hash: a tenth of a thousandth of a point is not seen.
COORDINATE, DECIMALS = 1e-4, 4
# Steps of 255 by which the shade of a dot may differ: not seen either.
SHADE = 2


def same_number(old: float, new: float, scale: float = 0.0) -> bool:
    """Whether two numbers are the same but for their last digits; a change of sign never is, nor from or to zero.

    ``scale`` is the size of what a sum was made of, for one that may be small beside its parts.
    """
    if old == new or (math.isnan(old) and math.isnan(new)):
        return True
    size = max(abs(old), abs(new))
    if size <= TINY * max(1.0, scale):
        return True
    same_sign = math.copysign(1, old) == math.copysign(1, new) and old != 0 != new
    return same_sign and abs(old - new) <= RELATIVE * max(size, scale) < math.inf


def same_place(old: float, new: float) -> bool:
    """Whether two coordinates of a drawing are the same place."""
    return abs(old - new) <= COORDINATE


class Piece(Protocol):
    """Words, a number, a place in a drawing, or the dots of a picture."""

    def same(self, other: "Piece") -> bool:
        """Whether the other says the same."""

    def rounded(self) -> str:
        """What a hash is made of."""

    def shown(self, other: "Piece") -> str:
        """For a reader, from where it differs from the other."""


# Texts themselves, no records of texts: a site is five million of them.
class Words(str):
    """Text that is compared as it is."""

    __slots__ = ()

    def same(self, other: Piece) -> bool:
        """Equal to the letter."""
        return type(other) is type(self) and self == other

    def rounded(self) -> str:
        """The text."""
        return self

    def shown(self, other: Piece) -> str:
        """Some letters from the first that differs."""
        theirs = other if isinstance(other, Words) else ""
        pairs = enumerate(zip(self, theirs, strict=False))
        first = next((place for place, (one, two) in pairs if one != two), min(len(self), len(theirs)))
        return repr(self[max(0, first - 10) : first + 30])


class Number(Words):
    """A number as it is printed."""

    __slots__ = ()

    def same(self, other: Piece) -> bool:
        """Printed the same, or, where one has digits that prose does not print, of the same value."""
        if not isinstance(other, Number) or self == other:
            return isinstance(other, Number)
        return (self.is_long() or other.is_long()) and same_number(float(self), float(other))

    def is_long(self) -> bool:
        """Whether it has a decimal point and more digits than words have."""
        # Asked of a million numbers: most are too short to need a closer look.
        if len(self) <= DIGITS + 1 or "." not in self:
            return False
        return len(self.lower().partition("e")[0].lstrip("-0.").replace(".", "")) > DIGITS

    def rounded(self) -> str:
        """A long one with fewer digits, else as it is printed."""
        if not self.is_long():
            return self
        value = float(self)
        return f"{0 if abs(value) <= TINY else value:.{DIGITS}g}"


class Place(Words):
    """A number in a drawing."""

    __slots__ = ()

    def same(self, other: Piece) -> bool:
        """Printed the same or, with a decimal point, the same place."""
        if not isinstance(other, Place) or self == other:
            return isinstance(other, Place)
        return "." in self + other and same_place(float(self), float(other))

    def rounded(self) -> str:
        """With fewer decimals; a whole number as it is printed."""
        if "." not in self:
            return self
        # Adding zero takes the sign from a zero.
        return str(round(float(self), DECIMALS) + 0.0)


@dataclass(frozen=True, slots=True)
class Dots:
    """The dots of a picture: four bytes each, row by row."""

    data: bytes

    def same(self, other: Piece) -> bool:
        """As many dots, no shade further off than the tolerance."""
        if not isinstance(other, Dots) or len(self.data) != len(other.data):
            return False
        return self.furthest(other) <= SHADE

    def furthest(self, other: "Dots") -> int:
        """The greatest difference of a shade, in steps of 255."""
        one, two = (np.frombuffer(dots.data, np.uint8).astype(np.int16) for dots in (self, other))
        return int(np.abs(one - two).max(initial=0))

    def rounded(self) -> str:
        """A hash of them: steps of a shade are not rounded."""
        return hashlib.sha256(self.data).hexdigest()

    def shown(self, other: Piece) -> str:
        """Which picture it is."""
        return f"picture {self.rounded()[:8]}"


# How a stream is packed, not what it holds; and names that are hashes of the bytes.
PACKING = ("/Length", "/Filter", "/DecodeParms", "/ID")
NAMES_OF_BYTES = re.compile(r"(?<=<xmpMM:)(InstanceID|DocumentID)>[^<]*")


def unpacked(data: bytes) -> str:
    """Number of pages, then all objects; bytes that are no text stand as one letter each.

    Raises what pypdf raises for a file that is no PDF or is damaged.
    """
    reader = PdfReader(io.BytesIO(data), strict=True)
    numbers = range(1, int(str(reader.trailer["/Size"])))
    objects = {number: reader.get_object(IndirectObject(number, 0, reader)) for number in numbers}
    # A bare number is the length of a packed stream.
    held = {str(key): thing for key, thing in objects.items() if not isinstance(thing, NumberObject)}
    texts = [f"{key} {written(thing)}" for key, thing in {"trailer": reader.trailer, **held}.items() if thing]
    return NAMES_OF_BYTES.sub(r"\1>", "\n".join([f"{len(reader.pages)} pages", *texts]))


@singledispatch
def written(thing: PdfObject) -> str:
    """An object as it stands in a PDF."""
    target = io.BytesIO()
    thing.write_to_stream(target)
    return target.getvalue().decode("latin-1")


@written.register
def _(thing: DictionaryObject) -> str:
    parts = [f"{key} {written(thing.raw_get(key))}" for key in sorted(thing) if key not in PACKING]
    return "<<" + " ".join(parts) + ">>"


@written.register
def _(thing: StreamObject) -> str:
    head: str = written.dispatch(DictionaryObject)(thing)
    return f"{head}\n{thing.get_data().decode('latin-1')}"


# Not inside a name, a version or a date. A minus between two words or numbers joins them and belongs to neither.
NUMBER = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?!\.?\w)")
# Those of them that may be long: few, where a site has millions of short ones.
LONG_NUMBER = re.compile(rf"(?<![\w.])(?=-?[\d.]{{{DIGITS + 2}}})-?\d+\.\d+(?:[eE][-+]?\d+)?(?!\.?\w)")
# Matplotlib names a hatch, marker, clip, image or the path of a collection by a letter and a hash of its outline. Such
# a name stands where it is given and where it is used, in a notebook with its quotes escaped.
DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
DRAWN_NAME = re.compile(
    r"""(\bid=\\?"|\bhref=\\?"#|\burl\(#)((?:[hmp]|image|C[0-9a-f]+_[0-9a-f]+_)[0-9a-f]{10})(?=\\?"|\))"""
)
MD5 = re.compile(r"\b[0-9a-f]{32}\b")
ROUNDED = f"numbers to {DIGITS} digits, places to {DECIMALS} decimals, dots exactly"
DAMAGED = "cannot be read as what its name says"


class ContentError(ValueError):
    """A file is not what its name says: no picture, no PDF, no archive."""


def how(name: str) -> str:
    """In words, how the content of a file of this name is compared."""
    numbers = f"within {RELATIVE:g}, signs exactly"
    places = f"places within {COORDINATE:g}"
    return {
        ".png": f"dots, each within {SHADE} of 255 steps",
        ".pdf": f"unpacked pages: words and letters exactly, {places}",
        ".svg": f"words exactly, {places}",
        ".zip": "each member by its kind",
        ".xlsx": "each member by its kind",
    }.get(PurePosixPath(name).suffix, f"words exactly, numbers of six digits and more {numbers}")


def read(name: str, data: bytes, renamed: Mapping[str, str] | None = None) -> list[Piece]:
    """The content of a file in order; ``renamed`` gives words for MD5 sums that stand in a text.

    Raises ``ContentError`` for a file that is damaged.
    """
    reader = READERS.get(PurePosixPath(name).suffix)
    try:
        return reader(data) if reader else _text(data, renamed or {})
    # A damaged or hostile file makes its library raise almost anything.
    except Exception as error:
        raise ContentError(f"{DAMAGED}: {error}") from error


def digest(pieces: list[Piece]) -> str:
    """A hash that two contents share when their words are equal and their numbers have one rounding."""
    return _hash("".join([piece.rounded() for piece in pieces]))


def digest_of(name: str, data: bytes) -> str:
    """``digest`` of what ``read`` finds in a file, without taking a text apart."""
    if PurePosixPath(name).suffix in READERS or (text := _decoded(data)) is None:
        return digest(read(name, data))
    return _hash(LONG_NUMBER.sub(lambda found: Number(found[0]).rounded(), _names_by_order(text)))


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def difference(old: list[Piece], new: list[Piece]) -> str:
    """Where two contents first differ, in words; empty when they are the same."""
    for before, after in zip_longest(old, new):
        if before is None or after is None:
            return "one ends where the other goes on"
        if not before.same(after):
            return f"{before.shown(after)} became {after.shown(before)}"
    return ""


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def _text(data: bytes, renamed: Mapping[str, str]) -> list[Piece]:
    text = _decoded(data)
    if text is None:
        return [Words(hashlib.sha256(data).hexdigest())]
    # Looking for sums takes as long as looking for numbers, and mostly none has another name.
    if renamed:
        text = MD5.sub(lambda found: renamed.get(found[0], found[0]), text)
    return _pieces(_names_by_order(text), Number)


def _drawing(data: bytes) -> list[Piece]:
    return _pieces(_names_by_order(data.decode("utf-8").replace("\r\n", "\n")), Place)


def _pieces(text: str, number: Callable[[str], Piece]) -> list[Piece]:
    """Words and numbers by turns: it begins and ends with words."""
    pieces: list[Any] = NUMBER.split(text)
    pieces[::2], pieces[1::2] = map(Words, pieces[::2]), map(number, pieces[1::2])
    return pieces


def _names_by_order(text: str) -> str:
    """Names made of hashes become, within drawings, names by the order in which they come."""
    order: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        return found[1] + order.setdefault(found[2], f"name{len(order)}")

    return DRAWING.sub(lambda drawing: DRAWN_NAME.sub(renamed, drawing[0]), text)


def _picture(data: bytes) -> list[Piece]:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        words = f"{image.size} {image.mode} {sorted((key, str(value)) for key, value in image.info.items())}"
        return [Words(words), Dots(image.convert("RGBA").tobytes())]


def _pages(data: bytes) -> list[Piece]:
    return _pieces(unpacked(data), Place)


def _members(data: bytes) -> list[Piece]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted(archive.namelist())
        return [piece for name in names for piece in (Words(name), *read(name, archive.read(name)))]


READERS = {".svg": _drawing, ".png": _picture, ".pdf": _pages, ".zip": _members, ".xlsx": _members}
