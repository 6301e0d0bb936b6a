"""Answers run through a converted form: what is asked, what is refused, what is calculated.

The expressions of the XForm are evaluated on its own instance, with the functions that ODK adds to XPath 1.0. Dates
stand in the instance as days, as ODK compares them.
"""

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, fromstring

from elementpath import XPath1Parser, XPathContext, get_node_tree

EPOCH = date(1970, 1, 1)
TODAY = date(2026, 11, 24)


def days(value: date | str) -> str:
    """A date as the number of days that ODK compares."""
    return str((date.fromisoformat(value) if isinstance(value, str) else value).toordinal() - EPOCH.toordinal())


class OdkParser(XPath1Parser):
    """XPath 1.0 with the functions of ODK that the form uses; ``if`` is read as ``choose``, for it is no function."""


# Turns values into strings, numbers and truth as XPath does.
AS = OdkParser().parse("1")


def _define(name: str, nargs: int, call: Any) -> None:
    """Register a function of ODK; its arguments come evaluated."""

    def evaluate__function(self: Any, context: XPathContext | None = None) -> Any:
        return call(*(_value(item.evaluate(context)) for item in self))

    OdkParser.method(OdkParser.function(name, nargs=nargs))(evaluate__function)


def _value(found: Any) -> Any:
    """The string of the first node of a node set; other values as they are."""
    if isinstance(found, list):
        return AS.string_value(found[0]) if found else ""
    return found if isinstance(found, str | bool | int | float) else AS.string_value(found)


def _format(day: Any, pattern: str) -> str:
    return (EPOCH + timedelta(days=int(day))).strftime(pattern) if str(day) else ""


def _compare(symbol: str, call: Callable[[Any, Any], Any]) -> None:
    """Let an operator take an empty or wrong operand as NaN, as XPath 1.0 does; the library stops there."""

    def evaluate(self: Any, context: XPathContext | None = None) -> Any:
        left, right = (_value(item.evaluate(context)) for item in self)
        as_text = symbol in {"=", "!="} and isinstance(left, str) and isinstance(right, str)
        return call(left, right) if as_text else call(AS.number_value(left), AS.number_value(right))

    known = OdkParser.symbol_table[symbol]
    OdkParser.symbol_table[symbol] = type(f"Odk{known.__name__}", (known,), {"evaluate": evaluate})


for _symbol, _call in {
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne},
    **{
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "div": lambda over, under: over / under if under else math.nan,
    },
}.items():
    _compare(_symbol, _call)
_define("today", 0, lambda: float(days(TODAY)))
_define("date", 1, lambda text: float(days(text)))
_define("decimal-date-time", 1, AS.number_value)
_define("format-date", 2, _format)
_define("choose", 3, lambda test, then, other: then if AS.boolean_value(test) else other)
_define("coalesce", 2, lambda first, second: second if first == "" else first)
_define("selected", 2, lambda answers, name: name in str(answers).split())
_define("count-selected", 1, lambda answers: float(len(str(answers).split())))
_define("regex", 2, lambda text, pattern: re.fullmatch(pattern, str(text)) is not None)


@cache
def parsed(expression: str) -> Any:
    """The expression, ready to be evaluated on many forms."""
    return OdkParser().parse(expression)


def plain(xform: str) -> Element:
    """The XForm without namespaces, so that its paths are found as they stand."""
    root = fromstring(xform)
    for node in root.iter():
        node.tag = node.tag.split("}")[-1]
        node.attrib = {name.split("}")[-1]: value for name, value in node.attrib.items()}
    return root


@cache
def model(xform: str) -> tuple[Element, dict[str, dict[str, str]]]:
    """The empty instance of a form, and its rules by path."""
    root = plain(xform)
    data = next(node for node in root.iter("instance") if not node.get("src") and not node.get("id"))[0]
    return data, {bind.get("nodeset", ""): bind.attrib for bind in root.iter("bind")}


