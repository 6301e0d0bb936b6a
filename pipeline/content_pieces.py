"""The pieces that the content of a file is made of, and when two of them are the same."""

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline import tolerance


class Piece(Protocol):
    """Words, a number, a place in a drawing, or the dots of a picture."""

    def same(self, other: "Piece") -> bool:
        """Whether the other says the same."""

    def rounded(self) -> str:
        """What a hash is made of."""

    def shown(self, other: "Piece") -> str:
        """For a reader, from where it differs from the other."""


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is compared as it is."""

    text: str

    def same(self, other: Piece) -> bool:
        """Equal to the letter."""
        return self == other

    def rounded(self) -> str:
        """The text."""
        return self.text

    def shown(self, other: Piece) -> str:
        """Some letters from the first that differs."""
        theirs = getattr(other, "text", "")
        pairs = enumerate(zip(self.text, theirs, strict=False))
        first = next((place for place, (one, two) in pairs if one != two), min(len(self.text), len(theirs)))
        return repr(self.text[max(0, first - 10) : first + 30])


@dataclass(frozen=True, slots=True)
class Number(Words):
    """A number as it is printed."""

    def same(self, other: Piece) -> bool:
        """Printed the same, or, where one has digits that prose does not print, of the same value."""
        if not isinstance(other, Number) or self.text == other.text:
            return isinstance(other, Number)
        return (self.is_long() or other.is_long()) and tolerance.same_number(float(self.text), float(other.text))

    def is_long(self) -> bool:
        """Whether it has a decimal point and more digits than words have."""
        # Asked of a million numbers: most are too short to need a closer look.
        if len(self.text) <= tolerance.DIGITS + 1 or "." not in self.text:
            return False
        return len(re.sub(r"[eE].*|\D", "", self.text).lstrip("0")) > tolerance.DIGITS

    def rounded(self) -> str:
        """A long one with fewer digits, else as it is printed."""
        if not self.is_long():
            return self.text
        value = float(self.text)
        return f"{0 if abs(value) <= tolerance.TINY else value:.{tolerance.DIGITS}g}"


@dataclass(frozen=True, slots=True)
class Place(Words):
    """A number in a drawing."""

    def same(self, other: Piece) -> bool:
        """Printed the same or, with a decimal point, the same place."""
        if not isinstance(other, Place) or self.text == other.text:
            return isinstance(other, Place)
        return "." in self.text + other.text and tolerance.same_place(float(self.text), float(other.text))

    def rounded(self) -> str:
        """With fewer decimals; a whole number as it is printed."""
        if "." not in self.text:
            return self.text
        # Adding zero takes the sign from a zero.
        return str(round(float(self.text), tolerance.DECIMALS) + 0.0)


@dataclass(frozen=True, slots=True)
class Dots:
    """The dots of a picture: four bytes each, row by row."""

    data: bytes

    def same(self, other: Piece) -> bool:
        """As many dots, no shade further off than the tolerance."""
        if not isinstance(other, Dots) or len(self.data) != len(other.data):
            return False
        return self.furthest(other) <= tolerance.SHADE

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
