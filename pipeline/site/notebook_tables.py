"""Tables that notebooks show, for a page: words and headings translated, numbers as the reader writes them."""

import re
from html import escape
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from pipeline.kit.data import usage
from pipeline.kit.data.citations import CITING, sources_in
from pipeline.kit.language import format_unit
from pipeline.site.catalogue import WORDS, Message, format_marks, messages, round_figure, translate
from pipeline.study.names import COUNTRIES

# The unit that ends the name of a column, longest first.
ENDINGS = {
    "_idr_per_kg": "Rp/kg",
    "_idr_per_ha": "Rp/ha",
    "_kg_per_ha": "kg/ha",
    "_usd_per_t": "USD/t",
    "_percent": "%",
    "_ha": "ha",
    "_t": "t",
}
# Columns of quantities whose unit stands in another column of the row.
QUANTITIES = {"n", "tonnes", "value", "lower", "upper", "lowest", "highest", "value_low", "value_high", "value_printed"}
# Names that read badly word by word, or say their unit in the midst of it.
SAID = {
    "billion_idr": "billion Rp",
    "days_per_t": "days per t",
    "million_idr": "million Rp",
    "million_usd": "million USD",
    "is_se_imputed": "standard error imputed",
    "lower80": "lower end, 80 %",
    "n_of": "what n counts",
    "log_ratio_se": "standard error of the log ratio",
    "se": "standard error",
    "upper80": "upper end, 80 %",
}
# Words that are not written small.
SPELLED = {
    **{word: word.title() for word in ("berau", "indonesia", "kutai", "mahakam", "mitscherlich", "timur", "ulu")},
    **{word: word.upper() for word in ("crps", "ipm", "r2", "usd")},
}


def ending(name: str) -> str:
    """The part of a column's name that says its unit, or nothing."""
    return next((end for end in ENDINGS if name.endswith(end) and name not in SAID), "")


def unit(name: str) -> str:
    """The unit of a column, or nothing where it has none or it stands in another column."""
    return ENDINGS.get(ending(name), "")


def is_quantity(name: str) -> bool:
    """Whether numbers below this heading are amounts: four digits of one are never a year."""
    return bool(unit(name)) or name in QUANTITIES


def in_english(name: str) -> str:
    """The name of a column in words, its unit in brackets: ``net_income_idr_per_ha`` is ``net income (Rp/ha)``."""
    words = SAID.get(name) or name.removesuffix(ending(name)).removeprefix("is_").replace("_", " ")
    spelled = " ".join(SPELLED.get(word, word) for word in words.split(" "))
    return f"{spelled} ({unit(name)})" if unit(name) else spelled


NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")
# Where pandas leaves columns out.
MORE = "..."
GAPS = {"NaN", "nan", "None", "<NA>", "NaT"}
TRUTH = {"en": {"True": "yes", "False": "no"}, "id": {"True": "ya", "False": "tidak"}}
ENDLESS = {"inf": "∞", "-inf": "−∞"}
DASH = "–"
# The unit of a pure number.
PURE = "1"
# Headings of what is the same in both languages: codes of rows and sources, seeds of random numbers.
IDENTIFIERS = re.compile(r"key|seed|sources|.*_ids?")
# K074 and lists of such; 2024-11; names with a dot (hernandez.nitrogen) and without a blank.
CODE = re.compile(r"[A-Z]\d{3}(;[A-Z]\d{3})*|\d{4}-\d\d(-\d\d)?|\S+\.\S+")
# Words of closed lists in one cell: contradicted;second_hand.
WORD_LIST = re.compile(r"[a-z_]+(;[a-z_]+)+")
# Words of closed lists are names in the data: fertilizer_best.
NAMES = re.compile(r"[a-z0-9_;]+")
PLACES = {"beans_place", "country", "place", "region", "site", "subdistrict", "village"}
UNITS = {"unit", "unit_printed", "n_of"}
SAME_UNITS = {"%", "1", "IDR", "Rp", "USD", "ha", "kg", "m2", "t", "juta ton"}


