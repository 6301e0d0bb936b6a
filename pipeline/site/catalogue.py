"""Everything a page says in English, and how an Indonesian reader reads it: the messages of ``locale/id.po``.

One message is a block of markdown (no context), a heading of a table ("column"), a word in a cell ("value"), a part of
the key of a number ("key"), a name of a place ("place") or what a clean table or its column holds ("dictionary").
English is returned as it is.

A text without translation raises ``MissingTranslation``. A build runs inside ``gathering()`` to name all at once, with
``on_page`` around each page. ``python -m pipeline.site.text_checks`` prints what is missing, ready to paste.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from pipeline.kit.language import read_texts

# The words of the frame around the pages: navigation, headings and labels.
TEXTS = read_texts(__file__)
WORDS = TEXTS.group("words")


def say(language: str) -> dict[str, str]:
    """The words of the frame in one language, as templates use them."""
    return {name: text.in_language(language) for name, text in WORDS.items()}


# A number that stands alone: not part of a name (rain_0, P2O5) or of a number with other marks.
ALONE = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")
SMALL = 1e-5
THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{3,}(?![\d,])")


def format_marks(number: str, language: str, may_be_year: bool = True) -> str:
    """A number as pandas prints it, with the marks of the language: ``1,161.5`` or ``1.161,5``.

    Where a number of four digits may be a year, thousands are marked from five digits on. Its minus is a true one.
    """
    least = 5 if may_be_year else 4
    number = re.sub("^-", "−", number)
    marked = THOUSANDS.sub(lambda digits: f"{int(digits[0]):,}" if len(digits[0]) >= least else digits[0], number)
    return marked if language == "en" else marked.translate(str.maketrans(",.", ".,"))


def round_figure(number: str) -> str:
    """A decimal number as pandas prints it, to four significant digits; whole digits are never rounded.

    One of four digits keeps a decimal: it may be the middle of years (2016.5). One too small to be read with
    zeros keeps its exponent. A whole number comes out as it is.
    """
    value = float(number.replace(",", ""))
    if not {".", "e"} & set(number):
        return number
    if 0 < abs(value) < SMALL:
        return f"{value:.4g}"
    exponent = math.floor(math.log10(abs(value))) if value else 0
    comma = "," if "," in number else ""
    text = f"{value:{comma}.{1 if exponent == 3 else max(0, 3 - exponent)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def take_out(text: str) -> tuple[str, list[str]]:
    """The text with ``{0}``, ``{1}`` and so on for its numbers, and the numbers: they may follow a parameter."""
    numbers = ALONE.findall(text)
    places = iter(range(len(numbers)))
    return ALONE.sub(lambda _: f"{{{next(places)}}}", text), numbers


def put_in(text: str, numbers: list[str], language: str) -> str:
    """The numbers back in their places, as a reader of the language writes them."""
    for place, number in enumerate(numbers):
        text = text.replace(f"{{{place}}}", format_marks(number, language))
    return text


LOCALE = Path(__file__).parent / "locale"
# A heading, an item of a list or a row of a table begins a block of its own.
MARKER = re.compile(r"(#{1,6}|[-*+]|\d+\.)\s+(?=\S)|(?=\|)")
ITALIC_LINE = re.compile(r"\*[^*].*[^*]\*")
CELLS = ("value", "column", "key")
CLAUSE = "; "
LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, order=True)
class Message:
    """An English text, and the context that tells it from the same words elsewhere."""

    context: str
    text: str


class MissingTranslation(ValueError):  # noqa: N818 - says what is wrong better than an ending would
    """Texts that have no translation; names the page and the text of each."""

    def __init__(self, missing: dict[Message, str]) -> None:
        self.missing = missing
        lines = [f"  {page or 'no page'}: [{m.context or 'text'}] {m.text}" for m, page in missing.items()]
        super().__init__(f"{len(missing)} text(s) have no Indonesian translation:\n" + "\n".join(lines))


@dataclass
class Gathered:
    """What a build has asked for so far: every message it used, and those missing with the page they stand on."""

    used: set[Message] = field(default_factory=set)
    missing: dict[Message, str] = field(default_factory=dict)


_gathered: ContextVar[Gathered | None] = ContextVar("gathered", default=None)
_page: ContextVar[str] = ContextVar("page", default="")


@contextmanager
def gathering() -> Iterator[Gathered]:
    """Missing texts inside stay English and are kept; at the end all of them raise one ``MissingTranslation``."""
    gathered = Gathered()
    token = _gathered.set(gathered)
    try:
        yield gathered
    finally:
        _gathered.reset(token)
    if gathered.missing:
        raise MissingTranslation(gathered.missing)


@contextmanager
def on_page(name: str) -> Iterator[None]:
    """Texts that are missing inside are named with this page."""
    token = _page.set(name)
    try:
        yield
    finally:
        _page.reset(token)


@cache
def messages() -> dict[Message, str]:
    """Every message of the catalogue that is translated; one marked fuzzy is not."""
    with (LOCALE / "id.po").open("rb") as file:
        entries = [entry for entry in read_po(file, locale="id") if entry.id and not entry.fuzzy]
    return {Message(entry.context or "", str(entry.id)): str(entry.string) for entry in entries if entry.string}


def translate(text: str, language: str, context: str = "") -> str:
    """One text in ``en`` or ``id``; how it is wrapped does not matter. Raises ``MissingTranslation``.

    In cells and headings of tables numbers are not part of the message and come out as the reader writes them. The
    clauses of a value are a message each, for a run joins them by its parameters (a hectare; a price; a multiplier).
    """
    text = " ".join(text.split())
    if context not in CELLS:
        return _look_up(Message(context, text), language)
    clauses = text.split(CLAUSE) if context == "value" else [text]
    return CLAUSE.join(_cell(clause, language, context) for clause in clauses)


def _cell(text: str, language: str, context: str) -> str:
    message, numbers = take_out(text)
    if not LETTER.search(message):
        return put_in(message, numbers, language)
    return put_in(_look_up(Message(context, message), language), numbers, language)


def _look_up(message: Message, language: str) -> str:
    if language == "en":
        return message.text
    gathered = _gathered.get()
    if gathered is not None:
        gathered.used.add(message)
    if message not in messages():
        if gathered is None:
            raise MissingTranslation({message: _page.get()})
        gathered.missing.setdefault(message, _page.get())
    return messages().get(message, message.text)


def blocks(markdown: str) -> list[tuple[str, str, str]]:
    """The blocks of a cell: what stands before each (blank or new line), its marker (``## ``), its text on one line."""
    found: list[tuple[str, str, str]] = []
    gap, goes_on = "", False
    for line in markdown.strip("\n").split("\n"):
        content = line.strip()
        match = MARKER.match(content)
        if not content:
            gap, goes_on = "\n\n", False
            continue
        if match is None and goes_on:
            found[-1] = (*found[-1][:2], f"{found[-1][2]} {' '.join(content.split())}")
            continue
        marker = match[0] if match else ""
        indent = line[: len(line) - len(line.lstrip())] if marker else ""
        found.append((gap or "\n" if found else "", indent + marker, " ".join(content[len(marker) :].split())))
        # A heading and a row of a table end with their line.
        gap, goes_on = "", not content.startswith(("#", "|"))
    return found


def translate_markdown(markdown: str, language: str) -> str:
    """A markdown cell in one language, block by block.

    The cell of the title holds both: the English heading and, in italics, the heading of the Indonesian page.
    """
    parts = blocks(markdown)
    if len(parts) == 2 and parts[0][1] == "# " and ITALIC_LINE.fullmatch(parts[1][2]):
        return "# " + (parts[0][2] if language == "en" else parts[1][2].strip("*"))
    return "".join(
        before + marker + (translate(text, language) if LETTER.search(text) else text) for before, marker, text in parts
    )
