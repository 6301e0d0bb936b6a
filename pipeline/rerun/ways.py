"""How a stage is started: on this machine, cold or warm, or on a worker of a cluster."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from pipeline.rerun.cold import Cold, Events
from pipeline.rerun.warm import Warm

if TYPE_CHECKING:
    from pipeline.rerun.remote import Remote

Way = Union[Cold, Warm, "Remote"]


class Ways:
    """Those that one run has."""

    def __init__(self, events: Events, warm: Warm | None = None, remote: "Remote | None" = None) -> None:
        self.cold, self.warm, self.remote = Cold(events), warm, remote

    def room(self, jobs: int | None) -> int:
        """How many stages may run at a time; if not asked for, as many as there are workers, or else cores."""
        most = (self.remote.workers() if self.remote else 0) or os.cpu_count() or 1
        # Never more than there are workers: each has one stage at a time.
        return min(jobs or most, most) if self.remote else jobs or most

    def start(self, name: str, stage: Any, log: Path, warm: bool) -> Way:
        """Start a stage; raises ``DvcException`` or ``OSError`` when what it reads cannot be brought to a worker."""
        way: Way = self.cold
        if self.remote and self.remote.takes(name):
            way = self.remote
        elif warm and self.warm and self.warm.takes(stage):
            way = self.warm
        way.start(name, stage, log)
        return way
