"""The page of every published number: what it is, and the chain from it back to its sources."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from pipeline.kit import paths
from pipeline.kit.data import usage
from pipeline.kit.language import format_number, format_unit
from pipeline.kit.provenance.trace import Look, source_facts, trace
from pipeline.kit.publish.estimates import Estimate, Prose, load_estimates
from pipeline.params import describe
from pipeline.site.catalogue import WORDS, Message, messages, take_out, translate
from pipeline.site.notebook_tables import in_english, parse, text_of, translate_cell, written
from pipeline.study.names import PACKAGES
from pipeline.study.plots.estimates import kinds
from pipeline.study.scenarios.measures import PARTS

MONTH = re.compile(r"\d{4}_\d\d")
# Places that keys name, which have the same name in both languages.
PLACES = {"aceh", "berau", "indonesia", "kutai timur", "mahakam ulu", "sabah"}
TOLD_THERE = ("sources", "warnings", "seed")
Page = tuple[str, dict[str, Any], str]
# The same on the pages of all numbers of a stage, and longer than the rest of them: written once for all.
PARAMETER = Markup('<li><a href="../parameters.html#{0}"><code>{0}</code></a> = {1}: {2}{3}</li>')
SOURCE = Markup('<li><a class="original" href="../sources.html#{}">{}</a>{} {}: {}{}.</li>')
COPY = Markup('<a href="{}" rel="noreferrer">{}</a>')
PART = Markup('<span class="original">{}</span>')
ROW = Markup('<a href="../../files/rows/raw/{0}.html#{1}"><code>{0} {2}</code></a>')


@cache
def published() -> dict[str, Estimate]:
    """Every published number by the text of its key, stage after stage.

    Raises ``EstimateError`` for two keys that differ in their parts only.
    """
    stages = sorted(path.parent.name for path in paths.RESULTS.glob("*/estimates.csv"))
    return Prose(estimate for stage in stages for estimate in load_estimates(stage).values()).by_key


@cache
def pieces() -> dict[str, tuple[str, ...]]:
    """The parts of every piece of a key that a row of a table may be labelled with, by its text.

    A piece has at least two parts that follow each other (``optimal_dose.market``).
    """
    keys = [*(estimate.key for estimate in published().values()), *kinds()]
    runs = {
        run
        for key in keys
        for first, last in combinations(range(len(key.parts) + 1), 2)
        if len(run := key.parts[first:last]) > 1
    }
    return {".".join(run): run for run in runs}


@cache
def warnings() -> dict[str, tuple[str, ...]]:
    """The usage warnings of every published number, by key."""
    tables = [pd.read_csv(path, keep_default_na=False) for path in paths.RESULTS.glob("*/estimates.csv")]
    frame = pd.concat(tables)
    return {
        key: tuple(filter(None, listed.split(";"))) for key, listed in zip(frame["key"], frame["warnings"], strict=True)
    }


look = cache(Look)


@cache
def chain(key: str) -> dict[str, Any]:
    """The chain of ``cacao trace``, with the stage that made the number; found once."""
    found = trace(key, reads_code=False, look=look())
    return found | {"stage": found["stages"][0]["name"]}


def find_chains() -> None:
    """Find the chains of all numbers, which both languages show: once, before they are built side by side."""
    for key in published():
        chain(key)


def name(parts: Iterable[str], language: str) -> str:
    """What the parts of a key say: those of ``cause.gap`` are ``cause · gap``. Raises ``MissingTranslation``."""
    return " · ".join(_part(part, language) for part in parts)


def _part(part: str, language: str) -> str:
    """One part: words of keys come first, else it is the word that tables show for it."""
    words = part.replace("_", " ")
    if words in PLACES:
        return words.title()
    if not re.search(r"[^\W\d_]", part):
        return part.replace("_", "-" if MONTH.fullmatch(part) else "–")
    if language == "en":
        return _lowered(PACKAGES[part].en) if part in PARTS else in_english(part)
    text, context = next(_known(part), (words, "key"))
    return translate(text, language, context)


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def _known(part: str) -> Iterator[tuple[str, str]]:
    """The words that a part may be said in and their context, of those that have a translation."""
    words = part.replace("_", " ")
    asked = [(words, "key"), (part, "value"), (words, "value")]
    return (one for one in asked if Message(one[1], take_out(one[0])[0]) in messages())


def basis(estimate: Estimate, language: str) -> str:
    """What a number speaks of: which hectare, which pest, which prices."""
    return translate(estimate.basis, language, "value") if estimate.basis else ""


def is_sayable(label: str) -> bool:
    """Whether a label is a piece of a key (``optimal_dose.market``) and every part of it has words."""
    parts = pieces().get(label, ())
    return bool(parts) and all(part.replace("_", " ") in PLACES or any(_known(part)) for part in parts)


def pages(language: str) -> Iterator[Page]:
    """One page per number: name, what the template needs, template."""
    for key, estimate in published().items():
        yield f"numbers/{key}", {"title": key, "number": number(estimate, language)}, "number.html"


def number(estimate: Estimate, language: str) -> dict[str, Any]:
    """What the page of a number shows, in words of one language."""
    key = str(estimate.key)
    found = chain(key)
    assumed = tuple(row["name"] for row in found["parameters"] if row["rests_on_it"])
    return {
        "key": key,
        "name": name(estimate.key.parts, language),
        "shown": estimate.text(language),
        "level": f"{estimate.level * 100:.0f} %" if estimate.level > 0 else "",
        "basis": basis(estimate, language),
        "value_is": translate(estimate.value_is, language, "value"),
        "method": translate(estimate.method, language, "value"),
        "n": _counted(estimate, language),
        "seed": estimate.seed,
        "warnings": usage.in_words(warnings()[key])[language],
        "parameters": parameters(found["stage"], language),
        "assumed": _assumed(found["stage"], assumed, language),
        "sources": Markup("").join(_source(source["id"], language) for source in found["sources"]),
        "built_by": found["subject"]["built_by"],
        **{part: found[part] for part in ("stage", "file", "stages")},
        **{
            part: [{**table, "links": row_links(table["path"], table["lines"])} for table in found[part]]
            for part in ("tables", "raw")
        },
    }


def _counted(estimate: Estimate, language: str) -> str:
    """How many of what stand behind a number; empty where nothing is counted."""
    if estimate.n is None or not estimate.n_of:
        return ""
    return f"{format_unit(estimate.n_of, language)}: {format_number(estimate.n, language, 15)}"


# Many numbers rest on the same rows.
@cache
def row_links(path: str, lines: str) -> Markup:
    """The lines of a table, each range a link to its first row on the page of the table."""
    page = f"../../files/rows/{'raw' if path.startswith('data/raw/') else 'clean'}/{Path(path).stem}.html"
    return Markup(", ".join(f'<a href="{page}#{span.partition("-")[0]}">{span}</a>' for span in lines.split(", ")))


@cache
def parameters(stage: str, language: str) -> Markup:
    """The parameters of a stage and those before it as items of a list: name, value with its unit, meaning."""
    return Markup("").join(_parameter(row, language) for row in look().parameters(stage))


def _parameter(row: dict[str, Any], language: str) -> Markup:
    unit = translate_cell(row["unit"], "unit", language)
    value = f"{shown(row['value'], row['unit'], language)} {unit}".strip()
    rows = [ROW.format(Path(found["path"]).stem, found["line"], found["id"]) for found in row["rests_on"]]
    shown_rows = Markup(" ({})").format(Markup(", ").join(rows)) if rows else ""
    return PARAMETER.format(row["name"], value, describe()[row["name"]][language], shown_rows)


@cache
def _assumed(stage: str, names: tuple[str, ...], language: str) -> Markup:
    """The parameters of these names, as ``parameters`` shows them."""
    return Markup("").join(_parameter(row, language) for row in look().parameters(stage) if row["name"] in names)


@cache
def _source(source: str, language: str) -> Markup:
    """A source as an item of a list: the original, the copy that was read, and its terms."""
    told = source_facts(source)

    def say(word: str) -> str:
        return WORDS[word].in_language(language)

    if "licence" not in told:
        return Markup("<li>{}</li>").format(say(f"{source}_value"))
    copy, licence = Markup(""), told["licence"]
    if read_at := told.get("read_at"):
        address = read_at["url"]
        where = COPY.format(address, address.split("/")[2]) if address else PART.format(read_at["part"])
        copy = Markup(" {} {} {}.").format(say("read_at"), say("in_a_copy"), where)
    terms = translate(licence["name"], language, "licence")
    doubt = "" if licence["confirmed"] else f" ({say('not_confirmed')})"
    return SOURCE.format(source, told["citation"], copy, say("licence"), terms, doubt)


def shown(value: Any, unit: str, language: str) -> str:
    """The value of a parameter as the reader writes it; on or off as the parameter file has it.

    A number without a unit is a code, as a seed is, and stays as it is.
    """
    if isinstance(value, bool):
        return str(value).lower()
    return format_number(value, language, 10) if isinstance(value, float | int) and unit else str(value)


def table(language: str) -> list[dict[str, str]]:
    """All published numbers, one row each: key, what it is, stage."""
    return [
        {
            "key": key,
            "name": name(estimate.key.parts, language),
            "stage": chain(key)["stage"],
            "shown": estimate.text(language),
            "basis": basis(estimate, language),
        }
        for key, estimate in published().items()
    ]


def link_keys(table_html: str, language: str, root: str = "") -> str:
    """A table as HTML whose cells that hold the key of a number say it in words and lead to the page of that number.

    Below the words of a key stands what the number speaks of, unless the table has a column for it. A piece of a key,
    as labels of rows are, has no page: it is said in words only. Any other code stays.
    """
    has_basis = re.search(rf"<th[^>]*>{WORDS['basis'].in_language(language)}</th>", table_html, re.IGNORECASE)

    def linked(cell: re.Match[str]) -> str:
        key = cell[2]
        if key in published():
            said = f'<a href="{root}numbers/{key}.html">{name(published()[key].key.parts, language)}</a>'
            said += "" if has_basis else f"<small>{basis(published()[key], language)}</small>"
        elif is_sayable(key):
            said = name(pieces()[key], language)
        else:
            return cell[0]
        return f'{cell[1]}{said}<code class="key">{key}</code>{cell[3]}'

    return re.sub(r"(<t[dh][^>]*>)<code>([^<>]+)</code>(</t[dh]>)", linked, table_html)


def shorten(table_html: str) -> str:
    """A table of published numbers without what their pages tell: sources, warnings, seed. Any other is left whole."""
    if any(word not in table_html for word in TOLD_THERE):
        return table_html
    shown = parse(table_html)
    first = shown.find(".//thead/tr")
    heads = [] if first is None else [text_of(cell) for cell in first]
    if not {"key", *TOLD_THERE} <= set(heads):
        return table_html
    for row in shown.iter("tr"):
        for cell, head in list(zip(row, heads, strict=True)):
            if head in TOLD_THERE:
                row.remove(cell)
    return written(shown)
