"""What a file says, apart from the bytes it is packed in: words, numbers, places of a drawing and dots of a picture.

Two files have the same content when their words are equal and each number, place and dot is the same within
``pipeline/tolerance.py``. Where only one of them is at hand its digest is held against that of the other: words as they
are, numbers rounded. Whole numbers, and those printed with fewer than six digits, are words: what prose prints is
compared as it is printed. A number that lies where rounding turns can change a digest by its last digit.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import PurePosixPath

from pipeline import content_pdf, tolerance
from pipeline.content_pieces import Dots, Number, Piece, Place, Words

# Not inside a name, a version or a date. A minus between two words or numbers joins them and belongs to neither.
NUMBER = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?!\.?\w)")
# Matplotlib names a hatch, marker, clip, image or the path of a collection by a letter and a hash of its outline. Such
# a name stands where it is given and where it is used, in a notebook with its quotes escaped.
DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
DRAWN_NAME = re.compile(
    r"""(\bid=\\?"|\bhref=\\?"#|\burl\(#)((?:[hmp]|image|C[0-9a-f]+_[0-9a-f]+_)[0-9a-f]{10})(?=\\?"|\))"""
)
MD5 = re.compile(r"\b[0-9a-f]{32}\b")
ROUNDED = f"numbers to {tolerance.DIGITS} digits, places to {tolerance.DECIMALS} decimals, dots exactly"
DAMAGED = "cannot be read as what its name says"


class ContentError(ValueError):
    """A file is not what its name says: no picture, no PDF, no archive."""


def how(name: str) -> str:
    """In words, how the content of a file of this name is compared."""
    numbers = f"within {tolerance.RELATIVE:g}, signs exactly"
    places = f"places within {tolerance.COORDINATE:g}"
    return {
        ".png": f"dots, each within {tolerance.SHADE} of 255 steps",
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
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece.rounded().encode() + b"\0")
    return found.hexdigest()[:32]


def difference(old: list[Piece], new: list[Piece]) -> str:
    """Where two contents first differ, in words; empty when they are the same."""
    for before, after in zip_longest(old, new):
        if before is None or after is None:
            return "one ends where the other goes on"
        if not before.same(after):
            return f"{before.shown(after)} became {after.shown(before)}"
    return ""


def _text(data: bytes, renamed: Mapping[str, str]) -> list[Piece]:
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return [Words(hashlib.sha256(data).hexdigest())]
    text = MD5.sub(lambda found: renamed.get(found[0], found[0]), text)
    return list(_pieces(_names_by_order(text), Number))


def _drawing(data: bytes) -> list[Piece]:
    return list(_pieces(_names_by_order(data.decode("utf-8").replace("\r\n", "\n")), Place))


def _pieces(text: str, number: Callable[[str], Piece]) -> Iterator[Piece]:
    """Words and numbers by turns: it begins and ends with words."""
    for place, part in enumerate(NUMBER.split(text)):
        yield number(part) if place % 2 else Words(part)


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
    return list(_pieces(content_pdf.unpacked(data), Place))


def _members(data: bytes) -> list[Piece]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted(archive.namelist())
        return [piece for name in names for piece in (Words(name), *read(name, archive.read(name)))]


READERS = {".svg": _drawing, ".png": _picture, ".pdf": _pages, ".zip": _members, ".xlsx": _members}
