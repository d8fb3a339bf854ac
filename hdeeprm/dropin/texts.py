"""Texts of messages: JSON without blanks, and what is cut where it is long."""

from __future__ import annotations

import json

SHOWN = 200
"""Characters of a wrong message that are shown."""
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def encode(value: object) -> str:
    """JSON in the form of Batsim's messages, without blanks."""
    return _ENCODER.encode(value)


def cut(text: str) -> str:
    """The beginning of a text that is long."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
