"""The name of a published number, in typed parts: what it is about, of which case, which quantity, and at what.

Its text (``scenario.training.net_income``) is for readers, links and prose. Code asks for the parts; nothing takes the
text apart again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PART = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
# The columns of a table of estimates that hold the parts, and what stands between several of one column.
COLUMNS = ("topic", "case", "quantity", "at")
BETWEEN = ";"


class KeyPartError(ValueError):
    """A key that cannot be."""


@dataclass(frozen=True, order=True)
class Key:
    """The key of one published number.

    ``topic`` is what the number is about, ``case`` which of its cases (a measure; a regency and a state; empty for a
    topic with one), ``quantity`` what of it is given (empty where the topic is the quantity), and ``at`` the price, the
    reading or the share that the quantity is given at. Every part consists of lower-case words and digits with single
    underscores between them. Raises ``KeyPartError`` for any other part, a topic that is empty, and an ``at`` without a
    quantity.
    """

    topic: str
    case: tuple[str, ...] = ()
    quantity: str = ""
    at: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.case, str) or isinstance(self.at, str):
            raise KeyPartError(f"{self.topic}: case and at are tuples of parts")
        if self.at and not self.quantity:
            raise KeyPartError(f"{self.topic}: nothing is given at {', '.join(self.at)}: the quantity is empty")
        if wrong := [part for part in (self.topic, *self.parts[1:]) if not PART.fullmatch(part)]:
            raise KeyPartError(f"{wrong[0]!r} is no part of a key: lower-case words and digits, one underscore between")

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts in the order of the text."""
        return (self.topic, *self.case, *([self.quantity] if self.quantity else []), *self.at)

    def __str__(self) -> str:
        return ".".join(self.parts)

    @property
    def within_topic(self) -> str:
        """The text without the topic, as rows of a table about one topic are labelled."""
        return ".".join(self.parts[1:])

    def columns(self) -> dict[str, str]:
        """The parts as cells of a table, by ``COLUMNS``."""
        return {
            "topic": self.topic,
            "case": BETWEEN.join(self.case),
            "quantity": self.quantity,
            "at": BETWEEN.join(self.at),
        }

    @classmethod
    def from_columns(cls, row: Mapping[str, Any]) -> "Key":
        """The key of a row with ``COLUMNS``; an empty cell is an empty text."""
        case, at = (tuple(row[name].split(BETWEEN)) if row[name] else () for name in ("case", "at"))
        return cls(row["topic"], case, row["quantity"], at)
