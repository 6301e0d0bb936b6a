"""Citations: which row of which raw table a value rests on, as text that travels in the column of its sources.

A citation is ``SOURCE@TABLE:ROW``, as ``disbun_2022@kaltim_statistics:14``: a source of the register, a raw table and
the line of the row in its file. Of a parameter the row is its name, ``parameter@params:scenarios.adoption``; what
rests on no row, such as a plot survey, is the source alone. Where rows are joined, citations are listed with
semicolons. Files keep them in two columns: sources, and ``raw_rows``, which has for each of these sources its rows,
``kaltim_statistics:3-5,9 local_prices:7``. Where some columns of a row rest on fewer rows than the others, as a count
of studies beside what a model makes of all of them, ``own_sources`` and ``own_raw_rows`` are of these columns.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import groupby

import pandas as pd

# Columns that hold citations, by any of the names that tables give them.
CITING = ("source_id", "source_ids", "sources")
RAW_ROWS = "raw_rows"
OWN, OWN_RAW_ROWS = "own_sources", "own_raw_rows"
PARAMETER = "parameter"
PARAMETERS = "params"


def cite_rows(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """A raw frame, indexed by line, whose ``source_id`` cites its own rows."""
    cited = [f"{source}@{table}:{line}" for source, line in zip(frame["source_id"], frame.index, strict=True)]
    return frame.assign(source_id=pd.Series(cited, index=frame.index, dtype="str"))


def cite_parameters(*names: str) -> tuple[str, ...]:
    """Citations of parameters by their full names, as ``scenarios.adoption``."""
    return tuple(f"{PARAMETER}@{PARAMETERS}:{name}" for name in names)


def source_of(citation: str) -> str:
    """The source of one citation."""
    return citation.partition("@")[0]


def sources_in(citations: Iterable[str]) -> tuple[str, ...]:
    """The sources of citations, or of lists of them, each once, sorted."""
    return tuple(sorted({source_of(citation) for citation in split_lists(citations)}))


def rows_in(citations: Iterable[str]) -> dict[str, set[str]]:
    """The rows of citations, or of lists of them, by table; those of parameters and of what has no row are left out."""
    found: dict[str, set[str]] = {}
    for citation in split_lists(citations):
        table, _, row = citation.partition("@")[2].rpartition(":")
        if table and table != PARAMETERS:
            found.setdefault(table, set()).add(row)
    return found


def of_tables(citations: Iterable[str], *tables: str) -> tuple[str, ...]:
    """Those of citations, or of lists of them, that cite a row of one of ``tables``; sorted."""
    return tuple(sorted(cited for cited in split_lists(citations) if set(rows_in([cited])) & set(tables)))


def count_rows(citations: Iterable[str]) -> int:
    """How many raw rows are cited."""
    return sum(map(len, rows_in(citations).values()))


def split_lists(lists: Iterable[str]) -> set[str]:
    """The single citations in lists of them."""
    return {citation for listed in lists for citation in listed.split(";")}


def join(*lists: str) -> str:
    """One list of the citations in several, each once, sorted."""
    return ";".join(sorted(split_lists(lists)))


@cache
def to_columns(citations: str) -> tuple[str, str]:
    """A list of citations as files keep it: sources, and for each of them the text of its rows."""
    pairs = [citation.partition("@")[::2] for citation in sorted(split_lists([citations]))]
    by_source = {source: [place for _, place in group] for source, group in groupby(sorted(pairs), lambda pair: pair[0])}
    return ";".join(by_source), ";".join(_packed(filter(None, places)) for places in by_source.values())


@cache
def from_columns(sources: str, raw_rows: str) -> str:
    """The list of citations from what a file keeps of it. Raises ``ValueError`` when the two do not fit together."""
    listed = raw_rows.split(";")
    if len(listed) != sources.count(";") + 1:
        raise ValueError(f"rows {raw_rows!r} do not fit the sources {sources!r}")
    pairs = zip(sources.split(";"), listed, strict=True)
    return ";".join(f"{source}@{place}" if place else source for source, rows in pairs for place in _unpacked(rows))


def _packed(places: Iterable[str]) -> str:
    """Rows as text: ``kaltim_statistics:3-5,9 local_prices:7``."""
    parts = sorted(place.rpartition(":")[::2] for place in places)
    return " ".join(f"{table}:{ranges([row for _, row in group])}" for table, group in groupby(parts, lambda part: part[0]))


def _unpacked(rows: str) -> Iterator[str]:
    for packed in rows.split():
        table, _, listed = packed.rpartition(":")
        yield from (f"{table}:{row}" for part in listed.split(",") for row in _row_range(part))
    if not rows:
        yield ""


def ranges(rows: Iterable[str]) -> str:
    """Rows as ranges, ``3-5,9``; names that are no numbers stand for themselves, after them."""
    listed = set(rows)
    names = sorted(row for row in listed if not row.isdecimal())
    return ",".join([*spans(map(int, listed - set(names))), *names])


def spans(numbers: Iterable[int]) -> list[str]:
    """Different numbers as text, those that follow each other as one span: ``3-5`` and ``9``."""
    ordered, found = sorted(numbers), []
    first = 0
    for last, number in enumerate(ordered):
        if last + 1 == len(ordered) or ordered[last + 1] != number + 1:
            found.append(str(number) if first == last else f"{ordered[first]}-{number}")
            first = last + 1
    return found


def _row_range(part: str) -> Iterator[str]:
    first, _, last = part.partition("-")
    if first.isdecimal() and last.isdecimal():
        if int(first) >= int(last):
            raise ValueError(f"{part!r} is no range of rows")
        yield from map(str, range(int(first), int(last) + 1))
    else:
        yield part


def to_stored(frame: pd.DataFrame) -> pd.DataFrame:
    """A table as files keep it: each column of citations as sources, and ``raw_rows`` after it."""
    for column, rows_column in _pairs(frame):
        pairs = frame[column].map(to_columns, na_action="ignore")
        rows = _text(pairs, lambda pair: pair[1])
        frame = frame.assign(**{column: _text(pairs, lambda pair: pair[0])})
        frame.insert(list(frame).index(column) + 1, rows_column, rows)
    return frame


def from_stored(frame: pd.DataFrame) -> pd.DataFrame:
    """A table from a file, its column of sources with citations again. Raises ``ValueError`` that names a bad row."""
    for column, rows_column in _pairs(frame) if RAW_ROWS in frame else ():
        known = frame[column].notna()
        pairs = zip(frame.loc[known, column], frame.loc[known, rows_column].fillna(""), strict=True)
        cited = pd.Series([from_columns(*pair) for pair in pairs], index=frame.index[known], dtype="str")
        frame = frame.assign(**{column: cited.reindex(frame.index)}).drop(columns=rows_column)
    return frame


def _pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Each column of citations with that of its rows in files."""
    return [*((column, RAW_ROWS) for column in citing(frame)), *([(OWN, OWN_RAW_ROWS)] if OWN in frame else [])]


def citing(frame: pd.DataFrame) -> list[str]:
    """The column of citations of a table; empty when it has none."""
    return [column for column in CITING if column in frame][:1]


def _text(pairs: pd.Series, part: Callable[[tuple[str, str]], str]) -> pd.Series:
    return pairs.map(part, na_action="ignore").astype("str").mask(pairs.isna())
