"""Parts of pages that come from the code: a line ``<!-- generated: NAME ARGUMENTS -->`` becomes Markdown.

On the repository's web view such a line is an invisible comment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.typing import ExtensionMetadata

from .api import describe_module, drop_docstring_of_type, list_public_names
from .commands import describe_commands, describe_drop_in
from .docstrings import quote_docstring
from .metrics import list_metrics
from .observations import list_observation_sizes
from .schemas import describe_options, describe_study
from .selections import list_core_selections, list_job_selections, list_pairs
from .source_tree import list_layers

MARK = re.compile(r"^<!-- generated: (\S+) ?(.*?) -->$", re.MULTILINE)

PARTS: dict[str, Callable[..., str]] = {
    "api": describe_module,
    "command-line": describe_commands,
    "core-selections": list_core_selections,
    "docstring": quote_docstring,
    "drop-in": describe_drop_in,
    "job-selections": list_job_selections,
    "layers": list_layers,
    "metrics": list_metrics,
    "observation-sizes": list_observation_sizes,
    "options": describe_options,
    "pairs": list_pairs,
    "public-names": list_public_names,
    "study": describe_study,
}
"""What writes each part; takes the words that follow the name."""


def fill(page: str, text: str) -> str:
    """The text of a page with its generated parts.

    Args:
        page: Name of the page, for messages.
        text: Markdown with marks.

    Raises:
        ExtensionError: If a mark names no part.
    """

    def part(mark: re.Match[str]) -> str:
        name, arguments = mark.groups()
        if name not in PARTS:
            near = get_close_matches(name, PARTS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ExtensionError(
                f"{page}: no part {name!r} is generated; there are {', '.join(PARTS)}.{hint}"
            )
        return PARTS[name](*arguments.split())

    return MARK.sub(part, text)


def _on_read(app: Sphinx, page: str, source: list[str]) -> None:
    filled = fill(page, source[0])
    if filled != source[0]:
        app.env.reread_always.add(page)  # the code may be another one next time
        source[0] = filled


def setup(app: Sphinx) -> ExtensionMetadata:
    """Let Sphinx know."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("source-read", _on_read)
    app.connect("autodoc-process-docstring", drop_docstring_of_type)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
