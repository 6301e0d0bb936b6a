"""Where workers stand, and which place is the next stage's."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A worker, and the folder in which it was started; ``shares`` when that is the folder of the project itself."""

    address: str
    host: str
    folder: str
    shares: bool

    @property
    def where(self) -> tuple[str, str]:
        """What it has in common with other workers that find the same files."""
        return self.host, self.folder


def choose(free: Iterable[Place], made: dict[str, tuple[str, str]], reads: dict[str, int]) -> Place:
    """The place where most of what a stage ``reads``, in bytes by stage, was ``made``; else the one used least."""
    used = Counter(made.values())

    def worth(place: Place) -> tuple[int, int]:
        return sum(size for name, size in reads.items() if made.get(name) == place.where), -used[place.where]

    return max(free, key=worth)


def differing(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Versions of Python and of packages that a worker has other than here, in words; both as Dask tells them."""
    mine, its = (
        {"python": str(one.get("host", {}).get("python")).split(".final")[0], **one.get("packages", {})}
        for one in (ours, theirs)
    )
    return ", ".join(
        f"{name} {its[name]}, here {version}"
        for name, version in mine.items()
        if version and its.get(name) and its[name] != version
    )
