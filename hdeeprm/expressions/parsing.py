"""From a text to an expression, by recursive descent.

    expression = operand {operator expression}
    operand    = ("-" | "+") expression | "(" expression ")" | number | name
               | function "(" expression {"," expression} ")"

Operators of one rank are applied from the left, powers from the right; a sign is applied
after powers and before products.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hdeeprm.errors import HDeepRMError, did_you_mean

from .nodes import Node

_RANKS = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
_DIGITS = "[0-9](?:_?[0-9])*"
_NUMBER = rf"(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"

MOST_WORDS = 500
DEEPEST = 75
"""Expressions in each other; so no tree is too deep for the interpreter."""


@dataclass(frozen=True)
class Language:
    """What expressions are made of, besides numbers and parentheses.

    Args:
        error: What is raised where a text is none.
        functions: Least and greatest number of arguments of each.
        names: All that are known; None where any may be.
        operators: Those of + - * / % ^ that it has; ^ may be written ** too.
    """

    error: type[HDeepRMError]
    functions: Mapping[str, tuple[int, float]]
    names: tuple[str, ...] | None = None
    operators: str = "+-*/%^"


def parse(text: str, language: Language) -> Node:
    """The expression that a text stands for.

    Raises:
        HDeepRMError: If it is none, the error of the language; the message says where and what is allowed.
    """
    return _Parser(text, language).whole()


class _Word(NamedTuple):
    kind: str  # "number", "name", "end", or the sign itself
    text: str
    column: int  # from 1


class _Parser:
    def __init__(self, text: str, language: Language) -> None:
        self._text, self._language = text, language
        self._words: list[_Word] = []
        self._place = self._depth = 0

    def whole(self) -> Node:
        """The whole text as one expression."""
        self._read_words()
        node = self._expression()
        if self._next.kind != "end":
            raise self._error(f"{self._next.text!r} is not expected here; write an operator before it")
        return node

    def _read_words(self) -> None:
        operators = self._language.operators
        words = rf"(?P<number>{_NUMBER})|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[{re.escape(operators)}(),])|\S"
        for place, match in enumerate(re.finditer(words, self._text)):
            word, kind = match[0], match.lastgroup or "wrong"
            kind = kind if kind != "sign" else "^" if word == "**" else word
            self._words.append(_Word(kind, word, match.start() + 1))
            if kind == "wrong":
                self._place = place
                allowed = f"numbers, names, {' '.join(operators)}, commas and parentheses"
                raise self._error(f"{word!r} cannot be in an expression; {allowed} are allowed")
            if place == MOST_WORDS:
                raise self._error(f"at most {MOST_WORDS} numbers, names and signs are allowed")
        self._words.append(_Word("end", "the end", len(self._text) + 1))

    @property
    def _next(self) -> _Word:
        return self._words[self._place]

    def _error(self, what: str) -> HDeepRMError:
        return self._language.error(f"{reprlib.repr(self._text)}, column {self._next.column}: {what}")

    def _take(self, *kinds: str) -> str:
        """The next word if it is of one of the kinds, else nothing."""
        word = self._next
        if word.kind not in kinds:
            return ""
        self._place += 1
        return word.text

    def _expect(self, kind: str, wanted: str) -> str:
        if not (text := self._take(kind)):
            found = self._next.text if self._next.kind == "end" else repr(self._next.text)
            raise self._error(f"{wanted} is wanted, {found} was found")
        return text

    def _expression(self, weakest: int = 1) -> Node:
        """Operands, joined by operators of a rank or of a higher one."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"the expression is nested deeper than {DEEPEST} levels")
        node = self._operand()
        while (rank := _RANKS.get(kind := self._next.kind, 0)) >= weakest:
            self._place += 1
            node = Node(kind, (node, self._expression(rank if kind == "^" else rank + 1)))
        self._depth -= 1
        return node

    def _operand(self) -> Node:
        if sign := self._take("-", "+"):
            node = self._expression(_RANKS["^"])
            return Node("negative", (node,)) if sign == "-" else node
        if self._take("("):
            node = self._expression()
            self._expect(")", "')'")
            return node
        if self._next.kind == "name":
            return self._named()
        number = self._expect("number", "a number, a name or '('")
        if not math.isfinite(float(number)):
            raise self._error(f"{number:.30} is too large for a number")
        return Node("number", value=float(number))

    def _named(self) -> Node:
        """A name, or a call."""
        name, names, functions = self._next.text, self._language.names, self._language.functions
        is_call = self._words[self._place + 1].kind == "(" or (names is not None and name in functions)
        known = functions if is_call else names
        if known is not None and name not in known:
            what = f"{'function ' if is_call else ''}{name!r} is not known; one of {', '.join(known)}"
            raise self._error(f"{what}.{did_you_mean(name.lower(), known)}")
        place, self._place = self._place, self._place + 1
        parts = self._arguments() if is_call else ()
        least, most = functions[name] if is_call else (0, 0)
        if not least <= len(parts) <= most:
            self._place = place
            wanted = f"{'' if least == most else 'at least '}{least} argument{'' if least == 1 else 's'}"
            raise self._error(f"{name} takes {wanted}; {len(parts)} given")
        return Node(name, parts)

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(", "'('")
        parts = [] if self._next.kind == ")" else [self._expression()]
        while parts and self._take(","):
            parts.append(self._expression())
        self._expect(")", "')'")
        return tuple(parts)
