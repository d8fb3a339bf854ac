"""Waiting for what must happen: for long, since a machine may be busy, but never forever."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PATIENCE = 300.0  # seconds


def wait_until(found: Callable[[], Value], pause: float = 0.02) -> Value:
    """What is found, once it is something; looked for again after each ``pause`` in seconds."""
    ends = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < ends, f"it did not happen within {PATIENCE:g} s"
        time.sleep(pause)
    return value
