"""Parts of docstrings, at the places where readers look for them."""

from __future__ import annotations

import inspect
import pkgutil
import re

from sphinx.errors import ExtensionError

from .markdown import rst


def quote_docstring(name: str, *words: str) -> str:
    """The part of a docstring that begins with a title in bold, up to the next title.

    Args:
        name: What has the docstring, by its dotted name.
        words: Words of the title, without its full stop.

    Raises:
        ExtensionError: If the docstring has no such part.
    """
    title = " ".join(words)
    text = inspect.getdoc(pkgutil.resolve_name(name)) or ""
    parts = re.split(r"^(?=\*\*|Args:|Returns:|Raises:)", text, flags=re.MULTILINE)
    for part in parts:
        if part.startswith(f"**{title}"):
            content = re.sub(r"^\*\*.*?\*\*,? ?", "", part)
            return rst(content[0].upper() + content[1:])
    raise ExtensionError(f"the docstring of {name} has no part that begins with **{title}")