class Visit:
    """One filled form: ``answers`` by name, those of a repeat as a list of such maps."""

    def __init__(self, xform: str, answers: Mapping[str, Any]) -> None:
        blank, self.binds = model(xform)
        self.data, self.tree = deepcopy(blank), None
        self._fill_repeats(answers)
        self._fill({name: value for name, value in answers.items() if not isinstance(value, list)}, self.data)
        for _ in range(2):  # Calculations use calculations, and what is not asked any more counts as empty.
            self._empty_what_is_not_asked()
            self._calculate()

    def _fill_repeats(self, answers: Mapping[str, Any]) -> None:
        """As many copies of each repeat as there are answers, without the template."""
        for template in [node for node in self.data if node.get("template") is not None]:
            self.data.remove(template)
        for repeat in [node for node in self.data if isinstance(answers.get(node.tag), list)]:
            place = list(self.data).index(repeat)
            self.data.remove(repeat)
            for number, values in enumerate(answers[repeat.tag]):
                copied = deepcopy(repeat)
                self._fill(values, copied)
                self.data.insert(place + number, copied)

    def _fill(self, values: Mapping[str, Any], within: Element) -> None:
        for name, value in values.items():
            next(within.iter(name)).text = "" if value is None else str(value)

    def nodes(self, node: Element | None = None, path: str = "/data") -> Iterator[tuple[str, Element]]:
        """Every node of the instance with its path in the binds."""
        for child in self.data if node is None else node:
            yield f"{path}/{child.tag}", child
            yield from self.nodes(child, f"{path}/{child.tag}")

    def node(self, name: str, number: int = 0) -> tuple[str, Element]:
        """Path and node of a question, in the ``number``-th repeat."""
        return [(path, node) for path, node in self.nodes() if node.tag == name][number]

    def value(self, name: str, number: int = 0) -> str:
        """The answer or calculated value."""
        return self.node(name, number)[1].text or ""

    def asks(self, name: str, number: int = 0) -> bool:
        """Whether a question and all groups around it are relevant."""
        path, node = self.node(name, number)
        parents = {child: parent for parent in self.data.iter() for child in parent}
        while node is not self.data:
            if not self._holds(path, "relevant", node):
                return False
            path, node = path.rpartition("/")[0], parents[node]
        return True

    def accepts(self, name: str, number: int = 0) -> bool:
        """Whether the constraint holds; an empty answer has none to meet."""
        path, node = self.node(name, number)
        return not node.text or self._holds(path, "constraint", node)

    def requires(self, name: str) -> bool:
        """Whether the question may not be left empty."""
        path, node = self.node(name)
        return self._holds(path, "required", node)

    def problems(self) -> list[str]:
        """Names of questions that are asked and refused, or asked, required and empty."""
        counted: dict[str, int] = {}
        found = []
        for path, node in self.nodes():
            number = counted[node.tag] = counted.get(node.tag, -1) + 1
            if not len(node) and path in self.binds and self.asks(node.tag, number):
                empty = not node.text and self._holds(path, "required", node)
                found += [node.tag] if empty or (node.text and not self._holds(path, "constraint", node)) else []
        return found

    def _empty_what_is_not_asked(self) -> None:
        counted: dict[str, int] = {}
        for _, node in self.nodes():
            number = counted[node.tag] = counted.get(node.tag, -1) + 1
            if not len(node) and node.text and not self.asks(node.tag, number):
                self._write(node, "")

    def _calculate(self) -> None:
        counted: dict[str, int] = {}
        for path, node in self.nodes():
            number = counted[node.tag] = counted.get(node.tag, -1) + 1
            if "calculate" in self.binds.get(path, {}):
                found = self._evaluate(self.binds[path]["calculate"], node) if self.asks(node.tag, number) else ""
                self._write(node, _number(found) if isinstance(found, float | int) else str(found))

    def _holds(self, path: str, rule: str, node: Element) -> bool:
        """Whether a rule holds; without one a question is asked, accepts everything and may stay empty."""
        expression = self.binds.get(path, {}).get(rule)
        return AS.boolean_value(self._evaluate(expression, node)) if expression else rule != "required"

    def _evaluate(self, expression: str, node: Element) -> Any:
        tree = parsed(re.sub(r"\bif\(", "choose(", expression))
        if self.tree is None:
            self.tree = get_node_tree(ElementTree(self.data))
        return _value(tree.evaluate(XPathContext(self.tree, item=node)))

    def _write(self, node: Element, text: str) -> None:
        """Give a node another text; the tree that expressions see is built again after that."""
        if text != (node.text or ""):
            node.text, self.tree = text, None


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) else repr(value)
