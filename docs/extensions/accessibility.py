"""What Sphinx's HTML lacks for those who use the keyboard or a screen reader."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

AFTER_THE_THEME = 900  # priority of a handler, Sphinx's default being 500
SCROLLED = re.compile(r'<pre(?=>)|<div class="table-wrapper[^"]*"')


def reach_what_scrolls(body: str) -> str:
    """The content of a page in which blocks and tables wider than the screen can be scrolled by keys."""
    return SCROLLED.sub(lambda start: f'{start[0]} tabindex="0"', body)


def level_headings(navigation: str) -> str:
    """Navigation whose captions say what level of heading they are."""
    return navigation.replace('role="heading">', 'role="heading" aria-level="2">')


def _on_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    for name, mend in (("body", reach_what_scrolls), ("furo_navigation_tree", level_headings)):
        if name in context:
            context[name] = mend(context[name])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Let Sphinx know."""
    app.connect("html-page-context", _on_page, priority=AFTER_THE_THEME)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
