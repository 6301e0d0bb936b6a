"""The workers of a cluster that can run stages of a project."""

import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException

from pipeline.compute import PATIENCE_S, ComputeError
from pipeline.rerun import delivery, worker
from pipeline.rerun.places import Place, differing
from pipeline.rerun.snapshot import FOLDER


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


class Crew:
    """Workers that are there; those that come later are looked at when they do.

    Raises ``ComputeError`` when there is none, or one that cannot run stages.
    """

    def __init__(self, client: Any, repo: Any) -> None:
        self.client, self.root, self.no_remote = client, Path(repo.root_dir), no_remote(repo)
        self.token, self.secret = f"{FOLDER}/token-{secrets.token_hex(8)}", secrets.token_hex(16)
        (self.root / self.token).write_text(self.secret, encoding="utf-8")
        self.seen: set[str] = set()
        self.places: dict[str, Place] = {}
        problems = self.refresh()
        if problems or not self.places:
            self.close()
            raise ComputeError(
                "\n".join(problems) or "the cluster has no workers: docs/cluster.md says how to start some"
            )

    def there(self) -> dict[str, Place]:
        """Places by address; none without a scheduler."""
        return self.places if self.client.status == "running" else {}

    def renew(self) -> None:
        """See who is there now; a worker that cannot be used is left out and told of."""
        try:
            problems = self.refresh()
        except OSError:
            # The scheduler has gone while it was asked.
            return
        for problem in problems:
            print(f"not used: {problem}", file=sys.stderr)

    def refresh(self) -> list[str]:
        """See who is there now; returns what is wrong with those that cannot be used."""
        there = set(self.client.scheduler_info()["workers"]) if self.client.status == "running" else set()
        found = {address: place for address, place in self.places.items() if address in there}
        new = sorted(there - self.seen)
        problems = self.look(new, found) if new else []
        self.seen |= set(new)
        self.places = found
        return problems

    def look(self, new: list[str], found: dict[str, Place]) -> list[str]:
        """Add workers that can be used to ``found``; returns what is wrong with the others."""
        versions = self.client.get_versions()
        others = {address: differing(versions["client"], versions["workers"].get(address) or {}) for address in new}
        problems = [f"worker {address} has other versions: {other}" for address, other in others.items() if other]
        fit = [address for address, other in others.items() if not other]
        answers = self.client.run(worker.look, self.token, self.secret, workers=fit, on_error="return") if fit else {}
        for address, seen in answers.items():
            # A worker that has gone meanwhile is none.
            if isinstance(seen, dict):
                place = Place(address, seen["host"], seen["folder"], seen["shares"])
                why = "" if place.shares else self.unfit(seen)
                problems += [f"worker {address}, folder {place.folder} on {place.host}: {why}"] if why else []
                found |= {} if why else {address: place}
        return problems

    def unfit(self, seen: dict[str, Any]) -> str:
        """Why stages cannot run in a folder that is not shared; nothing when they can."""
        known = ["git", "-C", str(self.root), "cat-file", "-e"]
        asked = (subprocess.run([*known, commit], stderr=subprocess.DEVNULL) for commit in seen["commits"] if commit)
        if all(done.returncode for done in asked):
            return "neither the folder of the project nor a clone of it; start workers in a clone"
        if not seen["remote"]:
            return "the clone names no DVC remote; `dvc remote add -d NAME URL` there, or in the project and commit it"
        return self.no_remote and f"outputs go by a DVC remote, or by a folder that all share; {self.no_remote}"

    def close(self) -> None:
        """Nobody has to be found any more."""
        (self.root / self.token).unlink(missing_ok=True)


def no_remote(repo: Any) -> str:
    """Why a project has no DVC remote; nothing when it has one."""
    try:
        repo.cloud.get_remote()
    except DvcException as error:
        return str(error)
    return ""