def is_word(text: str, heading: str) -> bool:
    """Whether a cell below this heading needs a translation.

    What does not: nothing, a number, a gap, yes or no; a code or the key of a source; a place (translated where its
    name differs, see ``translate_cell``); a usage warning (from the closed list); a unit made of symbols only.
    """
    if not text or text == MORE or NUMBER.fullmatch(text) or text in GAPS or text in TRUTH["en"] or text in ENDLESS:
        return False
    if IDENTIFIERS.fullmatch(heading) or CODE.fullmatch(text) or heading in PLACES or heading == "warnings":
        return False
    return not (heading in UNITS and all(part in SAME_UNITS for part in [text, *text.split("/")][1:]))


def translate_place(text: str, language: str) -> str:
    """A place by the name it has in the language; one whose name is not known is shown as it is."""
    if language == "en":
        return text
    names = [COUNTRIES[name].id if name in COUNTRIES else name for name in text.split("; ")]
    return "; ".join(messages().get(Message("place", name), name) for name in names)


def translate_cell(text: str, heading: str, language: str) -> str:
    """One cell of the body of a table, below ``heading``. Raises ``MissingTranslation``."""
    if text in GAPS or (heading in UNITS and text == PURE):
        return DASH
    if text in TRUTH[language] or text in ENDLESS:
        return {**TRUTH[language], **ENDLESS}[text]
    if NUMBER.fullmatch(text) and not IDENTIFIERS.fullmatch(heading):
        return format_marks(round_figure(text), language, may_be_year=not is_quantity(heading))
    if heading in CITING:
        return "; ".join(sources_in([text]))
    if heading in PLACES:
        return translate_place(text, language)
    if heading == "warnings":
        return "; ".join(usage.WARNINGS[word].in_language(language) for word in text.split(";") if word)
    if not is_word(text, heading):
        return text
    if heading in UNITS and format_unit(text, language) != text:
        return format_unit(text, language)
    words = text.split(";") if WORD_LIST.fullmatch(text) else [text]
    said = "; ".join(translate(word, language, "value") for word in words)
    return said.replace("_", " ") if language == "en" and NAMES.fullmatch(text) else said


def translate_table(html: str, language: str) -> str:
    """The HTML that pandas shows for a table, for a page in ``en`` or ``id``; text stays text.

    Styles and attributes of pandas go; the table has the class ``data``, cells of numbers the class ``number``.
    Raises ``MissingTranslation`` for a heading or word without translation.
    """
    shown = parse(html)
    for element in shown.iter():
        element.attrib = {name: value for name, value in element.items() if name in ("rowspan", "colspan")}
    for table in shown.iter("table"):
        table.set("class", "data")
        _drop_counter(table)
        headings = _headings(table)
        for row in table.findall("tbody/tr"):
            _translate_row(row, headings, language)
        for cell in table.findall("thead/tr/th"):
            _say(cell, translate_heading(text_of(cell), language))
        _align_numbers(table)
        for body in table.findall("tbody"):
            if not len(body):
                body.append(_no_rows(len(headings), language))
    for size in shown.iter("p"):
        _say(size, translate(text_of(size), language, "value"))
    return written(shown)


# What no page can show: XML has no place for it.
CONTROL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(html: str) -> Element:
    """What pandas shows, without its styles: but for them, it writes HTML that is XML too."""
    plain = CONTROL.sub("\N{REPLACEMENT CHARACTER}", html)
    return ElementTree.fromstring(re.sub("<style.*?</style>", "", plain, flags=re.DOTALL))


def written(shown: Element) -> str:
    """The HTML of what ``parse`` has read."""
    return ElementTree.tostring(shown, encoding="unicode", method="html")


def _say(element: Element, text: str) -> None:
    """Put a text in place of all that an element holds."""
    element[:] = []
    element.text = text


