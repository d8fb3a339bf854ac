"""Where verbs print: texts as they are, neither highlighted nor taken for markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 1000
"""Of tables, so that no figure is cut short; a narrower terminal breaks their lines."""


def table_console() -> Console:
    """Standard output, for tables."""
    from rich.console import Console

    return Console(width=WIDTH, soft_wrap=True, highlight=False, markup=False)


def progress_console() -> Console:
    """Standard error, where progress is shown, apart from what is found."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
