"""Published numbers: each one a key, a value and its interval, with unit, basis, method and sources.

A stage saves all its estimates as one table, ``results/STAGE/estimates.csv``, and its headline numbers as
``results/metrics/STAGE.json`` for ``dvc metrics show``. Prose takes numbers from here by key.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit import paths
from pipeline.kit.data import citations, usage
from pipeline.kit.digits import rounded
from pipeline.kit.language import Text, format_number, format_percent, format_unit
from pipeline.kit.publish import ANSWER
from pipeline.kit.publish.keys import COLUMNS, Key, KeyPartError
from pipeline.kit.publish.makers import maker

# A text that pandas cuts short can be neither read nor translated, a number in a row left out not be found.
pd.set_option("display.max_colwidth", None, "display.max_rows", None)
TO = {"en": "to", "id": "sampai"}
# What ``n`` may count. All that a number rests on are raw rows; a model or a test may rather count what it was made of.
ROWS = "raw rows"
COUNTED = (
    ROWS, "effects", "figures", "conflicts", "studies", "trials", "months", "years", "countries", "country-years",
    "simulations", "simulated effects", "plots", "results", "variants", "reports",
)  # fmt: skip
# The method of a figure that is only restated, and shown with all its digits.
PUBLISHED = "published figure"
# What a value is, for a reader of a number: those that a method names are known by it, others say it themselves.
MEDIAN, MEDIAN_OF_POSTERIOR = "median of draws", "median of the posterior"
SHARE, SHARE_OF_CASES, PROBABILITY, MEAN, COUNT = "share of draws", "share of cases", "probability", "mean", "count"
# One of the draws with a given share of them below; a gain or loss averaged over all draws.
QUANTILE, EXPECTED = "quantile of draws", "expected value over draws"
# A ratio, a difference or a product of figures that others print, as the method says.
FROM_FIGURES, MEDIAN_OF_FIGURES = "reckoned from published figures", "median of figures"
# How far apart, how heavy, how much better: what a model tells of itself.
DEVIATION, LEAST_SQUARES, WEIGHT = "standard deviation", "least squares estimate", "share of a whole"
SPARED = "share of a naive forecast's error that is spared"
SMALLEST, LARGEST, WIDTHS = "smallest of those compared", "largest of those compared", "ratio of two intervals"
BY_METHOD = {PUBLISHED: PUBLISHED, COUNT: COUNT, "parameter": "set as a parameter", "assumed": "assumed"}
VALUE_IS = (
    MEDIAN, MEDIAN_OF_POSTERIOR, SHARE, SHARE_OF_CASES, PROBABILITY, MEAN, QUANTILE, EXPECTED, FROM_FIGURES,
    MEDIAN_OF_FIGURES, DEVIATION, LEAST_SQUARES, WEIGHT, SPARED, SMALLEST, LARGEST, WIDTHS, *BY_METHOD.values(),
)  # fmt: skip
TOLD = [
    "key", "value", "lower", "upper", "level", "unit", "basis", "method", "n", "n_of", "seed", "sources", "warnings",
]  # fmt: skip


class EstimateError(ValueError):
    """An estimate that must not be published, or a key that does not exist."""


@dataclass(frozen=True)
class Estimate:
    """One published number.

    ``lower`` and ``upper`` bound the interval that holds ``level`` of the probability; all three are missing
    for a figure that is only restated, whose error its source does not give. Numbers are rounded to the digits that are
    published, so that prose, tables and later stages have the same ones. ``sources`` are citations: the raw rows that
    the value rests on. ``n`` is how many of ``n_of``, a word of ``COUNTED``, stand behind it; a number that rests on
    parameters alone has neither. ``value_is``, one of ``VALUE_IS``, tells a median from a mean, a count or a published
    figure; it is left out only where the method is one of ``BY_METHOD``. ``seed`` is missing when nothing was drawn at
    random. ``made_by`` notes who built it: a function of the study, or the cell of a notebook.
    """

    key: Key
    value: float
    unit: str
    basis: str
    method: str
    sources: tuple[str, ...]
    n: int | None = None
    n_of: str = ""
    lower: float = float("nan")
    upper: float = float("nan")
    level: float = float("nan")
    seed: int | None = None
    headline: bool = field(default=False, compare=False)
    value_is: str = ""
    made_by: str = field(default_factory=maker, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.key, Key):
            raise EstimateError(f"{self.key!r} is the text of a key; an estimate needs its parts")
        if not np.isfinite(self.value):
            raise EstimateError(f"{self.key}: value is {self.value}")
        for name in ("value", "lower", "upper"):
            object.__setattr__(self, name, rounded(getattr(self, name)))
        if len({bool(np.isfinite(part)) for part in (self.lower, self.upper, self.level)}) != 1 or any(
            np.isinf((self.lower, self.upper, self.level))
        ):
            raise EstimateError(f"{self.key}: an interval needs a lower bound, an upper bound and a level")
        if np.isfinite(self.lower) and not self.lower <= self.value <= self.upper:
            raise EstimateError(f"{self.key}: {self.value} is not between {self.lower} and {self.upper}")
        if not self.sources or not self.unit or not self.method:
            raise EstimateError(f"{self.key}: unit, method and sources must be given")
        object.__setattr__(self, "value_is", self.value_is or BY_METHOD.get(self.method, ""))
        if self.value_is not in VALUE_IS:
            raise EstimateError(f"{self.key}: a value is one of {', '.join(VALUE_IS)}, not {self.value_is!r}")
        self._check_count()

    def _check_count(self) -> None:
        if self.n_of and (self.n is None or self.n_of not in COUNTED):
            raise EstimateError(f"{self.key}: n is {self.n} {self.n_of!r}; it counts {', '.join(COUNTED)}")
        if self.n_of == ROWS and self.n != (cited_rows := citations.count_rows(self.sources)):
            raise EstimateError(f"{self.key}: n is {self.n} {ROWS}, but {cited_rows} are cited")

    def text(self, language: str) -> str:
        """Value, interval and unit as prose shows them: ``740 (390 to 1,700) kg/ha``."""
        shown = self.number(language)
        if np.isfinite(self.lower):
            low, high = (format_number(bound, language, self.digits) for bound in (self.lower, self.upper))
            shown += f" ({low} {TO[language]} {high})"
        return f"{shown} {format_unit(self.unit, language)}".rstrip()

    def number(self, language: str) -> str:
        """The value alone."""
        return format_number(self.value, language, self.digits)

    def percent(self, language: str) -> str:
        """A share or probability in whole per cent."""
        return format_percent(self.value, language)

    @property
    def digits(self) -> int:
        """Digits that the number deserves: two with an interval, all of a published or whole number, else three."""
        if np.isfinite(self.lower):
            return 2
        return 15 if self.method == PUBLISHED or float(self.value).is_integer() else 3


def from_draws(
    key: Key,
    draws: np.ndarray,
    level: float,
    *,
    unit: str,
    basis: str,
    method: str,
    sources: Iterable[str],
    seed: int | None,
    n: int | None = None,
    n_of: str = "",
    headline: bool = False,
) -> Estimate:
    """Estimate whose value is the median of ``draws`` and whose interval is the central ``level``."""
    lower, value, upper = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Estimate(
        key,
        float(value),
        unit,
        basis,
        method,
        tuple(sorted(set(sources))),
        n,
        n_of,
        float(lower),
        float(upper),
        level,
        seed,
        headline,
        MEDIAN,
    )


def restated(key: Key, value: float, unit: str, basis: str, source: str, headline: bool = False) -> Estimate:
    """A figure as its source has it: ``source`` cites the row, and all of its digits are shown."""
    return Estimate(key, float(value), unit, basis, PUBLISHED, (source,), **count_of([source]), headline=headline)


@dataclass(frozen=True)
class Quantity:
    """One quantity of a topic: its unit, how it comes about (``method``), and its keys.

    ``keys`` are texts, written whole so that a search for one ends at its meaning. Only they can be published.
    ``basis`` is what the quantity speaks of, where that is the same for all of them; so is ``value_is``.
    """

    topic: str
    name: str
    unit: str
    method: str
    keys: tuple[str, ...]
    basis: str = ""
    value_is: str = ""

    def key(self, *case: str, at: tuple[str, ...] = ()) -> Key:
        """The key of one case. Raises ``KeyPartError`` for one that is not listed."""
        return self.listed(Key(self.topic, case, self.name, at))

    def listed(self, key: Key) -> Key:
        """The key itself. Raises ``KeyPartError`` for one of another quantity, or that is not listed."""
        if (key.topic, key.quantity) != (self.topic, self.name) or str(key) not in self.keys:
            raise KeyPartError(f"{key} is not among the keys of {self.topic}, {self.name or 'its only quantity'}")
        return key

    def estimate(self, key: Key, value: float, sources: tuple[str, ...], **more: Any) -> Estimate:
        """The estimate of one case; ``more`` are fields of ``Estimate``, a basis with its prices among them."""
        about = {"unit": self.unit, "basis": self.basis, "method": self.method, "value_is": self.value_is, **more}
        return Estimate(self.listed(key), value, sources=sources, **about)

    def drawn(self, key: Key, draws: np.ndarray, level: float, **more: Any) -> Estimate:
        """The same from draws; ``more`` are arguments of ``from_draws``."""
        about = {"unit": self.unit, "basis": self.basis, "method": self.method, **more}
        return from_draws(self.listed(key), draws, level, **about)


def estimate_table(estimates: list[Estimate]) -> pd.DataFrame:
    """The estimates as a table, one row each, with the usage warnings on the rows they rest on."""
    return _facts(estimates)[TOLD]


def _facts(estimates: list[Estimate]) -> pd.DataFrame:
    """All that is saved of the estimates: the columns of their table, the parts of the keys and who made them."""
    frame = pd.DataFrame([vars(estimate) for estimate in estimates]).drop(columns="headline")
    # Many estimates rest on the same rows, and on hundreds of them.
    warnings = {sources: ";".join(usage.of(sources)) for sources in {estimate.sources for estimate in estimates}}
    frame["warnings"] = [warnings[estimate.sources] for estimate in estimates]
    frame["sources"] = [";".join(estimate.sources) for estimate in estimates]
    frame = citations.to_stored(frame)
    frame = frame.astype({"n": "Int64", "seed": "Int64"})
    parts = pd.DataFrame([estimate.key.columns() for estimate in estimates])
    return frame.assign(key=[str(estimate.key) for estimate in estimates], **parts)


def save_estimates(estimates: list[Estimate]) -> None:
    """Write the estimates and the headline metrics of the running stage.

    Raises ``EstimateError`` when there is none or a key stands twice.
    """
    if not estimates:
        raise EstimateError("a stage must publish at least one estimate")
    keys = [str(estimate.key) for estimate in estimates]
    if repeated := sorted({key for key in keys if keys.count(key) > 1}):
        raise EstimateError(f"keys stand twice: {', '.join(repeated)}")
    path = paths.output(paths.estimates(paths.stage()))
    columns = ["key", *COLUMNS, "value", "value_is", *TOLD[2:-1], citations.RAW_ROWS, "warnings", "made_by"]
    _facts(estimates)[columns].to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
    warned = paths.output(paths.usage_warnings(paths.stage()))
    usage.table().to_csv(warned, index=False, lineterminator="\n")
    headline = {
        str(e.key): {
            "value": e.value,
            **({"lower": e.lower, "upper": e.upper} if e.level > 0 else {}),
        }
        for e in estimates
        if e.headline
    }
    text = json.dumps(headline, indent=1) + "\n"
    paths.output(paths.metrics(paths.stage())).write_text(text, encoding="utf-8")


def load_estimates(stage: str) -> dict[str, Estimate]:
    """Estimates that a stage has published, by key; the usage warnings that it knows of come along."""
    usage.recall(stage)
    names = (*COLUMNS, "value_is", "unit", "basis", "method", "n_of", "sources", "raw_rows", "made_by", "key")
    texts = dict.fromkeys(names, "str")
    whole = dict.fromkeys(("n", "seed"), "Int64")
    frame = pd.read_csv(paths.estimates(stage), dtype=texts | whole, keep_default_na=False, na_values=[""])
    frame = frame.fillna(dict.fromkeys(texts, ""))
    found = {}
    for record in frame.drop(columns="warnings").to_dict("records"):
        parts = {name: record.pop(name) for name in COLUMNS}
        record["sources"] = _cited(record["sources"], record.pop(citations.RAW_ROWS))
        record |= {name: None if pd.isna(record[name]) else int(record[name]) for name in whole}
        found[record["key"]] = Estimate(**record | {"key": Key.from_columns(parts)})
    return found


# Many estimates rest on the same rows.
@cache
def _cited(sources: str, raw_rows: str) -> tuple[str, ...]:
    return tuple(citations.from_columns(sources, raw_rows).split(";"))


def split_sources(lists: Iterable[str]) -> tuple[str, ...]:
    """Citations from a column of lists with semicolons, each once, sorted."""
    return tuple(sorted(citations.split_lists(lists)))


def sources_of(estimates: dict[str, Estimate], *keys: str) -> tuple[str, ...]:
    """What the estimates of these keys cite, each once, sorted."""
    return tuple(sorted(set().union(*(estimates[key].sources for key in keys))))


def cited(citations_of: Iterable[str], seed: int | None = None) -> dict[str, Any]:
    """What an estimate says of the raw rows that it rests on: ``sources``, ``n``, ``n_of`` and ``seed``."""
    found = split_sources(citations_of)
    return {"sources": found, **count_of(found), "seed": seed}


def count_of(sources: Iterable[str]) -> dict[str, Any]:
    """``n`` and ``n_of`` of a number that counts the raw rows it cites; nothing for one that cites none."""
    rows = citations.count_rows(sources)
    return {"n": rows, "n_of": ROWS} if rows else {}


def sources_of_all(estimates: Iterable[Estimate]) -> tuple[str, ...]:
    """What the estimates cite, each once, sorted."""
    return tuple(sorted(set().union(*(estimate.sources for estimate in estimates))))


def linked(key: str, shown: str) -> str:
    """A number in a sentence as a link to its key, from which the site makes the way to its origin."""
    return f"[{shown}](number:{key})"


def keys_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The keys that numbers in the sentences are linked to, each once, sorted."""
    return tuple(sorted({key for text in texts for key in re.findall(r"\]\(number:([^)]+)\)", text)}))


