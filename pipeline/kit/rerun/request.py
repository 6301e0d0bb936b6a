"""What a run of the stages is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """Targets and options of a run, with the meaning that they have in ``dvc repro``."""

    targets: tuple[str, ...] = ()
    # Targets may have wildcards.
    glob: bool = False
    # Run also what has not changed, and take nothing from the run cache.
    force: bool = False
    # Run what has changed, but take nothing from the run cache.
    run_cache: bool = True
    # The targets alone, without what they need.
    single: bool = False
    # The targets and all that is made from them.
    downstream: bool = False
    # All that hangs together with the targets.
    pipeline: bool = False
    # Only say what would run.
    dry: bool = False
    # Stages at a time; none for as many as there is room for.
    jobs: int | None = None
    # Address of a Dask scheduler whose workers run the commands.
    on: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether everything is to be brought up to date, and nothing else is asked for."""
        return not (self.targets or self.force)
