"""Whether the files that ``dvc.lock`` records stand in this folder: tests of records need a run to be there."""

from pipeline import paths
from pipeline.lineage import LineageError
from pipeline.publish.records import run


def files_are_there() -> bool:
    """Every file of one run is there, whatever its content."""
    try:
        return all((paths.ROOT / path).exists() for path in run.hashes())
    except LineageError:
        return False


def nothing_changed() -> bool:
    """Every file of one run is there as the run left it."""
    return files_are_there() and not run.changed()