def text_of(element: Element) -> str:
    """The text of an element, without blanks around it."""
    return "".join(element.itertext()).strip()


def _drop_counter(table: Element) -> None:
    """Take away the first column when it only numbers rows, or is empty: an index without a name.

    Rows that were sorted or left out keep their numbers in pandas. With one line of heads, what stands above an index
    is the name of the columns, not of the index.
    """
    heads, rows = table.findall("thead/tr"), table.findall("tbody/tr")
    names = [row.findall("th") for row in rows]
    if len(heads) != 1 or any(len(cells) != 1 for cells in names):
        return
    if counts([text for cells in names if (text := text_of(cells[0])) != MORE]):
        for row in (heads[0], *rows):
            row.remove(row[0])


def counts(names: list[str]) -> bool:
    """Whether these are numbers of rows (whole, from nought on, none twice) or nothing at all."""
    return not any(names) or (all(name.isdecimal() for name in names) and len(set(names)) == len(names))


def _align_numbers(table: Element) -> None:
    """Give all cells of a column of numbers their class, gaps too, and its head, but for heads of several columns."""
    rows = [list(row)[::-1] for row in table.findall("tbody/tr")]
    # A row under a cell that spans rows has fewer cells: columns are counted from the right.
    columns = list(zip(*rows, strict=False))
    numeric = [all(cell.get("class") == "number" or text_of(cell) == DASH for cell in cells) for cells in columns]
    heads = [list(line)[::-1] for line in table.findall("thead/tr")]
    single = [line for line in heads if all(head.get("colspan", "1") == "1" for head in line)]
    for place in (place for place, is_numeric in enumerate(numeric) if is_numeric):
        for cell in [*columns[place], *(line[place] for line in single if text_of(line[place]))]:
            cell.set("class", "number")


def _no_rows(width: int, language: str) -> Element:
    """The row of a table that has none: one cell that says so."""
    row = Element("tr")
    SubElement(row, "td", colspan=str(width)).text = WORDS["no_rows"].in_language(language)
    return row


def translate_heading(text: str, language: str) -> str:
    """One heading: in English the name of the column in words. Raises ``MissingTranslation``."""
    if NUMBER.fullmatch(text):
        return format_marks(text, language)
    if not is_word(text, ""):
        return text
    return in_english(text) if language == "en" else translate(text, language, "column")


def _headings(table: Element) -> list[str]:
    """What each column of the body is called: names of the index from the last line of the head, others from the first.

    In a head of several lines the last one names the levels of the index.
    """
    lines = [
        [text_of(cell) for cell in line for _ in range(int(cell.get("colspan", "1")))]
        for line in table.findall("thead/tr")
    ]
    if not lines:
        return []
    levels = max((len(row.findall("th")) for row in table.findall("tbody/tr")), default=0)
    return [*lines[-1][:levels], *lines[0][levels:]]


def _translate_row(row: Element, headings: list[str], language: str) -> None:
    """Translate the cells in place; a row under a cell that spans rows has fewer of them, so count from the right."""
    named = [""] * len(row) + headings
    for cell, heading in zip(row, named[len(named) - len(row) :], strict=True):
        text = text_of(cell)
        if cell.tag == "td" and heading not in UNITS and (NUMBER.fullmatch(text) or text in ENDLESS):
            cell.set("class", "number")
        shown = translate_cell(text, heading, language)
        is_code = CODE.fullmatch(text) or IDENTIFIERS.fullmatch(heading)
        if shown == text and not NUMBER.fullmatch(text) and is_code:
            _say(cell, "")
            SubElement(cell, "code").text = text
        else:
            _say(cell, shown)


def scrolling(html: str, label: str) -> str:
    """HTML whose tables scroll in a region of their own, which the keyboard reaches and a screen reader names."""
    opening = f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table'
    return html.replace("<table", opening).replace("</table>", "</table></div>")
