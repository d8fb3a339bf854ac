"""What rules give elsewhere: published tables and other simulators."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


@functools.cache
def _content() -> Mapping[str, list[dict[str, str]]]:
    content: dict[str, Any] = tomllib.loads(Path(__file__).with_name("elsewhere.toml").read_text("utf-8"))
    return content


def elsewhere(board: str) -> list[dict[str, str]]:
    """The rows that are known of a table: rule, agent, source, and numbers as they are printed there."""
    return _content()[board]
