"""Fetch a source again from its publisher, show what changed, and replace the raw table only when asked."""

from collections.abc import Sequence

import pandas as pd

from pipeline import paths
from pipeline.refresh.acceptance import accept
from pipeline.refresh.catalogue import CATALOGUE, Refreshable, find, read_source
from pipeline.refresh.differences import Differences, compare
from pipeline.refresh.fetch import NOTHING_CHANGED, RefreshError, download, staging
from pipeline.sources import SourceError, load_raw, load_registry

CHECK_BY_HAND = "title, year, citation, archive_url and notes"


def refresh(source: Refreshable, accepted: bool) -> Differences:
    """Fetch ``source``, print its differences to the snapshot, and replace its rows when ``accepted``.

    The download and a table of all differences stay in ``.staging-sources/ID``. Without ``accepted`` nothing in
    ``data/raw`` changes. Raises ``SourceError`` when the file cannot be fetched or read, or the snapshot is not as
    recorded.
    """
    before = snapshot(source)
    file = download(source)
    after = read_source(source, file)
    found = compare(after[:0] if before is None else before, after, source.key, source.numbers)
    against = "read for the first time, for" if before is None else "against the snapshot in"
    print(f"{source.id}: {paths.shown(file)} {against} data/raw/{source.table}.csv")
    print(found.summary(after.attrs.get("left_out", [])))
    found.table().to_csv(staging(source.id) / "differences.csv", index=False)
    if not found:
        return found
    if accepted and found.columns:
        raise RefreshError(f"{source.id}: a table with other columns cannot replace the snapshot. {NOTHING_CHANGED}")
    if accepted:
        accept(source, after)
        print(f"  data/raw/{source.table}.csv and its record are replaced. Check in sources.yaml, by hand:")
        print(f"  {CHECK_BY_HAND} of {source.id} still describe the copy before. Then run: cacao check")
    else:
        print(f"  nothing replaced. To replace: cacao sources refresh {source.id} --accept")
    return found


def snapshot(source: Refreshable) -> pd.DataFrame | None:
    """The rows of ``source`` in its raw table, or nothing where a source that can be added has no table yet."""
    if source.records and source.id not in load_registry()["sources"]:
        return None
    table = load_raw(source.table)
    return table[table["source_id"] == source.id]


def refresh_all(chosen: Sequence[Refreshable], accepted: bool) -> list[SourceError]:
    """Refresh one source after the other; one that fails does not stop the others. Returns what failed."""
    failed = []
    for source in chosen:
        try:
            refresh(source, accepted)
        except SourceError as error:
            failed.append(error)
    return failed


__all__ = ["CATALOGUE", "RefreshError", "find", "refresh", "refresh_all"]
