"""Versions of SimGrid that matter: a Batsim behaves as the one that it was built with."""

from __future__ import annotations

from typing import Literal, get_args

SimGridVersion = Literal["3.24", "3.29"]
"""That of Batsim 3.1, and that of 4.1; those in between behave as the latter."""
SIMGRID_VERSIONS: tuple[str, ...] = get_args(SimGridVersion)
LATEST: SimGridVersion = "3.29"
