"""Numbers in texts of tables: out of the message before it is translated, then back in as the reader writes them."""

import math
import re

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
