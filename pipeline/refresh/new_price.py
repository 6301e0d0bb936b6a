"""Record a price that somebody was paid or that a page prints, in one line: ``cacao prices add``.

The row goes to the end of ``local_prices.csv``, its words to ``readings.csv``, who said it to ``sources.yaml``: all of
them or, when something cannot be, none.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.kit import paths
from pipeline.kit.data.sources import LONGEST_QUOTE, READINGS, is_copy, load_registry, read_csv
from pipeline.refresh.command import add_records
from pipeline.refresh.fetch import RefreshError
from pipeline.study.prices.clean import price_problems
from pipeline.study.prices.tables import LOCAL_PRICES

TABLE = "local_prices"
KG = {"kg": 1.0, "quintal": 100.0, "sack50": 50.0}


class PriceError(ValueError):
    """A price that cannot be recorded; the message says what is wrong with it."""


@dataclass(frozen=True)
class NewPrice:
    """What somebody was paid: the ``price`` in rupiah of so much as ``per`` says, ``date`` as precise as known.

    ``said_by`` is a person with their part in the trade or the paper, ``url`` the page where there is one, ``words`` as
    said or printed.
    """

    item: str
    place: str
    group: str
    price: float
    date: str
    said_by: str
    words: str
    url: str = ""
    market: str = "farm_gate"
    per: str = "kg"


def add(new: NewPrice, today: datetime.date) -> str:
    """Record a price; returns the key of its row. Raises ``PriceError`` that names every field that is wrong."""
    table = read_csv(paths.RAW / f"{TABLE}.csv")
    key = f"F{int(table['price_id'].str[1:].astype(int).max()) + 1:03d}"
    row = {
        "price_id": key,
        "item": new.item,
        "place": new.place.strip(),
        "region_group": new.group,
        "market": new.market,
        "date_from": new.date,
        "date_to": new.date,
        "value": new.price / KG.get(new.per, float("nan")),
        "unit": "idr/kg",
        "status": "press" if new.url else "estimate",
        "warnings": "press_figure" if new.url else None,
        "note": None if new.per == "kg" else f"{new.price:.10g} Rp for {KG.get(new.per, 0):g} kg",
    }
    if problems := [*_wrong(new, table), *price_problems(pd.DataFrame([row], index=[len(table) + 2]), today)]:
        raise PriceError("nothing was recorded:\n  " + "\n  ".join(problems))
    source = f"price_{_slug(new.said_by)}_{new.date.replace('-', '_')}"
    if source in load_registry()["sources"]:
        raise PriceError(f"nothing was recorded: {source} is in sources.yaml already; say more exactly who said it")
    words = {"table": TABLE, "row_id": key, "place": "page" if new.url else "said", "words": new.words.strip()}
    rows = {
        TABLE: _as_text(row | {"source_id": source, "value": f"{row['value']:.10g}"}, table),
        READINGS: _as_text(
            words | {"read_on": today.isoformat(), "source_id": source}, read_csv(paths.RAW / f"{READINGS}.csv")
        ),
    }
    try:
        add_records(source, _record(new, today), rows)
    except RefreshError as error:
        raise PriceError(str(error)) from error
    return key


def _wrong(new: NewPrice, table: pd.DataFrame) -> list[str]:
    """Fields that are empty, too long, of no line, or of no value that the table knows."""
    known = {column.name: column.values for column in LOCAL_PRICES.columns}
    lists = {
        "item": sorted(set(table["item"])), "group": known["region_group"], "market": known["market"], "per": list(KG),
    }  # fmt: skip
    found = [
        f"{name}: {getattr(new, name)!r} is not one of {', '.join(allowed)}"
        for name, allowed in lists.items()
        if getattr(new, name) not in allowed
    ]
    for name in ("place", "said_by", "words"):
        value = getattr(new, name)
        if not value.strip() or not value.isprintable():
            found.append(f"{name}: {value!r} is no line of text")
    if len(new.words) > LONGEST_QUOTE:
        found.append(f"words: {len(new.words)} letters are more than a figure, at most {LONGEST_QUOTE}")
    if not _slug(new.said_by):
        found.append(f"said_by: {new.said_by!r} has no letter to make a name of")
    if new.url and not re.fullmatch(r"https?://\S+", new.url):
        found.append(f"url: {new.url!r} is no address")
    return found


def _slug(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", text.lower()))[:40].strip("_")


def _as_text(row: Mapping[str, object], like: pd.DataFrame) -> pd.DataFrame:
    """A row with the columns of a raw table, as text; what it lacks is missing."""
    told = {name: [None if row.get(name) is None else str(row[name])] for name in like.columns}
    return pd.DataFrame(told, dtype="str")


def _record(new: NewPrice, today: datetime.date) -> dict[str, object]:
    year, title = int(new.date[:4]), f"Price of {new.item.replace('_', ' ')} in {new.place.strip()}, {new.date}"
    copied = bool(new.url) and is_copy(new.url)
    return {
        "title": title,
        "publisher": new.said_by.strip(),
        "year": year,
        "citation": f"{new.said_by.strip()} ({year}). {title}.",
        "url": new.url if new.url and not copied else None,
        "read_at": {"url": new.url, "commit": None, "file": None} if copied else None,
        "date_read": today.isoformat(),
        "file_sha256": None,
        "licence": {"name": "not stated", "url": None, "confirmed": False},
        "redistribute": "facts_only",
        "read_as": "press" if new.url else "transcribed",
        "contact": None,
        "notes": None if new.url else "said in person or by telephone; no page",
    }
