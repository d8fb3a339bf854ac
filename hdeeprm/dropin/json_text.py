"""JSON in the form of Batsim's messages."""

from __future__ import annotations

import json

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def encode(value: object) -> str:
    """JSON without blanks."""
    return _ENCODER.encode(value)
