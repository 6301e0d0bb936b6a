"""The workers of a cluster that can run stages: where each stands, and which one is the next stage's."""

import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.compute import PATIENCE_S, ComputeError
from pipeline.rerun import delivery, worker
from pipeline.rerun.snapshot import FOLDER


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


def connect(address: str) -> Any:
    """A client of the scheduler at ``address``; raises ``ComputeError`` when it does not answer."""
    import cloudpickle
    from distributed import Client

    for module in (worker, delivery):
        cloudpickle.register_pickle_by_value(module)
    try:
        return Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise ComputeError(f"the scheduler at {address} does not answer: {error}") from error


def choose(free: Iterable[Place], made: dict[str, tuple[str, str]], reads: dict[str, int]) -> Place:
    """The place where most of what a stage ``reads``, in bytes by stage, was ``made``; else the one used least."""
    used = Counter(made.values())

    def worth(place: Place) -> tuple[int, int]:
        return sum(size for name, size in reads.items() if made.get(name) == place.where), -used[place.where]

    return max(free, key=worth)


class Crew:
    """Workers that are there; those that come later are looked at when they do.

    ``fits`` gives the reason why a worker cannot be used. Raises ``ComputeError`` when there is such a one, or none.
    """

    def __init__(self, client: Any, root: Path, fits: Callable[[Place, dict[str, Any]], str]) -> None:
        self.client, self.fits = client, fits
        self.token, self.secret = f"{FOLDER}/token-{secrets.token_hex(8)}", secrets.token_hex(16)
        self.file = root / self.token
        self.file.write_text(self.secret, encoding="utf-8")
        self.seen: set[str] = set()
        self.places: dict[str, Place] = {}
        if problems := self.refresh():
            raise ComputeError("\n".join(problems))
        if not self.places:
            raise ComputeError("the cluster has no workers: start some, as docs/cluster.md says")

    def refresh(self) -> list[str]:
        """See who is there; returns what is wrong with those that cannot be used."""
        there = set(self.client.scheduler_info()["workers"]) if self.client.status == "running" else set()
        problems = []
        found = {address: place for address, place in self.places.items() if address in there}
        if new := sorted(there - self.seen):
            problems = self.look(new, found)
        self.places = found
        return problems

    def look(self, new: list[str], found: dict[str, Place]) -> list[str]:
        """Add workers that can be used to ``found``; returns what is wrong with the others."""
        problems, fit = [], []
        versions = self.client.get_versions()
        for address in new:
            other = differing(versions["client"], versions["workers"].get(address) or {})
            problems += [f"worker {address} has other versions: {other}"] if other else []
            fit += [] if other else [address]
        answers = self.client.run(worker.look, self.token, self.secret, workers=fit, on_error="return") if fit else {}
        for address, seen in answers.items():
            # A worker that has gone meanwhile is none.
            if isinstance(seen, dict):
                place = Place(address, seen["host"], seen["folder"], seen["shares"])
                why = "" if place.shares else self.fits(place, seen)
                problems += [f"worker {address}, folder {place.folder} on {place.host}: {why}"] if why else []
                found |= {} if why else {address: place}
        self.seen |= set(new)
        return problems

    def renew(self) -> None:
        """The same in the midst of a run, where a worker that cannot be used is left out and told of."""
        try:
            problems = self.refresh()
        except OSError:
            # The scheduler has gone while it was asked.
            return
        for problem in problems:
            print(f"not used: {problem}", file=sys.stderr)

    def there(self) -> dict[str, Place]:
        """Places by address; none without a scheduler."""
        return self.places if self.client.status == "running" else {}

    def close(self) -> None:
        """Nobody has to be found any more."""
        self.file.unlink(missing_ok=True)


def differing(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Versions of Python and of packages that a worker has other than here."""
    mine, its = (
        {"python": str(one.get("host", {}).get("python")).split(".final")[0], **one.get("packages", {})}
        for one in (ours, theirs)
    )
    return ", ".join(
        f"{name} {its[name]}, here {version}"
        for name, version in mine.items()
        if version and its.get(name) and its[name] != version
    )
