"""HTML from Python: elements whose texts are escaped, so that no name of a job or run is taken for markup."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

VOID_ELEMENTS = frozenset({"meta", "line", "rect", "path", "input"})
"""Those that hold nothing; a slash ends them, in HTML and in SVG."""


class Html(str):
    """Text that is markup already; any other text is escaped where it goes into an element."""

    __slots__ = ()


def element(tag: str, *children: object, **attributes: object) -> Html:
    """An element with everything in it.

    Args:
        tag: Its name.
        children: Markup, or what becomes text.
        attributes: By name, ``_`` for ``-`` and at the end of Python's own words; left out where they are
            None or False, without a value where they are True.
    """
    given = "".join(
        f" {_attribute(name)}" if value is True else f' {_attribute(name)}="{html.escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in VOID_ELEMENTS and not children:
        return Html(f"<{tag}{given}/>")
    return Html(f"<{tag}{given}>{joined(children)}</{tag}>")


def joined(parts: Iterable[object]) -> Html:
    """Markup and texts one after the other, texts escaped."""
    return Html("".join(part if isinstance(part, Html) else html.escape(str(part)) for part in parts))


def table(caption: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> Html:
    """A table whose first column names its rows; it scrolls by itself where it is wide.

    Args:
        caption: What it holds.
        header: Names of the columns.
        rows: Cells of each row; numbers are shown as :func:`shown` has it, and stand to the right.
    """
    lines = list(rows)
    numeric = [any(_is_number(line[place]) for line in lines) for place in range(len(header))]
    names = (
        element("th", name, scope="col", class_="number" if right else None)
        for name, right in zip(header, numeric, strict=True)
    )
    body = (element("tr", element("th", line[0], scope="row"), *map(_cell, line[1:])) for line in lines)
    head = element("thead", element("tr", *names))
    whole = element("table", element("caption", caption), head, element("tbody", *body))
    return element("div", whole, class_="wide", tabindex=0, role="region", aria_label=caption)


def _cell(content: object) -> Html:
    if isinstance(content, int | float) and _is_number(content):
        return element("td", shown(content), class_="number")
    return element("td", content)


def _is_number(content: object) -> bool:
    return isinstance(content, int | float) and not isinstance(content, bool)


class Section(NamedTuple):
    """A part of the page, which its heading names and links can name as ``#name``."""

    name: str
    title: str
    content: Html

    @property
    def html(self) -> Html:
        """The whole part."""
        heading = element("h2", self.title, id=f"{self.name}-title")
        return element("section", heading, self.content, id=self.name, aria_labelledby=f"{self.name}-title")


def section(name: str, title: str, *children: object) -> Section:
    """A part of the page from markup and texts."""
    return Section(name, title, joined(children))


def term(word: str, explanation: str, name: str) -> Html:
    """A word that is explained where it has the pointer or the focus, and on paper.

    Args:
        word: The word.
        explanation: What it means.
        name: An id of the page that nothing else has.
    """
    button = element("button", word, type="button", aria_describedby=name)
    return element("span", button, element("span", explanation, role="tooltip", id=name), class_="term")


def shown(value: float) -> str:
    """A figure for people: large and whole numbers without decimals, others with four digits."""
    if math.isnan(value):
        return "-"
    if abs(value) < 1e15 and (abs(value) >= 1000 or float(value).is_integer()):
        return f"{value + 0.0:,.0f}"  # + 0.0: no -0
    return f"{value:.4g}"


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
