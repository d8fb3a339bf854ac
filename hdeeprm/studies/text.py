"""Texts of others as they are shown: one line each, of some length at most, that do nothing to a terminal."""

from __future__ import annotations


def said(error: BaseException) -> str:
    """The message of an exception, also of one that cannot give it."""
    try:
        return str(error)
    except Exception as second:  # of a class of the user's own
        return f"<its message cannot be made: {type(second).__name__}>"


def one_line(text: str, longest: int) -> str:
    r"""A text on one line: blanks and breaks as one blank, what cannot be printed by its number.

    Args:
        text: Any, such as a message of an exception.
        longest: Number of characters that are shown.

    >>> one_line("first\n  second \x1b[31m", 40)
    'first second \\x1b[31m'
    >>> one_line("a long story", 6)
    'a lon…'
    """
    words = " ".join(text[: 4 * longest].split())
    shown = "".join(
        letter if letter.isprintable() else ascii(letter)[1:-1] for letter in words[: longest + 1]
    )
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
