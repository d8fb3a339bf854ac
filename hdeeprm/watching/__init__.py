"""Watching a run from another process, by what it leaves in its directory while it goes on."""

from .following import follow, show_once

__all__ = ["follow", "show_once"]
