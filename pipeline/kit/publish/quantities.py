"""Quantities that are published for a closed list of cases: what each is, beside all of its keys, written whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.kit.publish.estimates import Estimate, from_draws
from pipeline.kit.publish.keys import Key, KeyPartError


@dataclass(frozen=True)
class Quantity:
    """One quantity of a topic: its unit, how it comes about (``method``), and its keys.

    ``keys`` are texts, written whole so that a search for one ends at its meaning. Only they can be published.
    ``basis`` is what the quantity speaks of, where that is the same for all of them.
    """

    topic: str
    name: str
    unit: str
    method: str
    keys: tuple[str, ...]
    basis: str = ""

    def key(self, *case: str, at: tuple[str, ...] = ()) -> Key:
        """The key of one case. Raises ``KeyPartError`` for one that is not listed."""
        return self.listed(Key(self.topic, case, self.name, at))

    def listed(self, key: Key) -> Key:
        """The key itself. Raises ``KeyPartError`` for one of another quantity, or that is not listed."""
        if (key.topic, key.quantity) != (self.topic, self.name) or str(key) not in self.keys:
            raise KeyPartError(f"{key} is not among the keys of {self.topic}, {self.name or 'its only quantity'}")
        return key

    def estimate(self, key: Key, value: float, sources: tuple[str, ...], **more: Any) -> Estimate:
        """The estimate of one case; ``more`` are fields of ``Estimate``, a basis with its prices among them."""
        about = {"unit": self.unit, "basis": self.basis, "method": self.method, **more}
        return Estimate(self.listed(key), value, sources=sources, **about)

    def drawn(self, key: Key, draws: np.ndarray, level: float, **more: Any) -> Estimate:
        """The same from draws; ``more`` are arguments of ``from_draws``."""
        about = {"unit": self.unit, "basis": self.basis, "method": self.method, **more}
        return from_draws(self.listed(key), draws, level, **about)
