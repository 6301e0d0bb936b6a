"""Questions that an export has no column for: they keep the answers of the version before.

An absent column says nothing, so what is known stays; an empty cell says that the answer was taken out.
"""

from collections.abc import Iterator

import pandas as pd

from pipeline.survey.names import REPEATS
from pipeline.survey.store import YES

Rows = dict[str, pd.DataFrame]


def filled(
    main: pd.DataFrame, repeats: Rows, versions: pd.Series, order: pd.Series, replaced: dict[str, str]
) -> tuple[pd.DataFrame, Rows]:
    """Submissions and rows of repeats with what their exports lack taken from the newest version before them.

    ``versions`` are the hashes of the versions, ``order`` is greater for the later of two versions of one id. Of what
    was filled once nothing changes when a still older version comes, and only a version under the id or the edits of
    the same submission, with a yes, is asked.
    """
    asked = main["consent"] == YES
    lacking = main[asked & (main["unfilled"] != "")]
    if lacking.empty:
        return main, repeats
    main, repeats = main.copy(), dict(repeats)
    known = main[asked].assign(order=order, hash=versions)
    by_hash, by_id = known.groupby("hash").groups, known.groupby("id").groups
    before = _before(replaced)
    for place in lacking.index:
        wanted = set(main.at[place, "unfilled"].split())
        edits = [row for hash in _chain(versions[place], before) for row in by_hash.get(hash, [])]
        older = [row for row in by_id[main.at[place, "id"]] if row != place and order[row] <= order[place]]
        for row in [*edits, *sorted(older, key=lambda row: order[row], reverse=True)]:
            given = wanted - set(main.at[row, "unfilled"].split())
            answers = sorted(given - set(REPEATS))
            main.loc[place, answers] = main.loc[row, answers]
            for name in given & set(REPEATS):
                rows = repeats[name][repeats[name]["record"] == main.at[row, "record"]]
                repeats[name] = pd.concat([repeats[name], rows.assign(record=main.at[place, "record"])])
            wanted -= given
        main.at[place, "unfilled"] = " ".join(sorted(wanted))
    return main, repeats


def _before(replaced: dict[str, str]) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {}
    for old, new in replaced.items():
        before.setdefault(new, []).append(old)
    return before


def _chain(hash: str, before: dict[str, list[str]]) -> Iterator[str]:
    """Hashes of all versions that became this one, the nearest first."""
    seen, waiting = {hash}, [hash]
    while waiting:
        for old in before.get(waiting.pop(0), []):
            if old not in seen:
                seen.add(old)
                waiting.append(old)
                yield old
