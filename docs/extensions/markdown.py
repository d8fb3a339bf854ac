"""Pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table, with bars in its cells escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def code(value: object) -> str:
    """A value as code in a line."""
    return f"`{value}`"


def block(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def rst(text: str) -> str:
    """A text in reStructuredText, such as a docstring."""
    return f"````{{eval-rst}}\n{text.rstrip()}\n````"


def plain(text: str) -> str:
    """A line of a docstring: code and roles of reStructuredText become code of Markdown.

    >>> plain("as :class:`Run` and ``run`` say")
    'as `Run` and `run` say'
    """
    return re.sub(r":\w+:`~?(.*?)`", r"`\1`", text).replace("``", "`")
