"""Names and values of studies as texts in a figure."""

from __future__ import annotations

from hdeeprm.plots.style import plain
from hdeeprm.studies.text import one_line

LONGEST = 28
"""Characters of a name or a value that are shown, so that it leaves room for what is drawn."""


def caption(text: str, longest: int = LONGEST) -> str:
    r"""A text on one line that is drawn as it is.

    Args:
        text: Any.
        longest: Number of its characters that are shown.

    >>> caption("cost in $")
    'cost in \\$'
    """
    return plain(one_line(text, longest))


def last_word(option: str) -> str:
    """The last word of an option's dotted path."""
    return caption(option.rpartition(".")[2] or option)
