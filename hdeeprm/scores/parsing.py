"""The language of scores: numbers, names of what a job asks for, + - * / ^, parentheses and a few functions.

    sum      = product {("+" | "-") product}
    product  = sign {("*" | "/") sign}
    sign     = "-" sign | power
    power    = atom ["^" sign]
    atom     = number | name | function "(" sum {"," sum} ")" | "(" sum ")"

Nothing else can be said in it, so that no text reaches Python.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from hdeeprm.errors import OptionsError, did_you_mean

from .expressions import NAMES, Node

FUNCTIONS = {"log2": 1, "log10": 1, "log": 1, "sqrt": 1, "abs": 1, "min": 2, "max": 2}
"""Least number of arguments of each function; those of two take more."""

LONGEST_TEXT = 500
DEEPEST = 24
"""Levels of parentheses, signs and powers."""

_TOKEN = re.compile(r"\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|([-+*/^(),]))", re.ASCII)


class _Token(NamedTuple):
    kind: str  # "number", "name", "end", or the sign itself
    text: str
    column: int  # from 1


def parse(text: str) -> Node:
    """The expression that a text stands for.

    >>> parse("2 * cores").parts[1].kind
    'cores'

    Raises:
        OptionsError: If it is none; the message says where and what is allowed.
    """
    if len(text) > LONGEST_TEXT:
        raise OptionsError(f"the expression has {len(text)} characters; at most {LONGEST_TEXT} are allowed")
    return _Parser(text).whole()


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            wrong = text[place:].lstrip()[0]
            column = len(text) - len(text[place:].lstrip()) + 1
            allowed = "numbers, names, + - * / ^, commas and parentheses are allowed"
            raise OptionsError(_at(text, column, f"{wrong!r} cannot be in an expression; {allowed}"))
        number, name, sign = match.groups()
        column = match.end() - len(number or name or sign) + 1
        yield _Token("number" if number else "name" if name else sign, number or name or sign, column)
        place = match.end()
    yield _Token("end", "", len(text) + 1)


def _at(text: str, column: int, what: str) -> str:
    return f"{reprlib.repr(text)}, column {column}: {what}"


class _Parser:
    """Reads an expression by recursive descent, one method for each rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def whole(self) -> Node:
        """The whole text as one expression."""
        node = self._sum()
        if self._next.kind != "end":
            raise self._error(f"{self._next.text!r} is not expected here; write an operator before it")
        return node

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _error(self, what: str) -> OptionsError:
        return OptionsError(_at(self._text, self._next.column, what))

    def _take(self, *kinds: str) -> str:
        """The next token if it is of one of the kinds, else nothing."""
        token = self._next
        if token.kind not in kinds:
            return ""
        self._place += 1
        return token.text

    def _expect(self, kind: str) -> None:
        if not self._take(kind):
            found = repr(self._next.text) if self._next.text else "the end"
            raise self._error(f"{kind!r} is wanted, {found} was found")

    def _chain(self, part: Callable[[], Node], *signs: str) -> Node:
        """Parts joined by operators of one rank, from the left."""
        node = part()
        while sign := self._take(*signs):
            node = Node(sign, (node, part()))
        return node

    def _sum(self) -> Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Node:
        return self._chain(self._sign, "*", "/")

    def _sign(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"the expression is nested deeper than {DEEPEST} levels")
        node = Node("negative", (self._sign(),)) if self._take("-") else self._power()
        self._depth -= 1
        return node

    def _power(self) -> Node:
        node = self._atom()
        return Node("^", (node, self._sign())) if self._take("^") else node

    def _atom(self) -> Node:
        if number := self._take("number"):
            value = float(number)
            if not math.isfinite(value):
                raise self._error(f"{number} is too large for a number")
            return Node("number", value=value)
        if self._take("("):
            node = self._sum()
            self._expect(")")
            return node
        if self._next.kind == "name":
            return self._named()
        cure = "; a power is written with ^" if self._next.kind == "*" else ""
        found = repr(self._next.text) if self._next.text else "the end"
        raise self._error(f"a number, a name or '(' is wanted, {found} was found{cure}")

    def _named(self) -> Node:
        """One of ``NAMES``, or a call."""
        name = self._next.text
        if name not in NAMES and name not in FUNCTIONS:
            known = (*NAMES, *FUNCTIONS)
            raise self._error(
                f"{name!r} is not known; one of {', '.join(known)}.{did_you_mean(name.lower(), known)}"
            )
        self._place += 1
        if name in NAMES:
            return Node(name)
        self._expect("(")
        parts = [self._sum()]
        while self._take(","):
            parts.append(self._sum())
        if len(parts) < FUNCTIONS[name] or (FUNCTIONS[name] == 1 and len(parts) > 1):
            wanted = "one argument" if FUNCTIONS[name] == 1 else "at least two arguments"
            raise self._error(f"{name} takes {wanted}; {len(parts)} given")
        self._expect(")")
        return Node(name, tuple(parts))