def unlinked(text: str) -> str:
    """The sentence without such links."""
    return re.sub(r"\[([^\]]*)\]\(number:[^)]+\)", r"\1", text)


class Prose:
    """Fills sentences with estimates by the text of their key: ``{key}`` becomes value, interval and unit.

    Raises ``EstimateError`` for two keys that differ in their parts only.
    """

    def __init__(self, estimates: Iterable[Estimate]) -> None:
        self.by_key: dict[str, Estimate] = {}
        for estimate in estimates:
            if self.by_key.setdefault(str(estimate.key), estimate).key != estimate.key:
                raise EstimateError(f"{estimate.key}: two keys of different parts have this text")

    def fill(self, text: Text, language: str, show: Callable[[str, str], str] = lambda _, shown: shown) -> str:
        """The sentence in one language.

        ``{key}`` shows value, interval and unit; ``{key:value}`` and ``{key:percent}`` the value alone. ``show(key,
        shown)`` may set the number as a link. Raises ``EstimateError`` for a key that no estimate has.
        """

        def number(match: re.Match[str]) -> str:
            key, _, form = match[1].partition(":")
            if key not in self.by_key:
                raise EstimateError(f"no estimate has the key {key!r}")
            estimate = self.by_key[key]
            forms = {"": estimate.text, "value": estimate.number, "percent": estimate.percent}
            if form not in forms:
                raise EstimateError(f"{match[0]}: a number has no form {form!r}")
            return show(key, forms[form](language))

        return re.sub(r"\{([^}]+)\}", number, text.in_language(language))

    def answer(self, text: Text) -> "Answer":
        """The answer of a notebook, in Indonesian and English, as notebook output."""
        titles = {"id": "Jawaban.", "en": "Answer."}
        return Answer(
            "\n\n".join(f"**{title}** {self.fill(text, language)}" for language, title in titles.items()),
            {language: self.fill(text, language, linked) for language in titles},
        )


@dataclass(frozen=True)
class Answer:
    """The answer as a notebook shows it, both languages under each other, and each alone with linked numbers."""

    text: str
    linked: dict[str, str]

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return {"text/markdown": self.text, ANSWER: self.linked}

    def __repr__(self) -> str:
        return self.text
